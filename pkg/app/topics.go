package app

import (
	"context"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// DefaultPartitions is the count of the lead topics where nobody says another. It
// bounds how many routers work at once, and is fixed for good.
const DefaultPartitions = 12

// Topics are the topics of an installation as the brokers should have them: those
// of the contract, each input followed by its dead letters. Topics that are not
// about leads are small and have one partition. A replication of 0 is the brokers'
// default.
func Topics(instance string, partitions int32, replication int16) []kstream.Topic {
	var topics []kstream.Topic
	for _, t := range event.Topics(instance) {
		topic := kstream.Topic{Name: t.Name, Partitions: 1, Replication: replication, Configs: t.Config()}
		if t.Lead {
			topic.Partitions = partitions
		}
		topics = append(topics, topic)
		if t.DeadLetters {
			topics = append(topics, topic.DeadLetters())
		}
	}
	return topics
}

// TopicState is a topic of an installation as it is.
type TopicState struct {
	Name        string  `json:"name"`
	Partitions  int32   `json:"partitions"`
	Replication int16   `json:"replication"`
	Cleanup     string  `json:"cleanup"`
	Missing     bool    `json:"missing,omitempty"`
	Hidden      bool    `json:"hidden,omitempty"` // its settings may not be read
	Problems    []error `json:"-"`                // how it differs from what it should be
}

// InspectTopics compares the topics of an installation with what they should be.
// The count of partitions is taken from the decision log, or from the first lead
// topic that is there: all have to agree.
func InspectTopics(ctx context.Context, client kstream.Client, instance string) ([]TopicState, error) {
	found, err := client.ListTopics(ctx, event.Type("").Topic(instance))
	if err != nil {
		return nil, err
	}
	actual := make(map[string]*kstream.Topic, len(found))
	for i := range found {
		actual[found[i].Name] = &found[i]
	}
	var states []TopicState
	for _, want := range Topics(instance, partitionsOf(actual, instance), 0) {
		state := TopicState{Name: want.Name, Missing: true, Problems: want.Differences(actual[want.Name])}
		if is := actual[want.Name]; is != nil {
			state.Missing, state.Hidden = false, is.Hidden
			state.Partitions, state.Replication, state.Cleanup = is.Partitions, is.Replication, is.Configs[kstream.CleanupPolicy]
		}
		states = append(states, state)
	}
	return states, nil
}

func partitionsOf(actual map[string]*kstream.Topic, instance string) int32 {
	if log := actual[event.LeadDecisions.Topic(instance)]; log != nil {
		return log.Partitions
	}
	for _, t := range event.Topics(instance) {
		if is := actual[t.Name]; is != nil && t.Lead {
			return is.Partitions
		}
	}
	return DefaultPartitions
}
