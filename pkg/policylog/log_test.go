package policylog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/policylog"
	"leadrouter/pkg/testkit/services"
	"leadrouter/schemas"
)

var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// bench is a topic of its own on a shared Kafka.
type bench struct {
	t        *testing.T
	kafka    kstream.Client
	instance string
	log      *policylog.Log
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, kafka: kstream.Client{Brokers: services.Kafka(t)}, instance: services.Instance(t)}
	b.log = policylog.New(b.kafka, b.instance)
	require.NoError(t, b.kafka.CreateTopics(t.Context(), b.topic()))
	return b
}

func (b *bench) topic() kstream.Topic {
	for _, topic := range event.Topics(b.instance) {
		if topic.Type == event.PolicyPublished {
			return kstream.Topic{Name: topic.Name, Partitions: 1, Replication: 1, Configs: topic.Config()}
		}
	}
	return kstream.Topic{}
}

// draft is a policy of one file.
func draft(after int, text string) policylog.Draft {
	return policylog.Draft{
		Hash: "hash of " + text, Name: "p", Version: "1", Engine: 1, By: "dana", Because: "autumn", At: at, After: after,
		Files: map[string][]byte{"policy.yaml": []byte(text)},
	}
}

func (b *bench) publish(d policylog.Draft) event.Publication {
	b.t.Helper()
	p, err := b.log.Publish(b.t.Context(), d)
	require.NoError(b.t, err)
	return p
}

func (b *bench) read() *policylog.Archive {
	b.t.Helper()
	archive, err := b.log.Read(b.t.Context())
	require.NoError(b.t, err)
	return archive
}

// records counts what is in the topic, by kind of key.
func (b *bench) records() (parts, others int) {
	b.t.Helper()
	from, err := b.kafka.Starts(b.t.Context(), b.topic().Name)
	require.NoError(b.t, err)
	_, err = b.kafka.ReadToEnd(b.t.Context(), from, func(r *kstream.Record) error {
		if isPart(policylog.Record{Key: string(r.Key)}) {
			parts++
		} else {
			others++
		}
		return nil
	})
	require.NoError(b.t, err)
	return parts, others
}

func TestPublishAndReadBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.read().Active()
	require.ErrorIs(t, err, policylog.ErrNone)

	table := make([]byte, 3*policylog.PartBytes-1)
	for i := range table {
		table[i] = byte(rand.IntN(256)) // does not compress: each part is as large as it gets
	}
	d := draft(0, "one")
	d.Files["reps.csv"], d.Files["empty.yaml"] = table, []byte{}
	first := b.publish(d)
	require.Equal(t, 1, first.Number)
	require.True(t, first.Active)
	parts, _ := b.records()
	require.Equal(t, 1+3+1, parts)

	files, err := b.log.Files(t.Context(), first)
	require.NoError(t, err)
	require.Len(t, files, 3)
	require.True(t, bytes.Equal(table, files["reps.csv"]))
	active, err := b.read().Active()
	require.NoError(t, err)
	require.Equal(t, first, active)

	d = draft(1, "two")
	d.Files["reps.csv"] = table
	second := b.publish(d)
	parts, _ = b.records()
	require.Equal(t, 5+1, parts, "the table is there already")
	d = draft(2, "one")
	d.Because = "back to 1"
	third := b.publish(d)
	parts, others := b.records()
	require.Equal(t, 6, parts)
	require.Equal(t, 6, others)

	var numbers []int
	for _, p := range b.read().History() {
		numbers = append(numbers, p.Number)
		require.Equal(t, p.Number == third.Number, p.Active)
	}
	require.Equal(t, []int{3, 2, 1}, numbers)
	files, err = b.log.Files(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, "two", string(files["policy.yaml"]), "what is not active any more can be read")
}

// What is written is what the schema promises.
func TestRecordsAreEventsOfTheContract(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publish(draft(0, "one"))
	raw, err := schemas.FS.ReadFile("policy.published.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("schema.json", doc))
	schema, err := compiler.Compile("schema.json")
	require.NoError(t, err)

	ids := map[string]bool{}
	from, err := b.kafka.Starts(t.Context(), b.topic().Name)
	require.NoError(t, err)
	_, err = b.kafka.ReadToEnd(t.Context(), from, func(r *kstream.Record) error {
		e, err := kstream.Decode(r)
		require.NoError(t, err)
		require.Equal(t, event.PolicyPublished, e.Type)
		require.Equal(t, string(r.Key), e.Subject)
		require.Equal(t, at, e.Time)
		ids[e.ID] = true
		var data any
		require.NoError(t, json.Unmarshal(r.Value, &data))
		require.NoError(t, schema.Validate(data), "%s", r.Value)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, ids, 3)
}

// Many publish at once, each on top of what it has seen: one wins at a time, numbers
// have no holes, and nobody overwrites another.
func TestPublishersDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const each, publishers = 3, 4
	var wg sync.WaitGroup
	for i := range publishers {
		wg.Go(func() {
			for n := range each {
				if err := b.insist(fmt.Sprintf("%d of %d", n, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	history := b.read().History()
	require.Len(t, history, each*publishers)
	texts := map[string]bool{}
	for i, p := range history {
		require.Equal(t, len(history)-i, p.Number)
		texts[p.Hash] = true
	}
	require.Len(t, texts, each*publishers, "each has its own place")
}

// insist publishes until nobody else comes in between.
func (b *bench) insist(text string) error {
	for {
		archive, err := b.log.Read(b.t.Context())
		if err != nil {
			return err
		}
		active, err := archive.Active()
		if err != nil && !errors.Is(err, policylog.ErrNone) {
			return err
		}
		_, err = b.log.Publish(b.t.Context(), draft(active.Number, text))
		if !errors.Is(err, policylog.ErrOutdated) {
			return err
		}
	}
}

// A publisher that dies half way leaves nothing that a reader could take for a policy,
// and the next one neither waits for it nor is disturbed.
func TestACrashLeavesNoHalfPolicy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publish(draft(0, "one"))
	dead, err := kgo.NewClient(kgo.SeedBrokers(b.kafka.Brokers...), kgo.TransactionalID(b.instance+"-policy"), kgo.TransactionTimeout(time.Minute))
	require.NoError(t, err)
	defer dead.Close()
	require.NoError(t, dead.BeginTransaction())
	pointer := `{"number":2,"hash":"half","name":"p","engine":1,"files":[],"by":"x","at":"2026-11-24T10:00:00Z"}`
	require.NoError(t, dead.ProduceSync(t.Context(), &kgo.Record{Topic: b.topic().Name, Key: []byte("active"), Value: []byte(pointer)}).FirstErr())

	active, err := b.read().Active()
	require.NoError(t, err)
	require.Equal(t, 1, active.Number, "it was not committed")
	second := b.publish(draft(1, "two"))
	require.Equal(t, 2, second.Number)
	active, err = b.read().Active()
	require.NoError(t, err)
	require.Equal(t, "hash of two", active.Hash)
}

// collect follows a log until the test ends.
func (b *bench) collect() (seen chan event.Publication, none chan error) {
	b.t.Helper()
	seen, none = make(chan event.Publication, 9), make(chan error, 9)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- b.log.Follow(ctx, func(p event.Publication, err error) error {
			if err != nil {
				none <- err
				return nil
			}
			seen <- p
			return nil
		})
	}()
	b.t.Cleanup(func() { stop(); require.NoError(b.t, <-done) })
	return seen, none
}

func TestFollowersHearOfEachPublication(t *testing.T) {
	t.Parallel()
	b := setup(t)
	early, none := b.collect()
	require.ErrorIs(t, <-none, policylog.ErrNone)
	first := b.publish(draft(0, "one"))
	require.Equal(t, first, <-early)
	late, _ := b.collect()
	require.Equal(t, first, <-late, "the barrier: what is there at the start")
	second := b.publish(draft(1, "two"))
	require.Equal(t, second, <-early)
	require.Equal(t, second, <-late)
}

func TestWrongTopics(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := policylog.New(b.kafka, b.instance+"-nowhere").Read(t.Context())
	require.ErrorIs(t, err, kerr.UnknownTopicOrPartition)

	wide := b.topic()
	wide.Name, wide.Partitions = event.PolicyPublished.Topic(b.instance+"-wide"), 2
	require.NoError(t, b.kafka.CreateTopics(t.Context(), wide))
	_, err = policylog.New(b.kafka, b.instance+"-wide").Read(t.Context())
	require.ErrorIs(t, err, kstream.ErrPartitionCount)
}
