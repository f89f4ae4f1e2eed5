package rights_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/rights"
	"leadrouter/streams/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// No role is without rights, or has one twice, or one about anything else than the
// installation.
func TestEveryRoleIsListed(t *testing.T) {
	t.Parallel()
	for _, d := range rights.Roles() {
		list := rights.Kafka(d.Role, "acme", rights.Everything())
		require.NotEmpty(t, list, d.Role)
		seen := map[kstream.Right]bool{}
		for _, r := range list {
			require.False(t, seen[r], "%s: %s twice", d.Role, r)
			seen[r] = true
			require.Regexp(t, `^acme[.-]`, r.Name)
			require.Equal(t, r.Resource == kstream.TransactionalResource && strings.HasSuffix(r.Name, "-"), r.Prefixed, r)
		}
	}
	require.Empty(t, rights.Kafka("nobody", "acme", rights.Everything()))
}

// What a stream reads it may read, and its names are those of the stream.
func TestRightsFollowTheStreams(t *testing.T) {
	t.Parallel()
	for _, instance := range []string{"", "acme"} {
		list := rights.Kafka(rights.Router, instance, rights.Options{})
		for _, input := range router.Inputs() {
			topic := input.Topic(instance)
			require.Contains(t, list, kstream.Right{Operation: kstream.Read, Resource: kstream.TopicResource, Name: topic})
			require.Contains(t, list, kstream.Right{Operation: kstream.Write, Resource: kstream.TopicResource, Name: topic + kstream.DLQSuffix})
		}
		for _, role := range []rights.Role{rights.Router, rights.SLA} {
			stream := kstream.Config{Instance: instance, Role: string(role), Slot: "3"}
			list := rights.Kafka(role, instance, rights.Options{})
			require.Contains(t, list, kstream.Right{Operation: kstream.Read, Resource: kstream.GroupResource, Name: stream.Group()})
			covered := false
			for _, r := range list {
				covered = covered || r.Resource == kstream.TransactionalResource && r.Prefixed && strings.HasPrefix(stream.TransactionalID(1), r.Name)
			}
			require.True(t, covered, "%s in %v", stream.TransactionalID(1), list)
		}
	}
}

// A router that is told less needs less.
func TestOptions(t *testing.T) {
	t.Parallel()
	published := kstream.Right{Operation: kstream.Read, Resource: kstream.TopicResource, Name: event.PolicyPublished.Topic("")}
	updated := kstream.Right{Operation: kstream.Write, Resource: kstream.TopicResource, Name: event.LeadUpdated.Topic("")}
	rebuild := kstream.Right{Operation: kstream.Write, Resource: kstream.TransactionalResource, Name: "leadrouter-rebuild"}
	all := rights.Kafka(rights.Router, "", rights.Everything())
	require.Subset(t, all, []kstream.Right{published, updated, rebuild})
	least := rights.Kafka(rights.Router, "", rights.Options{NoRebuild: true})
	require.Subset(t, all, least)
	require.NotSubset(t, least, []kstream.Right{published})
	require.NotSubset(t, least, []kstream.Right{updated})
	require.NotSubset(t, least, []kstream.Right{rebuild})
}

func TestCommands(t *testing.T) {
	t.Parallel()
	const add = "kafka-acls --add --allow-principal User:clock "
	require.Equal(t, []string{
		add + "--operation Read --operation Write --topic acme.lead.timers --topic acme.lead.fired",
		add + "--operation Write --topic acme.lead.sla --topic acme.lead.reassign",
		add + "--operation Read --group acme-sla",
		add + "--operation Write --resource-pattern-type prefixed --transactional-id acme-sla-",
	}, rights.Commands(rights.Kafka(rights.SLA, "acme", rights.Options{}), "User:clock"))
}

// The commands say all of the list and nothing else.
func TestCommandsSayEverything(t *testing.T) {
	t.Parallel()
	for _, d := range rights.Roles() {
		list := rights.Kafka(d.Role, "acme", rights.Everything())
		said := map[kstream.Right]bool{}
		for _, line := range rights.Commands(list, "User:x") {
			for _, r := range parse(t, line) {
				require.False(t, said[r], "%s twice", r)
				said[r] = true
			}
		}
		require.Len(t, said, len(list), d.Role)
		for _, r := range list {
			require.True(t, said[r], "%s: %s", d.Role, r)
		}
	}
}

// parse reads a call of kafka-acls as the tool does: each operation on each thing.
func parse(t *testing.T, line string) []kstream.Right {
	t.Helper()
	words := strings.Fields(line)
	var operations, names []string
	var of kstream.Resource
	prefixed := false
	require.Equal(t, []string{"kafka-acls", "--add", "--allow-principal", "User:x"}, words[:4])
	for i := 4; i+1 < len(words); i += 2 {
		switch option, value := strings.TrimPrefix(words[i], "--"), words[i+1]; option {
		case "operation":
			operations = append(operations, value)
		case "resource-pattern-type":
			prefixed = value == "prefixed"
		default:
			of, names = kstream.Resource(option), append(names, value)
		}
	}
	var list []kstream.Right
	for _, operation := range operations {
		for _, name := range names {
			list = append(list, kstream.Right{Operation: kstream.Operation(operation), Resource: of, Name: name, Prefixed: prefixed})
		}
	}
	return list
}

func TestRedisRules(t *testing.T) {
	t.Parallel()
	rules := rights.RedisRules("acme")
	require.Equal(t, []string{"on", "resetkeys", "resetchannels", "-@all", "~{acme}:*", "~acme:provider:*"}, rules[:6])
	require.Contains(t, rules, "+evalsha")
	require.Contains(t, rules, "+config|get")
	for _, rule := range rules {
		for _, dangerous := range []string{"flush", "keys", "@", "shutdown", "acl", "script"} {
			require.False(t, strings.HasPrefix(rule, "+"+dangerous), rule)
		}
	}
	require.Equal(t, []string{"{leadrouter}:*", "leadrouter:provider:*"}, rights.RedisKeys(""))
	require.Equal(t, `{a\*b}:*`, rights.RedisKeys("a*b")[0])
}
