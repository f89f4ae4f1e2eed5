package app_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"leadrouter/pkg/app"
)

func TestFeedFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "policy.yaml")
	write(t, file, minimal)
	for _, tc := range []struct{ given, policy, want string }{
		{"", file, dir},
		{"", dir, dir},
		{"feeds", file, "feeds"},
		{"feeds", app.Published, "feeds"},
		{"", app.Published, ""},
		{"", "policy.yaml", "."},
	} {
		require.Equal(t, tc.want, app.FeedFolder(tc.given, tc.policy), "%q %q", tc.given, tc.policy)
	}
}

// A router starts although a calendar cannot be read, and goes by the one that can.
func TestARouterGoesByCalendars(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "policy.yaml"), `
policy: feeds
reps: {ana: {feed: ana.ics}, ben: {feed: ben.ics}}
rules: [{name: spain, to: [ana, ben]}]
`)
	now := time.Now().UTC()
	const form = "20060102T150405Z"
	write(t, filepath.Join(dir, "ana.ics"), "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:"+now.Add(-time.Hour).Format(form)+
		"\nDTEND:"+now.AddDate(0, 0, 1).Format(form)+"\nEND:VEVENT\nEND:VCALENDAR\n")
	router, err := app.NewRouter(app.RouterConfig{
		Kafka: s.kafka, Redis: app.Redis{Address: s.redis.Addr()}, Instance: "x", Policy: dir,
		Slot: "test", StartTimeout: 10 * time.Second, Logger: zaptest.NewLogger(t),
	})
	require.NoError(t, err)
	s.router = router
	stop := s.run()
	s.publish("L-1")
	require.Equal(t, map[string]string{"L-1": "ben"}, s.owners(1))
	require.NoError(t, os.Remove(filepath.Join(dir, "ana.ics")))
	s.publish("L-2")
	require.Equal(t, "ben", s.owners(2)["L-2"], "what was read last stays")
	stop()
}
