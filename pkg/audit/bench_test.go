package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// years makes the log of an installation that has run for long, piece by piece: leads come
// every two minutes, wait for three days and are closed.
type years struct {
	model   *ledger.Model
	planner *routing.Planner
	at      int64
	leads   int64
	next    map[string]int64 // offsets by topic
}

func newYears(b testing.TB, p *routing.Planner) *years {
	b.Helper()
	return &years{model: ledger.NewModel(ledger.Config{}), planner: p, at: start, next: map[string]int64{}}
}

// openFor is how many leads come until one is closed.
const openFor = 3 * 24 * 30

// more is the next n decisions, as they are read.
func (y *years) more(b testing.TB, n int) [][]byte {
	b.Helper()
	log := make([][]byte, 0, n+1)
	for len(log) < n {
		y.at += 120_000
		id := "L-" + strconv.FormatInt(y.leads, 10)
		op := ledger.Op{Kind: ledger.Assign, Lead: id}
		plan := y.planner.Plan(routing.Input{Facts: lead.Lead{ID: id, Country: []string{"DE", "ES", "US", "FR"}[y.leads%4]}.Facts(), At: time.UnixMilli(y.at)})
		body, err := plan.Draft().Encode()
		require.NoError(b, err)
		op.Steps, op.Roster, op.Line, op.Body = plan.Steps, plan.Roster, plan.Line, body
		log = append(log, y.decide(b, "created", op))
		if y.leads >= openFor {
			log = append(log, y.decide(b, "activity", ledger.Op{Kind: ledger.Activity, Lead: "L-" + strconv.FormatInt(y.leads-openFor, 10), Verb: ledger.Closed}))
		}
		y.leads++
	}
	return log
}

func (y *years) decide(b testing.TB, topic string, op ledger.Op) []byte {
	b.Helper()
	at := ledger.Partition{Topic: topic}
	op.ID, op.At, op.Digest = ledger.OpID{Partition: at, Offset: y.next[topic]}, y.at, "d"
	results, err := y.model.Apply(context.Background(), ledger.Chunk{
		Acks: []ledger.Ack{{Partition: at, Position: op.ID.Offset}}, Ops: []ledger.Op{op},
	})
	require.NoError(b, err)
	y.next[topic]++
	text, err := json.Marshal(event.Decision{
		Engine: routing.Engine, Op: op.ID, Digest: op.Digest, Kind: op.Kind, Draft: op.Body, Grant: results[0].Grant,
	})
	require.NoError(b, err)
	return text
}

const roomy = `
policy: roomy
reps:
  ana: {level: rep, country: [DE, ES], weight: 3}
  ben: {level: rep, country: [DE, FR]}
  cho: {level: rep, country: [US, DE]}
caps: {rep: {open: 3000, day: 500}}
rules:
  - {name: local, to: [{to: all, match: [country]}, next]}
  - {name: anyone, to: [all, review]}
`

// BenchmarkALongLog proves a log that spans years: what it takes per decision, and the
// memory that is left at the end. Ten times the log must not be ten times the memory:
// LEADROUTER_BENCH_LONG=1 asks for that, too, which takes a minute.
func BenchmarkALongLog(b *testing.B) {
	sizes := []int{100_000}
	if os.Getenv("LEADROUTER_BENCH_LONG") != "" {
		sizes = append(sizes, 1_000_000)
	}
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := planner(b, roomy)
			for b.Loop() {
				b.StopTimer()
				before := heap()
				y, a := newYears(b, p), audit.NewAuditor([]*routing.Planner{p}, func(f audit.Finding) { b.Fatal(f) })
				for read := 0; read < n; {
					log := y.more(b, 10_000)
					b.StartTimer()
					for _, text := range log {
						var d event.Decision
						if err := json.Unmarshal(text, &d); err != nil {
							b.Fatal(err)
						}
						a.Add(d)
					}
					b.StopTimer()
					read += len(log)
				}
				y = nil
				b.ReportMetric(float64(heap()-before)/(1<<20), "MB")
				v := a.Close()
				require.Equal(b, v.Decisions, v.Proven)
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(v.Decisions*max(1, b.N)), "µs/decision")
				b.StartTimer()
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
