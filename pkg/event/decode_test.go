package event_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
)

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func headers(pairs ...string) []event.Header {
	var hs []event.Header
	for i := 0; i < len(pairs); i += 2 {
		hs = append(hs, event.Header{Key: pairs[i], Value: []byte(pairs[i+1])})
	}
	return hs
}

func TestDecodeModes(t *testing.T) {
	t.Parallel()
	data := `{"id":"L-1"}`
	whole := event.Envelope{
		ID: "e1", Type: event.LeadCreated, Source: "web", Subject: "L-1",
		Time: time.Date(2026, 11, 24, 9, 0, 2, 0, time.UTC), Traceparent: trace, Data: json.RawMessage(data),
	}
	attributes := `"specversion":"1.0","id":"e1","type":"lead.created","source":"web","subject":"L-1",` +
		`"time":"2026-11-24T10:00:02+01:00","datacontenttype":"application/json","traceparent":"` + trace + `"`
	structured := headers("Content-Type", "application/cloudevents+json; charset=utf-8")
	tests := []struct {
		name    string
		headers []event.Header
		key     string
		value   string
		want    event.Envelope
	}{
		{"binary", headers("ce_specversion", "1.0", "ce_id", "e1", "ce_type", "lead.created", "ce_source", "web",
			"CE_Subject", "L-1", "ce_time", "2026-11-24T10:00:02+01:00", "content-type", "application/json; charset=utf-8",
			"traceparent", trace), "other", data, whole},
		{"structured", structured, "", "{" + attributes + `,"data":` + data + "}", whole},
		{"structured, base64", structured, "", "{" + attributes + `,"data_base64":"eyJpZCI6IkwtMSJ9"}`, whole},
		{"bare", nil, "L-1", data, event.Envelope{Subject: "L-1", Data: json.RawMessage(data)}},
		{"bare, foreign headers", headers("content-type", "text/plain", "x", "\xff"), "", data, event.Envelope{Data: json.RawMessage(data)}},
		{"bare, hostile key", nil, "a\x00b", data, event.Envelope{Data: json.RawMessage(data)}},
		{"tombstone", nil, "jonas", "", event.Envelope{Subject: "jonas"}},
		{"broken trace", headers("traceparent", "\xff"), "", data, event.Envelope{Data: json.RawMessage(data)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := event.Decode(tt.headers, []byte(tt.key), []byte(tt.value))
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(tt.want, got, cmpopts.EquateEmpty()))
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	binary := func(pairs ...string) []event.Header {
		return append(headers("ce_specversion", "1.0", "ce_id", "e", "ce_type", "lead.created", "ce_source", "s"), headers(pairs...)...)
	}
	structured := headers("content-type", "application/cloudevents+json")
	tests := []struct {
		name    string
		headers []event.Header
		value   string
		code    lead.Code
		message string
	}{
		{"10 MB", nil, strings.Repeat("x", 10<<20), lead.TooLarge, "bytes, at most"},
		{"version", binary("ce_specversion", "0.3"), `{}`, event.BadEnvelope, "specversion: is not 1.0"},
		{"no id", headers("ce_specversion", "1.0", "ce_type", "t", "ce_source", "s"), `{}`, event.BadEnvelope, "id: is missing"},
		{"long id", binary("ce_id", strings.Repeat("x", 2000)), `{}`, event.BadEnvelope, "id: is longer"},
		{"id not UTF-8", binary("ce_id", "\xff"), `{}`, event.BadEnvelope, "id: is longer than"},
		{"time", binary("ce_time", "yesterday"), `{}`, lead.BadDate, "time: is not an RFC 3339"},
		{"year", binary("ce_time", "0001-01-01T00:00:00Z"), `{}`, lead.BadDate, "time: is not an RFC 3339"},
		{"avro", binary("content-type", "application/avro"), `{}`, event.BadContent, "content-type: is not JSON"},
		{"structured text", structured, `hello`, lead.NotJSON, "not JSON"},
		{"structured list", structured, `[]`, lead.WrongType, "is not an object"},
		{"structured null", structured, `null`, lead.WrongType, "is not an object"},
		{"structured deep", structured, strings.Repeat("[", 1<<20), lead.TooDeep, "nested deeper"},
		{"structured id number", structured, `{"specversion":"1.0","id":1,"type":"t","source":"s"}`, event.BadEnvelope, "id: is missing"},
		{"structured XML", structured, `{"specversion":"1.0","datacontenttype":"text/xml","data":"<a/>"}`, event.BadContent, "is not JSON"},
		{"structured base64", structured, `{"specversion":"1.0","data_base64":"%"}`, event.BadEnvelope, "data_base64: is not base64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := event.Decode(tt.headers, nil, []byte(tt.value))
			require.ErrorContains(t, err, tt.message)
			require.Equal(t, tt.code, lead.CodeOf(err))
		})
	}
}

// TestEncodeDecode: what we write, we read.
func TestEncodeDecode(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[a-zA-Z0-9./ ü-]{1,20}`)
	rapid.Check(t, func(t *rapid.T) {
		data, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.Int()).Draw(t, "data"))
		require.NoError(t, err)
		want := event.Envelope{
			ID: text.Draw(t, "id"), Type: event.Type(text.Draw(t, "type")), Source: text.Draw(t, "source"),
			Subject: text.Draw(t, "subject"), Data: data,
			Time: time.Unix(rapid.Int64Range(1e9, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
		}
		hs, value := event.Encode(want)
		got, err := event.Decode(hs, nil, value)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, got))
	})
}

func TestEncodeIsDeterministic(t *testing.T) {
	t.Parallel()
	e := event.Envelope{
		ID: "e", Type: event.LeadAssigned, Source: "leadrouter", Subject: "L-1", Traceparent: trace,
		Extra: headers("outcome", "assigned"), Data: json.RawMessage(`{}`),
	}
	hs, value := event.Encode(e)
	require.Equal(t, `{}`, string(value))
	var keys []string
	for _, h := range hs {
		keys = append(keys, h.Key)
	}
	require.Equal(t, []string{
		"ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "content-type", "traceparent", "outcome",
	}, keys)
}

func TestID(t *testing.T) {
	t.Parallel()
	require.Equal(t, "7515af42456f262f15e5cd01fbedaf1c", event.ID("t/3/17", event.LeadAssigned, 0), "ids are for good")
	seen := map[string]bool{}
	for _, id := range []string{
		event.ID("a", "b", 0), event.ID("a", "b", 1), event.ID("a", "c", 0), event.ID("ab", "", 0), event.ID("", "ab", 0),
		event.ID("a", "b1", 0), event.ID("a", "b", 10),
	} {
		require.Len(t, id, 32)
		require.False(t, seen[id])
		seen[id] = true
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.FixedZone("CET", 3600))
	e, err := event.New(event.LeadReassign, event.Position("t", 3, 17), 1, "L-1", at, map[string]int{"a": 1})
	require.NoError(t, err)
	require.Equal(t, event.ID("t/3/17", event.LeadReassign, 1), e.ID)
	require.Equal(t, `{"a":1}`, string(e.Data))
	require.Equal(t, time.UTC, e.Time.Location())
	_, err = event.New(event.LeadReassign, "t/3/17", 0, "L-1", at, func() {})
	require.ErrorContains(t, err, "encode lead.reassign of t/3/17")
}

func FuzzDecode(f *testing.F) {
	f.Add("application/cloudevents+json", "ce_id", "1", []byte("k"), []byte(`{"specversion":"1.0","id":"a","type":"t","source":"s","data":{"lead_id":"x"}}`))
	f.Add("", "", "", []byte("L-1"), []byte(`{"lead_id":"L-1","activity":"accepted","at":"x"}`))
	f.Add("", "", "", []byte("L-1"), []byte(`{"lead_id":"L-1","command":"assign","rep_id":"jonas","by":"dana","because":"b","attempt":2}`))
	f.Add("application/json", "ce_specversion", "1.0", []byte{0xff}, []byte(`{"rep_id":1,"status":null,"open":1e99}`))
	f.Add("text/json; "+strings.Repeat("a=b;", 1000), "ce_id", "\xff", []byte(nil), []byte(`{"id":"A-1","domains":["a.example"],"parent":null}`))
	f.Add("application/cloudevents+json;;=", "CE_TYPE", strings.Repeat("x", 2000), []byte("L-1"), []byte(`{"lead_id":7,"id":"b","company":{"name":"x"}}`))
	f.Add("", "traceparent", "00-", []byte("L-1"), []byte(`{"lead_id":"L-1","attempt":1,"due":[{"clock":"c","stage":-1,"at":"9999-01-01T00:00:00Z","do":[null]}]}`))
	f.Add("", "", "", []byte("L-1"), []byte(`{"LEAD_ID":"x","lead_id":"L-1","attempt":1e3,"fired":[{"clock":"","at":null,"stage":1e999}]}`))
	f.Fuzz(func(t *testing.T, content, name, attribute string, key, value []byte) {
		before := bytes.Clone(value)
		e, err := event.Decode(headers("content-type", content, name, attribute), key, value)
		require.Equal(t, before, value, "the input is kept byte for byte, for the dead letters")
		if err != nil {
			require.NotEmpty(t, lead.CodeOf(err))
			return
		}
		for _, parse := range []func() error{
			func() error { _, err := e.Lead(); return err },
			func() error { _, err := e.Activity(); return err },
			func() error { _, err := e.Command(); return err },
			func() error { _, err := e.Status(); return err },
			func() error { _, err := e.Reassign(); return err },
			func() error { _, err := e.Updated(); return err },
			func() error { _, err := e.Account(); return err },
			func() error { _, err := e.Timer(); return err },
			func() error { _, err := e.Fired(); return err },
		} {
			if err := parse(); err != nil {
				require.NotEmpty(t, lead.CodeOf(err), "%v", err)
			}
		}
	})
}
