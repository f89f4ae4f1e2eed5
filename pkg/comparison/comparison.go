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
	// Parallel is how many simulations run at a time; 0: one.
	Parallel int
	// Progress is told how many simulations are done, of how many; it may be nil.
	Progress func(done, of int)
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

// Run compares two policies.
func Run(ctx context.Context, h *simulate.History, now, draft *policy.Policy, cfg Config) (*Comparison, error) {
	cfg.Repeat = cmp.Or(cfg.Repeat, Repeat)
	planners := [2]*routing.Planner{routing.New(now), routing.New(draft)}
	pairs, err := simulations(ctx, h, planners, cfg)
	if err != nil {
		return nil, err
	}
	first := pairs[0]
	c := &Comparison{Now: first[0], Draft: first[1], Changes: policydiff.Compare(now, draft)}
	if len(pairs) > 1 {
		c.Repeats = len(pairs)
	}
	a := newAttribution(h, planners, c.Changes)
	for _, id := range moved(first[0], first[1]) {
		c.lead(first[0].Fates[id], first[1].Fates[id], a)
	}
	c.Why = a.reasons()
	c.reps()
	c.Figures = figures(pairs)
	return c, nil
}

// pair is one history under both policies.
type pair [2]*simulate.Result

// simulations runs both policies, and once more for each further seed if anything was
// drawn.
func simulations(ctx context.Context, h *simulate.History, planners [2]*routing.Planner, cfg Config) ([]pair, error) {
	pairs := make([]pair, 1, cfg.Repeat)
	done := 0
	tell := func(n, of int) {
		if done += n; cfg.Progress != nil {
			cfg.Progress(done, of)
		}
	}
	if err := simulateAll(ctx, h, planners, cfg, pairs, func() { tell(1, 2*cfg.Repeat) }); err != nil {
		return nil, err
	}
	if pairs[0][0].Draws+pairs[0][1].Draws == 0 || cfg.Repeat == 1 {
		tell(0, 2)
		return pairs, nil
	}
	more := make([]pair, cfg.Repeat-1)
	cfg.Simulate.Seed++
	if err := simulateAll(ctx, h, planners, cfg, more, func() { tell(1, 2*cfg.Repeat) }); err != nil {
		return nil, err
	}
	return append(pairs, more...), nil
}

// simulateAll fills pairs, with one seed after the other.
func simulateAll(ctx context.Context, h *simulate.History, planners [2]*routing.Planner, cfg Config, pairs []pair, done func()) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(max(cfg.Parallel, 1))
	finished := make(chan struct{})
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for range finished {
			done()
		}
	}()
	for i := range pairs {
		for side, planner := range planners {
			work.Go(func() error {
				own := cfg.Simulate
				own.Seed += uint64(i)
				r, err := simulate.Run(ctx, h, planner, own)
				if err != nil {
					return err
				}
				pairs[i][side] = r
				finished <- struct{}{}
				return nil
			})
		}
	}
	err := work.Wait()
	close(finished)
	<-counted
	return err
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
func (c *Comparison) reps() {
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
	for _, r := range by {
		c.Reps = append(c.Reps, *r)
	}
	slices.SortFunc(c.Reps, func(a, b Rep) int {
		return cmp.Or(cmp.Compare(max(b.Leads(), -b.Leads()), max(a.Leads(), -a.Leads())), cmp.Compare(a.ID, b.ID))
	})
}
