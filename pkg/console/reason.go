package console

import "leadrouter/pkg/event"

// Reason is why, in a few words. The sentence of the event speaks to the rep; a
// line speaks about the rep.
func Reason(a event.Assigned) string { return a.Reason }
