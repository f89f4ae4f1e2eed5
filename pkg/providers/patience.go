package providers

import (
	"sync"
	"time"
)

// patience says how long a section may wait.
//
// As long as the stream keeps up, its sections are small, and each may wait for the whole
// budget. A section of crowd leads or more says that leads queue up: for crowdedFor from then
// on waiting costs credit, which grows by a share of the time. Credit is spent by whole
// budgets, so that it is used where it can bring something; what is not used is given back.
// Sections that wait at the same time cost it once.
type patience struct {
	budget time.Duration
	share  float64

	mu      sync.Mutex
	credit  time.Duration // up to one budget
	counted time.Time     // until when credit has grown
	crowded time.Time     // until when leads queue up
	open    time.Time     // until when a wait that is paid for may last
	waiting int           // sections in it
}

const (
	crowd      = 200 // of the 256 records of a section
	crowdedFor = time.Second
)

// begin is how long a section of n leads may wait; paid says whether [patience.end] is due.
func (p *patience) begin(now time.Time, n int) (limit time.Duration, paid bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n >= crowd {
		p.crowded = now.Add(crowdedFor)
	}
	p.grow(now)
	switch {
	case !now.Before(p.crowded):
		return p.budget, false
	case p.waiting > 0 && now.Before(p.open):
		p.waiting++
		return p.open.Sub(now), true
	case p.credit < p.budget || p.waiting > 0:
		return 0, false
	}
	p.credit -= p.budget
	p.open, p.waiting = now.Add(p.budget), 1
	return p.budget, true
}

// end gives back what was not used of a wait that is paid for.
func (p *patience) end(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting--; p.waiting == 0 {
		p.credit = min(p.credit+max(p.open.Sub(now), 0), p.budget)
	}
}

// grow adds the share of the time that has gone by. The caller holds mu.
func (p *patience) grow(now time.Time) {
	if gone := now.Sub(p.counted); gone > 0 {
		gone = min(gone, time.Hour) // more than enough for any budget
		p.credit = min(p.credit+time.Duration(float64(gone)*p.share), p.budget)
	}
	p.counted = now
}
