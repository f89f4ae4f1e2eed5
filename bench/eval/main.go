// Command eval measures what the router knows of leads on real data with the truth beside
// it, and sets each figure beside a reference:
//
//	make eval
//
// The data is not part of the repository: it is looked for in LEADROUTER_SHARED (default
// ../shared). What is not there is skipped, and named.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// figure is one measured number.
type figure struct {
	Task    string  `json:"task"`    // what was asked of it
	Measure string  `json:"measure"` // F1, AUC, …
	Ours    float64 `json:"ours"`
	Wanted  float64 `json:"wanted"`          // at least; at most where Lower
	Lower   bool    `json:"lower,omitempty"` // the smaller the better
	Than    string  `json:"than,omitempty"`  // what Wanted is: a reference's name
	Note    string  `json:"note,omitempty"`  // what explains the difference
}

// good tells whether the figure is what was wanted.
func (f figure) good() bool {
	if f.Lower {
		return f.Ours <= f.Wanted
	}
	return f.Ours >= f.Wanted
}

// evaluation measures on the data in a folder. Where its data is not there, the error is
// [fs.ErrNotExist].
type evaluation struct {
	name string
	run  func(data fs.FS) ([]figure, error)
}

// evaluations in the order in which they are printed.
func evaluations() []evaluation {
	return []evaluation{
		names(),
		{"duplicates", duplicates},
		accountsOf(),
		{"phones", phones},
		{"holidays", holidays},
		{"score", scores},
	}
}

func main() {
	only := flag.String("only", "", "run the evaluation of this `name` alone")
	flag.Parse()
	os.Exit(run(*only))
}

// run prints all figures; 1 when one is not what was wanted, 2 when one could not be measured.
func run(only string) int {
	shared, ok := os.LookupEnv("LEADROUTER_SHARED")
	if !ok {
		shared = filepath.Join("..", "shared")
	}
	data := os.DirFS(filepath.Join(shared, "data"))
	code := 0
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer func() { _ = out.Flush() }()
	_, _ = fmt.Fprintln(out, "task\tmeasure\tours\twanted\t\t")
	for _, e := range evaluations() {
		if only != "" && only != e.name {
			continue
		}
		figures, err := e.run(data)
		if errors.Is(err, fs.ErrNotExist) {
			_, _ = fmt.Fprintf(out, "%s\tskipped: no data in %s\t\t\t\t\n", e.name, shared)
			continue
		}
		if err != nil {
			_, _ = fmt.Fprintf(os.Stderr, "eval: %s: %v\n", e.name, err)
			return 2
		}
		for _, f := range figures {
			code = max(code, f.print(out))
		}
	}
	return code
}

// print writes a line; it returns 1 when the figure is not what was wanted.
func (f figure) print(out *tabwriter.Writer) int {
	verdict, code, sign := "ok", 0, "≥"
	if f.Lower {
		sign = "≤"
	}
	if !f.good() {
		verdict, code = "NOT REACHED", 1
	}
	_, _ = fmt.Fprintf(out, "%s\t%s\t%.4f\t%s %.4f %s\t%s\t%s\n", f.Task, f.Measure, f.Ours, sign, f.Wanted, f.Than, verdict, f.Note)
	return code
}
