package router

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/ledger"
)

// ackAfter is how long a position waits for a batch to carry it. Until then the
// leads of the committed batch are busy to everybody else.
const ackAfter = 5 * time.Millisecond

// ackAgain is the wait after a failure. It has to be tried again even when no batch
// comes: until then those leads are busy.
const ackAgain = time.Second

// acker keeps the positions that are committed and not yet acknowledged.
type acker struct {
	store ledger.Store
	clock clock.Clock
	log   *zap.Logger

	wake chan struct{} // buffered: there is something to acknowledge
	mu   sync.Mutex
	due  map[ledger.Partition]int64
}

func newAcker(store ledger.Store, c clock.Clock, log *zap.Logger) *acker {
	return &acker{
		store: store, clock: c, log: log,
		wake: make(chan struct{}, 1), due: map[ledger.Partition]int64{},
	}
}

// add notes a position.
func (a *acker) add(p ledger.Partition, position int64) {
	a.mu.Lock()
	a.due[p] = max(a.due[p], position)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// take hands all positions to a caller, who gives them back if it fails.
func (a *acker) take() []ledger.Ack {
	a.mu.Lock()
	defer a.mu.Unlock()
	acks := make([]ledger.Ack, 0, len(a.due))
	for p, position := range a.due {
		acks = append(acks, ledger.Ack{Partition: p, Position: position})
	}
	clear(a.due)
	return acks
}

// giveBack returns positions that were not acknowledged.
func (a *acker) giveBack(acks []ledger.Ack) {
	for _, ack := range acks {
		a.add(ack.Partition, ack.Position)
	}
}

// run acknowledges what no batch has carried in time, until ctx ends; then it
// acknowledges the rest.
func (a *acker) run(ctx context.Context) error {
	pause := ackAfter
	for {
		select {
		case <-ctx.Done():
			_ = a.flush(context.WithoutCancel(ctx)) // the next owner finds it in the log
			return nil
		case <-a.wake:
		}
		if a.clock.Sleep(ctx, pause) != nil {
			continue
		}
		pause = ackAfter
		if err := a.flush(ctx); err != nil {
			// A batch will say so more loudly.
			a.log.Debug("positions not acknowledged yet", zap.Error(err))
			pause = ackAgain
		}
	}
}

// flush acknowledges what is due.
func (a *acker) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	acks := a.take()
	if len(acks) == 0 {
		return nil
	}
	_, err := a.store.Apply(ctx, ledger.Chunk{Acks: acks})
	if err != nil {
		a.giveBack(acks)
	}
	return err
}
