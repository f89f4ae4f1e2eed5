package console

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/whynot"
)

// Teller prints the story of a lead.
type Teller struct {
	Style Style
	Zone  *time.Location // of the times shown; nil: UTC
	// Name gives the full name of a rep, or the id again.
	Name func(rep string) string
	// WhyNot is a rep to speak of in particular; empty: nobody.
	WhyNot string
}

// Write prints the story: a headline, how the lead stands, and a paragraph per
// attempt, with what happened in it. l is the lead as subscribers got it; only its id
// is needed.
func (t Teller) Write(w io.Writer, l lead.Lead, s audit.Story) error {
	var b strings.Builder
	b.WriteString(t.Style.Strong(Headline(l)) + "\n" + t.standing(s) + "\n")
	said := worth(s.Milestones)
	var last *audit.Chapter // that decided
	for i := range s.Chapters {
		c := &s.Chapters[i]
		for ; len(said) > 0 && before(said[0], c.When()); said = said[1:] {
			t.milestone(&b, said[0], s)
		}
		t.chapter(&b, c, last)
		if c.Assigned != nil {
			last = c
		}
	}
	for _, m := range said {
		t.milestone(&b, m, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// standing says who has the lead now, by which policy.
func (t Teller) standing(s audit.Story) string {
	var last *audit.Chapter
	for i := range s.Chapters {
		if s.Chapters[i].Assigned != nil {
			last = &s.Chapters[i]
		}
	}
	if s.Now == nil || last == nil {
		return "The log has not decided it."
	}
	text := fmt.Sprintf("It is in %s", s.Now.Outcome)
	switch {
	case s.Now.Closed > 0 && s.Now.Rep != "":
		text = fmt.Sprintf("Closed at %s; %s had it", t.clock(time.UnixMilli(s.Now.Closed)), t.Name(s.Now.Rep))
	case s.Now.Closed > 0:
		text = fmt.Sprintf("Closed: %s", s.Now.Outcome)
	case s.Now.Rep != "":
		text = t.Name(s.Now.Rep) + " has it"
	}
	p := last.Assigned.Policy
	return fmt.Sprintf("%s since %s (attempt %d)%s.   policy %s", text, t.clock(time.UnixMilli(s.Now.Since)), s.Now.Attempt, t.progress(s.Now),
		strings.Join(slices.DeleteFunc([]string{p.Name, p.Version, p.Hash[:min(7, len(p.Hash))]}, func(s string) bool { return s == "" }), " "))
}

func (t Teller) clock(at time.Time) string {
	return at.In(cmp.Or(t.Zone, time.UTC)).Format("2 Jan 15:04:05")
}

// chapter is one record; decisions have everybody's reason below them. last is the
// decision before.
func (t Teller) chapter(b *strings.Builder, c, last *audit.Chapter) {
	if c.Assigned == nil {
		fmt.Fprintf(b, "  %s  %s\n", t.clock(c.When()), t.happened(c))
		return
	}
	who := string(c.Assigned.Outcome)
	if c.Assigned.RepID != "" {
		who = t.Name(c.Assigned.RepID)
	}
	fmt.Fprintf(b, "%d %s  %s  %q\n", c.Assigned.Attempt, t.clock(c.When()), t.Style.Strong(Printable(who)), c.Assigned.Reason)
	if last != nil {
		section(b, "from", []string{t.from(c, last)})
	}
	if last == nil {
		section(b, "acct", AccountLines(c.Assigned))
	}
	if c.Draft != nil && c.Draft.Learned != nil {
		section(b, "model", learnedLines(c.Draft.Learned, c.Draft.Facts))
	}
	for _, late := range c.Grant.Held {
		fmt.Fprintf(b, "  %s had come before the lead: %s\n", late.Verb, late.Effect)
	}
	if past(c) {
		return
	}
	if c.Why == nil {
		fmt.Fprintf(b, "  rule  %s   (the policy of this decision is not at hand: --policy names one)\n", cmp.Or(c.Assigned.Rule, "none"))
		return
	}
	section(b, "know", known(c.Draft.Facts, c.Draft.Evidence))
	tries, later := shownTries(c.Why.Tries, c.Grant.Step)
	section(b, "path", pathLines(shownPath(c.Why.Path, tries, c.Grant.Step), tries))
	section(b, "reps", append(t.members(c, tries), outLines(tries)...))
	later = slices.DeleteFunc(later, func(to string) bool { return to == tries[len(tries)-1].To })
	if len(later) > 0 {
		section(b, "else", []string{strings.Join(later, ", ")})
	}
	if t.WhyNot != "" {
		text := t.whyNot(c)
		if c.Grant.Rep != t.WhyNot {
			text += t.smallest(c.WhyNot)
		}
		fmt.Fprintf(b, "--why-not %s: %s\n", Printable(t.WhyNot), text)
	}
}

// past reports whether a lead went past the rules: to whom a clock or a person names.
func past(c *audit.Chapter) bool {
	switch routing.Code(c.Assigned.ReasonCode) {
	case routing.StandIn, routing.Escalated, routing.Commanded, routing.AccountDoubt:
		return true
	default:
		return false
	}
}

// members are the reps who fit where the lead went, and then those who fit where it
// could not stay: the one who has it first, each with turn and load.
func (t Teller) members(c *audit.Chapter, tries []routing.Tried) []string {
	var ids []string
	if slices.ContainsFunc(tries, func(tried routing.Tried) bool { return slices.Contains(tried.In, c.Grant.Rep) }) {
		ids = append(ids, c.Grant.Rep)
	}
	for _, tried := range slices.Backward(tries) {
		for _, id := range slices.Sorted(slices.Values(tried.In)) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	var rows [][]string
	for _, id := range ids[:min(len(ids), mostNamed)] {
		rows = append(rows, append([]string{id, verdict(c, id)}, t.numbers(c, id)...))
	}
	if more := len(ids) - mostNamed; more > 0 {
		rows = append(rows, []string{fmt.Sprintf("+%d", more), "in"})
	}
	return aligned(rows)
}

// verdict is picked, in, or what kept a rep who fits.
func verdict(c *audit.Chapter, id string) string {
	s := c.Standings[id]
	switch {
	case id == c.Grant.Rep:
		return "picked"
	case s.Presence != ledger.Available && s.Presence != "":
		return s.Presence
	case s.Full() != "":
		return s.Full()
	default:
		return "in"
	}
}

// numbers are turn and load around the decision.
func (t Teller) numbers(c *audit.Chapter, id string) []string {
	s, known := c.Standings[id]
	if !known {
		return nil
	}
	after := s.Load
	if id == c.Grant.Rep && c.Grant.Load != nil {
		after = *c.Grant.Load
	}
	var cells []string
	if c.Grant.Turn != nil {
		cells = append(cells, fmt.Sprintf("turn %s -> %s", Turn(s.Before, c.Grant.Turn.Amount), Turn(s.After, c.Grant.Turn.Amount)))
	}
	return append(cells, "open "+of(after.Open, s.Caps.Open), "today "+of(after.Day, s.Caps.Day))
}

// of writes a count under its cap.
func of(n, most int64) string {
	if most == 0 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d/%d", n, most)
}

// outLines are the reps who were out, by why.
func outLines(tries []routing.Tried) []string {
	var lines []string
	for _, tried := range tries {
		if len(tried.Out) == 0 {
			continue
		}
		text := "out    " + outs(tried.Out)
		if len(tries) > 1 {
			text = "out    " + tried.To + ": " + outs(tried.Out)
		}
		lines = append(lines, text)
	}
	return lines
}

// whyNot is what stood between a rep and the lead.
func (t Teller) whyNot(c *audit.Chapter) string {
	if c.Grant.Rep == t.WhyNot {
		return "has it."
	}
	var out *routing.Out
	for _, tried := range c.Why.Tries {
		if out != nil && tried.Step > c.Grant.Step {
			break // what was asked later would not have mattered
		}
		if slices.Contains(tried.In, t.WhyNot) {
			return t.lost(c, tried)
		}
		for i := range tried.Out {
			if tried.Out[i].Rep == t.WhyNot && (out == nil || tried.Step == c.Grant.Step) {
				out = &tried.Out[i]
			}
		}
	}
	if out == nil {
		return "no destination of the rule that took the lead means this rep."
	}
	return barriers(*out) + "."
}

// lost says why a rep who was in did not get the lead.
func (t Teller) lost(c *audit.Chapter, tried routing.Tried) string {
	if tried.Step > c.Grant.Step {
		return "is in " + tried.To + ", which the rule names only after the one that took the lead."
	}
	switch v := verdict(c, t.WhyNot); {
	case v != "in":
		return "fits, but was " + v + "."
	case c.Grant.Turn == nil:
		return "fits; " + c.Assigned.Reason
	}
	mine, theirs, amount := c.Standings[t.WhyNot], c.Standings[c.Grant.Rep], c.Grant.Turn.Amount
	if mine.Before == theirs.Before {
		return fmt.Sprintf("fits; the turn was the same (%s), and %s had waited longer for a lead.", Turn(mine.Before, amount), t.Name(c.Grant.Rep))
	}
	return fmt.Sprintf("fits; %s's turn was higher, counting each one's share of this lead (%s to %s).",
		t.Name(c.Grant.Rep), Turn(theirs.Before, amount), Turn(mine.Before, amount))
}

func barriers(out routing.Out) string {
	var why []string
	for _, b := range out.Reasons {
		why = append(why, b.String())
	}
	return strings.Join(why, ", ")
}

// smallest tells the smallest change that would have given a rep the lead.
func (t Teller) smallest(a *whynot.Answer) string {
	if a == nil {
		return ""
	}
	if len(a.Changes) == 0 {
		return " Neither one change nor two would have given " + t.Name(a.Rep) + " the lead."
	}
	var list []string
	for _, change := range a.Changes {
		list = append(list, change.String())
	}
	text := " Smallest change: " + strings.Join(list, ", and ")
	turned := slices.ContainsFunc(a.Changes, func(c whynot.Change) bool { return c.Kind == whynot.Turn })
	if a.Turn != nil && !turned {
		text += fmt.Sprintf("; the turn (%s) would have won it", Turn(*a.Turn, a.Amount))
	}
	return text + "."
}
