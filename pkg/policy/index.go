package policy

// index finds things of a policy by name.
type index struct {
	reps map[string]int32
}

// Rep finds a rep's position by id.
func (p *Policy) Rep(id string) (int32, bool) {
	i, ok := p.index.reps[id]
	return i, ok
}
