package kstream

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// producer is one transactional client. It is used by one goroutine at a time.
type producer struct {
	cfg     Config
	letters map[string]int // largest record of the dead letter topics
	id      string         // transactional id
	client  *kgo.Client
	// implicit: the broker adds the offsets' partition to the transaction by itself (KIP-890,
	// transaction.version 2), which saves a round trip.
	implicit bool
	known    map[string]bool // topics that the client has written to, and knows
	broken   bool            // the last transaction's outcome is unknown: renew before use
}

// openProducer connects and takes the transactional id over: a transaction that an earlier
// client of this id left open is aborted (or its commit completed) before this returns.
func openProducer(ctx context.Context, cfg Config, letters map[string]int, i int) (*producer, error) {
	p := &producer{cfg: cfg, letters: letters, id: cfg.TransactionalID(i)}
	if err := p.open(ctx); err != nil {
		return nil, fmt.Errorf("open producer %s: %w", p.id, err)
	}
	return p, nil
}

func (p *producer) open(ctx context.Context) error {
	client, err := p.cfg.Client.open(
		kgo.TransactionalID(p.id),
		kgo.TransactionTimeout(p.cfg.TransactionTimeout),
		kgo.RecordDeliveryTimeout(p.cfg.TransactionTimeout),
		kgo.ProduceRequestTimeout(p.cfg.TransactionTimeout/2),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), // murmur2
		kgo.ProducerLinger(0),                                // the whole batch is there at once
		kgo.ProducerBatchMaxBytesFn(p.batchBytes),
		kgo.MaxBufferedRecords(maxBuffered),
	)
	if err != nil {
		return err
	}
	if _, _, err := client.ProducerID(ctx); err != nil {
		client.Close()
		return fmt.Errorf("init producer id: %w", err)
	}
	implicit, err := addsOffsets(ctx, client)
	if err != nil {
		client.Close()
		return err
	}
	p.client, p.implicit, p.known, p.broken = client, implicit, map[string]bool{}, false
	return nil
}

// batchBytes is how large a batch for a topic may be: as large as one record.
func (p *producer) batchBytes(topic string) int32 {
	if limit, ok := p.letters[topic]; ok {
		return int32(limit)
	}
	return int32(p.cfg.MaxMessageBytes)
}

// maxBatch is far below the size of a request, whatever the limit of a topic.
const maxBatch = 64 << 20

// renew replaces the client after an unknown outcome; afterwards it is decided, and the
// group's committed offsets tell how.
func (p *producer) renew(ctx context.Context) error {
	p.client.Close()
	if err := p.open(ctx); err != nil {
		return fmt.Errorf("renew producer %s: %w", p.id, err)
	}
	return nil
}

// maxBuffered lets a whole batch's output in, however much that is: a producer that blocks in
// the middle of a transaction would only spend the transaction's time.
const maxBuffered = 1 << 20

// addsOffsets asks for the cluster's transaction.version.
func addsOffsets(ctx context.Context, client *kgo.Client) (bool, error) {
	req := kmsg.NewPtrApiVersionsRequest()
	req.ClientSoftwareName, req.ClientSoftwareVersion = "leadrouter", "1"
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return false, fmt.Errorf("ask for features: %w", err)
	}
	for _, f := range resp.FinalizedFeatures {
		if f.Name == "transaction.version" {
			return f.MaxVersionLevel >= 2, nil
		}
	}
	return false, nil
}

// produce begins a transaction and writes the records. When it returns an error the
// transaction must be aborted.
func (p *producer) produce(ctx context.Context, records []*Record) error {
	if err := p.client.BeginTransaction(); err != nil {
		p.broken = true
		return fmt.Errorf("begin transaction %s: %w", p.id, err)
	}
	if err := p.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("produce in transaction %s: %w", p.id, err)
	}
	return p.awaitKnown(ctx, records)
}

// awaitKnown waits, for microseconds as a rule, until the client knows all topics that it has
// written to. It keeps the partitions of a topic that is new to it only once the first records
// are on their way, and has an answer to these before, if its goroutine is held up in between.
// A transaction in which it knows of no partition is aborted at its end, and called committed
// (franz-go 1.22.2): its records would be lost.
func (p *producer) awaitKnown(ctx context.Context, records []*Record) error {
	for _, r := range records {
		for !p.known[r.Topic] {
			leader, _, err := p.client.PartitionLeader(r.Topic, r.Partition)
			if p.known[r.Topic] = leader >= 0 || err != nil; p.known[r.Topic] {
				break
			}
			if ctx.Err() != nil {
				return fmt.Errorf("learn of topic %s in transaction %s: %w", r.Topic, p.id, ctx.Err())
			}
			runtime.Gosched()
		}
	}
	return nil
}

// end finishes the transaction and reports whether it is committed. An error together with
// p.broken means that nobody knows.
func (p *producer) end(ctx context.Context) error {
	err := p.client.EndTransaction(ctx, kgo.TryCommit)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kerr.OperationNotAttempted), errors.Is(err, kerr.TransactionAbortable):
		p.abort(ctx)
	default:
		p.broken = true
	}
	return fmt.Errorf("end transaction %s: %w", p.id, err)
}

// abort undoes the transaction; if that fails the client has to be renewed, which aborts too.
func (p *producer) abort(ctx context.Context) {
	if p.broken {
		return
	}
	err := p.client.AbortBufferedRecords(ctx)
	if err == nil {
		err = p.client.EndTransaction(ctx, kgo.TryAbort)
	}
	if err == nil {
		// After some errors the client aborts by taking its id over again, but not before it
		// needs the id: until then the transaction would hold up subscribers and offsets.
		_, _, err = p.client.ProducerID(ctx)
	}
	p.broken = err != nil
}
