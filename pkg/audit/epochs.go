package audit

import (
	"context"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// epochs are the rebuilds of a log. A ledger that was replaced is not to grant any more; a
// router that it lets grant all the same writes what never happened. Whoever rebuilds shuts
// such routers out first, so that this is a second lock on the same door.
type epochs []rebuilt

// rebuilt is one of them: the first epoch and sequence of the new ledger, and what it does
// not count as given.
type rebuilt struct {
	epoch, sequence int64
	lost            map[int64]bool
}

// add takes note of a rebuild; other decisions are passed over.
func (e *epochs) add(d event.Decision) {
	if d.Grant.Effect != ledger.Rebuilt {
		return
	}
	r := rebuilt{epoch: d.Grant.Epoch, sequence: d.Grant.Sequence, lost: make(map[int64]bool, len(d.Grant.Lost))}
	for _, sequence := range d.Grant.Lost {
		r.lost[sequence] = true
	}
	*e = append(*e, r)
}

// late says whether a grant is of a ledger that had been replaced before it was committed.
func (e epochs) late(g ledger.Grant) bool {
	for _, r := range e {
		if g.Epoch < r.epoch && (g.Sequence >= r.sequence || r.lost[g.Sequence]) {
			return true
		}
	}
	return false
}

// epochs reads the rebuilds of the log. All have one key, so that only its partition is
// read, ahead of the others: what comes late may stand in any of them, and be read before.
func (l *Log) epochs(ctx context.Context, from map[kstream.TopicPartition]int64) (epochs, error) {
	at := kstream.TopicPartition{Topic: l.topic, Partition: kstream.PartitionOfKey(string(ledger.Rebuild), len(from))}
	start, ok := from[at]
	if !ok {
		return nil, nil
	}
	var found epochs
	_, err := l.kafka.ReadToEnd(ctx, map[kstream.TopicPartition]int64{at: start}, func(r *kstream.Record) error {
		if string(r.Key) != string(ledger.Rebuild) {
			return nil
		}
		if d, err := Decode(r); err == nil { // else it is told where it is read for itself
			found.add(d)
		}
		return nil
	})
	return found, err
}
