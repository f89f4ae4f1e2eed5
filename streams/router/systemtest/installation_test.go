package systemtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/testkit/services"
)

// installation is one leadrouter: its name, its servers, its policy.
type installation struct {
	t       *testing.T
	name    string // of the instance
	brokers []string
	redis   string // URL
	policy  string // folder
	kafka   kstream.Client
}

// install makes an installation on the shared servers, with a policy and topics.
func install(t *testing.T, policy map[string]string) *installation {
	t.Helper()
	brokers, redis := services.Real(t)
	return installOn(t, brokers, redis, policy)
}

// installOn makes an installation on servers that the test has started.
func installOn(t *testing.T, brokers []string, redis string, policy map[string]string) *installation {
	t.Helper()
	in := &installation{
		t: t, name: services.Instance(t), brokers: brokers, redis: redis, policy: t.TempDir(),
		kafka: kstream.Client{Brokers: brokers},
	}
	for name, text := range policy {
		in.write(name, text)
	}
	made := in.leadrouter("topics", "create", "--partitions", "4")
	require.Zero(t, made.code, made.err)
	return in
}

// write puts a file into the folder of the policy, at once, as an editor does.
func (in *installation) write(name, text string) {
	in.t.Helper()
	draft := filepath.Join(in.t.TempDir(), name)
	require.NoError(in.t, os.WriteFile(draft, []byte(text), 0o600))
	require.NoError(in.t, os.Rename(draft, filepath.Join(in.policy, name)))
}

// outcome is what a command has printed, and its exit code.
type outcome struct {
	out, err string
	code     int
}

// leadrouter runs a command of the program with the flags of the installation.
func (in *installation) leadrouter(args ...string) outcome {
	in.t.Helper()
	return in.pipe("", args...)
}

// pipe is leadrouter with a standard input.
func (in *installation) pipe(stdin string, args ...string) outcome {
	in.t.Helper()
	ctx, cancel := context.WithTimeout(in.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, in.binary(), args...)
	cmd.Env = in.environment()
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		_, exited := errors.AsType[*exec.ExitError](err)
		require.True(in.t, exited, "%v: %v", args, err)
	}
	return outcome{out: stdout.String(), err: stderr.String(), code: cmd.ProcessState.ExitCode()}
}

func (in *installation) binary() string {
	in.t.Helper()
	path, err := program.get()
	require.NoError(in.t, err)
	return path
}

// environment names the servers to the program. Nothing of the caller's own
// settings gets through.
func (in *installation) environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir(),
		"LEADROUTER_BROKERS=" + strings.Join(in.brokers, ","), "LEADROUTER_REDIS=" + in.redis,
		"LEADROUTER_INSTANCE=" + in.name, "LEADROUTER_POLICY=" + in.policy,
	}
}

// topic is the full name of a topic.
func (in *installation) topic(t event.Type) string { return t.Topic(in.name) }

// publish writes values to an input topic as a form tool would: bare JSON, keyed.
func (in *installation) publish(t event.Type, records ...*kstream.Record) {
	in.t.Helper()
	to, err := kstream.NewPublisher(in.kafka)
	require.NoError(in.t, err)
	defer to.Close()
	for _, r := range records {
		r.Topic = in.topic(t)
	}
	require.NoError(in.t, to.Publish(in.t.Context(), records...))
}

// keyed is a record with a value as it is.
func keyed(key, format string, args ...any) *kstream.Record {
	return &kstream.Record{Key: []byte(key), Value: fmt.Appendf(nil, format, args...)}
}

// leads are records of lead.created with ids prefix-0 … prefix-(n-1).
func leads(prefix string, n int) []*kstream.Record {
	records := make([]*kstream.Record, n)
	for i := range records {
		id := fmt.Sprintf("%s-%d", prefix, i)
		records[i] = keyed(id, `{"id":%q,"country":"DE","email":"%s@person.example"}`, id, id)
	}
	return records
}

// dump reads the ledger in Redis.
func (in *installation) dump() *ledger.State {
	in.t.Helper()
	store := in.store()
	status, err := store.Open(in.t.Context())
	require.NoError(in.t, err)
	state, err := store.Dump(in.t.Context())
	require.NoError(in.t, err)
	require.Equal(in.t, status.Sequence, state.Sequence, "somebody still writes")
	return state
}

func (in *installation) store() *redisledger.Ledger {
	in.t.Helper()
	options, err := redis.ParseURL(in.redis)
	require.NoError(in.t, err)
	client := redis.NewClient(options)
	in.t.Cleanup(func() { require.NoError(in.t, client.Close()) })
	identity, err := in.kafka.Identify(in.t.Context())
	require.NoError(in.t, err)
	store, err := redisledger.New(client, redisledger.Config{
		Namespace: app.Namespace(in.name), Cluster: identity.Cluster, Prefix: in.name,
	})
	require.NoError(in.t, err)
	return store
}

// eventually waits for something that has to come about.
func (in *installation) eventually(limit time.Duration, what string, holds func() bool) {
	in.t.Helper()
	late, tick := time.NewTimer(limit), time.NewTicker(50*time.Millisecond)
	defer late.Stop()
	defer tick.Stop()
	for !holds() {
		select {
		case <-late.C:
			require.FailNow(in.t, "has not come about within "+limit.String(), what)
		case <-tick.C:
		}
	}
}

// example reads the policy of a folder of examples.
func example(t *testing.T, name string) map[string]string {
	t.Helper()
	dir := filepath.Join(root, "examples", name)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(text)
	}
	return files
}
