package console

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/routing"
)

// Decided is what the ledger made of a plan: the step that took the lead, and the
// rep who has it, "" when it went to nobody.
type Decided struct {
	Step int
	Rep  string
}

// WriteExplanation prints the way of a lead through the rules and what was said of
// the reps, down to the destination that took it:
//
//	path  no: junk   unknown: customer (account.status)
//	      deals/specialist  specialists: 2 in, 5 out  policy.yaml:77
//	reps  jonas  picked
//	      petra  in
//	      out    klara no finance; marek, amelie no de
func WriteExplanation(w io.Writer, e routing.Explanation, d Decided) error {
	tries, later := shownTries(e.Tries, d.Step)
	var b strings.Builder
	section(&b, "path", pathLines(shownPath(e.Path, tries, d.Step), tries))
	section(&b, "reps", repLines(tries, d))
	if len(later) > 0 {
		section(&b, "else", []string{strings.Join(later, ", ")})
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// section prints lines under a label of four letters.
func section(b *strings.Builder, label string, lines []string) {
	for i, line := range lines {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(b, "  %-4s  %s\n", label, strings.TrimRight(line, " "))
	}
}

// shownTries are the destinations down to the one that took the lead; later are
// the names of those behind it.
func shownTries(all []routing.Tried, step int) (shown []routing.Tried, later []string) {
	for i, t := range all {
		if t.Step == step {
			shown = all[:i+1]
			all = all[i+1:]
			break
		}
	}
	if shown == nil { // it ended: every destination was asked
		return all, nil
	}
	for _, t := range all {
		if !slices.Contains(later, t.To) {
			later = append(later, t.To)
		}
	}
	return shown, later
}

// shownPath are the rules down to the one that decided.
func shownPath(path []routing.PathEntry, tries []routing.Tried, step int) []routing.PathEntry {
	if len(tries) == 0 || tries[len(tries)-1].Step != step {
		return path
	}
	last := tries[len(tries)-1]
	for i, p := range path {
		if p.Rule == last.Rule && p.Row == last.Row {
			return path[:i+1]
		}
	}
	return path
}

// pathLines are the rules that did not take the lead, by why, and then those that
// did, with what came of them.
func pathLines(path []routing.PathEntry, tries []routing.Tried) []string {
	var passed []string
	for _, fate := range []routing.Fate{routing.No, routing.Unknown, routing.NoRow, routing.Resting, routing.Shadow} {
		var names []string
		for _, p := range path {
			if p.Fate == fate {
				names = append(names, p.Rule+aside(p))
			}
		}
		if len(names) > 0 {
			label := strings.ReplaceAll(string(fate), "_", " ")
			passed = append(passed, label+": "+strings.Join(names, ", "))
		}
	}
	var lines []string
	if len(passed) > 0 {
		lines = append(lines, strings.Join(passed, "   "))
	}
	var rows [][]string
	for _, p := range path {
		if p.Fate == routing.Matched {
			rows = append(rows, []string{p.Rule, whatOf(p, tries), p.Place})
		}
	}
	return append(lines, aligned(rows)...)
}

// aside is what a rule asks for and the lead does not say, or why a rule on trial is
// there.
func aside(p routing.PathEntry) string {
	switch {
	case len(p.Missing) > 0:
		return " (" + strings.Join(p.Missing, ", ") + ")"
	case p.Fate == routing.Shadow && p.Why != "":
		return " (" + Printable(p.Why) + ")"
	}
	return ""
}

// whatOf is the author's reason, the row that matched and the destinations that were
// asked.
func whatOf(p routing.PathEntry, tries []routing.Tried) string {
	var parts []string
	if p.Why != "" {
		parts = append(parts, strconv.Quote(p.Why))
	}
	if p.Row != "" {
		parts = append(parts, "row "+p.Row)
	}
	for _, t := range tries {
		if t.Rule != p.Rule || t.Row != p.Row {
			continue
		}
		text := fmt.Sprintf("%s: %d in, %d out", t.To, len(t.In), len(t.Out))
		if len(t.In)+len(t.Out) == 0 {
			text = t.To + ": nobody"
		}
		if len(t.Relaxed) > 0 {
			text += ", without " + strings.Join(t.Relaxed, ", ")
		}
		if len(t.Unknown) > 0 {
			text += ", not asked: " + strings.Join(t.Unknown, ", ")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// most reps that are named one by one; more are counted.
const mostNamed = 8

// repLines say who was picked, who was in, and who was out and why.
func repLines(tries []routing.Tried, d Decided) []string {
	var rows [][]string
	if n := len(tries); n > 0 && tries[n-1].Step == d.Step {
		in := slices.DeleteFunc(slices.Clone(tries[n-1].In), func(id string) bool { return id == d.Rep })
		if d.Rep != "" {
			rows = append(rows, []string{d.Rep, "picked"})
		}
		for _, id := range in[:min(len(in), mostNamed)] {
			rows = append(rows, []string{id, "in"})
		}
		if more := len(in) - mostNamed; more > 0 {
			rows = append(rows, []string{fmt.Sprintf("+%d", more), "in"})
		}
	}
	for _, t := range tries {
		if len(t.Out) == 0 {
			continue
		}
		text := outs(t.Out)
		if len(tries) > 1 {
			text = t.To + ": " + text
		}
		rows = append(rows, []string{"out", text})
	}
	return aligned(rows)
}

// outs groups the reps who are out by why: "klara no finance; marek, amelie no de".
// The smallest group comes first: it tells most.
func outs(out []routing.Out) string {
	groups := map[string][]string{}
	for _, o := range out {
		var why []string
		for _, barrier := range o.Reasons {
			why = append(why, barrier.String())
		}
		key := strings.Join(why, ", ")
		groups[key] = append(groups[key], o.Rep)
	}
	var texts []string
	for _, why := range sortedBySize(groups) {
		who := strings.Join(groups[why], ", ")
		if n := len(groups[why]); n > mostNamed {
			who = fmt.Sprint(n)
		}
		texts = append(texts, who+" "+why)
	}
	return strings.Join(texts, "; ")
}

func sortedBySize(groups map[string][]string) []string {
	keys := make([]string, 0, len(groups))
	for key := range groups {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(groups[a]), len(groups[b])), strings.Compare(a, b))
	})
	return keys
}

// aligned pads all but the last column.
func aligned(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(rows))
	for k, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		lines[k] = b.String()
	}
	return lines
}

// Headline is a lead in one line, with nothing personal:
//
//	L-20418  Weber Bank, DE, de   demo_request   80,000 EUR
func Headline(l lead.Lead) string {
	about := []string{cmp.Or(l.Company.Name, l.Company.Domain, "-")}
	for _, text := range []string{l.Country, l.Language} {
		if text != "" {
			about = append(about, text)
		}
	}
	parts := []string{l.ID + "  " + strings.Join(about, ", ")}
	if l.Source != "" {
		parts = append(parts, l.Source)
	}
	if l.DealValue != nil {
		parts = append(parts, strings.TrimSpace(Amount(*l.DealValue)+" "+l.Currency))
	}
	return Printable(strings.Join(parts, "   "))
}

// Amount writes 80000 as 80,000 and 1234.5 as 1,234.50.
func Amount(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	whole, cents, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if cents == "00" {
		return whole
	}
	return whole + "." + cents
}
