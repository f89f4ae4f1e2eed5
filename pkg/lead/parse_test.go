package lead_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
)

const full = `{
	"id": "L-20418", "created_at": "2026-11-24T10:00:02+01:00", "source": "demo_request", "channel": "web",
	"email": "Eva.Weber@Bank.Example.", "phone": "+49 30 1234", "first_name": "Eva", "last_name": "Weber",
	"job_title": "VP Risk", "company": {"name": "Weber Bank", "domain": "Bank.Example", "industry": "finance",
		"employees": 800, "annual_revenue": 1.5e8, "ticker": "WB"},
	"country": "de", "region": "BE", "city": "Berlin", "postal_code": "10115", "language": "de_at",
	"timezone": "Europe/Berlin", "product": "risk", "use_case": "scoring", "deal_value": 80000.5, "currency": "eur",
	"intent": "High", "account_id": "A-1", "referred_by": "Max", "tags": ["vip", "", "q4"],
	"attributes": {"seats": 120.0, "nested": {"deep": [1, 2.5]}, "gone": null, "langs": ["de", "en"]},
	"campaign": "autumn", "test": true, "bulk": false, "seniority": "vp", "job_function": "finance",
	"email_free": false, "email_disposable": false, "duplicate": true,
	"account": {"id": "A-1", "name": "Weber", "domains": ["bank.example"], "parent": "A-0", "parent_owner": "ines",
		"group": "A-0", "owner": "jonas", "status": "customer", "country": "DE", "strategic": true}
}`

func TestParseFull(t *testing.T) {
	t.Parallel()
	got, err := lead.Parse([]byte(full))
	require.NoError(t, err)
	want := lead.Lead{
		ID: "L-20418", CreatedAt: time.Date(2026, 11, 24, 9, 0, 2, 0, time.UTC), Source: "demo_request", Channel: "web",
		Email: "Eva.Weber@Bank.Example.", Phone: "+49 30 1234", FirstName: "Eva", LastName: "Weber", JobTitle: "VP Risk",
		Company: lead.Company{
			Name: "Weber Bank", Domain: "bank.example", Industry: "finance",
			Employees: new(int64(800)), AnnualRevenue: new(1.5e8),
		},
		Country: "DE", Region: "BE", City: "Berlin", PostalCode: "10115", Language: "de-AT", Timezone: "Europe/Berlin",
		Product: "risk", UseCase: "scoring", DealValue: new(80000.5), Currency: "EUR", Intent: "high",
		AccountID: "A-1", ReferredBy: "Max", Tags: []string{"vip", "q4"},
		Attributes: map[string]any{
			"seats": int64(120), "nested": map[string]any{"deep": []any{int64(1), 2.5}},
			"langs": []any{"de", "en"}, "campaign": "autumn",
		},
		Test: true, Seniority: "vp", JobFunction: "finance", EmailDomain: "bank.example",
		EmailFree: new(false), EmailDisposable: new(false), Duplicate: new(true),
		Account: &lead.Account{
			ID: "A-1", Name: "Weber", Domains: []string{"bank.example"}, Parent: "A-0", ParentOwner: "ines", Group: "A-0", Country: "DE",
			Owner: "jonas", Status: "customer", Strategic: new(true),
		},
	}
	require.Empty(t, cmp.Diff(want, got))
}

func TestParseMissingIsNotZero(t *testing.T) {
	t.Parallel()
	got, err := lead.Parse([]byte(`{"id":"a","deal_value":null,"company":{"employees":null},"account":null,"tags":[],"source":" "}`))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(lead.Lead{ID: "a"}, got))
}

func TestParseAttributes(t *testing.T) {
	t.Parallel()
	t.Run("the sender's own map wins over an unknown field", func(t *testing.T) {
		t.Parallel()
		for _, raw := range []string{
			`{"id":"a","seats":1,"attributes":{"seats":2}}`,
			`{"attributes":{"seats":2},"seats":1,"id":"a"}`,
			`{"id":"a","attributes":{"seats":2},"zone":1,"seats":1}`,
		} {
			got, err := lead.Parse([]byte(raw))
			require.NoError(t, err)
			require.Equal(t, int64(2), got.Attributes["seats"])
		}
	})
	numbers := map[string]any{
		`5`: int64(5), `5.0`: int64(5), `5e0`: int64(5), `-0.0`: int64(0), `0.5`: 0.5,
		`9007199254740993`:    int64(9007199254740993), // kept to the digit
		`9223372036854775807`: int64(9223372036854775807),
		`9223372036854775808`: 9223372036854775808.0,
		`1e18`:                int64(1e18), `1e300`: 1e300,
	}
	for literal, want := range numbers {
		t.Run(literal, func(t *testing.T) {
			t.Parallel()
			got, err := lead.Parse(fmt.Appendf(nil, `{"id":"a","n":%s}`, literal))
			require.NoError(t, err)
			require.Equal(t, want, got.Attributes["n"])
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	tests := []struct {
		name, raw string
		code      lead.Code
		message   string
	}{
		{"empty", ``, lead.NotJSON, "not JSON"},
		{"half", `{"id":`, lead.NotJSON, "not JSON"},
		{"two values", `{"id":"a"} {}`, lead.NotJSON, "not JSON"},
		{"list", `[]`, lead.WrongType, "is not an object"},
		{"null", `null`, lead.WrongType, "is not an object"},
		{"not UTF-8", "{\"id\":\"\xff\"}", lead.NotUTF8, "not UTF-8"},
		{"10 MB", `{"id":"` + strings.Repeat("x", 10<<20) + `"}`, lead.TooLarge, "at most 1048576"},
		{"deep", `{"id":"a","x":` + deep(100_000) + `}`, lead.TooDeep, "nested deeper"},
		{"no id", `{}`, lead.MissingID, "id: is missing"},
		{"blank id", `{"id":"  "}`, lead.MissingID, "id: is missing"},
		{"number id", `{"id":17}`, lead.WrongType, "id: is not a text"},
		{"long id", `{"id":"` + strings.Repeat("x", 129) + `"}`, lead.BadID, "id: is longer"},
		{"control id", `{"id":"a\nb"}`, lead.BadID, "id: holds"},
		{"bidi id", `{"id":"a\u202eb"}`, lead.BadID, "id: holds"},
		{"list for a number", `{"id":"a","deal_value":["12,5k"]}`, lead.WrongType, "deal_value: is not a number"},
		{"negative", `{"id":"a","deal_value":-1}`, lead.BadNumber, "deal_value: is not between 0 and 9000000000"},
		{"huge", `{"id":"a","deal_value":9e9999}`, lead.BadNumber, "deal_value: is out of range"},
		{"above", `{"id":"a","deal_value":9000000001}`, lead.BadNumber, "deal_value: is not between"},
		{"half a person", `{"id":"a","company":{"employees":2.5}}`, lead.BadNumber, "company.employees: is not a whole number"},
		{"company text", `{"id":"a","company":"Bank"}`, lead.WrongType, "company: is not an object"},
		{"account flag", `{"id":"a","account":{"strategic":1}}`, lead.WrongType, "account.strategic: is neither"},
		{"intent", `{"id":"a","intent":"urgent"}`, lead.UnknownEnum, "intent: is none of high, medium, low"},
		{"country", `{"id":"a","country":"XX1"}`, lead.UnknownEnum, "country: is not an ISO"},
		{"continent", `{"id":"a","country":"150"}`, lead.UnknownEnum, "country: is not an ISO"},
		{"language", `{"id":"a","language":"deutsch!"}`, lead.UnknownEnum, "language: is not a BCP 47"},
		{"timezone", `{"id":"a","timezone":"../etc/passwd"}`, lead.UnknownEnum, "timezone: is not an IANA"},
		{"local zone", `{"id":"a","timezone":"Local"}`, lead.UnknownEnum, "timezone: is not an IANA"},
		{"currency", `{"id":"a","currency":"EURO"}`, lead.UnknownEnum, "currency: is not an ISO"},
		{"date", `{"id":"a","created_at":"2026-02-30T00:00:00Z"}`, lead.BadDate, "created_at: is not an RFC 3339"},
		{"year 9999", `{"id":"a","created_at":"9999-01-01"}`, lead.BadDate, "created_at: is not between the years"},
		{"unix date", `{"id":"a","created_at":1700000000}`, lead.WrongType, "created_at: is not a text"},
		{"tags text", `{"id":"a","tags":"vip"}`, lead.WrongType, "tags: is not a list"},
		{"tag number", `{"id":"a","tags":["a",1]}`, lead.WrongType, "tags[1]: is not a text"},
		{"many tags", `{"id":"a","tags":["x"` + strings.Repeat(`,"x"`, 256) + `]}`, lead.TooMany, "tags: 257 entries"},
		{"many attributes", `{"id":"a","attributes":{"x":[1` + strings.Repeat(`,1`, 256) + `]}}`, lead.TooMany, "attributes: 257 values"},
		{"flag text", `{"id":"a","test":"yes"}`, lead.WrongType, "test: is neither"},
		{"attribute number", `{"id":"a","attributes":{"x":{"y":[1e999]}}}`, lead.BadNumber, "attributes.x.y[0]: is out of range"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := lead.Parse([]byte(tt.raw))
			require.ErrorContains(t, err, tt.message)
			require.Equal(t, tt.code, lead.CodeOf(err))
		})
	}
}

// TestErrorsHoldNoValue: what is wrong may be written to a log, so it must not
// repeat what the sender wrote.
func TestErrorsHoldNoValue(t *testing.T) {
	t.Parallel()
	const secret = "eva.weber@bank.example"
	fields := []string{
		"id", "created_at", "source", "email", "country", "language", "timezone", "currency", "intent",
		"deal_value", "tags", "company", "account", "attributes", "test", "duplicate", secret,
	}
	for _, field := range fields {
		for _, value := range []string{`"` + secret + ` "`, `["` + secret + `", 1e999]`, `{"` + secret + `": 1e999}`} {
			raw := fmt.Sprintf(`{%q:%s,"created_at":"never"}`, field, value)
			_, err := lead.Parse([]byte(raw))
			require.Error(t, err, raw)
			require.NotContains(t, err.Error(), "weber", raw)
		}
	}
}

func TestHostileTextSurvives(t *testing.T) {
	t.Parallel()
	for _, s := range []string{`'; DROP TABLE leads;--`, "=cmd|' /C calc'!A0", "\u202egnp.exe", "a\x00b", "<script>", "𝕎\u0301", `\u0000`} {
		raw, err := json.Marshal(map[string]any{"id": "a", "first_name": s, "note": s})
		require.NoError(t, err)
		got, err := lead.Parse(raw)
		require.NoError(t, err)
		require.Equal(t, s, got.FirstName)
		require.Equal(t, s, got.Attributes["note"])
	}
}

func TestNormalisation(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, name, want string }{
		{`{"id":"a","country":"uk"}`, "country", "GB"},
		{`{"id":"a","language":"pt_br"}`, "language", "pt-BR"},
		{`{"id":"a","created_at":"2026-11-24"}`, "created_at", "2026-11-24T00:00:00Z"},
		{`{"id":"a","email":"Ann@Mail.Example."}`, "email_domain", "mail.example"},
		{`{"id":"a","email":"a@b@c.example"}`, "email_domain", "c.example"},
		{`{"id":"a","email":"ann@shop.example","email_free":false}`, "company.domain", "shop.example"},
	}
	for _, tt := range tests {
		l, err := lead.Parse([]byte(tt.raw))
		require.NoError(t, err)
		require.Equal(t, tt.want, l.Facts()[tt.name], tt.raw)
	}
	for _, raw := range []string{
		`{"id":"a","email":"not an address"}`, `{"id":"a","email":"@x.example"}`, `{"id":"a","email":"a@host"}`,
		`{"id":"a","email":"a@b c.example"}`,
	} {
		l, err := lead.Parse([]byte(raw))
		require.NoError(t, err)
		require.NotContains(t, l.Facts(), "email_domain", raw)
	}
	unsure, err := lead.Parse([]byte(`{"id":"a","email":"ann@mail.example"}`))
	require.NoError(t, err)
	require.NotContains(t, unsure.Facts(), "company.domain", "the address may be at a free mail provider")
}

// TestParseReadsItself: a lead's JSON is parsed to an equal lead, whatever came in.
func TestParseReadsItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw, err := json.Marshal(drawObject(t))
		require.NoError(t, err)
		first, err := lead.Parse(raw)
		if err != nil {
			require.NotEmpty(t, lead.CodeOf(err))
			return
		}
		again, err := json.Marshal(first)
		require.NoError(t, err)
		second, err := lead.Parse(again)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(first, second))
	})
}

// drawObject draws an input that is often right and sometimes not.
func drawObject(t *rapid.T) map[string]any {
	value := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.String(), toAny), rapid.Map(rapid.Float64(), toAny),
		rapid.Map(rapid.Int64(), toAny), rapid.Map(rapid.Bool(), toAny),
		rapid.Map(rapid.SliceOf(rapid.String()), toAny),
		rapid.Map(rapid.MapOf(rapid.String(), rapid.Float64()), toAny),
	)
	o := rapid.MapOfN(rapid.StringMatching(`[a-z_.]{1,8}`), value, 0, 5).Draw(t, "unknown")
	o["id"] = rapid.StringMatching(`[A-Z0-9-]{1,10}`).Draw(t, "id")
	texts := []string{"source", "email", "first_name", "region", "city", "seniority", "email_domain", "use_case"}
	for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(texts), rapid.ID).Draw(t, "texts") {
		o[name] = rapid.String().Draw(t, name)
	}
	if rapid.Bool().Draw(t, "more") {
		o["deal_value"] = rapid.Float64Range(0, lead.MaxDealValue).Draw(t, "deal_value")
		o["company"] = map[string]any{"employees": rapid.Int64Range(0, 1e6).Draw(t, "employees"), "domain": rapid.String().Draw(t, "domain")}
		o["country"] = rapid.SampledFrom([]string{"de", "UK", "us", "ZZ"}).Draw(t, "country")
		o["language"] = rapid.SampledFrom([]string{"de_AT", "pt", "zh-Hant-TW", "iw", "no"}).Draw(t, "language")
		o["email_free"] = rapid.Bool().Draw(t, "free")
		o["account"] = map[string]any{"owner": rapid.String().Draw(t, "owner")}
		o["tags"] = rapid.SliceOf(rapid.String()).Draw(t, "tags")
		o["attributes"] = map[string]any{"n": rapid.Float64().Draw(t, "n"), "x": value.Draw(t, "x")}
	}
	return o
}

func toAny[T any](v T) any { return v }

// TestParseReadsAsEncodingJSON: a value says the same however it is written, with
// blanks, with escapes or with names given twice; what it says is up to encoding/json.
func TestParseReadsAsEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := bytes.Join([][]byte{members(t), members(t)}, []byte{','})
		raw = slices.Concat([]byte(`{"zone":0,`), raw, []byte{'}'})
		if rapid.Bool().Draw(t, "blanks") {
			var wide bytes.Buffer
			require.NoError(t, json.Indent(&wide, raw, "\r\n", "\t "))
			raw = wide.Bytes()
		}
		sameAsRewritten(t, raw)
	})
}

// members are those of a drawn object, without its braces.
func members(t *rapid.T) []byte {
	o := drawObject(t)
	if rapid.IntRange(0, 3).Draw(t, "hostile") == 0 {
		wrong := rapid.SampledFrom([]any{"x", 1e300, -1, true, []any{1, "y"}, map[string]any{"b\"": json.Number("1e999"), "<": nil}})
		o[rapid.SampledFrom([]string{"tags", "company", "account", "attributes", "test", "other", "timezone"}).Draw(t, "where")] = wrong.Draw(t, "wrong")
	}
	raw, err := json.Marshal(o)
	require.NoError(t, err)
	return raw[1 : len(raw)-1]
}

// sameAsRewritten parses raw as it is and as encoding/json writes it again: names
// in order, the last of each, no blanks.
func sameAsRewritten(t require.TestingT, raw []byte) {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	require.NoError(t, d.Decode(&v))
	again, err := json.Marshal(v)
	require.NoError(t, err)
	got, fault := lead.Parse(raw)
	want, expected := lead.Parse(again)
	require.Equal(t, expected, fault)
	require.Empty(t, cmp.Diff(want, got))
}

// TestCheckKnowsJSON: one wrong byte, and it is JSON or not as encoding/json has it.
func TestCheckKnowsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := []byte(full)
		at := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
		raw[at] = rapid.SampledFrom([]byte("{}[]:,\"\\ \n\x0001.-+eEtnu")).Draw(t, "byte")
		knowsJSON(t, raw)
		knowsJSON(t, raw[:at+1])
	})
}

func knowsJSON(t require.TestingT, raw []byte) {
	err := lead.Check(raw)
	if code := lead.CodeOf(err); code == "" || code == lead.NotJSON {
		require.Equal(t, json.Valid(raw), err == nil, "%s", raw)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(`{"id":"a","attributes":{"a":{"b":[1,null,{"c":1e3}]}}}`))
	f.Add([]byte(`{"id":"\ud800","tags":[[]]}`))
	f.Add([]byte(` {"id" : "a", "\u0069d": "b", "tags":["x", 1], "tags": null, "n":-0.0, "m": 1E+2} `))
	f.Fuzz(func(t *testing.T, raw []byte) {
		knowsJSON(t, raw)
		if lead.Check(raw) == nil {
			sameAsRewritten(t, raw)
		}
		l, err := lead.Parse(raw)
		if err != nil {
			require.NotEmpty(t, lead.CodeOf(err), "every refusal has a code: %v", err)
			return
		}
		again, err := json.Marshal(l)
		require.NoError(t, err)
		second, err := lead.Parse(again)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(l, second))
	})
}
