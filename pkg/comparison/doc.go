// Package comparison sets two policies side by side: one history is run through both, and
// what differs is told, and why.
//
//	history ─┬─► simulate (now)   ─┐
//	         └─► simulate (draft) ─┴─► Comparison ─► text (cmd), JSON, Page (HTML)
//	policies ──► policydiff ────────────┘
//
// A lead that ends with another owner is put down to the change of the policy that its two
// plans show: another rule or row, a value that is made otherwise, another pool, other
// reps, other clocks. A lead whose plans are the same in both was moved by the others, whose
// turns, caps and places have shifted: a knock-on.
//
// What owners would have done with leads that they did not have is drawn. So both
// simulations are repeated with other seeds, and what depends on the draws is given with
// the range in which 95 % of the repetitions lie. No figure promises that other reps sell
// more: what leads come to is taken as it was.
package comparison
