package feeds_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/feeds"
	"leadrouter/pkg/policy"
)

func ExampleFeeds() {
	folder, err := os.MkdirTemp("", "policy")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	const lunch = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260504T120000Z\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n"
	if err := os.WriteFile(filepath.Join(folder, "ana.ics"), []byte(lunch), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	p, _ := policy.Parse(map[string][]byte{"policy.yaml": []byte(
		"policy: p\nreps: {ana: {feed: ana.ics}, ben: {}}\nrules: [{name: rest, to: all}]\n")})

	calendars := feeds.New(feeds.Config{
		Policy: func() *policy.Policy { return p }, Folder: folder, Lookup: os.LookupEnv,
		Clock:  clock.NewFake(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)),
		Logger: zap.NewNop(), Registerer: prometheus.NewRegistry(),
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- calendars.Run(ctx) }()
	calendars.Wait(ctx)
	for _, a := range calendars.Absent(time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)) {
		fmt.Println(a.Rep, "is absent until", time.UnixMilli(a.Until).UTC().Format("15:04"))
	}
	stop()
	fmt.Println(<-done)
	// Output:
	// ana is absent until 13:00
	// <nil>
}
