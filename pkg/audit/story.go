package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/whynot"
)

// Story is a lead's life as the decision log tells it.
type Story struct {
	Lead     string    `json:"lead_id"`
	Chapters []Chapter `json:"chapters"`
	// Milestones are what its clocks said, in the order in which it was due. The log
	// does not hold them: whoever reads lead.sla adds them.
	Milestones []event.Milestone `json:"milestones,omitempty"`
	// Now is the lead as it stands; nil when the log does not know it.
	Now *ledger.Lead `json:"now,omitempty"`
}

// Chapter is one record about the lead.
type Chapter struct {
	Kind  ledger.Kind  `json:"kind"`
	Grant ledger.Grant `json:"grant"`
	// Reason of a refusal, if the policy knows it.
	Reason string `json:"reason,omitempty"`
	// Assigned is the event that was sent, without the lead; nil where there was
	// none.
	Assigned *event.Assigned `json:"assigned,omitempty"`
	// Draft is the plan as it was recorded.
	Draft *routing.Draft `json:"draft,omitempty"`
	// Why is everybody's reason, planned again. It takes the policy of the decision:
	// nil without it.
	Why *routing.Explanation `json:"why,omitempty"`
	// WhyNot is the smallest change that would have given the lead to the rep who was asked
	// for; nil when nobody was, or the policy is not at hand.
	WhyNot *whynot.Answer `json:"why_not,omitempty"`
	// Standings of the reps of the policy, by id, around the grant.
	Standings map[string]Standing `json:"standings,omitempty"`
}

// Standing is where a rep stood when a lead was decided.
type Standing struct {
	Presence string      `json:"presence"`
	Load     ledger.Load `json:"load"` // before
	Caps     ledger.Caps `json:"caps"`
	// Before and After are the credit in the book of the grant, in its unit.
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// Teller collects the story of one lead from all records of the log.
type Teller struct {
	// WhyNot is a rep for whom the smallest change is looked for that would have given the
	// lead to them; empty: nobody.
	WhyNot string

	story   Story
	folder  *Folder
	planner *routing.Planner // may be nil
	before  map[string]Standing
	whyNot  *whynot.Answer
	failed  error
}

// NewTeller listens for one lead. The planner is of the policy at hand; decisions
// by another one are told from their own record alone. It may be nil.
func NewTeller(lead string, planner *routing.Planner) *Teller {
	t := &Teller{story: Story{Lead: lead}, folder: NewFolder(), planner: planner}
	t.folder.Next = t.next
	t.folder.Seen = t.seen
	return t
}

// Add takes a record of the log, of any lead.
func (t *Teller) Add(d event.Decision) error {
	if err := t.folder.Add(d); err != nil {
		return err
	}
	return t.failed
}

// Story is what has been told so far.
func (t *Teller) Story() Story {
	story := t.story
	if now := t.folder.State().Leads[story.Lead]; now != nil {
		told := *now
		told.Draft = nil // the chapters have it
		story.Now = &told
	}
	return story
}

// next sees the state before a record.
func (t *Teller) next(d event.Decision, s *ledger.State) {
	t.before, t.whyNot = nil, nil
	if d.Grant.Lead != t.story.Lead || d.Grant.Roster == "" {
		return
	}
	t.before = standings(d.Grant, s, d.Grant.At)
	if t.WhyNot != "" && t.planner != nil {
		t.search(d, s)
	}
}

// search looks for what would have given the lead to the rep who is asked for. What was
// not decided by the rules, or by another policy, has no such thing.
func (t *Teller) search(d event.Decision, before *ledger.State) {
	var draft routing.Draft
	if d.Grant.Effect != ledger.Owned && d.Grant.Effect != ledger.Ended ||
		json.Unmarshal(d.Draft, &draft) != nil || draft.Policy.Hash != t.planner.Policy().Hash {
		return // a draft that cannot be read is told of by whoever tells the chapter
	}
	answer, err := whynot.Search(whynot.NewCase(d, draft, t.planner, before), t.WhyNot)
	if err != nil {
		t.failed = cmp.Or(t.failed, fmt.Errorf("sequence %d: %w", d.Grant.Sequence, err))
		return
	}
	t.whyNot = &answer
}

// seen sees the state after it.
func (t *Teller) seen(d event.Decision, s *ledger.State) {
	if d.Grant.Lead != t.story.Lead {
		return
	}
	chapter := Chapter{Kind: d.Kind, Grant: d.Grant, Standings: t.before, WhyNot: t.whyNot}
	for id, after := range standings(d.Grant, s, d.Grant.At) {
		if before, ok := t.before[id]; ok {
			before.After = after.Before
			t.before[id] = before
		}
	}
	if err := t.plan(&chapter, d); err != nil && t.failed == nil {
		t.failed = fmt.Errorf("sequence %d: %w", d.Grant.Sequence, err)
	}
	t.story.Chapters = append(t.story.Chapters, chapter)
}

// plan adds what the draft says, and everybody's reason where the policy is the
// one of the decision. What came with a refusal is its reason alone.
func (t *Teller) plan(c *Chapter, d event.Decision) error {
	if len(d.Draft) == 0 {
		return nil
	}
	if d.Kind == ledger.Activity {
		var said struct{ Reason string }
		if err := json.Unmarshal(d.Draft, &said); err != nil {
			return fmt.Errorf("read reason: %w", err)
		}
		c.Reason = said.Reason
		return nil
	}
	if d.Grant.Effect != ledger.Owned && d.Grant.Effect != ledger.Ended {
		return nil
	}
	c.Draft = &routing.Draft{}
	if err := json.Unmarshal(d.Draft, c.Draft); err != nil {
		return fmt.Errorf("read draft: %w", err)
	}
	assigned, err := c.Draft.Decide(d.Grant)
	if err != nil {
		return err
	}
	c.Assigned = &assigned
	if t.planner != nil && t.planner.Policy().Hash == c.Draft.Policy.Hash {
		why := t.planner.Plan(c.Draft.Input()).Explain()
		c.Why = &why
	}
	return nil
}

// standings of all reps of the grant's roster, their credit as it is now in
// Before.
func standings(g ledger.Grant, s *ledger.State, at int64) map[string]Standing {
	terms, ok := s.Rosters[g.Roster]
	if !ok {
		terms = g.Install
	}
	book := ""
	if g.Turn != nil {
		book = g.Turn.Book
	}
	all := make(map[string]Standing, len(terms))
	for i := range terms {
		standing := Standing{Presence: s.PresenceAt(terms[i].ID, at), Load: s.LoadAt(&terms[i], at), Caps: terms[i].Caps}
		standing.Before = s.Books[book][terms[i].ID]
		all[terms[i].ID] = standing
	}
	return all
}

// Full tells by which cap a rep was full, "" for none.
func (s Standing) Full() string {
	for _, c := range []struct {
		name     string
		has, cap int64
	}{
		{"open", s.Load.Open, s.Caps.Open},
		{"open value", s.Load.OpenValue, s.Caps.OpenValue},
		{"this hour", s.Load.Hour, s.Caps.Hour},
		{"today", s.Load.Day, s.Caps.Day},
		{"this week", s.Load.Week, s.Caps.Week},
	} {
		if c.cap > 0 && c.has >= c.cap {
			return fmt.Sprintf("full: %s %d/%d", c.name, c.has, c.cap)
		}
	}
	return ""
}

// When is the instant of a chapter.
func (c Chapter) When() time.Time { return time.UnixMilli(c.Grant.At).UTC() }
