package kstream

// DefaultMaxMessageBytes is the brokers' default of max.message.bytes.
const DefaultMaxMessageBytes = 1_048_588

const (
	batchOverhead  = 61 // header of a record batch, format v2
	recordOverhead = 34 // length, attributes, timestamp and offset deltas, key and value lengths: the longest varints
	headerOverhead = 10 // lengths of a header's key and value: the longest varints
)

// Size returns an upper bound, in bytes, of a record alone in an uncompressed batch, which is
// what the brokers compare with max.message.bytes at worst.
func Size(r *Record) int {
	size := batchOverhead + recordOverhead + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += headerOverhead + len(h.Key) + len(h.Value)
	}
	return size
}
