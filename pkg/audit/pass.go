package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/seal"
)

// PassConfig of a [Pass].
type PassConfig struct {
	Kafka    kstream.Client
	Instance string
	Planners []*routing.Planner
	// Find is that of [Auditor].
	Find func(hash string) *routing.Planner
	// Report is told each finding.
	Report func(Finding)
	// From says which snapshot may be begun at, the newest that does is taken; nil: none,
	// it begins at the beginning.
	From func(event.Snapshot) bool
	// Anchor is the digest of a seal that was noted elsewhere; empty: none.
	Anchor string
	// Group is the routers' consumer group: while somebody is in it, what is awaited at the
	// end of the log may be in flight. Empty: nothing is.
	Group string
	// Each, when set, is given each record before it is examined.
	Each func(context.Context, *kstream.Record) error
}

// Pass goes through the decision log once: each decision is derived again, and each
// record held against its seal. What it keeps of the log is the ledger, the records that
// are ahead of others, and a root for each block of records that is sealed.
type Pass struct {
	cfg     PassConfig
	topic   string
	auditor *Auditor
	chain   seal.Chain
	last    seal.Link // of the chain, or what was written since
	checker *seal.Checker
	next    map[kstream.TopicPartition]int64 // offsets to read on from
	settled int64                            // decisions below are in the log, or gone
	begun   *Snapshot                        // nil: at the beginning
	epochs  epochs                           // rebuilds of what was read
}

// OpenPass reads the seals and finds where to begin.
func OpenPass(ctx context.Context, cfg PassConfig) (*Pass, error) {
	p := &Pass{cfg: cfg, topic: event.LeadDecisions.Topic(cfg.Instance)}
	var damaged error
	if cfg.From != nil {
		snapshot, err := NewSnapshots(cfg.Kafka, cfg.Instance).Latest(ctx, cfg.From)
		if err != nil && !errors.Is(err, ErrSnapshot) {
			return nil, err
		}
		if p.begun = snapshot; err != nil {
			p.begun, damaged = nil, err
		}
	}
	vouched, broken, err := p.seals(ctx)
	if err != nil {
		return nil, err
	}
	if p.begun != nil && vouched != p.begun.Digest {
		damaged = fmt.Errorf("snapshot %d is not the one that seal %d was taken with", p.begun.Sequence, p.begun.Seal)
		p.begun = nil
		if _, broken, err = p.seals(ctx); err != nil { // from the first one on
			return nil, err
		}
	}
	p.last = p.chain.Last()
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	for _, what := range append(broken, damaged) {
		if what != nil {
			p.auditor.find(Finding{Kind: Sealed, What: what.Error()})
		}
	}
	return p, nil
}

// begin sets up the auditor, and where reading begins.
func (p *Pass) begin(ctx context.Context) (err error) {
	p.auditor = NewAuditor(p.cfg.Planners, p.cfg.Report)
	if p.next, err = p.cfg.Kafka.Starts(ctx, p.topic); err != nil {
		return err
	}
	if p.begun != nil {
		p.auditor = NewAuditorAt(*p.begun, p.cfg.Planners, p.cfg.Report)
		maps.Copy(p.next, p.begun.From(p.cfg.Instance))
	}
	p.auditor.Find = p.cfg.Find
	return nil
}

// seals follows the chain. It expects what was sealed behind the snapshot that is begun
// at, and returns the digest that the seal of that one vouches for; broken says what is
// wrong with the chain.
func (p *Pass) seals(ctx context.Context) (vouched string, broken []error, err error) {
	p.chain, p.checker = seal.Chain{}, seal.NewChecker()
	behind, anchored := int64(0), p.cfg.Anchor == ""
	if p.begun != nil {
		behind = p.begun.Seal
	}
	topic := event.LeadSeals.Topic(p.cfg.Instance)
	from, err := starts(ctx, p.cfg.Kafka, topic)
	if err == nil && len(from) > 0 {
		_, err = p.cfg.Kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
			s, wrong := p.chain.Add(r.Value)
			if wrong != nil {
				broken = append(broken, wrong)
			}
			anchored = anchored || p.chain.Last().Digest == p.cfg.Anchor
			switch {
			case s.Number > behind:
				p.checker.Expect(s)
			case s.Number == behind:
				vouched = s.Snapshot
			}
			return nil
		})
	}
	if err != nil {
		return "", nil, fmt.Errorf("read the seals: %w", err)
	}
	if !anchored {
		broken = append(broken, fmt.Errorf("no seal has the digest %s, which was noted of one", p.cfg.Anchor))
	}
	return vouched, broken, nil
}

// Records is how many offsets there are to read, markers of transactions among them.
func (p *Pass) Records(ctx context.Context) (n int64, err error) {
	ends, err := p.cfg.Kafka.Ends(ctx, p.topic)
	for at, end := range ends {
		n += max(0, end-p.next[at])
	}
	return n, err
}

// Read goes on to the end of the log.
func (p *Pass) Read(ctx context.Context) error {
	p.auditor.lookAgain()
	// Whatever a record that is written by now has counted was written before it: once the
	// transactions that are open by now are settled, it is in the log or gone.
	written, err := p.cfg.Kafka.Ends(ctx, p.topic)
	if err == nil {
		err = p.cfg.Kafka.WaitSettled(ctx, p.topic)
	}
	if err != nil {
		return fmt.Errorf("read the decision log: %w", err)
	}
	found, err := NewLog(p.cfg.Kafka, p.cfg.Instance).epochs(ctx, p.next)
	if err != nil {
		return fmt.Errorf("read the decision log: %w", err)
	}
	p.epochs = append(p.epochs, found...)
	m := &merge{auditor: p.auditor, written: written, at: map[kstream.TopicPartition]mark{}}
	p.next, err = p.cfg.Kafka.ReadInStep(ctx, p.next, m.ahead, func(r *kstream.Record) error {
		if p.cfg.Each != nil {
			if err := p.cfg.Each(ctx, r); err != nil {
				return err
			}
		}
		p.mismatch(p.checker.Add(sealOf(r)))
		d, err := Decode(r)
		if err != nil {
			p.auditor.Unreadable(err)
			return nil
		}
		if !p.epochs.late(d.Grant) {
			p.auditor.Add(d)
			m.note(r, d.Grant)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the decision log: %w", err)
	}
	p.mismatch(p.checker.Close()) // what was sealed was committed, and is here
	p.settled = max(p.settled, m.floor)
	p.auditor.Settle(p.settled)
	return nil
}

func (p *Pass) mismatch(found []seal.Mismatch) {
	for _, m := range found {
		p.auditor.find(Finding{Kind: Sealed, What: m.String()})
	}
}

// sealOf is what a seal covers of a record.
func sealOf(r *kstream.Record) seal.Record {
	return seal.Record{Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value}
}

// Close ends the audit at what was read.
func (p *Pass) Close(ctx context.Context) (Verdict, error) {
	members := 0
	if p.cfg.Group != "" {
		var err error
		if members, err = p.cfg.Kafka.Members(ctx, p.cfg.Group); err != nil {
			return Verdict{}, err
		}
	}
	if members == 0 {
		p.auditor.Settle(math.MaxInt64)
	}
	return p.Verdict(), nil
}

// Verdict is what it has come to so far.
func (p *Pass) Verdict() Verdict {
	v := p.auditor.Verdict()
	v.Seals, v.Digest = p.last.Number, p.last.Digest
	return v
}

// merge reads partitions side by side, so that few records wait for one of another
// partition, however large the log is.
type merge struct {
	auditor *Auditor
	written map[kstream.TopicPartition]int64 // ends before the reading began
	at      map[kstream.TopicPartition]mark
	floor   int64 // the highest of what was written
}

// mark is how far a partition was read.
type mark struct{ sequence, floor int64 }

// mostEarly is how many records wait for others before partitions have to wait; as much
// as one fetch brings may come on top.
const mostEarly = 20_000

// note takes note of a record that was read.
func (m *merge) note(r *kstream.Record, g ledger.Grant) {
	tp := kstream.PartitionOf(r)
	at := m.at[tp]
	at.sequence = max(at.sequence, g.Sequence)
	if r.Offset < m.written[tp] {
		at.floor = max(at.floor, g.Floor)
		m.floor = max(m.floor, at.floor)
	}
	m.at[tp] = at
}

// ahead are all partitions but the one that is furthest behind, once too much waits. What
// the others have no more room for is missing then.
func (m *merge) ahead(open []kstream.TopicPartition) []kstream.TopicPartition {
	if len(m.auditor.folder.early) < mostEarly || len(open) == 0 {
		return nil
	}
	settled, last := int64(math.MaxInt64), 0
	for i, tp := range open {
		settled = min(settled, m.at[tp].floor)
		if m.at[tp].sequence < m.at[open[last]].sequence {
			last = i
		}
	}
	m.auditor.Settle(settled)
	if len(m.auditor.folder.early) < mostEarly {
		return nil
	}
	return append(open[:last:last], open[last+1:]...)
}
