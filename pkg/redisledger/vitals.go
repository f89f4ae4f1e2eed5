package redisledger

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Vitals are what an operator watches of a ledger, and of the Redis that it is in.
type Vitals struct {
	Epoch int64 // 0: the namespace is empty
	// Waiting counts the leads in the waiting line.
	Waiting int64
	// First is since when the first in line waits; zero: nobody does.
	First time.Time
	// Memos are the operations that are not acknowledged.
	Memos int64
	// Used and Limit are bytes of the server's memory. Limit 0: it has none, or it does not say.
	Used, Limit int64
}

// Vitals looks at whatever ledger there is, and writes nothing. The figures are not of one
// instant.
func (l *Ledger) Vitals(ctx context.Context) (Vitals, error) {
	found, err := l.identify(ctx)
	if err != nil {
		return Vitals{}, fmt.Errorf("vitals of redis ledger %s: %w", l.cfg.Namespace, err)
	}
	v := Vitals{Epoch: found.epoch, Used: found.used, Limit: found.limit}
	if !found.exists {
		return v, nil
	}
	if err := l.count(ctx, l.keys(found.generation), &v); err != nil {
		return Vitals{}, fmt.Errorf("vitals of redis ledger %s: %w", l.cfg.Namespace, classify(err))
	}
	return v, nil
}

// count fills in what one generation holds: who waits, and what is in flight.
func (l *Ledger) count(ctx context.Context, k keys, v *Vitals) error {
	pipe := l.client.Pipeline()
	waiting := pipe.ZLexCount(ctx, k.line(), lineFrom, lineTo)
	first := pipe.ZRangeByLex(ctx, k.line(), &redis.ZRangeBy{Min: lineFrom, Max: lineTo, Count: 1})
	parts := pipe.ZRange(ctx, k.floors(), 0, -1) // those with memos
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	v.Waiting = waiting.Val()
	for _, place := range first.Val() {
		at, err := parsePlace(place)
		if err != nil {
			return err
		}
		v.First = time.UnixMilli(at.Since).UTC()
	}
	for _, part := range parts.Val() {
		pipe.LLen(ctx, k.in(memoPrefix+part))
	}
	lengths, err := pipe.Exec(ctx)
	for _, length := range lengths {
		if n, ok := length.(*redis.IntCmd); ok {
			v.Memos += n.Val()
		}
	}
	return err
}
