package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"leadrouter/pkg/clock"
)

// Garbage may take four times what lives, since that is little and a router that collects a
// fourth as often has a tenth more of the processor; but no more than mostGarbage, or what
// lives if that is more. Without the bound a router that works off a backlog, of which a few
// hundred megabytes live at times, would take gigabytes.
const (
	mostPercent  = 400
	leastPercent = 100
	mostGarbage  = 256 << 20 // bytes
)

// percent is how much garbage there may be beside so many bytes that live.
func percent(live uint64) int {
	if live == 0 {
		return mostPercent
	}
	return int(min(mostPercent, max(leastPercent, 100*mostGarbage/live)))
}

// collectEvery is how often the bound is adjusted to what lives.
const collectEvery = 500 * time.Millisecond

// boundGarbage sets the bound, and again as what lives changes, until stop is called.
func boundGarbage() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	debug.SetGCPercent(mostPercent)
	working.Go(func() {
		live, set := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}, mostPercent
		for clock.System().Sleep(ctx, collectEvery) == nil {
			metrics.Read(live)
			if now := percent(live[0].Value.Uint64()); now != set {
				debug.SetGCPercent(now)
				set = now
			}
		}
	})
	return func() {
		cancel()
		working.Wait()
	}
}
