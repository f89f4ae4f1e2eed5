package recount

import (
	"slices"
	"strings"
)

func (t *Tally) book(name string) map[string]int64 {
	book := t.Credit[name]
	if book == nil {
		book = map[string]int64{}
		t.Credit[name] = book
	}
	return book
}

// turn enters the turn of a grant, and checks that it was right.
func (t *Tally) turn(g Grant) {
	book, free := t.book(g.Turn.Book), t.members(g)
	earned := shares(g.Turn.Amount, free)
	if !t.shaken {
		if book[g.Rep] != g.Turn.Before {
			t.fault(TurnOf, g, "credit of %s is %d, not %d before", g.Rep, book[g.Rep], g.Turn.Before)
		}
		if !g.Turn.Given {
			t.checkTurn(g, free, earned)
		}
	}
	t.enter(g, free, earned, +1)
	if !t.shaken && book[g.Rep] != g.Turn.After {
		t.fault(TurnOf, g, "credit of %s is %d, not %d after", g.Rep, book[g.Rep], g.Turn.After)
	}
	if t.shaken || g.Turn.Given {
		t.slack[g.Turn.Book]++
	}
	if t.Turns++; g.Turn.Given {
		t.Given++
	}
	t.checkBound(g)
}

// back takes a turn out of its book, or enters it again.
func (t *Tally) back(g Grant, sign int64) {
	free := t.members(g)
	t.enter(g, free, shares(g.Turn.Amount, free), sign)
	t.slack[g.Turn.Book]++
	t.checkBound(g)
}

// enter has all of the free earn by weight, and the payer pay.
func (t *Tally) enter(g Grant, free []Terms, earned []int64, sign int64) {
	book := t.book(g.Turn.Book)
	for i, rep := range free {
		book[rep.ID] += sign * earned[i]
	}
	book[g.Rep] -= sign * g.Turn.Amount
}

// checkTurn: the one who got the lead had the largest credit; among equals it was the one
// who had waited longest.
func (t *Tally) checkTurn(g Grant, free []Terms, earned []int64) {
	book, payer := t.book(g.Turn.Book), slices.IndexFunc(free, func(r Terms) bool { return r.ID == g.Rep })
	if payer < 0 {
		t.fault(TurnOf, g, "%s got it and was not free", g.Rep)
		return
	}
	best := book[g.Rep] + earned[payer]
	for i, rep := range free {
		other := book[rep.ID] + earned[i]
		if other > best || other == best && t.last[rep.ID] < t.last[g.Rep] {
			t.fault(TurnOf, g, "it was the turn of %s, not of %s", rep.ID, g.Rep)
		}
	}
}

// checkBound: a book adds up to zero, and nobody in it is further from zero than (n-1)/2
// leads, the dearest if they count by value. That holds for weights too: for any set A of k reps let S(A) be the sum of their
// credits; then S(A) <= k(n-k)/2 is kept by every turn, whatever the shares, because the
// payer had the largest credit of the free. With k = 1 it bounds a rep from above, with
// k = n-1 from below. A leaver's balance, shared out over the rest, widens that by less than a
// lead, and so does a turn that is taken back, and one that a person gave to whom they chose.
func (t *Tally) checkBound(g Grant) {
	book := t.book(g.Turn.Book)
	t.dearest[g.Turn.Book] = max(t.dearest[g.Turn.Book], g.Turn.Amount)
	sum, most := int64(0), int64(0)
	for _, credit := range book {
		sum += credit
		most = max(most, credit, -credit)
	}
	if sum != 0 {
		t.fault(TurnOf, g, "book %s adds up to %d", g.Turn.Book, sum)
	}
	dearest := t.dearest[g.Turn.Book]
	bound := int64(len(book)-1)*dearest/2 + t.slack[g.Turn.Book]*dearest
	if most > bound {
		t.fault(TurnOf, g, "somebody in book %s is %d from zero, and %d is the bound", g.Turn.Book, most, bound)
	}
	t.Largest[g.Turn.Book] = max(t.Largest[g.Turn.Book], most)
}

// members are the free of a turn.
func (t *Tally) members(g Grant) []Terms {
	roster := t.rosters[g.Roster]
	var free []Terms
	for k, digit := range g.Turn.Free {
		nibble := strings.IndexRune("0123456789abcdef", digit)
		for bit := range 4 {
			if at := 4*k + bit; nibble>>bit&1 == 1 && at < len(roster) {
				free = append(free, roster[at])
			}
		}
	}
	return free
}

// shares splits an amount by weight: rounded down, then one more for those whom rounding
// has cost most, the earlier first.
func shares(amount int64, free []Terms) []int64 {
	total, left := int64(0), amount
	for _, r := range free {
		total += r.Weight
	}
	split, cost := make([]int64, len(free)), make([]int64, len(free))
	if total == 0 {
		return split
	}
	for i, r := range free {
		split[i], cost[i] = amount*r.Weight/total, amount*r.Weight%total
		left -= split[i]
	}
	for ; left > 0; left-- {
		i := slices.Index(cost, slices.Max(cost))
		split[i]++
		cost[i] = -1
	}
	return split
}
