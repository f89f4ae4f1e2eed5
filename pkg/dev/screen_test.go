package dev_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/dev"
	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

var update = flag.Bool("update", false, "write the golden files")

// board is one on which ana has two leads, ben none, and cho is away.
func board(t *testing.T) *dev.Board {
	t.Helper()
	b := dev.NewBoard()
	terms := []ledger.Terms{{ID: "ana", Weight: 1}, {ID: "ben", Weight: 1}}
	for i, g := range []ledger.Grant{
		{
			Effect: ledger.Owned, Lead: "L-1", Rep: "ana", Attempt: 1, Outcome: ledger.Assigned, Roster: "r", Install: terms,
			Turn: &ledger.Turn{Book: "all", Amount: ledger.Unit, Free: ledger.NewBitmap([]int32{0, 1})},
		},
		{Effect: ledger.Owned, Lead: "L-2", Rep: "ana", Attempt: 1, Outcome: ledger.Assigned, Roster: "r"},
		{Effect: ledger.Present, Rep: "cho", Verb: ledger.Away},
	} {
		g.Sequence, g.At = int64(i+1), 1_764_000_000_000
		require.NoError(t, b.Add(event.Decision{Grant: g}))
	}
	return b
}

func TestTheBoardShowsTheLedger(t *testing.T) {
	t.Parallel()
	b := board(t)
	want := []dev.Row{
		{Rep: "ana", Open: 2, Today: 2, Turn: map[string]int64{"all": -500_000}, Last: "L-2", State: ledger.Available},
		{Rep: "ben", Turn: map[string]int64{"all": 500_000}, State: ledger.Available},
		{Rep: "cho", Turn: map[string]int64{}, State: ledger.Away},
		{Rep: "dan", Turn: map[string]int64{}, State: ledger.Available},
	}
	require.Empty(t, cmp.Diff(want, b.Rows([]string{"dan", "ben"})))
	require.ErrorIs(t, b.Add(event.Decision{Grant: ledger.Grant{Sequence: 1}}), audit.ErrRepeated)
}

func TestTheOldestOpenLeadComesFirst(t *testing.T) {
	t.Parallel()
	b := board(t)
	_, _, ok := b.OldestOpen(2)
	require.False(t, ok, "no more than are kept")
	require.NoError(t, b.Add(event.Decision{Grant: ledger.Grant{Sequence: 4, At: 1_764_000_000_000, Effect: ledger.Freed, Lead: "L-1", Rep: "ana", Verb: ledger.Closed}}))
	id, l, ok := b.OldestOpen(0)
	require.True(t, ok)
	require.Equal(t, "L-2", id, "the other one is closed")
	require.Equal(t, "ana", l.Rep)
	_, _, ok = b.OldestOpen(0)
	require.False(t, ok)
}

// Whoever acts on leads is told of each attempt once, while it lasts.
func TestAttemptsThatBeganAreToldOnce(t *testing.T) {
	t.Parallel()
	b := dev.NewBoard()
	require.True(t, b.At().IsZero())
	require.Empty(t, b.Begun())
	b = board(t)
	require.Equal(t, int64(1_764_000_000_000), b.At().UnixMilli())
	moved := ledger.Grant{
		Sequence: 4, At: 1_764_000_060_000, Effect: ledger.Owned, Lead: "L-1", Rep: "ben", From: "ana", Attempt: 2,
		Outcome: ledger.Assigned, Roster: "r",
	}
	require.NoError(t, b.Add(event.Decision{Grant: moved}))
	var told []string
	for _, a := range b.Begun() {
		told = append(told, fmt.Sprintf("%s/%d %s", a.ID, a.Lead.Attempt, a.Lead.Rep))
	}
	require.Equal(t, []string{"L-2/1 ana", "L-1/2 ben"}, told, "the first attempt of L-1 is over")
	require.Empty(t, b.Begun())

	l, known := b.Lead("L-1")
	require.True(t, known)
	require.Equal(t, "ben", l.Rep)
	_, known = b.Lead("L-9")
	require.False(t, known)
}

// The picture is painted over the one before, line by line.
func TestThePictureIsRepainted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &dev.Screen{Out: &out, Terminal: true, Clock: clock.NewFake(noon), Board: board(t), Reps: func() []string { return nil }}
	s.Paint()
	for i := range 14 {
		s.Assigned(event.Assigned{
			LeadID: "L-\x1b[2J" + string(rune('a'+i)), RepID: "ana", Outcome: ledger.Assigned, Rule: "all", Attempt: 1,
			AssignedAt: time.Unix(1_764_000_000, 0), Lead: &lead.Lead{Email: "jo@private.example", Company: lead.Company{Name: "Weber Bank"}},
		}, 14*time.Millisecond)
	}
	for _, name := range event.Milestones() { // of which those are news that ask for something
		s.Milestone(event.Milestone{
			LeadID: "L-\x1b[2Jn", Attempt: 1, Event: name, SLA: "demo", RepID: "ana", Clock: "accepted",
			At: time.Unix(1_764_000_600, 0), Do: []string{"to_backup"},
		})
	}
	s.Paint()
	path := filepath.Join("testdata", "screen.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, out.Bytes(), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "make it with -update")
	require.Empty(t, cmp.Diff(string(want), out.String()))
	require.NotContains(t, out.String(), "private")
	require.NotContains(t, out.String(), "\x1b[2J", "an id does not steer the terminal")
}

func TestWithoutATerminalALineIsALine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &dev.Screen{Out: &out, Clock: clock.NewFake(noon), Board: dev.NewBoard(), Reps: func() []string { return nil }}
	s.Paint()
	require.Empty(t, out.String())
	s.Assigned(event.Assigned{LeadID: "L-1", RepID: "ana", Attempt: 1}, 0)
	require.Contains(t, out.String(), "L-1")
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")))
	require.NotContains(t, out.String(), "\x1b")
}

func TestASavedPolicyIsTold(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{true, false} {
		var out bytes.Buffer
		s := &dev.Screen{Out: &out, Terminal: terminal, Clock: clock.NewFake(noon), Board: dev.NewBoard(), Reps: func() []string { return nil }}
		s.Policy(&policy.Policy{Name: "mine"}, errors.New("policy.yaml:3:1: no pool\n  3 | to: nobody"))
		s.Paint()
		require.Contains(t, out.String(), "The policy was refused; the old one stays.\n")
		require.Contains(t, out.String(), "policy.yaml:3:1: no pool\n")
		out.Reset()
		s.Policy(&policy.Policy{Name: "mine"}, nil)
		s.Paint()
		require.Contains(t, out.String(), "policy mine is in force")
		require.NotContains(t, out.String(), "refused")
	}
}
