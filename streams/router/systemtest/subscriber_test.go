package systemtest_test

import (
	"context"
	"encoding/json"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/event"
	"leadrouter/pkg/testkit/services"
)

// read returns everything that is committed in a topic, as any client under
// read_committed sees it, partition by partition in order.
func (in *installation) read(topic string) []*kgo.Record {
	in.t.Helper()
	ctx, cancel := context.WithTimeout(in.t.Context(), time.Minute)
	defer cancel()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(in.brokers...), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.KeepControlRecords(), // a transactional topic ends in a marker
	)
	require.NoError(in.t, err)
	defer client.Close()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx, topic)
	require.NoError(in.t, err)
	ends, err := admin.ListCommittedOffsets(ctx, topic)
	require.NoError(in.t, err)
	open := map[int32]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		if start, _ := starts.Lookup(topic, end.Partition); start.Offset < end.Offset {
			open[end.Partition] = end.Offset
		}
	})
	var records []*kgo.Record
	for len(open) > 0 {
		fetches := client.PollFetches(ctx)
		require.NoError(in.t, fetches.Err())
		for r := range fetches.RecordsAll() {
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
			if r.Offset+1 >= open[r.Partition] {
				delete(open, r.Partition)
			}
		}
	}
	return records
}

// assigned reads lead.assigned.
func (in *installation) assigned() []event.Assigned {
	in.t.Helper()
	var list []event.Assigned
	for _, r := range in.read(in.topic(event.LeadAssigned)) {
		a := decodeAssigned(in.t, r)
		require.Equal(in.t, a.LeadID, string(r.Key))
		list = append(list, a)
	}
	return list
}

// decodeAssigned reads a record of lead.assigned. One that cannot be read comes back
// without a lead, which no check lets pass.
func decodeAssigned(t *testing.T, r *kgo.Record) (a event.Assigned) {
	t.Helper()
	if err := json.Unmarshal(r.Value, &a); err != nil {
		t.Errorf("read %s: %v", r.Value, err)
	}
	return a
}

// awaitAssigned waits until at least n assignments are committed, and returns all.
func (in *installation) awaitAssigned(n int, limit time.Duration) []event.Assigned {
	in.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(in.brokers...))
	require.NoError(in.t, err)
	defer client.Close()
	var list []event.Assigned
	in.eventually(limit, strconv.Itoa(n)+" assignments", func() bool {
		ends, err := kadm.NewClient(client).ListCommittedOffsets(in.t.Context(), in.topic(event.LeadAssigned))
		if err != nil {
			return false
		}
		// Offsets count markers too: never too few, and cheap to ask.
		offsets := int64(0)
		ends.Each(func(o kadm.ListedOffset) { offsets += o.Offset })
		if offsets < int64(n) {
			return false
		}
		list = in.assigned()
		return len(list) >= n
	})
	return list
}

// requireOnce checks that each of these leads has exactly one assignment, and that
// there are no others.
func requireOnce(t *testing.T, leads map[string]bool, list []event.Assigned) {
	t.Helper()
	seen := map[string]int{}
	for _, a := range list {
		seen[a.LeadID]++
		require.Equal(t, 1, seen[a.LeadID], "lead %s is assigned again", a.LeadID)
		require.True(t, leads[a.LeadID], "lead %s was never published", a.LeadID)
	}
	for id := range leads {
		require.Equal(t, 1, seen[id], "lead %s is not assigned", id)
	}
}

// requireAttempts checks that each of these leads has its attempts one by one, each once,
// and that there are no others. Leads of reps who come and go move on.
func requireAttempts(t *testing.T, leads map[string]bool, list []event.Assigned) {
	t.Helper()
	last := map[string]int{}
	for _, a := range list {
		require.Equal(t, last[a.LeadID]+1, a.Attempt, "attempts of lead %s", a.LeadID)
		require.True(t, leads[a.LeadID], "lead %s was never published", a.LeadID)
		last[a.LeadID] = a.Attempt
	}
	require.Len(t, last, len(leads), "leads without an assignment")
}

// kcat reads lead.assigned with a program of another family than ours: librdkafka.
func (in *installation) kcat() []event.Assigned {
	in.t.Helper()
	path, err := exec.LookPath("kcat")
	if err != nil {
		require.False(in.t, services.RealRequired(), "kcat is missing: %v", err)
		in.t.Log("not read with kcat: ", err)
		return nil
	}
	ctx, cancel := context.WithTimeout(in.t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-q", "-C", "-b", strings.Join(in.brokers, ","),
		"-t", in.topic(event.LeadAssigned), "-o", "beginning", "-e", "-X", "isolation.level=read_committed").Output()
	require.NoError(in.t, err)
	var list []event.Assigned
	for text := range strings.Lines(string(out)) {
		var a event.Assigned
		require.NoError(in.t, json.Unmarshal([]byte(text), &a), text)
		list = append(list, a)
	}
	return list
}
