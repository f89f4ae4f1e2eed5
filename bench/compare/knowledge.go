package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"leadrouter/bench"
)

// knowing is the policy that asks for all that can be found out.
const knowing = "bench/policies/knowing"

// knowledge compares the throughput of a router that takes leads as they come with that of
// one that finds out all it can about the same leads.
func (m *match) knowledge(ctx context.Context) error {
	fmt.Printf("%s, leads as they come, beside %s: enrichment, %d accounts, duplicates, companies, a learned score\n",
		m.site.Policy, knowing, bench.Accounts)
	const plain, known = "as they come", "known"
	t := newTable([]string{plain, known}, [2]string{known, plain})
	for i := range m.reps {
		for _, name := range t.contenders {
			m.progress("%d of %d: %s", i+1, m.reps, name)
			site := m.next()
			if site.Plain = name == plain; !site.Plain {
				site.Policy = knowing
			}
			figures, err := m.known(ctx, site)
			if err != nil {
				return err
			}
			t.add(name, figures...)
		}
	}
	t.print(os.Stdout)
	return nil
}

// known measures a router that has the accounts of a CRM beside its leads.
func (m *match) known(ctx context.Context, site bench.Site) (figures []figure, err error) {
	c, err := bench.Knowing(ctx, site)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.clear(ctx, c, site)) }()
	return m.worked(ctx, c.Apart(m.argv(router, site)), site)
}
