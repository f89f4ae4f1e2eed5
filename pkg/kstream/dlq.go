package kstream

import (
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// DLQSuffix follows the input topic's name in the name of its dead letter topic.
const DLQSuffix = ".dlq"

// Headers that a dead letter has besides those of the original.
const (
	HeaderErrorCode       = "error_code"
	HeaderError           = "error"
	HeaderSourceTopic     = "source_topic"
	HeaderSourcePartition = "source_partition"
	HeaderSourceOffset    = "source_offset"
)

// CodePoison is the error code of a record that has failed three times in a batch and then alone.
const CodePoison = "poison"

const (
	maxErrorText = 1_000 // bytes of the error header
	// dlqHeadroom is how much longer than its original a dead letter may be: a dead letter
	// topic allows this much more than the input (see [Topic]), so the largest input fits.
	dlqHeadroom = 8 << 10
)

// letter returns the record for the dead letter topic: key, value and headers as they were,
// followed by ours.
func (d Dead) letter() *Record {
	text := ""
	if d.Err != nil {
		text = d.Err.Error()
	}
	header := func(key, value string) kgo.RecordHeader {
		return kgo.RecordHeader{Key: key, Value: []byte(value)}
	}
	return &Record{
		Topic: d.Record.Topic + DLQSuffix,
		Key:   d.Record.Key,
		Value: d.Record.Value,
		Headers: append(slices.Clone(d.Record.Headers),
			header(HeaderErrorCode, d.Code),
			header(HeaderError, strings.ToValidUTF8(text[:min(len(text), maxErrorText)], "")),
			header(HeaderSourceTopic, d.Record.Topic),
			header(HeaderSourcePartition, strconv.Itoa(int(d.Record.Partition))),
			header(HeaderSourceOffset, strconv.FormatInt(d.Record.Offset, 10)),
		),
	}
}
