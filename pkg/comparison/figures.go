package comparison

import (
	"slices"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/simulate"
)

// Unit of a figure.
type Unit string

// The units.
const (
	Leads   Unit = "leads"
	Seconds Unit = "seconds"
	Percent Unit = "percent"
	Turns   Unit = "turns" // in leads
)

// Figure is one number under both policies.
type Figure struct {
	Name  string  `json:"name"`
	Unit  Unit    `json:"unit"`
	Now   float64 `json:"now"`
	Draft float64 `json:"draft"`
	// Low and High bound the change in 95 % of the repetitions; both are the change itself
	// where nothing was drawn.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Estimate: it depends on what was drawn.
	Estimate bool    `json:"estimate,omitempty"`
	Bound    float64 `json:"bound,omitempty"` // of turns: what they never pass
}

// Change from now to the draft.
func (f Figure) Change() float64 { return f.Draft - f.Now }

// Names of figures.
const (
	Elsewhere  = "another owner"
	WaitedP95  = "waited, 95 % less than"
	StillWaits = "wait at the end"
	InReview   = "in review at the end"
	OverCap    = "given past a cap"
	FullCaps   = "filled a cap"
	LargestOwe = "largest turn"
)

// slaName is the name of an SLA's figure.
func slaName(sla string) string { return "SLA " + sla + ", targets met" }

// ranges are the figures of the first round, with the ranges of all.
func ranges(rounds [][]Figure) []Figure {
	list := rounds[0]
	for i := range list {
		f := &list[i]
		var changes []float64
		for _, round := range rounds {
			if k := slices.IndexFunc(round, func(g Figure) bool { return g.Name == f.Name }); k >= 0 {
				changes = append(changes, round[k].Change())
			}
		}
		slices.Sort(changes)
		f.Low = min(f.Change(), simulate.Quantile(changes, 0.025))
		f.High = max(f.Change(), simulate.Quantile(changes, 0.975))
	}
	return list
}

func figuresOf(p pair) []Figure {
	now, draft := p[0], p[1]
	drawn := now.Draws+draft.Draws > 0
	count := func(name string, a, b int) Figure {
		return Figure{Name: name, Unit: Leads, Now: float64(a), Draft: float64(b), Estimate: drawn}
	}
	list := []Figure{
		count(Elsewhere, 0, len(moved(now, draft))),
		{Name: WaitedP95, Unit: Seconds, Now: now.Waits.P95.Seconds(), Draft: draft.Waits.P95.Seconds(), Estimate: drawn},
		count(StillWaits, now.Waits.Still, draft.Waits.Still),
		count(InReview, now.Outcomes[ledger.Review], draft.Outcomes[ledger.Review]),
	}
	list = append(list, slaFigures(now, draft)...)
	full := func(r *simulate.Result) (n int) {
		for _, rep := range r.Reps {
			n += rep.Full
		}
		return n
	}
	list = append(list, count(OverCap, now.Over, draft.Over), count(FullCaps, full(now), full(draft)))
	turn := Figure{Name: LargestOwe, Unit: Turns, Estimate: drawn}
	turn.Now, _ = largest(now)
	turn.Draft, turn.Bound = largest(draft)
	return append(list, turn)
}

// slaFigures are the SLAs that both policies have. What one alone has is no change.
func slaFigures(now, draft *simulate.Result) []Figure {
	var list []Figure
	for _, a := range now.SLAs {
		i := slices.IndexFunc(draft.SLAs, func(b simulate.SLA) bool { return b.Name == a.Name })
		if i < 0 {
			continue
		}
		b := draft.SLAs[i]
		list = append(list, Figure{
			Name: slaName(a.Name), Unit: Percent, Now: 100 * a.Share(), Draft: 100 * b.Share(), Estimate: a.Drawn+b.Drawn > 0,
		})
	}
	return list
}

// largest turn of all books, and the bound of that book.
func largest(r *simulate.Result) (turn, bound float64) {
	for _, t := range r.Turns {
		if t.Largest >= turn {
			turn, bound = t.Largest, t.Bound
		}
	}
	return turn, bound
}
