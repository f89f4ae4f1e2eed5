// Package lead holds the domain values: a [Lead], its [Company], the [Account] it
// belongs to, and the facts that a policy may ask about.
//
//	lead.created ──Parse──► Lead ──enrich, match──► Lead ──Facts──► Facts ──► policy
//
// # What is missing stays missing
//
// A number or a yes/no that nobody gave is nil, never zero or false: a company of
// unknown size is not a small one. In [Facts] a missing value is an absent key.
//
// # Input is hostile
//
// [Parse] takes whatever is in a topic. It either gives a lead within the bounds
// of this package or an [*Error] with a stable code and the field's name. An
// error never repeats a value, since values are personal data and errors end up
// in logs.
//
// The package is pure: no I/O, no clock, no chance.
package lead
