package router

import (
	"time"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// sample is what the metrics want to know of a lead once its batch is committed.
type sample struct {
	offset  int64
	came    time.Time // when the broker got the lead
	outcome string
}

// flight keeps samples by partition, in offset order, until they are committed:
// what is aborted and comes again must not count twice.
type flight map[kstream.TopicPartition][]sample

// add notes a decided lead. Activities and presence are not counted.
func (f flight) add(at kstream.TopicPartition, it *item, g ledger.Grant) {
	if it.op.Kind != ledger.Assign {
		return
	}
	outcome := string(g.Outcome)
	if g.Effect == ledger.Repeat {
		outcome = string(ledger.Repeat)
	}
	f[at] = append(f[at], sample{offset: it.record.Offset, came: it.record.Timestamp, outcome: outcome})
}

// committed gives the samples below an offset to use and forgets them.
func (f flight) committed(at kstream.TopicPartition, offset int64, use func(sample)) {
	rest := f[at]
	for len(rest) > 0 && rest[0].offset < offset {
		use(rest[0])
		rest = rest[1:]
	}
	f[at] = rest
}

// forget drops the samples of a partition.
func (f flight) forget(at kstream.TopicPartition) { delete(f, at) }
