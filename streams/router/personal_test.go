package router_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

// curious is a policy that asks for everything that a policy may ask for: of each name a
// rule of its own, a mark, points, and cells of a table.
func curious() string {
	var b strings.Builder
	b.WriteString(`policy: curious
reps:
  ana: {country: [DE], city: [any]}
  ben: {country: [any], city: [any], job_title: [any], note: [any]}
reassign: {turn_back: [spam]}
`)
	b.WriteString("rules:\n")
	for i, n := range lead.Names() {
		if !n.Personal {
			fmt.Fprintf(&b, "  - {name: asks-%d, when: known(%s), mode: shadow, to: all}\n", i, n.Name)
		}
	}
	b.WriteString("  - {name: local, to: [{to: all, match: [country, city, job_title, attributes.note], relax: [attributes.note, job_title, city, country]}]}\n")
	b.WriteString("slas: {any: {for: true, accepted: {10m: reassign}}}\nmarks:\n")
	for i, n := range lead.Names() {
		if !n.Personal {
			fmt.Fprintf(&b, "  - {when: known(%s), tag: knows-%d}\n", n.Name, i)
		}
	}
	return b.String()
}

// person is somebody as a form or a list has them, in whichever script.
type person struct{ first, last, email, phone, referredBy string }

func drawPerson(t *rapid.T) person {
	first := rapid.SampledFrom([]string{
		"Siobhán", "Jörg-Peter", "Zoë", "Łukasz", "Αλέξανδρος", "Екатерина", "محمد", "יונתן", "प्रियंका", "ஐஸ்வர்யா", "美咲", "志明", "서연", "สมชาย", "გიორგი", "Հայկ", "Nguyễn", "O'Brien", `Ann "Annie"`, "Marie\u200dLouise", "😀Kim",
	}).Draw(t, "first name")
	last := rapid.SampledFrom([]string{
		"Ó Súilleabháin", "Müller-Lüdenscheidt", "Papadopoulou-Γεωργίου", "Иванова", "الزهراني", "כהן-לוי", "शर्मा", "渡辺", "欧阳修", "김철수", "ศรีสุวรรณ", "ბერიძე", "Սարգսյան", "de la Cruz y Vega", "<script>", "Smith & Sons",
	}).Draw(t, "last name")
	local := rapid.SampledFrom([]string{"j.weber+crm", "maría.garcía", "用户", "ann\\'e", "QUOTED.Case", "1234567"}).Draw(t, "local part")
	domain := rapid.SampledFrom([]string{"weber-bank.example", "correo.example.es", "例え.example", "GMAIL.example"}).Draw(t, "domain")
	phone := rapid.SampledFrom([]string{"+49 30 901820%02d", "(212) 555-01%02d", "00 81 3-1234-56%02d", "٠٩٨٧٦٥٤٣%02d"}).Draw(t, "phone")
	return person{
		first: first, last: last, email: local + "@" + domain,
		phone:      fmt.Sprintf(phone, rapid.IntRange(0, 99).Draw(t, "digits")),
		referredBy: rapid.SampledFrom([]string{"Großmutter Käthe", "friend@partner.example", "伊藤さん"}).Draw(t, "referred by"),
	}
}

// requireAbsent: neither as it is, nor in any way in which JSON may write it, nor in
// another case.
func (p person) requireAbsent(t *rapid.T, where string, log []byte) {
	for _, value := range []string{p.first, p.last, p.email, p.phone, p.referredBy} {
		for _, text := range []string{value, strings.TrimSpace(value)} {
			plain, err := json.Marshal(text)
			require.NoError(t, err)
			written := strings.Trim(string(plain), `"`)
			var escaped strings.Builder
			for _, r := range text {
				if r < 0x80 {
					escaped.WriteRune(r)
				} else {
					fmt.Fprintf(&escaped, `\u%04x`, r)
				}
			}
			for _, form := range []string{text, written, escaped.String()} {
				require.NotContains(t, strings.ToLower(string(log)), strings.ToLower(form), "%s holds %q", where, value)
			}
		}
	}
}

// Whoever a lead is, whatever the policy asks for and people write about it: nothing
// personal comes into the decision log, its keys and headers included.
func TestTheLogHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	source := curious()
	rapid.Check(t, func(rt *rapid.T) {
		b := setup(t)
		b.adopt(source)
		p := drawPerson(rt)
		created, err := json.Marshal(map[string]any{
			"id": "L-1", "first_name": p.first, "last_name": p.last, "email": p.email, "phone": p.phone, "referred_by": p.referredBy,
			"country": "DE", "city": "Köln", "job_title": "Leiterin Einkauf", "company": map[string]any{"name": "Acme GmbH", "employees": 7},
			"source": "demo_request", "tags": []string{"a"}, "deal_value": 9.5, "currency": "EUR", "note": "nothing in particular",
			"account": map[string]any{"id": "A-1", "owner": "ana", "domains": []string{"acme.example"}}, "product": "core",
		})
		require.NoError(rt, err)
		about := "a word from " + p.first + " " + p.last + ", " + p.email + ", " + p.phone + " (" + p.referredBy + ")"
		say := func(of event.Type, data map[string]any) *kstream.Record {
			data["lead_id"] = "L-1"
			raw, err := json.Marshal(data)
			require.NoError(rt, err)
			return b.record(of, string(raw))
		}
		for _, r := range []*kstream.Record{
			say(event.LeadActivity, map[string]any{"activity": "accepted", "by": p.email, "reason": about}), // before its lead
			b.record(event.LeadCreated, string(created)),
			b.record(event.LeadCreated, string(created)), // again
			say(event.LeadActivity, map[string]any{"activity": "rejected", "by": p.email, "reason": about}),
			say(event.LeadActivity, map[string]any{"activity": "contacted", "by": p.email, "reason": about, "rep_id": "ana"}),
			say(event.LeadReassign, map[string]any{"attempt": 1, "cause": "rejected", "reason": about}),
			say(event.LeadCommand, map[string]any{"command": "release", "by": p.email, "because": about}),
			say(event.LeadUpdated, map[string]any{"id": "L-1", "first_name": p.first, "email": p.email, "phone": p.phone, "last_name": p.last, "city": "Bonn", "referred_by": p.referredBy}),
			say(event.LeadCommand, map[string]any{"command": "assign", "rep_id": "ben", "by": p.email, "because": about}),
			say(event.LeadActivity, map[string]any{"activity": "claimed", "rep_id": "ana", "by": p.email, "reason": about}),
			b.record(event.RepStatus, `{"rep_id":"ana","status":"away","by":`+quote(p.email)+`}`),
			say(event.LeadActivity, map[string]any{"activity": "lost", "by": p.email, "reason": about}),
		} {
			out := b.handle(r)
			require.Empty(rt, out.DLQ, "%s", r.Value)
			b.commit(out, r)
			b.flush()
			for _, record := range out.Records {
				if record.Topic != event.LeadDecisions.Topic("") {
					continue
				}
				p.requireAbsent(rt, "the log", record.Value)
				p.requireAbsent(rt, "a key", record.Key)
				for _, h := range record.Headers {
					p.requireAbsent(rt, "header "+h.Key, h.Value)
				}
			}
			for _, d := range decisions(t, out) {
				if d.Kind == ledger.Assign && d.Grant.Effect != ledger.Repeat {
					require.Contains(rt, string(d.Draft), "Leiterin Einkauf", "what the policy may ask for is there")
				}
			}
		}
	})
}

// A policy cannot even ask.
func TestNoPolicyAsksForWhatIsPersonal(t *testing.T) {
	t.Parallel()
	asked := 0
	for _, n := range lead.Names() {
		if !n.Personal {
			continue
		}
		asked++
		for _, rule := range []string{
			"{name: x, when: known(" + n.Name + "), to: all}", "{name: x, to: [{to: all, match: [" + n.Name + "]}]}",
			"{name: x, table: [" + n.Name + "], rows: {a: {to: all}}}",
		} {
			_, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte("policy: x\nreps: {ana: {}}\nrules:\n  - " + rule + "\n")})
			require.ErrorContains(t, issues.Err(), "personal data", rule)
		}
	}
	require.Equal(t, 5, asked)
}
