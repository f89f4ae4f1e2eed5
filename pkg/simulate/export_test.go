package simulate

import (
	"cmp"
	"maps"
	"slices"
)

// Late has the past come to what was due some records later, as it does with routers that
// are slow: delay draws how many.
func (h *History) Late(delay func() int) {
	inOrder := func(a, b key) int {
		return cmp.Or(
			cmp.Compare(h.resolved[a], h.resolved[b]), cmp.Compare(a.lead, b.lead), cmp.Compare(a.due, b.due),
			cmp.Compare(a.why, b.why), cmp.Compare(a.clock, b.clock), cmp.Compare(a.stage, b.stage),
		)
	}
	for _, k := range slices.SortedFunc(maps.Keys(h.resolved), inOrder) {
		h.resolved[k] = min(h.resolved[k]+delay(), len(h.Records)-1)
	}
}
