package audit

import (
	"fmt"
	"math"
	"slices"

	"leadrouter/pkg/ledger"
)

// turns knows how far from zero the turns of a book may be.
//
// Let S(A) be the sum of the credits of k of the n reps of a book, and a the largest
// lead that it has seen. A turn keeps S(A) ≤ a/2·k(n−k) for every A, whatever the
// weights and whoever is free, because the payer had the largest credit of the free:
// where A lacks the payer p and has i of the free, S(A∪p) + S(A−i) ≥ 2·S(A) − a. With
// k = 1 that bounds a rep from above, with k = n−1 from below, by a/2·(n−1) each.
//
// What is no such turn (one that is given back, or that a person has given, a balance that
// is shared out) may lead out
// of it by some slack, which later turns keep in the same way. It is read off the book.
type turns struct {
	books map[string]*bound
}

// bound of a book, in its unit.
type bound struct {
	largest int64 // amount of a turn
	slack   int64
}

// of is the bound of a book that is looked at for the first time, or again.
func (t *turns) of(name string, book ledger.Book) *bound {
	b := t.books[name]
	if b == nil {
		b = &bound{}
		b.widen(book)
		t.books[name] = b
	}
	return b
}

// disturbed takes note that something else than turns has changed books.
func (t *turns) disturbed(s *ledger.State) {
	for name, book := range s.Books {
		t.of(name, book).widen(book)
	}
}

// disturbs reports whether a grant moves credit in another way than by a turn: whom a
// person chooses pays, and need not have had the largest credit.
func disturbs(g ledger.Grant) bool {
	return g.TurnBack || g.Effect == ledger.Settled || g.Turn != nil && g.Turn.Given ||
		g.Undone != nil && (g.Undone.Turn != nil || g.Undone.TurnBack || g.Undone.Effect == ledger.Settled)
}

// widen finds the slack of a book as it is.
func (b *bound) widen(book ledger.Book) {
	credits := make([]int64, 0, len(book))
	for _, credit := range book {
		credits = append(credits, credit)
	}
	slices.Sort(credits)
	slices.Reverse(credits)
	n, sum, most := float64(len(book)), 0.0, 0.0
	for i, credit := range credits {
		k := float64(i + 1)
		sum += float64(credit)
		most = max(most, sum-float64(b.largest)/2*k*(n-k))
	}
	b.slack = int64(math.Ceil(most))
}

// turn tells which rep a turn has led beyond the bound, in words; "" for nobody. Before
// it the book was within. reps are the terms of its roster.
func (t *turns) turn(turn ledger.Turn, reps []ledger.Terms, book ledger.Book) string {
	b := t.books[turn.Book]
	if b == nil { // its first turn
		b = &bound{}
		t.books[turn.Book] = b
	}
	b.largest = max(b.largest, turn.Amount)
	most := (b.largest*int64(len(book)-1)+1)/2 + b.slack
	for _, p := range turn.Free.Positions() {
		if int(p) >= len(reps) {
			continue
		}
		if credit := book[reps[p].ID]; credit > most || -credit > most {
			b.widen(book) // said once
			return fmt.Sprintf("the turn of %s in book %s is %d, and of %d reps none goes beyond %d either way",
				reps[p].ID, turn.Book, credit, len(book), most)
		}
	}
	return ""
}
