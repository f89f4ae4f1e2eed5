package redisledger

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/ledger"
)

// Where the places of the line of all are: those of no rep.
const lineFrom, lineTo = "[\n", "(\v"

// Head implements [ledger.Store].
func (l *Ledger) Head(ctx context.Context) (*ledger.Offer, error) {
	k := l.keys(l.binding().generation)
	page := redis.ZRangeBy{Min: lineFrom, Max: lineTo, Count: scanPage}
	for {
		places, err := l.client.ZRangeByLex(ctx, k.line(), &page).Result()
		if err != nil || len(places) == 0 {
			return nil, classify(err)
		}
		first, err := l.unasked(ctx, k, places)
		if first != nil || err != nil || len(places) < scanPage {
			return first, err
		}
		page.Min = "(" + places[len(places)-1]
	}
}

// unasked is the first of some places in line whose lead has no offer.
func (l *Ledger) unasked(ctx context.Context, k keys, places []string) (*ledger.Offer, error) {
	all := make([]*ledger.Offer, len(places))
	leads := make([]string, len(places))
	for i, place := range places {
		var err error
		if all[i], err = parsePlace(place); err != nil {
			return nil, err
		}
		leads[i] = all[i].Lead
	}
	offers, err := l.client.HMGet(ctx, k.offers(), leads...).Result()
	if err != nil {
		return nil, fmt.Errorf("read what is on offer: %w", classify(err))
	}
	for i, offer := range offers {
		if offer == nil {
			return all[i], nil
		}
	}
	return nil, nil
}

// parsePlace reads where a lead stands: see [ledger.State.Places].
func parsePlace(text string) (*ledger.Offer, error) {
	parts := strings.Split(text, "\n")
	if len(parts) != 5 {
		return nil, fmt.Errorf("read a place in line: %d parts", len(parts))
	}
	var numbers [3]int64
	for i, part := range []string{parts[1], parts[2], parts[4]} {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read a place in line: %w", err)
		}
		numbers[i] = n
	}
	return &ledger.Offer{
		Lead: parts[3], Attempt: int(numbers[2]), Rep: parts[0], Rank: ledger.MaxRank - numbers[0], Since: numbers[1],
	}, nil
}
