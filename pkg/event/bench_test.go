package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
)

// outcome is what the router publishes of a typical lead.
func outcome(tb testing.TB) (event.Assigned, event.Decision) {
	tb.Helper()
	l, err := lead.Parse([]byte(`{"id":"L-00000017","created_at":"2026-11-24T09:00:02Z","source":"demo_request","channel":"web",
		"email":"jo.17@weber-bank.example","first_name":"Jo","last_name":"Weber","job_title":"VP Risk",
		"company":{"name":"Weber Bank","domain":"weber-bank.example","industry":"finance","employees":120},
		"country":"DE","city":"Berlin","postal_code":"10115","language":"de","timezone":"Europe/Berlin",
		"product":"risk","deal_value":12000,"currency":"EUR","tags":["vip","q4"],"campaign":"autumn","seats":120}`))
	require.NoError(tb, err)
	draft := json.RawMessage(`{"engine":1,"policy":{"name":"tamarisk","version":"2026-11","hash":"9f31c2a0b7d4e5f6"},"at":1795510802000,` +
		`"facts":{"company.employees":120,"country":"DE","deal_value":12000,"language":"de","source":"demo_request","test":false,"bulk":false},` +
		`"value":1200000,"score":75,"fit":"strong","steps":[{"rule":"deals/large","to":"closers","pool":"closers","pick":"round_robin",` +
		`"reason":"It was your turn among those who speak German and know finance.","code":"turn","data":{"axes":["language","industry"]},"sla":"demo"},` +
		`{"reason":"No rule has a place for it.","code":"no_rule"}],"crews":[{"team":"emea","calendar":"berlin","reps":["ana","ben","jonas","petra"]}],` +
		`"slas":[{"sla":"demo","calendar":"berlin","accept_by":1795512602000,"contact_by":1795525202000}]}`)
	assigned := event.Assigned{
		AssignmentID: "6b413b8c52740f247abe63eadf308163", LeadID: l.ID, Attempt: 1, Outcome: ledger.Assigned, RepID: "petra",
		Team: "emea", Pool: "closers", Rule: "deals/large", Pick: ledger.RoundRobin, ReasonCode: "turn",
		Reason:     "It was your turn among those who speak German and know finance.",
		ReasonData: map[string]any{"axes": []any{"language", "industry"}}, Score: new(int64(75)), Fit: "strong",
		AssignedAt: at, SLA: &event.SLA{Name: "demo", AcceptBy: at.Add(time.Hour), ContactBy: at.Add(4 * time.Hour)},
		Policy: event.Policy{Name: "tamarisk", Version: "2026-11", Hash: "9f31c2a0b7d4e5f6"}, Sequence: 20418, Lead: &l,
	}
	decision := event.Decision{
		Engine: 1, Op: ledger.OpID{Partition: ledger.Partition{Topic: "pVr2nLxYTx6aq6bFhd1Eeg", Index: 7}, Offset: 20417},
		Digest: "6b413b8c52740f24", Kind: ledger.Assign, Draft: draft,
		Grant: ledger.Grant{
			Sequence: 20418, Floor: 20300, Epoch: 1, At: at.UnixMilli(), Effect: ledger.Owned, Lead: l.ID, Attempt: 1,
			Outcome: ledger.Assigned, Rep: "petra", Value: 1200000, Roster: "3f9a",
			Turn: &ledger.Turn{Book: "closers", Amount: ledger.Unit, Free: "f", Before: -250000, After: -1000000},
			Load: &ledger.Load{Open: 14, OpenValue: 31200000, Hour: 1, Day: 2, Week: 3},
		},
	}
	return assigned, decision
}

// BenchmarkNew makes the two events of one lead.
func BenchmarkNew(b *testing.B) {
	assigned, decision := outcome(b)
	for name, data := range map[event.Type]any{event.LeadAssigned: assigned, event.LeadDecisions: decision} {
		b.Run(string(name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := event.New(name, "pVr2nLxYTx6aq6bFhd1Eeg/7/20417", 0, "L-00000017", at, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		event.ID("pVr2nLxYTx6aq6bFhd1Eeg/7/20417", event.LeadAssigned, 0)
	}
}

func BenchmarkEncode(b *testing.B) {
	assigned, _ := outcome(b)
	e, err := event.New(event.LeadAssigned, "t/7/20417", 0, "L-00000017", at, assigned)
	require.NoError(b, err)
	e.Traceparent, e.Extra = trace, assigned.Headers()
	b.ReportAllocs()
	for b.Loop() {
		event.Encode(e)
	}
}

func BenchmarkDecode(b *testing.B) {
	binary := headers("ce_specversion", "1.0", "ce_id", "6b413b8c52740f247abe63eadf308163", "ce_type", "lead.created",
		"ce_source", "web-form", "ce_subject", "L-00000017", "ce_time", "2026-11-24T09:00:02Z",
		"content-type", "application/json", "traceparent", trace)
	for name, hs := range map[string][]event.Header{"binary": binary, "bare": nil} {
		b.Run(name, func(b *testing.B) {
			key, value := []byte("L-00000017"), []byte(`{"id":"L-00000017"}`)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := event.Decode(hs, key, value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
