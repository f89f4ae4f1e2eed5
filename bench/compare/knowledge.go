package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"leadrouter/bench"
)

// knowing is the policy that asks for all that can be found out.
const knowing = "bench/policies/knowing"

// knowledge compares the throughput of a router that takes leads as they come with that of
// one that finds out all it can about the same leads.
func (m *match) knowledge(ctx context.Context) error {
	fmt.Printf("%s, leads as they come, beside %s: enrichment, %d accounts, duplicates, companies, a learned score\n",
		m.site.Policy, knowing, bench.Accounts)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	defer func() { _ = w.Flush() }()
	fmt.Fprintln(w, "measured\tas they come\tknown\tratio\tmin\tmax\t")
	var all []float64
	for range m.reps {
		for _, policy := range []string{m.site.Policy, knowing} {
			site := m.next()
			site.Policy, site.Plain = policy, policy != knowing
			rate, err := m.rateOf(ctx, site, bench.Knowing)
			if err != nil {
				return err
			}
			all = append(all, rate)
		}
	}
	row(w, "throughput, leads/s", all, "%.0f")
	return nil
}
