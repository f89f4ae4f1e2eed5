package kstream_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

func TestTopicsTakeRoomUntilTheyAreDeleted(t *testing.T) {
	t.Parallel()
	brokers, _ := services.Real(t) // the stand-in stores nothing
	client := kstream.Client{Brokers: brokers}
	prefix := services.Instance(t) + "."
	full := kstream.Topic{Name: prefix + "full", Partitions: 2}
	require.NoError(t, client.CreateTopics(t.Context(), full, kstream.Topic{Name: prefix + "empty", Partitions: 1}))
	publish(t, client, full.Name, make([]byte, 10_000))

	sizes, err := client.Stored(t.Context(), prefix)
	require.NoError(t, err)
	require.Len(t, sizes, 2)
	require.Zero(t, sizes[prefix+"empty"])
	require.Positive(t, sizes[full.Name])

	require.NoError(t, client.DeleteTopics(t.Context(), full.Name))
	listed, err := client.ListTopics(t.Context(), prefix)
	require.NoError(t, err)
	require.Len(t, listed, 1)
	require.ErrorContains(t, client.DeleteTopics(t.Context(), full.Name), "delete topics")
}

func TestATopicThatIsDeletedMeanwhileIsNotListed(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "stays", "goes"))
	require.NoError(t, err)
	defer cluster.Close()
	cluster.ControlKey(int16(kmsg.DescribeConfigs), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, asked := range req.(*kmsg.DescribeConfigsRequest).Resources {
			r := kmsg.NewDescribeConfigsResponseResource()
			r.ResourceType, r.ResourceName = asked.ResourceType, asked.ResourceName
			if asked.ResourceName == "goes" {
				r.ErrorCode = kerr.UnknownTopicOrPartition.Code
			}
			resp.Resources = append(resp.Resources, r)
		}
		return resp, nil, true
	})
	listed, err := kstream.Client{Brokers: cluster.ListenAddrs()}.ListTopics(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, listed, 1)
	require.Equal(t, "stays", listed[0].Name)
}

// publish writes one record.
func publish(t *testing.T, client kstream.Client, topic string, value []byte) {
	t.Helper()
	p, err := kstream.NewPublisher(client)
	require.NoError(t, err)
	defer p.Close()
	require.NoError(t, p.Publish(t.Context(), &kstream.Record{Topic: topic, Value: value}))
}
