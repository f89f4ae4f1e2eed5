// Command compare measures the router beside others that do the same job, in turn, on one broker
// and in one run, and prints ratios:
//
//	LEADROUTER_TEST_BROKERS=… LEADROUTER_TEST_REDIS=… go run ./bench/compare
//
// The others are a bare copy loop, which is the price of exactly once, and a Kafka Streams
// application (make peer). It runs itself, with -serve, as the processes that are measured.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"text/tabwriter"

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

// match is a comparison: the same measurement on several contenders, several times.
type match struct {
	clock      clock.Clock
	meter      *bench.Meter
	site       bench.Site
	policy     string // as it was named
	plain      string // the same without rules that ask who persons and companies are
	like       [][]*kstream.Record
	sample     string // instance that like comes from
	contenders []string
	backlog    int
	warm       int
	seconds    int
	reps       int
	n          int // installations made so far
}

// choice is which comparison is asked for.
type choice struct {
	beside, provider, profile string
	knowledge, tunings        bool
	only, routers, open       string
	serve                     string
}

// policy is the one where nobody names another.
func (c choice) policy() string {
	if c.provider != "" || c.beside != "" || c.knowledge {
		return "bench/policies/twenty.yaml"
	}
	return "examples/tamarisk"
}

func run(ctx context.Context) error {
	m, what := match{clock: clock.System()}, choice{}
	brokers, redis := os.Getenv("LEADROUTER_TEST_BROKERS"), os.Getenv("LEADROUTER_TEST_REDIS")
	flag.StringVar(&m.policy, "policy", "", "policy of the router (default that of 40 reps, or of 20 for -beside, -providers and -knowledge)")
	contenders := flag.String("contenders", "bare,router,peer", "who is compared; alike is the router that does no more than the peer")
	flag.IntVar(&m.backlog, "backlog", 500_000, "leads of a throughput run, 2 at least")
	flag.IntVar(&m.warm, "warm", -1, "leads that come before those (-1: a fifth of them)")
	flag.IntVar(&m.seconds, "seconds", 15, "length of a latency run")
	flag.IntVar(&m.reps, "repeat", 3, "repetitions")
	flag.StringVar(&what.only, "only", "", "contest: the contenders side by side; scale: more routers, more open leads; default both")
	flag.StringVar(&what.routers, "routers", "1,2,4", "how many routers, for scale")
	flag.StringVar(&what.open, "open", "1000,10000,100000,1000000", "how many open leads, for scale")
	flag.BoolVar(&what.tunings, "tunings", false, "measure the peer under each of its tunings")
	flag.StringVar(&what.beside, "beside", "", "another `policy`: compare the router with itself under that one, by throughput alone")
	flag.StringVar(&what.provider, "providers", "", "compare the router without a provider to the router with one in this `trouble` (all: in turn), by throughput alone")
	flag.BoolVar(&what.knowledge, "knowledge", false, "compare the router that takes leads as they come with the router that finds out all it can, by throughput alone")
	flag.StringVar(&what.profile, "profile", "", "write a CPU profile to this file and do nothing but let the router work off one backlog")
	flag.StringVar(&what.serve, "serve", "", "be this contender until standard input ends")
	flag.StringVar(&m.site.Instance, "instance", "", "installation, for -serve")
	flag.StringVar(&m.site.Slot, "slot", "", "slot in it, for -serve")
	flag.BoolVar(&m.site.Plain, "plain", false, "take leads as they come, for -serve")
	partitions := flag.Int("partitions", 6, "partitions of the topics of leads; scale has 12")
	flag.StringVar(&m.sample, "like", "", "installation whose records the bare loop writes, for -serve")
	flag.Parse()
	if brokers == "" || redis == "" {
		return errors.New("no services: run make bench, or set LEADROUTER_TEST_BROKERS and LEADROUTER_TEST_REDIS")
	}
	if m.backlog < 2 || m.seconds < 1 || m.reps < 1 {
		return errors.New("want -backlog 2 at least, -seconds and -repeat 1")
	}
	if m.warm < 0 {
		m.warm = m.backlog / 5
	}
	m.site.Kafka, m.site.Redis = kstream.Client{Brokers: strings.Split(brokers, ",")}, app.Redis{Address: redis}
	m.policy = cmp.Or(m.policy, what.policy())
	m.site.Policy, m.site.Partitions = m.policy, int32(*partitions)
	m.site.PeerProject = peerProject
	if what.serve != "" {
		return m.serve(ctx, what.serve)
	}
	m.contenders = parties(*contenders)
	return m.run(ctx, what)
}

// run does what is asked for.
func (m *match) run(ctx context.Context, what choice) (err error) {
	if m.meter, err = bench.NewMeter(m.site); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.meter.Close()) }()
	switch {
	case what.provider != "":
		return m.providers(ctx, what.provider)
	case what.beside != "":
		return m.policies(ctx, what.beside)
	case what.knowledge && what.profile != "":
		m.site.Policy = knowing
		return m.profile(ctx, what.profile, bench.Knowing)
	case what.knowledge:
		return m.knowledge(ctx)
	}
	if m.site.Policy, err = bench.Unlimited(m.policy); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(m.site.Policy)) }()
	if m.plain, err = bench.Unlimited(m.policy, "last_owner", "company_owner"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(m.plain)) }()
	switch {
	case what.profile != "":
		return m.profile(ctx, what.profile, bench.Router)
	case what.tunings:
		return m.tunings(ctx)
	case what.only != "" && what.only != "contest" && what.only != "scale":
		return fmt.Errorf("--only: want contest or scale, not %q", what.only)
	}
	if what.only != "scale" {
		if err := m.contest(ctx); err != nil {
			return err
		}
	}
	if what.only != "contest" {
		return m.scale(ctx, what.routers, what.open)
	}
	return nil
}

// policies compares the throughput of the router under two policies.
func (m *match) policies(ctx context.Context, beside string) error {
	fmt.Printf("%s beside %s\n", m.policy, beside)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	defer func() { _ = w.Flush() }()
	fmt.Fprintln(w, "measured\tbeside\tpolicy\tratio\tmin\tmax\t")
	var all []float64
	for range m.reps {
		for _, policy := range []string{beside, m.policy} {
			rate, err := m.under(ctx, policy)
			if err != nil {
				return err
			}
			all = append(all, rate)
		}
	}
	row(w, "throughput, leads/s", all, "%.0f")
	return nil
}

// under is the throughput of the router under a policy without its limits.
func (m *match) under(ctx context.Context, policy string) (rate float64, err error) {
	site := m.next()
	if site.Policy, err = bench.Unlimited(policy); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(site.Policy)) }()
	return m.rateOf(ctx, site, bench.Router)
}

// opener makes a contender in a new installation.
type opener func(context.Context, bench.Site) (bench.Contender, error)

// rateOf is how many leads a second a contender works off of a backlog, in this process.
func (m *match) rateOf(ctx context.Context, site bench.Site, open opener) (rate float64, err error) {
	c, err := open(ctx, site)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, m.clear(ctx, c, site)) }()
	result, err := bench.Backlog(ctx, m.clock, c, bench.Load{Warm: m.warm, Leads: m.backlog}, nil)
	return result.PerSecond(), err
}

// profile records where the router's time goes.
func (m *match) profile(ctx context.Context, file string, open opener) error {
	c, err := open(ctx, m.next())
	if err != nil {
		return err
	}
	out, err := os.Create(file) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	start := c.Start
	c.Start = func(ctx context.Context) (bench.Running, error) {
		if err := pprof.StartCPUProfile(out); err != nil {
			return bench.Running{}, err
		}
		return start(ctx)
	}
	result, err := bench.Backlog(ctx, m.clock, c, bench.Load{Leads: m.backlog}, nil)
	pprof.StopCPUProfile()
	fmt.Printf("%.0f leads/s; see go tool pprof %s\n", result.PerSecond(), file)
	return err
}

// next is a new installation.
func (m *match) next() bench.Site {
	m.n++
	site := m.site
	site.Instance = fmt.Sprintf("bench-%d-%d", m.clock.Now().UnixMilli(), m.n)
	return site
}

// progress says on standard error what is done now: a comparison takes minutes.
func (m *match) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
