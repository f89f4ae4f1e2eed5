package kstream_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/kstream"
)

// guarded is a cluster with logins and ACLs, and topic "in"; ada may do what is allowed.
func guarded(t *testing.T, allowed ...kfake.ACL) (ada, admin kstream.Client) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("PLAIN", "admin", "admin"), kfake.User("PLAIN", "ada", "ada", allowed...))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	as := func(user string) kstream.Client {
		return kstream.Client{Brokers: cluster.ListenAddrs(), SASL: kstream.SASL{Mechanism: "PLAIN", User: user, Password: user}}
	}
	require.NoError(t, as("admin").CreateTopics(t.Context(), kstream.Topic{Name: "in", Partitions: 1}, kstream.Topic{Name: "other", Partitions: 1}))
	return as("ada"), as("admin")
}

// one is each right that there is to be asked for.
func one() []kstream.Right {
	return []kstream.Right{
		{Operation: kstream.Read, Resource: kstream.TopicResource, Name: "in"},
		{Operation: kstream.Write, Resource: kstream.TopicResource, Name: "in"},
		{Operation: kstream.Describe, Resource: kstream.TopicResource, Name: "in"},
		{Operation: kstream.DescribeConfigs, Resource: kstream.TopicResource, Name: "in"},
		{Operation: kstream.Read, Resource: kstream.GroupResource, Name: "acme-copy"},
		{Operation: kstream.Describe, Resource: kstream.GroupResource, Name: "acme-copy"},
		{Operation: kstream.Write, Resource: kstream.TransactionalResource, Name: "acme-copy-", Prefixed: true},
		{Operation: kstream.Describe, Resource: kstream.TransactionalResource, Name: "acme-copy-", Prefixed: true},
	}
}

func allow(resource kmsg.ACLResourceType, name string, pattern kmsg.ACLResourcePatternType, operation kmsg.ACLOperation) kfake.ACL {
	return kfake.ACL{Resource: resource, Name: name, Pattern: pattern, Operation: operation, Allow: true}
}

func TestNobodyIsDeniedWithoutAnAuthorizer(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	denied, err := k.client.Denied(t.Context(), one())
	require.NoError(t, err)
	require.Empty(t, denied)
}

func TestDenied(t *testing.T) {
	t.Parallel()
	const literal, prefixed = kmsg.ACLResourcePatternTypeLiteral, kmsg.ACLResourcePatternTypePrefixed
	stranger, admin := guarded(t)
	denied, err := stranger.Denied(t.Context(), one())
	require.NoError(t, err)
	require.Equal(t, one(), denied)
	denied, err = admin.Denied(t.Context(), one())
	require.NoError(t, err)
	require.Empty(t, denied)

	reader, _ := guarded(t,
		allow(kmsg.ACLResourceTypeTopic, "in", literal, kmsg.ACLOperationRead),
		allow(kmsg.ACLResourceTypeGroup, "acme-copy", literal, kmsg.ACLOperationRead),
		allow(kmsg.ACLResourceTypeTransactionalId, "acme-copy-", prefixed, kmsg.ACLOperationDescribe))
	denied, err = reader.Denied(t.Context(), one())
	require.NoError(t, err)
	rights := one()
	require.Equal(t, []kstream.Right{rights[1], rights[3], rights[6]}, denied, "who may read may describe")
}

// Of a topic that is not there nothing can be said to who may see that.
func TestRightsOnWhatIsNotThere(t *testing.T) {
	t.Parallel()
	_, admin := guarded(t)
	denied, err := admin.Denied(t.Context(), []kstream.Right{{Operation: kstream.Write, Resource: kstream.TopicResource, Name: "none"}})
	require.NoError(t, err)
	require.Empty(t, denied)
	_, err = kstream.Client{Brokers: []string{"127.0.0.1:1"}}.Denied(t.Context(), one())
	require.ErrorContains(t, err, "ask for rights")
}

func TestRightsInWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Read topic in", one()[0].String())
	require.Equal(t, "Write transactional-id acme-copy-*", one()[6].String())
}

// Settings are left out where they may not be read, and nothing fails for it.
func TestSettingsThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	const literal = kmsg.ACLResourcePatternTypeLiteral
	ada, admin := guarded(t,
		allow(kmsg.ACLResourceTypeTopic, "in", literal, kmsg.ACLOperationDescribe),
		allow(kmsg.ACLResourceTypeTopic, "other", literal, kmsg.ACLOperationDescribeConfigs),
		allow(kmsg.ACLResourceTypeTopic, "other", literal, kmsg.ACLOperationDescribe))
	listed, err := ada.ListTopics(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, listed, 2)
	require.True(t, listed[0].Hidden)
	require.Empty(t, listed[0].Configs)
	require.False(t, listed[1].Hidden)
	require.NotEmpty(t, listed[1].Configs)
	strict := kstream.Topic{Name: "in", Partitions: 1, Configs: map[string]string{kstream.RetentionMS: "-1"}}
	require.NoError(t, ada.VerifyTopics(t.Context(), strict))
	require.ErrorIs(t, admin.VerifyTopics(t.Context(), strict), kstream.ErrTopicForgetting)
	there, err := ada.HasTopic(t.Context(), "in")
	require.NoError(t, err)
	require.True(t, there)
}

// A topic that may not be seen is told from one that is missing.
func TestIdentifyTellsRightsFromAbsence(t *testing.T) {
	t.Parallel()
	ada, admin := guarded(t)
	_, err := ada.Identify(t.Context(), "in")
	require.ErrorContains(t, err, "identify one of topics in: TOPIC_AUTHORIZATION_FAILED")
	require.NotErrorIs(t, err, kstream.ErrTopicMissing)
	_, err = admin.Identify(t.Context(), "none")
	require.ErrorIs(t, err, kstream.ErrTopicMissing)
	there, err := ada.HasTopic(t.Context(), "in")
	require.NoError(t, err)
	require.False(t, there)
}
