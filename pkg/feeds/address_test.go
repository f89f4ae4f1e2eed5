package feeds_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/feeds"
)

// secret is the part of an address that nobody may see.
const secret = "private-4711"

// serve serves an address below a new server.
func serve(t *testing.T, handler http.HandlerFunc) (address string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + "/" + secret + "/basic.ics?key=" + secret
}

// calendarServer publishes a calendar with an ETag, and can be broken.
type calendarServer struct {
	text, etag atomic.Value // string
	broken     atomic.Bool
	full       atomic.Int32 // answers with the calendar
	same       atomic.Int32 // answers that it has not changed
}

func (s *calendarServer) publish(etag, text string) {
	s.text.Store(text)
	s.etag.Store(etag)
}

func (s *calendarServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch tag := s.etag.Load().(string); {
	case s.broken.Load():
		http.Error(w, "out of order", http.StatusBadGateway)
	case r.Header.Get("If-None-Match") == tag:
		s.same.Add(1)
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("ETag", tag)
		_, _ = w.Write([]byte(s.text.Load().(string)))
		s.full.Add(1)
	}
}

func TestAnAddress(t *testing.T) {
	t.Parallel()
	var s calendarServer
	s.publish(`"1"`, calendarOf("12:00-13:00"))
	b := setup(t, nil)
	b.run(map[string]string{"ana": serve(t, s.ServeHTTP)})
	require.Equal(t, []string{"ana until 13:00"}, b.absent("12:00"))

	b.eventually(time.Minute, func() bool { return s.same.Load() >= 3 })
	require.EqualValues(t, 1, s.full.Load(), "what has not changed is not read again")
	s.publish(`"2"`, calendarOf("12:00-14:00"))
	b.eventually(time.Minute, func() bool { return s.full.Load() == 2 && len(b.absent("13:30")) == 1 })

	s.broken.Store(true)
	b.eventually(time.Second, func() bool { return b.metric("leadrouter_feed_failures_total", "ana") >= 3 })
	require.Equal(t, []string{"ana until 14:00"}, b.absent("12:00"))
	require.Equal(t, 1, b.told(failed))
	require.Contains(t, b.logged(), "the server answers 502 Bad Gateway")
	age := b.metric("leadrouter_feed_age_seconds", "ana")
	require.Positive(t, age)

	s.broken.Store(false)
	b.eventually(time.Second, func() bool { return b.told("a calendar feed is read again") == 1 })
	require.Less(t, b.metric("leadrouter_feed_age_seconds", "ana"), age+1)
	require.NotContains(t, b.logged(), secret)
	require.Contains(t, b.logged(), "http://127.0.0.1", "the host is enough to find it")
}

// Meetings that were behind the horizon come into sight, although nothing has changed.
func TestTheHorizonMoves(t *testing.T) {
	t.Parallel()
	var s calendarServer
	s.publish(`"1"`, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260504T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n")
	b := setup(t, nil)
	b.run(map[string]string{"ana": serve(t, s.ServeHTTP)})
	b.eventually(12*time.Hour, func() bool { return b.clock.Now().After(monday.AddDate(0, 0, 200)) })
	b.eventually(time.Minute, func() bool { return len(b.feeds.Absent(monday.AddDate(0, 0, 210).Add(3*time.Hour))) == 1 })
	require.GreaterOrEqual(t, s.full.Load(), int32(3))
	require.Greater(t, s.same.Load(), s.full.Load())
	require.Zero(t, b.told(failed))
}

func TestAnAddressInTheEnvironment(t *testing.T) {
	t.Parallel()
	var s calendarServer
	s.publish(`"1"`, calendarOf("12:00-13:00"))
	b := setup(t, nil)
	b.env["ANA_FEED"] = serve(t, s.ServeHTTP)
	b.env["BEN_FEED"] = "file:///etc/" + secret
	b.env["CARL_FEED"] = "https://jo:" + secret + "@calendar.example/x"
	b.run(map[string]string{"ana": "env:ANA_FEED", "ben": "env:BEN_FEED", "carl": "env:CARL_FEED", "dora": "env:DORA_FEED"})
	require.Equal(t, []string{"ana until 13:00"}, b.absent("12:00"))
	require.Contains(t, b.logged(), "the environment variable DORA_FEED is not set")
	require.Contains(t, b.logged(), "the environment variable CARL_FEED: a password has no place in an address")
	require.Equal(t, 3, b.told(failed))
	require.NotContains(t, b.logged(), secret)
}

// Whatever is wrong with an address, it is said, and the address is not.
func TestWhatIsWrongWithAnAddress(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + listener.Addr().String() + "/" + secret
	require.NoError(t, listener.Close())
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail
	secure.StartTLS()
	hijacked := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = conn.Write([]byte(answer))
				_ = conn.Close()
			}
		}
	}
	to := func(target string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", target)
			w.WriteHeader(http.StatusFound)
		}
	}
	for says, address := range map[string]string{
		"no connection: connect: connection refused":   nobody,
		"the server answers 404 Not Found":             serve(t, http.NotFound),
		"the certificate of the server is not trusted": secure.URL + "/" + secret,
		"no VCALENDAR":                                        serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>" + secret)) }),
		"the answer is not HTTP, or breaks off":               serve(t, hijacked("SSH-2.0 "+secret+"\r\n\r\n")),
		"the answer is not HTTP, or breaks off (in its body)": serve(t, hijacked("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nBEGIN:VCALENDAR")),
		"it redirects without end":                            serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/"+secret, http.StatusFound) }),
		"the answer is not HTTP, or breaks off (at a target)": serve(t, to("http://%zz/"+secret)),
		"the server answers 304 Not Modified":                 serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }),
		"no answer within 10s":                                serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(cfg *feeds.Config) {
				if strings.HasPrefix(says, "no answer") {
					cfg.Client = &http.Client{Timeout: 100 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
				}
			})
			b.run(map[string]string{"ana": address})
			words, _, _ := strings.Cut(says, " (")
			require.Contains(t, b.logged(), words)
			require.NotContains(t, b.logged(), secret)
			require.Equal(t, 1, b.told(failed))
			require.Empty(t, b.absent("12:00"))
		})
	}
}

// A host that is redirected to does not learn where the calendar was found.
func TestRedirectsDoNotTell(t *testing.T) {
	t.Parallel()
	var referrer atomic.Value
	referrer.Store("")
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		referrer.Store(r.Header.Get("Referer"))
		_, _ = w.Write([]byte(calendarOf("12:00-13:00")))
	})
	b := setup(t, nil)
	b.run(map[string]string{"ana": serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other, http.StatusMovedPermanently)
	})})
	require.Len(t, b.absent("12:00"), 1)
	require.Empty(t, referrer.Load())
}

// A feed that is too large, or too much work, is refused soon and costs nothing again;
// the others are read meanwhile.
func TestFeedsAreBounded(t *testing.T) {
	t.Parallel()
	huge := []byte(strings.Repeat("X-COMMENT:"+strings.Repeat("x", 54)+"\r\n", 1<<14)) // 1 MB
	sent := atomic.Int32{}
	large := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("BEGIN:VCALENDAR\r\n"))
		for range 50 {
			if _, err := w.Write(huge); err != nil {
				return
			}
			sent.Add(1)
		}
	})
	var often strings.Builder
	for i := range 11_000 {
		fmt.Fprintf(&often, ",202605%02dT%02d%02d%02d", 5+i%20, i/20%24, i/480%60, i%60)
	}
	b := setup(t, nil)
	b.write("often.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260504T120000\nDURATION:PT1S\nRDATE:"+often.String()[1:]+"\nEND:VEVENT\nEND:VCALENDAR\n")
	b.write("fine.ics", calendarOf("12:00-13:00"))
	b.run(map[string]string{"large": large, "often": "often.ics", "fine": "fine.ics"})
	require.Equal(t, []string{"fine until 13:00"}, b.absent("12:00"))
	require.Contains(t, b.logged(), "more than 10485760 bytes")
	require.Contains(t, b.logged(), "more than 10000 absences")
	require.Less(t, sent.Load(), int32(50), "the rest was not read")
}
