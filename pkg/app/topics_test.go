package app_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"leadrouter/pkg/app"
	"leadrouter/pkg/kstream"
)

func kafka(t *testing.T) kstream.Client {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return kstream.Client{Brokers: cluster.ListenAddrs()}
}

func TestTopicsOfAnInstallation(t *testing.T) {
	t.Parallel()
	byName := map[string]kstream.Topic{}
	for _, topic := range app.Topics("acme", 6, 3) {
		byName[topic.Name] = topic
	}
	require.Equal(t, kstream.Topic{
		Name: "acme.lead.decisions", Partitions: 6, Replication: 3,
		Configs: map[string]string{"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"},
	}, byName["acme.lead.decisions"])
	require.EqualValues(t, 6, byName["acme.lead.created.dlq"].Partitions, "dead letters keep their partition")
	require.EqualValues(t, 1, byName["acme.rep.status"].Partitions)
	require.NotContains(t, byName, "acme.lead.assigned.dlq", "nobody reads it on our behalf")
}

func TestInspectTopics(t *testing.T) {
	t.Parallel()
	client := kafka(t)
	states, err := app.InspectTopics(t.Context(), client, "")
	require.NoError(t, err)
	for _, s := range states {
		require.True(t, s.Missing, s.Name)
		require.ErrorIs(t, s.Problems[0], kstream.ErrTopicMissing)
	}

	require.NoError(t, client.CreateTopics(t.Context(), app.Topics("", 3, 1)...))
	states, err = app.InspectTopics(t.Context(), client, "")
	require.NoError(t, err)
	for _, s := range states {
		require.Empty(t, s.Problems, s.Name)
	}

	// A log that forgets, and a lead topic with another count.
	require.NoError(t, client.CreateTopics(t.Context(),
		kstream.Topic{Name: "bad.lead.decisions", Partitions: 3, Configs: map[string]string{"cleanup.policy": "delete", "retention.ms": "1000"}},
		kstream.Topic{Name: "bad.lead.created", Partitions: 2}))
	states, err = app.InspectTopics(t.Context(), client, "bad")
	require.NoError(t, err)
	problems := map[string]error{}
	for _, s := range states {
		problems[s.Name] = errors.Join(s.Problems...)
	}
	require.ErrorIs(t, problems["bad.lead.decisions"], kstream.ErrTopicForgetting)
	require.ErrorIs(t, problems["bad.lead.created"], kstream.ErrPartitionCount)
}
