package services

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// KafkaConfig describes a Kafka server, one process that is broker and controller.
type KafkaConfig struct {
	// Dir holds the data; empty means a temporary directory, removed on Close. A
	// directory with data of an earlier server is taken over.
	Dir string
	// Properties are added to server.properties, or replace what is there.
	Properties map[string]string
	// Guard, if not nil, adds a listener for clients with TLS and SASL, at
	// [Process.Guarded], and ACLs. Who comes by Addr is a superuser.
	Guard *KafkaGuard
	// Java are options of the virtual machine, after the default -Xmx1g.
	Java []string
}

// logConfig keeps the server's log to warnings.
const logConfig = `status = error
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1} %m%n
`

// StartKafka fetches Kafka on first use, formats the data directory unless it has
// data, starts the server and returns when it answers, about 5 s later. The context
// bounds the start, not the server's life. Without Java, or Maven when Kafka has to
// be fetched, the error is [ErrUnavailable].
func StartKafka(ctx context.Context, cfg KafkaConfig) (*Process, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("start Kafka: %w: %w", ErrUnavailable, err)
	}
	jars, err := kafkaJars(ctx)
	if err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	dir, owned, err := dataDir(cfg.Dir, "leadrouter-kafka-*")
	if err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	argv := javaCommand(java, jars, dir, cfg.Java)
	properties := filepath.Join(dir, "server.properties")
	p := &Process{
		name: "Kafka", addr: loopback(ports[0]), guarded: loopback(ports[2]), dir: dir, ownsDir: owned,
		argv:  slices.Concat(argv, []string{"kafka.Kafka", properties}),
		ready: func(ctx context.Context, addr string) error { return pingKafka(ctx, []string{addr}) },
	}
	if err := prepareKafka(ctx, cfg, p, ports[1], argv); err != nil {
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	return launch(ctx, p)
}

// javaCommand runs a class of Kafka's, which is to follow. The serial collector and the
// first compiler alone start a second faster and leave the cores to the tests.
func javaCommand(java, jars, dir string, options []string) []string {
	return slices.Concat([]string{
		java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms128m", "-Xmx1g",
		"-Dlog4j2.configurationFile=" + filepath.Join(dir, "log4j2.properties"),
	}, options, []string{"-cp", filepath.Join(jars, "*")})
}

// prepareKafka writes the configuration of one broker and formats an empty data directory.
func prepareKafka(ctx context.Context, cfg KafkaConfig, p *Process, controllerPort int, java []string) error {
	properties := kafkaProperties(p.addr, loopback(controllerPort), filepath.Join(p.dir, "data"))
	log := logConfig
	if cfg.Guard != nil {
		maps.Copy(properties, cfg.Guard.properties(properties, p.guarded))
		log += auditLogConfig
	}
	maps.Copy(properties, cfg.Properties)
	return formatKafka(ctx, p, properties, log, java)
}

// formatKafka writes the configuration and formats an empty data directory.
func formatKafka(ctx context.Context, p *Process, properties map[string]string, log string, java []string) error {
	files := map[string]string{"server.properties": render(properties), "log4j2.properties": log}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	// A fixed cluster id lets a directory be formatted again without harm.
	format := slices.Concat(java, []string{
		"kafka.tools.StorageTool", "format", "--ignore-formatted", "--cluster-id", "bGVhZHJvdXRlci10ZXN0cw",
		"--config", filepath.Join(p.dir, "server.properties"),
	})
	out, err := exec.CommandContext(ctx, format[0], format[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("format %s: %w: %s", p.dir, err, out)
	}
	return nil
}

// kafkaProperties configures one broker that is its own controller. Internal topics
// have few partitions and one replica, and a group does not wait for more members
// before its first rebalance.
func kafkaProperties(broker, controller, data string) map[string]string {
	return map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        "1",
		"controller.quorum.voters":       "1@" + controller,
		"listeners":                      "BROKER://" + broker + ",CONTROLLER://" + controller,
		"advertised.listeners":           "BROKER://" + broker,
		"listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"inter.broker.listener.name":     "BROKER",
		"controller.listener.names":      "CONTROLLER",
		"log.dirs":                       data,

		"offsets.topic.replication.factor":                 "1",
		"offsets.topic.num.partitions":                     "4",
		"transaction.state.log.replication.factor":         "1",
		"transaction.state.log.min.isr":                    "1",
		"transaction.state.log.num.partitions":             "4",
		"share.coordinator.state.topic.replication.factor": "1",
		"share.coordinator.state.topic.min.isr":            "1",
		"group.initial.rebalance.delay.ms":                 "0",
		// An index is as large as this from its beginning, sparse or not.
		"log.index.size.max.bytes": "1048576",
		// A killed broker is let in again when its old session has run out.
		"broker.session.timeout.ms":    "3000",
		"broker.heartbeat.interval.ms": "500",
	}
}

// render writes properties as lines in a fixed order.
func render(properties map[string]string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&b, "%s=%s\n", key, properties[key])
	}
	return b.String()
}

// pingKafka returns nil when the cluster at these addresses has a live broker.
func pingKafka(ctx context.Context, brokers []string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	meta, err := kadm.NewClient(client).BrokerMetadata(ctx)
	if err == nil && len(meta.Brokers) == 0 {
		err = errors.New("no live broker")
	}
	return err
}
