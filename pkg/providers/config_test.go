package providers_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/providers"
)

const whole = `
budget: 200ms
waiting: 10%
secret: env:KEY
providers:
  firmo_2:
    url: https://firmo.example/v1/{company.domain}/people?mail={email}&n=1
    headers: {Authorization: "Bearer env:KEY", accept: application/vnd.firmo+json}
    fields: {company.employees: $.metrics.employees, attributes.segment: "$.segments[*].name"}
    timeout: 2s
    retries: 3
    rate: 600/m
    concurrency: 32
    cache: {found: 30d, missing: 1h}
    breaker: {after: 5, for: 1m}
  other: {url: 'http://other.example?c={country}', fields: {tags: $.tags}, cache: off}
`

func TestParse(t *testing.T) {
	t.Parallel()
	f := parse(t, whole)
	require.Equal(t, 200*time.Millisecond, f.Budget)
	require.InDelta(t, 0.1, f.Waiting, 1e-9)
	require.Len(t, f.Providers, 2)
	p := f.Providers[0]
	require.Equal(t, "firmo_2", p.Name)
	require.Equal(t, []any{2 * time.Second, uint64(3), rate.Limit(10), int64(32), 720 * time.Hour, time.Hour},
		[]any{p.Timeout, p.Retries, p.Rate, p.Concurrency, p.Found, p.Missing})
	require.Equal(t, providers.Breaker{After: 5, For: time.Minute}, p.Breaker)
	require.Equal(t, []string{"company.employees", "attributes.segment"}, []string{p.Fields[0].Name, p.Fields[1].Name})

	q := f.Providers[1]
	require.Equal(t, []any{200 * time.Millisecond, uint64(1), rate.Limit(100), int64(16), time.Duration(0), time.Duration(0)},
		[]any{q.Timeout, q.Retries, q.Rate, q.Concurrency, q.Found, q.Missing})
	require.Equal(t, providers.Breaker{After: 20, For: 30 * time.Second}, q.Breaker)
}

// Each mistake is told with its line and what to do; no secret is.
func TestMistakes(t *testing.T) {
	t.Parallel()
	const least = "providers: {a: {url: 'https://a.example/{country}', fields: {city: $.c}, cache: off"
	for _, tc := range []struct{ file, want string }{
		{"", ":1: the file is empty"},
		{"a: [", ":1: not valid YAML"},
		{"budget: 1s", ":1:1: there is no provider"},
		{"[a]", "the file must be a mapping"},
		{least + "}}\n---\n{}", ":2:1: a second document"},
		{"budgt: 1s\n" + least + "}}", ":1:1: `budgt` is not a key of the file; did you mean `budget`?"},
		{"budget: soon\n" + least + "}}", ":1:9: `soon` is not a length of time such as 250ms"},
		{"budget: 1h\n" + least + "}}", "`1h` is not between 1ms and 10s"},
		{"budget:\n" + least + "}}", "`budget` is empty"},
		{"budget: 1s\nbudget: 2s\n" + least + "}}", ":2:1: `budget` is here twice"},
		{"waiting: 5\n" + least + "}}", "`5` is not a share above 0%"},
		{"waiting: 101%\n" + least + "}}", "`101%` is not a share"},
		{"secret: hidden\n" + least + "}}", "a secret does not belong into this file"},
		{"secret: env:NONE\n" + least + "}}", "the environment variable NONE is not set"},
		{"secret: file:nowhere\n" + least + "}}", "read a secret: open"},
		{"providers: {Firmo: {}}", "`Firmo` cannot be the name of a provider"},
		{"providers: {a: {}}", "provider a has no `fields`"},
		{"providers: {a: {}}", "provider a has no `url`"},
		{"providers: {a: 5}", "provider a must be a mapping"},
		{least + ", ratee: 5/s}}", "`ratee` is not a key of provider a; did you mean `rate`?"},
		{least + ", rate: 5}}", "`5` is not a rate such as 50/s"},
		{least + ", rate: 0/s}}", "is not a rate"},
		{least + ", rate: 5/d}}", "is not a rate"},
		{least + ", retries: 9}}", "`9` is not a whole number from 0 to 5"},
		{least + ", concurrency: 0}}", "`0` is not a whole number from 1"},
		{least + ", breaker: {afterr: 5}}}", "`afterr` is not a key of breaker; did you mean `after`?"},
		{least + ", headers: {'a b': hidden}}}", "this cannot be the name of a header"},
		{least + ", headers: {host: hidden}}}", "`Host` is not yours to say"},
		{least + ", headers: {x: \"hid\\nden\"}}}", "holds a line break"},
		{least + ", headers: {x: env:NONE}}}", "the environment variable NONE is not set"},
		{least + ", timeout: !!str 5s}}", "want a plain value, neither an alias nor a tag"},
		{"providers: {a: {url: 'https://a.example', fields: {city: $.c}, cache: on}}", "`on` is no cache"},
		{"providers: {a: {url: 'https://a.example', fields: {city: $.c}, cache: {found: 0s}}}", "is not between"},
		{"providers: {a: {url: 'https://a.example', fields: {cty: $.c}}}", "`cty` is no fact that a provider can give; did you mean `city`?"},
		{"providers: {a: {url: 'https://a.example', fields: {account.owner: $.c}}}", "`account.owner` is no fact that a provider can give"},
		{"providers: {a: {url: 'https://a.example', fields: {city: c}}}", "`city`: not a JSON path such as"},
		{"providers: {a: {url: 'https://a.example/{ciy}', fields: {city: $.c}}}", "`ciy` is not known of a lead; did you mean `city`?"},
		{"providers: {a: {url: 'https://a.example/{tags}', fields: {city: $.c}}}", "`tags` cannot stand in a URL"},
		{"providers: {a: {url: 'https://{country}.example/', fields: {city: $.c}}}", "cannot say which host"},
		{"providers: {a: {url: 'https://a.example{country}/', fields: {city: $.c}}}", "cannot say which host"},
		{"providers: {a: {url: '{country}', fields: {city: $.c}}}", "want https://host/path"},
		{"providers: {a: {url: 'ftp://a.example', fields: {city: $.c}}}", "want https://host/path"},
		{"providers: {a: {url: 'https://jo:hidden@a.example', fields: {city: $.c}}}", "put the password into a header"},
		{"providers: {a: {url: 'https://a.example/#{country}', fields: {city: $.c}}}", "a # ends a URL"},
		{"providers: {a: {url: 'https://a.example/{country', fields: {city: $.c}}}", "a { without a }"},
		{"providers: {a: {url: 'https://a.example/country}', fields: {city: $.c}}}", "a } without a {"},
		{"providers: {a: {url: 'https://a.example/%zz', fields: {city: $.c}}}", "not a URL"},
		{"providers: {a: {url: 'https://a.example/{email}', fields: {city: $.c}}}", "write `secret: env:NAME` beside `providers`"},
	} {
		_, err := providers.Parse("p.yaml", []byte(tc.file), func(name string) (string, bool) { return "", false })
		require.ErrorContains(t, err, tc.want, tc.file)
		require.True(t, strings.HasPrefix(err.Error(), "p.yaml:"), err.Error())
		require.NotContains(t, err.Error(), "hidden", tc.file)
		_, located := errors.AsType[policy.Issues](err)
		require.True(t, located)
	}
}

// Secrets come from the environment and from files beside the file, and are not printed.
func TestSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "p.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte("s3cret\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600))
	file := func(header string) string {
		return "providers: {a: {url: 'https://a.example/{country}', fields: {city: $.c}, cache: off, headers: {X-Key: '" + header + "'}}}"
	}
	require.NoError(t, os.WriteFile(name, []byte(file("file:token")), 0o600))
	_, err := providers.Load(name, secretOf)
	require.NoError(t, err)
	for header, want := range map[string]string{"file:empty": "the file is empty", "file:none": "no such file"} {
		require.NoError(t, os.WriteFile(name, []byte(file(header)), 0o600))
		_, err = providers.Load(name, secretOf)
		require.ErrorContains(t, err, want)
	}
	_, err = providers.Load(filepath.Join(dir, "none.yaml"), secretOf)
	require.ErrorContains(t, err, "read providers")
}

// Whatever a file holds, it is read or refused.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(one))
	f.Add([]byte("a: &x [*x]"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<12 {
			return
		}
		file, err := providers.Parse("p.yaml", raw, func(string) (string, bool) { return "x", true })
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotEmpty(t, file.Budget)
		for _, p := range file.Providers {
			require.NotEmpty(t, p.Name)
			require.Positive(t, p.Concurrency)
			require.Positive(t, float64(p.Rate))
		}
	})
}
