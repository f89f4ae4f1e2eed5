package event

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"leadrouter/pkg/lead"
)

const (
	// maxAttribute bounds an attribute of the envelope, in bytes.
	maxAttribute = 1024
	// maxValue bounds a record: data in structured mode may be in base64.
	maxValue = lead.MaxBytes*3/2 + 64<<10
)

// Decode reads a record in binary mode, in structured mode or as bare JSON. The
// data itself is not looked at: its parser knows what it must be. The error is a
// [*lead.Error].
func Decode(headers []Header, key, value []byte) (Envelope, error) {
	if len(value) > maxValue {
		return Envelope{}, lead.Fail(lead.TooLarge, "", "%d bytes, at most %d are taken", len(value), maxValue)
	}
	h := known(headers)
	e, err := Envelope{}, error(nil)
	switch {
	case structured(h.contentType):
		e, err = decodeStructured(h.traceparent, value)
	case h.binary:
		e, err = decodeBinary(h, value)
	default:
		e = Envelope{Data: value, Traceparent: h.traceparent}
	}
	if err != nil {
		return Envelope{}, err
	}
	if !printable(e.Traceparent) {
		e.Traceparent = "" // a broken trace must not stop a lead
	}
	if e.Subject == "" {
		if subject := string(key); printable(subject) {
			e.Subject = subject
		}
	}
	return e, nil
}

// attributes are those of an event that an envelope takes.
type attributes struct{ specversion, id, kind, source, subject, time string }

// knownHeaders are the headers that mean something to us.
type knownHeaders struct {
	contentType, traceparent string
	attributes
	binary bool // there is some attribute of an event: it must be complete
}

// known takes the last value of each header; names are of any case.
func known(headers []Header) knownHeaders {
	var k knownHeaders
	for _, h := range headers {
		name := strings.ToLower(h.Key)
		k.binary = k.binary || strings.HasPrefix(name, prefix)
		if p := k.field(name); p != nil {
			*p = string(h.Value)
		}
	}
	return k
}

func (k *knownHeaders) field(name string) *string {
	switch name {
	case contentType:
		return &k.contentType
	case traceparent:
		return &k.traceparent
	case prefix + "specversion":
		return &k.specversion
	case prefix + "id":
		return &k.id
	case prefix + "type":
		return &k.kind
	case prefix + "source":
		return &k.source
	case prefix + "subject":
		return &k.subject
	case prefix + "time":
		return &k.time
	}
	return nil
}

func structured(declared string) bool {
	if declared == "" || declared == jsonType {
		return false // nearly all
	}
	media, _ := mediaType(declared) // a parameter that is none changes nothing
	return media == structuredType
}

var errContentType = errors.New("content type is too long")

// mediaType is what a content type declares. A megabyte of parameters is not taken apart.
func mediaType(declared string) (string, error) {
	if len(declared) > maxAttribute {
		return "", errContentType
	}
	media, _, err := mime.ParseMediaType(declared)
	return media, err
}

func decodeBinary(h knownHeaders, value []byte) (Envelope, error) {
	if err := checkContent(h.contentType); err != nil {
		return Envelope{}, err
	}
	e := Envelope{Data: value, Traceparent: h.traceparent}
	return e, e.fill(h.attributes)
}

// decodeStructured reads an event that is all in its value; trace is the header.
func decodeStructured(trace string, value []byte) (Envelope, error) {
	if err := lead.Check(value); err != nil {
		return Envelope{}, err
	}
	var o map[string]json.RawMessage
	if err := json.Unmarshal(value, &o); err != nil || o == nil {
		return Envelope{}, lead.Fail(lead.WrongType, "", "is not an object")
	}
	texts := make(map[string]string, len(o))
	for name, raw := range o {
		var s string
		if name == "data" || json.Unmarshal(raw, &s) != nil {
			continue // an attribute of another type counts as missing
		}
		texts[name] = s
	}
	if err := checkContent(texts["datacontenttype"]); err != nil {
		return Envelope{}, err
	}
	e := Envelope{Data: o["data"], Traceparent: texts[traceparent]}
	if e.Traceparent == "" {
		e.Traceparent = trace
	}
	if packed, ok := texts["data_base64"]; ok && e.Data == nil {
		data, err := base64.StdEncoding.DecodeString(packed)
		if err != nil {
			return Envelope{}, lead.Fail(BadEnvelope, "data_base64", "is not base64")
		}
		e.Data = data
	}
	return e, e.fill(attributes{
		specversion: texts["specversion"], id: texts["id"], kind: texts["type"], source: texts["source"],
		subject: texts["subject"], time: texts["time"],
	})
}

// fill takes the attributes of the envelope.
func (e *Envelope) fill(a attributes) error {
	if a.specversion != Version {
		return lead.Fail(BadEnvelope, "specversion", "is not %s", Version)
	}
	texts := [...]struct{ name, value string }{{"id", a.id}, {"type", a.kind}, {"source", a.source}, {"subject", a.subject}}
	for _, t := range texts[:3] {
		if t.value == "" {
			return lead.Fail(BadEnvelope, t.name, "is missing")
		}
	}
	for _, t := range texts {
		if !printable(t.value) {
			return lead.Fail(BadEnvelope, t.name, "is longer than %d bytes or holds what cannot be printed", maxAttribute)
		}
	}
	e.ID, e.Type, e.Source, e.Subject = a.id, Type(a.kind), a.source, a.subject
	if a.time != "" {
		t, err := time.Parse(time.RFC3339Nano, a.time)
		if err != nil || t.Year() < 1990 || t.Year() > 2100 {
			return lead.Fail(lead.BadDate, "time", "is not an RFC 3339 date and time of this age")
		}
		e.Time = t.UTC()
	}
	return nil
}

// checkContent takes JSON, and silence.
func checkContent(declared string) error {
	if declared == "" || declared == jsonType {
		return nil
	}
	media, err := mediaType(declared)
	if err != nil || media != jsonType && media != "text/json" && !strings.HasSuffix(media, "+json") {
		return lead.Fail(BadContent, contentType, "is not JSON")
	}
	return nil
}

func printable(s string) bool {
	if len(s) > maxAttribute || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if plain := ' ' <= r && r <= '~'; !plain && !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
