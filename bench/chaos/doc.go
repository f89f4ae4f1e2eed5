// Command chaos breaks an installation for a while, by a schedule that a seed draws, and
// looks from outside whether anything came of it that must not be.
//
//	schedule ──► strike ──► processes, links, clocks        (bench/chaos/cluster)
//	world ──► producer ──► Kafka ◄──► routers, watchers ◄──► Redis
//	             ▲           │
//	             └─ answers ─┴──► observer ──► history ──► checker ──► violations
//
//	go run ./bench/chaos --seed 7 --minutes 30 --faults 200
//
// The programs are those of production, as processes. One of the watchers is this
// program, with a clock that can be set (watch.go): no program of production has a door
// for that.
//
// The seed gives the faults, what comes in, and what reps do. What it cannot give is who
// is on the processor when: a run with the same seed does the same things to the same
// installation, and the same records come in, but not at the same instants.
//
// Exit codes: 0 nothing was violated, 1 something was, 2 wrong use, 3 servers could not be
// started.
package main
