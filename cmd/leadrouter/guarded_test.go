package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/app"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/rights"
	"leadrouter/pkg/testkit/services"
)

// secretSuffix follows the name of each user in its password.
const secretSuffix = "-hunter2"

// guarded is a Kafka and a Redis with TLS, logins and a user for each role, which may do
// what package rights lists and no more.
type guarded struct {
	t        *testing.T
	kafka    *services.Process
	redis    *services.Process
	ca       *services.Authority
	pair     services.Pair
	dir      string
	instance string
	admin    *kgo.Client
}

func newGuarded(t *testing.T) *guarded {
	ca := services.NewAuthority(t)
	server := ca.Issue(t, "server", false)
	g := &guarded{
		t: t, ca: ca, pair: ca.Issue(t, "client", false), dir: t.TempDir(), instance: "acme",
		kafka: services.OwnKafka(t, services.KafkaConfig{Guard: &services.KafkaGuard{Pair: server}}),
		redis: services.OwnRedis(t, services.RedisConfig{Pair: &server}),
	}
	var err error
	g.admin, err = kgo.NewClient(kgo.SeedBrokers(g.kafka.Addr()))
	require.NoError(t, err)
	t.Cleanup(g.admin.Close)
	names := roleNames()
	g.kafka.AddUsers(t, secretSuffix, names...)
	var acls []kmsg.CreateACLsRequestCreation
	for _, name := range names {
		for _, r := range g.rights(rights.Role(name)) {
			acls = append(acls, creation(name, r))
		}
	}
	g.allow(acls...)
	g.redisUser(string(rights.Router))
	g.redisUser(string(rights.Rebuild))
	return g
}

func (g *guarded) rights(role rights.Role) []kstream.Right {
	return rights.Kafka(role, g.instance, rights.Everything())
}

// redisAdmin is the user that may do everything, by the port without TLS.
func (g *guarded) redisAdmin(args ...any) {
	g.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: g.redis.Addr()})
	defer func() { _ = client.Close() }()
	require.NoError(g.t, client.Do(context.Background(), args...).Err())
}

// redisUser makes a user of the ledger.
func (g *guarded) redisUser(name string) {
	args := []any{"ACL", "SETUSER", name, ">" + name + secretSuffix}
	for _, rule := range rights.RedisRules(g.instance) {
		args = append(args, rule)
	}
	g.redisAdmin(args...)
}

// codes of the protocol.
func codes(r kstream.Right) (kmsg.ACLResourceType, kmsg.ACLOperation, kmsg.ACLResourcePatternType) {
	resource, err := kmsg.ParseACLResourceType(strings.ReplaceAll(string(r.Resource), "-", "_"))
	if err != nil {
		panic(err)
	}
	operation, err := kmsg.ParseACLOperation(string(r.Operation))
	if err != nil {
		panic(err)
	}
	pattern := kmsg.ACLResourcePatternTypeLiteral
	if r.Prefixed {
		pattern = kmsg.ACLResourcePatternTypePrefixed
	}
	return resource, operation, pattern
}

// creation is the ACL of a right.
func creation(user string, r kstream.Right) kmsg.CreateACLsRequestCreation {
	acl := kmsg.NewCreateACLsRequestCreation()
	acl.ResourceType, acl.Operation, acl.ResourcePatternType = codes(r)
	acl.ResourceName, acl.Principal, acl.Host = r.Name, "User:"+user, "*"
	acl.PermissionType = kmsg.ACLPermissionTypeAllow
	return acl
}

func (g *guarded) allow(acls ...kmsg.CreateACLsRequestCreation) {
	g.t.Helper()
	req := kmsg.NewPtrCreateACLsRequest()
	req.Creations = acls
	resp, err := req.RequestWith(context.Background(), g.admin)
	require.NoError(g.t, err)
	for _, result := range resp.Results {
		require.NoError(g.t, kerr.ErrorForCode(result.ErrorCode))
	}
}

// deny takes a right away, and returns when the broker knows.
func (g *guarded) deny(t *testing.T, user string, r kstream.Right) {
	req := kmsg.NewPtrDeleteACLsRequest()
	filter := kmsg.NewDeleteACLsRequestFilter()
	principal := "User:" + user
	filter.ResourceType, filter.Operation, filter.ResourcePatternType = codes(r)
	filter.ResourceName, filter.Principal = &r.Name, &principal
	filter.PermissionType = kmsg.ACLPermissionTypeAllow
	req.Filters = append(req.Filters, filter)
	resp, err := req.RequestWith(t.Context(), g.admin)
	require.NoError(t, err)
	require.Len(t, resp.Results[0].MatchingACLs, 1)
	g.await(t, user, []kstream.Right{r})
}

// await waits until a user lacks these of the rights of its role, and no others.
func (g *guarded) await(t *testing.T, user string, lacking []kstream.Right) {
	t.Helper()
	client := g.client(user)
	var denied []kstream.Right
	require.Eventually(t, func() bool {
		var err error
		denied, err = client.Denied(t.Context(), g.rights(rights.Role(user)))
		// Of a topic that may not be described nothing else is known to be allowed.
		denied = slices.DeleteFunc(denied, func(r kstream.Right) bool {
			return len(lacking) == 1 && lacking[0].Operation == kstream.Describe && r != lacking[0] && r.Name == lacking[0].Name
		})
		return err == nil && slices.Equal(denied, lacking)
	}, 30*time.Second, 20*time.Millisecond, "%s lacks %v", user, lacking)
}

// client is a connection of a role.
func (g *guarded) client(user string) kstream.Client {
	c := kstream.Client{
		Brokers: []string{g.kafka.Guarded()},
		SASL:    kstream.SASL{Mechanism: "SCRAM-SHA-512", User: user, Password: user + secretSuffix},
	}
	c.TLS.Enabled, c.TLS.CAFile, c.TLS.CertFile, c.TLS.KeyFile = true, g.ca.File, g.pair.Cert, g.pair.Key
	return c
}

// superuser is a connection that may do everything.
func (g *guarded) superuser() kstream.Client {
	return kstream.Client{Brokers: []string{g.kafka.Addr()}}
}

// env is the environment of a role; more overrides it, as NAME=VALUE.
func (g *guarded) env(user string, more ...string) map[string]string {
	env := map[string]string{
		"LEADROUTER_BROKERS": g.kafka.Guarded(), "LEADROUTER_INSTANCE": g.instance, "NO_COLOR": "1",
		"LEADROUTER_KAFKA_TLS": "true", "LEADROUTER_KAFKA_CA": g.ca.File,
		"LEADROUTER_KAFKA_CERT": g.pair.Cert, "LEADROUTER_KAFKA_KEY": g.pair.Key,
		"LEADROUTER_KAFKA_SASL": "SCRAM-SHA-512", "LEADROUTER_KAFKA_USER": user, "LEADROUTER_KAFKA_PASSWORD": user + secretSuffix,
		"LEADROUTER_REDIS":    fmt.Sprintf("rediss://%s:%s@%s", user, user+secretSuffix, g.redis.Guarded()),
		"LEADROUTER_REDIS_CA": g.ca.File, "LEADROUTER_REDIS_CERT": g.pair.Cert, "LEADROUTER_REDIS_KEY": g.pair.Key,
		"LEADROUTER_POLICY": app.Published, "LEADROUTER_LOG_LEVEL": "warn", "LEADROUTER_TIMEOUT": "2m",
	}
	for _, pair := range more {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return env
}

// run runs a command as a role and returns what it says.
func (g *guarded) run(t *testing.T, code int, role rights.Role, args ...string) string {
	t.Helper()
	c := &command{env: g.env(string(role))}
	require.Equal(t, code, c.run(t.Context(), args...), "%s %v: %s%s", role, args, c.out.String(), c.err.String())
	require.NotContains(t, c.out.String()+c.err.String(), secretSuffix)
	return c.out.String() + c.err.String()
}

// start runs a role until the returned function is called.
func (g *guarded) start(role rights.Role, slot string, args ...string) (stop func()) {
	c := &command{env: g.env(string(role), "LEADROUTER_SLOT="+slot)}
	ctx, cancel := context.WithCancel(g.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		code := c.run(ctx, args...)
		if code != app.ExitOK || strings.Contains(c.err.String(), secretSuffix) {
			g.t.Errorf("%v: exit code %d: %s", args, code, c.err.String())
		}
	})
	return func() { cancel(); running.Wait() }
}

func (g *guarded) write(name, text string) string {
	g.t.Helper()
	path := filepath.Join(g.dir, name)
	require.NoError(g.t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
