package policytest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/enrich"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// Config says which tests run, and when.
type Config struct {
	// Now is the instant of a test without `at`; zero: 4 May 2026, a Monday,
	// 10:00 UTC. It matters to rules with a date and to reps who are new.
	Now time.Time
	// Name keeps the tests whose names contain it.
	Name string
}

// Status of a test.
type Status string

// The statuses.
const (
	Passed Status = "ok"
	Failed Status = "FAIL"
	NotRun Status = "not run"
)

// Report is what came of a policy's tests.
type Report struct {
	Results []Result `json:"results"`
	// Unreached are the rules and rows that no test reached, "path" or "path: row",
	// in the order of the policy.
	Unreached []string `json:"unreached,omitempty"`
}

// OK reports whether no test failed.
func (r Report) OK() bool { return r.Count(Failed) == 0 }

// Count counts the tests with a status.
func (r Report) Count(s Status) int {
	n := 0
	for _, x := range r.Results {
		if x.Status == s {
			n++
		}
	}
	return n
}

// Result is what came of one test.
type Result struct {
	Name   string   `json:"name"`
	Place  string   `json:"place"` // file:line
	Status Status   `json:"status"`
	Why    []string `json:"why,omitempty"` // one line for each thing that is not as expected, or not run
}

// String is one line for each thing to say:
//
//	FAIL tests.yaml:5 both full: expected waiting, got petra (given.full names only jonas)
func (r Result) String() string {
	head := fmt.Sprintf("%s %s %s", r.Status, r.Place, r.Name)
	if len(r.Why) == 0 {
		return head
	}
	lines := make([]string, len(r.Why))
	for i, why := range r.Why {
		lines[i] = head + ": " + why
	}
	return strings.Join(lines, "\n")
}

// Run runs the tests of a policy.
func Run(p *policy.Policy, cfg Config) Report {
	if cfg.Now.IsZero() {
		cfg.Now = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	}
	planner, enricher := routing.New(p), enrich.New(enrich.Config{})
	reached := map[string]bool{}
	var report Report
	for i := range p.Tests {
		t := &p.Tests[i]
		if !strings.Contains(t.Name, cfg.Name) {
			continue
		}
		w := newWorld(planner, t, cfg.Now)
		w.enrich = enricher.Enrich
		status, why := w.run()
		report.Results = append(report.Results, Result{
			Name: t.Name, Place: fmt.Sprintf("%s:%d", t.Pos.File, t.Pos.Line), Status: status, Why: why,
		})
		for _, v := range w.visits {
			reached[place(v.Rule, v.Row)] = true
		}
	}
	report.Unreached = unreached(p, reached)
	return report
}

func place(rule *policy.Rule, row *policy.Row) string {
	if row == nil {
		return rule.Path
	}
	return rule.Path + ": " + row.Key
}

func unreached(p *policy.Policy, reached map[string]bool) []string {
	rules := slices.Clone(p.Rules)
	for _, set := range p.Rulesets {
		rules = append(rules, set.Rules...)
	}
	var out []string
	for _, rule := range rules {
		if rule.Table == nil && !reached[rule.Path] {
			out = append(out, rule.Path)
		}
		if rule.Table == nil {
			continue
		}
		for _, row := range rule.Table.Rows {
			if key := place(rule, row); !reached[key] {
				out = append(out, key)
			}
		}
	}
	return out
}

// run tells the test's story up to the first thing that is not as expected, or
// that cannot be told.
func (w *world) run() (Status, []string) {
	for i := range max(w.test.Count, 1) {
		if err := w.arrive(i); err != nil {
			return Failed, []string{err.Error()}
		}
	}
	if why := w.compare(w.test.Expect); len(why) > 0 {
		return Failed, why
	}
	for i := range w.test.Then {
		e := &w.test.Then[i]
		if needs := w.needs(e); needs != "" {
			return NotRun, []string{fmt.Sprintf("line %d needs %s", e.Pos.Line, needs)}
		}
		if err := w.happen(e); err != nil {
			return Failed, []string{fmt.Sprintf("line %d: %v", e.Pos.Line, err)}
		}
		if why := w.compare(e.Expect); len(why) > 0 {
			for k := range why {
				why[k] = fmt.Sprintf("line %d: %s", e.Pos.Line, why[k])
			}
			return Failed, why
		}
	}
	return Passed, nil
}

// needs names what a step of a story asks for and is not simulated; "" when the
// step can be told.
func (w *world) needs(e *policy.Event) string {
	if w.test.Count > 1 && (!e.After.IsZero() || e.Do == ledger.Rejected || e.Do == ledger.Qualified) {
		return "one lead: with `count`, the others would have clocks of their own"
	}
	return ""
}
