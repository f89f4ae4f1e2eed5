package kstream

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
)

// heartbeat is often enough to learn of a rebalance soon, and cheap.
const heartbeat = time.Second

// leaveTimeout bounds the goodbye to the group at the end.
const leaveTimeout = 3 * time.Second

// Run reads, handles and commits until ctx ends; then it finishes the batches in flight,
// leaves the group and returns nil. Another error is one that nothing heals: a [Fatal] one of
// the handler, or missing rights. It may be called once.
func (s *Stream) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() {
		_ = s.cfg.Clock.Sleep(work, s.cfg.ShutdownTimeout) // its error: Run has ended in time
		stop()
	})()
	defer s.ready.Store(false)

	l := newLoop(s)
	defer l.close(context.WithoutCancel(ctx))
	if err := l.open(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("run %s: %w", s.cfg.Group(), err)
	}
	err := l.run(ctx, work)
	l.giveUp(work, l.queue.partitions())
	if err != nil {
		return fmt.Errorf("run %s: %w", s.cfg.Group(), err)
	}
	return nil
}

// open connects the producers first: taking over their ids decides whatever an earlier process
// left open, and with it the offsets that the group hands out.
func (l *loop) open(ctx context.Context) error {
	err := l.patiently(ctx, func(ctx context.Context) (err error) {
		l.letters, err = l.cfg.Client.letterLimits(ctx, l.cfg.Topics)
		return err
	})
	for i := 0; err == nil && i < l.cfg.Producers; i++ {
		err = l.patiently(ctx, func(ctx context.Context) error {
			p, err := openProducer(ctx, l.cfg, l.letters, i)
			if err == nil {
				l.idle = append(l.idle, p)
			}
			return err
		})
	}
	if err != nil {
		return err
	}
	if l.unpacks, err = newUnpacker(); err != nil {
		return err
	}
	opts := append(l.callbacks(),
		kgo.FetchMaxBytes(fetchBytes),
		kgo.WithDecompressor(l.unpacks),
		kgo.ConsumerGroup(l.cfg.Group()),
		kgo.ClientID(l.cfg.member()), // says whose transactional ids these are: see Fence
		kgo.ConsumeTopics(l.cfg.Topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.DisableAutoCommit(),
		kgo.SessionTimeout(l.cfg.SessionTimeout),
		kgo.RebalanceTimeout(2*l.cfg.SessionTimeout),
		kgo.HeartbeatInterval(min(heartbeat, l.cfg.SessionTimeout/4)),
	)
	consumer, err := l.cfg.Client.open(opts...)
	l.consumer = consumer
	l.probe.Store(consumer)
	return err
}

// patiently asks the brokers for as long as it takes.
func (l *loop) patiently(ctx context.Context, ask func(context.Context) error) error {
	wait := backoff.NewExponentialBackOff(backoff.WithMaxInterval(2*time.Second), backoff.WithMaxElapsedTime(0))
	for attempt := 0; ; attempt++ {
		asking, cancel := context.WithTimeout(ctx, l.cfg.TransactionTimeout)
		err := ask(asking)
		cancel()
		if err == nil || commitFate(err) == fateFatal || ctx.Err() != nil {
			return err
		}
		if attempt == 0 {
			l.log.Warn("waiting for the brokers", zap.Error(err))
		}
		if err := l.cfg.Clock.Sleep(ctx, wait.NextBackOff()); err != nil {
			return err
		}
	}
}

// close leaves the group and closes the clients. Callbacks are let go first: leaving waits for
// them, and there is no loop any more that they could wait for.
func (l *loop) close(ctx context.Context) {
	close(l.closed)
	l.stopPoll()
	for _, t := range l.inflight {
		<-t.done
		if t.producer != nil {
			l.idle = append(l.idle, t.producer)
		}
	}
	if l.consumer != nil {
		ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
		defer cancel()
		if err := l.consumer.LeaveGroupContext(ctx); err != nil {
			l.log.Info("could not leave the group", zap.Error(err))
		}
		l.consumer.Close()
	}
	for _, p := range l.idle {
		p.client.Close()
	}
}
