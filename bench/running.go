package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Running is a contender at work, in this process or in some of its own.
type Running struct {
	// Processes are its own; none if it runs in this one.
	Processes []int
	// Metrics of the stream, if it runs in this process.
	Metrics prometheus.Gatherer

	done <-chan struct{} // closed when it has ended, asked or not
	stop func() error    // asks it to end and waits
}

// errEnded is why a measurement is off.
var errEnded = errors.New("the contender has ended")

// Stop ends the contender and returns what went wrong with it.
func (r Running) Stop() error { return r.stop() }

// Watch returns a context that is cancelled when the contender ends, so that nobody waits for
// what it will never write.
func (r Running) Watch(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go r.tell(ctx, cancel)
	return ctx, func() { cancel(nil) }
}

// tell cancels a context when the contender ends.
func (r Running) tell(ctx context.Context, cancel context.CancelCauseFunc) {
	select {
	case <-r.done:
		cancel(errEnded)
	case <-ctx.Done():
	}
}

// launch runs a stream in this process.
func launch(ctx context.Context, run func(context.Context) error) Running {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	var err error // written before done is closed
	go func() {
		defer close(done)
		err = run(ctx)
	}()
	return Running{done: done, stop: func() error {
		cancel()
		<-done
		return err
	}}
}

// running is what a contender that is a process says on a line of its own, once it is ready.
const running = "running"

// patience is how long a process may take to begin and to end, on the busiest of machines.
const patience = 5 * time.Minute

// spawn starts a program that says when it runs, and ends when its standard input does: so it
// ends with this process, too.
func spawn(ctx context.Context, argv []string) (Running, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:gosec // ourselves, or Java
	in, err := cmd.StdinPipe()
	if err != nil {
		return Running{}, err
	}
	says := &lines{first: make(chan struct{})}
	complaints := &tail{}
	cmd.Stdout, cmd.Stderr = says, complaints
	if err := cmd.Start(); err != nil {
		return Running{}, fmt.Errorf("start %s: %w", argv[0], err)
	}
	done := make(chan struct{})
	var failed error // written before done is closed
	go func() {
		defer close(done)
		failed = cmd.Wait()
	}()
	r := Running{Processes: []int{cmd.Process.Pid}, done: done, stop: func() error {
		defer time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }).Stop()
		_ = in.Close()
		<-done
		if failed != nil {
			return fmt.Errorf("%s: %w: %s", argv[0], failed, complaints)
		}
		return nil
	}}
	select {
	case <-says.first:
		return r, nil
	case <-done:
		return Running{}, errors.Join(errEnded, r.Stop())
	case <-ctx.Done():
		return Running{}, errors.Join(ctx.Err(), cmd.Process.Kill(), r.Stop())
	}
}

// together is several processes as one contender.
func together(all []Running) Running {
	if len(all) == 1 {
		return all[0]
	}
	done := make(chan struct{})
	var once sync.Once
	sum := Running{done: done}
	for _, r := range all {
		sum.Processes = append(sum.Processes, r.Processes...)
		go func() {
			<-r.done
			once.Do(func() { close(done) })
		}()
	}
	sum.stop = func() error {
		var errs []error
		for _, r := range all {
			errs = append(errs, r.Stop())
		}
		return errors.Join(errs...)
	}
	return sum
}

// Serve runs a contender in this process on behalf of another one: it says when it runs on out,
// and ends with in.
func Serve(ctx context.Context, c Contender, in io.Reader, out io.Writer) error {
	r, err := c.Start(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, running)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, in)
	}()
	select {
	case <-ended:
	case <-r.done:
	case <-ctx.Done():
	}
	return r.Stop()
}

// lines waits for the line that says that a process runs.
type lines struct {
	first chan struct{}
	once  sync.Once
	text  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.text.Write(p)
	scanner := bufio.NewScanner(bytes.NewReader(l.text.Bytes()))
	for scanner.Scan() {
		if scanner.Text() == running {
			l.once.Do(func() { close(l.first) })
		}
	}
	return len(p), nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2_000):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
