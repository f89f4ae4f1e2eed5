package deadletter

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadrouter/pkg/kstream"
)

// Letter is a record that was set aside.
type Letter struct {
	ID     ID        `json:"id"`
	Topic  string    `json:"topic"`  // the input it came from
	Source string    `json:"source"` // partition/offset there
	At     time.Time `json:"at"`     // when it was set aside
	Code   string    `json:"code"`
	Reason string    `json:"reason"`
	Bytes  int       `json:"bytes"` // of the original value
	// Cut letters hold the beginning of the original only: they can be dropped, not sent
	// again.
	Cut bool `json:"cut,omitempty"`

	record *kstream.Record
}

// Value is the original value, or the beginning of a cut one.
func (l Letter) Value() []byte { return l.record.Value }

// ID names a letter by its place: "topic.dlq/partition/offset".
type ID struct {
	kstream.TopicPartition
	Offset int64
}

// String implements [fmt.Stringer].
func (id ID) String() string { return fmt.Sprintf("%s/%d", id.TopicPartition, id.Offset) }

// MarshalText writes an id as String does.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// ParseID reads what [ID.String] writes.
func ParseID(text string) (ID, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return ID{}, fmt.Errorf("%q is no dead letter; they are called topic.dlq/partition/offset", text)
	}
	partition, err := strconv.ParseInt(parts[1], 10, 32)
	if err != nil {
		return ID{}, fmt.Errorf("%q is no dead letter: %q is no partition", text, parts[1])
	}
	offset, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return ID{}, fmt.Errorf("%q is no dead letter: %q is no offset", text, parts[2])
	}
	return ID{kstream.TopicPartition{Topic: parts[0], Partition: int32(partition)}, offset}, nil
}

// read makes a letter of a record of a dead letter topic.
func read(r *kstream.Record) Letter {
	l := Letter{
		ID: ID{kstream.PartitionOf(r), r.Offset}, Topic: strings.TrimSuffix(r.Topic, kstream.DLQSuffix),
		At: r.Timestamp, Bytes: len(r.Value), record: r,
	}
	partition, offset := "", ""
	for _, h := range r.Headers {
		switch h.Key {
		case kstream.HeaderErrorCode:
			l.Code = string(h.Value)
		case kstream.HeaderError:
			l.Reason = string(h.Value)
		case kstream.HeaderSourcePartition:
			partition = string(h.Value)
		case kstream.HeaderSourceOffset:
			offset = string(h.Value)
		case kstream.HeaderCutFrom:
			l.Cut = true
			l.Bytes, _ = strconv.Atoi(string(h.Value))
		}
	}
	l.Source = partition + "/" + offset
	return l
}

// original is the record as it came in.
func (l Letter) original() *kstream.Record {
	return &kstream.Record{Topic: l.Topic, Key: l.record.Key, Value: l.record.Value, Headers: originalHeaders(l.record.Headers)}
}

// moved is the letter as it is written anew.
func (l Letter) moved() *kstream.Record {
	return &kstream.Record{Topic: l.record.Topic, Key: l.record.Key, Value: l.record.Value, Headers: l.record.Headers}
}

// originalHeaders are those before ours, which come last: what a sender has called like
// ours stays.
func originalHeaders(headers []kstream.Header) []kstream.Header {
	ours := []string{
		kstream.HeaderErrorCode, kstream.HeaderError, kstream.HeaderSourceTopic,
		kstream.HeaderSourcePartition, kstream.HeaderSourceOffset, kstream.HeaderCutFrom,
	}
	n := len(headers)
	for n > 0 && slices.Contains(ours, headers[n-1].Key) {
		ours = slices.DeleteFunc(ours, func(key string) bool { return key == headers[n-1].Key })
		n--
	}
	return headers[:n]
}
