package policy

import "math/bits"

// Set is a set of reps by position. Sets that a policy hands out are shared: they
// are to be read only; Clone makes one's own.
type Set []uint64

// newSet makes an empty set for n reps.
func newSet(n int) Set { return make(Set, (n+63)/64) }

// Has reports whether a rep is in the set.
func (s Set) Has(rep int32) bool {
	return int(rep>>6) < len(s) && s[rep>>6]&(1<<(rep&63)) != 0
}

// Add puts a rep into the set, which must be large enough.
func (s Set) Add(rep int32) { s[rep>>6] |= 1 << (rep & 63) }

// Clone is a set of its own.
func (s Set) Clone() Set { return append(Set(nil), s...) }

// And keeps in s what t holds too. Both are of the same policy.
func (s Set) And(t Set) {
	for i := range s {
		s[i] &= t[i]
	}
}

// Or adds t to s. Both are of the same policy.
func (s Set) Or(t Set) {
	for i := range t {
		s[i] |= t[i]
	}
}

// Len counts the reps of the set.
func (s Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s Set) remove(rep int32) { s[rep>>6] &^= 1 << (rep & 63) }
