package main

import (
	"context"
	"fmt"
	"os"

	"leadrouter/bench"
)

// argv is the command that is a contender on a site: this program, with -serve. It finds the
// services in the environment, where a password of theirs is seen by nobody else.
func (m *match) argv(contender string, site bench.Site) []string {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return []string{
		self, "-serve", contender, "-policy", site.Policy, "-instance", site.Instance, "-slot", site.Slot, "-like", m.sample,
		fmt.Sprintf("-plain=%t", site.Plain), fmt.Sprintf("-partitions=%d", site.Partitions),
	}
}

// serve is a contender until standard input ends.
func (m *match) serve(ctx context.Context, contender string) error {
	var c bench.Contender
	var err error
	switch contender {
	case bare:
		from := m.site
		from.Instance = m.sample
		like, err := bench.Written(ctx, from)
		if err != nil {
			return err
		}
		if c, err = bench.Bare(ctx, m.site, like); err != nil {
			return err
		}
	case router:
		if c, err = bench.Router(ctx, m.site); err != nil {
			return err
		}
	default:
		return fmt.Errorf("-serve: want %s or %s, not %q", bare, router, contender)
	}
	return bench.Serve(ctx, c, os.Stdin, os.Stdout)
}
