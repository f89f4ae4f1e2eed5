package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/intake"
	"leadrouter/pkg/kstream"
)

// publishFlags are those of `publish` alone.
type publishFlags struct {
	mapFile string
	format  string
	rate    float64
	bulk    bool
	dryRun  bool
}

func (c *cli) publishCommand() *cobra.Command {
	var flags publishFlags
	cmd := &cobra.Command{
		Use:   "publish FILE...",
		Short: "Publish the leads of CSV, JSONL or JSON files (- is the standard input)",
		Long: `publish reads lead files and writes one lead.created event per row.

Well-known headers (Email, Company, Country, ...) are understood; --map names the
others. A row that cannot be read without guessing is set aside, byte for byte, in
FILE.refused.csv, with the reason beside it, and the rest goes on: mend that file
and publish it.

Rows without an id get one made of their content, so that publishing a file twice
changes nothing the second time. Exit code 1 says that rows were set aside.`,
		Example: `  leadrouter publish leads.csv --dry-run
  leadrouter publish leads.csv.gz --map map.yaml --bulk
  echo '{"country": "DE", "source": "demo_request"}' | leadrouter publish -`,
		Args: wantFiles,
		RunE: func(cmd *cobra.Command, args []string) error { return c.publish(cmd.Context(), flags, args) },
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.mapFile, "map", "", "YAML `file` that says which column is which field")
	f.StringVar(&flags.format, "format", "", "csv, jsonl or json (default by the file's name and content)")
	f.Float64Var(&flags.rate, "rate", 0, "most leads per second (default no bound)")
	f.BoolVar(&flags.bulk, "bulk", false, "mark the leads as an import: its own SLA, no notices")
	f.BoolVar(&flags.dryRun, "dry-run", false, "show what would be published, and publish nothing")
	complete(cmd, "format", string(intake.CSV), string(intake.JSONL), string(intake.JSON))
	return cmd
}

// wantFiles asks for at least one file.
func wantFiles(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("name a FILE, or - for the standard input")
	}
	return nil
}

// published is what `publish` says of one file.
type published struct {
	File string `json:"file"`
	intake.Summary
	RefusedFile string `json:"refused_file,omitempty"`
	ReasonsFile string `json:"reasons_file,omitempty"`

	what string // its rows are: lead, account
}

func (c *cli) publish(ctx context.Context, flags publishFlags, files []string) error {
	cfg := intake.Config{Format: intake.Format(flags.format), Bulk: flags.bulk}
	if flags.mapFile != "" {
		var err error
		if cfg.Map, err = intake.ReadMap(flags.mapFile); err != nil {
			return app.Usage(err)
		}
	}
	if flags.rate < 0 {
		return app.Usage(errors.New("--rate is below 0"))
	}
	return c.publishFiles(ctx, flags, cfg, event.LeadCreated, files)
}

// publishFiles publishes files to the topic of a type, or shows what would be.
func (c *cli) publishFiles(ctx context.Context, flags publishFlags, cfg intake.Config, to event.Type, files []string) error {
	if flags.dryRun {
		return c.dryRun(cfg, files)
	}
	for _, file := range files { // a misspelt name is told before anything is sent
		in, _, err := c.open(file)
		if err != nil {
			return app.Usage(err)
		}
		_ = in.Close()
	}
	topic := to.Topic(c.shared.instance)
	publisher, err := c.publisher(ctx, topic)
	if err != nil {
		return err
	}
	defer publisher.Close()
	var results []published
	for _, file := range files {
		result, err := c.publishFile(ctx, file, cfg, publisher, intake.Publishing{Topic: topic, Rate: flags.rate, Patience: c.shared.timeout})
		results = append(results, result)
		if err != nil {
			return errors.Join(c.sayPublished(results, topic), err)
		}
	}
	if err := c.sayPublished(results, topic); err != nil {
		return err
	}
	return setAside(results)
}

// publishFile publishes one file. Rows that are no leads are told as they come.
func (c *cli) publishFile(ctx context.Context, file string, cfg intake.Config, to *kstream.Publisher, p intake.Publishing) (published, error) {
	result := published{File: file, what: whatOf(cfg)}
	in, size, err := c.open(file)
	if err != nil {
		return result, app.Usage(err)
	}
	defer func() { _ = in.Close() }()
	if file == "-" {
		in = interruptible(ctx, c.in)
	}
	bar := c.progress(filepath.Base(file), size, progressbar.OptionShowBytes(true))
	r, err := intake.NewReader(io.TeeReader(in, bar), displayName(file), cfg)
	if err != nil {
		return result, c.again(ctx, result, app.Usage(err))
	}
	refused := intake.NewRefused(r, displayName(file))
	told := teller{out: c.err}
	p.Refuse = func(rec intake.Record) error {
		err := refused.Add(rec)
		_ = bar.Clear()
		told.say("%v; line set aside in %s", rec.Err, refused.Name())
		return err
	}
	result.Summary, err = intake.Publish(ctx, r, to, p)
	_ = bar.Finish()
	told.rest(refused.Reasons())
	if refused.Count() > 0 {
		result.RefusedFile, result.ReasonsFile = refused.Name(), refused.Reasons()
	}
	if closeErr := refused.Close(); err == nil && closeErr != nil {
		err = app.Usage(fmt.Errorf("set aside: %w", closeErr))
	}
	return result, c.again(ctx, result, err)
}

// again says after a run that ended early that it can simply be repeated.
func (c *cli) again(ctx context.Context, result published, err error) error {
	const advice = "%w; %s are written, run it again: their ids repeat, nothing doubles"
	switch {
	case errors.Is(err, intake.ErrStalled):
		return app.Unreachable(fmt.Errorf(advice, err, count(result.Published, result.what)))
	case err != nil && ctx.Err() != nil:
		return app.No(fmt.Errorf(advice, errStopped, count(result.Published, result.what)))
	}
	return err
}

// errStopped is the cause when a person ends a command before its end.
var errStopped = errors.New("stopped")

// open opens a file, - being the standard input. The size is -1 when unknown.
func (c *cli) open(file string) (io.ReadCloser, int64, error) {
	if file == "-" {
		return io.NopCloser(c.in), -1, nil
	}
	f, err := os.Open(file) //nolint:gosec // the user names the file
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, fmt.Errorf("%s is a folder; name the files in it", file)
	}
	return f, info.Size(), nil
}

// interruptible is a reader that ends with ctx, also while nothing comes: a terminal or
// a pipe can keep a read waiting for good, and Ctrl-C is not to wait with it.
func interruptible(ctx context.Context, in io.Reader) io.ReadCloser {
	r, w := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = w.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		_, err := io.Copy(w, in)
		_ = w.CloseWithError(err)
	}()
	return r
}

// displayName is how messages call a file, and where its refused rows go.
func displayName(file string) string {
	if file == "-" {
		return "stdin"
	}
	return file
}

// progress is a bar over so many of a unit; it shows on a terminal alone, and where the
// total is known.
func (c *cli) progress(what string, total int64, unit progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, unit,
		progressbar.OptionSetWriter(c.err),
		progressbar.OptionSetVisibility(isTerminal(c.err) && total >= 0),
		progressbar.OptionSetDescription(what),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
}

// dryRun reads the files and shows the first leads of each, without a server.
func (c *cli) dryRun(cfg intake.Config, files []string) error {
	var results []published
	for _, file := range files {
		result, err := c.dryRunFile(cfg, file)
		if err != nil {
			return app.Usage(err)
		}
		results = append(results, result)
	}
	if c.json() {
		if err := c.printJSON(results); err != nil {
			return err
		}
	}
	return setAside(results)
}

// shown is how many leads of a file a dry run prints.
const shown = 3

func (c *cli) dryRunFile(cfg intake.Config, file string) (published, error) {
	result := published{File: file, what: whatOf(cfg)}
	in, _, err := c.open(file)
	if err != nil {
		return result, err
	}
	defer func() { _ = in.Close() }()
	r, err := intake.NewReader(in, displayName(file), cfg)
	if err != nil {
		return result, err
	}
	told := teller{out: c.err}
	seen := map[string]bool{}
	for {
		rec, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			told.rest("")
			if !c.json() {
				fmt.Fprintf(c.out, "%s: %s would be published, %d would be set aside\n", file, leads(result), result.Refused)
			}
			return result, nil
		case err != nil:
			return result, err
		case rec.Err != nil:
			result.Refused++
			told.say("%v", rec.Err)
			continue
		case seen[rec.ID()]:
			result.Repeated++
		}
		seen[rec.ID()] = true
		result.Published++
		if result.Published <= shown && !c.json() {
			fmt.Fprintf(c.out, "%s\n", rec.Data)
		}
	}
}

// sayPublished prints what became of the files.
func (c *cli) sayPublished(results []published, topic string) error {
	if c.json() {
		return c.printJSON(map[string]any{"topic": topic, "files": results})
	}
	for _, r := range results {
		line := fmt.Sprintf("%s: %s published to %s", r.File, leads(r), topic)
		if r.Refused > 0 {
			line += fmt.Sprintf("; %d set aside in %s, why is in %s", r.Refused, r.RefusedFile, r.ReasonsFile)
		}
		if _, err := fmt.Fprintln(c.out, line); err != nil {
			return err
		}
	}
	return nil
}

func leads(r published) string {
	text := count(r.Published, r.what)
	if r.Repeated > 0 {
		text += ", " + grouped(r.Repeated) + " with the id of an earlier one,"
	}
	return text
}

// grouped writes 7392 as 7,392.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// whatOf names what a file's rows are.
func whatOf(cfg intake.Config) string {
	if cfg.Accounts {
		return "account"
	}
	return "lead"
}

// setAside is the answer "no" when not every row went.
func setAside(results []published) error {
	n := 0
	var files []string
	for _, r := range results {
		n += r.Refused
		if r.RefusedFile != "" {
			files = append(files, r.RefusedFile)
		}
	}
	switch {
	case n == 0:
		return nil
	case len(files) == 0:
		return app.No(fmt.Errorf("%s of the rows cannot be read; mend them, or say in --map how to read them", grouped(n)))
	}
	return app.No(fmt.Errorf("%s of the rows were set aside; mend %s and publish it", grouped(n), strings.Join(files, ", ")))
}

// teller tells the first problems of a file and counts the others.
type teller struct {
	out  io.Writer
	told int
}

// mostTold problems fit on a screen.
const mostTold = 20

func (t *teller) say(format string, args ...any) {
	if t.told++; t.told <= mostTold {
		fmt.Fprintf(t.out, format+"\n", args...)
	}
}

func (t *teller) rest(file string) {
	if t.told <= mostTold {
		return
	}
	more := ""
	if file != "" {
		more = "; all are in " + file
	}
	fmt.Fprintf(t.out, "... and %s more%s\n", grouped(t.told-mostTold), more)
}
