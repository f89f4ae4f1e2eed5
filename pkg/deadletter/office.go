package deadletter

import (
	"context"
	"fmt"

	"leadrouter/pkg/kstream"
)

// Office keeps the dead letters of input topics.
type Office struct {
	kafka  kstream.Client
	topics []string
}

// New is the office of some input topics, by their full names.
func New(kafka kstream.Client, inputs ...string) *Office {
	o := &Office{kafka: kafka}
	for _, input := range inputs {
		o.topics = append(o.topics, input+kstream.DLQSuffix)
	}
	return o
}

// Each gives the letters that are there to use, partition by partition in order. An
// error of use ends the reading and is returned.
func (o *Office) Each(ctx context.Context, use func(Letter) error) error {
	from, err := o.kafka.Starts(ctx, o.topics...)
	if err != nil {
		return fmt.Errorf("read dead letters: %w", err)
	}
	_, err = o.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error { return use(read(r)) })
	if err != nil {
		return fmt.Errorf("read dead letters: %w", err)
	}
	return nil
}

// Settled counts what became of letters.
type Settled struct {
	Sent    int `json:"sent"`    // again, to where they came from
	Dropped int `json:"dropped"` // for good
	Kept    int `json:"kept"`    // chosen, but cut: they cannot be sent
}

// Retry sends the chosen letters again as they came in, and forgets them.
func (o *Office) Retry(ctx context.Context, chosen func(Letter) bool) (Settled, error) {
	return o.settle(ctx, chosen, true)
}

// Drop forgets the chosen letters.
func (o *Office) Drop(ctx context.Context, chosen func(Letter) bool) (Settled, error) {
	return o.settle(ctx, chosen, false)
}

func (o *Office) settle(ctx context.Context, chosen func(Letter) bool, send bool) (Settled, error) {
	settles := func(l Letter) bool { return chosen(l) && !(send && l.Cut) }
	var settled Settled
	last := map[kstream.TopicPartition]int64{} // the last settled letter of each partition
	err := o.Each(ctx, func(l Letter) error {
		switch {
		case settles(l):
			last[l.ID.TopicPartition] = l.ID.Offset
		case chosen(l):
			settled.Kept++
		}
		return nil
	})
	if err != nil || len(last) == 0 {
		return settled, err
	}
	run := &run{last: last, settles: settles, send: send, settled: &settled}
	if err := run.write(ctx, o); err != nil {
		return settled, err
	}
	below := map[kstream.TopicPartition]int64{}
	for tp, offset := range last {
		below[tp] = offset + 1
	}
	return settled, o.kafka.DeleteBelow(ctx, below)
}

// run is one settling.
type run struct {
	last    map[kstream.TopicPartition]int64
	settles func(Letter) bool
	send    bool
	settled *Settled
}

// page is how many records are written at once.
const page = 1_000

// write sends what is to be sent, and anew what stays before it.
func (r *run) write(ctx context.Context, o *Office) error {
	to, err := kstream.NewPublisher(o.kafka)
	if err != nil {
		return err
	}
	defer to.Close()
	var records []*kstream.Record
	flush := func() error {
		err := to.Publish(ctx, records...)
		records = records[:0]
		return err
	}
	err = o.Each(ctx, func(l Letter) error {
		if last, any := r.last[l.ID.TopicPartition]; !any || l.ID.Offset > last {
			return nil
		}
		if record := r.answer(l); record != nil {
			records = append(records, record)
		}
		if len(records) < page {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// answer is what is written for a letter; nil: nothing.
func (r *run) answer(l Letter) *kstream.Record {
	switch {
	case !r.settles(l):
		return l.moved()
	case r.send:
		r.settled.Sent++
		return l.original()
	default:
		r.settled.Dropped++
		return nil
	}
}
