package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policylog"
)

// Published is the value of --policy that means what policy.published says, not a
// file. A folder of that name is "./published".
const Published = "published"

// followAgain is the wait before the topic is read anew after an error.
const followAgain = time.Second

// ErrOtherMeaning is returned for a publication whose files are whole and give
// another policy here than to its publisher.
var ErrOtherMeaning = errors.New("it means something else to this version of leadrouter")

// PolicyTopic is the policy that policy.published points to, followed live: whoever
// reads that topic decides by the same one.
type PolicyTopic struct {
	*InForce
	topic  *policylog.Log
	clock  clock.Clock
	report func(error)
	first  chan struct{}      // closed once a policy is in force
	tried  *event.Publication // the last one, taken or not; nil: none yet
}

// PolicyTopicConfig is what a [PolicyTopic] needs besides the topic.
type PolicyTopicConfig struct {
	Logger     *zap.Logger
	Clock      clock.Clock
	Registerer prometheus.Registerer
	// Told is that of [PolicyFileConfig].
	Told func(*policy.Policy, error)
	// Report is told what the first policy waits for, and nil once it is there.
	Report func(error)
}

// FollowPolicy returns a policy that is not there yet: [PolicyTopic.Run] reads it.
func FollowPolicy(topic *policylog.Log, cfg PolicyTopicConfig) *PolicyTopic {
	return &PolicyTopic{
		InForce: newInForce(cfg.Logger, cfg.Registerer, cfg.Told), topic: topic,
		clock: cfg.Clock, report: cfg.Report, first: make(chan struct{}),
	}
}

// Wait returns once the topic was read to its end and a policy is in force, or with
// the error of ctx.
func (t *PolicyTopic) Wait(ctx context.Context) error {
	select {
	case <-t.first:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run follows the topic until ctx ends.
func (t *PolicyTopic) Run(ctx context.Context) error {
	for {
		err := t.topic.Follow(ctx, func(p event.Publication, err error) error { return t.take(ctx, p, err) })
		if ctx.Err() != nil {
			return nil
		}
		t.waits(err)
		if t.clock.Sleep(ctx, followAgain) != nil {
			return nil
		}
	}
}

// waits reports what keeps the first policy from coming; later ones have the old one
// to stay with.
func (t *PolicyTopic) waits(err error) {
	if t.Policy() == nil {
		t.report(err)
	}
}

// take puts a publication in force, or refuses it. An error means that it could not
// be read now and has to be read again.
func (t *PolicyTopic) take(ctx context.Context, p event.Publication, err error) error {
	if errors.Is(err, policylog.ErrNone) {
		t.waits(fmt.Errorf("%w; run leadrouter policy publish", err))
		return nil
	}
	if t.tried != nil && p.Number == t.tried.Number && p.Hash == t.tried.Hash {
		return nil // the topic was read anew
	}
	var files map[string][]byte
	if err == nil {
		files, err = t.topic.Files(ctx, p)
	}
	if err != nil && !errors.Is(err, policylog.ErrDamaged) && !errors.Is(err, policylog.ErrIncomplete) {
		return err
	}
	t.tried = &p
	var next *policy.Policy
	if err == nil {
		next, err = checked(p, files)
	}
	if err != nil {
		t.refuse(fmt.Sprintf("%s %d", Published, p.Number), err)
		t.waits(fmt.Errorf("%w; publish another, or run leadrouter policy rollback", err))
		return nil
	}
	t.enforce(next)
	return nil
}

// enforce puts a policy in force that is not yet.
func (t *PolicyTopic) enforce(p *policy.Policy) {
	switch t.hash() {
	case "":
		t.activate(p)
		t.report(nil)
		close(t.first)
	case p.Hash: // published again, by somebody else or as a way back
		t.keep()
	default:
		t.change(p)
	}
}

// checked does with a publication what a router does with files.
func checked(p event.Publication, files map[string][]byte) (*policy.Policy, error) {
	next, err := ReadPublication(p, files)
	if err != nil {
		return nil, err
	}
	if err := TestsPass(next); err != nil {
		return nil, fmt.Errorf("publication %d: %w", p.Number, err)
	}
	return next, nil
}

// ReadPublication makes a policy of the files of a publication and checks that it is
// the one that its hash names. The error is [policy.Issues] or [ErrOtherMeaning].
func ReadPublication(p event.Publication, files map[string][]byte) (*policy.Policy, error) {
	read, issues := policy.Parse(files)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("publication %d: %w", p.Number, err)
	}
	if read.Hash != p.Hash {
		return nil, fmt.Errorf("publication %d: %w (hash %.7s, not %.7s; engine %d, published by %d): publish it again with this version",
			p.Number, ErrOtherMeaning, read.Hash, p.Hash, policy.Engine, p.Engine)
	}
	return read, nil
}
