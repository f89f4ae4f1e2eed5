package kstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
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
	// HeaderCutFrom is there only when the original does not fit into the dead letter topic:
	// how many bytes its value has, at the source. What the letter holds is the beginning. 0: it
	// stands for a whole batch, which nobody can unpack.
	HeaderCutFrom = "cut_from"
)

// CodePoison is the error code of a record that has failed three times in a batch and then alone.
const CodePoison = "poison"

const (
	maxErrorText = 1_000 // bytes of the error header
	// dlqHeadroom is how much longer than its original a dead letter may be: a dead letter
	// topic allows this much more than the input (see [Topic]), so the largest input fits,
	// unless somebody raises the limit of the input alone.
	dlqHeadroom = 8 << 10
)

// letter returns the record for the dead letter topic: key, value and headers as they were,
// followed by ours. One that is larger than limit is cut, since it would stop its partition
// for good.
func (d Dead) letter(limit int) *Record {
	letter := &Record{
		Topic: d.Record.Topic + DLQSuffix, Key: d.Record.Key, Value: d.Record.Value,
		Headers: slices.Concat(d.Record.Headers, d.headers()),
	}
	if d.unread {
		letter.Headers = append(letter.Headers, header(HeaderCutFrom, "0"))
	}
	if d.unread || Size(letter) <= limit {
		return letter
	}
	letter.Headers = append(letter.Headers, header(HeaderCutFrom, strconv.Itoa(len(d.Record.Value))))
	letter.Value = letter.Value[:max(0, len(letter.Value)-(Size(letter)-limit))]
	if Size(letter) > limit { // the rest of it is no smaller
		letter.Key, letter.Headers = nil, letter.Headers[len(d.Record.Headers):]
	}
	return letter
}

func (d Dead) headers() []Header {
	text := ""
	if d.Err != nil {
		text = d.Err.Error()
	}
	return []Header{
		header(HeaderErrorCode, d.Code),
		header(HeaderError, strings.ToValidUTF8(text[:min(len(text), maxErrorText)], "")),
		header(HeaderSourceTopic, d.Record.Topic),
		header(HeaderSourcePartition, strconv.Itoa(int(d.Record.Partition))),
		header(HeaderSourceOffset, strconv.FormatInt(d.Record.Offset, 10)),
	}
}

func header(key, value string) Header { return Header{Key: key, Value: []byte(value)} }

// letterLimits returns how large the records of the dead letter topics may be, by name.
func (c Client) letterLimits(ctx context.Context, inputs []string) (map[string]int, error) {
	limits, names := make(map[string]int, len(inputs)), make([]string, len(inputs))
	for i, input := range inputs {
		names[i] = input + DLQSuffix
		limits[names[i]] = DefaultMaxMessageBytes + dlqHeadroom
	}
	topics, err := c.describe(ctx, names...)
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		return limits, nil // a stream without dead letters may not even know the topic
	}
	if err != nil {
		return nil, fmt.Errorf("limits of dead letters: %w", err)
	}
	for name, topic := range topics {
		if limit, err := strconv.Atoi(topic.Configs[MaxMessageBytes]); err == nil {
			limits[name] = min(limit, maxBatch)
		}
	}
	return limits, nil
}
