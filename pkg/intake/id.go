package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
)

// contentID derives a lead's id from what its row says: "L-" and 20 hexadecimal
// digits. Cells count by their headers, not by their order, and the map does not
// count at all, so that mending the map makes no new leads.
func contentID(r row) (string, error) {
	h := sha256.New()
	if r.data != nil {
		raw, err := json.Marshal(r.data) // keys in order
		if err != nil {
			return "", err
		}
		h.Write(raw)
	}
	cells := slices.SortedFunc(slices.Values(r.cells), func(a, b cell) int { return strings.Compare(a.header, b.header) })
	for _, c := range cells {
		if text := strings.TrimSpace(c.text); text != "" {
			// Lengths keep "ab","c" and "a","bc" apart.
			for _, part := range []string{c.header, text} {
				_, _ = io.WriteString(h, strconv.Itoa(len(part))+":"+part)
			}
		}
	}
	return "L-" + hex.EncodeToString(h.Sum(nil))[:20], nil
}
