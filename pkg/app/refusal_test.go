package app_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap/zaptest"

	"leadrouter/pkg/app"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// reply is an error that Redis has sent.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err     error
		advice  string
		lasting bool
	}{
		{kerr.SaslAuthenticationFailed, "check --kafka-user and its password", true},
		{kerr.UnsupportedSaslMechanism, "take another --kafka-sasl", true},
		{kerr.TopicAuthorizationFailed, "leadrouter rights lists", true},
		{kerr.TransactionalIDAuthorizationFailed, "leadrouter rights lists", true},
		{x509.UnknownAuthorityError{}, "with --kafka-ca", true},
		{x509.CertificateInvalidError{Reason: x509.Expired, Detail: "since noon"}, "has expired or is not valid yet, or the clock here is wrong: renew it", true},
		{fmt.Errorf("%w: %w", ledger.ErrUnavailable, x509.UnknownAuthorityError{}), "with --redis-ca", true},
		{reply("NOPERM User x has no permissions to run the 'hset' command"), "leadrouter rights router lists", true},
		{reply("WRONGPASS invalid username-password pair"), "check --redis-user and its password", true},
		{fmt.Errorf("%w: %w", ledger.ErrUnavailable, reply("NOAUTH Authentication required.")), "check --redis-user", true},
		{fmt.Errorf("%w: %w", ledger.ErrUnavailable, io.EOF), "whether that port wants --redis-tls", false},
		{reply("LOADING Redis is loading the dataset in memory"), "", false},
		{kerr.NotLeaderForPartition, "", false},
		{io.EOF, "whether that port wants --kafka-tls and --kafka-sasl", false},
		{nil, "", false},
	} {
		if c.err != nil {
			c.err = fmt.Errorf("ask: %w", c.err)
		}
		advice, lasting := app.Refusal(c.err)
		require.Contains(t, advice, c.advice, "%v", c.err)
		require.Equal(t, c.advice == "", advice == "", "%v: %s", c.err, advice)
		require.Equal(t, c.lasting, lasting, "%v", c.err)
		explained := app.Explain(c.err)
		require.ErrorIs(t, explained, c.err)
		if advice == "" {
			require.Equal(t, c.err, explained)
			continue
		}
		require.Equal(t, app.ExitUnreachable, app.ExitCode(explained))
		require.Equal(t, c.err.Error()+"; "+advice, explained.Error())
		require.Equal(t, explained, app.Explain(explained), "once is enough")
	}
}

// A refusal of several lines is told in one.
func TestExplainedInOneLine(t *testing.T) {
	t.Parallel()
	err := app.Explain(errors.Join(errors.New("first broker"), kerr.SaslAuthenticationFailed))
	require.NotContains(t, err.Error(), "\n")
}

func TestListed(t *testing.T) {
	t.Parallel()
	right := kstream.Right{Operation: kstream.Write, Resource: kstream.TopicResource, Name: "in"}
	require.Equal(t, "write topic in", app.Listed([]kstream.Right{right}))
	require.Equal(t, "write topic in, write topic in, write topic in and 2 more", app.Listed([]kstream.Right{right, right, right, right, right}))
}

// Roles that are not let in end at once, and do not wait for what will not come.
func TestRolesThatAreNotLetIn(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("PLAIN", "admin", "secret"), kfake.User("PLAIN", "ada", "secret"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	kafka := kstream.Client{Brokers: cluster.ListenAddrs(), SASL: kstream.SASL{Mechanism: "PLAIN", User: "admin", Password: "secret"}}
	require.NoError(t, kafka.CreateTopics(t.Context(), app.Topics("x", 1, 1)...))
	kafka.SASL.User = "ada"
	err = app.NewWatcher(app.WatcherConfig{
		Kafka: kafka, Instance: "x", Slot: "let-in", StartTimeout: time.Hour, Logger: zaptest.NewLogger(t),
	}).Run(t.Context())
	require.ErrorContains(t, err, "kafka does not let this user read topic x.lead.timers, read topic x.lead.fired, write topic x.lead.timers and 5 more; leadrouter rights lists")
	require.Equal(t, app.ExitUnreachable, app.ExitCode(err))

	_, err = app.Rebuild(t.Context(), app.RebuildConfig{Kafka: kafka, Redis: app.Redis{Address: "127.0.0.1:1"}, Instance: "x", Now: time.Now()})
	require.ErrorContains(t, err, "kafka does not let this user describe topic x.rep.status", "before Redis is asked for anything")
	kafka.TLS.Enabled, kafka.TLS.CAFile = true, "missing.pem"
	require.ErrorIs(t, kafka.Check(), os.ErrNotExist)
}
