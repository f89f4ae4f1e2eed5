package lead_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
)

// typical is a lead as a web form sends it: 480 bytes, some of them the sender's
// own.
const typical = `{"id":"L-00000017","created_at":"2026-11-24T09:00:02Z","source":"demo_request","channel":"web",` +
	`"email":"jo.17@weber-bank.example","first_name":"Jo","last_name":"Weber","job_title":"VP Risk",` +
	`"company":{"name":"Weber Bank","domain":"weber-bank.example","industry":"finance","employees":120},` +
	`"country":"DE","city":"Berlin","postal_code":"10115","language":"de","timezone":"Europe/Berlin",` +
	`"product":"risk","deal_value":12000,"currency":"EUR","tags":["vip","q4"],"campaign":"autumn","seats":120}`

func BenchmarkParse(b *testing.B) {
	for name, raw := range map[string]string{"typical": typical, "full": full} {
		b.Run(name, func(b *testing.B) {
			input := []byte(raw)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := lead.Parse(input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParseWrongZone: refusing must not cost more than taking.
func BenchmarkParseWrongZone(b *testing.B) {
	input := []byte(`{"id":"L-1","timezone":"Europe/Atlantis"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lead.Parse(input); lead.CodeOf(err) != lead.UnknownEnum {
			b.Fatal(err)
		}
	}
}

func BenchmarkFacts(b *testing.B) {
	l, err := lead.Parse([]byte(typical))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		l.Facts()
	}
}
