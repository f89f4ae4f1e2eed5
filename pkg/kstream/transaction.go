package kstream

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
)

// transaction is one batch on its way into the log. Its goroutine writes err and then closes
// done; everything else is fixed before it starts.
type transaction struct {
	input    []*Record // what the handler has handled
	output   []*Record // dead letters included
	dead     []Dead
	offsets  map[TopicPartition]int64 // behind input
	member   member
	producer *producer    // nil: no output, the offsets are committed plainly
	prev     *transaction // must be committed before; nil: nothing is under way

	done chan struct{}
	err  error // nil: committed for certain
}

// run carries t to its end. Writing overlaps with the end of the transaction before; the
// offsets wait for it, so that commits are in order and nothing is committed after a gap.
func (t *transaction) run(ctx context.Context, consumer *kgo.Client, cfg Config) {
	defer close(t.done)
	if t.producer == nil {
		if t.err = t.awaitPrev(); t.err == nil {
			t.err = commitPlain(ctx, consumer, cfg.Group(), t.member, t.offsets)
		}
		return
	}
	if t.err = t.write(ctx); t.err != nil {
		t.producer.abort(ctx)
		return
	}
	t.err = t.producer.end(ctx)
}

// write does everything but the end.
func (t *transaction) write(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.producer.timeout())
	defer cancel()
	err := t.producer.produce(ctx, t.output)
	if prevErr := t.awaitPrev(); err == nil {
		err = prevErr
	}
	if err == nil {
		err = commitInTransaction(ctx, t.producer, t.member, t.offsets)
	}
	return err
}

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

// result names the outcome for the metrics.
func (t *transaction) result() string {
	switch {
	case t.err == nil && t.producer == nil:
		return "offsets"
	case t.err == nil:
		return "committed"
	case t.producer != nil && t.producer.broken:
		return "unknown"
	default:
		return "aborted"
	}
}
