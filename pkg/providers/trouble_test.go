package providers_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
)

// Whatever a provider answers, no garbage becomes a fact, and the lead says who is missing.
func TestGarbage(t *testing.T) {
	for name, tc := range map[string]struct {
		answer  trip
		result  string
		missing bool
	}{
		"not JSON":       {result: "garbage", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(200, "<html>") }},
		"two texts":      {result: "garbage", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(200, `{"size":1}{"size":2}`) }},
		"a brace more":   {result: "garbage", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(200, `{"size":1}}`) }},
		"nothing at all": {result: "garbage", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(200, "") }},
		"wrong types":    {result: "garbage", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(200, `{"size":"many","sector":{"a":1}}`) }},
		"a wrong number": {result: "garbage", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(200, `{"size":1e400}`) }},
		"too long a text": {result: "garbage", missing: true, answer: func(*http.Request) (*http.Response, error) {
			return says(200, `{"sector":"`+strings.Repeat("a", 5000)+`"}`)
		}},
		"invalid UTF-8": {result: "garbage", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(200, "{\"sector\":\"\xff\"}") }},
		"10 MB": {result: "garbage", missing: true, answer: func(*http.Request) (*http.Response, error) {
			return says(200, `{"sector":"`+strings.Repeat("a", 10<<20)+`"}`)
		}},
		"an error":         {result: "failed", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(500, `{"size":5}`) }},
		"forbidden":        {result: "failed", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(403, `{"size":5}`) }},
		"a redirect loop":  {result: "failed", missing: true, answer: redirects("https://firmo.example/again")},
		"sent elsewhere":   {result: "failed", missing: true, answer: redirects("https://other.example/")},
		"sent to http":     {result: "failed", missing: true, answer: redirects("http://firmo.example/")},
		"too often":        {result: "limited", missing: true, answer: func(*http.Request) (*http.Response, error) { return says(429, "") }},
		"silence":          {result: "timeout", missing: true, answer: hangs},
		"nobody":           {result: "nothing", answer: func(*http.Request) (*http.Response, error) { return says(404, "") }},
		"no content":       {result: "nothing", answer: func(*http.Request) (*http.Response, error) { return says(204, "") }},
		"other fields":     {result: "nothing", answer: func(*http.Request) (*http.Response, error) { return says(200, `{"a":1,"size":null}`) }},
		"another document": {result: "nothing", answer: func(*http.Request) (*http.Response, error) { return says(200, `[1]`) }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := setup(t, parse(t, one+"    timeout: 200ms\n"), tc.answer)
				l := section("L", 1)[0]
				b.enrich(t, l)
				require.Equal(t, lead.Company{Domain: "L-0.example"}, l.Company)
				require.Equal(t, tc.missing, l.Evidence != nil && len(l.Evidence.Missing) == 1)
				require.Equal(t, 1, b.count(t, "leadrouter_provider_requests_total", "firmo", tc.result))
			})
		})
	}
}

// redirects sends every request to an address.
func redirects(to string) trip {
	return func(*http.Request) (*http.Response, error) {
		r, err := says(http.StatusFound, "")
		r.Header.Set("Location", to)
		return r, err
	}
}

// Of a value that is wrong the others are none the worse.
func TestAPartOfAnAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := setup(t, parse(t, one), func(*http.Request) (*http.Response, error) {
			return says(200, `{"size":"many","sector":"finance"}`)
		})
		l := section("L", 1)[0]
		b.enrich(t, l)
		require.Equal(t, "finance", l.Company.Industry)
		require.Equal(t, 1, b.count(t, "leadrouter_provider_refused_total", "firmo"))
		require.Empty(t, l.Evidence.Missing)
	})
}

// What fails is tried again, and only then given up.
func TestRetries(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n atomic.Int64
		b := setup(t, parse(t, strings.Replace(one, "retries: 0", "retries: 2", 1)), func(*http.Request) (*http.Response, error) {
			if n.Add(1)%3 != 0 {
				return says(http.StatusBadGateway, "")
			}
			return says(http.StatusOK, `{"size":5}`)
		})
		l := section("L", 1)[0]
		require.Positive(t, b.enrich(t, l), "there is a pause before each")
		require.Equal(t, int64(3), n.Load())
		require.Equal(t, int64(5), *l.Company.Employees)
	})
}

// After so many failures in a row nobody is asked for a while; then one request tries.
func TestBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n atomic.Int64
		var well atomic.Bool
		b := setup(t, parse(t, one+"    breaker: {after: 3, for: 10s}\n"), func(*http.Request) (*http.Response, error) {
			n.Add(1)
			if well.Load() {
				return says(http.StatusOK, `{"size":5}`)
			}
			return says(http.StatusServiceUnavailable, "")
		})
		for range 5 {
			l := section("L", 1)[0]
			b.enrich(t, l)
			require.Equal(t, []string{"firmo"}, l.Evidence.Missing)
		}
		require.Equal(t, int64(3), n.Load())
		require.Equal(t, 2, b.count(t, "leadrouter_provider_requests_total", "firmo", "open"))
		require.Equal(t, 1, b.count(t, "leadrouter_provider_breaker_open", "firmo"))

		well.Store(true)
		time.Sleep(11 * time.Second)
		l := section("L", 1)[0]
		b.enrich(t, l)
		require.Equal(t, int64(5), *l.Company.Employees)
		require.Zero(t, b.count(t, "leadrouter_provider_breaker_open", "firmo"))
		require.Equal(t, 1, b.logs.FilterMessage("a provider is back").Len())
	})
}

// Who says how long to leave it alone is left alone.
func TestRetryAfter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n atomic.Int64
		b := setup(t, parse(t, one), func(*http.Request) (*http.Response, error) {
			n.Add(1)
			r, err := says(http.StatusTooManyRequests, "")
			r.Header.Set("Retry-After", "7")
			return r, err
		})
		for range 3 {
			b.enrich(t, section("L", 1)...)
		}
		time.Sleep(6900 * time.Millisecond)
		b.enrich(t, section("L", 1)...)
		require.Equal(t, int64(1), n.Load())
		time.Sleep(200 * time.Millisecond)
		b.enrich(t, section("L", 1)...)
		require.Equal(t, int64(2), n.Load())
	})
}

// A provider that is always too slow is asked, and soon nobody waits for it, until it is
// fast again. Looking costs nobody anything.
func TestSlow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var pace atomic.Int64
		pace.Store(int64(400 * time.Millisecond))
		b := setup(t, parse(t, one+"    timeout: 2s\n"), func(r *http.Request) (*http.Response, error) {
			return after(time.Duration(pace.Load()), `{"size":5}`)(r)
		})
		const slowAfter = 8
		for i := range slowAfter {
			require.Equal(t, 300*time.Millisecond, b.enrich(t, section("L", 1)...), i)
			time.Sleep(time.Second)
		}
		require.Equal(t, 1, b.count(t, "leadrouter_provider_slow", "firmo"))
		require.Zero(t, b.enrich(t, section("L", 1)...), "nobody waits")
		time.Sleep(time.Second)
		require.Len(t, b.late(), slowAfter+1, "and the answers come late")

		pace.Store(int64(20 * time.Millisecond))
		require.Zero(t, b.enrich(t, section("L", 1)...))
		time.Sleep(time.Second)
		require.Equal(t, 20*time.Millisecond, b.enrich(t, section("L", 1)...), "it is fast again")
		require.Zero(t, b.count(t, "leadrouter_provider_slow", "firmo"))
	})
}

// While leads queue up, waiting takes its share of the time and no more, whatever the
// provider does; each section is done within its budget.
func TestWaitingWhileLeadsQueueUp(t *testing.T) {
	for name, net := range map[string]trip{
		"hangs": hangs, "slow": after(250*time.Millisecond, `{"size":5}`), "too slow": after(time.Second, `{"size":5}`),
		"half hangs": func(r *http.Request) (*http.Response, error) {
			if len(r.URL.RawQuery)%2 == 0 {
				return hangs(r)
			}
			return says(http.StatusOK, `{"size":5}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := setup(t, parse(t, one+"    timeout: 2s\n    breaker: {after: 10000}\n"), net)
				var waited time.Duration
				start := time.Now()
				for time.Since(start) < 20*time.Second {
					took := b.enrich(t, section("L", 256)...)
					require.LessOrEqual(t, took, 300*time.Millisecond)
					waited += took
					time.Sleep(50 * time.Millisecond) // its plans
				}
				share := waited.Seconds() / time.Since(start).Seconds()
				require.LessOrEqual(t, share, 0.05)
			})
		})
	}
}

// The rate bounds what is asked; the newest come first, and what finds no place is dropped.
func TestRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n atomic.Int64
		b := setup(t, parse(t, strings.Replace(one, "100000/s", "50/s", 1)), func(*http.Request) (*http.Response, error) {
			n.Add(1)
			return says(http.StatusOK, `{"size":5}`)
		})
		for i := range 10 {
			b.enrich(t, section(string(rune('a'+i)), 256)...)
		}
		require.Positive(t, b.count(t, "leadrouter_provider_requests_total", "firmo", "dropped"))
		before := n.Load()
		time.Sleep(2 * time.Second)
		require.InDelta(t, 100, n.Load()-before, 1)
		require.Less(t, b.enrich(t, section("new", 1)...), 50*time.Millisecond, "it does not stand behind those of before")
	})
}
