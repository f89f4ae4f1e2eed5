package event_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

func TestTopics(t *testing.T) {
	t.Parallel()
	byType := map[event.Type]event.Topic{}
	for _, topic := range event.Topics("acme") {
		require.Equal(t, "acme."+string(topic.Type), topic.Name)
		byType[topic.Type] = topic
	}
	require.Len(t, byType, 15)
	require.Equal(t, "lead.created", event.LeadCreated.Topic(""))
	require.Equal(t, "-1", byType[event.LeadDecisions].Config()["retention.ms"], "the log is the truth")
	require.Equal(t, "delete", byType[event.LeadDecisions].Config()["cleanup.policy"])
	require.Equal(t, "3600000", byType[event.LeadTimers].Config()["max.compaction.lag.ms"])
	require.NotContains(t, byType[event.LeadTimers].Config(), "message.timestamp.type")
	require.Equal(t, "LogAppendTime", byType[event.LeadFired].Config()["message.timestamp.type"])
	require.Equal(t, map[string]string{"cleanup.policy": "compact"}, byType[event.RepStatus].Config())
	require.Equal(t, map[string]string{"cleanup.policy": "delete"}, byType[event.LeadCreated].Config())
	for _, typ := range []event.Type{event.LeadCreated, event.LeadActivity, event.RepStatus} {
		require.True(t, byType[typ].DeadLetters)
	}
	require.False(t, byType[event.LeadAssigned].DeadLetters)
}

func TestAssignedHeaders(t *testing.T) {
	t.Parallel()
	require.Equal(t, headers("outcome", "assigned", "rep_id", "jonas", "team", "emea"),
		event.Assigned{Outcome: ledger.Assigned, RepID: "jonas", Team: "emea"}.Headers())
	require.Equal(t, headers("outcome", "review"), event.Assigned{Outcome: ledger.Review}.Headers())
}
