package kstream

import (
	"github.com/twmb/franz-go/pkg/kgo"

	events "leadrouter/pkg/event"
)

// Encode makes a record of an event, in the binary mode of CloudEvents.
func Encode(topic, key string, e events.Envelope) *Record {
	headers, value := events.Encode(e)
	r := &Record{Topic: topic, Key: []byte(key), Value: value, Headers: make([]kgo.RecordHeader, len(headers))}
	for i, h := range headers {
		r.Headers[i] = kgo.RecordHeader{Key: h.Key, Value: h.Value}
	}
	return r
}

// Decode reads the envelope of a record, in any mode that [events.Decode] takes.
func Decode(r *Record) (events.Envelope, error) {
	headers := make([]events.Header, len(r.Headers))
	for i, h := range r.Headers {
		headers[i] = events.Header{Key: h.Key, Value: h.Value}
	}
	return events.Decode(headers, r.Key, r.Value)
}
