package routing

import (
	"math"
	"time"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

// middle is the rank of a lead for which `first` says 0, or nothing.
const middle = ledger.MaxRank / 2

// queue is how the lead waits: for everybody who fits at some step, whoever is on shift
// now.
func (p *Plan) queue() *ledger.Line {
	all, _ := p.fitting()
	var buf [192]byte
	key := bits(buf[:0], all)
	reps, ok := p.planner.lines.get(key)
	if !ok {
		reps = p.planner.lines.put(key, ledger.NewBitmap(p.planner.members(all, nil)))
	}
	since := p.input.At
	if !p.input.Queued.IsZero() {
		since = p.input.Queued
	}
	return &ledger.Line{Rank: p.rank(), Since: since.UnixMilli(), Reps: reps}
}

// rank is what `first` says of the lead, in thousandths.
func (p *Plan) rank() int64 {
	first := p.planner.policy.Waiting.First
	if first == nil {
		return middle
	}
	v, _ := first.Eval(p.binding)
	return int64(min(max(math.Floor(v*1000)+middle, 0), ledger.MaxRank))
}

// opening is when the first of those who fit is at work again: whoever is absent, and,
// where none of them is on shift now, whoever is off shift. Zero when that is not what
// the lead waits for.
func (p *Plan) opening() time.Time {
	all, here := p.fitting()
	awaited := all
	if here.Len() > 0 {
		awaited = p.busy
	}
	var first time.Time
	for rep := range int32(64 * len(awaited)) {
		if !awaited.Has(rep) || !all.Has(rep) || here.Has(rep) {
			continue
		}
		at, ok := p.next(rep)
		if ok && at.After(p.input.At) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// fitting is who fits at any step, and who of them was on shift there.
type fitting struct{ all, here policy.Set }

// fitting is found once, after the walk: how the lead waits, for whom and how many they
// are is asked of the same sets.
func (p *Plan) fitting() (all, here policy.Set) {
	if p.fit.all == nil {
		p.fit = fitting{all: p.set(), here: p.set()}
		for i := range p.tries {
			p.fit.all.Or(p.tries[i].fit)
			p.fit.here.Or(p.tries[i].here)
		}
	}
	return p.fit.all, p.fit.here
}
