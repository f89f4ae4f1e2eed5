package kstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
)

// Bounds of what a stream reads ahead of its batches, whatever stands in the topics. A fetch of
// a few megabytes could unpack to as many terabytes: a sender may well compress zeros.
const (
	fetchBytes = 4 << 20  // of one answer of a broker, packed; a larger batch comes alone
	batchBytes = 16 << 20 // of one batch, unpacked: what is larger goes to the DLQ unread
	aheadBytes = 4 * batchBytes
	// recordBytes is what a record takes beside its bytes.
	recordBytes = 256
)

// CodeUnpacked is the error code of a batch of records that is too large once it is unpacked.
const CodeUnpacked = "too_large"

// errUnpacked says that enough is unpacked. It is nobody's fault: the client asks for the batch
// again, and by then there has been a poll.
var errUnpacked = errors.New("enough is unpacked for now")

// unpacker unpacks batches of records as long as not too much of them lies about.
type unpacker struct {
	inner kgo.Decompressor
	left  atomic.Int64 // bytes until the next poll
}

// newUnpacker asks the library for its own unpacker with a bound of a batch. It makes one for a
// client alone, which need not be connected for that.
func newUnpacker() (*unpacker, error) {
	client, err := kgo.NewClient(kgo.MaxDecompressBatchBytes(batchBytes))
	if err != nil {
		return nil, fmt.Errorf("open unpacker: %w", err)
	}
	defer client.Close()
	inner, ok := client.OptValue(kgo.WithDecompressor).(kgo.Decompressor)
	if !ok {
		return nil, errors.New("open unpacker: the client has none")
	}
	u := &unpacker{inner: inner}
	u.more()
	return u, nil
}

// more lets as much be unpacked again: a poll has taken what there was, or a part of it.
func (u *unpacker) more() { u.left.Store(aheadBytes) }

// Decompress implements [kgo.Decompressor]. An error behind a batch that came through ends the
// fetch there; one at its beginning comes with the poll.
func (u *unpacker) Decompress(src []byte, codec kgo.CompressionCodecType) ([]byte, error) {
	if u.left.Load() <= 0 {
		return nil, errUnpacked
	}
	batch, err := u.inner.Decompress(src, codec)
	u.left.Add(-weight(batch))
	return batch, err
}

// weight is about what the records of a batch take in memory. They may be of seven bytes each.
func weight(batch []byte) int64 {
	total := int64(len(batch))
	for len(batch) > 0 {
		length, n := binary.Varint(batch)
		if n <= 0 || length < 0 || length > int64(len(batch)-n) {
			break // the library says what is wrong with it
		}
		batch = batch[n+int(length):]
		total += recordBytes
	}
	return total
}

// passOver has a batch that is too large set aside unread, and reading go on behind it.
func (l *loop) passOver(large *kgo.ErrDecompressTooLarge) {
	last := &Record{Topic: large.Topic, Partition: large.Partition, Offset: large.NextOffset - 1}
	err := fmt.Errorf("the records at offsets %d to %d are one batch that unpacks to more than %d MB; send them in smaller batches",
		large.Offset, last.Offset, batchBytes>>20)
	if l.queue.pushUnread(Dead{Record: last, Code: CodeUnpacked, Err: err, unread: true}, large.Epoch) {
		l.log.Warn("a batch is too large to unpack, it is set aside", zap.String("topic", large.Topic),
			zap.Int32("partition", large.Partition), zap.Int64("from", large.Offset), zap.Int64("to", last.Offset))
	}
}

// skip moves the client behind such batches: by itself it does not touch their partitions any
// more. It waits for the loop, since a callback of the group must not move offsets.
func (l *loop) skip() {
	if skips := l.queue.skips(); len(skips) > 0 {
		l.consumer.SetOffsets(skips)
	}
}
