// Package train learns a [score.Model] from leads whose outcome is known.
//
//	rows in the order of time
//	│  first 80 %                                   last 20 %: held back
//	├─ screen: columns that leak are refused        │
//	├─ choose: ridge and rounds, by walking forward │
//	│    past ─► next slice, five times             │
//	├─ fit, calibrate ──────────────────────────────┴─► AUC, Brier, reliability by slice
//	└─ the same, on all rows ─► the model            against points, and the model in place
//
// # The model
//
// A generalised additive model by cyclic boosting (Lou, Caruana, Gehrke 2012): round by
// round each column in turn takes a small step towards what the others leave unexplained,
// numbers by trees of three leaves over their bins, texts level by level. A ridge pulls all
// points towards nothing. Rare levels are pooled, and the pool stands for levels that were
// never seen.
//
// Time decides what is chosen: each candidate learns on what came before and is measured on
// what came after, so that what worked last season only is pulled to nothing.
//
// # The same bytes
//
// Outcomes and probabilities are whole numbers while learning, sums do not depend on their
// order, maps are never walked, and nothing is drawn by chance. One table gives one model.
package train
