package ledger

import (
	"cmp"
	"slices"
)

// Split shares amount out by weight with whole numbers: floors first, then one
// more for the largest remainders, ties to the earlier. The shares add up to
// amount. A negative amount is split as its opposite.
func Split(amount int64, weights []int64) []int64 {
	if amount < 0 {
		shares := Split(-amount, weights)
		for i := range shares {
			shares[i] = -shares[i]
		}
		return shares
	}
	var total int64
	for _, w := range weights {
		total += w
	}
	left := amount
	shares := make([]int64, len(weights))
	order := make([]int, len(weights))
	for i, w := range weights {
		shares[i] = amount * w / total
		left -= shares[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(amount*weights[b]%total, amount*weights[a]%total)
	})
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares
}

// turn enters a turn into its book; sign -1 takes it back. Whoever was free earns
// a share of the amount, the payer pays all of it.
func (s *State) turn(e Entry, payer string, sign int64) {
	book := s.book(e.Book)
	roster := s.Rosters[e.Roster]
	var weights []int64
	positions := e.Free.Positions()
	for _, p := range positions {
		weights = append(weights, roster[p].Weight)
	}
	for i, share := range Split(e.Amount, weights) {
		book[roster[positions[i]].ID] += sign * share
	}
	book[payer] -= sign * e.Amount
}

// book is the book of a name, made if there is none.
func (s *State) book(name string) Book {
	book := s.Books[name]
	if book == nil {
		book = Book{}
		s.Books[name] = book
	}
	return book
}

// settle shares the balances of a rep who leaves over those who remain in each
// book, alike. A book that nobody else is left in keeps the balance.
func (s *State) settle(leaver string) []Share {
	var shares []Share
	for _, name := range sortedKeys(s.Books) {
		book := s.Books[name]
		if book[leaver] == 0 {
			continue
		}
		var members []string
		for _, id := range sortedKeys(book) {
			if id != leaver && s.look(id).Presence != Left {
				members = append(members, id)
			}
		}
		if len(members) == 0 {
			continue
		}
		weights := slices.Repeat([]int64{1}, len(members))
		for i, amount := range Split(book[leaver], weights) {
			if amount != 0 {
				shares = append(shares, Share{Book: name, Rep: members[i], Amount: amount})
			}
		}
	}
	return shares
}

// share moves what settle found; sign -1 moves it back. A leaver whose balance is
// nothing is no member of the book any more.
func (s *State) share(leaver string, shares []Share, sign int64) {
	for _, x := range shares {
		book := s.book(x.Book)
		book[x.Rep] += sign * x.Amount
		book[leaver] -= sign * x.Amount
	}
	if sign < 0 {
		return
	}
	for name, book := range s.Books {
		if credit, ok := book[leaver]; ok && credit == 0 {
			delete(book, leaver)
		}
		if len(book) == 0 {
			delete(s.Books, name)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
