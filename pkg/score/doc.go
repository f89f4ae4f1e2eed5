// Package score values leads by what became of earlier ones.
//
// A [Model] is a scorecard: each feature cuts a fact into bins, and each bin gives points,
// in parts of log-odds. It is made by pkg/score/train and kept as a file of the policy, so
// that the policy's hash covers it, it is published and reloaded with the policy, and an
// audit that plans a decision again has the very model at hand.
//
//	facts ─► bin of each feature ─► points ─► sum ─► knots ─► probability, basis points
//	              │                   └──────► what each feature did to it: Factor
//	              ├─ not known  ┐
//	              └─ never seen ┴─ bins of their own: no value is made up
//
// # Whole numbers
//
// A prediction looks up and adds whole numbers. There is nothing in it that one machine
// rounds unlike another, and so it may stand in a decision that is derived again later,
// elsewhere, to the byte.
//
// # Factors are exact
//
// The model is a sum, so that nobody has to estimate what a feature contributed. Told in
// probability, in which contributions do not add up by themselves, the largest comes first:
// each factor is what the probability rises or falls by when its points are added to those
// before it. Base, factors and rest add up to the score.
package score
