package policytest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// world is the ledger and the time of one test.
type world struct {
	planner *routing.Planner
	enrich  func(*lead.Lead) // as the router does
	policy  *policy.Policy
	test    *policy.Test
	now     time.Time
	model   *ledger.Model
	offset  int64 // of the next record

	visits []routing.Visit // rules that matched, of all leads
	shares map[string]int  // leads by rep
	last   decision
	story  story // of the last lead
}

// decision is what became of the last lead.
type decision struct {
	event.Assigned
	plan  *routing.Plan
	draft routing.DraftStep
	grant ledger.Grant
}

func newWorld(planner *routing.Planner, t *policy.Test, now time.Time) *world {
	w := &world{
		planner: planner, policy: planner.Policy(), test: t, now: now,
		model: ledger.NewModel(ledger.Config{}), shares: map[string]int{},
	}
	if !t.At.IsZero() {
		w.now = t.At
	}
	return w
}

// arrive brings the test's lead, the nth time as another lead.
func (w *world) arrive(n int) error {
	l, err := w.lead(n)
	if err != nil {
		return err
	}
	if n > 0 {
		if err := w.relieve(); err != nil {
			return err
		}
	}
	w.story = story{lead: l, came: w.now, since: w.now, stopped: map[string]bool{}}
	if n == 0 {
		if err := w.prepare(w.policy.Roster(w.now)); err != nil {
			return err
		}
	}
	return w.offer(w.input(l), "")
}

// offer plans the story's lead and takes what the ledger grants: the first decision, or
// the next one unless an activity has made it pointless. A lead that waits on is not
// decided.
func (w *world) offer(in routing.Input, unless string) error {
	plan := w.planner.Plan(in)
	draft := plan.Draft()
	op := ledger.Op{
		Kind: ledger.Assign, Lead: w.story.lead.ID, Value: plan.Value, Steps: plan.Steps, Roster: w.full(plan.Roster),
	}
	if w.last.LeadID == op.Lead {
		op.Kind, op.Attempt, op.Fence, op.Verb = ledger.Move, w.last.Attempt, true, unless
		op.TurnBack, op.Stay = plan.TurnBack, plan.Hold == 0
	}
	g, err := w.apply(op)
	if err != nil || g.Effect == ledger.Ignored {
		return err
	}
	assigned, err := draft.Decide(g)
	if err != nil {
		return err
	}
	w.last = decision{Assigned: assigned, plan: plan, draft: draft.Steps[g.Step], grant: g}
	if in.Send != nil || in.First != nil && draft.Steps[g.Step].Code == in.First.Code {
		w.last.plan = nil // it did not come by the rules
	}
	w.shares[assigned.RepID]++
	for _, v := range plan.Visits {
		if v.Fate == routing.Matched && w.last.plan != nil {
			w.visits = append(w.visits, v)
		}
	}
	w.began()
	return nil
}

// lead is the test's lead with an id.
func (w *world) lead(n int) (lead.Lead, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(w.test.Lead, &fields); err != nil {
		return lead.Lead{}, fmt.Errorf("the lead is no object")
	}
	fields["id"] = json.RawMessage(strconv.Quote("test-" + strconv.Itoa(n+1)))
	raw, err := json.Marshal(fields)
	if err != nil {
		return lead.Lead{}, err
	}
	l, err := lead.Parse(raw)
	if err != nil {
		return lead.Lead{}, fmt.Errorf("lead: %w", err)
	}
	w.enrich(&l)
	return l, nil
}

func (w *world) input(l lead.Lead) routing.Input {
	given := &w.test.Given
	in := routing.Input{Facts: l.Facts(), At: w.now, Left: w.ids(given.Left)}
	if given.LastOwner >= 0 {
		in.LastOwner = w.policy.Reps[given.LastOwner].ID
		in.Facts["duplicate"] = true
	}
	if given.CompanyOwner >= 0 {
		in.CompanyOwner = w.policy.Reps[given.CompanyOwner].ID
	}
	in.Shift = make(policy.Set, (len(w.policy.Reps)+63)/64)
	for rep := range int32(len(w.policy.Reps)) {
		atWork := w.test.At.IsZero() || w.policy.OnShift(rep, w.now)
		if atWork && !slices.Contains(given.OffShift, rep) {
			in.Shift.Add(rep)
		}
	}
	return in
}

func (w *world) ids(reps []int32) []string {
	var out []string
	for _, rep := range reps {
		out = append(out, w.policy.Reps[rep].ID)
	}
	return out
}

// prepare makes the ledger as `given` says.
func (w *world) prepare(roster *ledger.Roster) error {
	s := ledger.NewState()
	for _, rep := range w.test.Given.Full {
		terms := w.full(roster).Reps[rep]
		s.Reps[terms.ID] = &ledger.Rep{Presence: ledger.Available, Open: terms.Caps.Open}
	}
	if err := w.model.Load(context.Background(), s); err != nil {
		return err
	}
	for _, id := range w.ids(w.test.Given.Away) {
		if _, err := w.apply(ledger.Op{Kind: ledger.Presence, Rep: id, Verb: ledger.Away}); err != nil {
			return err
		}
	}
	for _, id := range w.ids(w.test.Given.Left) {
		if _, err := w.apply(ledger.Op{Kind: ledger.Presence, Rep: id, Verb: ledger.Left}); err != nil {
			return err
		}
	}
	return nil
}

// relieve takes the leads so far off the reps. A count asks whose turn it is, not
// when caps are reached, and so each lead finds the reps as `given` says. What
// stays is credit and who was assigned last.
func (w *world) relieve() error {
	s, err := w.model.Dump(context.Background())
	if err != nil {
		return err
	}
	s.Leads, s.Tails = map[string]*ledger.Lead{}, map[string]*ledger.Tail{}
	roster := w.full(w.planner.Policy().Roster(w.now))
	for i := range roster.Reps {
		r := s.Reps[roster.Reps[i].ID]
		if r == nil {
			continue
		}
		r.Open, r.OpenValue, r.Over = 0, 0, 0
		r.Hour, r.Day, r.Week = ledger.Window{}, ledger.Window{}, ledger.Window{}
		if slices.Contains(w.test.Given.Full, int32(i)) {
			r.Open = roster.Reps[i].Caps.Open
		}
	}
	return w.model.Load(context.Background(), s)
}

// full gives those who are to be full a cap that they can be at.
func (w *world) full(roster *ledger.Roster) *ledger.Roster {
	if len(w.test.Given.Full) == 0 {
		return roster
	}
	reps := slices.Clone(roster.Reps)
	for _, rep := range w.test.Given.Full {
		reps[rep].Caps.Open = max(reps[rep].Caps.Open, 1)
	}
	return &ledger.Roster{Digest: roster.Digest + "+full", Reps: reps}
}

// apply gives the next operation to the ledger.
func (w *world) apply(op ledger.Op) (ledger.Grant, error) {
	op.ID = ledger.OpID{Partition: ledger.Partition{Topic: "test"}, Offset: w.offset}
	op.At = w.now.UnixMilli()
	w.offset++
	results, err := w.model.Apply(context.Background(), ledger.Chunk{Ops: []ledger.Op{op}})
	if err != nil {
		return ledger.Grant{}, err
	}
	return results[0].Grant, nil
}

// state of a lead in a word.
func (w *world) state(id string) string {
	s, err := w.model.Dump(context.Background())
	if err != nil || s.Leads[id] == nil {
		return "unknown"
	}
	if s.Leads[id].Closed > 0 {
		return "closed"
	}
	return "open"
}
