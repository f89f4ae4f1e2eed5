package ledgertest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/ledger"
)

// dedupe is short, so that leads are forgotten while a run lasts.
const dedupe = 72 * hour

// Config of the ledgers under test.
var Config = ledger.Config{Dedupe: dedupe * 1_000_000}

// machine drives a store and the model alike. Its actions are the methods that
// rapid calls.
type machine struct {
	store ledger.Store
	model *ledger.Model
	world *world

	inputs map[ledger.Partition]*input
	batch  int
	seen   int64

	log    *ledger.State // folded from every grant
	first  map[ledger.OpID]ledger.Grant
	hands  map[string]hand
	closed map[ledger.OpID]bool // taken back
}

// input is a partition of records, each an operation.
type input struct {
	ops   []ledger.Op
	read  int   // so many were applied
	acked int64 // below it everything is committed
	next  int64 // offset; odd ones are left for Insert
}

// hand is who changed a lead last.
type hand struct {
	id    ledger.OpID
	batch string
}

func newMachine(t *rapid.T, store ledger.Store) *machine {
	m := &machine{
		store: store, model: ledger.NewModel(Config), world: drawWorld(t),
		inputs: map[ledger.Partition]*input{}, log: ledger.NewState(),
		first: map[ledger.OpID]ledger.Grant{}, hands: map[string]hand{}, closed: map[ledger.OpID]bool{},
	}
	for _, topic := range []string{"created", "activity", "reassign", "status"} {
		for index := range int32(2) {
			m.inputs[ledger.Partition{Topic: topic, Index: index}] = &input{}
		}
	}
	return m
}

// partitions in an order that does not change between runs.
func (m *machine) partitions() []ledger.Partition {
	return slices.SortedFunc(maps.Keys(m.inputs), func(a, b ledger.Partition) int {
		return cmpString(a.String(), b.String())
	})
}

func cmpString(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// apply gives both ledgers a chunk and compares what they say.
func (m *machine) apply(t *rapid.T, c ledger.Chunk) []ledger.Result {
	c.Seen = m.seen
	want, err := m.model.Apply(context.Background(), c)
	require.NoError(t, err)
	got, err := m.store.Apply(context.Background(), c)
	require.NoError(t, err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("the store answers differently (-model +store):\n%s", diff)
	}
	for i := range got {
		m.check(t, &c, &c.Ops[i], got[i])
	}
	return got
}

// Read applies what comes next in some partitions, new records and those that
// were busy.
func (m *machine) Read(t *rapid.T) {
	m.batch++
	c := ledger.Chunk{Batch: fmt.Sprintf("batch-%d", m.batch)}
	for range rapid.IntRange(1, 3).Draw(t, "partitions") {
		p := rapid.SampledFrom(m.partitions()).Draw(t, "partition")
		in := m.inputs[p]
		if slices.ContainsFunc(c.Ops, func(op ledger.Op) bool { return op.ID.Partition == p }) {
			continue
		}
		for range rapid.IntRange(1, 4).Draw(t, "records") {
			id := ledger.OpID{Partition: p, Offset: in.next}
			if n := len(in.ops); n > 0 && rapid.IntRange(0, 5).Draw(t, "same record") == 0 {
				id = in.ops[n-1].ID
				id.Ordinal++
			} else {
				in.next += 2
			}
			in.ops = append(in.ops, m.world.drawOp(t, id))
		}
		// What was busy before is planned anew.
		for i := in.read; i < len(in.ops); i++ {
			in.ops[i].Ties = nil
			m.world.drawTies(t, &in.ops[i], m.model)
		}
		c.Ops = append(c.Ops, in.ops[in.read:]...)
	}
	c.Ops = interleave(t, c.Ops)
	for _, result := range m.apply(t, c) {
		if result.Code != ledger.Busy && result.Code != ledger.Outdated {
			m.inputs[result.ID.Partition].read++
		}
	}
}

// interleave mixes the partitions and keeps the order of each.
func interleave(t *rapid.T, ops []ledger.Op) []ledger.Op {
	turns := make([]ledger.Partition, len(ops))
	rest := map[ledger.Partition][]ledger.Op{}
	for i, op := range ops {
		turns[i] = op.ID.Partition
		rest[op.ID.Partition] = append(rest[op.ID.Partition], op)
	}
	if len(turns) > 1 {
		turns = rapid.Permutation(turns).Draw(t, "turns")
	}
	mixed := make([]ledger.Op, len(ops))
	for i, p := range turns {
		mixed[i], rest[p] = rest[p][0], rest[p][1:]
	}
	return mixed
}

// Redeliver applies records again, as after an abort, with new plans for some.
func (m *machine) Redeliver(t *rapid.T) {
	m.batch++
	c := ledger.Chunk{Batch: fmt.Sprintf("batch-%d", m.batch)}
	for _, p := range m.partitions() {
		in := m.inputs[p]
		if in.read == 0 || !rapid.Bool().Draw(t, "again") {
			continue
		}
		from := rapid.IntRange(0, in.read-1).Draw(t, "from")
		c.Ops = append(c.Ops, in.ops[from:in.read]...)
	}
	for i := range c.Ops {
		c.Ops[i].Body, c.Ops[i].At = []byte("another plan"), c.Ops[i].At+hour
		if c.Ops[i].Roster != nil {
			c.Ops[i].Steps = []ledger.Step{{End: ledger.Review}}
		}
	}
	m.apply(t, c)
}

// Acknowledge commits some partitions up to some record.
func (m *machine) Acknowledge(t *rapid.T) {
	var c ledger.Chunk
	for _, p := range m.partitions() {
		in := m.inputs[p]
		if in.read == 0 || !rapid.Bool().Draw(t, "commit") {
			continue
		}
		upTo := in.ops[rapid.IntRange(0, in.read-1).Draw(t, "up to")].ID.Offset + 1
		// All operations of a record commit together.
		if in.read < len(in.ops) && in.ops[in.read].ID.Offset < upTo {
			continue
		}
		in.acked = max(in.acked, upTo)
		c.Acks = append(c.Acks, ledger.Ack{Partition: p, Position: upTo})
	}
	m.apply(t, c)
}

// Void takes something back that is not acknowledged.
func (m *machine) Void(t *rapid.T) {
	p := rapid.SampledFrom(m.partitions()).Draw(t, "partition")
	in := m.inputs[p]
	if in.read == 0 {
		t.Skip("nothing was read")
	}
	target := in.ops[rapid.IntRange(0, in.read-1).Draw(t, "target")].ID
	m.apply(t, ledger.Chunk{Batch: "takeover", Ops: []ledger.Op{{
		ID: target, Kind: ledger.Void, At: m.world.now, Body: []byte("why"),
	}}})
}

// Insert reads a record that led to nothing when it was read first, between
// others that are not acknowledged.
func (m *machine) Insert(t *rapid.T) {
	p := rapid.SampledFrom(m.partitions()).Draw(t, "partition")
	in := m.inputs[p]
	if in.read == 0 {
		t.Skip("nothing was read")
	}
	at := rapid.IntRange(0, in.read-1).Draw(t, "behind")
	id := in.ops[at].ID
	id.Offset, id.Ordinal = id.Offset+1, 0
	if id.Offset == in.next || at+1 < len(in.ops) && in.ops[at+1].ID.Offset <= id.Offset {
		t.Skip("taken")
	}
	op := m.world.drawOp(t, id)
	m.batch++
	results := m.apply(t, ledger.Chunk{Batch: fmt.Sprintf("batch-%d", m.batch), Ops: []ledger.Op{op}})
	if results[0].Code == ledger.Applied {
		in.ops = slices.Insert(in.ops, at+1, op)
		in.read++
	}
}

// Rebuild loads both ledgers with what the log says, once all of it is committed.
func (m *machine) Rebuild(t *rapid.T) {
	var c ledger.Chunk
	for _, p := range m.partitions() {
		if in := m.inputs[p]; in.read > 0 {
			in.ops = in.ops[:in.read]
			in.acked = in.ops[in.read-1].ID.Offset + 1
			c.Acks = append(c.Acks, ledger.Ack{Partition: p, Position: in.acked})
		}
	}
	m.apply(t, c)
	state, err := m.model.Dump(context.Background())
	require.NoError(t, err)
	require.NoError(t, m.model.Load(context.Background(), state))
	require.NoError(t, m.store.Load(context.Background(), state))
	m.log.Epoch = state.Epoch + 1
	clear(m.hands)
}

// Pending compares what both would take over.
func (m *machine) Pending(t *rapid.T) {
	p := rapid.SampledFrom(m.partitions()).Draw(t, "partition")
	below := int64(rapid.IntRange(0, 20).Draw(t, "below"))
	want, err := m.model.Pending(context.Background(), p, below)
	require.NoError(t, err)
	got, err := m.store.Pending(context.Background(), p, below)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got, cmpopts.EquateEmpty()))
}

// Look compares what both know of leads.
func (m *machine) Look(t *rapid.T) {
	ids := []string{drawLead(t), drawLead(t), "fresh nobody"}
	want, err := m.model.Look(context.Background(), ids)
	require.NoError(t, err)
	got, err := m.store.Look(context.Background(), ids)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got, cmpopts.EquateEmpty()))
}

// Bearers compares who stands for traits.
func (m *machine) Bearers(t *rapid.T) {
	traits := []string{"c:acme", "c:zeta", "e:ana", "p:555", "n:nobody"}
	want, err := m.model.Bearers(context.Background(), traits)
	require.NoError(t, err)
	got, err := m.store.Bearers(context.Background(), traits)
	require.NoError(t, err)
	require.Equal(t, want, got)
	ids := []string{drawLead(t), drawLead(t), "fresh nobody"}
	sketches, err := m.model.Sketches(context.Background(), ids)
	require.NoError(t, err)
	stored, err := m.store.Sketches(context.Background(), ids)
	require.NoError(t, err)
	require.Equal(t, sketches, stored)
}

// Head compares who comes first in line.
func (m *machine) Head(t *rapid.T) {
	want, err := m.model.Head(context.Background())
	require.NoError(t, err)
	got, err := m.store.Head(context.Background())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// Stale shows that a ledger behind its caller refuses.
func (m *machine) Stale(t *rapid.T) {
	_, err := m.store.Apply(context.Background(), ledger.Chunk{Seen: m.seen + 1})
	require.ErrorIs(t, err, ledger.ErrEpoch)
}

// Check compares everything the ledgers know with each other and with the log.
func (m *machine) Check(t *rapid.T) {
	want, err := m.model.Dump(context.Background())
	require.NoError(t, err)
	m.invariants(t, want)
	got, err := m.store.Dump(context.Background())
	require.NoError(t, err)
	require.Empty(t, want.Diff(got), "model and store")
	require.Empty(t, m.log.Logged().Diff(got.Logged()), "log and store")
	require.Equal(t, want.Floor(), got.Floor())
}

// roundTrip is a grant as the log gives it back.
func roundTrip(t *rapid.T, g ledger.Grant) ledger.Grant {
	src, err := json.Marshal(g)
	require.NoError(t, err)
	var back ledger.Grant
	require.NoError(t, json.Unmarshal(src, &back))
	return back
}

// Run drives stores with random operations. open gives an empty store whose
// dedupe window is [Config]'s.
func Run(t *testing.T, open func() (ledger.Store, error)) {
	t.Run("random operations", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			store, err := open()
			require.NoError(t, err)
			m := newMachine(t, store)
			t.Repeat(map[string]func(*rapid.T){
				"read":        m.Read,
				"read more":   m.Read,
				"redeliver":   m.Redeliver,
				"acknowledge": m.Acknowledge,
				"void":        m.Void,
				"insert":      m.Insert,
				"rebuild":     m.Rebuild,
				"pending":     m.Pending,
				"look":        m.Look,
				"head":        m.Head,
				"bearers":     m.Bearers,
				"stale":       m.Stale,
				"":            m.Check,
			})
		})
	})
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			store, err := open()
			require.NoError(t, err)
			test(t, store)
		})
	}
}
