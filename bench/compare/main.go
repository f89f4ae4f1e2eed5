// Command compare runs the router beside the bare copy loop, in turn, on one
// broker and in one run, and prints ratios:
//
//	LEADROUTER_TEST_BROKERS=… LEADROUTER_TEST_REDIS=… go run ./bench/compare
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"leadrouter/bench"
	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	debug.SetGCPercent(400) // as cmd/leadrouter does
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

// match is a comparison: the same measurement on both, several times.
type match struct {
	clock   clock.Clock
	site    bench.Site
	like    [][]*kstream.Record
	backlog int
	seconds int
	reps    int
	n       int // installations made so far
}

func run(ctx context.Context) error {
	brokers := flag.String("brokers", os.Getenv("LEADROUTER_TEST_BROKERS"), "Kafka")
	redis := flag.String("redis", os.Getenv("LEADROUTER_TEST_REDIS"), "Redis")
	policy := flag.String("policy", "bench/policies/twenty.yaml", "policy of the router")
	beside := flag.String("beside", "", "another `policy`: compare the router with itself under that one, by throughput alone")
	provider := flag.String("providers", "", "compare the router without a provider to the router with one in this `trouble` (all: in turn), by throughput alone")
	knowledge := flag.Bool("knowledge", false, "compare the router that takes leads as they come with the router that finds out all it can, by throughput alone")
	m := match{clock: clock.System()}
	flag.IntVar(&m.backlog, "backlog", 100_000, "leads of a throughput run")
	flag.IntVar(&m.seconds, "seconds", 15, "length of a latency run")
	flag.IntVar(&m.reps, "repeat", 3, "repetitions")
	profile := flag.String("profile", "", "write a CPU profile to this file and do nothing but let the router work off one backlog")
	flag.Parse()
	if *brokers == "" || *redis == "" {
		return fmt.Errorf("no services; run make bench")
	}
	m.site = bench.Site{
		Kafka: kstream.Client{Brokers: strings.Split(*brokers, ",")}, Redis: app.Redis{Address: *redis},
		Policy: *policy, Partitions: 6,
	}
	if *provider != "" {
		return m.providers(ctx, *provider)
	}
	if *beside != "" {
		return m.policies(ctx, *beside)
	}
	if *knowledge && *profile != "" {
		m.site.Policy = knowing
		return m.profile(ctx, *profile, bench.Knowing)
	}
	if *knowledge {
		return m.knowledge(ctx)
	}
	var err error
	if m.like, err = bench.Sample(ctx, m.next()); err != nil {
		return err
	}
	if *profile != "" {
		return m.profile(ctx, *profile, bench.Router)
	}
	fmt.Printf("%s; %d bytes of decision and assignment a lead\n", *policy, m.bytes()/len(m.like))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	defer func() { _ = w.Flush() }()
	fmt.Fprintln(w, "measured\tbare loop\trouter\tratio\tmin\tmax\t")
	if err := m.throughput(ctx, w); err != nil {
		return err
	}
	for _, rate := range []int{200, 1000} {
		if err := m.latency(ctx, w, rate); err != nil {
			return err
		}
	}
	return nil
}

// policies compares the throughput of the router under two policies.
func (m *match) policies(ctx context.Context, beside string) error {
	fmt.Printf("%s beside %s\n", m.site.Policy, beside)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	defer func() { _ = w.Flush() }()
	fmt.Fprintln(w, "measured\tbeside\tpolicy\tratio\tmin\tmax\t")
	var all []float64
	for range m.reps {
		for _, policy := range []string{beside, m.site.Policy} {
			site := m.next()
			site.Policy = policy
			rate, err := m.rateOf(ctx, site, bench.Router)
			if err != nil {
				return err
			}
			all = append(all, rate)
		}
	}
	row(w, "throughput, leads/s", all, "%.0f")
	return nil
}

// opener makes a contender in a new installation.
type opener func(context.Context, bench.Site) (bench.Contender, error)

// rateOf is how many leads a second a contender works off of a backlog.
func (m *match) rateOf(ctx context.Context, site bench.Site, open opener) (float64, error) {
	c, err := open(ctx, site)
	if err != nil {
		return 0, err
	}
	result, err := bench.Backlog(ctx, m.clock, c.Path, m.backlog, c.Start)
	return result.PerSecond(), err
}

// profile records where the router's time goes.
func (m *match) profile(ctx context.Context, file string, open opener) error {
	router, err := open(ctx, m.next())
	if err != nil {
		return err
	}
	out, err := os.Create(file) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	start := func(ctx context.Context) (func() error, error) {
		if err := pprof.StartCPUProfile(out); err != nil {
			return nil, err
		}
		return router.Start(ctx)
	}
	result, err := bench.Backlog(ctx, m.clock, router.Path, m.backlog, start)
	pprof.StopCPUProfile()
	fmt.Printf("%.0f leads/s; see go tool pprof %s\n", result.PerSecond(), file)
	return err
}

// bytes of all that the bare loop is to write in turn.
func (m *match) bytes() (sum int) {
	for _, records := range m.like {
		for _, r := range records {
			sum += len(r.Value)
		}
	}
	return sum
}

// next is a new installation.
func (m *match) next() bench.Site {
	m.n++
	site := m.site
	site.Instance = fmt.Sprintf("bench-%d-%d", m.clock.Now().UnixMilli(), m.n)
	return site
}

// both runs a measurement on a new bare loop and a new router, in turn.
func (m *match) both(ctx context.Context, measure func(bench.Contender) error) error {
	bare, err := bench.Bare(ctx, m.next(), m.like)
	if err != nil {
		return err
	}
	if err := measure(bare); err != nil {
		return err
	}
	router, err := bench.Router(ctx, m.next())
	if err != nil {
		return err
	}
	return measure(router)
}

func (m *match) throughput(ctx context.Context, w *tabwriter.Writer) error {
	var all []float64 // bare, router, bare, router …
	for range m.reps {
		err := m.both(ctx, func(c bench.Contender) error {
			result, err := bench.Backlog(ctx, m.clock, c.Path, m.backlog, c.Start)
			all = append(all, result.PerSecond())
			return err
		})
		if err != nil {
			return err
		}
	}
	row(w, "throughput, leads/s", all, "%.0f")
	return nil
}

func (m *match) latency(ctx context.Context, w *tabwriter.Writer, rate int) error {
	var p50, p99 []float64
	for range m.reps {
		err := m.both(ctx, func(c bench.Contender) error {
			stop, err := c.Start(ctx)
			if err != nil {
				return err
			}
			if _, err := bench.Latency(ctx, m.clock, c.Path, 2*rate, rate); err != nil { // warm
				return err
			}
			path := c.Path
			path.Make = func(i int) *kstream.Record { return c.Path.Make(10_000_000 + i) }
			result, err := bench.Latency(ctx, m.clock, path, m.seconds*rate, rate)
			p50 = append(p50, ms(result.Quantile(.5)))
			p99 = append(p99, ms(result.Quantile(.99)))
			if stopErr := stop(); err == nil {
				err = stopErr
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	row(w, fmt.Sprintf("p50 at %d/s, ms", rate), p50, "%.1f")
	row(w, fmt.Sprintf("p99 at %d/s, ms", rate), p99, "%.1f")
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// row prints the medians of both, and the ratios pair by pair.
func row(w *tabwriter.Writer, name string, all []float64, format string) {
	var bare, router, ratios []float64
	for i := 0; i+1 < len(all); i += 2 {
		bare, router = append(bare, all[i]), append(router, all[i+1])
		ratios = append(ratios, all[i+1]/all[i])
	}
	fmt.Fprintf(w, "%s\t"+format+"\t"+format+"\t%.2f\t%.2f\t%.2f\t\n", name,
		median(bare), median(router), median(ratios), slices.Min(ratios), slices.Max(ratios))
	_ = w.Flush()
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
