package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"

	"leadrouter/bench/chaos/checker"
	"leadrouter/bench/chaos/schedule"
)

// shown is how many violations are printed one by one.
const shown = 20

// report prints the result, and removes what the run has written if it found nothing.
func (r *oneRun) report(out io.Writer, result Result) error {
	if len(result.Violations) == 0 {
		if err := os.RemoveAll(r.dir); err != nil { //nolint:gosec // made by newRun
			return err
		}
	}
	if r.output == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		if result.Violations == nil {
			result.Violations = []checker.Violation{}
		}
		return enc.Encode(result)
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "FAULT\tTIMES")
	for _, kind := range schedule.Kinds() {
		if n := result.Kinds[kind]; n > 0 {
			fmt.Fprintf(w, "%s\t%d\n", kind, n)
		}
	}
	fmt.Fprintf(w, "%d kinds\t%d\n", len(result.Kinds), result.Faults)
	fmt.Fprintln(w, "\nLOOKED AT\t")
	for _, what := range slices.Sorted(maps.Keys(result.Counts)) {
		fmt.Fprintf(w, "%s\t%d\n", what, result.Counts[what])
	}
	fmt.Fprintf(w, "decisions derived again\t%d of %d\n", result.Audit.Proven, result.Audit.Decisions)
	for _, why := range slices.Sorted(maps.Keys(result.Audit.Unproven)) {
		fmt.Fprintf(w, "taken at its word: %s\t%d\n", why, result.Audit.Unproven[why])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	printList(out, "\nTROUBLE that violates nothing", result.Trouble)
	r.printVerdict(out, result)
	return nil
}

// printVerdict prints what was violated, with a story for each kind.
func (r *oneRun) printVerdict(out io.Writer, result Result) {
	if len(result.Violations) == 0 {
		fmt.Fprintf(out, "\nseed %d: nothing was violated\n", result.Seed)
		return
	}
	fmt.Fprintf(out, "\nseed %d: %d VIOLATIONS; logs are in %s\n", result.Seed, len(result.Violations), r.dir)
	for _, v := range result.Violations[:min(len(result.Violations), shown)] {
		fmt.Fprintf(out, "  %s: %s %s\n", v.Kind, v.Lead, v.What)
	}
	for _, s := range result.Stories {
		printList(out, fmt.Sprintf("\nthe story of lead %s (%s: %s)", s.Lead, s.Kind, s.What), s.Lines)
	}
}

func printList(out io.Writer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintln(out, title)
	for _, line := range lines {
		fmt.Fprintln(out, "  "+line)
	}
}
