package audit_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// However leads come, by whatever weights and values, whoever leaves, and whichever
// turns are given back: no turn is found to be beyond its bound.
func TestNoTurnGoesBeyondItsBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h, terms := newHistory(), make([]ledger.Terms, rapid.IntRange(1, 6).Draw(rt, "reps"))
		for i := range terms {
			terms[i] = ledger.Terms{ID: "rep-" + strconv.Itoa(i), Weight: rapid.SampledFrom([]int64{1, 1, 2, 90}).Draw(rt, "weight")}
		}
		roster := &ledger.Roster{Digest: "r", Reps: terms}
		plan := func(op *ledger.Op) {
			free := rapid.SliceOfNDistinct(rapid.Int32Range(0, int32(len(terms)-1)), 1, len(terms), rapid.ID).Draw(rt, "free")
			slices.Sort(free)
			op.Roster, op.Value = roster, rapid.Int64Range(0, 9_000).Draw(rt, "value")
			op.Steps = []ledger.Step{{Pick: ledger.RoundRobin, Book: "b", ByValue: true, Members: free}, {End: ledger.Waiting}}
		}
		leads := 0
		for range rapid.IntRange(1, 80).Draw(rt, "records") {
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				op := h.op("status", ledger.Presence, "")
				op.Rep = rapid.SampledFrom(terms).Draw(rt, "rep").ID
				op.Verb = rapid.SampledFrom([]string{ledger.Left, ledger.Available}).Draw(rt, "presence")
				h.write(rt, op)
			case 1:
				if leads == 0 {
					continue
				}
				op := h.op("reassign", ledger.Move, "L-"+strconv.Itoa(rapid.IntRange(0, leads-1).Draw(rt, "lead")))
				plan(&op)
				op.Attempt, op.Fence, op.TurnBack = 1, true, true
				h.write(rt, op)
			default:
				op := h.op("created", ledger.Assign, "L-"+strconv.Itoa(leads))
				plan(&op)
				leads++
				if g := h.apply(rt, op); rapid.IntRange(0, 9).Draw(rt, "lost") == 0 {
					h.void(rt, op)
				} else {
					h.log = append(h.log, event.Decision{Op: op.ID, Kind: op.Kind, Grant: g})
				}
			}
		}
		for i := range h.log { // the plans are not at hand
			h.log[i].Engine, h.log[i].Draft = 99, []byte(`{}`)
		}
		_, findings := examine(rt, h.log)
		require.Empty(rt, findings)
	})
}

// A log in which one rep takes every lead is consistent in itself, and not fair.
func TestATurnBeyondItsBoundIsFound(t *testing.T) {
	t.Parallel()
	var log []event.Decision
	credit := int64(0)
	for i := range int64(4) {
		turn := &ledger.Turn{Book: "all", Amount: 900, Free: "7", Before: credit, After: credit - 600}
		credit -= 600
		g := ledger.Grant{
			Sequence: i + 1, Floor: i + 1, Epoch: 1, At: start + i, Effect: ledger.Owned, Lead: fmt.Sprint("L-", i), Attempt: 1,
			Outcome: ledger.Assigned, Rep: "ana", Turn: turn, Roster: "r1",
		}
		if i == 0 {
			g.Install = roster().Reps
			for j := range g.Install {
				g.Install[j].Weight = 1
			}
		}
		log = append(log, event.Decision{Op: ledger.OpID{Offset: i}, Kind: ledger.Assign, Engine: 99, Draft: []byte(`{}`), Grant: g})
	}
	v, findings := examine(t, log)
	require.Equal(t, 4, v.Unproven["engine not at hand: 99; here it is 1"])
	require.Equal(t, []audit.Kind{audit.Turn}, kinds(findings[:1]))
	require.EqualValues(t, 2, findings[0].Sequence, "after two of three leads she is 1,200 below, and 900 is the most")
	require.Equal(t, "the turn of ana in book all is -1200, and of 3 reps none goes beyond 900 either way", findings[0].What)
}
