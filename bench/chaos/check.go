package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"leadrouter/bench/chaos/checker"
	"leadrouter/bench/chaos/schedule"
	"leadrouter/bench/chaos/world"
	"leadrouter/pkg/app"
)

// Result is what a run has come to.
type Result struct {
	Seed       uint64                `json:"seed"`
	Faults     int                   `json:"faults"`
	Kinds      map[schedule.Kind]int `json:"kinds"`
	Previous   string                `json:"previous,omitempty"`
	Skipped    string                `json:"skipped,omitempty"` // why there was no release before
	Counts     map[string]int        `json:"counts"`
	Audit      verdict               `json:"audit"`
	Trouble    []string              `json:"trouble,omitempty"`
	Violations []checker.Violation   `json:"violations"`
	// Stories are those of the shortest lead of each kind of violation.
	Stories []story `json:"stories,omitempty"`
}

// story is one violation with what happened to the lead.
type story struct {
	checker.Violation
	Lines []string `json:"story"`
}

// Violations that are found beside the checker's.
const (
	unsettledKind checker.Kind = "unsettled" // work was left that nobody did
	auditKind     checker.Kind = "audit"
	phantomKind   checker.Kind = "phantom" // read once and not again, or otherwise
	panicKind     checker.Kind = "panic"
	exitKind      checker.Kind = "exit" // a role that does not end when it is asked to
)

// verdict is what leadrouter audit prints.
type verdict struct {
	Decisions int            `json:"decisions"`
	Proven    int            `json:"proven"`
	Findings  int            `json:"findings"`
	Unproven  map[string]int `json:"unproven,omitempty"`
	Lost      int            `json:"lost"`
	Shown     []struct {
		Kind     string `json:"kind"`
		Sequence int64  `json:"sequence"`
		Lead     string `json:"lead"`
		What     string `json:"what"`
	} `json:"shown,omitempty"`
	refused string // why there is nothing to show: Redis stands elsewhere than the log
}

// check looks at everything that the run has left.
func (r *oneRun) check(ctx context.Context, unsettled string, settled time.Time) (Result, error) {
	h, err := r.history(ctx, settled)
	if err != nil {
		return Result{}, err
	}
	r.say("checking %d records", len(h.Records))
	found := checker.Check(h)
	violations := found.Violations
	add := func(kind checker.Kind, lead, format string, args ...any) {
		violations = append(violations, checker.Violation{Kind: kind, Lead: lead, What: fmt.Sprintf(format, args...)})
	}
	if unsettled != "" {
		add(unsettledKind, "", "%s after the last fault: %s", settleLimit, unsettled)
	}
	again, err := r.observer.again(ctx)
	if err != nil {
		return Result{}, err
	}
	violations = append(violations, compare(h.Records, again)...)
	for _, slot := range r.slots() {
		if err := r.Roles[slot].Stop(ctx, stopLimit); err != nil {
			add(exitKind, "", "%v", err)
		}
		if n, first := r.Roles[slot].Panics(); n > 0 {
			add(panicKind, "", "%s: %d times %s", slot, n, first)
		}
		r.trouble = append(r.trouble, r.Roles[slot].Ended()...)
	}
	v, err := r.audit(ctx)
	if err != nil {
		return Result{}, err
	}
	if v.refused != "" {
		add(auditKind, "", "%s", v.refused)
	}
	for _, f := range v.Shown {
		add(auditKind, f.Lead, "%s at %d: %s", f.Kind, f.Sequence, f.What)
	}
	result := Result{
		Seed: r.seed, Faults: r.done(), Kinds: r.struck, Previous: r.name, Skipped: r.skipped, Counts: found.Counts,
		Audit: v, Trouble: r.trouble, Violations: violations,
	}
	for _, v := range (checker.Result{Violations: violations}).Shortest(h) {
		result.Stories = append(result.Stories, story{v, checker.Story(h, v.Lead)})
	}
	return result, nil
}

// done is how many faults were carried out.
func (r *oneRun) done() (n int) {
	for _, count := range r.struck {
		n += count
	}
	return n
}

// history is what the checker is told.
func (r *oneRun) history(ctx context.Context, settled time.Time) (checker.History, error) {
	records, _ := r.observer.all()
	identity, err := r.observer.kafka.Identify(ctx, r.observer.topics...)
	if err != nil {
		return checker.History{}, err
	}
	h := checker.History{
		Records: records, Topics: map[string]string{}, Sent: r.producer.sent, Bad: r.producer.bad,
		MostOpen: world.MostOpen, Everywhere: world.Everywhere(), Settled: settled,
	}
	for name, id := range identity.Topics {
		h.Topics[id] = name[len(r.instance)+1:]
	}
	return h, nil
}

// compare holds what was read live against what there is in the end: who reads only what
// is committed must never have read anything else, as far as they have read. Compaction may
// have taken some away.
func compare(live, again []checker.Record) []checker.Violation {
	type place struct {
		topic     string
		partition int32
		offset    int64
	}
	seen, last := map[place][]byte{}, map[place]int64{}
	for _, r := range live {
		seen[place{r.Topic, r.Partition, r.Offset}] = r.Value
		last[place{topic: r.Topic, partition: r.Partition}] = r.Offset
	}
	var violations []checker.Violation
	add := func(r checker.Record, format string) {
		violations = append(violations, checker.Violation{Kind: phantomKind, Lead: r.Key, What: fmt.Sprintf(format, r.Topic, r.Partition, r.Offset)})
	}
	for _, r := range again {
		value, there := seen[place{r.Topic, r.Partition, r.Offset}]
		if !there && r.Offset < last[place{topic: r.Topic, partition: r.Partition}] {
			add(r, "%s/%d/%d is there, and a live subscriber has not read it")
		} else if there && !bytes.Equal(value, r.Value) {
			add(r, "%s/%d/%d was read live with another content")
		}
		delete(seen, place{r.Topic, r.Partition, r.Offset})
	}
	for _, r := range live {
		compacted := slices.Contains([]string{"lead.timers", "lead.fired", "rep.status", "account.changed"}, r.Topic)
		if _, gone := seen[place{r.Topic, r.Partition, r.Offset}]; gone && !compacted {
			add(r, "%s/%d/%d was read live, and is not there")
		}
	}
	return violations
}

// audit has the program prove the log, and compare it with Redis.
func (r *oneRun) audit(ctx context.Context) (v verdict, err error) {
	args := []string{"audit", "--ledger", "--output", "json"}
	folders, err := os.ReadDir(r.policies)
	if err != nil {
		return v, err
	}
	for _, folder := range folders {
		args = append(args, "--policy", r.policies+"/"+folder.Name())
	}
	out, err := r.Leadrouter(ctx, args...)
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err != nil && (!ended || out == "" && exit.ExitCode() != app.ExitNo):
		return v, err
	case out == "":
		v.refused = err.Error()
		return v, nil
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		return v, fmt.Errorf("read the audit: %w: %s", err, out)
	}
	return v, nil
}
