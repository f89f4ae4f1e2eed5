// Package audit derives the ledger from the decision log: what Redis is refilled
// from, and what every claim about a decision is checked against.
package audit
