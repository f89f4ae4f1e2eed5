package systemtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/routing"
)

// feedPolicy has a rep with a calendar at an address, and one with a file.
const feedPolicy = `
policy: feeds
reps:
  carl: {country: DE, feed: '%s/private-4711/basic.ics'}
  dora: {country: FR}
  emil: {country: PL, feed: emil.ics}
rules:
  - {name: poland, when: country == "PL", to: emil}
  - {name: local, to: [{to: carl, match: [country]}, next]}
  - {name: anyone, to: dora}
`

// meeting is a calendar with one meeting.
func meeting(from, to time.Time) string {
	const form = "20060102T150405Z"
	return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:secret plans\r\nDTSTART:" + from.UTC().Format(form) +
		"\r\nDTEND:" + to.UTC().Format(form) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

// A calendar is read from a server that breaks and heals: leads go past who is in a
// meeting, the last good calendar stays, and the log proves every decision.
func TestFeeds(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var text atomic.Value
	var broken atomic.Bool
	text.Store(meeting(now.Add(-time.Hour), now.Add(24*time.Hour)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(text.Load().(string)))
	}))
	t.Cleanup(server.Close)
	in := install(t, map[string]string{"policy.yaml": fmt.Sprintf(feedPolicy, server.URL)})
	router := in.router("a", "--feeds-every", "1s")
	require.Contains(t, router.log.String(), "available by the hours of the policy", "Emil's calendar is not there")
	in.publish(event.LeadCreated, leads("busy", 10)...)
	in.requireOwners(10, "busy", "dora")

	broken.Store(true)
	in.eventually(time.Minute, "the router sees that it is broken", func() bool {
		return router.metric(`leadrouter_feed_failures_total{rep="carl"}`) > 0
	})
	in.publish(event.LeadCreated, leads("broken", 10)...)
	in.requireOwners(20, "broken", "dora")
	require.Contains(t, router.log.String(), "what was read last stays")
	ready, _ := router.ready()
	require.True(t, ready, "no calendar stops a router")
	sick := in.leadrouter("doctor")
	require.Contains(t, sick.out, "the server answers 503")
	require.Contains(t, sick.out, "emil, emil.ics: no such file")

	text.Store(meeting(now.Add(-2*time.Hour), now.Add(-time.Hour)))
	broken.Store(false)
	in.eventually(time.Minute, "the router sees that it has healed", func() bool {
		return strings.Contains(router.log.String(), "read again")
	})
	in.publish(event.LeadCreated, leads("healed", 10)...)
	in.requireOwners(30, "healed", "carl")
	code, _ := router.stop()
	require.Zero(t, code, router.log)
	for _, said := range []string{router.log.String(), sick.out} {
		require.NotContains(t, said, "4711", "the address of a private calendar")
		require.NotContains(t, said, "secret plans")
	}
	in.requireAbsent(20, "carl")
	proof := in.leadrouter("audit", "--policy", in.policy)
	require.Zero(t, proof.code, "%s%s", proof.out, proof.err)
	told := in.leadrouter("explain", "busy-0", "--why-not", "carl")
	require.Zero(t, told.code, told.err)
	require.Contains(t, told.out, "busy in the calendar until")
	in.requireFolded()
}

// The only rep is in a meeting: the lead is given out when that ends.
func TestALeadIsGivenOutAfterAMeeting(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": fmt.Sprintf(feedPolicy, "http://127.0.0.1:1")})
	end := time.Now().Add(20 * time.Second).Truncate(time.Minute).Add(time.Minute)
	in.write("emil.ics", meeting(end.Add(-time.Hour), end))
	router, watcher := in.router("a"), in.launch("sla", "a")
	watcher.awaitReady()
	in.publish(event.LeadCreated, keyed("L-1", `{"id":"L-1","country":"PL"}`))
	in.eventually(3*time.Minute, "Emil has the lead", func() bool {
		for _, a := range in.assigned() {
			if a.RepID == "emil" {
				require.False(t, a.AssignedAt.Before(end), "he was in a meeting")
				return true
			}
		}
		return false
	})
	for _, p := range []*process{router, watcher} {
		code, _ := p.stop()
		require.Zero(t, code, p.log)
	}
	proof := in.leadrouter("audit", "--policy", in.policy)
	require.Zero(t, proof.code, "%s%s", proof.out, proof.err)
}

// requireOwners waits for n assignments in all and checks who has those of a prefix.
func (in *installation) requireOwners(n int, prefix, rep string) {
	in.t.Helper()
	found := 0
	for _, a := range in.awaitAssigned(n, time.Minute) {
		if strings.HasPrefix(a.LeadID, prefix+"-") {
			found++
			require.Equal(in.t, rep, a.RepID, a.LeadID)
		}
	}
	require.Positive(in.t, found)
}

// requireAbsent counts the decisions that say that a rep was absent.
func (in *installation) requireAbsent(n int, rep string) {
	in.t.Helper()
	found := 0
	for _, r := range in.read(in.topic(event.LeadDecisions)) {
		var e struct{ Draft routing.Draft }
		require.NoError(in.t, json.Unmarshal(r.Value, &e))
		for _, a := range e.Draft.Absent {
			require.Equal(in.t, rep, a.Rep)
			found++
		}
	}
	require.Equal(in.t, n, found)
}
