package redisledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/ledger"
)

// One call of the script takes no more than this, so that it holds Redis for a
// few milliseconds at most.
const (
	maxEntries = 10_000 // eligible reps over all steps
	maxOps     = 1_000
)

// Apply implements [ledger.Store]. A chunk is one round trip for each part of it
// that holds at most 10,000 eligible reps.
func (l *Ledger) Apply(ctx context.Context, c ledger.Chunk) ([]ledger.Result, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("apply chunk %s: %w", c.Batch, err)
	}
	run := chunkRun{Ledger: l, chunk: &c, seen: c.Seen, blocked: map[ledger.Partition]bool{}, leads: map[ledger.Partition]map[ledger.OpID]string{}}
	results := make([]ledger.Result, len(c.Ops))
	acks, done := c.Acks, 0
	for first := true; first || done < len(c.Ops); first = false {
		part := nextPart(c.Ops[done:])
		if err := run.apply(ctx, acks, part, results[done:done+len(part)]); err != nil {
			return nil, fmt.Errorf("apply chunk %s: %w", c.Batch, err)
		}
		acks, done = nil, done+len(part)
	}
	return results, nil
}

// nextPart is the longest beginning of ops that one call takes. A rep who leaves
// and an operation that is taken back need more of the ledger than the rest, and
// come alone.
func nextPart(ops []ledger.Op) []ledger.Op {
	entries := 0
	for i := range ops {
		op := &ops[i]
		if op.Kind == ledger.Void || givesBack(op) {
			return ops[:max(i, 1)]
		}
		for s := range op.Steps {
			entries += len(op.Steps[s].Members)
		}
		if i > 0 && (entries > maxEntries || i == maxOps) {
			return ops[:i]
		}
	}
	return ops
}

// givesBack says whether an operation makes a rep give leads back.
func givesBack(op *ledger.Op) bool {
	return op.Kind == ledger.Presence && (op.Verb == ledger.Left || op.Verb == ledger.Away && op.GiveBack)
}

// chunkRun is what the parts of a chunk hand on.
type chunkRun struct {
	*Ledger
	chunk   *ledger.Chunk
	bound   binding // of the last call
	seen    int64
	blocked map[ledger.Partition]bool                   // by an operation that was busy
	leads   map[ledger.Partition]map[ledger.OpID]string // of memos that are taken back
}

// apply answers the operations of one part.
func (r *chunkRun) apply(ctx context.Context, acks []ledger.Ack, ops []ledger.Op, results []ledger.Result) error {
	var sent []int
	var free []ledger.Op
	for i := range ops {
		if r.blocked[ops[i].ID.Partition] {
			results[i] = ledger.Result{ID: ops[i].ID, Code: ledger.Busy}
			continue
		}
		op := ops[i]
		if op.Kind == ledger.Void {
			lead, err := r.leadOf(ctx, op.ID)
			if err != nil {
				return err
			}
			op.Lead = lead
		}
		sent, free = append(sent, i), append(free, op)
	}
	if len(free) == 0 && len(ops) > 0 && len(acks) == 0 {
		return nil
	}
	answers, err := r.call(ctx, acks, free)
	if err != nil {
		return err
	}
	for k, i := range sent {
		if results[i], err = r.result(ctx, &free[k], answers[k]); err != nil {
			return err
		}
	}
	return nil
}

// leadOf finds the lead whose operation is to be taken back: the script must be
// given its key. A partition's memos are read once for all that follow.
func (r *chunkRun) leadOf(ctx context.Context, id ledger.OpID) (string, error) {
	if leads, read := r.leads[id.Partition]; read {
		return leads[id], nil
	}
	pending, err := r.Pending(ctx, id.Partition, math.MaxInt64)
	if err != nil {
		return "", err
	}
	leads := make(map[ledger.OpID]string, len(pending))
	for _, result := range pending {
		leads[result.ID] = result.Grant.Lead
	}
	r.leads[id.Partition] = leads
	return leads[id], nil
}

// call runs the script, once more with their content if rosters are missing.
func (r *chunkRun) call(ctx context.Context, acks []ledger.Ack, ops []ledger.Op) ([]string, error) {
	bound, installed := r.known()
	r.bound = bound
	moving := false
	for range attempts {
		b := newBuilder(r.Ledger, bound, installed)
		b.Seen, b.Batch = r.seen, r.chunk.Batch
		for _, a := range acks {
			b.ack(a)
		}
		for i := range ops {
			b.add(&ops[i])
			if givesBack(&ops[i]) {
				leads, err := r.owned(ctx, bound, ops[i].Rep)
				if err != nil {
					return nil, err
				}
				b.give(ops[i].Rep, leads)
			}
		}
		keys, args, err := b.call()
		if err != nil {
			return nil, err
		}
		reply, err := r.scripts.apply.Run(ctx, r.client, keys, args...).Slice()
		if err != nil {
			return nil, fmt.Errorf("run script: %w", classify(err))
		}
		switch text(reply[0]) {
		case "ok":
			return answers(reply[1:], len(ops))
		case "roster":
			installed = nil
		case "owned":
			moving = true // somebody has got or lost a lead since; look again
		default:
			return nil, ledger.ErrEpoch
		}
	}
	if moving {
		return nil, fmt.Errorf("run script: the leads of a rep who gives back do not stand still: %w", ledger.ErrUnavailable)
	}
	return nil, errors.New("run script: a roster that was sent along is missing")
}

// attempts at a call: one more for rosters that are missing, the rest for the leads of a
// rep, which others change.
const attempts = 10

// owned lists the leads that count for a rep, by id, as many as can be given back at once.
func (r *chunkRun) owned(ctx context.Context, bound binding, rep string) ([]string, error) {
	members, err := r.client.ZRangeByLex(ctx, r.keys(bound.generation).owned(), &redis.ZRangeBy{
		Min: "[" + rep + "\n", Max: "(" + rep + "\v", Count: ledger.MaxReturns,
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("read the leads of a rep: %w", classify(err))
	}
	for i, member := range members {
		members[i] = strings.TrimPrefix(member, rep+"\n")
	}
	return members, nil
}

// answers checks the shape of a reply.
func answers(reply []any, ops int) ([]string, error) {
	if len(reply) != ops {
		return nil, fmt.Errorf("run script: %d answers to %d operations", len(reply), ops)
	}
	answers := make([]string, ops)
	for i := range reply {
		answers[i] = text(reply[i])
	}
	return answers, nil
}

// known is the binding and the rosters that its generation has.
func (l *Ledger) known() (binding, map[string]bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.bound, maps.Clone(l.installed)
}

// learn remembers that a generation has a roster.
func (l *Ledger) learn(bound binding, digest string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bound == bound {
		l.installed[digest] = true
	}
}

// result reads one answer: see lua/1_contract.lua.
func (r *chunkRun) result(ctx context.Context, op *ledger.Op, answer string) (ledger.Result, error) {
	result := ledger.Result{ID: op.ID}
	code, rest := "", ""
	if answer != "" {
		code, rest = answer[:1], answer[1:]
	}
	switch code {
	case "d":
		result.Code = ledger.Done
		return result, nil
	case "b", "o":
		if result.Code = ledger.Busy; code == "o" {
			result.Code = ledger.Outdated
		}
		r.blocked[op.ID.Partition] = true
		return result, nil
	case "{", "[", "i", "l":
		result.Code, result.Body = ledger.Applied, op.Body
		if code == "l" {
			draft, grant, _ := strings.Cut(rest, "\n")
			result.Draft, answer = []byte(draft), grant
		}
		grant, installs := strings.CutPrefix(answer, "i")
		if err := parseGrant(grant, &result.Grant); err != nil {
			return result, fmt.Errorf("read grant of %s: %w", op.ID, err)
		}
		if installs {
			result.Grant.Install = op.Roster.Reps
		}
		if result.Grant.Roster != "" {
			r.learn(r.bound, result.Grant.Roster)
		}
	case "r", "v":
		memo, err := r.memo(ctx, op.ID.Partition, rest, new(rosterFields))
		if err != nil {
			return result, err
		}
		result = replayed(memo)
		if code == "v" {
			result.Code, result.Digest = ledger.Applied, ""
		}
	default:
		return result, fmt.Errorf("read answer to %s: %q", op.ID, answer)
	}
	r.seen = max(r.seen, result.Grant.Sequence)
	return result, nil
}

func replayed(m ledger.Memo) ledger.Result {
	r := ledger.Result{ID: m.ID, Code: ledger.Replayed, Grant: m.Grant, Body: m.Body, Digest: m.Digest}
	if m.Before != nil && m.Before.Lead != nil {
		r.Draft = m.Before.Lead.Draft
	}
	return r
}

// Look implements [ledger.Store]. Turns and places in line are left out: they name
// their rosters by numbers.
func (l *Ledger) Look(ctx context.Context, ids []string) (map[string]ledger.Lead, error) {
	leads := make(map[string]ledger.Lead, len(ids))
	err := l.pages(ctx, ids, l.keys(l.binding().generation).lead, func(id, stored string) error {
		lead, err := parseLead(stored)
		if err != nil {
			return err
		}
		lead.Turn, lead.Line = nil, nil
		leads[id] = *lead
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look at %d leads: %w", len(ids), err)
	}
	return leads, nil
}

// Pending implements [ledger.Store].
func (l *Ledger) Pending(ctx context.Context, p ledger.Partition, below int64) ([]ledger.Result, error) {
	bound := l.binding()
	k := l.keys(bound.generation)
	reply, err := l.scripts.pending.Run(ctx, l.client, []string{k.meta(), k.memo(p)},
		strconv.FormatInt(bound.epoch, 10), bound.generation, bound.replid, bound.run).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("read memos of %s: %w", p, classify(err))
	}
	if reply[0] != "ok" {
		return nil, fmt.Errorf("read memos of %s: %w", p, ledger.ErrEpoch)
	}
	var pending []ledger.Result
	var rosters rosterFields
	for _, text := range reply[1:] {
		memo, err := l.memo(ctx, p, text, &rosters)
		if err != nil {
			return nil, err
		}
		if memo.ID.Offset < below {
			pending = append(pending, replayed(memo))
		}
	}
	return pending, nil
}
