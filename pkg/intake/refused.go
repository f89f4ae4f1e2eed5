package intake

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Refused keeps the rows that are no leads: their bytes in one file, header first,
// so that it can be mended and published as it is; the reasons in a second one.
// Neither file is made before the first row, and no file is ever written over.
type Refused struct {
	base   string // the path without its ending
	ext    string
	header []byte

	rows, reasons *bufio.Writer
	files         []*os.File
	count         int
}

// NewRefused keeps refused rows of r beside the file at path: of leads.csv.gz in
// leads.refused.csv and leads.refused.reasons.txt.
func NewRefused(r *Reader, path string) *Refused {
	path = strings.TrimSuffix(path, ".gz")
	ext := filepath.Ext(path)
	refused := &Refused{base: strings.TrimSuffix(path, ext), ext: ext, header: r.Header()}
	if refused.ext == "" {
		refused.ext = "." + string(r.Format())
	}
	return refused
}

// Add sets a row aside.
func (r *Refused) Add(rec Record) error {
	if err := r.open(); err != nil {
		return fmt.Errorf("set aside %w", err)
	}
	r.count++
	// Errors of a bufio.Writer stay, and Close returns them.
	_, _ = r.rows.Write(rec.Raw)
	if n := len(rec.Raw); n > 0 && rec.Raw[n-1] != '\n' {
		_ = r.rows.WriteByte('\n')
	}
	_, _ = fmt.Fprintln(r.reasons, rec.Err)
	return nil
}

// Count is the number of rows set aside.
func (r *Refused) Count() int { return r.count }

// Name is the file of the rows; before the first one, the one it would be.
func (r *Refused) Name() string {
	if len(r.files) > 0 {
		return r.files[0].Name()
	}
	return r.base + ".refused" + r.ext
}

// Reasons is the file of the reasons, empty before the first row.
func (r *Refused) Reasons() string {
	if len(r.files) < 2 {
		return ""
	}
	return r.files[1].Name()
}

// Close writes out what is buffered.
func (r *Refused) Close() error {
	var problems []error
	for i, w := range []*bufio.Writer{r.rows, r.reasons} {
		if w != nil {
			problems = append(problems, w.Flush(), r.files[i].Close())
		}
	}
	return errors.Join(problems...)
}

// open makes both files under the first free number: what an earlier run set aside
// may be half mended by now.
func (r *Refused) open() error {
	if r.rows != nil {
		return nil
	}
	for n := 1; ; n++ {
		base := r.base + ".refused"
		if n > 1 {
			base = fmt.Sprintf("%s-%d", base, n)
		}
		err := r.create(base+r.ext, base+".reasons.txt")
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// create makes both files, or neither. They may not be there yet, and nobody else
// may read them: leads are personal data.
func (r *Refused) create(rows, reasons string) error {
	const flags = os.O_CREATE | os.O_EXCL | os.O_WRONLY
	first, err := os.OpenFile(rows, flags, 0o600) //nolint:gosec // beside the user's own file
	if err != nil {
		return err
	}
	second, err := os.OpenFile(reasons, flags, 0o600) //nolint:gosec // the same
	if err != nil {
		return errors.Join(err, first.Close(), os.Remove(rows))
	}
	r.files = []*os.File{first, second}
	r.rows, r.reasons = bufio.NewWriter(first), bufio.NewWriter(second)
	_, _ = r.rows.Write(r.header)
	return nil
}
