package systemtest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/batch"
)

// packed writes records as one batch, compressed.
func (in *installation) packed(codec kgo.CompressionCodec, records ...*kstream.Record) {
	in.t.Helper()
	require.NoError(in.t, batch.Write(in.t.Context(), in.brokers, in.topic(event.LeadCreated), codec, records...))
}

// bomb is a batch of zeros of so many megabytes.
func bomb(partition int32, megabytes int) []*kstream.Record {
	records := make([]*kstream.Record, megabytes)
	for i := range records {
		records[i] = &kstream.Record{Partition: partition, Value: make([]byte, 1<<20)}
	}
	return records
}

// Batches of a few kilobytes that unpack to many megabytes: those that are too large are set
// aside, of the others each record is; neither takes a router's memory, nor holds a partition up.
func TestCompressedBombs(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	in.raiseLimits()
	p := in.router("a")
	good := map[string]bool{}
	lead := func(codec kgo.CompressionCodec, partition int32) {
		id := fmt.Sprintf("good-%d", len(good))
		good[id] = true
		r := keyed(id, `{"id":%q,"country":"DE"}`, id)
		r.Partition = partition
		in.packed(codec, r)
	}
	codecs := []kgo.CompressionCodec{kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	const fits, large = 12, 40
	for i, codec := range codecs {
		lead(codec, int32(i))
		in.packed(codec, bomb(int32(i), large)...)
		for range 3 {
			in.packed(codec, bomb(int32(i), fits)...)
		}
		lead(codec, int32(i))
	}
	in.awaitCommitted(2 * time.Minute)
	requireOnce(t, good, in.assigned())
	codes := map[string]int{}
	for _, letter := range in.read(in.topic(event.LeadCreated) + kstream.DLQSuffix) {
		for _, h := range letter.Headers {
			if h.Key == kstream.HeaderErrorCode {
				codes[string(h.Value)]++
			}
		}
	}
	require.Equal(t, map[string]int{"not_json": 3 * fits * len(codecs), kstream.CodeUnpacked: len(codecs)}, codes)
	require.Less(t, p.peak(), 3*mostMemory, "records of a megabyte take more than small ones")
	t.Logf("peak: %d MB", p.peak()>>20)
	ready, _ := p.ready()
	require.True(t, ready)
}
