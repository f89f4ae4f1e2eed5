package doctor_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"leadrouter/pkg/app"
	"leadrouter/pkg/doctor"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policylog"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/rights"
	"leadrouter/pkg/starter"
	"leadrouter/pkg/testkit/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// setup is a healthy installation, to be made ill.
func setup(t *testing.T) (doctor.Config, *miniredis.Miniredis) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ClusterID("cluster-1"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	redis := miniredis.RunT(t)
	files, err := starter.Policy(nil, "")
	require.NoError(t, err)
	cfg := doctor.Config{
		Kafka:  kstream.Client{Brokers: cluster.ListenAddrs()},
		Redis:  app.Redis{Address: "redis://" + redis.Addr()},
		Policy: write(t, files[starter.PolicyFile]),
	}
	require.NoError(t, cfg.Kafka.CreateTopics(t.Context(), app.Topics("", 3, 1)...))
	return cfg, redis
}

func write(t *testing.T, policy []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(path, policy, 0o600))
	return path
}

// find returns the finding of a check that is as bad as wanted.
func find(t *testing.T, findings []doctor.Finding, check string, status doctor.Status) doctor.Finding {
	t.Helper()
	for _, f := range findings {
		if f.Check == check && f.Status == status {
			return f
		}
	}
	require.Failf(t, "no such finding", "%s %s in %v", check, status, findings)
	return doctor.Finding{}
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	cfg, _ := setup(t)
	findings := doctor.Run(t.Context(), cfg)
	require.NoError(t, doctor.Err(findings))
	for _, check := range []string{"policy", "kafka", "redis", "ledger", "clock"} {
		find(t, findings, check, doctor.OK)
	}
	require.Contains(t, find(t, findings, "topics", doctor.Warn).Text, "one copy")
}

func TestNothingIsChanged(t *testing.T) {
	t.Parallel()
	cfg, redis := setup(t)
	cfg.Instance = "other"
	findings := doctor.Run(t.Context(), cfg)
	require.Equal(t, app.ExitNo, app.ExitCode(doctor.Err(findings)))
	require.Equal(t, "leadrouter topics create", find(t, findings, "topics", doctor.Fail).Next)
	require.Empty(t, redis.Keys())
	topics, err := cfg.Kafka.ListTopics(t.Context(), "other")
	require.NoError(t, err)
	require.Empty(t, topics)
}

func TestServicesThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	cfg, redis := setup(t)
	redis.Close()
	findings := doctor.Run(t.Context(), cfg)
	require.Equal(t, app.ExitUnreachable, app.ExitCode(doctor.Err(findings)))
	require.True(t, find(t, findings, "redis", doctor.Fail).Unreachable)
	find(t, findings, "kafka", doctor.OK)

	cfg, _ = setup(t)
	cfg.Kafka.Brokers, cfg.Timeout = []string{"127.0.0.1:1"}, time.Second
	findings = doctor.Run(t.Context(), cfg)
	require.Equal(t, app.ExitUnreachable, app.ExitCode(doctor.Err(findings)))
	require.True(t, find(t, findings, "kafka", doctor.Fail).Unreachable)
	find(t, findings, "redis", doctor.OK)
	find(t, findings, "ledger", doctor.Warn)
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	cfg, _ := setup(t)
	cfg.Policy = ""
	require.Contains(t, find(t, doctor.Run(t.Context(), cfg), "policy", doctor.Warn).Next, "policy init")

	cfg.Policy = write(t, []byte("policy: a\nreps: {ana: {}}\nrules: [{name: x, to: anna}]\n"))
	found := find(t, doctor.Run(t.Context(), cfg), "policy", doctor.Fail)
	require.Contains(t, found.Text, "no pool, team or rep is called `anna`")
	require.Equal(t, "leadrouter policy check "+cfg.Policy, found.Next)

	cfg.Policy = write(t, []byte("policy: a\nreps: {ana: {}, ben: {}}\nrules: [{name: x, to: ana}]\ntests: [{name: t, lead: {country: DE}, expect: {rep: ben}}]\n"))
	require.Equal(t, "1 of 1 tests fail", find(t, doctor.Run(t.Context(), cfg), "policy", doctor.Fail).Text)
}

// No feed keeps a router from working; each that cannot be read is named, and so is what
// is odd in one that can.
func TestFeeds(t *testing.T) {
	t.Parallel()
	cfg, _ := setup(t)
	cfg.Policy = write(t, []byte(`policy: a
reps:
  ana: {feed: ana.ics}
  ben: {feed: ben.ics}
  carl: {feed: 'http://127.0.0.1:1/private-4711'}
rules: [{name: x, to: all}]
`))
	save := func(folder, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "ana.ics"), []byte(text), 0o600))
	}
	save(filepath.Dir(cfg.Policy), "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20200101\nRRULE:FREQ=WEEKLY;UNTIL=x\nEND:VEVENT\nEND:VCALENDAR\n")
	findings := doctor.Run(t.Context(), cfg)
	require.NoError(t, doctor.Err(findings))
	require.Contains(t, find(t, findings, "feeds", doctor.OK).Text, "1 can be read")
	said := ""
	for _, f := range findings {
		require.NotContains(t, f.Text, "4711")
		if f.Check == "feeds" && f.Status == doctor.Warn {
			said += f.Text + "\n"
		}
	}
	require.Contains(t, said, "ana, ana.ics: line 4: RRULE:")
	require.Contains(t, said, "ben, ben.ics: no such file")
	require.Contains(t, said, "carl, http://127.0.0.1:1/...: no connection")

	cfg.Feeds = t.TempDir()
	save(cfg.Feeds, "BEGIN:VCALENDAR\nEND:VCALENDAR\n")
	require.Equal(t, "1 can be read, 0 absences in the two months to come", find(t, doctor.Run(t.Context(), cfg), "feeds", doctor.OK).Text)
}

// A published policy is looked at as a router would; one of files should be published.
func TestPublishedPolicies(t *testing.T) {
	t.Parallel()
	cfg, _ := setup(t)
	require.Contains(t, find(t, doctor.Run(t.Context(), cfg), "history", doctor.Warn).Text, "was never published")
	files := cfg
	cfg.Policy = app.Published
	found := find(t, doctor.Run(t.Context(), cfg), "policy", doctor.Fail)
	require.Equal(t, "leadrouter policy publish", found.Next)

	p, _, err := policy.Load(files.Policy)
	require.NoError(t, err)
	draft := policylog.Draft{Hash: p.Hash, Name: p.Name, Engine: policy.Engine, Files: p.Files, By: "dana"}
	_, err = policylog.New(cfg.Kafka, cfg.Instance).Publish(t.Context(), draft)
	require.NoError(t, err)
	require.Contains(t, find(t, doctor.Run(t.Context(), cfg), "policy", doctor.OK).Text, "published as number 1 by dana")
	for _, f := range doctor.Run(t.Context(), files) {
		require.NotEqual(t, "history", f.Check)
	}

	draft.Hash, draft.After = "of something else", 1
	_, err = policylog.New(cfg.Kafka, cfg.Instance).Publish(t.Context(), draft)
	require.NoError(t, err)
	require.Contains(t, find(t, doctor.Run(t.Context(), cfg), "policy", doctor.Fail).Text, "something else to this version")
}

func TestTopicsThatForget(t *testing.T) {
	t.Parallel()
	cfg, _ := setup(t)
	cfg.Instance = "bad"
	topics := app.Topics("bad", 3, 1)
	for i := range topics {
		if topics[i].Name == "bad.lead.decisions" {
			topics[i].Configs = map[string]string{"cleanup.policy": "delete", "retention.ms": "604800000"}
		}
	}
	require.NoError(t, cfg.Kafka.CreateTopics(t.Context(), topics...))
	found := find(t, doctor.Run(t.Context(), cfg), "topics", doctor.Fail)
	require.Contains(t, found.Text, "bad.lead.decisions has retention.ms=604800000")
	require.Contains(t, found.Next, "before the log is cut")
}

func TestLedgers(t *testing.T) {
	t.Parallel()
	cfg, redis := setup(t)
	open := func(cluster, prefix string) {
		client, err := cfg.Redis.Client()
		require.NoError(t, err)
		defer func() { _ = client.Close() }()
		store, err := redisledger.New(client, redisledger.Config{Namespace: app.DefaultInstance, Cluster: cluster, Prefix: prefix})
		require.NoError(t, err)
		_, err = store.Open(context.Background())
		require.NoError(t, err)
	}
	open("cluster-1", "")
	require.Equal(t, "epoch 1", find(t, doctor.Run(t.Context(), cfg), "ledger", doctor.OK).Text)

	redis.FlushAll()
	open("cluster-2", "")
	found := find(t, doctor.Run(t.Context(), cfg), "ledger", doctor.Fail)
	require.Contains(t, found.Text, "bound to another installation")
	require.Contains(t, found.Next, "another Redis")
}

func TestClocksApart(t *testing.T) {
	t.Parallel()
	cfg, redis := setup(t)
	now := time.Now()
	redis.SetTime(now.Add(10 * time.Second))
	found := find(t, doctor.Run(t.Context(), cfg), "clock", doctor.Warn)
	require.Contains(t, found.Text, "off this host")
	require.Contains(t, found.Next, "NTP")
	redis.SetTime(now.Add(-time.Hour))
	find(t, doctor.Run(t.Context(), cfg), "clock", doctor.Fail)
}

// Rights that are missing are named, and nothing else is said to be wrong because of them.
func TestRights(t *testing.T) {
	t.Parallel()
	cfg, _ := setup(t)
	require.Equal(t, "kafka allows all that the role router needs", find(t, doctor.Run(t.Context(), cfg), "rights", doctor.OK).Text)

	describe := func(name string) kfake.ACL {
		return kfake.ACL{
			Resource: kmsg.ACLResourceTypeTopic, Name: name, Pattern: kmsg.ACLResourcePatternTypePrefixed,
			Operation: kmsg.ACLOperationRead, Allow: true,
		}
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("PLAIN", "admin", "secret"), kfake.User("PLAIN", "ada", "secret", describe("x.")))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	cfg.Instance = "x"
	cfg.Kafka = kstream.Client{Brokers: cluster.ListenAddrs(), SASL: kstream.SASL{Mechanism: "PLAIN", User: "admin", Password: "secret"}}
	require.NoError(t, cfg.Kafka.CreateTopics(t.Context(), app.Topics("x", 3, 1)...))
	cfg.Kafka.SASL.User, cfg.Role = "ada", rights.SLA
	findings := doctor.Run(t.Context(), cfg)
	require.Equal(t, app.ExitNo, app.ExitCode(doctor.Err(findings)))
	missing := find(t, findings, "rights", doctor.Fail)
	require.Equal(t, "kafka does not let this user write topic x.lead.timers, write topic x.lead.fired, write topic x.lead.sla and 3 more", missing.Text)
	require.Equal(t, "leadrouter rights sla --instance x lists what the user needs", missing.Next)
	require.Contains(t, find(t, findings, "topics", doctor.Warn).Text, "this user may not read")

	cfg.Kafka.SASL.Mechanism, cfg.Kafka.SASL.User = "", ""
	refused := find(t, doctor.Run(t.Context(), cfg), "kafka", doctor.Fail)
	require.True(t, refused.Unreachable)
	require.Contains(t, refused.Next, "wants --kafka-tls and --kafka-sasl")
}

// A Redis whose user may not do all that the ledger does says what.
func TestRightsInRedis(t *testing.T) {
	t.Parallel()
	cfg, _ := setup(t)
	server := services.OwnRedis(t, services.RedisConfig{})
	admin := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = admin.Close() })
	user := []any{"ACL", "SETUSER", "ada", ">secret"}
	for _, rule := range rights.RedisRules("") {
		user = append(user, rule)
	}
	require.NoError(t, admin.Do(t.Context(), user...).Err())
	cfg.Redis = app.Redis{Address: server.Addr(), User: "ada", Password: "secret"}
	findings := doctor.Run(t.Context(), cfg)
	require.NoError(t, doctor.Err(findings))
	find(t, findings, "ledger", doctor.OK)

	require.NoError(t, admin.Do(t.Context(), "ACL", "SETUSER", "ada", "-hset", "-config|get").Err())
	missing := find(t, doctor.Run(t.Context(), cfg), "rights", doctor.Fail)
	require.Equal(t, "redis does not let this user run config|get, hset on {leadrouter}:*", missing.Text)
	cfg.Redis.Password = "wrong"
	require.Contains(t, find(t, doctor.Run(t.Context(), cfg), "redis", doctor.Fail).Next, "check --redis-user and its password")
}
