package policy

import "slices"

// Asks says what a policy wants to know of the leads before a new one.
type Asks struct {
	Person  bool // whether this person has an earlier lead, and who has that
	Company bool // who has the leads of the same company
}

// Asks of the policy.
func (p *Policy) Asks() Asks {
	return Asks{Person: slices.Contains(p.index.uses, "duplicate"), Company: p.company}
}
