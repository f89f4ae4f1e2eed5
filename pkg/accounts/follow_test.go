package accounts_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/testkit/services"
)

// bench is a topic of accounts of its own on a shared Kafka.
type bench struct {
	t         *testing.T
	kafka     kstream.Client
	instance  string
	publisher *kstream.Publisher
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, kafka: kstream.Client{Brokers: services.Kafka(t)}, instance: services.Instance(t)}
	for _, topic := range event.Topics(b.instance) {
		if topic.Type == event.AccountChanged {
			require.NoError(t, b.kafka.CreateTopics(t.Context(), kstream.Topic{Name: topic.Name, Partitions: 1, Replication: 1, Configs: topic.Config()}))
		}
	}
	var err error
	b.publisher, err = kstream.NewPublisher(b.kafka)
	require.NoError(t, err)
	t.Cleanup(b.publisher.Close)
	return b
}

// write puts a record into the topic as some program would: bare JSON.
func (b *bench) write(key, value string) {
	b.t.Helper()
	r := &kstream.Record{Topic: event.AccountChanged.Topic(b.instance), Key: []byte(key)}
	if value != "" {
		r.Value = []byte(value)
	}
	require.NoError(b.t, b.publisher.Publish(b.t.Context(), r))
}

func (b *bench) put(a lead.Account) {
	b.t.Helper()
	value, err := json.Marshal(a)
	require.NoError(b.t, err)
	b.write(a.ID, string(value))
}

// owner of the account that a lead with an e-mail address at a domain is given.
func owner(f *accounts.Follower, domain string) string {
	l := lead.Lead{EmailDomain: domain}
	f.Match(&l, limits)
	if l.Account == nil {
		return ""
	}
	return l.Account.Owner
}

func TestFollow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(lead.Account{ID: "1", Name: "Acme", Domains: []string{"acme.com"}, Owner: "tom"})
	b.put(lead.Account{ID: "1", Name: "Acme", Domains: []string{"acme.com"}, Owner: "eva"})
	b.put(lead.Account{ID: "2", Name: "Gone", Domains: []string{"gone.com"}, Owner: "eva"})
	b.write("2", "")
	b.write("by-key", `{"name":"Keyed","domains":["keyed.com"],"owner":"max"}`)
	b.write("3", `{"name":"a secret of mine`)
	b.write("", `{"name":"no id"}`)

	core, logs := observer.New(zapcore.DebugLevel)
	reg := prometheus.NewRegistry()
	reports := make(chan error, 100)
	f := accounts.NewFollower(accounts.Config{
		Kafka: b.kafka, Instance: b.instance, Registerer: reg, Logger: zap.New(core), Clock: clock.System(),
		Report: func(err error) { reports <- err },
	})
	require.Empty(t, owner(f, "acme.com"), "nothing is read yet")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	require.NoError(t, f.Wait(t.Context()))
	require.NoError(t, <-reports)

	require.Equal(t, 2, f.Len())
	require.Equal(t, "eva", owner(f, "acme.com"), "the last record counts")
	require.Empty(t, owner(f, "gone.com"))
	require.Equal(t, "max", owner(f, "keyed.com"))
	require.Equal(t, 2, logs.FilterMessageSnippet("no account").Len())
	for _, entry := range logs.All() {
		for _, field := range entry.Context {
			require.NotContains(t, field.String, "secret")
		}
	}
	n, err := testutil.GatherAndCount(reg, "leadrouter_accounts", "leadrouter_account_records_refused_total")
	require.NoError(t, err)
	require.Equal(t, 2, n)

	b.put(lead.Account{ID: "1", Name: "Acme", Domains: []string{"acme.com"}, Owner: "petra"})
	require.Eventually(t, func() bool { return owner(f, "acme.com") == "petra" }, time.Minute, 10*time.Millisecond)
	b.write("1", "")
	require.Eventually(t, func() bool { return owner(f, "acme.com") == "" }, time.Minute, 10*time.Millisecond)
	stop()
	require.NoError(t, <-ended)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := accounts.NewFollower(accounts.Config{})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, f.Wait(ctx), context.Canceled)
	require.Zero(t, f.Len())
}

func TestRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(lead.Account{ID: "1", Name: "Acme", Owner: "tom"})
	b.write("2", `[]`)
	x, err := accounts.Read(t.Context(), b.kafka, b.instance)
	require.NoError(t, err)
	require.Equal(t, 1, x.Len())
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key, value string
		want       lead.Account
		gone       bool
		code       lead.Code
	}{
		{"1", "", lead.Account{ID: "1"}, true, ""},
		{"1", `{"id":"2","name":" Acme ","strategic":null,"country":"de","what":1}`, lead.Account{ID: "2", Name: "Acme", Country: "DE"}, false, ""},
		{"1", `{}`, lead.Account{ID: "1"}, false, ""},
		{"", `{}`, lead.Account{}, false, lead.MissingID},
		{"1", `null`, lead.Account{}, false, lead.WrongType},
		{"1", `{"domains":"acme.com"}`, lead.Account{}, false, lead.WrongType},
		{"1", `x`, lead.Account{}, false, lead.NotJSON},
	} {
		got, gone, err := accounts.Decode(&kstream.Record{Key: []byte(c.key), Value: []byte(c.value)})
		require.Equal(t, c.code, lead.CodeOf(err), "%s %v", c.value, err)
		require.Equal(t, c.gone, gone)
		if err == nil {
			require.Equal(t, c.want, got)
		}
	}
}
