package redisledger_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/testkit/services"
)

// BenchmarkApply measures a chunk of 200 new leads, each with a set of its own,
// acknowledged with the next one. "script-µs/lead" is the time that Redis spent in
// the script for the fastest chunk: what it takes when nothing else wants the
// processor.
func BenchmarkApply(b *testing.B) {
	for _, pool := range []int{5, 20, 200} {
		for _, mixed := range []bool{false, true} {
			name := fmt.Sprintf("pool=%d/weights=alike", pool)
			if mixed {
				name = fmt.Sprintf("pool=%d/weights=mixed", pool)
			}
			b.Run(name, func(b *testing.B) { benchmarkApply(b, pool, mixed, false) })
		}
	}
	b.Run("pool=20/weights=alike/traits", func(b *testing.B) { benchmarkApply(b, 20, false, true) })
}

func benchmarkApply(b *testing.B, pool int, mixed, traits bool) {
	const leads = 200
	client := single(b)
	l, err := redisledger.New(client, redisledger.Config{Namespace: services.Instance(b), Cluster: "kafka"})
	require.NoError(b, err)
	_, err = l.Open(b.Context())
	require.NoError(b, err)
	roster := benchRoster(pool, mixed)
	partition := ledger.Partition{Topic: "AAAAAAAAAAAAAAAAAAAAAA"}
	_, err = l.Apply(b.Context(), ledger.Chunk{}) // the script is there from now on
	require.NoError(b, err)
	best := math.Inf(1)
	offset := int64(0)
	for b.Loop() {
		c := ledger.Chunk{
			Batch: fmt.Sprintf("router-1/%d", offset),
			Acks:  []ledger.Ack{{Partition: partition, Position: offset}},
		}
		for range leads {
			op := benchOp(ledger.OpID{Partition: partition, Offset: offset}, roster, pool)
			if traits {
				benchTraits(&op)
			}
			c.Ops = append(c.Ops, op)
			offset++
		}
		before := scriptMicros(b, client)
		results, err := l.Apply(b.Context(), c)
		require.NoError(b, err)
		best = min(best, scriptMicros(b, client)-before)
		require.Equal(b, ledger.Owned, results[leads-1].Grant.Effect)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(offset), "µs/lead")
	b.ReportMetric(best/leads, "script-µs/lead")
}

// benchRoster has one rep more than the pool, so that sets can differ.
func benchRoster(pool int, mixed bool) *ledger.Roster {
	r := &ledger.Roster{Digest: "9f31c2a0"}
	for i := range pool + 1 {
		t := ledger.Terms{
			ID: fmt.Sprintf("rep-%04d", i), Weight: 1,
			Caps: ledger.Caps{Open: 1_000_000, Day: 1_000_000},
		}
		if mixed {
			t.Weight = int64(1 + i%4)
		}
		r.Reps = append(r.Reps, t)
	}
	return r
}

// benchOp leaves one rep out, another one each time.
func benchOp(id ledger.OpID, roster *ledger.Roster, pool int) ledger.Op {
	members := make([]int32, 0, pool)
	for p := range int32(pool + 1) {
		if int64(p) != id.Offset%int64(pool+1) {
			members = append(members, p)
		}
	}
	return ledger.Op{
		ID: id, Digest: "0123456789abcdef0123456789abcdef", Kind: ledger.Assign,
		At: 1_764_000_000_000 + id.Offset, Lead: fmt.Sprintf("L-%08d", id.Offset),
		Value: 80_000, Roster: roster, Body: benchBody(id.Offset),
		Steps: []ledger.Step{
			{Pick: ledger.RoundRobin, Book: "closers", Members: members},
			{End: ledger.Waiting},
		},
	}
}

// benchTraits are as many as most leads have, of a person and a company that are new.
func benchTraits(op *ledger.Op) {
	op.Traits = &ledger.Traits{Company: fmt.Sprintf("c%010d", op.ID.Offset), Sketch: strings.Repeat("sketch", 25)}
	for _, kind := range []string{"e", "p", "n", "m"} {
		op.Traits.Person = append(op.Traits.Person, fmt.Sprintf("%s%010d", kind, op.ID.Offset))
	}
	for trait := range op.Traits.All() {
		op.Ties = append(op.Ties, ledger.Tie{Trait: trait})
	}
}

// benchBody is about as long as a plan, and as different from the next one.
func benchBody(n int64) []byte {
	var body []byte
	for sum := sha256.Sum256([]byte{byte(n), byte(n >> 8), byte(n >> 16)}); len(body) < 1000; sum = sha256.Sum256(sum[:]) {
		body = hex.AppendEncode(body, sum[:])
	}
	return body
}

// scriptMicros is the time that Redis has spent in EVALSHA so far.
func scriptMicros(b *testing.B, client *redis.Client) float64 {
	info, err := client.InfoMap(b.Context(), "commandstats").Result()
	require.NoError(b, err)
	var calls, micros float64
	_, err = fmt.Sscanf(info["Commandstats"]["cmdstat_evalsha"], "calls=%f,usec=%f", &calls, &micros)
	require.NoError(b, err)
	return micros
}
