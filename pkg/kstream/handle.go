package kstream

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"
)

// errNoProgress is a handler's mistake: output for a batch of which it has handled nothing
// could not be tied to any offset, and would be written again and again.
var errNoProgress = errors.New("output for a batch of which nothing is handled")

// handle gives the next batch to the handler and sends the answer on its way.
func (l *loop) handle(ctx context.Context) error {
	records := l.queue.take(l.cfg.MaxBatch)
	l.due = false
	if l.ticker != nil {
		l.ticker.Reset(l.cfg.Tick)
	}
	begun := l.cfg.Clock.Now()
	out, err := l.answer(ctx, records)
	if len(records) > 0 {
		l.metrics.batch.Observe(float64(len(records)))
		l.metrics.took(stageHandled, l.cfg.Clock.Now().Sub(begun))
	}
	if err != nil {
		return l.refused(records, err)
	}
	handled, rest := split(records, out.Until)
	l.queue.putBack(rest)
	l.queue.hold(handled, rest)
	l.metrics.waiting(out.Until)
	l.busy = len(rest) > 0
	switch {
	case len(handled) > 0 || len(out.Records) > 0:
		l.launch(ctx, handled, out)
	case l.busy && len(l.inflight) == 0:
		l.waitBusy()
	case len(records) == 0:
		l.cured(stallHandle)
	}
	return nil
}

// answer calls the handler, unless the verdict on the record is there already.
func (l *loop) answer(ctx context.Context, records []*Record) (out Output, err error) {
	if len(records) == 1 {
		if dead := l.queue.culprit(records[0]); dead != nil {
			return Output{DLQ: []Dead{*dead}}, nil
		}
	}
	defer func() {
		if v := recover(); v != nil {
			l.log.Error("handler panicked", zap.Stack("stack"))
			err = panicError(v)
		}
	}()
	out, err = l.handler.Handle(ctx, Batch{Records: records})
	if err == nil && len(records) > 0 && !out.Unprompted && len(out.Records)+len(out.DLQ) > 0 {
		if handled, _ := split(records, out.Until); len(handled) == 0 {
			err = errNoProgress
		}
	}
	return out, err
}

// refused decides the fate of a batch that the handler has not taken.
func (l *loop) refused(records []*Record, err error) error {
	switch handlerFate(err) {
	case fateFatal:
		return fmt.Errorf("handle batch of %d: %w", len(records), err)
	case fateAbort:
		l.queue.fail(records, func(r *Record) Dead { return Dead{Record: r, Code: CodePoison, Err: err} })
	case fateRetry:
	}
	l.queue.putBack(records)
	l.stall(stallHandle, err)
	return nil
}

// launch starts the transaction of an answer.
func (l *loop) launch(ctx context.Context, handled []*Record, out Output) {
	t := &transaction{
		input:   handled,
		output:  out.Records,
		dead:    out.DLQ,
		then:    out.Then,
		member:  l.member,
		begun:   l.cfg.Clock.Now(),
		written: make(chan struct{}),
		done:    make(chan struct{}),
	}
	for _, d := range out.DLQ {
		t.output = append(t.output, d.letter(l.letters[d.Record.Topic+DLQSuffix]))
	}
	if t.offsets = l.queue.advance(handled); len(handled) == 0 {
		t.offsets = l.queue.positions() // a tick: unchanged offsets still fence
	}
	if len(t.output) > 0 {
		t.producer, l.idle = l.idle[0], l.idle[1:]
	}
	if n := len(l.inflight); n > 0 {
		t.prev = l.inflight[n-1]
	}
	l.inflight = append(l.inflight, t)
	go t.run(ctx, l.consumer, l.cfg)
}

// waitBusy spaces out the attempts at records whose turn somebody else delays.
func (l *loop) waitBusy() {
	l.patience.busy = min(max(2*l.patience.busy, firstBusyWait), lastBusyWait)
	l.wait(l.patience.busy)
}
