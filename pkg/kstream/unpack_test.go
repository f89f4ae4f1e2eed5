package kstream_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/batch"
)

// Generous: machines may be busy.
const (
	wait = time.Minute
	tick = 20 * time.Millisecond
)

// codecs by name.
func codecs() map[string]kgo.CompressionCodec {
	return map[string]kgo.CompressionCodec{
		"gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
}

// packed writes records as one batch, compressed.
func (k *kit) packed(codec kgo.CompressionCodec, records ...*kstream.Record) {
	k.t.Helper()
	require.NoError(k.t, batch.Write(k.t.Context(), k.client.Brokers, k.in, codec, records...))
}

// allow lets larger messages into the input.
func (k *kit) allow(bytes string) {
	k.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(k.client.Brokers...))
	require.NoError(k.t, err)
	defer client.Close()
	answers, err := kadm.NewClient(client).AlterTopicConfigs(k.t.Context(),
		[]kadm.AlterConfig{{Name: kstream.MaxMessageBytes, Value: &bytes}}, k.in)
	require.NoError(k.t, err)
	require.NoError(k.t, answers[0].Err)
}

// zeros are records that together unpack to so many megabytes.
func zeros(megabytes int) []*kstream.Record {
	records := make([]*kstream.Record, megabytes)
	for i := range records {
		records[i] = &kstream.Record{Value: make([]byte, 1<<20)}
	}
	return records
}

func text(value string) *kstream.Record { return &kstream.Record{Value: []byte(value)} }

// A batch that unpacks to far more than it was sent as is set aside unread, whatever it was
// packed with; what stands before and behind it comes through, and a restart does not meet it
// again.
func TestABatchTooLargeToUnpack(t *testing.T) {
	t.Parallel()
	for name, codec := range codecs() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := setup(t, 2)
			k.allow("2000000") // snappy packs to a twentieth
			k.packed(codec, text("before"))
			k.packed(codec, zeros(17)...)
			k.packed(codec, zeros(18)...)
			k.packed(codec, text("behind"), text("and more"))
			h := &stub{to: k.out}
			_, stop := k.run(h)
			require.ElementsMatch(t, []string{"before", "behind", "and more"}, k.texts(3))
			k.requireUnread()
			require.Eventually(t, func() bool { return h.committedSum() == 38 }, wait, tick)
			require.NoError(t, stop())

			k.packed(codec, text("later"))
			k.run(&stub{to: k.out})
			require.ElementsMatch(t, []string{"before", "behind", "and more", "later"}, k.texts(4))
			k.requireUnread()
		})
	}
}

// texts are the values of the output once there are at least n, in the order of no partition.
func (k *kit) texts(n int) (all []string) {
	k.t.Helper()
	for _, r := range k.read(k.out, n) {
		all = append(all, string(r.Value))
	}
	return all
}

// requireUnread looks for two dead letters, of 17 records and of 18 behind one.
func (k *kit) requireUnread() {
	k.t.Helper()
	letters := k.read(k.in+kstream.DLQSuffix, 2)
	var told []string
	for _, r := range letters {
		told = append(told, fmt.Sprint(r.Partition, "/", r.Offset, " of ", r.ProducerID, "/", r.ProducerEpoch, ": ", headersOf(r)))
	}
	require.Len(k.t, letters, 2, "%s", strings.Join(told, "\n"))
	slices.SortFunc(letters, func(a, b *kstream.Record) int {
		return cmp.Compare(headersOf(a)[kstream.HeaderSourceOffset], headersOf(b)[kstream.HeaderSourceOffset])
	})
	for i, span := range [][2]int{{1, 17}, {18, 35}} {
		headers := headersOf(letters[i])
		require.Empty(k.t, letters[i].Value)
		require.Equal(k.t, kstream.CodeUnpacked, headers[kstream.HeaderErrorCode])
		require.Contains(k.t, headers[kstream.HeaderError], fmt.Sprintf("the records at offsets %d to %d are one batch that unpacks to more than 16 MB", span[0], span[1]))
		require.Equal(k.t, fmt.Sprint(span[1]), headers[kstream.HeaderSourceOffset])
		require.Equal(k.t, "0", headers[kstream.HeaderCutFrom])
	}
}

// A failure of the transaction that sets such a batch aside, and a poisonous record before it,
// leave it what it is.
func TestABatchTooLargeToUnpackAmongFailures(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.packed(kgo.GzipCompression(), text("poison"), text("good"))
	k.packed(kgo.GzipCompression(), zeros(17)...)
	k.packed(kgo.GzipCompression(), text("behind"))
	h := &stub{to: k.out}
	h.handle = func(b kstream.Batch) (kstream.Output, error) {
		for _, r := range b.Records {
			if string(r.Value) == "poison" {
				return kstream.Output{}, errors.New("cannot be handled")
			}
		}
		return h.copy(b.Records), nil
	}
	k.run(h)
	var out []string
	for _, r := range k.read(k.out, 2) {
		out = append(out, string(r.Value))
	}
	require.Equal(t, []string{"good", "behind"}, out)
	letters := k.read(k.in+kstream.DLQSuffix, 2)
	require.Equal(t, kstream.CodePoison, headersOf(letters[0])[kstream.HeaderErrorCode])
	require.Equal(t, kstream.CodeUnpacked, headersOf(letters[1])[kstream.HeaderErrorCode])
}

// Many batches, each just small enough: they are unpacked as they are needed, not all at once,
// and none is lost over it.
func TestManyLargeBatchesAreUnpackedInTurn(t *testing.T) {
	t.Parallel()
	const batches = 12
	k := setup(t, 3)
	for i := range batches {
		records := zeros(12)
		for _, r := range records {
			r.Partition = int32(i % 3)
		}
		k.packed(kgo.ZstdCompression(), records...)
	}
	seen := map[string]bool{}
	h := &stub{handle: func(b kstream.Batch) (out kstream.Output, err error) {
		if size := sizeOf(b.Records); size > 8<<20 && len(b.Records) > 1 {
			return out, kstream.Fatal(fmt.Errorf("a batch of %d bytes", size))
		}
		for _, r := range b.Records {
			if !bytes.Equal(r.Value, make([]byte, 1<<20)) {
				return out, kstream.Fatal(errors.New("not what was sent"))
			}
			at := fmt.Sprint(r.Partition, r.Offset)
			if seen[at] {
				return out, kstream.Fatal(errors.New("handed out twice"))
			}
			seen[at] = true
		}
		return out, nil
	}}
	_, stop := k.run(h)
	require.Eventually(t, func() bool { return h.committedSum() == batches*12 }, wait, tick)
	require.NoError(t, stop())
	require.Len(t, seen, batches*12)
}

func sizeOf(records []*kstream.Record) (bytes int) {
	for _, r := range records {
		bytes += kstream.Size(r)
	}
	return bytes
}

// A record larger than a batch may be goes alone.
func TestALargeRecordGoesAlone(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.publish(0, 30)
	h := &stub{to: k.out}
	largest := 0
	h.handle = func(b kstream.Batch) (kstream.Output, error) {
		largest = max(largest, len(b.Records))
		return h.copy(b.Records), nil
	}
	_, stop := k.run(h, func(c *kstream.Config) { c.MaxBatchBytes = 1 })
	k.requireCopied(30)
	require.NoError(t, stop())
	require.Equal(t, 1, largest)
}

// A flood of the smallest records there are is read piece by piece, too.
func TestManyTinyRecords(t *testing.T) {
	t.Parallel()
	const n = 200_000
	k := setup(t, 1)
	records := make([]*kstream.Record, n)
	for i := range records {
		records[i] = &kstream.Record{}
	}
	k.packed(kgo.ZstdCompression(), records...)
	h := &stub{handle: func(kstream.Batch) (kstream.Output, error) { return kstream.Output{}, nil }}
	k.run(h)
	require.Eventually(t, func() bool { return h.committedSum() == n }, wait, tick)
	h.see(func() { require.GreaterOrEqual(t, h.calls, n/2_000) })
}

// Readers outside of a stream fail with the place: what they read is ours, and none of it may
// be left out.
func TestReadersSayWhereABatchIsTooLarge(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.packed(kgo.ZstdCompression(), text("before"))
	k.packed(kgo.ZstdCompression(), zeros(40)...)
	from, err := k.client.Starts(t.Context(), k.in)
	require.NoError(t, err)
	client := k.client
	client.Options = append(client.Options, kgo.MaxDecompressBatchBytes(32<<20))
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	_, err = client.ReadToEnd(ctx, from, func(*kstream.Record) error { return nil })
	require.ErrorContains(t, err, "topic in partition 0: the batch at offset 1 decompresses to more than")
}
