package ties

import (
	"slices"

	"leadrouter/pkg/ledger"
)

// Crowd is who has come to stand for traits since the leads of a batch were planned, as far as
// one knows who decides them: with it a plan that the ledger would refuse is not sent. It knows
// nothing of what others decide meanwhile; the ledger has the last word.
type Crowd struct {
	stand ledger.Bearers
	asked map[string]string // by trait: the last lead of this round that has it
	idle  map[string]bool   // traits of leads that nobody got: those of others are likely to end alike
}

// NewCrowd returns one of nobody.
func NewCrowd() *Crowd {
	return &Crowd{stand: ledger.Bearers{}, asked: map[string]string{}, idle: map[string]bool{}}
}

// Learn replaces what is known of who stands for the traits of a lead.
func (c *Crowd) Learn(t *ledger.Traits, known Known) {
	for trait := range t.All() {
		c.stand[trait] = known.Bearers[trait]
	}
}

// Outdated says whether an operation takes somebody else to stand for a trait than one knows.
func (c *Crowd) Outdated(op *ledger.Op) bool {
	return slices.ContainsFunc(op.Ties, func(t ledger.Tie) bool {
		b, known := c.stand[t.Trait]
		return known && t.Outdated(b, op.Lead, op.At, window)
	})
}

// Meets says whether an operation takes nobody to stand for a trait that a lead has which is
// asked for in the same round: once that has an owner, the plan is out of date. Where the one
// before got none, this is not waited for; if it is a mistake, the ledger refuses.
func (c *Crowd) Meets(op *ledger.Op) bool {
	return slices.ContainsFunc(op.Ties, func(t ledger.Tie) bool {
		before, asked := c.asked[t.Trait]
		return asked && !c.idle[t.Trait] && t.Holder == "" && before != op.Lead && !slices.Contains(t.Others, before)
	})
}

// Ask adds a new lead to the round.
func (c *Crowd) Ask(op *ledger.Op) {
	for trait := range op.Traits.All() {
		c.asked[trait] = op.Lead
	}
}

// Granted adds what the ledger has given.
func (c *Crowd) Granted(g *ledger.Grant) {
	c.stand.Stand(ledger.Bearer{Lead: g.Lead, Rep: g.Rep}, g.Traits, g.Pins)
	for trait := range g.Traits.All() {
		c.idle[trait] = g.Rep == ""
	}
}

// NextRound begins a new one: what was asked for is answered.
func (c *Crowd) NextRound() { clear(c.asked) }
