package event

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"time"

	"leadrouter/pkg/lead"
)

// Version of CloudEvents that is spoken.
const Version = "1.0"

// Codes of errors about envelopes, besides those of package lead.
const (
	BadEnvelope lead.Code = "bad_envelope" // an attribute is missing or wrong
	BadContent  lead.Code = "bad_content"  // the data is declared to be no JSON
)

// Header is a header of a Kafka record.
type Header struct {
	Key   string
	Value []byte
}

// Envelope is one event. ID, Type, Source and Time are empty when a bare JSON
// value came in: the topic and the record's position stand for them.
type Envelope struct {
	ID      string
	Type    Type
	Source  string
	Subject string    // lead id where not said otherwise; else the record's key
	Time    time.Time // UTC, zero when not given
	// Traceparent is the W3C trace context, passed through as it came.
	Traceparent string
	Data        json.RawMessage
	// Extra headers, beyond CloudEvents: what a subscriber filters by. Decode leaves
	// it empty.
	Extra []Header
}

// ID derives the id of an emitted event from what caused it: ordinal tells apart
// events of one type with one cause. 32 hexadecimal digits.
func ID(cause string, t Type, ordinal int) string {
	var buf [128]byte // of most
	b := buf[:0]
	for _, s := range [...]string{cause, string(t)} {
		// Lengths first, so that no two causes are written alike.
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(b, ':')
		b = append(b, s...)
	}
	h := fnv.New128a() // causes are ours, nobody looks for two with one id
	_, _ = h.Write(strconv.AppendInt(b, int64(ordinal), 10))
	var sum [16]byte
	var digits [32]byte
	hex.Encode(digits[:], h.Sum(sum[:0]))
	return string(digits[:])
}

// New makes the envelope of an event that the record or operation named cause has
// brought about. It fails only when data cannot be written as JSON.
func New(t Type, cause string, ordinal int, subject string, at time.Time, data any) (Envelope, error) {
	raw, err := marshal(data)
	if err != nil {
		return Envelope{}, fmt.Errorf("encode %s of %s: %w", t, cause, err)
	}
	return Envelope{
		ID: ID(cause, t, ordinal), Type: t, Source: "leadrouter",
		Subject: subject, Time: at.UTC(), Data: raw,
	}, nil
}

// ProviderSource begins the source of events with what a provider knows.
const ProviderSource = "leadrouter/providers/"

var providerName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// IsProvider reports whether a name can be that of a provider. It stands in decisions.
func IsProvider(name string) bool { return providerName.MatchString(name) }

// Provider is the one whose answer the event brings; empty: it comes from somebody else.
func (e Envelope) Provider() string {
	if name, ok := strings.CutPrefix(e.Source, ProviderSource); ok && IsProvider(name) {
		return name
	}
	return ""
}

// Names of headers.
const (
	prefix      = "ce_"
	contentType = "content-type"
	traceparent = "traceparent"

	jsonType       = "application/json"
	structuredType = "application/cloudevents+json"
)

// Encode writes the envelope in binary mode: headers in a fixed order, and the
// value.
func Encode(e Envelope) ([]Header, []byte) {
	headers := make([]Header, 0, 9+len(e.Extra))
	values := make([]byte, 0, 192) // of most, one after the other
	add := func(key, value string) {
		if value != "" {
			from := len(values)
			values = append(values, value...)
			headers = append(headers, Header{key, values[from:len(values):len(values)]})
		}
	}
	add(prefix+"specversion", Version)
	add(prefix+"id", e.ID)
	add(prefix+"type", string(e.Type))
	add(prefix+"source", e.Source)
	add(prefix+"subject", e.Subject)
	if !e.Time.IsZero() {
		add(prefix+"time", e.Time.UTC().Format(time.RFC3339Nano))
	}
	add(contentType, jsonType)
	add(traceparent, e.Traceparent)
	return append(headers, e.Extra...), e.Data
}

// Position names a record: the cause of what is made from it when its own id says
// nothing.
func Position(topic string, partition int32, offset int64) string {
	return topic + "/" + strconv.Itoa(int(partition)) + "/" + strconv.FormatInt(offset, 10)
}
