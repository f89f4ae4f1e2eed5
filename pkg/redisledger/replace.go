package redisledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/ledger"
)

// Replacement is a state on its way to become the ledger, in three steps: [Replacement.Halt],
// [Replacement.Stage], [Replacement.Flip]. It is used by one goroutine, once.
type Replacement struct {
	ledger *Ledger
	old    binding // the standstill that Halt has begun
	next   binding
	server server // that Halt has found
	micros int64  // of its clock, then: they tell this attempt from others
}

// Replace returns a replacement that has not begun.
func (l *Ledger) Replace() *Replacement { return &Replacement{ledger: l} }

// halted stands in meta instead of the run_id of a server while nothing is granted.
const halted = "halted"

// halt names the generation of a standstill: like no other, and no epoch's.
func halt(micros int64) string { return "halt." + strconv.FormatInt(micros, 36) }

// Halt lets the ledger stand still: from here on every caller is refused with
// [ledger.ErrEpoch], and any replacement that was begun before fails at its flip.
func (r *Replacement) Halt(ctx context.Context) (ledger.Standstill, error) {
	l := r.ledger
	failed := func(err error) (ledger.Standstill, error) {
		return ledger.Standstill{}, fmt.Errorf("halt redis ledger %s: %w", l.cfg.Namespace, err)
	}
	found, err := l.identify(ctx)
	if err == nil {
		err = l.check(found)
	}
	if err != nil {
		return failed(err)
	}
	r.server, r.micros = found.server, found.micros
	r.old = binding{epoch: found.epoch, generation: halt(found.micros)}
	reply, err := l.scripts.halt.Run(ctx, l.client, []string{l.keys("").meta()},
		r.old.generation, halted, schema, l.cfg.Cluster, l.cfg.Prefix).StringSlice()
	if err != nil {
		return failed(classify(err))
	}
	n := numbers{}
	r.old.epoch = n.read(reply[0])
	if n.err != nil {
		return failed(n.err)
	}
	still, err := l.stood(ctx, binding{epoch: r.old.epoch, generation: reply[1]})
	if err != nil {
		return failed(err)
	}
	if found.verified != found.server {
		if still.Rival, err = l.rival(ctx, found.promoted()); err != nil {
			return failed(err)
		}
	}
	return still, nil
}

// stood reads how far a generation had come.
func (l *Ledger) stood(ctx context.Context, former binding) (ledger.Standstill, error) {
	still := ledger.Standstill{Epoch: former.epoch}
	if former.generation == "" {
		return still, nil
	}
	status, err := l.status(ctx, former)
	if err != nil {
		return still, err
	}
	still.Sequence = status.Sequence
	k := l.keys(former.generation)
	parts, err := l.client.ZRange(ctx, k.floors(), 0, -1).Result()
	if err != nil {
		return still, classify(err)
	}
	for _, part := range parts {
		p, err := partition(part)
		if err != nil {
			return still, err
		}
		memos, err := l.client.LLen(ctx, k.memo(p)).Result()
		if err != nil {
			return still, classify(err)
		}
		still.InFlight += 2 * memos // an operation, and what took it back
	}
	return still, nil
}

// Redis' own setting where nobody says otherwise, and what is waited for beyond it.
const (
	usualLag = 10 * time.Second
	beyond   = 2 * time.Second
)

// rival is how long a master that was cut off from its replicas goes on taking writes, if
// it is told to stop at all. This server's settings stand for its: but for the number of
// replicas, which is lowered on a server that was promoted and has none yet. A server that
// does not say how it is set, and was no replica, is taken to have no replicas either; one that
// does not let us see it is not.
func (l *Ledger) rival(ctx context.Context, promoted bool) (time.Duration, error) {
	settings, err := l.client.ConfigGet(ctx, "min-replicas-*").Result()
	switch {
	case err != nil && Forbidden(err):
		return 0, classify(err)
	case !promoted && (err != nil || settings["min-replicas-to-write"] == "0"):
		return 0, nil //nolint:nilerr // hosted servers have no CONFIG
	case err != nil:
		return usualLag + beyond, nil //nolint:nilerr // the same
	}
	n := numbers{}
	lag := n.read(settings["min-replicas-max-lag"])
	if n.err != nil || lag <= 0 {
		return 0, nil //nolint:nilerr // nothing that could be waited for
	}
	return time.Duration(lag)*time.Second + beyond, nil
}

// errUnlike is returned when what was staged cannot be read back.
var errUnlike = errors.New("what was written differs from what was to be")

// Stage writes a state beside what is there, under the epoch that it names, and reads it
// back. Nobody else reads it before [Replacement.Flip].
func (r *Replacement) Stage(ctx context.Context, s *ledger.State) error {
	l := r.ledger
	r.next = binding{epoch: s.Epoch, generation: generation(s.Epoch, r.micros), server: r.server}
	rebuilt := s.Rebuilt()
	w := writer{Ledger: l, keys: l.keys(r.next.generation), pipe: l.client.Pipeline()}
	err := w.write(ctx, rebuilt)
	if err == nil {
		err = r.verify(ctx, rebuilt)
	}
	if err != nil {
		return fmt.Errorf("stage redis ledger %s: %w", l.cfg.Namespace, err)
	}
	return nil
}

// compareUpTo is how many leads are compared one by one; of more it is only asked whether
// they are there.
const compareUpTo = 20_000

// verify reads back what was staged.
func (r *Replacement) verify(ctx context.Context, s *ledger.State) error {
	if len(s.Leads) > compareUpTo {
		return r.count(ctx, s)
	}
	got, err := r.ledger.dump(ctx, r.next)
	if err != nil {
		return err
	}
	if diff := s.Diff(got); len(diff) > 0 {
		return fmt.Errorf("%w: %s", errUnlike, strings.Join(diff[:min(len(diff), 3)], "; "))
	}
	return nil
}

// count compares how many there are of each kind.
func (r *Replacement) count(ctx context.Context, s *ledger.State) error {
	l, k := r.ledger, r.ledger.keys(r.next.generation)
	keys, counting := make([]string, 0, len(s.Leads)), 0
	for id, lead := range s.Leads {
		keys = append(keys, k.lead(id))
		if lead.Counts() {
			counting++
		}
	}
	var errs []error
	alike := func(what string, got *redis.IntCmd, want int) {
		if err := got.Err(); err != nil {
			errs = append(errs, classify(err))
		} else if got.Val() != int64(want) {
			errs = append(errs, fmt.Errorf("%w: %d %s, not %d", errUnlike, got.Val(), what, want))
		}
	}
	alike("reps", l.client.HLen(ctx, k.reps()), len(s.Reps))
	alike("books", l.client.HLen(ctx, k.credit()), len(s.Books))
	alike("leads with early activities", l.client.HLen(ctx, k.held()), len(s.Held))
	alike("offers", l.client.HLen(ctx, k.offers()), len(s.Offers))
	alike("positions", l.client.HLen(ctx, k.acked()), len(s.Tails))
	alike("leads that count", l.client.ZCard(ctx, k.owned()), counting)
	for page := range slices.Chunk(keys, scanPage) {
		alike("leads of a page", l.client.Exists(ctx, page...), len(page))
	}
	return errors.Join(errs...)
}

// Flip makes the staged state the ledger. [ledger.ErrEpoch]: somebody else has halted or
// replaced it since, or the server is another one by now; start again.
func (r *Replacement) Flip(ctx context.Context) error {
	if err := r.ledger.flip(ctx, r.old, r.next); err != nil {
		return fmt.Errorf("redis ledger %s: %w", r.ledger.cfg.Namespace, err)
	}
	r.ledger.adopt(r.next)
	return nil
}

// Sweep is [Ledger.Sweep].
func (r *Replacement) Sweep(ctx context.Context) error { return r.ledger.Sweep(ctx) }

// Claim tells others, for so long, that this process is about to replace the ledger. It
// returns false if somebody else has said so. It only saves work: what keeps two of them
// apart is not in Redis.
func (l *Ledger) Claim(ctx context.Context, long time.Duration) (bool, error) {
	mine, err := l.client.SetNX(ctx, l.keys("").claim(), 1, long).Result()
	if err != nil {
		return false, fmt.Errorf("claim redis ledger %s: %w", l.cfg.Namespace, classify(err))
	}
	return mine, nil
}

// Reclaim is Claim for who has it already, or will not ask.
func (l *Ledger) Reclaim(ctx context.Context, long time.Duration) error {
	if err := l.client.Set(ctx, l.keys("").claim(), 1, long).Err(); err != nil {
		return fmt.Errorf("claim redis ledger %s: %w", l.cfg.Namespace, classify(err))
	}
	return nil
}

// Release ends a claim.
func (l *Ledger) Release(ctx context.Context) error {
	if err := l.client.Del(ctx, l.keys("").claim()).Err(); err != nil {
		return fmt.Errorf("release redis ledger %s: %w", l.cfg.Namespace, classify(err))
	}
	return nil
}
