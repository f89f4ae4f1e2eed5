package accounts

import (
	"cmp"
	"slices"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
)

// How an account was found: [lead.AccountMatch.By].
const (
	ByID      = "id"
	ByDomain  = "domain"
	ByName    = "name"
	BySimilar = "similar_name"
)

// Limits are the scores that a policy asks for, in basis points.
type Limits struct {
	Same   int // from here on it is the lead's account
	Review int // from here on, below Same, a person decides; Same: nobody is asked
}

// Scores of what is sure but for one thing.
const (
	scoreNoCountry = 9_500 // the same name, and a country is not known
	nearlyAsGood   = 150   // the second best may be meant as well
)

// Match gives a lead its account, and says how it was found. What the sender says of the
// account wins, field by field; an id that is not known is noted and nothing is looked for.
// An empty index changes nothing.
func (x *Index) Match(l *lead.Lead, limits Limits) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if len(x.byID) == 0 || l.Account != nil && l.Account.ID == "" && l.AccountID == "" {
		return
	}
	if id := idOf(l); id != "" {
		x.named(l, id)
		return
	}
	best, rivals := x.best(l)
	if best.e == nil {
		l.Found(lead.AccountMatch{})
		return
	}
	m := lead.AccountMatch{ID: best.e.account.ID, By: best.by, Score: best.score, Version: best.e.version.String()}
	switch {
	case best.score >= limits.Same && rivals == 0:
		x.fill(l, best.e)
	case best.score >= limits.Review && limits.Review < limits.Same:
		m.Doubtful, m.Name = true, best.e.account.Name
	}
	l.Found(m)
}

func idOf(l *lead.Lead) string {
	if l.AccountID == "" && l.Account != nil {
		return l.Account.ID
	}
	return l.AccountID
}

// named gives a lead the account that its sender names.
func (x *Index) named(l *lead.Lead, id string) {
	e := x.byID[id]
	if e == nil {
		l.Found(lead.AccountMatch{ID: id, By: ByID})
		return
	}
	x.fill(l, e)
	l.Found(lead.AccountMatch{ID: id, By: ByID, Score: lead.Certain, Version: e.version.String()})
}

// fill writes an account into a lead, where the sender has not said another thing.
func (x *Index) fill(l *lead.Lead, e *entry) {
	a := e.account
	a.Group, a.ParentOwner = x.group(e)
	if said := l.Account; said != nil {
		a.Name, a.Parent, a.ParentOwner = cmp.Or(said.Name, a.Name), cmp.Or(said.Parent, a.Parent), cmp.Or(said.ParentOwner, a.ParentOwner)
		a.Group, a.Owner = cmp.Or(said.Group, a.Group), cmp.Or(said.Owner, a.Owner)
		a.Status, a.Country = cmp.Or(said.Status, a.Status), cmp.Or(said.Country, a.Country)
		a.Strategic = cmp.Or(said.Strategic, a.Strategic)
		if len(said.Domains) > 0 {
			a.Domains = said.Domains
		}
	}
	l.Account = &a
}

// found is an entry with how it was found.
type found struct {
	e     *entry
	by    string
	score int
}

// best is the account that a lead most likely belongs to, and how many of another group are
// as good.
func (x *Index) best(l *lead.Lead) (found, int) {
	list := x.ofSite(l)
	if len(list) == 1 {
		return found{list[0], ByDomain, lead.Certain}, 0
	}
	name := match.CompanyName(l.Company.Name)
	if len(list) > 1 {
		return x.ofDomain(list, name, l.Country)
	}
	if name.Empty() {
		return found{}, 0
	}
	return x.among(x.ofName(name, l.Country), l.Country)
}

// ofSite lists the accounts that have the domain of a lead. Most give it as it was
// registered, which needs no list of public suffixes to be seen.
func (x *Index) ofSite(l *lead.Lead) []*entry {
	if list := x.byDomain[l.Company.Domain]; list != nil {
		return list
	}
	return x.byDomain[match.CompanyDomain(l)]
}

// ofDomain picks one of several accounts that have a domain in common: by name, by country.
func (x *Index) ofDomain(list []*entry, name match.Name, country string) (found, int) {
	all := make([]found, len(list))
	for i, e := range list {
		all[i] = found{e, ByDomain, lead.Certain}
	}
	if !name.Empty() {
		score := func(f found) int { return match.SimilarCompanies(name, f.e.name) }
		if best := score(slices.MaxFunc(all, func(a, b found) int { return cmp.Compare(score(a), score(b)) })); best >= match.SameCompany {
			all = slices.DeleteFunc(all, func(f found) bool { return score(f) < best })
		}
	}
	return x.among(all, country)
}

// among picks the best of several: those in the lead's country go first, then the one above
// all others of its group. What is left beside it are rivals.
func (x *Index) among(all []found, country string) (found, int) {
	if len(all) == 0 {
		return found{}, 0
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.e.account.ID, b.e.account.ID))
	})
	all = slices.DeleteFunc(all, func(f found) bool { return f.score < all[0].score-nearlyAsGood })
	if here := slices.IndexFunc(all, func(f found) bool { return f.in(country) }); country != "" && here >= 0 {
		all = slices.DeleteFunc(all, func(f found) bool { return !f.in(country) })
	}
	best, rivals := all[0], 0
	top, _ := x.group(best.e)
	for _, f := range all[1:] {
		if of, _ := x.group(f.e); of != top {
			rivals++
		} else if f.e.account.ID == top {
			best = f
		}
	}
	return best, rivals
}

func (f found) in(country string) bool { return f.e.account.Country == country }

// elsewhere tells whether an account is known to be in another country than a lead.
func (e *entry) elsewhere(country string) bool {
	return country != "" && e.account.Country != "" && e.account.Country != country
}

// ofName lists the accounts of a country whose names are those of a company or alike.
func (x *Index) ofName(name match.Name, country string) []found {
	var all []found
	for _, e := range x.byName[name.Key] {
		if e.elsewhere(country) || e.name.Most() < minNameWeight {
			continue
		}
		f := found{e, ByName, match.SimilarCompanies(name, e.name)}
		if country == "" || e.account.Country == "" {
			f.score = min(f.score, scoreNoCountry)
		}
		all = append(all, f)
	}
	if len(all) > 0 {
		return all
	}
	for _, e := range x.candidates(name, country) {
		if score := match.SimilarCompanies(name, e.name); score > 0 {
			all = append(all, found{e, BySimilar, min(score, scoreNoCountry)})
		}
	}
	return all
}
