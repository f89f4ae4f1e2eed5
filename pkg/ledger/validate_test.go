package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

func validOps() []ledger.Op {
	roster := &ledger.Roster{Digest: "r", Reps: []ledger.Terms{{ID: "a", Weight: 1}, {ID: "b", Weight: 1}}}
	p := ledger.Partition{Topic: "t"}
	return []ledger.Op{
		{
			ID: ledger.OpID{Partition: p}, Kind: ledger.Assign, At: 1, Lead: "L", Roster: roster,
			Steps: []ledger.Step{
				{Pick: ledger.RoundRobin, Book: "b", Members: []int32{0, 1}},
				{Pick: ledger.Ranked, Members: []int32{1, 0}},
				{End: ledger.Waiting},
			},
			Traits: &ledger.Traits{Company: "c1", Person: []string{"e1", "p1"}, Sketch: "eA_-"},
			Ties:   []ledger.Tie{{Trait: "c1", Holder: "a"}, {Trait: "e1", Others: []string{"L-2"}}},
		},
		{ID: ledger.OpID{Partition: p, Offset: 1}, Kind: ledger.Activity, At: 1, Lead: "L", Verb: "accepted"},
		{ID: ledger.OpID{Partition: p, Offset: 2}, Kind: ledger.Presence, At: 1, Rep: "a", Verb: ledger.Left},
		{ID: ledger.OpID{Partition: p, Offset: 3}, Kind: ledger.Void, At: 1},
	}
}

func TestValidateTakesWhatIsRight(t *testing.T) {
	t.Parallel()
	chunk := ledger.Chunk{Batch: "b", Ops: validOps()}
	require.NoError(t, chunk.Validate())
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*ledger.Chunk){
		"batch of two lines":    func(c *ledger.Chunk) { c.Batch = "a\nb" },
		"batch that is no text": func(c *ledger.Chunk) { c.Batch = "\xff" },
		"order":                 func(c *ledger.Chunk) { c.Ops[1].ID.Offset = 0 },
		"no topic":              func(c *ledger.Chunk) { c.Ops[0].ID.Topic = "" },
		"offset":                func(c *ledger.Chunk) { c.Ops[0].ID.Offset = -1 },
		"instant":               func(c *ledger.Chunk) { c.Ops[0].At = 0 },
		"digest":                func(c *ledger.Chunk) { c.Ops[0].Digest = "a\nb" },
		"kind":                  func(c *ledger.Chunk) { c.Ops[0].Kind = "sell" },
		"no lead":               func(c *ledger.Chunk) { c.Ops[0].Lead = "" },
		"value":                 func(c *ledger.Chunk) { c.Ops[0].Value = ledger.MaxValue + 1 },
		"no end":                func(c *ledger.Chunk) { c.Ops[0].Steps = c.Ops[0].Steps[:1] },
		"bad end":               func(c *ledger.Chunk) { c.Ops[0].Steps[2].End = ledger.Assigned },
		"bad outcome":           func(c *ledger.Chunk) { c.Ops[0].Steps[0].Outcome = ledger.Review },
		"bad pick":              func(c *ledger.Chunk) { c.Ops[0].Steps[0].Pick = "dice" },
		"no book":               func(c *ledger.Chunk) { c.Ops[0].Steps[0].Book = "" },
		"unknown member":        func(c *ledger.Chunk) { c.Ops[0].Steps[0].Members[1] = 2 },
		"members descend":       func(c *ledger.Chunk) { c.Ops[0].Steps[0].Members = []int32{1, 0} },
		"members of no roster":  func(c *ledger.Chunk) { c.Ops[0].Roster = nil },
		"roster digest":         func(c *ledger.Chunk) { c.Ops[0].Roster.Digest = "a/b" },
		"reps descend":          func(c *ledger.Chunk) { c.Ops[0].Roster.Reps[0].ID = "c" },
		"rep without id":        func(c *ledger.Chunk) { c.Ops[0].Roster.Reps[0].ID = "" },
		"weight":                func(c *ledger.Chunk) { c.Ops[0].Roster.Reps[0].Weight = ledger.MaxWeight + 1 },
		"offset of a zone":      func(c *ledger.Chunk) { c.Ops[0].Roster.Reps[0].Offset = 86_401 },
		"negative cap":          func(c *ledger.Chunk) { c.Ops[0].Roster.Reps[0].Caps.Day = -1 },
		"cap too large":         func(c *ledger.Chunk) { c.Ops[0].Roster.Reps[0].Caps.OpenValue = ledger.MaxValue + 1 },
		"trait of two words":    func(c *ledger.Chunk) { c.Ops[0].Traits.Company = "c 1" },
		"trait twice":           func(c *ledger.Chunk) { c.Ops[0].Traits.Person[1] = "c1" },
		"traits without one":    func(c *ledger.Chunk) { c.Ops[0].Traits = &ledger.Traits{Sketch: "eA"} },
		"traits of a test":      func(c *ledger.Chunk) { c.Ops[0].Test = true },
		"sketch with a bar":     func(c *ledger.Chunk) { c.Ops[0].Traits.Sketch = "a|b" },
		"tie to two lines":      func(c *ledger.Chunk) { c.Ops[0].Ties[0].Holder = "a\nb" },
		"tie to nothing":        func(c *ledger.Chunk) { c.Ops[0].Ties[0].Trait = "-" },
		"others without a name": func(c *ledger.Chunk) { c.Ops[0].Ties[1].Others[0] = "" },
		"body of two lines":     func(c *ledger.Chunk) { c.Ops[0].Body = []byte("{}\n{}") },
		"body that is no text":  func(c *ledger.Chunk) { c.Ops[0].Body = []byte("\"\xff\"") },
		"no verb":               func(c *ledger.Chunk) { c.Ops[1].Verb = "" },
		"attempt":               func(c *ledger.Chunk) { c.Ops[1].Attempt = -1 },
		"presence":              func(c *ledger.Chunk) { c.Ops[2].Verb = "asleep" },
		"no rep":                func(c *ledger.Chunk) { c.Ops[2].Rep = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chunk := ledger.Chunk{Batch: "b", Ops: validOps()}
			spoil(&chunk)
			require.ErrorIs(t, chunk.Validate(), ledger.ErrInvalid)
			_, err := ledger.NewModel(ledger.Config{}).Apply(t.Context(), chunk)
			require.ErrorIs(t, err, ledger.ErrInvalid)
		})
	}
}
