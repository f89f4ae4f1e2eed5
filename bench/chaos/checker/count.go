package checker

import (
	"strings"

	"leadrouter/pkg/testkit/recount"
)

// broken is what a rule of the recount is here.
var broken = map[recount.Rule]Kind{
	recount.Sequence: Sequence, recount.Owner: Owner, recount.Cap: Cap, recount.TurnOf: Turn,
}

// checkCounts counts the log again, in the order of its sequences.
func (f *findings) checkCounts(h *History, log []entry) {
	t := recount.New(func(fault recount.Fault) { f.add(broken[fault.Rule], fault.Lead, "%s", fault.What) })
	t.MostOpen = h.MostOpen
	var all []recount.Entry
	for _, e := range log {
		if e.record != nil {
			all = append(all, e.Entry)
		}
	}
	t.Log(all)
	for effect, n := range t.Effects {
		f.count("effect "+effect, n)
	}
	f.count("turns", t.Turns)
	f.count("caps reached", t.Full)
	f.checkLine(h, t, waiting(all))
}

// waiting are the leads that stand in line at the end.
func waiting(log []recount.Entry) []string {
	waits := map[string]bool{}
	for _, e := range log {
		g := e.Grant
		switch g.Effect {
		case "owned", "ended":
			waits[g.Lead] = g.Outcome == "waiting"
			for _, late := range g.Held {
				waits[g.Lead] = waits[g.Lead] && late.Effect != "freed"
			}
		case "freed":
			waits[g.Lead] = false
		}
	}
	var leads []string
	for lead, still := range waits {
		if still {
			leads = append(leads, lead)
		}
	}
	return leads
}

// checkLine: nobody waits while one who fits every lead is there and has room.
func (f *findings) checkLine(h *History, t *recount.Tally, waiting []string) {
	room := ""
	for _, rep := range h.Everywhere {
		who, known := t.Current[rep]
		if known && t.Open[rep] < who.Caps.Open && present(h, rep) {
			room = rep
		}
	}
	if room != "" {
		for _, lead := range waiting {
			f.add(Stuck, lead, "lead %s waits, and %s holds %d of %d", lead, room, t.Open[room], t.Current[room].Caps.Open)
		}
	}
	f.count("waiting at the end", len(waiting))
}

// present reports whether the last word on a rep is that they are there.
func present(h *History, rep string) bool {
	there := true
	for _, r := range h.byTopic(status) {
		if r.Key == rep {
			there = strings.Contains(string(r.Value), `"available"`)
		}
	}
	return there
}
