package providers

import (
	"context"

	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// news is what a provider says of a lead after its decision.
type news struct {
	provider, lead string
	fields         map[string]any // nested, as in lead.updated
}

// latePost publishes late answers, in the background. What does not fit into its queue is
// dropped and counted: the lead has its owner, and the answer is in the cache.
type latePost struct {
	topic   string
	publish func(context.Context, ...*kstream.Record) error
	clock   clock.Clock
	m       *metrics
	log     *zap.Logger
	queue   chan news
}

const (
	maxLate      = 10_000 // answers that wait to be published
	maxLateBatch = 500    // published at once
)

// add hands an answer over, if there is room.
func (p *latePost) add(n news) {
	select {
	case p.queue <- n:
	default:
		p.m.dropped.WithLabelValues(n.provider).Inc()
	}
}

// run publishes until ctx ends.
func (p *latePost) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-p.queue:
			p.send(ctx, p.collect(first))
		}
	}
}

// collect takes what else is there.
func (p *latePost) collect(first news) []news {
	all := []news{first}
	for len(all) < maxLateBatch {
		select {
		case n := <-p.queue:
			all = append(all, n)
		default:
			return all
		}
	}
	return all
}

func (p *latePost) send(ctx context.Context, all []news) {
	records := make([]*kstream.Record, 0, len(all))
	for _, n := range all {
		r, err := p.record(n)
		if err != nil {
			p.log.Warn("a late answer cannot be written", zap.String("provider", n.provider), zap.Error(err))
			p.m.dropped.WithLabelValues(n.provider).Inc()
			continue
		}
		records = append(records, r)
	}
	err := p.publish(ctx, records...)
	if err != nil && ctx.Err() == nil {
		p.log.Warn("late answers were not published", zap.Int("answers", len(all)), zap.Error(err))
	}
	for _, n := range all {
		if err != nil {
			p.m.dropped.WithLabelValues(n.provider).Inc()
		} else {
			p.m.late.WithLabelValues(n.provider).Inc()
		}
	}
}

// record is the event of an answer. Its id is the same whenever the provider says something
// of this lead late: a lead that is decided once more after a crash is updated once.
func (p *latePost) record(n news) (*kstream.Record, error) {
	n.fields["lead_id"] = n.lead
	e, err := event.New(event.LeadUpdated, event.ProviderSource+n.provider+"/"+n.lead, 0, n.lead, p.clock.Now(), n.fields)
	if err != nil {
		return nil, err
	}
	e.Source = event.ProviderSource + n.provider
	return kstream.Encode(p.topic, n.lead, e), nil
}
