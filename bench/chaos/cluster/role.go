package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/testkit/services"
)

// Command is how a role is started.
type Command struct {
	Binary string
	Args   []string
	Env    []string
	// FullDisk: what it writes to its log finds no room.
	FullDisk bool
}

// Role is a router or a watcher: a process that is started again whenever it ends, as
// whatever runs it in production does. It is safe for concurrent use.
type Role struct {
	Slot    string
	clock   clock.Clock
	metrics string          // address
	log     string          // file
	ctx     context.Context //nolint:containedctx // the life of the run: nothing is started behind it
	tending sync.WaitGroup

	mu      sync.Mutex
	command Command
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	done    <-chan struct{}
	down    bool     // on purpose
	ended   []string // how it ended by itself
}

// startAgain is the pause before a role that has ended by itself is started again.
const startAgain = time.Second

// NewRole makes a role; Start starts it, for as long as ctx lasts. Its log lies in dir.
func NewRole(ctx context.Context, clk clock.Clock, slot, metrics, dir string, command Command) *Role {
	return &Role{
		Slot: slot, clock: clk, ctx: ctx, metrics: metrics, log: filepath.Join(dir, slot+".log"),
		command: command, down: true,
	}
}

// Start starts the role; other than nil, with another command from now on.
func (r *Role) Start(other *Command) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if other != nil {
		r.command = *other
	}
	r.down = false
	return r.start()
}

// start is Start with the lock held.
func (r *Role) start() error {
	cmd := exec.Command(r.command.Binary, r.command.Args...) //nolint:gosec // the program under test
	cmd.Env = r.command.Env
	name := r.log
	if r.command.FullDisk {
		name = "/dev/full"
	}
	log, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) //nolint:gosec // ours
	if err != nil {
		return fmt.Errorf("start %s: %w", r.Slot, err)
	}
	defer func() { _ = log.Close() }() // the child holds a copy
	cmd.Stderr = log
	if r.stdin, err = cmd.StdinPipe(); err != nil {
		return fmt.Errorf("start %s: %w", r.Slot, err)
	}
	done, err := services.Start(cmd)
	if err != nil {
		return err
	}
	r.cmd, r.done = cmd, done
	r.tending.Go(func() { r.tend(cmd, done) })
	return nil
}

// tend waits for the end of a process, and starts another one unless that was meant.
func (r *Role) tend(cmd *exec.Cmd, done <-chan struct{}) {
	<-done
	r.mu.Lock()
	meant := r.down || r.cmd != cmd
	if !meant {
		r.ended = append(r.ended, fmt.Sprintf("%s ended by itself (%s): %s", r.Slot, cmd.ProcessState, r.lastLine()))
	}
	r.mu.Unlock()
	if meant || r.clock.Sleep(r.ctx, startAgain) != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.down && r.cmd == cmd {
		if err := r.start(); err != nil {
			r.ended = append(r.ended, err.Error())
		}
	}
}

// Ended tells how often the role has ended by itself, and how.
func (r *Role) Ended() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.ended...)
}

// Kill ends the role like kill -9, until it is started.
func (r *Role) Kill() {
	done := r.end(syscall.SIGKILL)
	<-done
}

// Stop asks the role to end and waits for it; one that takes too long is killed, and
// that is an error.
func (r *Role) Stop(ctx context.Context, limit time.Duration) error {
	done := r.end(syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		r.Kill()
		return fmt.Errorf("stop %s: it has not ended within %s of SIGTERM", r.Slot, limit)
	}
}

// end sends a signal to a role that is not to come back by itself.
func (r *Role) end(with os.Signal) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = true
	if r.cmd == nil {
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	_ = r.cmd.Process.Signal(with) // the error says that it has ended
	return r.done
}

// Pause freezes the role; Resume lets it go on.
func (r *Role) Pause() error { return r.signal(syscall.SIGSTOP) }

// Resume lets the role go on.
func (r *Role) Resume() error { return r.signal(syscall.SIGCONT) }

func (r *Role) signal(sig os.Signal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s to %s: %w", sig, r.Slot, err)
	}
	return nil
}

// SetClock moves the clock of a watcher that takes its steps from its standard input.
func (r *Role) SetClock(offset time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := fmt.Fprintln(r.stdin, offset)
	if err != nil {
		return fmt.Errorf("set the clock of %s: %w", r.Slot, err)
	}
	return nil
}

// Command is how the role is started now.
func (r *Role) Command() Command {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.command
}

// Ready asks the role whether it can work; if not, reason says what it waits for.
func (r *Role) Ready(ctx context.Context) (reason string, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.metrics+"/readyz", nil)
	if err != nil {
		return err.Error(), false
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "no answer", false
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		WaitingFor map[string]string `json:"waiting_for"`
	}
	_ = json.NewDecoder(response.Body).Decode(&answer) // no reason then
	return fmt.Sprint(answer.WaitingFor), response.StatusCode == http.StatusOK
}

// Panics counts those in the log, and gives the first.
func (r *Role) Panics() (n int, first string) {
	text, err := os.ReadFile(r.log)
	if err != nil {
		return 0, ""
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			if n++; n == 1 {
				first = strings.TrimSpace(line)
			}
		}
	}
	return n, first
}

// lastLine of the log.
func (r *Role) lastLine() string {
	text, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// Close kills the role for good and waits for whoever tends it.
func (r *Role) Close() {
	r.Kill()
	r.tending.Wait()
}
