package outcome

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/score"
	"leadrouter/pkg/score/train"
)

// Summary says what was gathered.
type Summary struct {
	Leads   int `json:"leads"`             // read
	Open    int `json:"open,omitempty"`    // whose outcome is not known
	Tests   int `json:"tests,omitempty"`   // left out
	Refused int `json:"refused,omitempty"` // rows that are no lead
	// Example is why the first refused row is none.
	Example string `json:"example,omitempty"`
}

// example is a lead whose outcome is known.
type example struct {
	facts lead.Facts
	came  time.Time // zero: not known
	won   bool
}

// gathering collects examples in the order in which they came.
type gathering struct {
	planner  *routing.Planner // whose points are set beside; nil: nobody's
	examples []example
}

// table sorts by time, if that is known of all, and makes columns of the facts.
func (g *gathering) table() *train.Table {
	dated := !slices.ContainsFunc(g.examples, func(e example) bool { return e.came.IsZero() })
	if dated {
		slices.SortStableFunc(g.examples, func(a, b example) int { return a.came.Compare(b.came) })
	}
	names := map[string]bool{}
	for _, e := range g.examples {
		for name := range e.facts {
			names[name] = names[name] || usable(name)
		}
	}
	t := &train.Table{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !names[name] {
			continue
		}
		c := train.Column{Name: name, Values: make([]score.Value, len(g.examples))}
		for row, e := range g.examples {
			c.Values[row] = score.Of(e.facts[name])
		}
		t.Columns = append(t.Columns, c)
	}
	for _, e := range g.examples {
		t.Won = append(t.Won, e.won)
		if dated {
			t.Times = append(t.Times, e.came)
		}
	}
	g.points(t)
	return t
}

// points are what the policy gives each lead at its arrival.
func (g *gathering) points(t *train.Table) {
	if g.planner == nil || g.planner.Policy().Score == nil {
		return
	}
	p := g.planner.Policy()
	for _, e := range g.examples {
		t.Points = append(t.Points, p.Score.Points(p.Bind(e.facts, e.came)))
	}
}

// usable tells whether a model may ask for a fact: it is not personal, says more than which
// lead it is, and is known when the lead comes.
func usable(name string) bool {
	known, ok := lead.Lookup(name)
	return ok && !known.Personal &&
		!slices.Contains([]string{"id", "created_at", "test", "bulk", "account_id", "account.id"}, name)
}

// instant reads created_at; zero when there is none.
func instant(facts lead.Facts) time.Time {
	text, _ := facts["created_at"].(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// byCame orders leads of the log.
func byCame(a, b *story) int {
	return cmp.Or(a.came.Compare(b.came), cmp.Compare(a.sequence, b.sequence))
}
