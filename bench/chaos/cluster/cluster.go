package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/testkit/services"
)

// Slots of the roles: two routers and two watchers.
const (
	RouterA  = "a"
	RouterB  = "b"
	WatcherX = "x"
	WatcherY = "y"
)

// toRedis names the link to Redis.
const toRedis = "redis"

// peers names the links between brokers.
const peers = "peers"

// Config of a [Cluster].
type Config struct {
	Clock    clock.Clock
	Instance string
	// Binary is the program under test.
	Binary string
	// Watcher starts the watcher whose clock can be moved, before its flags.
	Watcher []string
	// Policy is the folder that routers begin with.
	Policy string
	// Dir takes the logs.
	Dir string
}

// Cluster is all that faults strike.
type Cluster struct {
	cfg     Config
	Brokers *services.Brokers
	Redis   *Redis
	Roles   map[string]*Role
	links   map[string]*Link // "a/1", "a/redis", "peers/2"
}

// Start starts the servers and makes the topics; [Cluster.StartRoles] starts the rest.
// The context bounds the start, and the life of roles.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c := &Cluster{cfg: cfg, Roles: map[string]*Role{}, links: map[string]*Link{}}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start the cluster: %w", err), c.Close())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) (err error) {
	c.Brokers, err = services.StartBrokers(ctx, services.BrokersConfig{
		Count: 3, Java: []string{"-Xms96m", "-Xmx320m"}, Links: []string{"A", "B", "X", "Y"},
		Properties: map[string]string{"num.network.threads": "2", "num.io.threads": "4", "group.min.session.timeout.ms": "1000"},
		Advertise: func(link string, broker int, listener string) (string, error) {
			return c.link(fmt.Sprintf("%s/%d", strings.ToLower(link), broker), listener)
		},
	})
	if err != nil {
		return err
	}
	if c.Redis, err = StartRedis(ctx, c.cfg.Clock); err != nil {
		return err
	}
	for _, slot := range []string{RouterA, RouterB} {
		if _, err := c.link(slot+"/"+toRedis, c.Redis.Master()); err != nil {
			return err
		}
	}
	return c.createTopics(ctx)
}

// createTopics makes the topics. Brokers that have just come up on a busy machine may
// need more than one try.
func (c *Cluster) createTopics(ctx context.Context) (err error) {
	for range 5 {
		if _, err = c.Leadrouter(ctx, "topics", "create", "--partitions", "4", "--replication", "3"); err == nil {
			return nil
		}
		if stopped := c.cfg.Clock.Sleep(ctx, 2*time.Second); stopped != nil {
			return stopped
		}
	}
	return err
}

// link makes a link and gives its address.
func (c *Cluster) link(name, target string) (string, error) {
	l, err := NewLink(c.cfg.Clock, target)
	if err != nil {
		return "", err
	}
	c.links[name] = l
	return l.Addr(), nil
}

// StartRoles starts the routers and the watchers.
func (c *Cluster) StartRoles(ctx context.Context) error {
	for _, slot := range []string{RouterA, RouterB, WatcherX, WatcherY} {
		metrics, err := freeAddress()
		if err != nil {
			return err
		}
		role := NewRole(ctx, c.cfg.Clock, slot, metrics, c.cfg.Dir, Command{})
		command := c.command(slot, metrics)
		c.Roles[slot] = role
		if err := role.Start(&command); err != nil {
			return err
		}
	}
	return nil
}

// command is how a role is started at first.
func (c *Cluster) command(slot, metrics string) Command {
	router := slot == RouterA || slot == RouterB
	argv := []string{c.cfg.Binary, "sla"}
	switch {
	case router:
		argv = []string{c.cfg.Binary, "router"}
	case slot == WatcherY:
		argv = c.cfg.Watcher
	}
	env := c.environment(c.Brokers.Addrs(strings.ToUpper(slot)), "")
	if router {
		env = c.environment(c.Brokers.Addrs(strings.ToUpper(slot)), c.links[slot+"/"+toRedis].Addr())
		env = append(env, "LEADROUTER_POLICY="+c.cfg.Policy)
	}
	return Command{
		Binary: argv[0], Args: slices.Concat(argv[1:], []string{"--slot", slot, "--metrics", metrics, "--instance", c.cfg.Instance}),
		Env: env,
	}
}

// environment names the servers. Nothing of the caller's own settings gets through.
func (c *Cluster) environment(brokers []string, redis string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + c.cfg.Dir, "LEADROUTER_INSTANCE=" + c.cfg.Instance,
		"LEADROUTER_BROKERS=" + strings.Join(brokers, ","),
	}
	if redis != "" {
		env = append(env, "LEADROUTER_REDIS=redis://"+redis)
	}
	return env
}

// WithPolicy is a command of a router with another policy.
func WithPolicy(command Command, folder string) Command {
	command.Env = slices.Concat(command.Env, []string{"LEADROUTER_POLICY=" + folder})
	return command
}

// Leadrouter runs a command of the program under test, and gives what it prints. An
// exit code other than 0 is an [*exec.ExitError].
func (c *Cluster) Leadrouter(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.cfg.Binary, args...) //nolint:gosec // the program under test
	redis := ""
	if c.Redis != nil {
		redis = c.Redis.Master()
	}
	cmd.Env = c.environment(c.Brokers.Addrs(""), redis)
	var out, complaints strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("leadrouter %s: %w: %s", args[0], err, strings.TrimSpace(complaints.String()))
	}
	return out.String(), nil
}

// Link is the way between a process and a server, a broker's id or redis; nil: there is
// none.
func (c *Cluster) Link(process, server string) *Link { return c.links[process+"/"+server] }

// Peers is the way into a broker for those that copy from it.
func (c *Cluster) Peers(broker string) *Link { return c.links[peers+"/"+broker] }

// LinksOf are all of a process.
func (c *Cluster) LinksOf(process string) []*Link {
	var links []*Link
	for _, name := range slices.Sorted(maps.Keys(c.links)) {
		if strings.HasPrefix(name, process+"/") {
			links = append(links, c.links[name])
		}
	}
	return links
}

// FollowMaster leads routers to the Redis that is the master now.
func (c *Cluster) FollowMaster(slots ...string) {
	for _, slot := range slots {
		c.links[slot+"/"+toRedis].MoveTo(c.Redis.Master())
	}
}

// Close ends everything.
func (c *Cluster) Close() error {
	for _, role := range c.Roles {
		role.Close()
	}
	var errs []error
	if c.Redis != nil {
		errs = append(errs, c.Redis.Close())
	}
	if c.Brokers != nil {
		errs = append(errs, c.Brokers.Close())
	}
	for _, link := range c.links {
		link.Close()
	}
	return errors.Join(errs...)
}

// LogDir is where the roles' logs are.
func (c *Cluster) LogDir() string { return filepath.Clean(c.cfg.Dir) }

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}
