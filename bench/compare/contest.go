package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"leadrouter/bench"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// The contenders, as --contenders names them.
const (
	bare   = "bare"
	router = "router"
	peer   = "peer"
	alike  = "alike" // the router that does no more than the peer: nobody asks who persons and companies are
)

// peerProject is where the peer is, from the root of the repository.
const peerProject = "bench/peer"

// contest lets the contenders do the same in turn, several times: first by throughput, then by
// latency at two rates.
func (m *match) contest(ctx context.Context) (err error) {
	sample := m.next()
	if m.like, err = bench.Sample(ctx, sample); err != nil {
		return err
	}
	m.sample = sample.Instance
	fmt.Printf("%s, its limits lifted; %d leads in the backlog, %d of them to warm up\n",
		m.policy, m.warm+m.backlog, m.warm)
	if err := m.eachTable(ctx, "throughput", bench.ForThroughput, m.worked); err != nil {
		return err
	}
	for _, rate := range []int{200, 1000} {
		err := m.eachTable(ctx, fmt.Sprintf("latency at %d leads/s", rate), bench.ForLatency,
			func(ctx context.Context, c bench.Contender, _ bench.Site) ([]figure, error) {
				return m.latency(ctx, c, rate)
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// measurement is what is done to one contender, in an installation of its own.
type measurement func(context.Context, bench.Contender, bench.Site) ([]figure, error)

// eachTable measures all contenders in turn and prints the table.
func (m *match) eachTable(ctx context.Context, what, tuning string, measure measurement) error {
	var ratios [][2]string
	for _, other := range m.contenders {
		if other != router && slices.Contains(m.contenders, router) {
			ratios = append(ratios, [2]string{router, other})
		}
	}
	t := newTable(m.contenders, ratios...)
	for i := range m.reps {
		for _, name := range m.contenders {
			m.progress("%s, %d of %d: %s", what, i+1, m.reps, name)
			figures, err := m.once(ctx, name, bench.TuningOf(tuning), measure)
			if err != nil {
				return err
			}
			t.add(name, figures...)
		}
	}
	fmt.Printf("\n%s\n", what)
	t.print(os.Stdout)
	return nil
}

// once makes an installation for a contender, measures it there, and clears it away.
func (m *match) once(ctx context.Context, name string, tuning bench.Tuning, measure measurement) (figures []figure, err error) {
	site := m.next()
	var c bench.Contender
	switch name {
	case bare:
		if c, err = bench.Bare(ctx, site, m.like); err == nil {
			c = c.Apart(m.argv(bare, site))
		}
	case router, alike:
		if name == alike {
			site.Policy, site.Plain = m.plain, true
		}
		if c, err = bench.Router(ctx, site); err == nil {
			c = c.Apart(m.argv(router, site))
		}
	case peer:
		c, err = bench.Peer(ctx, site, tuning)
	default:
		err = fmt.Errorf("no contender %q: want %s, %s, %s or %s", name, bare, router, peer, alike)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.clear(ctx, c, site)) }()
	return measure(ctx, c, site)
}

// clear removes what the contender has left, also after an interrupt: half a million leads take
// more than a gigabyte.
func (m *match) clear(ctx context.Context, c bench.Contender, site bench.Site) error {
	ctx = context.WithoutCancel(ctx)
	topics, err := site.Kafka.ListTopics(ctx, site.Instance+".")
	if err == nil {
		names := make([]string, len(topics))
		for i, t := range topics {
			names[i] = t.Name
		}
		err = site.Kafka.DeleteTopics(ctx, names...)
	}
	if c.Clear != nil {
		err = errors.Join(err, c.Clear(ctx))
	}
	return err
}

// worked measures how fast a contender works a backlog off, and what a lead costs.
func (m *match) worked(ctx context.Context, c bench.Contender, site bench.Site) ([]figure, error) {
	before, err := m.meter.Memory(ctx)
	if err != nil {
		return nil, err
	}
	result, err := bench.Backlog(ctx, m.clock, c, bench.Load{Warm: m.warm, Leads: m.backlog}, m.meter)
	if err != nil {
		return nil, err
	}
	after, err := m.meter.Memory(ctx)
	if err != nil {
		return nil, err
	}
	state := after - before
	if c.State != nil {
		if state, err = c.State(ctx); err != nil {
			return nil, err
		}
	} else if c.Clear == nil {
		state = 0 // it keeps none; Redis has changed by itself
	}
	written, err := m.written(ctx, site)
	if err != nil {
		return nil, err
	}
	all := float64(m.warm + m.backlog)
	figures := append(m.costs(result),
		figure{"bytes a lead, written to Kafka", "%.0f", float64(written) / all},
		figure{"bytes a lead, kept in its store", "%.0f", float64(state) / all})
	return figures, nil
}

// costs are throughput and processor time.
func (m *match) costs(result bench.Result) []figure {
	figures := []figure{{"leads/s", "%.0f", result.PerSecond()}}
	for _, part := range []string{bench.OfContender, bench.OfRedis, bench.OfKafka} {
		micros := math.NaN()
		if used, ok := result.Used[part]; ok {
			micros = float64(used.Microseconds()) / float64(m.backlog)
		}
		figures = append(figures, figure{"µs a lead, " + part, "%.1f", micros})
	}
	return figures
}

// written is how many bytes there are in the topics of a site, but for those of its input.
func (m *match) written(ctx context.Context, site bench.Site) (sum int64, err error) {
	sizes, err := site.Kafka.Stored(ctx, site.Instance+".")
	for topic, size := range sizes {
		if topic != event.LeadCreated.Topic(site.Instance) {
			sum += size
		}
	}
	return sum, err
}

// latency measures how long leads take that come one by one. A contender has worked off a
// backlog before, and then some seconds at the same rate.
func (m *match) latency(ctx context.Context, c bench.Contender, rate int) (figures []figure, err error) {
	running, err := c.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	watched, cancel := running.Watch(ctx)
	defer cancel()
	from := func(first int) bench.Path {
		path := c.Path
		path.Make = func(i int) *kstream.Record { return c.Path.Make(first + i) }
		return path
	}
	if _, err := bench.Throughput(watched, m.clock, c.Path, max(m.warm/5, rate)); err != nil {
		return nil, err
	}
	if _, err := bench.Latency(watched, m.clock, from(10_000_000), 2*rate, rate); err != nil {
		return nil, err
	}
	result, err := bench.Latency(watched, m.clock, from(20_000_000), m.seconds*rate, rate)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return []figure{
		{"p50, ms", "%.1f", ms(result.Quantile(.5))},
		{"p99, ms", "%.1f", ms(result.Quantile(.99))},
		{"p99.9, ms", "%.1f", ms(result.Quantile(.999))},
	}, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// tunings measures the peer under each of its tunings, to find the best.
func (m *match) tunings(ctx context.Context) error {
	var names []string
	for _, tuning := range bench.Tunings() {
		names = append(names, tuning.Name)
	}
	t := newTable(names)
	for i := range m.reps {
		for _, tuning := range bench.Tunings() {
			m.progress("%d of %d: %s", i+1, m.reps, tuning.Name)
			worked, err := m.once(ctx, peer, tuning, m.worked)
			if err != nil {
				return err
			}
			took, err := m.once(ctx, peer, tuning, func(ctx context.Context, c bench.Contender, _ bench.Site) ([]figure, error) {
				return m.latency(ctx, c, 1000)
			})
			if err != nil {
				return err
			}
			t.add(tuning.Name, worked...)
			t.add(tuning.Name, took...)
		}
	}
	t.print(os.Stdout)
	return nil
}

// parties reads --contenders. A peer that is not built is left out, with a word.
func parties(list string) []string {
	names := strings.Split(list, ",")
	i := slices.Index(names, peer)
	if i < 0 {
		return names
	}
	if err := bench.PeerBuilt(peerProject); err != nil {
		fmt.Fprintln(os.Stderr, "compare: Kafka Streams is left out:", err)
		return slices.Delete(names, i, i+1)
	}
	return names
}
