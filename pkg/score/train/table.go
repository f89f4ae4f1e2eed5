package train

import (
	"slices"
	"time"

	"leadrouter/pkg/score"
)

// Table is what happened: a row for each lead, in the order of time.
type Table struct {
	Columns []Column
	Won     []bool      // the outcome of each row
	Times   []time.Time // when each lead came; nil: not known
	Points  []int64     // what a policy's points gave each; nil: there are none
}

// Column is what is known under one name.
type Column struct {
	Name   string
	Values []score.Value // of each row
}

// Rows counts the leads.
func (t *Table) Rows() int { return len(t.Won) }

// Slice is the rows [from, to).
func (t *Table) Slice(from, to int) *Table {
	out := &Table{Won: t.Won[from:to], Columns: make([]Column, len(t.Columns))}
	for i, c := range t.Columns {
		out.Columns[i] = Column{c.Name, c.Values[from:to]}
	}
	if t.Times != nil {
		out.Times = t.Times[from:to]
	}
	if t.Points != nil {
		out.Points = t.Points[from:to]
	}
	return out
}

// only keeps some of the columns.
func (t *Table) only(keep func(name string) bool) *Table {
	out := *t
	out.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return !keep(c.Name) })
	return &out
}

// wins counts the rows with the outcome.
func (t *Table) wins() int {
	n := 0
	for _, won := range t.Won {
		if won {
			n++
		}
	}
	return n
}

// rate is the share of rows with the outcome.
func (t *Table) rate() float64 { return float64(t.wins()) / float64(max(t.Rows(), 1)) }
