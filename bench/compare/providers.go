package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"leadrouter/bench"
	"leadrouter/pkg/providers"
)

// providers compares the throughput of the router without a provider with that of the
// router that asks one, for each trouble that one can be in, or for one of them.
func (m *match) providers(ctx context.Context, only string) error {
	fmt.Printf("%s; one provider, each lead is asked about\n", m.site.Policy)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	defer func() { _ = w.Flush() }()
	fmt.Fprintln(w, "the provider\tnone\twith\tratio\tmin\tmax\t")
	for _, trouble := range bench.Troubles() {
		if only != "all" && only != string(trouble) {
			continue
		}
		if err := m.trouble(ctx, w, trouble); err != nil {
			return err
		}
	}
	return nil
}

func (m *match) trouble(ctx context.Context, w *tabwriter.Writer, trouble bench.Trouble) error {
	var all []float64 // without, with, without, with …
	for range m.reps {
		file, stop, err := bench.ServeProvider(trouble)
		if err != nil {
			return err
		}
		for _, asked := range []*providers.File{nil, &file} {
			site := m.next()
			site.Providers = asked
			rate, err := m.rateOf(ctx, site, bench.Router)
			if err != nil {
				stop()
				return err
			}
			all = append(all, rate)
		}
		stop()
	}
	row(w, string(trouble), all, "%.0f")
	return nil
}
