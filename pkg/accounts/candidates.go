package accounts

import (
	"slices"

	"leadrouter/pkg/match"
)

// candidates are the accounts that are worth comparing with a name: those that share its
// rarest words, and of these the ones that share most.
func (x *Index) candidates(name match.Name, country string) []*entry {
	var seen [maxCandidates]*entry
	out := x.initials(seen[:0], name, country)
	lists := x.words(name)
	slices.SortStableFunc(lists, func(a, b query) int { return a.size - b.size })
	for i, q := range lists {
		if len(out) == maxCandidates || i > 0 && q.size > maxPostings && len(out) > 0 {
			break
		}
		out = gather(out, q, lists[i+1:], country)
	}
	return out
}

// query is a word of a lead's company with the words of accounts that it may be meant for.
type query struct {
	terms []*term
	size  int // accounts that have one of them
}

func (x *Index) words(name match.Name) []query {
	lists := make([]query, 0, 8)
	for i := range name.Len() {
		if !telling(name, i) {
			continue
		}
		q := query{terms: x.terms.find(make([]*term, 0, maxVariants), name.Word(i), true)}
		for _, w := range q.terms {
			q.size += len(w.entries)
		}
		if q.size > 0 {
			lists = append(lists, q)
		}
	}
	return lists
}

// gather adds the accounts of a word, those first that have most of the other words.
func gather(out []*entry, q query, others []query, country string) []*entry {
	looked := 0
	var byShared [4][]*entry // 3: three other words or more
	for _, w := range q.terms {
		for _, e := range w.entries {
			if looked++; looked > maxPostings {
				break
			}
			if e.elsewhere(country) {
				continue
			}
			shared := min(e.shares(others), len(byShared)-1)
			byShared[shared] = append(byShared[shared], e)
		}
	}
	for _, list := range slices.Backward(byShared[:]) {
		for _, e := range list {
			if len(out) == maxCandidates {
				return out
			}
			if !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
	}
	return out
}

// shares counts the words of a lead's company that an account's name has.
func (e *entry) shares(lists []query) int {
	n := 0
	for _, q := range lists {
		if slices.ContainsFunc(e.terms, func(w *term) bool { return slices.Contains(q.terms, w) }) {
			n++
		}
	}
	return n
}

// initials adds the accounts that go by the initials of a name, and those whose initials
// are the name.
func (x *Index) initials(out []*entry, name match.Name, country string) []*entry {
	lists := [][]*entry{nil, nil}
	if name.Len() == 1 {
		lists[0] = x.byInitials[name.Key]
	}
	if own := initialsOf(name); own != "" {
		lists[1] = x.byName[own]
	}
	for _, list := range lists {
		for _, e := range list[:min(len(list), maxCandidates)] {
			if len(out) < maxCandidates/2 && !e.elsewhere(country) {
				out = append(out, e)
			}
		}
	}
	return out
}
