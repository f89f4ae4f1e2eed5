package systemtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// providersPolicy gives ana what a provider knows to be in Graz; by itself no lead says so.
const providersPolicy = `
policy: providers
reps: {ana: {}}
rules:
  - {name: graz, when: city == "Graz", to: ana}
  - {name: rest, to: nurture}
`

// providersFile has one provider in each kind of trouble.
const providersFile = `
secret: file:secret
providers:
  hangs: {url: 'HOST/hangs?mail={email}', headers: {X-Key: 'file:token'}, fields: {region: $.region}}
  garbage: {url: 'HOST/garbage?mail={email}', headers: {X-Key: 'file:token'}, fields: {region: $.region}}
  half: {url: 'HOST/half?mail={email}', fields: {product: $.product}, rate: 1000/s, retries: 0}
  late: {url: 'HOST/late?mail={email}', fields: {city: $.city}, timeout: 10s, rate: 1000/s, concurrency: 200}
`

// troubled serves the providers of that file until the test ends.
func troubled(t *testing.T) *httptest.Server {
	t.Helper()
	ended := make(chan struct{})
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait := time.Hour
		switch r.URL.Path {
		case "/garbage":
			_, _ = w.Write([]byte(`{"region": ["` + r.URL.RawQuery + `"`))
			return
		case "/half":
			if n.Add(1)%2 == 0 {
				http.Error(w, r.URL.RawQuery, http.StatusServiceUnavailable)
				return
			}
			_, _ = w.Write([]byte(`{"product":"risk"}`))
			return
		case "/late":
			wait = 600 * time.Millisecond
		}
		select {
		case <-time.After(wait):
			_, _ = w.Write([]byte(`{"city":"Graz"}`))
		case <-r.Context().Done():
		case <-ended:
		}
	}))
	t.Cleanup(func() { close(ended); server.Close() })
	return server
}

// Providers hang, answer garbage, are half down, or late: every lead is decided, each says
// whose answer is missing, and what comes late plans a lead again that nobody has.
func TestProvidersInTrouble(t *testing.T) {
	t.Parallel()
	const n = 6000
	server := troubled(t)
	in := install(t, map[string]string{
		"policy.yaml": providersPolicy, "secret": "s3cret-of-keys", "token": "t0ken-of-headers",
		"providers.list": strings.ReplaceAll(providersFile, "HOST", server.URL),
	})
	file := filepath.Join(in.policy, "providers.list")
	router := in.router("a", "--providers", file)
	const some = 10 // that a router has time for
	in.publish(event.LeadCreated, leads("P", n)[:some]...)
	in.firstAttempts(some)
	in.publish(event.LeadCreated, leads("P", n)[some:]...)
	first := in.firstAttempts(n)

	missing, known := map[string]int{}, 0
	for _, a := range first {
		require.NotNil(t, a.Evidence, a.LeadID)
		for _, p := range a.Evidence.Missing {
			missing[p]++
		}
		half := slices.Contains(a.Evidence.Missing, "half")
		require.NotEqual(t, half, a.Evidence.From["product"] == "half", "it is there, or marked: %s", a.LeadID)
		if !half {
			known++
			require.Equal(t, "risk", a.Lead.Product)
		}
		require.Empty(t, a.Lead.Region, "no garbage")
	}
	t.Logf("of %d leads decided without: %v", n, missing)
	require.Equal(t, []int{n, n}, []int{missing["hangs"], missing["garbage"]})
	require.Positive(t, known)
	for p, count := range missing {
		// What is asked again after an aborted transaction counts again.
		require.GreaterOrEqual(t, router.metric(fmt.Sprintf("leadrouter_provider_missing_total{provider=%q}", p)), float64(count), p)
	}

	again := in.latecomers(router)
	t.Logf("%d leads were planned again by a late answer", again)
	code, _ := router.stop()
	require.Zero(t, code, router.log)
	in.requireNothingTold(router)
	in.requireProven(map[string]string{"policy.yaml": providersPolicy})
	in.requireFolded()
}

// firstAttempts waits until n leads are decided.
func (in *installation) firstAttempts(n int) []event.Assigned {
	in.t.Helper()
	var first []event.Assigned
	seen := map[string]bool{}
	for _, a := range in.awaitAssigned(n, 3*time.Minute) {
		if a.Attempt == 1 {
			require.False(in.t, seen[a.LeadID], a.LeadID)
			seen[a.LeadID] = true
			first = append(first, a)
		}
	}
	if len(first) < n { // later attempts were among them
		return in.firstAttempts(n + 1000)[:n]
	}
	return first
}

// latecomers waits until late answers have led to leads that have an owner, and returns
// how many.
func (in *installation) latecomers(router *process) (n int) {
	in.t.Helper()
	in.eventually(2*time.Minute, "a late answer plans a lead again", func() bool {
		n = 0
		for _, a := range in.assigned() {
			if a.RepID == "ana" {
				require.Equal(in.t, "late", a.Evidence.From["city"])
				require.Greater(in.t, a.Attempt, 1)
				require.NotContains(in.t, a.Evidence.Missing, "late")
				n++
			}
		}
		return n > 0 && router.metric(`leadrouter_provider_late_total{provider="late"}`) > 0
	})
	for _, r := range in.read(in.topic(event.LeadUpdated)) {
		e, err := kstream.Decode(r)
		require.NoError(in.t, err)
		require.Contains(in.t, []string{"late", "half"}, e.Provider())
	}
	return n
}

// requireNothingTold looks for personal data and secrets where none may be.
func (in *installation) requireNothingTold(router *process) {
	in.t.Helper()
	private := []string{"person.example", "person%2Eexample", "s3cret-of-keys", "t0ken-of-headers"}
	for _, p := range private {
		require.NotContains(in.t, router.log.String(), p)
	}
	options, err := redis.ParseURL(in.redis)
	require.NoError(in.t, err)
	client := redis.NewClient(options)
	defer func() { require.NoError(in.t, client.Close()) }()
	found := 0
	keys := client.Scan(in.t.Context(), 0, in.name+":provider:*", 1000).Iterator()
	for keys.Next(in.t.Context()) {
		found++
		for _, p := range private {
			require.NotContains(in.t, keys.Val(), p)
		}
	}
	require.NoError(in.t, keys.Err())
	require.Positive(in.t, found, "answers are kept")
	for _, r := range in.read(in.topic(event.LeadDecisions)) {
		require.NotContains(in.t, string(r.Value), "person.example")
	}
}
