package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/ties"
)

// Kind says what is wrong with a decision.
type Kind string

// The kinds.
const (
	Unreadable Kind = "unreadable" // a record of the log is no decision
	Repeated   Kind = "repeated"   // its sequence stands twice in the log
	Missing    Kind = "missing"    // the sequence, or a run from it on, stands nowhere, and nothing says why
	Broken     Kind = "broken"     // it cannot follow from the log before it
	Plan       Kind = "plan"       // the policy and the facts on the record give another plan
	Grant      Kind = "grant"      // the plan and the ledger before it give another grant
	Cap        Kind = "cap"        // a rep holds more than a cap allows, and the grant does not say so
	Owner      Kind = "owner"      // the lead has an owner already
	Tie        Kind = "tie"        // somebody else has the leads of that person or company
	Turn       Kind = "turn"       // a rep's turn is further from zero than turns can go
	Held       Kind = "ledger"     // Redis holds something else than the log comes to
	Sealed     Kind = "seal"       // the log, or a seal, is not what it was when it was sealed
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{Unreadable, Repeated, Missing, Broken, Plan, Grant, Cap, Owner, Tie, Turn, Held, Sealed}
}

// Finding is one thing that does not add up.
type Finding struct {
	Kind     Kind        `json:"kind"`
	Sequence int64       `json:"sequence"`    // 0: of what is unreadable; its place is in What
	Op       ledger.OpID `json:"op,omitzero"` // the input record that it answers
	Lead     string      `json:"lead_id,omitempty"`
	What     string      `json:"what"`
	// Differences, of a plan or a grant: where, what the log says, what is derived.
	Differences []Difference `json:"differences,omitempty"`
}

// Verdict is what an audit comes to.
type Verdict struct {
	Decisions int `json:"decisions"` // read
	// Proven were derived again, byte for byte: the plan of a lead, and what the
	// ledger did.
	Proven   int `json:"proven"`
	Findings int `json:"findings"`
	// Unproven are taken at their word, by the reason why.
	Unproven map[string]int `json:"unproven,omitempty"`
	// Lost are sequences that a rebuild has given up, which the log says.
	Lost int `json:"lost"`
	// Waiting were read and not examined: one before them was in flight.
	Waiting int `json:"waiting,omitempty"`
	// From is the sequence of the snapshot that it began behind; 0: at the beginning.
	From int64 `json:"from,omitempty"`
	// Seals that the log was held against.
	Seals int64 `json:"seals"`
	// Digest of the last of these: what to note elsewhere, as an anchor.
	Digest string `json:"digest,omitempty"`
}

// Reasons why a decision cannot be derived again. Of a policy or engine that is not
// here they begin so and end with its name.
const (
	byPolicy   = "policy not at hand: "
	byEngine   = "engine not at hand: "
	byVersions = "read its policy with other versions: " // these, the ones here, the policy
	byGap      = "after what is missing"                 // it had counted what nobody knows any more
)

// Auditor derives every decision of a log again and compares. A decision that differs
// is reported once: what follows is held against what the decision should have been.
type Auditor struct {
	// Find, when set, is asked once for a policy that was not given, by its hash; nil: it is
	// not at hand.
	Find func(hash string) *routing.Planner

	planners map[string]*routing.Planner // by hash of the policy; nil: asked for in vain
	report   func(Finding)
	folder   *Folder
	turns    turns
	verdict  Verdict
	// shaken is true where the ledger before a grant is not known: from a lost grant
	// to the rebuild that gave it up, and for good from a missing one.
	shaken, unknown bool
}

// NewAuditor audits with some policies and reports findings as they come.
func NewAuditor(planners []*routing.Planner, report func(Finding)) *Auditor {
	return newAuditor(planners, report, NewFolder())
}

// NewAuditorAt goes on from a snapshot: what is before it is taken at its word.
func NewAuditorAt(s Snapshot, planners []*routing.Planner, report func(Finding)) *Auditor {
	a := newAuditor(planners, report, NewFolderAt(s))
	a.verdict.From = s.Sequence
	a.turns.disturbed(s.State)
	return a
}

func newAuditor(planners []*routing.Planner, report func(Finding), folder *Folder) *Auditor {
	a := &Auditor{
		planners: map[string]*routing.Planner{}, report: report, folder: folder,
		turns: turns{books: map[string]*bound{}}, verdict: Verdict{Unproven: map[string]int{}},
	}
	for _, p := range planners {
		a.planners[p.Policy().Hash] = p
	}
	a.folder.fold, a.folder.Sweep = a.fold, true
	a.folder.gone = func(int64) {
		a.shaken = true
		a.verdict.Lost++
	}
	return a
}

// Add takes a record of the log. Partitions may be interleaved as they come.
func (a *Auditor) Add(d event.Decision) {
	a.verdict.Decisions++
	if err := a.folder.Add(d); err != nil {
		a.find(Finding{Kind: Repeated, Sequence: d.Grant.Sequence, Op: d.Op, Lead: d.Grant.Lead, What: err.Error()})
	}
}

// Unreadable takes note of a record that is no decision; why names its place.
func (a *Auditor) Unreadable(why error) {
	a.find(Finding{Kind: Unreadable, What: why.Error()})
}

// Settle says that every decision below a sequence was added, if it is in the log at
// all: what is still awaited there is missing. A finding for each gap.
func (a *Auditor) Settle(below int64) {
	for _, gap := range a.folder.Missing() {
		if gap.First >= below {
			return
		}
		gap.Last = min(gap.Last, below-1)
		what := "no record has this sequence, and no rebuild gave it up"
		if gap.First < gap.Last {
			what = fmt.Sprintf("no record has the sequences %s, and no rebuild gave them up", gap)
		}
		a.find(Finding{Kind: Missing, Sequence: gap.First, What: what})
		a.unknown = true
		if err := a.folder.pass(gap); err != nil {
			a.find(Finding{Kind: Repeated, Sequence: gap.First, What: err.Error()})
		}
	}
}

// Close ends the audit: every record was added.
func (a *Auditor) Close() Verdict {
	a.Settle(math.MaxInt64)
	return a.Verdict()
}

// Verdict is what it has come to so far.
func (a *Auditor) Verdict() Verdict {
	v := a.verdict
	v.Waiting = len(a.folder.Early())
	return v
}

// vouches says whether the ledger is the one that the log alone gives: nothing was found,
// and nothing is missing.
func (a *Auditor) vouches() bool { return a.verdict.Findings == 0 && !a.shaken && !a.unknown }

func (a *Auditor) find(f Finding) {
	a.verdict.Findings++
	a.report(f)
}

// fold checks the next entry and enters it.
func (a *Auditor) fold(e entry) error {
	a.invariants(e)
	a.prove(e)
	a.bounds(e)
	return nil
}

// prove derives an entry again, where that can be done, and enters it.
func (a *Auditor) prove(e entry) {
	op, why := a.operation(e)
	if e.grant.Effect == ledger.Rebuilt {
		a.shaken = false
	}
	if why == "" && (a.shaken || a.unknown) && op != nil {
		why = byGap
	}
	switch {
	case why != "":
		a.verdict.Unproven[why]++
	case op != nil:
		a.regrant(e, *op)
		return
	case e.decision != nil:
		a.verdict.Proven++ // nothing but the log speaks of it: that it follows is all
	}
	a.follow(e)
}

// bounds holds a turn that was entered against how far turns go. Where the ledger before
// it is not known, it is taken as it comes.
func (a *Auditor) bounds(e entry) {
	g, s := e.grant, a.folder.state
	switch {
	case disturbs(g), g.Turn != nil && (a.shaken || a.unknown):
		a.turns.disturbed(s)
	case g.Turn != nil:
		if what := a.turns.turn(*g.Turn, s.Rosters[g.Roster], s.Books[g.Turn.Book]); what != "" {
			a.find(a.finding(Turn, e, what, nil))
		}
	}
}

// follow enters what the log says.
func (a *Auditor) follow(e entry) {
	if err := a.folder.follow(e); err != nil {
		a.find(a.finding(Broken, e, err.Error(), nil))
		a.unknown = true
		a.folder.state.Skip()
	}
}

// regrant does the operation again and compares.
func (a *Auditor) regrant(e entry, op ledger.Op) {
	derived, err := a.folder.state.Regrant(op, e.grant)
	if err != nil {
		a.find(a.finding(Broken, e, err.Error(), nil))
		a.unknown = true
		a.folder.state.Skip()
		return
	}
	// A record that was passed over and is read after all tells its roster once more.
	if derived.Install == nil && op.Roster != nil && reflect.DeepEqual(e.grant.Install, op.Roster.Reps) {
		derived.Install = e.grant.Install
	}
	if differences := compare(e.grant, derived); len(differences) > 0 {
		a.find(a.finding(Grant, e, "the ledger before it gives another grant", differences))
		return
	}
	a.verdict.Proven++
}

// operation derives what was asked of the ledger; why says that it cannot, and neither
// that there is nothing to ask: a void, a rebuild, what a void took back.
func (a *Auditor) operation(e entry) (op *ledger.Op, why string) {
	g := e.grant
	if e.decision == nil {
		return nil, ""
	}
	op = &ledger.Op{
		ID: e.id, Digest: e.decision.Digest, Kind: e.decision.Kind, At: g.At, Lead: g.Lead, Body: e.decision.Draft,
	}
	switch e.decision.Kind {
	case ledger.Assign:
		return a.plan(e, op)
	case ledger.Move:
		op.Attempt, op.Verb, op.Fence, op.Wake = movedFrom(g), g.Verb, true, wakes(g.Offer) || wakes(g.Taken)
		if len(e.decision.Draft) == 0 {
			return op, "" // the lead was closed, or had gone on
		}
		return a.plan(e, op)
	case ledger.Activity:
		op.Verb = g.Verb
		switch g.Effect {
		case ledger.Held:
			op.Attempt, op.Rep = g.Attempt, g.By
		case ledger.Fenced:
			op.Attempt, op.Rep = g.Asked, g.By
		default: // it named the attempt and the owner of the time, or none
		}
		return op, ""
	case ledger.Presence:
		op.Rep, op.Verb, op.Until, op.GiveBack = g.Rep, g.Verb, g.Until, g.GiveBack
		return op, ""
	case ledger.Expire:
		return op, ""
	case ledger.Void, ledger.Rebuild:
	}
	return nil, ""
}

// wakes says whether an offer is another plan, for whoever it may be.
func wakes(o *ledger.Offer) bool { return o != nil && o.Rep == "" }

// movedFrom is the attempt that a move was to take the lead from.
func movedFrom(g ledger.Grant) int {
	switch g.Effect {
	case ledger.Fenced:
		return g.Asked
	case ledger.Ignored:
		return g.Attempt
	default:
		return g.Attempt - 1
	}
}

// planner of a policy; nil when it is not at hand.
func (a *Auditor) planner(hash string) *routing.Planner {
	planner, known := a.planners[hash]
	if !known && a.Find != nil {
		planner = a.Find(hash)
		a.planners[hash] = planner
	}
	return planner
}

// lookAgain asks once more for the policies that were not at hand.
func (a *Auditor) lookAgain() {
	maps.DeleteFunc(a.planners, func(_ string, p *routing.Planner) bool { return p == nil })
}

// missing says what it takes to plan a draft again: its policy, or the versions that
// its hash covers, too.
func missing(d routing.Draft) string {
	name := d.Policy.Name + " " + d.Policy.Hash
	if d.Versions != "" && d.Versions != policy.Versions {
		return fmt.Sprintf("%s%s; here it is %s; policy %s", byVersions, d.Versions, policy.Versions, name)
	}
	return byPolicy + name
}

// plan plans the lead again from the facts on its record.
func (a *Auditor) plan(e entry, op *ledger.Op) (*ledger.Op, string) {
	if e.decision.Engine != routing.Engine {
		return nil, fmt.Sprintf("%s%d; here it is %d", byEngine, e.decision.Engine, routing.Engine)
	}
	var draft routing.Draft
	if err := json.Unmarshal(e.decision.Draft, &draft); err != nil {
		a.find(a.finding(Plan, e, "its plan cannot be read: "+err.Error(), nil))
		return nil, byGap
	}
	planner := a.planner(draft.Policy.Hash)
	if planner == nil {
		return nil, missing(draft)
	}
	plan := planner.Plan(draft.Input())
	derived, err := plan.Draft().Encode()
	if err != nil || !bytes.Equal(derived, e.decision.Draft) {
		a.find(a.finding(Plan, e, "the policy and the facts on the record give another plan", differences(e.decision.Draft, derived)))
		return nil, byGap
	}
	if what := a.mistaken(e, draft, planner.Policy().Asks()); what != "" {
		a.find(a.finding(Tie, e, what, nil))
	}
	op.At, op.Value, op.Test = draft.At, plan.Value, e.grant.Test
	op.Steps, op.Roster, op.Line = plan.Steps, plan.Roster, plan.Line
	op.Traits = e.grant.Traits
	op.TurnBack, op.Stay = plan.TurnBack, e.grant.Effect == ledger.Ignored
	return op, ""
}

// mistaken says whom a plan took to have the leads of the same company or person, if it was
// not so. Whether two are the same person takes the key that they were recognised by.
func (a *Auditor) mistaken(e entry, draft routing.Draft, asks policy.Asks) string {
	s, t := a.folder.state, e.grant.Traits
	if l := s.Leads[e.grant.Lead]; l != nil && e.decision.Kind == ledger.Move {
		t = l.Traits
	}
	at := max(s.At, draft.At)
	tie := ties.Company(e.grant.Lead, t, at, s.Bearers)
	if asks.Company && tie != nil && draft.CompanyOwner != tie.Holder {
		return fmt.Sprintf("the leads of its company are with %s, and it was planned for %s",
			cmp.Or(tie.Holder, "nobody"), cmp.Or(draft.CompanyOwner, "nobody"))
	}
	if draft.LastOwner == "" || e.decision.Kind != ledger.Assign {
		return ""
	}
	if !slices.Contains(ties.Owners(e.grant.Lead, t, at, s.Bearers), draft.LastOwner) {
		return "an earlier lead of this person is not with " + draft.LastOwner
	}
	return ""
}

// invariants hold for every grant, whether or not it can be derived again.
func (a *Auditor) invariants(e entry) {
	g, s := e.grant, a.folder.state
	if g.Effect != ledger.Owned || a.shaken || a.unknown {
		return
	}
	if l := s.Leads[g.Lead]; l != nil && l.Rep != "" && l.Closed == 0 && l.Rep != g.From {
		a.find(a.finding(Owner, e, fmt.Sprintf("%s has the lead already", l.Rep), nil))
	}
	if g.Load == nil || g.Over || g.Test || len(g.Held) > 0 {
		return
	}
	reps := s.Rosters[g.Roster]
	if g.Install != nil {
		reps = g.Install
	}
	for i := range reps {
		if reps[i].ID == g.Rep && reps[i].Caps.Passed(*g.Load) {
			a.find(a.finding(Cap, e, fmt.Sprintf("%s holds %+v of %+v", g.Rep, *g.Load, reps[i].Caps), nil))
		}
	}
}

func (a *Auditor) finding(kind Kind, e entry, what string, differences []Difference) Finding {
	return Finding{Kind: kind, Sequence: e.grant.Sequence, Op: e.id, Lead: e.grant.Lead, What: what, Differences: differences}
}
