package kstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// ErrOvertaken is returned when somebody else has opened the same id since: nothing was
// written.
var ErrOvertaken = errors.New("another process has taken over")

// Exclusive writes records outside of any stream, all or none. Of those who open one id, the
// last alone can commit, so whoever opens, reads and then commits knows that what it has read
// was still true.
type Exclusive struct{ producer *producer }

// exclusiveTimeout lets some megabytes pass over a slow line. A process that dies holds back
// readers of what it wrote for as long, unless somebody opens its id.
const exclusiveTimeout = time.Minute

// OpenExclusive takes a transactional id over: when it returns, all that earlier holders wrote
// is committed or gone, and they can commit no more.
func OpenExclusive(ctx context.Context, c Client, id string) (*Exclusive, error) {
	p := &producer{cfg: Config{Client: c, TransactionTimeout: exclusiveTimeout}.withDefaults(), id: id}
	if err := p.open(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	return &Exclusive{producer: p}, nil
}

// Commit writes the records in one transaction, and returns once whoever reads sees them. The
// error is [ErrOvertaken] when another holder came in between. After any other error the outcome
// may be unknown: read again.
func (e *Exclusive) Commit(ctx context.Context, records ...*Record) error {
	err := e.producer.produce(ctx, records)
	if err != nil {
		e.producer.abort(context.WithoutCancel(ctx))
	} else if err = e.producer.end(ctx); err == nil {
		e.awaitSeen(ctx)
	}
	// A transaction that cannot be ended was aborted: who opens the id does that first, and
	// fences us then.
	for _, overtaken := range []error{kerr.InvalidProducerEpoch, kerr.ProducerFenced, kerr.InvalidTxnState} {
		if errors.Is(err, overtaken) {
			return fmt.Errorf("%w: %w", ErrOvertaken, err)
		}
	}
	return err
}

// awaitSeen waits until the brokers have marked what is committed in every partition: a
// transaction counts as committed before. Where they cannot tell, readers see it a little later.
func (e *Exclusive) awaitSeen(ctx context.Context) {
	admin := kadm.NewClient(e.producer.client)
	pause := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(time.Millisecond), backoff.WithMaxInterval(time.Second), backoff.WithMaxElapsedTime(exclusiveTimeout),
	)
	_ = backoff.Retry(func() error {
		described, err := admin.DescribeTransactions(ctx, e.producer.id)
		switch t := described[e.producer.id]; {
		case err != nil:
			return backoff.Permanent(err)
		case t.Err == nil && t.State == "PrepareCommit":
			return errUnseen
		default:
			return nil
		}
	}, backoff.WithContext(pause, ctx))
}

// errUnseen has awaitSeen ask again.
var errUnseen = errors.New("not marked in every partition")

// Close lets the brokers go; what is not committed is lost.
func (e *Exclusive) Close() { e.producer.client.Close() }
