package ledger

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Traits are what tells that two leads are of one person or one company, as digests: to the
// ledger a trait is only equal to another, or not.
type Traits struct {
	Company string   `json:"company,omitempty"`
	Person  []string `json:"person,omitempty"`
	// Sketch is the caller's own, to be compared once a trait is shared.
	Sketch string `json:"sketch,omitempty"`
}

// Bearer stands for a trait: of the leads with that trait and an owner, the last one that
// was decided.
type Bearer struct {
	Lead   string `json:"lead,omitempty"`   // empty: a company that the rep has for good
	Rep    string `json:"rep"`              // the lead's owner
	Closed int64  `json:"closed,omitempty"` // as of the lead
}

// Tie is a trait, and who a plan took to stand for it: see [Bearer.Holder].
type Tie struct {
	Trait  string
	Holder string
	// Others are leads that have the trait and, as the plan knows, nothing to do with this one:
	// whoever of them comes to stand for it makes no difference.
	Others []string
}

// Holder is the owner of the lead that stands for a trait, as the plan of another lead sees
// it; empty: nobody does, or a lead that was closed longer than dedupe ago (milliseconds).
func (b Bearer) Holder(lead string, at, dedupe int64) string {
	if b.Lead == lead || b.forgotten(at, dedupe) {
		return ""
	}
	return b.Rep
}

// forgotten says whether the lead was closed too long ago to be known.
func (b Bearer) forgotten(at, dedupe int64) bool { return b.Closed > 0 && at > b.Closed+dedupe }

// All lists the traits, that of the company first.
func (t *Traits) All() iter.Seq[string] {
	return func(yield func(string) bool) {
		if t == nil || t.Company != "" && !yield(t.Company) {
			return
		}
		for _, trait := range t.Person {
			if !yield(trait) {
				return
			}
		}
	}
}

// Outdated says whether the plan of a lead took somebody else than a bearer to stand for the
// trait.
func (t Tie) Outdated(b Bearer, lead string, at, dedupe int64) bool {
	return b.Holder(lead, at, dedupe) != t.Holder && !slices.Contains(t.Others, b.Lead)
}

// outdated says whether a plan took somebody else to stand for a trait: leads of one company
// or one person that are decided at the same moment see each other.
func (s *State) outdated(op *Op, at, dedupe int64) bool {
	return slices.ContainsFunc(op.Ties, func(t Tie) bool { return t.Outdated(s.Bearers[t.Trait], op.Lead, at, dedupe) })
}

// Bearers are who stands for traits, by trait.
type Bearers map[string]Bearer

// Stand lets a lead that got an owner stand for its traits; pins: its owner has the company for
// good.
func (b Bearers) Stand(lead Bearer, t *Traits, pins bool) {
	if t == nil || lead.Rep == "" {
		return
	}
	for trait := range t.All() {
		company, before := trait == t.Company, b[trait]
		switch {
		case company && pins:
			b[trait] = Bearer{Rep: lead.Rep}
		case company && before.Lead == "" && before.Rep != "": // for good
		default:
			b[trait] = lead
		}
	}
}

// restate has a lead stand for its traits as it is by now.
func (s *State) restate(id string) {
	l := s.Leads[id]
	if l == nil || l.Traits == nil {
		return
	}
	for trait := range l.Traits.All() {
		switch {
		case s.Bearers[trait].Lead != id:
		case l.Rep == "":
			delete(s.Bearers, trait)
		default:
			s.Bearers[trait] = Bearer{Lead: id, Rep: l.Rep, Closed: l.Closed}
		}
	}
}

// unstand has nobody stand for the traits of a decision that is taken back. Who did before
// is not known any more; the next lead that has them does.
func (s *State) unstand(id string, l *Lead, g *Grant) {
	if l.Traits == nil {
		return
	}
	for trait := range l.Traits.All() {
		pinned := g.Pins && trait == l.Traits.Company && s.Bearers[trait] == Bearer{Rep: g.Rep}
		if pinned || s.Bearers[trait].Lead == id && g.Attempt == 1 {
			delete(s.Bearers, trait)
		}
	}
}

// digest says whether a text is one plain word: stores put traits into keys and lists.
func digest(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '|' {
			return false
		}
	}
	return s != "" && s != "-"
}

// validateTraits checks what a store relies on.
func (op *Op) validateTraits() error {
	for _, tie := range op.Ties {
		if !digest(tie.Trait) || !clean(tie.Holder) || slices.ContainsFunc(tie.Others, func(id string) bool { return !named(id) }) {
			return fmt.Errorf("bad tie %q to %q", tie.Trait, tie.Holder)
		}
	}
	t := op.Traits
	if t == nil {
		return nil
	}
	if op.Kind != Assign || op.Test {
		return errors.New("traits are those of a new lead that counts")
	}
	if t.Sketch != "" && !digest(t.Sketch) {
		return errors.New("bad sketch")
	}
	var buf [8]string
	seen := buf[:0]
	for trait := range t.All() {
		if !digest(trait) || slices.Contains(seen, trait) {
			return fmt.Errorf("bad trait %q, or named twice", trait)
		}
		seen = append(seen, trait)
	}
	if len(seen) == 0 {
		return errors.New("traits without one")
	}
	return nil
}
