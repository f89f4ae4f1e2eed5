package kstream_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/kstream"
)

// A partition that is ahead is not read until it is not any more; in the end all is read,
// each record once and in order.
func TestReadInStep(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	const each = 200 // records of 100 kB: many fetches
	var records []*kstream.Record
	for i := range 2 * each {
		records = append(records, &kstream.Record{Topic: k.in, Partition: int32(i % 2), Value: bytes.Repeat([]byte{byte(i / 2)}, 100_000)})
	}
	to, err := kgo.NewClient(kgo.SeedBrokers(k.client.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	require.NoError(t, err)
	defer to.Close()
	require.NoError(t, to.ProduceSync(t.Context(), records...).FirstErr())

	first, second := kstream.TopicPartition{Topic: k.in}, kstream.TopicPartition{Topic: k.in, Partition: 1}
	seen := map[kstream.TopicPartition]int{}
	early := 0 // of the second, before the first is done
	from, err := k.client.Starts(t.Context(), k.in)
	require.NoError(t, err)
	next, err := k.client.ReadInStep(t.Context(), from, func(open []kstream.TopicPartition) []kstream.TopicPartition {
		if slices.Contains(open, first) {
			return []kstream.TopicPartition{second}
		}
		return nil
	}, func(r *kstream.Record) error {
		tp := kstream.PartitionOf(r)
		require.Equal(t, byte(seen[tp]), r.Value[0])
		seen[tp]++
		if tp == second && seen[first] < each {
			early++
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, map[kstream.TopicPartition]int{first: each, second: each}, seen)
	require.Equal(t, map[kstream.TopicPartition]int64{first: each, second: each}, next)
	require.Less(t, early, each/2, "no more than the fetch or two before anybody asked")
}
