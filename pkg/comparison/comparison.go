package comparison

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/policydiff"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/simulate"
)

// Repeat is how often answers are drawn when nothing else is said.
const Repeat = 20

// Config of a comparison.
type Config struct {
	// Simulate configures every simulation; the seed is that of the first repetition.
	Simulate simulate.Config
	Repeat   int // how often answers are drawn; 0: Repeat
	// Progress is told how many repetitions are done; it may be nil.
	Progress func(done int)
}

// Comparison of two policies on one history. Values are minor units of the base currency.
type Comparison struct {
	Now     *simulate.Result    `json:"now"`
	Draft   *simulate.Result    `json:"draft"`
	Changes []policydiff.Change `json:"changes"`
	// Repeats is how often answers were drawn; 0: nothing had to be.
	Repeats int      `json:"repeats"`
	Figures []Figure `json:"figures"`
	Why     []Why    `json:"why"`  // most leads first
	Reps    []Rep    `json:"reps"` // by what they lose and gain, most first
	Leads   []Lead   `json:"leads"`
}

// Why is a reason for which leads change their owner, and how many do.
type Why struct {
	Reason string `json:"reason"`
	Place  string `json:"place,omitempty"` // file:line
	Leads  int    `json:"leads"`
	Value  int64  `json:"value"`
}

// Rep is what a rep has under both policies.
type Rep struct {
	ID    string       `json:"rep_id"`
	Name  string       `json:"name"` // as the policies have it
	Now   simulate.Rep `json:"now"`
	Draft simulate.Rep `json:"draft"`
}

// Leads gained; negative: lost.
func (r Rep) Leads() int { return r.Draft.Leads - r.Now.Leads }

// Value gained; negative: lost.
func (r Rep) Value() int64 { return r.Draft.Value - r.Now.Value }

// Lead is one that ends with another owner, or elsewhere.
type Lead struct {
	ID        string `json:"lead_id"`
	Now       string `json:"now"` // rep, else outcome
	Draft     string `json:"draft"`
	NowRule   string `json:"now_rule,omitempty"`
	DraftRule string `json:"draft_rule,omitempty"`
	Value     int64  `json:"value,omitempty"`
	Why       string `json:"why"`
	Drawn     bool   `json:"drawn,omitempty"` // a draw has led here
}

// Run compares two policies. Both run at a time, each on a core.
func Run(ctx context.Context, h *simulate.History, now, draft *policy.Policy, cfg Config) (*Comparison, error) {
	cfg.Repeat = cmp.Or(cfg.Repeat, Repeat)
	planners := [2]*routing.Planner{routing.New(now), routing.New(draft)}
	first, err := simulateBoth(ctx, h, planners, cfg.Simulate)
	if err != nil {
		return nil, err
	}
	c := &Comparison{Now: first[0], Draft: first[1], Changes: policydiff.Compare(now, draft), Leads: []Lead{}}
	a := newAttribution(h, planners, c.Changes)
	for _, id := range moved(first[0], first[1]) {
		c.lead(first[0].Fates[id], first[1].Fates[id], a)
	}
	c.Why = a.reasons()
	c.reps(now, draft)
	return c, c.repeat(ctx, h, planners, cfg)
}

// repeat draws again, where anything was drawn, and adds the figures. Of what the
// repetitions come to the figures alone are kept.
func (c *Comparison) repeat(ctx context.Context, h *simulate.History, planners [2]*routing.Planner, cfg Config) error {
	rounds := [][]Figure{figuresOf(pair{c.Now, c.Draft})}
	for c.Now.Draws+c.Draft.Draws > 0 && len(rounds) < cfg.Repeat {
		if cfg.Progress != nil {
			cfg.Progress(len(rounds))
		}
		cfg.Simulate.Seed++
		p, err := simulateBoth(ctx, h, planners, cfg.Simulate)
		if err != nil {
			return err
		}
		rounds = append(rounds, figuresOf(p))
	}
	if len(rounds) > 1 {
		c.Repeats = len(rounds)
	}
	c.Figures = ranges(rounds)
	return nil
}

// pair is one history under both policies.
type pair [2]*simulate.Result

func simulateBoth(ctx context.Context, h *simulate.History, planners [2]*routing.Planner, cfg simulate.Config) (p pair, err error) {
	work, ctx := errgroup.WithContext(ctx)
	for side, planner := range planners {
		work.Go(func() (err error) {
			p[side], err = simulate.Run(ctx, h, planner, cfg)
			return err
		})
	}
	return p, work.Wait()
}

// moved are the leads that end elsewhere, by id.
func moved(now, draft *simulate.Result) []string {
	var ids []string
	for id, f := range now.Fates {
		g := draft.Fates[id]
		if g != nil && !f.Apart && (f.Rep != g.Rep || f.Outcome != g.Outcome) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// lead adds one that ends elsewhere.
func (c *Comparison) lead(now, draft *simulate.Fate, a *attribution) {
	why := a.why(now, draft)
	c.Leads = append(c.Leads, Lead{
		ID: now.Lead, Now: now.Who(), Draft: draft.Who(), NowRule: rule(now), DraftRule: rule(draft),
		Value: now.Value, Why: why, Drawn: now.Drawn || draft.Drawn,
	})
}

func rule(f *simulate.Fate) string {
	if f.Row == "" {
		return f.Rule
	}
	return f.Rule + ": " + f.Row
}

// reps puts what both have side by side.
func (c *Comparison) reps(policies ...*policy.Policy) {
	by := map[string]*Rep{}
	of := func(id string) *Rep {
		if by[id] == nil {
			by[id] = &Rep{ID: id, Now: simulate.Rep{ID: id}, Draft: simulate.Rep{ID: id}}
		}
		return by[id]
	}
	for _, r := range c.Now.Reps {
		of(r.ID).Now = r
	}
	for _, r := range c.Draft.Reps {
		of(r.ID).Draft = r
	}
	for _, p := range policies {
		for i := range p.Reps {
			of(p.Reps[i].ID).Name = p.Reps[i].Name
		}
	}
	for _, r := range by {
		c.Reps = append(c.Reps, *r)
	}
	slices.SortFunc(c.Reps, func(a, b Rep) int {
		return cmp.Or(cmp.Compare(max(b.Leads(), -b.Leads()), max(a.Leads(), -a.Leads())), cmp.Compare(a.ID, b.ID))
	})
}
