package ledgertest

import (
	"context"
	"fmt"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/ledger"
)

// A small world makes operations meet: few leads, few reps, low caps.
const (
	leadCount = 6
	repCount  = 7
	hour      = 60 * 60 * 1000 // milliseconds
	start     = 1_764_000_000_000
)

// world is what the operations of one run are drawn from.
type world struct {
	rosters []*ledger.Roster
	now     int64
}

func drawWorld(t *rapid.T) *world {
	w := &world{now: start + int64(rapid.IntRange(0, 200).Draw(t, "start hour"))*hour}
	for i := range rapid.IntRange(1, 3).Draw(t, "rosters") {
		w.rosters = append(w.rosters, drawRoster(t, fmt.Sprintf("roster-%d", i)))
	}
	return w
}

// drawRoster leaves some reps out, so that a rep has another position in each.
func drawRoster(t *rapid.T, digest string) *ledger.Roster {
	r := &ledger.Roster{Digest: digest}
	alike := rapid.Bool().Draw(t, "alike")
	capped := rapid.IntRange(0, 2).Draw(t, "capped")
	for i := range repCount {
		if i > 0 && rapid.IntRange(0, 4).Draw(t, "absent") == 0 {
			continue
		}
		terms := ledger.Terms{
			ID: fmt.Sprintf("rép \"%d\"", i), Weight: 1,
			Offset: rapid.SampledFrom([]int64{0, 3600, 19800, -18000}).Draw(t, "offset"),
		}
		if !alike {
			terms.Weight = rapid.SampledFrom([]int64{1, 2, 3, 7, ledger.MaxWeight}).Draw(t, "weight")
		}
		if capped > 0 {
			terms.Caps = drawCaps(t)
		}
		r.Reps = append(r.Reps, terms)
	}
	return r
}

func drawCaps(t *rapid.T) ledger.Caps {
	limit := func(name string, values ...int64) int64 { return rapid.SampledFrom(values).Draw(t, name) }
	return ledger.Caps{
		Open:      limit("open", 0, 0, 1, 2, 5),
		OpenValue: limit("open value", 0, 0, 1000, 5000, ledger.MaxValue),
		Hour:      limit("hour", 0, 0, 1, 2),
		Day:       limit("day", 0, 0, 2, 3),
		Week:      limit("week", 0, 0, 4),
	}
}

// drawOp is the operation of a record that was not read before.
func (w *world) drawOp(t *rapid.T, id ledger.OpID) ledger.Op {
	w.now += rapid.SampledFrom([]int64{0, 1, 60_000, hour, 25 * hour}).Draw(t, "passes")
	op := ledger.Op{
		ID: id, Digest: "digest of " + id.String(), Body: []byte("body of " + id.String()),
		// Some plans are older than what the ledger has seen.
		At: w.now - rapid.SampledFrom([]int64{0, 0, 0, hour}).Draw(t, "late"),
	}
	switch id.Topic {
	case "created":
		w.drawAssign(t, &op)
	case "activity":
		op.Kind, op.Lead = ledger.Activity, drawLead(t)
		op.Verb = rapid.SampledFrom([]string{
			ledger.Accepted, ledger.Contacted, ledger.Qualified, ledger.Rejected,
			ledger.Converted, ledger.Lost, ledger.Closed, ledger.Reopened,
		}).Draw(t, "verb")
		op.Attempt = rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "attempt")
		if rapid.IntRange(0, 2).Draw(t, "named") == 0 {
			op.Rep = drawRep(t)
		}
	case "reassign":
		if w.drawMove(t, &op); rapid.IntRange(0, 4).Draw(t, "expires") == 0 {
			op = ledger.Op{ID: op.ID, Digest: op.Digest, Body: op.Body, At: op.At, Kind: ledger.Expire, Lead: op.Lead}
		}
	default:
		op.Kind, op.Rep = ledger.Presence, drawRep(t)
		op.Verb = rapid.SampledFrom([]string{ledger.Available, ledger.Available, ledger.Away, ledger.Left}).Draw(t, "presence")
		if op.Verb == ledger.Away {
			op.GiveBack = rapid.Bool().Draw(t, "gives back")
			if rapid.Bool().Draw(t, "ends") {
				op.Until = w.now + 2*hour
			}
		}
	}
	return op
}

func drawRep(t *rapid.T) string {
	return fmt.Sprintf("rép \"%d\"", rapid.IntRange(0, repCount-1).Draw(t, "rep"))
}

func drawLead(t *rapid.T) string {
	return fmt.Sprintf("lead/%d ü", rapid.IntRange(0, leadCount-1).Draw(t, "lead"))
}

func (w *world) drawAssign(t *rapid.T, op *ledger.Op) {
	op.Kind, op.Lead = ledger.Assign, drawLead(t)
	if rapid.IntRange(0, 2).Draw(t, "fresh") > 0 {
		op.Lead = "fresh " + op.ID.String()
	}
	op.Value = rapid.SampledFrom([]int64{0, 1, 500, 1000, 12_345, ledger.MaxValue}).Draw(t, "value")
	op.Test = rapid.IntRange(0, 9).Draw(t, "test") == 0
	w.drawPlan(t, op)
	if !op.Test && rapid.Bool().Draw(t, "traits") {
		op.Traits = drawTraits(t)
	}
}

// drawTraits gives a lead traits of few persons and companies.
func drawTraits(t *rapid.T) *ledger.Traits {
	traits := &ledger.Traits{Sketch: rapid.SampledFrom([]string{"", "c2tldGNo"}).Draw(t, "sketch")}
	for _, person := range []string{"e:ana", "p:555", "n:ben"} {
		if rapid.Bool().Draw(t, "has trait") {
			traits.Person = append(traits.Person, person)
		}
	}
	if len(traits.Person) == 0 || rapid.Bool().Draw(t, "of a company") {
		traits.Company = drawCompany(t)
	}
	return traits
}

func drawCompany(t *rapid.T) string {
	return rapid.SampledFrom([]string{"c:acme", "c:zeta"}).Draw(t, "company")
}

// drawTies says who a plan takes to stand for traits: mostly who does.
func (w *world) drawTies(t *rapid.T, op *ledger.Op, model *ledger.Model) {
	if op.Traits == nil && (op.Kind != ledger.Move || rapid.Bool().Draw(t, "no ties")) {
		return
	}
	traits := []string{drawCompany(t)}
	if op.Traits != nil {
		traits = op.Traits.Person
	}
	known, err := model.Bearers(context.Background(), traits)
	require.NoError(t, err)
	for _, trait := range traits {
		holder := known[trait].Holder(op.Lead, op.At, dedupe)
		if rapid.IntRange(0, 7).Draw(t, "mistaken") == 0 {
			holder = drawRep(t)
		}
		tie := ledger.Tie{Trait: trait, Holder: holder}
		if b := known[trait]; b.Lead != "" && rapid.IntRange(0, 3).Draw(t, "somebody else") == 0 {
			tie.Others = []string{"nobody", b.Lead}
		}
		op.Ties = append(op.Ties, tie)
	}
}

// drawMove speaks mostly of a lead that is there, in its first attempts.
func (w *world) drawMove(t *rapid.T, op *ledger.Op) {
	op.Kind, op.Lead = ledger.Move, drawLead(t)
	op.Attempt = rapid.SampledFrom([]int{1, 1, 1, 2, 2, 3}).Draw(t, "attempt")
	op.Verb = rapid.SampledFrom([]string{"", "", ledger.Accepted, ledger.Contacted, ledger.Qualified, ledger.Taken}).Draw(t, "unless")
	op.Fence = rapid.IntRange(0, 3).Draw(t, "fence") > 0
	op.TurnBack = rapid.Bool().Draw(t, "turn back")
	op.Stay = rapid.Bool().Draw(t, "stay")
	op.Wake = rapid.IntRange(0, 3).Draw(t, "wake") == 0
	if rapid.IntRange(0, 5).Draw(t, "planned") > 0 {
		w.drawPlan(t, op)
	}
	for i := range op.Steps {
		if s := &op.Steps[i]; s.Pick == ledger.RoundRobin && len(s.Members) > 0 && rapid.IntRange(0, 2).Draw(t, "chosen") == 0 {
			s.Among = s.Members
			s.Members = []int32{rapid.SampledFrom(s.Among).Draw(t, "whom")}
		}
	}
}

func (w *world) drawPlan(t *rapid.T, op *ledger.Op) {
	op.Roster = rapid.SampledFrom(w.rosters).Draw(t, "roster")
	if rapid.Bool().Draw(t, "waits in line") {
		first := rapid.IntRange(0, len(op.Roster.Reps)-1).Draw(t, "first in line")
		members := []int32{int32(first)}
		for p := first + 1; p < len(op.Roster.Reps); p++ {
			if rapid.Bool().Draw(t, "in line") {
				members = append(members, int32(p))
			}
		}
		op.Line = &ledger.Line{
			Rank: rapid.SampledFrom([]int64{0, 1, 1, 500, ledger.MaxRank}).Draw(t, "rank"), Since: op.At, Reps: ledger.NewBitmap(members),
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "steps") {
		op.Steps = append(op.Steps, drawStep(t, len(op.Roster.Reps)))
	}
	op.Steps = append(op.Steps, ledger.Step{End: rapid.SampledFrom([]ledger.Outcome{
		ledger.Waiting, ledger.Waiting, ledger.Waiting, ledger.Review, ledger.Nurture, ledger.Disqualified,
	}).Draw(t, "end")})
}

func drawStep(t *rapid.T, reps int) ledger.Step {
	s := ledger.Step{
		Pick:     rapid.SampledFrom([]ledger.Pick{ledger.RoundRobin, ledger.RoundRobin, ledger.LeastLoaded, ledger.Ranked}).Draw(t, "pick"),
		LiftFull: rapid.IntRange(0, 4).Draw(t, "lift") == 0,
		LiftAway: rapid.IntRange(0, 4).Draw(t, "lift away") == 0,
		Pins:     rapid.IntRange(0, 4).Draw(t, "pins") == 0,
		Outcome:  rapid.SampledFrom([]ledger.Outcome{"", ledger.Assigned, ledger.Duplicate}).Draw(t, "outcome"),
	}
	for p := range reps {
		if rapid.IntRange(0, 3).Draw(t, "member") > 0 {
			s.Members = append(s.Members, int32(p))
		}
	}
	switch s.Pick {
	case ledger.RoundRobin:
		s.ByValue = rapid.IntRange(0, 3).Draw(t, "by value") == 0
		s.Book = "closers"
		if s.ByValue {
			s.Book = "by value: ü"
		}
	case ledger.Ranked:
		s.Members = rapid.Permutation(s.Members).Draw(t, "ranking")
	case ledger.LeastLoaded:
	}
	return s
}
