package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"leadrouter/bench/chaos/checker"
	"leadrouter/bench/chaos/cluster"
	"leadrouter/bench/chaos/schedule"
	"leadrouter/bench/chaos/world"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// oneRun is a run: everything is started, broken, left in peace, and looked at.
type oneRun struct {
	options
	dir string
	err io.Writer

	*striker
	observer *observer
	faults   []schedule.Fault
	skipped  string // why there is no release before
	name     string // of the release before

	noting  sync.Mutex
	bar     *progressbar.ProgressBar
	struck  map[schedule.Kind]int
	trouble []string // what did not go as meant and violates nothing
}

func newRun(clk clock.Clock, o options) (*oneRun, error) {
	dir, err := os.MkdirTemp("", "leadrouter-chaos-*")
	if err != nil {
		return nil, err
	}
	r := &oneRun{
		options: o, dir: dir, err: os.Stderr, struck: map[schedule.Kind]int{},
	}
	r.striker = newStriker(clk, fmt.Sprintf("chaos-%d", o.seed), filepath.Join(dir, "policies"))
	r.striker.flags = o.flags
	return r, nil
}

// do starts everything, runs the schedule and checks what it has left.
func (r *oneRun) do(ctx context.Context) (Result, error) {
	if err := r.prepare(ctx); err != nil {
		return Result{}, err
	}
	// The world goes on while faults come, and answers until all is quiet.
	living, end := context.WithCancel(ctx)
	defer end()
	if err := r.populate(living); err != nil {
		return Result{}, err
	}
	var life, sending errgroup.Group
	life.Go(func() error { return r.observer.run(living) })
	arrivals, quiet := context.WithCancel(living)
	defer quiet()
	sending.Go(func() error { return r.producer.run(arrivals) })

	begin := r.clock.Now()
	err := r.suffer(ctx, begin)
	quiet()
	_ = sending.Wait() // it only ends
	r.producer.next((*world.World).Back)
	r.say("no more faults; waiting until all is quiet")
	unsettled, settled := "", r.clock.Now()
	if err == nil {
		unsettled, settled = r.settle(ctx)
	}
	end()
	r.producer.close()
	err = errors.Join(err, life.Wait())
	if err != nil || ctx.Err() != nil {
		return Result{}, errors.Join(err, ctx.Err())
	}
	return r.check(ctx, unsettled, settled)
}

// prepare builds what is needed and starts the servers and the roles.
func (r *oneRun) prepare(ctx context.Context) (err error) {
	without := r.without()
	if r.striker.previous, r.name, err = buildPrevious(ctx, r.options.previous, r.dir); err != nil {
		r.skipped = err.Error()
		without = append(without, schedule.Previous)
		r.say("no release before beside this one: %v", err)
	} else {
		r.say("the release before is %s", r.name)
	}
	r.faults = schedule.New(schedule.Plan{Seed: r.seed, Faults: r.options.faults, Length: r.length(), Without: without})
	policy, err := r.nextPolicy()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	binary, err := filepath.Abs(r.binary)
	if err != nil {
		return err
	}
	r.say("seed %d: %d faults in %s; starting three brokers and two Redis", r.seed, len(r.faults), r.length())
	r.Cluster, err = cluster.Start(ctx, cluster.Config{
		Clock: r.clock, Instance: r.instance, Binary: binary, Watcher: []string{self, watchCommand}, Policy: policy, Dir: r.dir,
	})
	if err != nil {
		return err
	}
	if err := r.StartRoles(ctx); err != nil {
		return err
	}
	return r.awaitReady(ctx, time.Minute)
}

// populate makes the producer and the observer.
func (r *oneRun) populate(ctx context.Context) (err error) {
	kafka := kstream.Client{Brokers: r.Brokers.Addrs(""), ID: "chaos"}
	if r.producer, err = newProducer(ctx, r.clock, kafka, r.instance, r.seed, r.rate); err != nil {
		return err
	}
	r.observer = newObserver(r.clock, kafka, r.instance, r.producer.answer)
	return nil
}

// suffer carries the schedule out.
func (r *oneRun) suffer(ctx context.Context, begin time.Time) error {
	r.bar = progressbar.NewOptions(len(r.faults), progressbar.OptionSetWriter(r.err), progressbar.OptionShowCount(),
		progressbar.OptionSetVisibility(isTerminal(r.err)), progressbar.OptionSetDescription("faults"),
		progressbar.OptionClearOnFinish())
	var all errgroup.Group
	for _, f := range r.faults {
		if err := r.clock.Sleep(ctx, begin.Add(f.At).Sub(r.clock.Now())); err != nil {
			break
		}
		all.Go(func() error { r.fault(ctx, begin, f); return nil })
	}
	_ = r.clock.Sleep(ctx, begin.Add(r.length()).Sub(r.clock.Now()))
	_ = all.Wait()
	_ = r.bar.Finish()
	return ctx.Err()
}

// fault strikes, waits and heals.
func (r *oneRun) fault(ctx context.Context, begin time.Time, f schedule.Fault) {
	release := r.hold(f)
	defer release()
	if ctx.Err() != nil {
		return
	}
	at := r.clock.Now().Sub(begin)
	back, err := r.strike(ctx, f)
	r.say("%6.1fs %3d %s", at.Seconds(), f.N, f)
	if err != nil {
		r.note("%d %s: strike: %v", f.N, f, err)
	}
	_ = r.clock.Sleep(ctx, f.For) // healed in any case
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Minute)
	defer cancel()
	if err := back(ctx); err != nil {
		r.note("%d %s: heal: %v", f.N, f, err)
		return
	}
	r.noting.Lock()
	defer r.noting.Unlock()
	if err == nil {
		r.struck[f.Kind]++
	}
	_ = r.bar.Add(1)
}

// settleLimit bounds the wait for quiet, and stillness is what counts as that: longer
// than any clock of the policy, so that none is left to run out.
const (
	settleLimit = 5 * time.Minute
	stillness   = 25 * time.Second
)

// settle waits until every input is decided, every rep has done what they meant to do,
// and nothing comes any more. It returns what is left to be done if that never happens,
// and by when all that was due has been said.
func (r *oneRun) settle(ctx context.Context) (left string, settled time.Time) {
	deadline := r.clock.Now().Add(settleLimit)
	for r.clock.Now().Before(deadline) {
		if r.clock.Sleep(ctx, time.Second) != nil {
			break
		}
		_, last := r.observer.all()
		still := r.clock.Now().Sub(last)
		if left = r.behind(ctx); left == "" && still > stillness {
			return "", r.clock.Now().Add(-5 * time.Second)
		}
		if left == "" {
			left = fmt.Sprintf("records still came %s ago", still.Round(time.Second))
		}
	}
	return left, r.clock.Now().Add(-settleLimit)
}

// behind tells what is left to be done.
func (r *oneRun) behind(ctx context.Context) string {
	if !r.producer.idle() {
		return fmt.Sprintf("%d records are not written", r.producer.open.Load())
	}
	for _, slot := range r.slots() {
		if reason, ok := r.Roles[slot].Ready(ctx); !ok {
			return fmt.Sprintf("%s is not ready: %s", slot, reason)
		}
	}
	committed, err := r.observer.kafka.Committed(ctx, r.instance+"-router")
	if err != nil {
		return err.Error()
	}
	records, _ := r.observer.all()
	for i := range records {
		record := &records[i]
		tp := kstream.TopicPartition{Topic: r.instance + "." + record.Topic, Partition: record.Partition}
		if slices.Contains(checker.Inputs(), record.Topic) && record.Offset >= committed[tp] {
			return fmt.Sprintf("%s is committed up to %d, and there is %d of lead %s", tp, committed[tp], record.Offset, record.Key)
		}
	}
	return ""
}

func (r *oneRun) slots() []string {
	return []string{cluster.RouterA, cluster.RouterB, cluster.WatcherX, cluster.WatcherY}
}

// awaitReady waits until all roles are.
func (r *oneRun) awaitReady(ctx context.Context, within time.Duration) error {
	deadline := r.clock.Now().Add(within)
	for _, slot := range r.slots() {
		for {
			reason, ok := r.Roles[slot].Ready(ctx)
			if ok {
				break
			}
			if r.clock.Now().After(deadline) {
				return fmt.Errorf("%s is not ready within %s: %s", slot, within, reason)
			}
			if err := r.clock.Sleep(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// close ends everything.
func (r *oneRun) close() error {
	if r.Cluster == nil {
		return nil
	}
	return r.Cluster.Close()
}

// giveUp keeps the logs of a run that could not go on, and removes those of one that was
// called off.
func (r *oneRun) giveUp(ctx context.Context) error {
	if ctx.Err() != nil {
		return os.RemoveAll(r.dir) //nolint:gosec // made by newRun
	}
	r.say("logs are in %s", r.dir)
	return nil
}

// say tells how the run goes.
func (r *oneRun) say(format string, args ...any) {
	r.noting.Lock()
	defer r.noting.Unlock()
	if r.bar != nil {
		_ = r.bar.Clear()
	}
	fmt.Fprintf(r.err, format+"\n", args...)
}

// note keeps what did not go as meant.
func (r *oneRun) note(format string, args ...any) {
	r.say("      "+format, args...)
	r.noting.Lock()
	defer r.noting.Unlock()
	r.trouble = append(r.trouble, fmt.Sprintf(format, args...))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
