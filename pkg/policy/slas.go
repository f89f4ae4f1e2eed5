package policy

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// actions of a stage.
var actions = []string{
	string(Remind), string(TellManager), string(MoveBackup), string(MoveManager), string(MoveToReview), string(Rewalk),
}

// presets fill what an SLA leaves unsaid: report target, then reassign and tell the
// manager, on the clock to first contact.
var presets = map[string]struct {
	target, reassign Span
	aroundTheClock   bool
}{
	"inbound_demo": {target: Span{Rest: 15 * time.Minute}, reassign: Span{Rest: 30 * time.Minute}},
	"high_intent":  {target: Span{Rest: 4 * time.Hour}, reassign: Span{Rest: 8 * time.Hour}},
	"event":        {target: Span{Rest: 48 * time.Hour}, reassign: Span{Rest: 72 * time.Hour}, aroundTheClock: true},
	"content":      {target: Span{Days: 5}, reassign: Span{Days: 10}},
}

// slas reads the clocks that run once a lead has an owner.
func (r *reader) slas() {
	r.eachOf("slas", func(key, value node) {
		s := &SLA{Name: r.identifier(key), Business: true, Pos: key.pos()}
		clock := ""
		r.object(value, "an SLA", object{
			"for":       func(n node) { s.For = r.cond(n) },
			"clock":     func(n node) { clock = r.choice(n, "business", "24x7") },
			"preset":    func(n node) { s.Preset = r.choice(n, "inbound_demo", "high_intent", "event", "content") },
			"accepted":  func(n node) { s.Accepted = r.clock(n) },
			"contacted": func(n node) { s.Contacted = r.clock(n) },
			"qualified": func(n node) { s.Qualified = r.clock(n) },
			"overall":   func(n node) { s.Overall = r.clock(n) },
		})
		s.fill()
		if clock != "" {
			s.Business = clock == "business"
		}
		if s.Accepted.IsZero() && s.Contacted.IsZero() && s.Qualified.IsZero() && s.Overall.IsZero() {
			r.fail(key, "the SLA `%s` measures nothing: give a preset, accepted, contacted, qualified or overall", key.Value)
		}
		r.policy.SLAs = append(r.policy.SLAs, s)
	})
}

// fill takes from the preset what the SLA leaves unsaid.
func (s *SLA) fill() {
	p, ok := presets[s.Preset]
	if !ok {
		return
	}
	s.Business = !p.aroundTheClock
	s.Contacted = s.Contacted.or(Clock{Target: p.target, Stages: []Stage{
		{After: p.reassign, Do: []Action{Rewalk, TellManager}, Pos: s.Pos},
	}})
}

// or fills what c leaves unsaid. Stages are one thing: some replace them all.
func (c Clock) or(preset Clock) Clock {
	if c.Target.IsZero() {
		c.Target = preset.Target
	}
	if len(c.Stages) == 0 {
		c.Stages = preset.Stages
	}
	return c
}

// clock reads {target: 15m, 30m: [reassign, tell_manager]}.
func (r *reader) clock(n node) Clock {
	var c Clock
	r.each(n, "a clock", func(key, value node) {
		if key.Value == "target" {
			c.Target = r.span(value)
			return
		}
		c.Stages = append(c.Stages, r.stage(key, value, actions))
	})
	r.ascending(n, c.Stages)
	return c
}

// stages reads {15m: tell_manager, 4h: to_review}.
func (r *reader) stages(n node, allowed ...Action) []Stage {
	var out []Stage
	r.each(n, "stages", func(key, value node) {
		out = append(out, r.stage(key, value, titles(allowed, func(a Action) string { return string(a) })))
	})
	r.ascending(n, out)
	return out
}

func (r *reader) stage(key, value node, allowed []string) Stage {
	s := Stage{After: r.span(key), Pos: key.pos()}
	if s.After.IsZero() {
		r.fail(key, "a stage needs some time to pass")
	}
	for _, item := range r.items(value) {
		if word := r.choice(item, allowed...); word != "" {
			s.Do = append(s.Do, Action(word))
		}
	}
	return s
}

// ascending sorts the stages and refuses two at once.
func (r *reader) ascending(n node, stages []Stage) {
	slices.SortStableFunc(stages, func(a, b Stage) int { return cmp.Compare(a.After.Calendar(), b.After.Calendar()) })
	for i := 1; i < len(stages); i++ {
		if stages[i].After.Calendar() == stages[i-1].After.Calendar() {
			r.fail(n, "two stages fall together; list what happens: [remind, tell_manager]")
		}
	}
}

// sla finds an SLA by name. A preset that `slas` does not mention can be named as
// it is, and joins the others then.
func (r *reader) sla(n node) *SLA {
	name := r.text(n)
	r.used["sla "+name] = true
	i := slices.IndexFunc(r.policy.SLAs, func(s *SLA) bool { return s.Name == name })
	if i >= 0 {
		return r.policy.SLAs[i]
	}
	if _, ok := presets[name]; ok {
		s := &SLA{Name: name, Preset: name, Pos: n.pos()}
		s.fill()
		r.policy.SLAs = append(r.policy.SLAs, s)
		return s
	}
	if name != "" {
		names := append(titles(r.policy.SLAs, func(s *SLA) string { return s.Name }), slices.Collect(maps.Keys(presets))...)
		r.fail(n, "no SLA is called `%s`%s", name, suggest(name, names))
	}
	return nil
}

// accounts reads from when on a lead is taken to be of an account.
func (r *reader) accounts() {
	a := &r.policy.Accounts
	a.Same, a.Review = DefaultSame, DefaultReview
	said := false
	r.objectOf("accounts", object{
		"same": func(n node) { a.Same = int(r.percent(n)) * 100 },
		"review": func(n node) {
			said = n.Value != "off"
			a.Review = basisPoints // off: as far up as there is
			if said {
				a.Review = int(r.percent(n)) * 100
			}
		},
	})
	if n, ok := r.section("accounts"); ok && said && a.Review > a.Same {
		r.fail(n, "`review` is above `same`: accounts: {same: 90%%, review: 75%%}; `review: off` asks nobody")
	}
	a.Review = min(a.Review, a.Same)
}

// basisPoints are in a whole.
const basisPoints = 10_000

// handling reads what happens to leads that nobody has: waiting, review, reassign.
func (r *reader) handling() {
	w := &r.policy.Waiting
	r.objectOf("waiting", object{
		"first": func(n node) { w.First = r.numeric(n) },
		"after": func(n node) { w.After = r.stages(n, TellManager, MoveToReview) },
	})
	review := &r.policy.Review
	r.objectOf("review", object{
		"by": func(n node) {
			for _, item := range r.items(n) {
				if i := r.rep(item); i != nobody {
					review.By = append(review.By, i)
				}
			}
		},
		"after": func(n node) { review.After = r.stages(n, TellManager) },
	})
	reassign := &r.policy.Reassign
	r.objectOf("reassign", object{
		"past_owners": func(n node) { reassign.PastOwners = r.choice(n, "last", "never") == "last" },
		"away":        func(n node) { reassign.KeepAway = r.choice(n, "give_back", "keep") == "keep" },
		"max_owners":  func(n node) { reassign.MaxOwners = int(r.whole(n, 1, 100)) },
		"turn_back": func(n node) {
			for _, item := range r.items(n) {
				reassign.TurnBack = append(reassign.TurnBack, r.identifier(item))
			}
		},
	})
}
