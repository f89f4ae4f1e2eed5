package redisledger_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/testkit/services"
)

var created = ledger.Partition{Topic: "created"}

// open gives a ledger in a namespace, bound to the test's Kafka cluster.
func open(t testing.TB, client redis.UniversalClient, namespace string) *redisledger.Ledger {
	t.Helper()
	l, err := redisledger.New(client, redisledger.Config{Namespace: namespace, Cluster: "kafka", Prefix: "p"})
	require.NoError(t, err)
	_, err = l.Open(t.Context())
	require.NoError(t, err)
	return l
}

// roster has reps a, b, c with a cap on open leads; 0 is none.
func roster(openCap int64) *ledger.Roster {
	r := &ledger.Roster{Digest: fmt.Sprint("open-", openCap)}
	for _, id := range []string{"a", "b", "c"} {
		r.Reps = append(r.Reps, ledger.Terms{ID: id, Weight: 1, Caps: ledger.Caps{Open: openCap}})
	}
	return r
}

func assign(p ledger.Partition, offset int64, r *ledger.Roster) ledger.Op {
	return ledger.Op{
		ID:   ledger.OpID{Partition: p, Offset: offset},
		Kind: ledger.Assign, At: 1_764_000_000_000, Lead: fmt.Sprint(p, "/", offset), Roster: r,
		Steps: []ledger.Step{
			{Pick: ledger.RoundRobin, Book: "all", Members: []int32{0, 1, 2}},
			{End: ledger.Waiting},
		},
	}
}

func apply(t testing.TB, l *redisledger.Ledger, ops ...ledger.Op) []ledger.Result {
	t.Helper()
	results, err := l.Apply(t.Context(), ledger.Chunk{Batch: "b", Ops: ops})
	require.NoError(t, err)
	return results
}

func TestNewReportsEveryFault(t *testing.T) {
	t.Parallel()
	_, err := redisledger.New(nil, redisledger.Config{Namespace: "a{b", Dedupe: -1})
	require.ErrorContains(t, err, "braces")
	require.ErrorContains(t, err, "cluster id")
	require.ErrorContains(t, err, "negative")
}

func TestOpenBindsAnEmptyNamespace(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	l := open(t, client, "n")
	apply(t, l, assign(created, 0, roster(0)))

	again, err := redisledger.New(client, redisledger.Config{Namespace: "n", Cluster: "kafka", Prefix: "p"})
	require.NoError(t, err)
	status, err := again.Open(t.Context())
	require.NoError(t, err)
	require.Equal(t, redisledger.Status{Epoch: 1, Sequence: 1, At: 1_764_000_000_000}, status)

	for name, cfg := range map[string]redisledger.Config{
		"another cluster": {Namespace: "n", Cluster: "other", Prefix: "p"},
		"another prefix":  {Namespace: "n", Cluster: "kafka"},
	} {
		stranger, err := redisledger.New(client, cfg)
		require.NoError(t, err)
		_, err = stranger.Open(t.Context())
		require.ErrorIs(t, err, redisledger.ErrBound, name)
		require.ErrorIs(t, stranger.Load(t.Context(), ledger.NewState()), redisledger.ErrBound, name)
	}

	require.NoError(t, client.HSet(t.Context(), "{n}:meta", "schema", 99).Err())
	_, err = again.Open(t.Context())
	require.ErrorIs(t, err, redisledger.ErrSchema)
}

func TestOpenRefusesEviction(t *testing.T) {
	t.Parallel()
	p := services.OwnRedis(t, services.RedisConfig{Args: []string{"--maxmemory-policy", "allkeys-lru"}})
	client := redis.NewClient(&redis.Options{Addr: p.Addr()})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	l, err := redisledger.New(client, redisledger.Config{Namespace: "n", Cluster: "kafka"})
	require.NoError(t, err)
	_, err = l.Open(t.Context())
	require.ErrorIs(t, err, redisledger.ErrEviction)
	require.Zero(t, client.DBSize(t.Context()).Val(), "nothing was bound")
}

// A restart may have lost the last writes: the ledger is not the one it was.
func TestRestartedServerIsRefusedUntilLoaded(t *testing.T) {
	t.Parallel()
	p := services.OwnRedis(t, services.RedisConfig{})
	client := redis.NewClient(&redis.Options{Addr: p.Addr()})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	l := open(t, client, "n")
	apply(t, l, assign(created, 0, roster(0)), assign(created, 1, roster(0)))
	state, err := l.Dump(t.Context())
	require.NoError(t, err)

	require.NoError(t, p.Kill())
	_, err = l.Apply(t.Context(), ledger.Chunk{})
	require.ErrorIs(t, err, ledger.ErrUnavailable)
	require.NoError(t, p.Restart(t.Context()))

	_, err = l.Apply(t.Context(), ledger.Chunk{Ops: []ledger.Op{assign(created, 2, roster(0))}})
	require.ErrorIs(t, err, ledger.ErrEpoch)
	_, err = l.Pending(t.Context(), created, 9)
	require.ErrorIs(t, err, ledger.ErrEpoch)
	_, err = l.Open(t.Context())
	require.ErrorIs(t, err, ledger.ErrEpoch)

	require.NoError(t, l.Load(t.Context(), state))
	loaded, err := l.Dump(t.Context())
	require.NoError(t, err)
	require.Equal(t, state.Epoch+1, loaded.Epoch)
	loaded.Epoch = state.Epoch
	require.Empty(t, state.Rebuilt().Diff(loaded))
	g := apply(t, l, assign(created, 2, roster(0)))[0].Grant
	require.Equal(t, int64(3), g.Sequence)
	require.Equal(t, int64(2), g.Epoch)
	require.Nil(t, g.Install, "the roster is there")
}

func TestFlushedNamespaceIsRefused(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	l := open(t, client, "n")
	server.FlushAll()
	_, err := l.Apply(t.Context(), ledger.Chunk{})
	require.ErrorIs(t, err, ledger.ErrEpoch)
}

func TestErrorsOfAServerThatDoesNotServe(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	l := open(t, client, "n")
	for _, reply := range []string{
		"LOADING Redis is loading the dataset in memory", "CLUSTERDOWN The cluster is down",
		"READONLY You can't write against a read only replica.", "MASTERDOWN Link with MASTER is down",
		"OOM command not allowed when used memory > 'maxmemory'.", "NOREPLICAS Not enough good replicas to write.",
		"NOAUTH Authentication required.", "WRONGPASS invalid username-password pair or user is disabled.",
		"NOPERM User router has no permissions to run the 'evalsha' command",
	} {
		server.SetError(reply)
		_, err := l.Apply(t.Context(), ledger.Chunk{})
		require.ErrorIs(t, err, ledger.ErrUnavailable, reply)
		require.ErrorContains(t, err, "redis is there and does not serve: "+reply)
	}
	server.SetError("OOM command not allowed when used memory > 'maxmemory'.")
	_, err := l.Apply(t.Context(), ledger.Chunk{})
	require.ErrorContains(t, err, "; raise its maxmemory")
	server.SetError("NOREPLICAS Not enough good replicas to write.")
	_, err = l.Apply(t.Context(), ledger.Chunk{})
	require.ErrorContains(t, err, "if another server was promoted, lead routers to that one", "what cut it off is not to be lifted")
	server.SetError("ERR we did something wrong")
	_, err = l.Apply(t.Context(), ledger.Chunk{})
	require.Error(t, err)
	require.NotErrorIs(t, err, ledger.ErrUnavailable)
	server.SetError("")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Apply(ctx, ledger.Chunk{})
	require.ErrorIs(t, err, ledger.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
	server.Close()
	_, err = l.Dump(t.Context())
	require.ErrorIs(t, err, ledger.ErrUnavailable)
}

// Only what no result depends on any more may expire.
func TestOnlyClosedLeadsExpire(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	l := open(t, client, "n")
	verb := func(offset int64, lead, verb string) ledger.Op {
		return ledger.Op{
			ID:   ledger.OpID{Partition: ledger.Partition{Topic: "activity"}, Offset: offset},
			Kind: ledger.Activity, At: 1_764_000_000_000, Lead: lead, Verb: verb,
		}
	}
	apply(t, l, assign(created, 0, roster(0)), assign(created, 1, roster(0)), assign(created, 2, roster(0)))
	_, err := l.Apply(t.Context(), ledger.Chunk{Acks: []ledger.Ack{{Partition: created, Position: 3}}})
	require.NoError(t, err)
	apply(t, l, verb(0, "created/0/0", ledger.Lost), verb(1, "created/0/1", ledger.Lost), verb(2, "created/0/1", ledger.Reopened),
		verb(3, "unknown", ledger.Accepted))
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	for _, key := range keys {
		ttl := client.TTL(t.Context(), key).Val()
		if strings.HasSuffix(key, ":lead:created/0/0") {
			require.InDelta(t, (187 * 24 * time.Hour).Seconds(), ttl.Seconds(), 1)
			continue
		}
		require.Equal(t, time.Duration(-1), ttl, key)
	}
}

// Every key is one of keys.go and in the slot of the namespace.
func TestKeysAreKnown(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	l := open(t, client, "n")
	apply(t, l, assign(created, 0, roster(0)))
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	for _, key := range keys {
		require.Regexp(t, `^\{n\}:(meta|1\.[0-9a-z]+:(clock|reps|credit|rosters|held|acked|floors|told|owned|memo:.+|lead:.+))$`, key)
	}
}

// requests records the first argument of every script call.
type requests struct {
	mu   sync.Mutex
	sent []string
}

func (r *requests) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *requests) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (r *requests) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		for _, arg := range cmd.Args() {
			if head, ok := arg.([]byte); ok && strings.HasPrefix(string(head), "{") {
				r.mu.Lock()
				r.sent = append(r.sent, string(head))
				r.mu.Unlock()
			}
		}
		return next(ctx, cmd)
	}
}

func TestRosterIsSentUntilTheLedgerHasIt(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	l := open(t, client, "n")
	apply(t, l, assign(created, 0, roster(0)))
	sent := &requests{}
	client.AddHook(sent)
	apply(t, l, assign(created, 1, roster(0)))
	require.Contains(t, sent.sent[0], `"install":[]`)

	// After a load without it, what was learnt is void.
	require.NoError(t, l.Load(t.Context(), ledger.NewState()))
	g := apply(t, l, assign(created, 2, roster(0)))[0].Grant
	require.Len(t, g.Install, 3)

	// A roster that got lost is asked for.
	generation := strings.TrimSuffix(client.Keys(t.Context(), "*:rosters").Val()[0], ":rosters")
	require.NoError(t, client.Del(t.Context(), generation+":rosters").Err())
	g = apply(t, l, assign(created, 3, roster(0)))[0].Grant
	require.Len(t, g.Install, 3)
}

// Two contents under one digest are a fault of the caller; the script survives it.
func TestDigestOfTwoRosters(t *testing.T) {
	t.Parallel()
	l := open(t, embedded(t), "n")
	short := roster(0)
	short.Reps = short.Reps[:1]
	op := assign(created, 0, short)
	op.Steps[0].Members = []int32{0}
	apply(t, l, op)
	_, err := l.Apply(t.Context(), ledger.Chunk{Ops: []ledger.Op{assign(created, 1, roster(0))}})
	require.ErrorContains(t, err, "roster")
	require.NotErrorIs(t, err, ledger.ErrUnavailable)
}

// A busy partition stays busy in the parts of the chunk that follow, and a rep who
// leaves comes alone between them.
func TestChunkInParts(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	l := open(t, client, "n")
	other := ledger.Partition{Topic: "other"}
	apply(t, l, assign(created, 0, roster(0)))
	again := assign(other, 0, roster(0))
	again.Lead = "created/0/0"
	left := ledger.Op{
		ID: ledger.OpID{Partition: other, Offset: 1}, Kind: ledger.Presence, At: 1, Rep: "a", Verb: ledger.Left,
	}
	gone := left
	gone.ID.Topic = "status"
	results, err := l.Apply(t.Context(), ledger.Chunk{Batch: "another", Ops: []ledger.Op{
		again, left, gone, assign(other, 2, roster(0)), assign(created, 1, roster(0)),
	}})
	require.NoError(t, err)
	var codes []ledger.Code
	for _, r := range results {
		codes = append(codes, r.Code)
	}
	require.Equal(t, []ledger.Code{ledger.Busy, ledger.Busy, ledger.Applied, ledger.Busy, ledger.Applied}, codes)
	require.NotEqual(t, "a", results[4].Grant.Rep)
}

// However many routers, no cap is overshot and no sequence given twice.
func TestRoutersShareTheCaps(t *testing.T) {
	t.Parallel()
	const routers, leads = 6, 40
	client := single(t)
	namespace := services.Instance(t)
	limited := roster(20)
	var wg sync.WaitGroup
	results := make([][]ledger.Result, routers)
	errs := make([]error, routers)
	for n := range routers {
		l := open(t, client, namespace)
		wg.Go(func() {
			for offset := range int64(leads) {
				p := ledger.Partition{Topic: "created", Index: int32(n)}
				got, err := l.Apply(t.Context(), ledger.Chunk{Batch: fmt.Sprint(n), Ops: []ledger.Op{assign(p, offset, limited)}})
				if err != nil {
					errs[n] = err
					return
				}
				results[n] = append(results[n], got...)
			}
		})
	}
	wg.Wait()
	owned, sequences := map[string]int{}, map[int64]bool{}
	for n := range routers {
		require.NoError(t, errs[n])
		for _, r := range results[n] {
			require.False(t, sequences[r.Grant.Sequence])
			sequences[r.Grant.Sequence] = true
			owned[r.Grant.Rep]++
		}
	}
	require.Len(t, sequences, routers*leads)
	require.Equal(t, map[string]int{"a": 20, "b": 20, "c": 20, "": routers*leads - 60}, owned)
}
