package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// exits CODE COMMAND... runs a command and wants this exit code, which exec cannot
// tell apart from another.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// emit TOPIC FILE writes the lines of a file as events, as the router would. The
// key is the lead's id.
func emit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: emit TOPIC FILE")
	}
	to, err := kstream.NewPublisher(kstream.Client{Brokers: strings.Split(ts.Getenv("BROKERS"), ",")})
	ts.Check(err)
	defer to.Close()
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		var data struct {
			LeadID string `json:"lead_id"`
		}
		ts.Check(json.Unmarshal([]byte(line), &data))
		ts.Check(to.Publish(context.Background(), kstream.Encode(args[0], data.LeadID, event.Envelope{
			ID: event.ID(line, event.Type(args[0]), 0), Type: event.Type(args[0]), Source: "leadrouter",
			Subject: data.LeadID, Data: json.RawMessage(strings.TrimSpace(line)),
		})))
	}
}

// history N FILE writes a table of N leads whose outcome hangs on visits, with a column that
// gives it away.
func history(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: history N FILE")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b strings.Builder
	b.WriteString("Source,Web Visits,Verdict,Created At,Converted\n")
	dice := uint32(1)
	roll := func(below uint32) uint32 { // the same for ever
		dice = dice*1664525 + 1013904223
		return dice >> 8 % below
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		visits := roll(20)
		won := roll(24) < visits+2
		fmt.Fprintf(&b, "%s,%d,v%t,%s,%t\n", []string{"event", "demo_request"}[roll(2)], visits, won, start.Add(time.Duration(i)*time.Hour).Format(time.RFC3339), won)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
}

// setaside TYPE CODE VALUE writes a dead letter, as a stream would.
func setaside(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: setaside TYPE CODE VALUE")
	}
	to, err := kstream.NewPublisher(kstream.Client{Brokers: strings.Split(ts.Getenv("BROKERS"), ",")})
	ts.Check(err)
	defer to.Close()
	ts.Check(to.Publish(context.Background(), &kstream.Record{
		Topic: args[0] + kstream.DLQSuffix, Value: []byte(args[2]),
		Headers: []kstream.Header{
			{Key: kstream.HeaderErrorCode, Value: []byte(args[1])},
			{Key: kstream.HeaderError, Value: []byte("is not good")},
		},
	}))
}

// droptopic TOPIC deletes a topic, as if it had never been made.
func droptopic(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: droptopic TOPIC")
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(ts.Getenv("BROKERS"), ",")...))
	ts.Check(err)
	defer client.Close()
	_, err = kadm.NewClient(client).DeleteTopic(context.Background(), args[0])
	ts.Check(err)
}
