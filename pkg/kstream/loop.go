package kstream

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
)

// depth is the number of transactions under way at once: one ends, one is written.
const depth = 2

// loop is the state machine of one [Stream.Run]. Its fields belong to the goroutine of run;
// group callbacks come in as steps, transactions and the poll report through channels.
type loop struct {
	*Stream
	consumer *kgo.Client
	letters  map[string]int // largest record of the dead letter topics
	unpacks  *unpacker
	steps    chan *step
	closed   chan struct{} // closed when no step will be taken any more

	queue    *queue
	member   member             // as of the last joined step, so from before the poll of whatever is in hand
	polling  *poll              // nil: none is under way
	paused   map[string][]int32 // held partitions, which the client does not fetch
	idle     []*producer        // longest idle first
	inflight []*transaction     // oldest first, at most depth

	rewinding bool        // go back to the committed offsets once nothing is in flight
	busy      bool        // the handler has put records back: wait for a commit
	pause     clock.Timer // nothing is handled until it fires; nil: no pause
	ticker    clock.Timer // nil: no ticks
	due       bool        // a tick is due
	patience  patience
}

// patience is how long to wait when something fails, and when to speak about it.
type patience struct {
	backoff  *backoff.ExponentialBackOff
	attempts int
	stalled  string        // what has, if it was one thing only, or else ""
	busy     time.Duration // the last wait for a busy handler
}

const (
	firstBusyWait = 2 * time.Millisecond
	lastBusyWait  = 50 * time.Millisecond
)

func newLoop(s *Stream) *loop {
	l := &loop{
		Stream: s,
		steps:  make(chan *step),
		closed: make(chan struct{}),
		queue:  newQueue(s.cfg.MaxBatchBytes),
		patience: patience{backoff: backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(20*time.Millisecond),
			backoff.WithMaxInterval(2*time.Second),
			backoff.WithMaxElapsedTime(0),
		)},
	}
	if s.cfg.Tick > 0 {
		l.ticker = s.cfg.Clock.NewTimer(s.cfg.Tick)
	}
	return l
}

// run is the loop: do what can be done, wait for what happens. ctx ends the reading; work is
// the context of everything that has to be finished all the same.
func (l *loop) run(ctx, work context.Context) error {
	for {
		if err := l.advance(work); err != nil {
			return err
		}
		l.startPoll(ctx)
		var err error
		select {
		case <-ctx.Done():
			return l.drain(work)
		case e := <-l.steps:
			err = l.rebalance(work, e)
		case p := <-l.polled():
			l.polling = nil
			err = l.collect(p)
		case <-l.settled():
			err = l.settle(work)
		case <-l.writing():
		case <-fired(l.pause):
			l.pause = nil
		case <-fired(l.ticker):
			l.due = true
		}
		if err != nil {
			return err
		}
	}
}

// advance starts whatever can be started now.
func (l *loop) advance(ctx context.Context) error {
	if l.pause != nil {
		return nil
	}
	if l.rewinding { // and then on: there may be nothing to read that would wake us
		if err := l.rewind(ctx); err != nil || l.rewinding || l.pause != nil {
			return err
		}
	}
	if err := l.announce(ctx); err != nil || l.pause != nil {
		return err
	}
	for l.canHandle() {
		if err := l.handle(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) canHandle() bool {
	work := len(l.queue.pending) > 0 || l.due && len(l.queue.owned) > 0
	room := len(l.inflight) < depth && len(l.idle) > 0
	waits := l.pause != nil || l.rewinding || l.busy && len(l.inflight) > 0
	return work && room && !waits && l.writing() == nil
}

// writing is done when the youngest transaction is written; nil when there is nothing to wait
// for. A small batch could only queue up behind it and would miss what arrives meanwhile; a
// full one is handled ahead, so that the handler's time overlaps with the writing.
func (l *loop) writing() <-chan struct{} {
	n := len(l.inflight)
	if n == 0 || len(l.queue.pending)-l.queue.waiting() >= l.cfg.MaxBatch {
		return nil
	}
	select {
	case <-l.inflight[n-1].written:
		return nil
	default:
		return l.inflight[n-1].written
	}
}

// announce tells the handler where reading of new partitions starts.
func (l *loop) announce(ctx context.Context) error {
	offsets := l.queue.unannounced()
	if len(offsets) == 0 {
		return nil
	}
	if err := l.handler.Assigned(ctx, offsets); err != nil {
		if handlerFate(err) == fateFatal {
			return err
		}
		l.stall(stallAnnounce, err)
		return nil
	}
	l.queue.announce(offsets)
	l.cured(stallAnnounce)
	return nil
}

// rewind goes back to what is committed, with nothing kept from memory: once the producers
// that do not know their outcome are renewed, the coordinator's offsets are the truth.
func (l *loop) rewind(ctx context.Context) error {
	if len(l.inflight) > 0 {
		return nil
	}
	l.stopPoll()
	ctx, cancel := context.WithTimeout(ctx, l.cfg.SessionTimeout/2)
	defer cancel()
	offsets, err := l.certain(ctx)
	if err != nil {
		if commitFate(err) == fateFatal {
			return err
		}
		l.stall(stallRewind, err)
		return nil
	}
	l.queue.assign(offsets)
	l.consumer.SetOffsets(epochOffsets(offsets))
	l.rewinding, l.busy = false, false
	l.cured(stallRewind)
	return nil
}

// certain renews broken producers and returns where to read on.
func (l *loop) certain(ctx context.Context) (map[TopicPartition]int64, error) {
	for _, p := range l.idle {
		if p.broken {
			if err := p.renew(ctx); err != nil {
				return nil, err
			}
		}
	}
	if l.cfg.FromStart {
		return l.queue.committed(), nil // where the group stands says nothing of what we have read
	}
	return committedOffsets(ctx, l.consumer, l.cfg.Group(), l.queue.partitions())
}

// settle takes the result of the oldest transaction.
func (l *loop) settle(ctx context.Context) error {
	t := l.inflight[0]
	<-t.done
	l.inflight = l.inflight[1:]
	l.busy = false
	if t.producer != nil {
		l.idle = append(l.idle, t.producer)
	}
	l.metrics.settled(t)
	if t.err != nil {
		return l.aborted(t)
	}
	l.queue.commit(t.offsets)
	l.metrics.lagging(l.queue, t.offsets)
	l.recovered()
	l.patience.busy = 0
	if t.then != nil {
		t.then()
	}
	l.handler.Committed(ctx, t.offsets)
	return nil
}

// settleAll waits for everything in flight.
func (l *loop) settleAll(ctx context.Context) error {
	for len(l.inflight) > 0 {
		if err := l.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// aborted decides the fate of a transaction that did not come through.
func (l *loop) aborted(t *transaction) error {
	l.rewinding = true
	if errors.Is(t.err, errPredecessor) {
		return nil
	}
	switch commitFate(t.err) {
	case fateFatal:
		return t.err
	case fateAbort:
		l.queue.fail(t.input, func(r *Record) Dead { return Dead{Record: r, Code: CodePoison, Err: t.err} })
	case fateRetry:
	}
	l.stall("transaction aborted", t.err)
	return nil
}

// drain ends the loop in order: what is in flight is committed, and nothing new begun.
func (l *loop) drain(ctx context.Context) error {
	l.stopPoll()
	for len(l.inflight) > 0 {
		select {
		case <-l.settled():
			if err := l.settle(ctx); err != nil {
				return err
			}
		case e := <-l.steps:
			if err := l.rebalance(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// settled is done when the oldest transaction is; nil, and so never, when there is none.
func (l *loop) settled() <-chan struct{} {
	if len(l.inflight) == 0 {
		return nil
	}
	return l.inflight[0].done
}

// What can stall the loop and come through without a commit to tell of it.
const (
	stallAnnounce = "handler does not take the partitions"
	stallRewind   = "cannot go back to the committed offsets"
	stallHandle   = "handler waits"
)

// stall pauses the loop, longer with each attempt. Only the first is logged and the recovery,
// however long an outage lasts. The group's heartbeat goes on: it is the client's own.
func (l *loop) stall(what string, err error) {
	if l.patience.attempts == 0 {
		log := l.log.Warn
		if errors.Is(err, kerr.IllegalGeneration) || errors.Is(err, kerr.RebalanceInProgress) || errors.Is(err, kerr.UnknownMemberID) {
			log = l.log.Info
		}
		log(what, zap.Error(err))
		l.patience.stalled = what
	}
	if l.patience.stalled != what {
		l.patience.stalled = ""
	}
	l.patience.attempts++
	l.ready.Store(false)
	l.wait(l.patience.backoff.NextBackOff())
}

// cured ends a stall when what had stalled comes through and nothing else had: on a night
// without leads no commit would. Where more was wrong, only a commit shows that all is well.
func (l *loop) cured(what string) {
	if l.patience.attempts > 0 && l.patience.stalled == what {
		l.recovered()
	}
}

func (l *loop) recovered() {
	if l.patience.attempts > 0 {
		l.log.Info("goes on", zap.Int("attempts", l.patience.attempts))
		l.patience.attempts = 0
		l.patience.backoff.Reset()
	}
	l.ready.Store(true)
}

func (l *loop) wait(d time.Duration) {
	if l.pause != nil {
		l.pause.Stop()
	}
	l.pause = l.cfg.Clock.NewTimer(d)
}

// fired is the channel of a timer that may be nil.
func fired(t clock.Timer) <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.C()
}

func epochOffsets(offsets map[TopicPartition]int64) map[string]map[int32]kgo.EpochOffset {
	topics := make(map[string]map[int32]kgo.EpochOffset)
	for topic, partitions := range byTopic(offsets) {
		topics[topic] = make(map[int32]kgo.EpochOffset)
		for partition, offset := range partitions {
			topics[topic][partition] = kgo.EpochOffset{Epoch: -1, Offset: offset}
		}
	}
	return topics
}
