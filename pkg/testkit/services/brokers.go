package services

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// BrokersConfig describes a Kafka of several brokers, each a controller, too.
type BrokersConfig struct {
	// Count of the brokers. Topics have a copy on each, and a write needs all but one.
	Count int
	// Properties and Java are those of [KafkaConfig], for all brokers.
	Properties map[string]string
	Java       []string
	// Links are names of further listeners, upper-case. Whoever connects through one is
	// told the brokers' addresses on it: each client can have a way of its own to each
	// broker. The link [Peers] is the one that brokers copy from each other through.
	Links []string
	// Advertise gives the address at which a broker is reached through a link; listener
	// is where it listens. It is asked once each, before anything starts. nil: there.
	Advertise func(link string, broker int, listener string) (address string, err error)
}

// Peers is the link of the brokers among themselves.
const Peers = "PEERS"

// Brokers are the brokers of one Kafka.
type Brokers struct {
	// Nodes may each be killed, paused and restarted.
	Nodes []*Process
	links map[string][]string
}

// StartBrokers starts the brokers and returns when each of them answers. The context
// bounds the start. Errors are those of [StartKafka].
func StartBrokers(ctx context.Context, cfg BrokersConfig) (*Brokers, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, fmt.Errorf("start brokers: %w: %w", ErrUnavailable, err)
	}
	jars, err := kafkaJars(ctx)
	if err != nil {
		return nil, fmt.Errorf("start brokers: %w", err)
	}
	cfg.Links = slices.Concat(cfg.Links, []string{Peers})
	b := &Brokers{Nodes: make([]*Process, cfg.Count), links: map[string][]string{}}
	plans, err := b.plan(cfg)
	if err != nil {
		return nil, fmt.Errorf("start brokers: %w", err)
	}
	var group errgroup.Group // not bound to a context: Close ends what has started
	for i, plan := range plans {
		group.Go(func() error {
			node, err := startBroker(ctx, java, jars, cfg, plan)
			b.Nodes[i] = node
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(fmt.Errorf("start brokers: %w", err), b.Close())
	}
	return b, nil
}

// Addrs are the brokers' addresses on a link; of an empty one those that nothing lies
// between.
func (b *Brokers) Addrs(link string) []string {
	if link != "" {
		return b.links[link]
	}
	addrs := make([]string, len(b.Nodes))
	for i, node := range b.Nodes {
		addrs[i] = node.Addr()
	}
	return addrs
}

// Close kills the brokers and removes their data.
func (b *Brokers) Close() error {
	var errs []error
	for _, node := range b.Nodes {
		if node != nil {
			errs = append(errs, node.Close())
		}
	}
	return errors.Join(errs...)
}

// MoveLeaders makes the next replica of each partition its leader: of the topics that
// begin so, and of the brokers' own for groups and transactions, so that coordinators
// move, too. A partition whose next replica is not in step stays where it is.
func (b *Brokers) MoveLeaders(ctx context.Context, prefix string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addrs("")...))
	if err != nil {
		return fmt.Errorf("move leaders: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	topics, err := admin.ListTopicsWithInternal(ctx)
	if err != nil {
		return fmt.Errorf("move leaders: %w", err)
	}
	var order kadm.AlterPartitionAssignmentsReq
	moved := kadm.TopicsSet{}
	topics.EachPartition(func(p kadm.PartitionDetail) {
		if !strings.HasPrefix(p.Topic, prefix) && !strings.HasPrefix(p.Topic, "__") || len(p.Replicas) < 2 {
			return
		}
		// Who comes first is whom an election prefers.
		order.Assign(p.Topic, p.Partition, slices.Concat(p.Replicas[1:], p.Replicas[:1]))
		moved.Add(p.Topic, p.Partition)
	})
	if _, err := admin.AlterPartitionAssignments(ctx, order); err != nil {
		return fmt.Errorf("move leaders: %w", err)
	}
	if _, err := admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, moved); err != nil {
		return fmt.Errorf("move leaders: %w", err)
	}
	return nil
}

// broker is what one of several brokers is told.
type broker struct {
	id         int
	addr       string
	properties map[string]string
}

// plan gives each broker its ports and addresses.
func (b *Brokers) plan(cfg BrokersConfig) ([]broker, error) {
	each := 2 + len(cfg.Links)
	ports, err := freePorts(cfg.Count * each)
	if err != nil {
		return nil, err
	}
	plans, voters := make([]broker, cfg.Count), make([]string, cfg.Count)
	for i := range plans {
		own := ports[i*each : (i+1)*each]
		plans[i] = broker{id: i + 1, addr: loopback(own[0])}
		voters[i] = fmt.Sprintf("%d@%s", i+1, loopback(own[1]))
		plans[i].properties = kafkaProperties(plans[i].addr, loopback(own[1]), "")
		if err := b.link(cfg, &plans[i], own[2:]); err != nil {
			return nil, err
		}
	}
	copies, least := strconv.Itoa(cfg.Count), strconv.Itoa(max(cfg.Count-1, 1))
	for _, plan := range plans {
		maps.Copy(plan.properties, map[string]string{
			"node.id":                                  strconv.Itoa(plan.id),
			"controller.quorum.voters":                 strings.Join(voters, ","),
			"inter.broker.listener.name":               Peers,
			"default.replication.factor":               copies,
			"min.insync.replicas":                      least,
			"offsets.topic.replication.factor":         copies,
			"transaction.state.log.replication.factor": copies,
			"transaction.state.log.min.isr":            least,
			// Several share the processors: a broker that is slow for a moment is not gone.
			"broker.session.timeout.ms":    "6000",
			"broker.heartbeat.interval.ms": "1000",
		})
		maps.Copy(plan.properties, cfg.Properties)
	}
	return plans, nil
}

// link adds the listeners of all links to a broker.
func (b *Brokers) link(cfg BrokersConfig, plan *broker, ports []int) error {
	listeners, advertised, protocols := "", "", ""
	for i, link := range cfg.Links {
		listener := loopback(ports[i])
		address := listener
		if cfg.Advertise != nil {
			var err error
			if address, err = cfg.Advertise(link, plan.id, listener); err != nil {
				return err
			}
		}
		listeners += "," + link + "://" + listener
		advertised += "," + link + "://" + address
		protocols += "," + link + ":PLAINTEXT"
		b.links[link] = append(b.links[link], address)
	}
	plan.properties["listeners"] += listeners
	plan.properties["advertised.listeners"] += advertised
	plan.properties["listener.security.protocol.map"] += protocols
	return nil
}

// startBroker starts one of several brokers.
func startBroker(ctx context.Context, java, jars string, cfg BrokersConfig, plan broker) (*Process, error) {
	dir, owned, err := dataDir("", fmt.Sprintf("leadrouter-broker%d-*", plan.id))
	if err != nil {
		return nil, err
	}
	plan.properties["log.dirs"] = filepath.Join(dir, "data")
	argv := javaCommand(java, jars, dir, cfg.Java)
	p := &Process{
		name: "broker " + strconv.Itoa(plan.id), addr: plan.addr, dir: dir, ownsDir: owned,
		argv:  slices.Concat(argv, []string{"kafka.Kafka", filepath.Join(dir, "server.properties")}),
		ready: func(ctx context.Context, addr string) error { return pingKafka(ctx, []string{addr}) },
	}
	if err := formatKafka(ctx, p, plan.properties, logConfig, argv); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return launch(ctx, p)
}
