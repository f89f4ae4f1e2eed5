package services

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// probeEvery is the pause between two looks at a server that is starting.
const probeEvery = 100 * time.Millisecond

// Process is a server of one test, which may kill, pause and restart it. It keeps
// its address and its data through all of that.
//
//	          Kill, Stop            Pause
//	(down) <------------- (up) -------------> (paused)
//	       ------------->      <-------------
//	          Restart              Resume
//
// Methods may be called from several goroutines and take turns. Kill and Close work
// in any state.
type Process struct {
	name    string
	addr    string
	guarded string // of a Kafka with a guard, or a Redis with TLS
	dir     string
	ownsDir bool // made by us, so Close removes it
	argv    []string
	ready   func(ctx context.Context, addr string) error

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has ended; nil before the first start
	up   bool          // it has answered, and nobody has asked it to end since
}

// Addr returns the address that clients use, as host:port with an IP literal.
func (p *Process) Addr() string { return p.addr }

// Guarded returns the address of the listener with TLS, if the server was started with one.
func (p *Process) Guarded() string { return p.guarded }

// Dir returns the directory of the server's data and its log, server.log.
func (p *Process) Dir() string { return p.dir }

// Kill ends the server like kill -9 and returns when it is gone. A server that is
// down already is left alone.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kill()
}

// Stop asks the server to end (SIGTERM) and waits for it until ctx is done.
func (p *Process) Stop(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return nil
	}
	p.up = false
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop %s: %w", p.name, ctx.Err())
	}
}

// Pause freezes the server (SIGSTOP): connections stay open and nothing answers.
func (p *Process) Pause() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signal(syscall.SIGSTOP)
}

// Resume lets a paused server go on (SIGCONT).
func (p *Process) Resume() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signal(syscall.SIGCONT)
}

// Restart starts the server again on its address and data, after killing it when
// it still runs, and returns when it answers. The context bounds the start only.
func (p *Process) Restart(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.kill(); err != nil {
		return err
	}
	return p.start(ctx)
}

// Close kills the server and removes its data, unless the caller named the
// directory. It is an error if the server has ended by itself, and says what it said last.
func (p *Process) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	if p.up && errors.Is(p.signal(0), os.ErrProcessDone) {
		err = fmt.Errorf("%s has ended by itself: %s", p.name, p.logTail())
	}
	err = errors.Join(err, p.kill())
	if p.ownsDir {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}

// launch starts p for the first time and cleans up when that fails.
func launch(ctx context.Context, p *Process) (*Process, error) {
	p.mu.Lock()
	err := p.start(ctx)
	p.mu.Unlock()
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// start runs the command and waits until the server answers.
func (p *Process) start(ctx context.Context) error {
	log, err := os.OpenFile(p.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	defer log.Close() // the child holds a copy
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.SysProcAttr = ownGroup()
	done := make(chan struct{})
	if err := run(cmd, done); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.cmd, p.done = cmd, done
	if err := p.await(ctx); err != nil {
		return err
	}
	p.up = true
	return nil
}

// Start starts a program of a test. On Linux the kernel ends it when the test process
// dies, however that happens. done is closed when the program has ended; its exit code
// is in cmd.ProcessState then.
func Start(cmd *exec.Cmd) (done <-chan struct{}, err error) {
	cmd.SysProcAttr = ownGroup()
	ended := make(chan struct{})
	if err := run(cmd, ended); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return ended, nil
}

// run starts cmd and closes done when it has ended. The goroutine keeps its thread
// for the child's whole life, because on Linux the kernel takes the end of the
// thread that started the child, not of the process, for the parent's death.
func run(cmd *exec.Cmd, done chan<- struct{}) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // a killed server's exit status says nothing
		}
	}()
	return <-started
}

// await returns when the server answers, ends by itself, or ctx is done.
func (p *Process) await(ctx context.Context) error {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		err := p.probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended while starting: %s", p.name, p.logTail())
		case <-ctx.Done():
			return fmt.Errorf("start %s: %w, last answer: %w: %s", p.name, ctx.Err(), err, p.logTail())
		case <-tick.C:
		}
	}
}

// probe asks the server once. It dials first, because clients make much of a server
// that does not listen yet.
func (p *Process) probe(ctx context.Context) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", p.addr)
	if err != nil {
		return err
	}
	return errors.Join(conn.Close(), p.ready(ctx, p.addr))
}

func (p *Process) kill() error {
	p.up = false
	if p.done == nil {
		return nil
	}
	if err := p.signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}

func (p *Process) running() bool {
	if p.done == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// signal reaches the server's whole process group. The error is os.ErrProcessDone
// when the server is down.
func (p *Process) signal(sig syscall.Signal) error {
	err := os.ErrProcessDone
	if p.running() {
		err = syscall.Kill(-p.cmd.Process.Pid, sig)
	}
	if errors.Is(err, syscall.ESRCH) { // it has ended just now
		err = os.ErrProcessDone
	}
	if err != nil {
		return fmt.Errorf("signal %s to %s: %w", sig, p.name, err)
	}
	return nil
}

func (p *Process) logPath() string { return filepath.Join(p.dir, "server.log") }

// logTail returns the last lines of the server's log for an error message.
func (p *Process) logTail() string {
	text, err := os.ReadFile(p.logPath())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// dataDir returns the directory that the caller asked for, made when missing, or
// a new temporary one which the process then owns.
func dataDir(asked, pattern string) (dir string, owned bool, err error) {
	if asked != "" {
		return asked, false, os.MkdirAll(asked, 0o750)
	}
	dir, err = os.MkdirTemp(scratch(), pattern)
	return dir, true, err
}
