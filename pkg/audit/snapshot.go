package audit

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// ErrSnapshot is returned for a snapshot that is not whole, or not what was written.
var ErrSnapshot = errors.New("the snapshot is damaged")

// Snapshot is the ledger at a point of the decision log: whoever goes on from it, with
// the records from its offsets on, comes to what the whole log gives.
type Snapshot struct {
	event.Snapshot
	State *ledger.State
	// Early are records below the offsets that wait for one before them.
	Early []event.Decision
}

// From are the offsets to read on from in the decision log of an instance.
func (s Snapshot) From(instance string) map[kstream.TopicPartition]int64 {
	from := make(map[kstream.TopicPartition]int64, len(s.Offsets))
	for partition, offset := range s.Offsets {
		from[kstream.TopicPartition{Topic: event.LeadDecisions.Topic(instance), Partition: partition}] = offset
	}
	return from
}

// partBytes of a content make a record of nine tenths of what brokers take by default,
// once they are written as base64.
const partBytes = 700_000

// maxGrowth is how many times its size a content may grow when it is unpacked. That of a ledger
// grows about tenfold; a thousandfold is what gzip makes of nothing at all.
const maxGrowth = 200

var errGrowth = fmt.Errorf("it unpacks to more than %d times its size", maxGrowth)

// maxParts is far above what any ledger needs: a record can claim any number of them.
const maxParts = 100_000

// snapshotPrefix begins the keys of snapshots; those of parts begin with a sequence.
const snapshotPrefix = "snapshot/"

func snapshotKey(sequence int64) string { return snapshotPrefix + strconv.FormatInt(sequence, 10) }

func snapshotPart(sequence int64, part int) string { return fmt.Sprintf("%d/%d", sequence, part) }

// pack makes the content of a snapshot, and fills in how it is cut and its digest.
func (s *Snapshot) pack() ([]byte, error) {
	state, err := json.Marshal(s.State.Logged())
	if err != nil {
		return nil, fmt.Errorf("snapshot %d: %w", s.Sequence, err)
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if err := json.NewEncoder(zip).Encode(event.SnapshotContent{State: state, Early: s.Early}); err != nil {
		return nil, fmt.Errorf("snapshot %d: %w", s.Sequence, err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("snapshot %d: %w", s.Sequence, err)
	}
	sum := sha256.Sum256(packed.Bytes())
	s.Digest, s.Parts = hex.EncodeToString(sum[:]), (packed.Len()+partBytes-1)/partBytes
	return packed.Bytes(), nil
}

// unpack is the other way round.
func (s *Snapshot) unpack(packed []byte) error {
	sum := sha256.Sum256(packed)
	if hex.EncodeToString(sum[:]) != s.Digest {
		return fmt.Errorf("snapshot %d: %w: its parts do not have its digest", s.Sequence, ErrSnapshot)
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("snapshot %d: %w: %w", s.Sequence, ErrSnapshot, err)
	}
	var content event.SnapshotContent
	whole := &io.LimitedReader{R: zip, N: maxGrowth * int64(len(packed)+1<<10)}
	if err := json.NewDecoder(whole).Decode(&content); err != nil {
		if whole.N == 0 {
			err = errGrowth
		}
		return fmt.Errorf("snapshot %d: %w: %w", s.Sequence, ErrSnapshot, err)
	}
	if s.State, err = ledger.Parse(content.State); err != nil {
		return fmt.Errorf("snapshot %d: %w: %w", s.Sequence, ErrSnapshot, err)
	}
	s.Early = content.Early
	return nil
}

// Snapshots are those of an installation, in ledger.snapshot.
type Snapshots struct {
	kafka kstream.Client
	topic string
}

// NewSnapshots reads the snapshots of an instance.
func NewSnapshots(kafka kstream.Client, instance string) *Snapshots {
	return &Snapshots{kafka: kafka, topic: event.LedgerSnapshot.Topic(instance)}
}

// List tells which snapshots there are, the newest first; none where there is no topic.
func (s *Snapshots) List(ctx context.Context) ([]event.Snapshot, error) {
	found := map[string]event.Snapshot{}
	err := s.read(ctx, func(r *kstream.Record) error {
		key := string(r.Key)
		if !strings.HasPrefix(key, snapshotPrefix) {
			return nil
		}
		var snapshot event.Snapshot
		if delete(found, key); json.Unmarshal(r.Value, &snapshot) == nil && snapshotKey(snapshot.Sequence) == key && snapshot.Parts <= maxParts {
			found[key] = snapshot
		}
		return nil
	})
	list := slices.SortedFunc(maps.Values(found), func(a, b event.Snapshot) int { return cmp.Compare(b.Sequence, a.Sequence) })
	return list, err
}

// Latest is the newest snapshot that fits, or any for nil; nil when there is none. The
// error wraps [ErrSnapshot] when that one is damaged.
func (s *Snapshots) Latest(ctx context.Context, fits func(event.Snapshot) bool) (*Snapshot, error) {
	list, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, snapshot := range list {
		if fits == nil || fits(snapshot) {
			return s.Read(ctx, snapshot)
		}
	}
	return nil, nil
}

// Read puts a snapshot together. The error wraps [ErrSnapshot] when it is damaged.
func (s *Snapshots) Read(ctx context.Context, listed event.Snapshot) (*Snapshot, error) {
	parts := map[int][]byte{}
	err := s.read(ctx, func(r *kstream.Record) error {
		var part event.SnapshotPart
		if strings.HasPrefix(string(r.Key), snapshotPrefix) || json.Unmarshal(r.Value, &part) != nil {
			return nil
		}
		if part.Sequence == listed.Sequence && string(r.Key) == snapshotPart(part.Sequence, part.Part) {
			parts[part.Part] = part.Content
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	snapshot := &Snapshot{Snapshot: listed}
	if len(parts) < listed.Parts {
		return snapshot, fmt.Errorf("snapshot %d: %w: %d of %d parts are there", listed.Sequence, ErrSnapshot, len(parts), listed.Parts)
	}
	var packed []byte
	for i := range listed.Parts {
		packed = append(packed, parts[i]...)
	}
	return snapshot, snapshot.unpack(packed)
}

func (s *Snapshots) read(ctx context.Context, use func(*kstream.Record) error) error {
	from, err := starts(ctx, s.kafka, s.topic)
	if err == nil && len(from) > 0 {
		_, err = s.kafka.ReadToEnd(ctx, from, use)
	}
	if err != nil {
		return fmt.Errorf("read snapshots: %w", err)
	}
	return nil
}

// starts are the first offsets of a topic; none where there is no such topic: an
// installation may be older than it.
func starts(ctx context.Context, kafka kstream.Client, topic string) (map[kstream.TopicPartition]int64, error) {
	if there, err := kafka.HasTopic(ctx, topic); err != nil || !there {
		return nil, err
	}
	return kafka.Starts(ctx, topic)
}

// records are those that a snapshot is written as; what takes the place of older ones
// are tombstones.
func (s *Snapshots) records(snapshot Snapshot, packed []byte, old []event.Snapshot, at time.Time) ([]*kstream.Record, error) {
	var records []*kstream.Record
	add := func(key string, data any) error {
		e, err := event.New(event.LedgerSnapshot, key, 0, key, at, data)
		if err == nil {
			records = append(records, kstream.Encode(s.topic, key, e))
		}
		return err
	}
	for i := range snapshot.Parts {
		part := event.SnapshotPart{
			Sequence: snapshot.Sequence, Part: i, Parts: snapshot.Parts,
			Content: packed[i*partBytes : min(len(packed), (i+1)*partBytes)],
		}
		if err := add(snapshotPart(part.Sequence, i), part); err != nil {
			return nil, err
		}
	}
	if err := add(snapshotKey(snapshot.Sequence), snapshot.Snapshot); err != nil {
		return nil, err
	}
	for _, o := range old {
		keys := []string{snapshotKey(o.Sequence)}
		for i := range o.Parts {
			keys = append(keys, snapshotPart(o.Sequence, i))
		}
		for _, key := range keys {
			records = append(records, &kstream.Record{Topic: s.topic, Key: []byte(key)})
		}
	}
	return records, nil
}
