package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"

	"leadrouter/pkg/app"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/policylog"
	"leadrouter/pkg/rights"
)

// shared holds the flags that mean the same in every command that has them.
type shared struct {
	instance  string
	policy    string
	feeds     string
	providers string
	geoIP     string
	metrics   string
	logLevel  string
	timeout   time.Duration

	kafka kstream.Client
	redis app.Redis
}

// kafkaFlags binds what it takes to reach Kafka and to name topics.
func (c *cli) kafkaFlags(cmd *cobra.Command) {
	f, k := cmd.Flags(), &c.shared.kafka
	f.StringSliceVar(&k.Brokers, "brokers", []string{"localhost:9092"}, "Kafka brokers, `host:port` each")
	f.StringVar(&c.shared.instance, "instance", "", "`name` of the installation: prefix of topics, groups and keys")
	f.DurationVar(&c.shared.timeout, "timeout", 30*time.Second, "longest wait for a service that does not answer")
	f.BoolVar(&k.TLS.Enabled, "kafka-tls", false, "encrypt connections to Kafka")
	f.StringVar(&k.TLS.CAFile, "kafka-ca", "", "PEM `file` of the authority that signs the brokers (default the system's)")
	f.StringVar(&k.TLS.CertFile, "kafka-cert", "", "PEM `file` of the client's certificate")
	f.StringVar(&k.TLS.KeyFile, "kafka-key", "", "PEM `file` of its key")
	f.StringVar(&k.TLS.ServerName, "kafka-server-name", "", "`name` that the brokers' certificates carry (default the host)")
	f.StringVar(&k.SASL.Mechanism, "kafka-sasl", "", "`mechanism`: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 (default none)")
	f.StringVar(&k.SASL.User, "kafka-user", "", "SASL user `name`")
	secretFlag(cmd, &k.SASL.Password, "kafka-password", "SASL `password`")
	complete(cmd, "kafka-sasl", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
}

// redisFlags binds what it takes to reach Redis.
func (c *cli) redisFlags(cmd *cobra.Command) {
	f, r := cmd.Flags(), &c.shared.redis
	f.StringVar(&r.Address, "redis", "redis://localhost:6379", "redis:// `URL`, or the host:port of cluster nodes, comma-separated")
	f.StringVar(&r.User, "redis-user", "", "ACL user `name`")
	secretFlag(cmd, &r.Password, "redis-password", "its `password`")
	f.BoolVar(&r.TLS.Enabled, "redis-tls", false, "encrypt connections to Redis (a rediss:// URL does too)")
	f.StringVar(&r.TLS.CAFile, "redis-ca", "", "PEM `file` of the authority that signs Redis (default the system's)")
	f.StringVar(&r.TLS.CertFile, "redis-cert", "", "PEM `file` of the client's certificate")
	f.StringVar(&r.TLS.KeyFile, "redis-key", "", "PEM `file` of its key")
	f.StringVar(&r.TLS.ServerName, "redis-server-name", "", "`name` that Redis' certificate carries (default the host)")
}

// policyFlag binds --policy and completes it with files and folders.
func (c *cli) policyFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.shared.policy, "policy", "", "policy `file` or folder")
	_ = cmd.RegisterFlagCompletionFunc("policy", completePolicy)
}

// livePolicyFlag is policyFlag for commands that can also read what is published.
func (c *cli) livePolicyFlag(cmd *cobra.Command) {
	c.policyFlag(cmd)
	cmd.Flags().Lookup("policy").Usage = "policy `file` or folder, or " + app.Published + ": what leadrouter policy publish made active"
}

// feedsFlag binds the folder of feeds that are files.
func (c *cli) feedsFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.shared.feeds, "feeds", "", "`folder` of reps' calendar feeds that are files (default that of the policy)")
	_ = cmd.MarkFlagDirname("feeds")
}

// geoIPFlag binds the file of places by IP address.
func (c *cli) geoIPFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.shared.geoIP, "geoip", "", "MaxMind `file` that tells where IP addresses are, such as GeoLite2-City.mmdb (default none)")
	_ = cmd.MarkFlagFilename("geoip", "mmdb")
}

// roleFlags binds all that a long-running role takes.
func (c *cli) roleFlags(cmd *cobra.Command) {
	c.kafkaFlags(cmd)
	c.redisFlags(cmd)
	c.livePolicyFlag(cmd)
	c.processFlags(cmd)
}

// processFlags binds what it takes to look at a running process.
func (c *cli) processFlags(cmd *cobra.Command) {
	c.logFlag(cmd)
	c.metricsFlag(cmd)
}

func (c *cli) metricsFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.shared.metrics, "metrics", "", "listen `address` of /metrics, /healthz and /readyz (default none)")
}

func (c *cli) logFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.shared.logLevel, "log-level", "info", "debug, info, warn or error")
	complete(cmd, "log-level", "debug", "info", "warn", "error")
}

// completePolicy offers YAML files; the shell adds the folders.
func completePolicy(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// checkLimit refuses a --limit that means nothing.
func checkLimit(limit int) error {
	if limit < 0 {
		return app.Usage(errors.New("--limit is below 0"))
	}
	return nil
}

// person names who does something: --by, else the user of the system.
func person(by string) (string, error) {
	if by != "" {
		return by, nil
	}
	u, err := user.Current()
	if err != nil {
		return "", app.Usage(fmt.Errorf("who does this is not known (%w); say --by", err))
	}
	return cmp.Or(u.Username, u.Uid), nil
}

// permitted tells, before anything is done, whether Kafka lets us act in a role.
func (c *cli) permitted(ctx context.Context, role rights.Role, o rights.Options) error {
	return c.askKafka(ctx, func(ctx context.Context) error {
		return app.Permitted(ctx, c.shared.kafka, rights.Kafka(role, c.shared.instance, o))
	})
}

// askKafka makes a first call to Kafka within --timeout and tells a Kafka that is
// not there from one that says no.
func (c *cli) askKafka(ctx context.Context, ask func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, c.shared.timeout)
	defer cancel()
	err := ask(limited)
	if err == nil || ctx.Err() != nil {
		return err
	}
	brokers := strings.Join(c.shared.kafka.Brokers, ",")
	if advice, _ := app.Refusal(err); advice != "" {
		return app.Explain(fmt.Errorf("kafka at %s: %w", brokers, err))
	}
	if answered(err) {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return app.Unreachable(fmt.Errorf("no answer from %s for %s (%w); check --brokers, or run leadrouter doctor", brokers, c.shared.timeout, err))
	}
	return app.Unreachable(fmt.Errorf("cannot reach %s (%w); check --brokers, or run leadrouter doctor", brokers, err))
}

// answered reports whether an error is what Kafka, or what is in it, says.
func answered(err error) bool {
	_, code := errors.AsType[*kerr.Error](err)
	return code || errors.Is(err, policylog.ErrOutdated) || errors.Is(err, kstream.ErrPartitionCount)
}

// askTopic is [cli.askKafka] about one topic, which may not be there.
func (c *cli) askTopic(ctx context.Context, topic string, ask func(context.Context) error) error {
	err := c.askKafka(ctx, ask)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return app.Usage(fmt.Errorf("there is no topic %s; run leadrouter topics create, or check --instance", topic))
	}
	return err
}

// findTopics tells, before anything is done, whether Kafka and these topics are there.
func (c *cli) findTopics(ctx context.Context, topics ...string) error {
	return c.askTopic(ctx, topics[0], func(ctx context.Context) error {
		_, err := c.shared.kafka.Starts(ctx, topics...)
		return err
	})
}

// publisher publishes to a topic that is there.
func (c *cli) publisher(ctx context.Context, topic string) (*kstream.Publisher, error) {
	if err := c.findTopics(ctx, topic); err != nil {
		return nil, err
	}
	to, err := kstream.NewPublisher(c.shared.kafka)
	return to, app.Usage(err)
}

// records counts those of a topic, markers of transactions among them.
func (c *cli) records(ctx context.Context, topic string) (n int64, err error) {
	starts, err := c.shared.kafka.Starts(ctx, topic)
	if err != nil {
		return 0, err
	}
	ends, err := c.shared.kafka.Ends(ctx, topic)
	for at, end := range ends {
		n += end - starts[at]
	}
	return n, err
}
