package kstream

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
)

// Record is a Kafka record, as input and as output.
type Record = kgo.Record

// Header is a header of a record.
type Header = kgo.RecordHeader

// TopicPartition names one partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String returns "topic/partition".
func (tp TopicPartition) String() string { return fmt.Sprintf("%s/%d", tp.Topic, tp.Partition) }

// PartitionOf returns the partition that a record was read from.
func PartitionOf(r *Record) TopicPartition {
	return TopicPartition{Topic: r.Topic, Partition: r.Partition}
}

// AppendTime returns the brokers' time at which a record was written, and whether its topic
// keeps that.
func AppendTime(r *Record) (at time.Time, kept bool) {
	return r.Timestamp, r.Attrs.TimestampType() == logAppendTime
}

// logAppendTime is message.timestamp.type=LogAppendTime in the attributes of a record.
const logAppendTime = 1

// Batch is what the handler gets at once. Records of one partition are in offset order;
// partitions may be interleaved. It is empty on a tick (see [Config.Tick]).
type Batch struct {
	Records []*Record
}

// Dead is an input record that cannot be handled. It is copied to `<topic>.dlq` byte for
// byte, in the transaction that commits its offset.
type Dead struct {
	Record *Record
	Code   string // stable, lower case, for headers and metrics: "bad_json"
	Err    error  // the sentence a human reads; it must not quote personal data

	unread bool // Record is the last of a batch that cannot be unpacked, and has no more than its place
}

// Output is the handler's answer to a batch. An empty one commits the offsets and writes nothing.
type Output struct {
	// Records are produced in the transaction that commits the batch, keyed by murmur2.
	Records []*Record
	// DLQ names records of the batch that go to their dead letter topic.
	DLQ []Dead
	// Until names, for a partition that could not be handled to its end ("busy"), the
	// offset of the first record not handled. It and what follows it in that partition
	// comes again, in order, at the head of a later batch.
	Until map[TopicPartition]int64
	// Unprompted lets Records be written although nothing of the batch is handled: they are
	// committed with the positions as they are, like those of a tick.
	Unprompted bool
	// Then, if not nil, is called once all of this is committed for certain, just before
	// Committed and like it from the goroutine of the handler's other methods. Those of
	// several outputs come in the order of the outputs; one that does not come before
	// Assigned never comes. An output with nothing to commit has no use for it.
	Then func()
}

// Handler is the business end of a stream. All methods are called from one goroutine, never
// at once; doc.go has the order. ctx ends only when a shutdown has run out of time.
//
// The error of Assigned and Handle decides the fate: [Retry], [Fatal], anything else (and a
// panic of Handle) is a failure of the records, which after three times ends in the DLQ.
type Handler interface {
	// Assigned tells, before the first record of these partitions, at which offsets reading
	// starts. After an abort it is called again with the committed offsets: what Handle was
	// given from there on did not happen and comes again.
	Assigned(ctx context.Context, offsets map[TopicPartition]int64) error
	// Handle turns a batch into output. It may get the same records again after an abort or
	// a crash, then perhaps cut into other batches, and must then give the same output.
	Handle(ctx context.Context, batch Batch) (Output, error)
	// Committed tells that everything below these offsets is committed for certain.
	Committed(ctx context.Context, offsets map[TopicPartition]int64)
	// Revoked tells that these partitions belong to someone else from now on, or that the
	// stream ends. What was handed out of them is committed or void by then.
	Revoked(ctx context.Context, partitions []TopicPartition)
}

// Stream reads topics as a member of a group and applies a handler exactly once.
type Stream struct {
	cfg     Config
	handler Handler
	metrics *metrics
	log     *zap.Logger
	ready   atomic.Bool
	probe   atomic.Pointer[kgo.Client] // the consumer while it is open
}

// New checks the configuration and returns a stream. It does not connect.
func New(cfg Config, handler Handler) (*Stream, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("stream %s: %w", cfg.Group(), err)
	}
	m, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", cfg.Group(), err)
	}
	log := cfg.Logger.With(zap.String("group", cfg.Group()))
	return &Stream{cfg: cfg, handler: handler, metrics: m, log: log}, nil
}

// Ready reports whether the stream is a member of its group and makes progress: false before
// the first assignment and while the handler or the brokers are waited for.
func (s *Stream) Ready() bool { return s.ready.Load() }

// Ping asks whether a broker answers, which [Stream.Ready] only finds out by work. It returns
// nil before Run has connected.
func (s *Stream) Ping(ctx context.Context) error {
	client := s.probe.Load()
	if client == nil {
		return nil
	}
	if err := client.Ping(ctx); err != nil {
		return fmt.Errorf("ping the brokers: %w", err)
	}
	return nil
}
