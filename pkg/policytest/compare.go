package policytest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// compare says what is not as expected.
func (w *world) compare(expects []policy.Expect) []string {
	var why []string
	for i := range expects {
		e := &expects[i]
		if e.Field == "share" {
			why = append(why, w.compareShares(e.Share)...)
			continue
		}
		got := w.field(e.Field)
		if e.IsList || len(e.Want) != 1 {
			if !sameSet(got, e.Want) {
				why = append(why, fmt.Sprintf("expected %s %s, got %s%s", e.Field, listed(e.Want), listed(got), w.hint(e)))
			}
			continue
		}
		if !w.is(e.Field, got, e.Want[0]) {
			why = append(why, fmt.Sprintf("expected %s, got %s%s", e.Want[0], w.got(e.Field, got), w.hint(e)))
		}
	}
	return why
}

// is compares a field with one value; a list with one value in it is that value.
func (w *world) is(field string, got []string, want string) bool {
	if field == "rule" && w.lastRule() == want {
		return true // the bare name of a rule in a ruleset
	}
	return len(got) == 1 && got[0] == want || len(got) == 0 && want == ""
}

func (w *world) lastRule() string {
	_, name, found := strings.Cut(w.last.Rule, "/")
	if !found {
		return w.last.Rule
	}
	return name
}

// got tells what became of the lead where that says more than the field does.
func (w *world) got(field string, got []string) string {
	switch {
	case field == "outcome" && w.last.RepID != "" && w.last.Outcome == ledger.Assigned:
		return w.last.RepID
	case field == "rep" && w.last.RepID == "":
		return string(w.last.Outcome)
	case len(got) == 0:
		return "none"
	}
	return listed(got)
}

// field reads a field of the decision as texts.
func (w *world) field(name string) []string {
	a := &w.last.Assigned
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	switch name {
	case "rule":
		return one(a.Rule)
	case "row":
		return one(a.Row)
	case "rep":
		return one(a.RepID)
	case "team":
		return one(a.Team)
	case "pool":
		return one(a.Pool)
	case "pick":
		return one(string(a.Pick))
	case "outcome":
		return one(string(a.Outcome))
	case "relaxed":
		return a.Relaxed
	case "attempt":
		return one(strconv.Itoa(a.Attempt))
	case "reason_code":
		return one(a.ReasonCode)
	case "fit":
		return one(a.Fit)
	case "intent":
		return one(a.Intent)
	case "over":
		return one(strconv.FormatBool(a.Over))
	case "tags":
		return a.Tags
	case "owns_account":
		return one(strconv.FormatBool(w.last.draft.OwnsAccount))
	case "watch":
		return one(strconv.FormatBool(w.last.draft.Watch))
	case "on_qualified":
		return one(w.last.draft.OnQualified)
	case "candidates":
		return w.candidates()
	case "sla":
		if a.SLA != nil {
			return one(a.SLA.Name)
		}
	case "score":
		if a.Score != nil {
			return one(strconv.FormatInt(*a.Score, 10))
		}
	}
	return nil
}

// candidates are those among whom the pick was made: in the step that took the
// lead, present and under their caps.
func (w *world) candidates() []string {
	if turn := w.last.grant.Turn; turn != nil {
		return w.ids(turn.Free.Positions())
	}
	if w.last.plan == nil {
		return []string{w.last.RepID} // the backup or the manager
	}
	step := w.last.plan.Steps[w.last.grant.Step]
	var out []string
	for _, rep := range step.Members {
		given := &w.test.Given
		if !slices.Contains(given.Away, rep) && (step.LiftFull || !slices.Contains(given.Full, rep)) {
			out = append(out, w.policy.Reps[rep].ID)
		}
	}
	return out
}

func (w *world) compareShares(shares []policy.Share) []string {
	var why []string
	for _, s := range shares {
		id := w.policy.Reps[s.Rep].ID
		if got := w.shares[id]; got != s.Want {
			why = append(why, fmt.Sprintf("expected %d leads for %s, got %d", s.Want, id, got))
		}
	}
	return why
}

// hint is what helps to see why, in brackets; or "".
func (w *world) hint(e *policy.Expect) string {
	if w.last.plan == nil {
		return ""
	}
	text := ""
	switch e.Field {
	case "outcome":
		text = w.outcomeHint(e.Want[0])
	case "rule":
		text = w.ruleHint(e.Want[0])
	case "rep":
		text = w.repHint(e.Want[0])
	case "candidates":
		for _, id := range e.Want {
			if !slices.Contains(w.candidates(), id) {
				text = w.repHint(id)
				break
			}
		}
	}
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

func (w *world) outcomeHint(want string) string {
	switch {
	case want == string(ledger.Waiting) && w.last.RepID != "":
		if len(w.test.Given.Full) == 0 {
			return "given.full names nobody"
		}
		return "given.full names only " + strings.Join(w.ids(w.test.Given.Full), ", ")
	case w.last.RepID == "":
		return strings.TrimSuffix(w.last.Reason, ".")
	}
	return "by the rule " + w.last.Rule
}

// ruleHint says how the walk passed the expected rule.
func (w *world) ruleHint(want string) string {
	explanation := w.last.plan.Explain()
	for _, entry := range explanation.Path {
		if entry.Rule != want && !strings.HasSuffix(entry.Rule, "/"+want) {
			continue
		}
		switch {
		case entry.Fate == routing.Unknown && len(entry.Missing) > 0:
			return fmt.Sprintf("%s does not match: %s is not known of the lead", want, strings.Join(entry.Missing, ", "))
		case entry.Fate == routing.Matched:
			in := func(t routing.Tried) bool { return t.Rule == entry.Rule && len(t.In) > 0 }
			if slices.ContainsFunc(explanation.Tries, in) {
				return want + " matches, and nobody there is free"
			}
			return want + " matches, and nobody there fits"
		}
		return want + " does not match"
	}
	return want + " is not reached"
}

// repHint says what kept the expected rep from the lead.
func (w *world) repHint(want string) string {
	given := &w.test.Given
	rep, ok := w.policy.Rep(want)
	if !ok {
		return ""
	}
	meant := false
	for _, try := range w.last.plan.Explain().Tries {
		for _, out := range try.Out {
			if out.Rep == want {
				var words []string
				for _, b := range out.Reasons {
					words = append(words, b.String())
				}
				return want + ": " + strings.Join(words, ", ")
			}
		}
		meant = meant || slices.Contains(try.In, want)
	}
	switch {
	case slices.Contains(given.Full, rep):
		return want + " is full"
	case slices.Contains(given.Away, rep):
		return want + " is away"
	case meant:
		return want + " is a candidate"
	}
	return "no destination of this lead means " + want
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func listed(items []string) string {
	switch len(items) {
	case 0:
		return "none"
	case 1:
		return items[0]
	}
	return "[" + strings.Join(items, ", ") + "]"
}
