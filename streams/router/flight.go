package router

import (
	"time"

	"leadrouter/pkg/kstream"
)

// passage is a record on its way from the input to the log.
type passage struct {
	sent    bool      // in the output of a batch, as a decision or a dead letter
	stray   bool      // granted, perhaps, and no output tells of it
	outcome string    // of a lead, for the metrics; empty: not counted
	came    time.Time // when the broker got the lead
	source  string    // that the lead names
	live    bool      // the lead is neither a test nor of an import
}

// flight keeps passages by partition and offset until they are committed. What is
// a stray when it is committed will never be told of: the stream gave the record
// up, or nobody could read it again.
type flight map[kstream.TopicPartition]map[int64]passage

// meet enters the records of a batch that are new.
func (f flight) meet(batch kstream.Batch) {
	for _, r := range batch.Records {
		if _, known := f[kstream.PartitionOf(r)][r.Offset]; !known {
			f.set(kstream.PartitionOf(r), r.Offset, passage{})
		}
	}
}

// set notes where a record stands.
func (f flight) set(at kstream.TopicPartition, offset int64, p passage) {
	if f[at] == nil {
		f[at] = map[int64]passage{}
	}
	f[at][offset] = p
}

// refuse notes a dead letter. If it was granted when it was read before, it is
// still a stray.
func (f flight) refuse(r *kstream.Record) {
	at := kstream.PartitionOf(r)
	p := f[at][r.Offset]
	p.sent = true
	f.set(at, r.Offset, p)
}

// land forgets the passages below a committed offset. It gives those that were
// told of to use, and reports whether there were others.
func (f flight) land(at kstream.TopicPartition, offset int64, use func(passage)) (strays bool) {
	for o, p := range f[at] {
		if o >= offset {
			continue
		}
		delete(f[at], o)
		if p.stray {
			strays = true
		} else {
			use(p)
		}
	}
	return strays
}

// forget drops the passages of a partition.
func (f flight) forget(at kstream.TopicPartition) { delete(f, at) }
