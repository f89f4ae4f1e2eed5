package world_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/bench/chaos/world"
	"leadrouter/pkg/policy"
)

func TestASeedGivesOneWorld(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		one, other := world.New(seed), world.New(seed)
		for range rapid.IntRange(1, 20).Draw(t, "batches") {
			n := rapid.IntRange(0, 30).Draw(t, "leads")
			require.Equal(t, one.Next(n), other.Next(n))
		}
		require.Equal(t, one.Mixed(10), other.Mixed(10))
		require.Equal(t, one.Again(), other.Again())
	})
}

// Everything that the world is for comes about.
func TestWhatComesIn(t *testing.T) {
	t.Parallel()
	w := world.New(3)
	w.NewField()
	count, leads, known := map[string]int{}, map[string]int{}, map[string]bool{}
	for range 200 {
		for _, r := range w.Next(10) {
			count[r.Topic]++
			if world.IsBad(r.Key) {
				count["bad"]++
				require.False(t, json.Valid([]byte(r.Value)))
				continue
			}
			require.True(t, json.Valid([]byte(r.Value)), r.Value)
			switch r.Topic {
			case "lead.created":
				leads[r.Key]++
				known[r.Key] = true
				require.Contains(t, r.Value, `"campaign"`)
			case "lead.activity":
				if !known[r.Key] {
					count["early"]++
				}
			}
		}
	}
	require.Equal(t, 2_000, w.Leads())
	require.Len(t, leads, 2_000)
	for _, what := range []string{"lead.activity", "lead.command", "lead.updated", "rep.status", "bad", "early"} {
		require.Positive(t, count[what], what)
	}
	require.Greater(t, count["lead.created"]-count["bad"], 2_000, "some ids come twice")
	require.NotEmpty(t, w.Again())
}

// What comes again is what came last, and mixing leaves nothing out.
func TestAgainAndMixed(t *testing.T) {
	t.Parallel()
	w := world.New(4)
	last := w.Next(5)
	require.Equal(t, last, w.Again())
	mixed := w.Mixed(50)
	created, early, seen := 0, 0, map[string]bool{}
	for _, r := range mixed {
		switch {
		case r.Topic == "lead.created" && !world.IsBad(r.Key):
			if !seen[r.Key] {
				created++
			}
			seen[r.Key] = true
		case strings.Contains(r.Value, "contacted") && !seen[r.Key]:
			early++
		}
	}
	require.Equal(t, 50, created)
	require.Positive(t, early)
}

// In the end everybody is back who was away.
func TestBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := world.New(rapid.Uint64().Draw(t, "seed"))
		away := map[string]bool{}
		note := func(records []world.Record) {
			for _, r := range records {
				if r.Topic == "rep.status" {
					away[r.Key] = !strings.Contains(r.Value, "available")
				}
			}
		}
		note(w.Next(rapid.IntRange(0, 1_000).Draw(t, "leads")))
		note(w.Back())
		for rep, gone := range away {
			require.Equal(t, rep == "gus", gone, rep)
		}
		require.Empty(t, w.Back())
	})
}

// What reps do follows from the lead and the attempt, and all kinds of reps are there.
func TestAnswer(t *testing.T) {
	t.Parallel()
	require.Empty(t, world.Answer(world.Assignment{Lead: "L-1", Attempt: 1}), "nobody has it")
	silent, refused, worked, late := 0, 0, 0, 0
	for i := range 1_000 {
		a := world.Assignment{Lead: fmt.Sprintf("L-%d", i), Attempt: 1 + i%3, Rep: "ana"}
		deeds := world.Answer(a)
		require.Equal(t, deeds, world.Answer(a))
		switch len(deeds) {
		case 0:
			silent++
		case 1:
			refused++
			require.Contains(t, deeds[0].Value, "rejected")
		default:
			worked++
			require.Contains(t, deeds[0].Value, "accepted")
			require.Contains(t, deeds[2].Value, "converted")
			require.LessOrEqual(t, deeds[0].After, deeds[1].After)
			if deeds[0].After > world.Grace-time.Second {
				late++
			}
		}
	}
	require.InDelta(t, 250, silent, 60)
	require.InDelta(t, 80, refused, 40)
	require.Positive(t, late)
	require.Equal(t, 1_000, silent+refused+worked)
}

// Every version is a policy without issues, and no cap is above the largest.
func TestPolicy(t *testing.T) {
	t.Parallel()
	hashes := map[string]bool{}
	for version := 1; version <= 12; version++ {
		p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(world.Policy(version))})
		require.NoError(t, issues.Err())
		hashes[p.Hash] = true
		require.NotContains(t, world.Policy(version), "OPEN")
	}
	require.Len(t, hashes, 12, "each differs")
	require.Contains(t, world.Policy(3), fmt.Sprintf("open: %d", world.MostOpen))
}
