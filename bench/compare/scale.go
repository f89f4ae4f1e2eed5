package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"leadrouter/bench"
)

// scale measures the router as there is more of everything: routers, then leads that are open.
// Rules, reps and rows of tables are measured where they matter, in the plan: see the Go
// benchmarks of pkg/routing and pkg/policy.
func (m *match) scale(ctx context.Context, routers, open string) error {
	counts, err := numbers(routers)
	if err != nil {
		return fmt.Errorf("--routers: %w", err)
	}
	sizes, err := numbers(open)
	if err != nil {
		return fmt.Errorf("--open: %w", err)
	}
	m.site.Partitions = 12 // so that four routers have the same share
	if err := m.routers(ctx, counts); err != nil {
		return err
	}
	return m.open(ctx, sizes)
}

// routers lets several routers of one installation share a backlog.
func (m *match) routers(ctx context.Context, counts []int) error {
	names := columns(counts, "routers: %d")
	t := newTable(names, toFirst(names)...)
	for i := range m.reps {
		for j, count := range counts {
			m.progress("routers, %d of %d: %d", i+1, m.reps, count)
			figures, err := m.shared(ctx, count)
			if err != nil {
				return err
			}
			t.add(names[j], figures...)
		}
	}
	fmt.Printf("\nrouters that share a backlog of %d leads\n", m.backlog)
	t.print(os.Stdout)
	return nil
}

func (m *match) shared(ctx context.Context, routers int) (figures []figure, err error) {
	site := m.next()
	c, err := bench.Router(ctx, site)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.clear(ctx, c, site)) }()
	var argvs [][]string
	for i := range routers {
		site.Slot = fmt.Sprintf("bench-%d", i+1)
		argvs = append(argvs, m.argv(router, site))
	}
	return m.ofRouters(bench.Backlog(ctx, m.clock, c.Apart(argvs...), bench.Load{Warm: m.warm, Leads: m.backlog}, m.meter))
}

// open measures a router again and again as more and more leads are open, in one installation.
func (m *match) open(ctx context.Context, sizes []int) (err error) {
	names := columns(sizes, "open: %d")
	t := newTable(names, toFirst(names)...)
	for i := range m.reps {
		if err := m.growing(ctx, sizes, func(j int, figures []figure) {
			m.progress("open leads, %d of %d: %d", i+1, m.reps, sizes[j])
			t.add(names[j], figures...)
		}); err != nil {
			return err
		}
	}
	fmt.Printf("\n%d leads more, when so many are open\n", m.backlog)
	t.print(os.Stdout)
	return nil
}

// growing has a router own as many leads as the first size says, works off a backlog, goes on
// to the next size, and so on.
func (m *match) growing(ctx context.Context, sizes []int, done func(int, []figure)) (err error) {
	site := m.next()
	c, err := bench.Router(ctx, site)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.clear(ctx, c, site)) }()
	before, err := m.meter.Memory(ctx)
	if err != nil {
		return err
	}
	c = c.Apart(m.argv(router, site))
	leads := 0
	for j, size := range sizes {
		load := bench.Load{First: leads, Warm: max(0, size-leads), Leads: m.backlog}
		figures, err := m.ofRouters(bench.Backlog(ctx, m.clock, c, load, m.meter))
		if err != nil {
			return err
		}
		leads += load.Warm + load.Leads
		memory, err := m.meter.Memory(ctx)
		if err != nil {
			return err
		}
		done(j, append(figures, figure{"bytes of Redis, an open lead", "%.0f", float64(memory-before) / float64(leads)}))
	}
	return nil
}

// ofRouters adds to the costs what they say about Redis: it runs scripts on one core, so that
// their time bounds what a shard carries, with as many routers and cores as one likes.
func (m *match) ofRouters(result bench.Result, err error) ([]figure, error) {
	if err != nil {
		return nil, err
	}
	carried := float64(m.backlog) / result.Used[bench.OfRedis].Seconds()
	return append(m.costs(result), figure{"leads/s that one Redis could carry", "%.0f", carried}), nil
}

// numbers reads a list such as 1,2,4.
func numbers(list string) ([]int, error) {
	var all []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("want whole numbers above 0, separated by commas, not %q", text)
		}
		all = append(all, n)
	}
	return all, nil
}

func columns(of []int, format string) (names []string) {
	for _, n := range of {
		names = append(names, fmt.Sprintf(format, n))
	}
	return names
}

// toFirst are the ratios of all others to the first.
func toFirst(names []string) (ratios [][2]string) {
	for _, name := range names[1:] {
		ratios = append(ratios, [2]string{name, names[0]})
	}
	return ratios
}
