package accounts

import (
	"slices"
	"strconv"
	"sync"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
)

// Index holds accounts so that those of a lead are found in microseconds. It may be used by
// several goroutines at once.
type Index struct {
	mu         sync.RWMutex
	byID       map[string]*entry
	byDomain   map[string][]*entry // registrable
	byName     map[string][]*entry // by [match.Name.Key]
	byInitials map[string][]*entry // of three words and more
	terms      terms
}

// Version is where an account was read: partition and offset of account.changed.
type Version struct {
	Partition int32
	Offset    int64
}

// String is "partition/offset".
func (v Version) String() string {
	return strconv.FormatInt(int64(v.Partition), 10) + "/" + strconv.FormatInt(v.Offset, 10)
}

// entry is an account with what it is found by. It is not changed once it is in the index.
type entry struct {
	account  lead.Account
	version  Version
	domains  []string // registrable, ascending
	name     match.Name
	initials string
	terms    []*term
}

// New returns an index of nothing.
func New() *Index {
	return &Index{
		byID: map[string]*entry{}, byDomain: map[string][]*entry{}, byName: map[string][]*entry{}, byInitials: map[string][]*entry{},
		terms: newTerms(),
	}
}

// Put adds an account, or replaces the one of its id.
func (x *Index) Put(a lead.Account, at Version) {
	e := &entry{account: a, version: at, domains: domainsOf(a.Domains), name: match.CompanyName(a.Name)}
	e.initials = initialsOf(e.name)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(a.ID)
	x.byID[a.ID] = e
	for _, d := range e.domains {
		x.byDomain[d] = append(x.byDomain[d], e)
	}
	if !e.name.Empty() {
		x.byName[e.name.Key] = append(x.byName[e.name.Key], e)
		x.terms.add(e)
	}
	if e.initials != "" {
		x.byInitials[e.initials] = append(x.byInitials[e.initials], e)
	}
}

// Remove takes the account of an id out, if it is there.
func (x *Index) Remove(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(id)
}

func (x *Index) remove(id string) {
	e := x.byID[id]
	if e == nil {
		return
	}
	delete(x.byID, id)
	for _, d := range e.domains {
		drop(x.byDomain, d, e)
	}
	drop(x.byName, e.name.Key, e)
	drop(x.byInitials, e.initials, e)
	x.terms.remove(e)
}

// drop takes an entry from a list of a map.
func drop(lists map[string][]*entry, key string, e *entry) {
	list := lists[key]
	i := slices.Index(list, e)
	switch {
	case i < 0:
	case len(list) == 1:
		delete(lists, key)
	default:
		lists[key] = slices.Delete(list, i, i+1)
	}
}

// Len is the count of accounts.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.byID)
}

// domainsOf are the registrable domains of an account. One where everybody can have an
// address says nothing.
func domainsOf(listed []string) []string {
	var domains []string
	for _, d := range listed {
		if d = match.Registrable(d); d != "" && !match.IsFreeMail(d) {
			domains = append(domains, d)
		}
	}
	slices.Sort(domains)
	return slices.Compact(domains)
}

// initialsOf are those of a name of three words or more: two letters are everybody's.
func initialsOf(n match.Name) string {
	if initials := n.Initials(); len(initials) >= 3 {
		return initials
	}
	return ""
}

// maxParents bounds how far up a group is followed.
const maxParents = 32

// group returns the id of the topmost account above e, its own without a parent, and the
// owner of the nearest account above that has one. Where parents run in a circle the least
// id of the circle is the top, so that all in it agree.
func (x *Index) group(e *entry) (top, owner string) {
	top, owner = e.account.ID, e.account.ParentOwner
	var path [maxParents]string
	for n := range maxParents {
		path[n] = e.account.ID
		parent := e.account.Parent
		if parent == "" {
			return e.account.ID, owner
		}
		if i := slices.Index(path[:n+1], parent); i >= 0 {
			return slices.Min(path[i : n+1]), owner
		}
		next := x.byID[parent]
		if next == nil {
			return parent, owner // named, and not published
		}
		e, top = next, parent
		if owner == "" {
			owner = e.account.Owner
		}
	}
	return top, owner
}
