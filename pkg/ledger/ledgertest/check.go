package ledgertest

import (
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/ledger"
)

// check holds one answer against what the machine itself remembers.
func (m *machine) check(t *rapid.T, c *ledger.Chunk, op *ledger.Op, r ledger.Result) {
	in := m.inputs[op.ID.Partition]
	require.Equal(t, op.ID, r.ID)
	switch r.Code {
	case ledger.Done:
		_, given := m.first[op.ID]
		require.True(t, op.ID.Offset < in.acked || op.Kind == ledger.Void && !given, "done but not acknowledged")
	case ledger.Replayed:
		require.GreaterOrEqual(t, op.ID.Offset, in.acked, "replayed but acknowledged")
		require.Equal(t, "digest of "+op.ID.String(), r.Digest)
		require.NotEqual(t, "another plan", string(r.Body), "the first plan wins")
		require.Empty(t, cmp.Diff(m.first[op.ID], r.Grant, cmpopts.EquateEmpty()), "replay of %s", op.ID)
		if h := m.hands[op.Lead]; h.id == op.ID {
			m.hands[op.Lead] = hand{op.ID, c.Batch}
		}
	case ledger.Applied:
		m.applied(t, c, op, r.Grant)
	case ledger.Busy, ledger.Outdated:
	}
}

func (m *machine) applied(t *rapid.T, c *ledger.Chunk, op *ledger.Op, g ledger.Grant) {
	require.Equal(t, m.seen+1, g.Sequence, "sequences are dense")
	require.LessOrEqual(t, g.Floor, g.Sequence)
	m.seen = g.Sequence
	require.NoError(t, m.log.Fold(op.ID, roundTrip(t, g), op.Body))
	if op.Kind == ledger.Void {
		before := m.first[op.ID]
		require.Empty(t, cmp.Diff(&before, g.Undone, cmpopts.EquateEmpty()))
		m.closed[op.ID], m.first[op.ID] = true, g
		decided := g.Undone.Effect == ledger.Owned || g.Undone.Effect == ledger.Ended
		if h := m.hands[g.Lead]; h.id == op.ID || decided {
			delete(m.hands, g.Lead)
		}
		return
	}
	_, again := m.first[op.ID]
	require.False(t, again, "%s was applied twice", op.ID)
	m.first[op.ID] = g
	m.checkHands(t, c, op, g)
	m.checkCaps(t, op, g)
}

// checkHands: nobody goes on with a lead that another batch holds, or that the same
// one holds by a record of another partition.
func (m *machine) checkHands(t *rapid.T, c *ledger.Chunk, op *ledger.Op, g ledger.Grant) {
	if op.Lead == "" {
		return
	}
	if g.From != "" || g.Attempt > 1 && g.Effect == ledger.Ended {
		h := m.hands[op.Lead]
		require.True(t, h.batch == "" || h.id.Offset < m.inputs[h.id.Partition].acked, "%s moves while it is in flight", op.Lead)
	}
	h, held := m.hands[op.Lead]
	if held && (h.batch != c.Batch || h.id.Partition != op.ID.Partition) {
		require.Less(t, h.id.Offset, m.inputs[h.id.Partition].acked, "%s is in the hands of %s", op.Lead, h.batch)
	}
	if g.WaitsOn() {
		m.hands[op.Lead] = hand{op.ID, c.Batch}
		return
	}
	switch g.Effect {
	case ledger.Owned, ledger.Ended, ledger.Held, ledger.Noted, ledger.Freed, ledger.Reowned:
		m.hands[op.Lead] = hand{op.ID, c.Batch}
	case ledger.Repeat, ledger.Dropped, ledger.Fenced, ledger.Ignored, ledger.Present, ledger.Settled, ledger.Voided, ledger.Rebuilt:
	}
}

// checkCaps: no grant passes a cap, unless it says so.
func (m *machine) checkCaps(t *rapid.T, op *ledger.Op, g ledger.Grant) {
	if g.Effect != ledger.Owned || g.Test || g.Over || len(g.Held) > 0 {
		return
	}
	for _, terms := range op.Roster.Reps {
		if terms.ID != g.Rep {
			continue
		}
		c, l := terms.Caps, g.Load
		require.True(t, (c.Open == 0 || l.Open <= c.Open) && (c.OpenValue == 0 || l.OpenValue <= c.OpenValue) &&
			(c.Hour == 0 || l.Hour <= c.Hour) && (c.Day == 0 || l.Day <= c.Day) && (c.Week == 0 || l.Week <= c.Week),
			"%s passed a cap: %+v of %+v", g.Rep, l, c)
	}
}

// invariants hold whatever happened.
func (m *machine) invariants(t *rapid.T, s *ledger.State) {
	for name, book := range s.Books {
		var sum int64
		for _, credit := range book {
			sum += credit
		}
		require.Zero(t, sum, "book %s adds up", name)
	}
	open, value, over := map[string]int64{}, map[string]int64{}, map[string]int64{}
	for _, lead := range s.Leads {
		if lead.Rep == "" || lead.Test || lead.Closed > 0 {
			continue
		}
		open[lead.Rep]++
		value[lead.Rep] += lead.Value
		if lead.Over {
			over[lead.Rep]++
		}
	}
	for id, rep := range s.Reps {
		require.Equal(t, open[id], rep.Open, "open leads of %s", id)
		require.Equal(t, value[id], rep.OpenValue, "open value of %s", id)
		require.Equal(t, over[id], rep.Over, "leads past a cap of %s", id)
	}
	require.LessOrEqual(t, s.Floor(), s.Sequence+1)
}
