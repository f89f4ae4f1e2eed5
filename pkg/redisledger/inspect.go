package redisledger

import (
	"context"
	"fmt"
	"time"
)

// Inspection is what a Redis says of itself and of a namespace.
type Inspection struct {
	Now   time.Time // the server's clock
	Bound bool      // the namespace belongs to an installation; Epoch is 0 otherwise
	Epoch int64
	// Verified: the epoch was verified on this very server, as it runs now. Otherwise
	// it has been restarted or replaced, and the ledger has to be rebuilt.
	Verified bool
}

// Inspect looks at the server and the namespace, and writes nothing. The error is
// that of [Ledger.Open] about what may not be used at all: [ErrEviction],
// [ErrBound], [ErrSchema].
func (l *Ledger) Inspect(ctx context.Context) (Inspection, error) {
	found, err := l.identify(ctx)
	if err != nil {
		return Inspection{}, fmt.Errorf("inspect redis ledger %s: %w", l.cfg.Namespace, err)
	}
	seen := Inspection{
		Now: time.UnixMicro(found.micros).UTC(), Bound: found.exists, Epoch: found.epoch,
		Verified: found.exists && found.verified == found.server,
	}
	if err := l.check(found); err != nil {
		return seen, fmt.Errorf("inspect redis ledger %s: %w", l.cfg.Namespace, err)
	}
	return seen, nil
}
