package dev

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// run routes, watches, shows and feeds until ctx ends. They stop in any order: router
// and watcher finish the transaction in hand, and everything else is in the topics.
func (d *run) run(ctx context.Context) error {
	publisher, err := kstream.NewPublisher(d.kafka)
	if err != nil {
		return err
	}
	defer publisher.Close()
	news, err := d.catchUp(ctx)
	if err != nil {
		return err
	}
	published, err := d.published(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.router.Run(ctx) })
	group.Go(func() error { return d.watcher.Run(ctx) })
	group.Go(func() error { return d.kafka.Tail(ctx, d.next, d.onDecision) })
	group.Go(func() error { return d.kafka.Tail(ctx, news, d.onNews) })
	group.Go(func() error { return d.paint(ctx) })
	group.Go(func() error {
		if d.Feed != nil {
			return d.Feed(ctx, d.kafka, event.LeadCreated.Topic(d.Instance))
		}
		samples := &Samples{
			Publisher: publisher, Instance: d.Instance, Rate: d.Rate,
			Chance: d.Chance, Clock: d.clock, Pace: d.Clock, Published: published,
		}
		return samples.Run(ctx)
	})
	if !d.Idle {
		reps := &Reps{
			Publisher: publisher, Board: d.board, Instance: d.Instance,
			Chance: d.Chance, Clock: d.clock, Pace: d.Clock,
		}
		group.Go(func() error { return reps.Run(ctx) })
	}
	return group.Wait()
}

// catchUp reads the assignments of earlier runs, which later lines of their leads are
// told by, and says where what is new begins.
func (d *run) catchUp(ctx context.Context) (map[kstream.TopicPartition]int64, error) {
	from, err := d.kafka.Starts(ctx, event.LeadAssigned.Topic(d.Instance))
	if err != nil {
		return nil, err
	}
	news, err := d.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		a, err := assignment(r)
		d.screen.Remember(a)
		return err
	})
	if err != nil {
		return nil, err
	}
	milestones, err := d.kafka.Ends(ctx, event.LeadSLA.Topic(d.Instance))
	maps.Copy(news, milestones)
	return news, err
}

// published is how many leads were ever published here. Ids of samples are counted
// on from there: one that is used already would be a repeat.
func (d *run) published(ctx context.Context) (int, error) {
	ends, err := d.kafka.Ends(ctx, event.LeadCreated.Topic(d.Instance))
	leads := 0
	for _, end := range ends {
		leads += int(end)
	}
	return leads, err
}

func (d *run) onDecision(r *kstream.Record) error {
	decision, err := audit.Decode(r)
	if err != nil {
		return err
	}
	return d.board.Add(decision)
}

// onNews shows an assignment or a milestone.
func (d *run) onNews(r *kstream.Record) error {
	if r.Topic == event.LeadAssigned.Topic(d.Instance) {
		a, err := assignment(r)
		if err == nil {
			d.screen.Assigned(a, d.took(a.AssignedAt, r.Timestamp))
		}
		return err
	}
	var m event.Milestone
	if err := json.Unmarshal(r.Value, &m); err != nil {
		return fmt.Errorf("lead.sla at offset %d: %w", r.Offset, err)
	}
	d.screen.Milestone(m)
	return nil
}

func assignment(r *kstream.Record) (event.Assigned, error) {
	var a event.Assigned
	if err := json.Unmarshal(r.Value, &a); err != nil {
		return a, fmt.Errorf("lead.assigned at offset %d: %w", r.Offset, err)
	}
	return a, nil
}

// took is how long a decision was on its way, in the world's time. It was made at an
// instant of dev's clock, and written at one of the world's.
func (d *run) took(decided, written time.Time) time.Duration {
	sinceDecided := time.Duration(float64(d.clock.Now().Sub(decided)) / d.Speed)
	return sinceDecided - d.Clock.Now().Sub(written)
}

// repaintEvery is often enough to look alive.
const repaintEvery = 250 * time.Millisecond

func (d *run) paint(ctx context.Context) error {
	for clock.System().Sleep(ctx, repaintEvery) == nil {
		d.screen.Paint()
	}
	return nil
}

// reps are the ids of the policy in force.
func (d *run) reps() []string {
	p := d.router.Policy().Policy()
	ids := make([]string, len(p.Reps))
	for i := range p.Reps {
		ids[i] = p.Reps[i].ID
	}
	return ids
}
