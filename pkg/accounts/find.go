package accounts

import (
	"cmp"
	"slices"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
)

// Query is a company to look for.
type Query struct{ Name, Domain, Country string }

// Found is what was found for a [Query].
type Found struct {
	// Account is the one that a lead of the company would be given; nil: none.
	Account *lead.Account `json:"account,omitempty"`
	// Doubtful: there is one, and a person has to decide whether it is meant.
	Doubtful bool `json:"doubtful,omitempty"`
	// Candidates are the accounts that come nearest, the best first.
	Candidates []Candidate `json:"candidates"`
}

// Candidate is an account that a company may be.
type Candidate struct {
	Account lead.Account `json:"account"`
	By      string       `json:"by"`
	Score   int          `json:"score"`   // basis points
	Version string       `json:"version"` // partition/offset of account.changed
}

// Find looks for a company as [Index.Match] does for a lead, and tells what else came near.
func (x *Index) Find(q Query, limits Limits) Found {
	l := lead.Lead{Company: lead.Company{Name: q.Name, Domain: q.Domain}, Country: q.Country}
	x.Match(&l, limits)
	f := Found{Account: l.Account, Candidates: []Candidate{}}
	if l.Evidence != nil && l.Evidence.Account != nil {
		f.Doubtful = l.Evidence.Account.Doubtful
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	var all []found
	for _, e := range x.ofSite(&l) {
		all = append(all, found{e, ByDomain, lead.Certain})
	}
	if name := match.CompanyName(q.Name); len(all) == 0 && !name.Empty() {
		all = x.ofName(name, q.Country)
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.e.account.ID, b.e.account.ID))
	})
	for _, c := range all {
		a := c.e.account
		a.Group, a.ParentOwner = x.group(c.e)
		f.Candidates = append(f.Candidates, Candidate{Account: a, By: c.by, Score: c.score, Version: c.e.version.String()})
	}
	return f
}
