package ties_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/ties"
)

// pair are two reps who take turns, the end of a plan that can also find nobody.
var pair = &ledger.Roster{Digest: "pair", Reps: []ledger.Terms{{ID: "ana", Weight: 1}, {ID: "ben", Weight: 1}}}

// drawMember is a lead of few persons and companies, planned by what one knows: not always what is so.
func drawMember(t *rapid.T, n int, known ledger.Bearers) ledger.Op {
	op := ledger.Op{
		ID:   ledger.OpID{Partition: ledger.Partition{Topic: "created"}, Offset: int64(n)},
		Kind: ledger.Assign, At: monday.UnixMilli() + int64(n), Lead: fmt.Sprintf("L-%d", n), Roster: pair,
		Steps:  []ledger.Step{{Pick: ledger.RoundRobin, Book: "all", Members: []int32{0, 1}}, {End: ledger.Waiting}},
		Traits: &ledger.Traits{Company: rapid.SampledFrom([]string{"acme", "zeta"}).Draw(t, "company")},
	}
	op.Steps[0].Pins = rapid.IntRange(0, 9).Draw(t, "pins") == 0
	if rapid.IntRange(0, 4).Draw(t, "to nobody") == 0 {
		op.Steps = op.Steps[1:]
	}
	if rapid.Bool().Draw(t, "a person") {
		op.Traits.Person = []string{rapid.SampledFrom([]string{"jana", "karel"}).Draw(t, "person")}
	}
	for trait := range op.Traits.All() {
		tie := ledger.Tie{Trait: trait, Holder: known[trait].Rep}
		if rapid.IntRange(0, 5).Draw(t, "mistaken") == 0 {
			tie.Holder = rapid.SampledFrom([]string{"", "ana", "ben"}).Draw(t, "holder")
		}
		if b := known[trait]; b.Lead != "" && rapid.IntRange(0, 3).Draw(t, "somebody else") == 0 {
			tie.Others = []string{b.Lead}
		}
		op.Ties = append(op.Ties, tie)
	}
	return op
}

// Who decides alone knows of each plan whether the ledger will refuse it.
func TestCrowdForeseesWhatTheLedgerRefuses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		model, crowd, known := ledger.NewModel(ledger.Config{}), ties.NewCrowd(), ledger.Bearers{}
		for n := range rapid.IntRange(1, 30).Draw(t, "leads") {
			op := drawMember(t, n, known)
			bearers, err := model.Bearers(t.Context(), slices.Collect(op.Traits.All()))
			require.NoError(t, err)
			if rapid.IntRange(0, 2).Draw(t, "asked") == 0 || n == 0 {
				crowd.Learn(op.Traits, ties.Known{Bearers: bearers})
			}
			foreseen := crowd.Outdated(&op)
			results, err := model.Apply(t.Context(), ledger.Chunk{Batch: "b", Ops: []ledger.Op{op}})
			require.NoError(t, err)
			refused := results[0].Code == ledger.Outdated
			if foreseen {
				require.True(t, refused, "foreseen in vain: %+v", op)
			}
			if crowd.Learn(op.Traits, ties.Known{Bearers: bearers}); refused {
				require.True(t, crowd.Outdated(&op), "not foreseen: %+v", op)
			} else {
				require.False(t, crowd.Outdated(&op))
				crowd.Granted(&results[0].Grant)
			}
			g := results[0].Grant
			known.Stand(ledger.Bearer{Lead: g.Lead, Rep: g.Rep}, g.Traits, g.Pins)
		}
	})
}

// Of two leads that do not know of each other the second is not asked for beside the first.
func TestCrowdMeets(t *testing.T) {
	t.Parallel()
	lead := func(id string, tie ledger.Tie) *ledger.Op {
		tie.Trait = "acme"
		return &ledger.Op{Lead: id, Traits: &ledger.Traits{Company: "acme"}, Ties: []ledger.Tie{tie}}
	}
	crowd := ties.NewCrowd()
	require.False(t, crowd.Meets(lead("L-1", ledger.Tie{})))
	crowd.Ask(lead("L-1", ledger.Tie{}))
	require.True(t, crowd.Meets(lead("L-2", ledger.Tie{})))
	require.False(t, crowd.Meets(lead("L-1", ledger.Tie{})), "the same lead once more")
	require.False(t, crowd.Meets(lead("L-2", ledger.Tie{Holder: "ana"})), "somebody has the company as it is")
	require.False(t, crowd.Meets(lead("L-2", ledger.Tie{Others: []string{"L-1"}})), "another person, as one knows")
	crowd.NextRound()
	require.False(t, crowd.Meets(lead("L-2", ledger.Tie{})))
}
