package systemtest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/testkit/services"
)

// process is one running `leadrouter router` or `leadrouter sla`.
type process struct {
	in      *installation
	role    string
	slot    string
	metrics string // address
	cmd     *exec.Cmd
	done    <-chan struct{}
	log     *journal
}

// journal is what a process writes to its standard error.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// line is one line of a log.
type line struct {
	Level string `json:"level"`
	Msg   string `json:"msg"`
	Error string `json:"error"`
}

// lines are the lines of a log that have a level.
func (j *journal) lines(levels ...string) []line {
	var found []line
	for text := range strings.Lines(j.String()) {
		var l line
		if json.Unmarshal([]byte(text), &l) != nil {
			continue
		}
		for _, level := range levels {
			if l.Level == level {
				found = append(found, l)
			}
		}
	}
	return found
}

// start starts a router and does not wait for it.
func (in *installation) start(slot string, flags ...string) *process {
	in.t.Helper()
	return in.launch("router", slot, flags...)
}

// launch starts a process of a role and does not wait for it.
func (in *installation) launch(role, slot string, flags ...string) *process {
	in.t.Helper()
	p := &process{in: in, role: role, slot: slot, metrics: freeAddress(in.t), log: &journal{}}
	args := append([]string{role, "--slot", slot, "--metrics", p.metrics}, flags...)
	p.cmd = exec.Command(in.binary(), args...)
	p.cmd.Env = in.environment()
	p.cmd.Stderr = p.log
	var err error
	p.done, err = services.Start(p.cmd)
	require.NoError(in.t, err)
	in.t.Cleanup(func() {
		if in.t.Failed() {
			p.dumpStacks()
		}
		p.kill()
		if in.t.Failed() {
			in.t.Logf("%s %s said:\n%s", role, slot, p.log)
		}
	})
	return p
}

// router starts a router and waits until it is ready.
func (in *installation) router(slot string, flags ...string) *process {
	in.t.Helper()
	p := in.start(slot, flags...)
	p.awaitReady()
	return p
}

// awaitReady waits until /readyz says so. A group that lost a member goes on after
// the session timeout of 10 s.
func (p *process) awaitReady() {
	p.in.t.Helper()
	p.in.eventually(40*time.Second, p.role+" "+p.slot+" is ready", func() bool {
		ready, _ := p.ready()
		return ready
	})
}

// kill ends the process like kill -9.
func (p *process) kill() {
	// One that stands still dies so, too: waking it first would let it go on.
	_ = p.cmd.Process.Kill() // the error says that it has ended
	<-p.done
}

// dumpStacks has the process write what all its goroutines do, and end.
func (p *process) dumpStacks() {
	if p.cmd.Process.Signal(syscall.SIGQUIT) != nil {
		return // it has ended
	}
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
	}
}

// stop sends SIGTERM and returns the exit code and how long the process took.
func (p *process) stop() (code int, took time.Duration) {
	p.in.t.Helper()
	begin := time.Now()
	require.NoError(p.in.t, p.cmd.Process.Signal(syscall.SIGTERM))
	return p.exit(20 * time.Second), time.Since(begin)
}

// exit waits for the end of the process and returns its exit code.
func (p *process) exit(limit time.Duration) int {
	p.in.t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		require.FailNow(p.in.t, "router "+p.slot+" has not ended", p.log.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

// ready asks /readyz, and what it waits for.
func (p *process) ready() (ready bool, waitingFor map[string]string) {
	status, body := p.get("/readyz")
	var answer struct {
		WaitingFor map[string]string `json:"waiting_for"`
	}
	_ = json.Unmarshal([]byte(body), &answer) // no answer yet: not ready, no reason
	return status == http.StatusOK, answer.WaitingFor
}

// metric is the value of a metric, labels included in its name; 0 if it is not
// there.
func (p *process) metric(name string) float64 {
	_, body := p.get("/metrics")
	for text := range strings.Lines(body) {
		if value, found := strings.CutPrefix(text, name+" "); found {
			v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(p.in.t, err, text)
			return v
		}
	}
	return 0
}

func (p *process) get(path string) (status int, body string) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + p.metrics + path)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	return response.StatusCode, string(text)
}

func freeAddress(t require.TestingT) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
