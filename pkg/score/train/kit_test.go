package train_test

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"leadrouter/pkg/score"
	"leadrouter/pkg/score/train"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dice are numbers that look random and are the same for ever.
type dice uint64

func (d *dice) next() uint64 {
	*d ^= *d << 13
	*d ^= *d >> 7
	*d ^= *d << 17
	return uint64(*d)
}

// below is one of 0 … n-1.
func (d *dice) below(n int) int { return int(d.next() % uint64(n)) }

// chance is true in so many of a hundred.
func (d *dice) chance(percent int) bool { return d.below(100) < percent }

// sources of the leads that are made up, and how many percent of each are won.
var sources = [...]string{"demo_request", "event", "newsletter"}

// world is a table under construction: leads whose outcome hangs on source and visits.
type world struct {
	dice    dice
	table   *train.Table
	sources []string
	visits  []int
}

// newWorld makes up n leads, the same for the same seed.
func newWorld(n int, seed uint64) *world {
	w := &world{dice: dice(seed*2 + 1), table: &train.Table{}}
	for range 50 {
		w.dice.next() // small seeds begin alike
	}
	for range n {
		source, visits := sources[w.dice.below(len(sources))], w.dice.below(20)
		percent := 5 + 2*visits
		if source == "demo_request" {
			percent += 40
		}
		w.sources, w.visits = append(w.sources, source), append(w.visits, visits)
		w.table.Won = append(w.table.Won, w.dice.chance(percent))
	}
	w.column("source", func(i int) any { return w.sources[i] })
	w.column("attributes.visits", func(i int) any { return int64(w.visits[i]) })
	w.column("attributes.noise", func(int) any { return fmt.Sprintf("n%d", w.dice.below(4)) })
	return w
}

// column adds what a fact is of each lead.
func (w *world) column(name string, fact func(i int) any) {
	c := train.Column{Name: name}
	for i := range w.table.Rows() {
		c.Values = append(c.Values, score.Of(fact(i)))
	}
	w.table.Columns = append(w.table.Columns, c)
}

// dated gives each lead a time, an hour after the one before.
func (w *world) dated() *world {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range w.table.Rows() {
		w.table.Times = append(w.table.Times, start.Add(time.Duration(i)*time.Hour))
	}
	return w
}
