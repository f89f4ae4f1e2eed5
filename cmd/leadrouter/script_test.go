package main

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strconv"
	"strings"

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
