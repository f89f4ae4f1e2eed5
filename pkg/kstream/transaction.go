package kstream

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// transaction is one batch on its way into the log. Its goroutine closes written, then writes
// err, wrote and ended and closes done; everything else is fixed before it starts.
type transaction struct {
	input    []*Record // what the handler has handled
	output   []*Record // dead letters included
	dead     []Dead
	offsets  map[TopicPartition]int64 // behind input
	member   member
	then     func()       // nil: nobody wants to know
	producer *producer    // nil: no output, the offsets are committed plainly
	prev     *transaction // must be written and committed before; nil: nothing is under way

	begun    time.Time // when the handler was done
	written  chan struct{}
	wrote    time.Time // when the output was in the log
	writeErr error     // nil: the output is in the log, undecided

	done  chan struct{}
	ended time.Time // when it was committed, with output
	err   error     // nil: committed for certain
}

// run carries t to its end. It writes while the transaction before ends, not while that is
// written: the output of two batches would be mixed, and a key's records swapped.
func (t *transaction) run(ctx context.Context, consumer *kgo.Client, cfg Config) {
	defer close(t.done)
	limited, cancel := context.WithTimeout(ctx, t.timeout(cfg))
	defer cancel()
	t.write(limited)
	t.wrote = cfg.Clock.Now()
	prevErr := t.awaitPrev()
	switch {
	case t.writeErr != nil:
		t.err = t.writeErr
	case prevErr != nil:
		t.err = prevErr
	case t.producer == nil:
		t.err = commitPlain(limited, consumer, cfg.Group(), t.member, t.offsets)
	default:
		t.err = commitInTransaction(limited, t.producer, t.member, t.offsets)
	}
	if t.producer == nil {
		return
	}
	if t.err != nil {
		t.producer.abort(ctx)
		return
	}
	t.err = t.producer.end(ctx)
	t.ended = cfg.Clock.Now()
}

// timeout is the time that everything but the end may take: less than the coordinator gives
// it, so that we abort and not the coordinator, whose abort we would meet as a fence.
func (t *transaction) timeout(cfg Config) time.Duration { return cfg.TransactionTimeout * 8 / 10 }

// write puts the output into the log behind that of the transaction before.
func (t *transaction) write(ctx context.Context) {
	defer close(t.written)
	if t.prev != nil {
		<-t.prev.written
		if t.prev.writeErr != nil {
			t.writeErr = errPredecessor
			return
		}
	}
	if t.producer != nil {
		t.writeErr = t.producer.produce(ctx, t.output)
	}
}

// awaitPrev waits until the transaction before is decided, so that commits are in order and
// nothing is committed behind a gap.
func (t *transaction) awaitPrev() error {
	if t.prev == nil {
		return nil
	}
	<-t.prev.done
	err := t.prev.err
	t.prev = nil // else every transaction would keep all before it in memory
	if err != nil {
		return errPredecessor
	}
	return nil
}

// Outcomes of a transaction, for the metrics.
const (
	resultCommitted = "committed"
	resultOffsets   = "offsets" // committed, nothing written
	resultAborted   = "aborted"
	resultUnknown   = "unknown" // the producer lost touch at the end
)

func results() []string {
	return []string{resultCommitted, resultOffsets, resultAborted, resultUnknown}
}

// result names the outcome for the metrics.
func (t *transaction) result() string {
	switch {
	case t.err == nil && t.producer == nil:
		return resultOffsets
	case t.err == nil:
		return resultCommitted
	case t.producer != nil && t.producer.broken:
		return resultUnknown
	default:
		return resultAborted
	}
}
