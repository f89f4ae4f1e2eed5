package ledger

import "maps"

// Sweep forgets the leads that were closed longer than [Dedupe] ago, as a store does: no
// grant can tell. It looks at every lead.
func (s *State) Sweep() {
	maps.DeleteFunc(s.Leads, func(_ string, l *Lead) bool { return l.Closed > 0 && s.At > l.Closed+Dedupe.Milliseconds() })
	maps.DeleteFunc(s.Bearers, func(_ string, b Bearer) bool { return b.forgotten(s.At, Dedupe.Milliseconds()) })
}
