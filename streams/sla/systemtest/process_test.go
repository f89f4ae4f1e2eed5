package systemtest_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

// fleet is the watchers of an installation, by slot.
type fleet struct {
	t        *testing.T
	brokers  []string
	kafka    kstream.Client
	instance string
	slots    map[string]*process
}

// newFleet is two watchers, a and b, in an installation of their own.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	brokers, _ := services.Real(t)
	f := &fleet{
		t: t, brokers: brokers, kafka: kstream.Client{Brokers: brokers},
		instance: services.Instance(t), slots: map[string]*process{},
	}
	require.NoError(t, f.kafka.CreateTopics(t.Context(), app.Topics(f.instance, 4, 1)...))
	f.start("a")
	f.start("b")
	return f
}

// process is one watcher: this test's own program, which TestMain turns into one.
type process struct {
	t    *testing.T
	slot string
	cmd  *exec.Cmd
	done <-chan struct{}
	log  *strings.Builder
}

func (f *fleet) start(slot string) {
	f.t.Helper()
	p := &process{t: f.t, slot: slot, log: &strings.Builder{}}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), slotEnv+"="+slot, brokersEnv+"="+strings.Join(f.brokers, ","), instanceEnv+"="+f.instance)
	p.cmd.Stderr = p.log
	var err error
	p.done, err = services.Start(p.cmd)
	require.NoError(f.t, err)
	f.slots[slot] = p
	f.t.Cleanup(func() {
		p.kill()
		if f.t.Failed() {
			f.t.Logf("watcher %s said:\n%s", slot, p.log)
		}
	})
}

// kill ends the process like kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // the error says that it has ended
	<-p.done
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// terminate ends the process in order.
func (p *process) terminate() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		require.FailNow(p.t, "watcher "+p.slot+" has not ended")
	}
	require.Zero(p.t, p.cmd.ProcessState.ExitCode())
}

// parse reads the data of an event.
func parse[T any](e event.Envelope) (data T, err error) {
	err = json.Unmarshal(e.Data, &data)
	return data, err
}
