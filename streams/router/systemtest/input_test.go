package systemtest_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// raised is a limit of messages above the brokers' default of 1 MB.
const raised = 4 << 20

// badLeads are values that are no leads, by the code of their refusal.
func badLeads() map[string][]string {
	secret := "jo.doe@person.example"
	return map[string][]string{
		"not_json": {
			`{"id": "bad", "email": "` + secret + `",`, `jo.doe@person.example`, ``, `{"id":"bad"} {"id":"bad"}`,
			`{"id": "bad", "deal_value": NaN}`, `{"id": "bad", "deal_value": -}`, `{"id": "bad", "deal_value": 0x10}`,
		},
		"wrong_type": {`[]`, `null`, `{"id": "bad", "company": "` + secret + `"}`, `{"id": 7}`, `{"id": "bad", "deal_value": [1]}`},
		"missing_id": {`{}`, `{"email": "` + secret + `"}`, `{"id": ""}`, `{"id": null}`},
		"bad_id":     {`{"id": "a b"}`, `{"id": "` + strings.Repeat("x", 200) + `"}`, `{"id": "a\u0000b"}`},
		"unknown_enum": {
			`{"id": "bad", "intent": "` + secret + `"}`,
		},
		"bad_date": {`{"id": "bad", "created_at": "2026-02-31T00:00:00Z"}`, `{"id": "bad", "created_at": "` + secret + `"}`, `{"id": "bad", "created_at": "0001-01-01T00:00:00Z"}`},
		"bad_number": {
			`{"id": "bad", "deal_value": -1}`, `{"id": "bad", "deal_value": 1e300}`, `{"id": "bad", "deal_value": 1e999999}`,
			`{"id": "bad", "deal_value": ` + strings.Repeat("9", 4_000) + `}`, `{"id": "bad", "attributes": {"n": -1` + strings.Repeat("0", 4_000) + `}}`,
		},
		"not_utf8":  {"{\"id\": \"bad\", \"city\": \"\xff\xfe\"}", "\x80\x81"},
		"too_deep":  {`{"id": "bad", "attributes": {"a": ` + deep(500) + `}}`, `{"id": "bad", "attributes": ` + deep(100_000) + `}`, strings.Repeat(`{"a":`, 100_000)},
		"too_large": {`{"id": "bad", "city": "` + strings.Repeat("x", 1_300_000) + `"}`, strings.Repeat(" ", 3_000_000)},
		"too_many":  {`{"id": "bad", "attributes": {"a": [` + strings.Repeat("1,", 2_000) + `1]}}`, `{"id": "bad"` + distinct(20_000) + `}`},
	}
}

// deep is a list in a list in a list.
func deep(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

// distinct are as many fields that nobody knows.
func distinct(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"field_%d":%d`, i, i)
	}
	return b.String()
}

// large texts in one field each, made of what that field's reader looks for. All but the id's
// and those of a set of words are only texts.
func large() map[string]string {
	const size = 900_000
	fill := func(of string) string { return strings.Repeat(of, size/len(of)) }
	return map[string]string{
		"email": fill("a@b."), "phone": fill("+49 "), "first_name": fill("é"), "last_name": fill("van der "), "job_title": fill("vice president of "),
		"city": fill("St. "), "region": fill("New "), "postal_code": fill("10115 "), "source": fill("_"), "channel": fill("."), "product": fill("x"),
		"use_case": fill("\\n"), "account_id": fill("A-1 "), "referred_by": fill(`\"`),
	}
}

// flood are as many headers.
func flood(n int) []kgo.RecordHeader {
	headers := make([]kgo.RecordHeader, n)
	for i := range headers {
		headers[i] = kgo.RecordHeader{Key: fmt.Sprintf("x-%d", i), Value: []byte{byte(i)}}
	}
	return headers
}

// hostile strings are only strings.
func hostile() []string {
	return []string{
		"'; DROP TABLE leads; --", "${jndi:ldap://x}", "{{7*7}}", "\u202egnp.exe", "a\nb\r\n\r\nc", "\\u0000",
		"..%2f..%2f", "<script>alert(1)</script>", "🙂👩‍👩‍👧", strings.Repeat("é", 5000), "redis.call('FLUSHALL')", "\x00",
	}
}

// What cannot be understood is set aside byte for byte, its neighbours are assigned,
// and nothing of a lead is told in the log.
func TestBadInput(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	in.raiseLimits()
	p := in.router("a")

	good, bad := map[string]bool{}, map[string]string{}
	send := func(topic event.Type, r *kstream.Record) {
		in.publishLarge(topic, r)
	}
	neighbour := func() {
		id := fmt.Sprintf("good-%d", len(good))
		good[id] = true
		send(event.LeadCreated, keyed(id, `{"id":%q,"country":"DE","email":"%s@person.example"}`, id, id))
	}
	for code, values := range badLeads() {
		for i, value := range values {
			neighbour()
			r := &kstream.Record{Key: []byte("bad"), Value: []byte(value), Headers: []kgo.RecordHeader{{Key: "from", Value: []byte{0xff, 0x00}}}}
			bad[code+strconv.Itoa(i)] = code
			send(event.LeadCreated, r)
		}
	}
	for i, text := range hostile() {
		id := fmt.Sprintf("hostile-%d", i)
		good[id] = true
		send(event.LeadCreated, keyed(id, `{"id":%q,"country":"DE","city":%[2]q,"tags":[%[2]q],"attributes":{"x":%[2]q}}`, id, jsonSafe(text)))
	}
	for field, text := range large() {
		id := "large-" + field
		good[id] = true
		send(event.LeadCreated, keyed(id, `{"id":%q,"country":"DE",%q:"%s"}`, id, field, text))
	}
	for name, text := range map[string]string{"forms": "GmbH & Co. KG ", "letters": "A.B.C.", "numbers": "40 4 ", "Cyrillic": "Ромашка "} {
		id := "company-" + name
		good[id] = true
		send(event.LeadCreated, keyed(id, `{"id":%q,"country":"DE","company":{"name":"%s"}}`, id, strings.Repeat(text, 500_000/len(text))))
	}
	flooded := keyed("flooded", `{"id":"flooded","country":"DE"}`)
	flooded.Headers, good["flooded"] = flood(10_000), true
	send(event.LeadCreated, flooded)
	bad["flooded"] = "not_json"
	send(event.LeadCreated, &kstream.Record{Value: []byte("["), Headers: flood(10_000)})
	bad["named"] = "bad_envelope"
	send(event.LeadCreated, &kstream.Record{Value: []byte(`{"id":"bad"}`), Headers: []kgo.RecordHeader{{Key: "ce_id", Value: bytes.Repeat([]byte("x"), 1<<20)}}})
	bad["typed"] = "bad_content"
	send(event.LeadCreated, &kstream.Record{Value: []byte(`{"id":"bad"}`), Headers: []kgo.RecordHeader{
		{Key: "ce_id", Value: []byte("e")}, {Key: "content-type", Value: bytes.Repeat([]byte("a/b;c=d;"), 1<<17)},
	}})
	good["large"] = true
	send(event.LeadCreated, keyed("large", `{"id":"large","country":"DE","attributes":{"x":%q}}`, strings.Repeat("x", 900_000)))
	send(event.LeadActivity, keyed("good-0", `{"lead_id":"good-0","activity":"yodelled"}`))
	send(event.LeadActivity, keyed("good-0", `jo.doe@person.example`))
	send(event.RepStatus, keyed("nobody", `{"rep_id":"nobody","status":"away"}`))
	others := []event.Type{event.LeadUpdated, event.LeadCommand, event.LeadReassign}
	for _, topic := range append(others, event.LeadActivity, event.RepStatus) {
		send(topic, keyed("good-0", "%s", `{"lead_id":"good-0","rep_id":"ana","x":`+deep(100_000)+`}`))
		send(topic, keyed("good-0", "%s", `{"lead_id":"good-0","rep_id":"ana","x":"`+strings.Repeat("x", 1_000_000)+`","y":NaN}`))
	}
	neighbour()

	in.awaitCommitted(time.Minute)
	requireOnce(t, good, in.assigned())
	letters := in.requireDeadLetters(event.LeadCreated)
	codes := map[string]int{}
	for _, code := range bad {
		codes[code]++
	}
	require.Equal(t, codes, letters)
	require.Equal(t, map[string]int{"unknown_enum": 1, "not_json": 2, "too_deep": 1}, in.requireDeadLetters(event.LeadActivity))
	require.Equal(t, map[string]int{"unknown_rep": 1, "not_json": 1, "too_deep": 1}, in.requireDeadLetters(event.RepStatus))
	for _, topic := range others {
		require.Equal(t, map[string]int{"not_json": 1, "too_deep": 1}, in.requireDeadLetters(topic), topic)
	}

	ready, _ := p.ready()
	require.True(t, ready)
	require.NotContains(t, p.log.String(), "person.example")
	require.Empty(t, p.log.lines("error"))
	requireNothingPersonal(t, in.read(in.topic(event.LeadDecisions)))
	in.recountLog()
	in.requireFolded()
}

// jsonSafe keeps what %q writes valid as JSON.
func jsonSafe(s string) string {
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' || r == '\u202e' || r > 0xffff || r == '\u200d' {
			return '?'
		}
		return r
	}, s), "?")
}

// raiseLimits lets larger messages into the topics, as an operator would who expects
// them.
func (in *installation) raiseLimits() {
	in.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(in.brokers...))
	require.NoError(in.t, err)
	defer client.Close()
	topic := in.topic(event.LeadCreated)
	limit := strconv.Itoa(raised)
	answers, err := kadm.NewClient(client).AlterTopicConfigs(in.t.Context(),
		[]kadm.AlterConfig{{Name: kstream.MaxMessageBytes, Value: &limit}}, topic, topic+kstream.DLQSuffix)
	require.NoError(in.t, err)
	for _, answer := range answers {
		require.NoError(in.t, answer.Err)
	}
}

// publishLarge writes one record of any size.
func (in *installation) publishLarge(t event.Type, r *kstream.Record) {
	in.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(in.brokers...), kgo.ProducerBatchMaxBytes(raised))
	require.NoError(in.t, err)
	defer client.Close()
	r.Topic = in.topic(t)
	require.NoError(in.t, client.ProduceSync(in.t.Context(), r).FirstErr())
}

// requireDeadLetters checks that each dead letter is its source byte for byte and
// says where that stands, and counts them by their codes.
func (in *installation) requireDeadLetters(t event.Type) map[string]int {
	in.t.Helper()
	source := map[string]*kgo.Record{}
	for _, r := range in.read(in.topic(t)) {
		source[fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset)] = r
	}
	codes := map[string]int{}
	for _, letter := range in.read(in.topic(t) + kstream.DLQSuffix) {
		headers := map[string]string{}
		for _, h := range letter.Headers {
			headers[h.Key] = string(h.Value)
		}
		from := headers[kstream.HeaderSourceTopic] + "/" + headers[kstream.HeaderSourcePartition] + "/" + headers[kstream.HeaderSourceOffset]
		require.Contains(in.t, source, from)
		require.Equal(in.t, source[from].Key, letter.Key)
		require.True(in.t, bytes.Equal(source[from].Value, letter.Value), "%s is not byte for byte", from)
		require.Equal(in.t, fmt.Sprint(source[from].Headers), fmt.Sprint(letter.Headers[:len(source[from].Headers)]))
		require.NotEmpty(in.t, headers[kstream.HeaderError])
		require.NotContains(in.t, headers[kstream.HeaderError], "person.example")
		delete(source, from)
		codes[headers[kstream.HeaderErrorCode]]++
	}
	return codes
}
