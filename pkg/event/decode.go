package event

import (
	"encoding/base64"
	"encoding/json"
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
	a := attributes(headers)
	e, err := Envelope{}, error(nil)
	switch {
	case a.structured():
		e, err = decodeStructured(a, value)
	case a.binary():
		e, err = decodeBinary(a, value)
	default:
		e = Envelope{Data: value, Traceparent: a[traceparent]}
	}
	if err != nil {
		return Envelope{}, err
	}
	if !printable(e.Traceparent) {
		e.Traceparent = "" // a broken trace must not stop a lead
	}
	if e.Subject == "" && printable(string(key)) {
		e.Subject = string(key)
	}
	return e, nil
}

// headerMap holds the last value of each header, names in lower case.
type headerMap map[string]string

func attributes(headers []Header) headerMap {
	m := make(headerMap, len(headers))
	for _, h := range headers {
		m[strings.ToLower(h.Key)] = string(h.Value)
	}
	return m
}

func (m headerMap) structured() bool {
	media, _, _ := mime.ParseMediaType(m[contentType])
	return media == structuredType
}

// binary: any attribute makes it an event that must be complete.
func (m headerMap) binary() bool {
	for key := range m {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func decodeBinary(m headerMap, value []byte) (Envelope, error) {
	if err := checkContent(m[contentType]); err != nil {
		return Envelope{}, err
	}
	e := Envelope{Data: value, Traceparent: m[traceparent]}
	return e, e.fill(func(name string) string { return m[prefix+name] })
}

func decodeStructured(m headerMap, value []byte) (Envelope, error) {
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
		e.Traceparent = m[traceparent]
	}
	if packed, ok := texts["data_base64"]; ok && e.Data == nil {
		data, err := base64.StdEncoding.DecodeString(packed)
		if err != nil {
			return Envelope{}, lead.Fail(BadEnvelope, "data_base64", "is not base64")
		}
		e.Data = data
	}
	return e, e.fill(func(name string) string { return texts[name] })
}

// fill takes the attributes of the envelope from wherever they are.
func (e *Envelope) fill(get func(name string) string) error {
	if v := get("specversion"); v != Version {
		return lead.Fail(BadEnvelope, "specversion", "is not %s", Version)
	}
	for _, name := range []string{"id", "type", "source"} {
		if get(name) == "" {
			return lead.Fail(BadEnvelope, name, "is missing")
		}
	}
	for _, name := range []string{"id", "type", "source", "subject"} {
		if !printable(get(name)) {
			return lead.Fail(BadEnvelope, name, "is longer than %d bytes or holds what cannot be printed", maxAttribute)
		}
	}
	e.ID, e.Type, e.Source, e.Subject = get("id"), Type(get("type")), get("source"), get("subject")
	if s := get("time"); s != "" {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || t.Year() < 1990 || t.Year() > 2100 {
			return lead.Fail(lead.BadDate, "time", "is not an RFC 3339 date and time of this age")
		}
		e.Time = t.UTC()
	}
	return nil
}

// checkContent takes JSON, and silence.
func checkContent(declared string) error {
	if declared == "" {
		return nil
	}
	media, _, err := mime.ParseMediaType(declared)
	if err != nil || media != jsonType && media != "text/json" && !strings.HasSuffix(media, "+json") {
		return lead.Fail(BadContent, contentType, "is not JSON")
	}
	return nil
}

func printable(s string) bool {
	return len(s) <= maxAttribute && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
