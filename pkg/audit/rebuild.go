package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// ErrRunning is returned when a rebuild would pull the ledger away from under running routers.
var ErrRunning = errors.New("routers are running; stop them first")

// ErrTooManyLost is returned when more is missing from the log than a crash can lose: a
// part of it is gone, or a record of it is forged.
var ErrTooManyLost = errors.New("missing from the log, more than a crash loses; leadrouter audit says what does not add up")

// Rebuild refills a ledger from the decision log.
type Rebuild struct {
	Kafka    kstream.Client
	Instance string
	// Group is the routers' consumer group: nobody may be in it, and its committed
	// offsets are the acknowledged positions.
	Group string
	// Store is the ledger that is refilled.
	Store ledger.Store
	Now   time.Time
}

// Rebuilt tells what a rebuild found.
type Rebuilt struct {
	Decisions int     `json:"decisions"` // read from the log
	Sequence  int64   `json:"sequence"`  // the last one given
	Leads     int     `json:"leads"`     // known to the ledger
	Lost      []int64 `json:"lost"`      // sequences that were given and never committed
}

// Run folds the log into the ledger. The record that it writes makes the holes
// that a crash has left explained; a crash of Run itself is mended by another.
func (r Rebuild) Run(ctx context.Context) (Rebuilt, error) {
	members, err := r.Kafka.Members(ctx, r.Group)
	if err != nil {
		return Rebuilt{}, err
	}
	if members > 0 {
		return Rebuilt{}, fmt.Errorf("%d in group %s: %w", members, r.Group, ErrRunning)
	}
	topic := event.LeadDecisions.Topic(r.Instance)
	if err := r.Kafka.WaitSettled(ctx, topic); err != nil {
		return Rebuilt{}, err
	}
	folder := NewFolder()
	result := Rebuilt{}
	err = NewLog(r.Kafka, r.Instance).Read(ctx, func(d event.Decision) error {
		result.Decisions++
		return folder.Add(d)
	})
	if err != nil {
		return Rebuilt{}, err
	}
	if result.Lost, err = lost(folder.Missing()); err != nil {
		return Rebuilt{}, err
	}
	if result.Decisions > 0 {
		if err := r.record(ctx, topic, folder, result.Lost); err != nil {
			return Rebuilt{}, err
		}
	}
	if err := r.positions(ctx, folder.State()); err != nil {
		return Rebuilt{}, err
	}
	result.Sequence, result.Leads = folder.State().Sequence, len(folder.State().Leads)
	return result, r.Store.Load(ctx, folder.State())
}

// mostLost is how many sequences a rebuild gives up at most: far more than routers have
// in flight, and few enough for one record.
const mostLost = 50_000

// lost lists the sequences of the gaps.
func lost(gaps []Gap) ([]int64, error) {
	var sequences []int64
	for _, gap := range gaps {
		if gap.Last-gap.First >= mostLost-int64(len(sequences)) {
			return nil, fmt.Errorf("sequences %s: %w", gap, ErrTooManyLost)
		}
		for sequence := gap.First; sequence <= gap.Last; sequence++ {
			sequences = append(sequences, sequence)
		}
	}
	return sequences, nil
}

// record writes to the log that the ledger was rebuilt, and folds that too.
func (r Rebuild) record(ctx context.Context, topic string, folder *Folder, lost []int64) error {
	sequence := folder.last() + 1
	d := event.Decision{
		Engine: routing.Engine, Kind: ledger.Rebuild,
		Op: ledger.OpID{Partition: ledger.Partition{Topic: string(ledger.Rebuild)}, Offset: sequence},
		Grant: ledger.Grant{
			Sequence: sequence, Floor: sequence, Epoch: folder.State().Epoch,
			At: max(folder.latest(), r.Now.UnixMilli()), Effect: ledger.Rebuilt, Lost: lost,
		},
	}
	e, err := event.New(event.LeadDecisions, d.Op.String(), 0, d.Op.Topic, r.Now, d)
	if err != nil {
		return err
	}
	publisher, err := kstream.NewPublisher(r.Kafka)
	if err != nil {
		return err
	}
	defer publisher.Close()
	if err := publisher.Publish(ctx, kstream.Encode(topic, d.Op.Topic, e)); err != nil {
		return fmt.Errorf("record the rebuild: %w", err)
	}
	return folder.Add(d)
}

// positions sets what is acknowledged: all that the group has committed.
func (r Rebuild) positions(ctx context.Context, s *ledger.State) error {
	committed, err := r.Kafka.Committed(ctx, r.Group)
	if err != nil {
		return err
	}
	var names []string
	for at := range committed {
		names = append(names, at.Topic)
	}
	if len(names) == 0 {
		return nil
	}
	identity, err := r.Kafka.Identify(ctx, names...)
	if err != nil {
		return err
	}
	for at, offset := range committed {
		p := ledger.Partition{Topic: identity.Topics[at.Topic], Index: at.Partition}
		s.Tails[p.String()] = &ledger.Tail{Partition: p, Acked: offset}
	}
	return nil
}
