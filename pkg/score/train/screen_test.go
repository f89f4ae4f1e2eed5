package train_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/score/train"
)

// refusals by name.
func refusals(list []train.Refusal) map[string]train.Refusal {
	out := map[string]train.Refusal{}
	for _, r := range list {
		out[r.Name] = r
	}
	return out
}

// leaky adds columns of every kind that the screen knows to a table of 2000 leads.
func leaky() *world {
	w := newWorld(2000, 11)
	won := w.table.Won
	w.column("attributes.tags", func(i int) any { // knows the outcome
		if won[i] != w.dice.chance(5) {
			return "will revert"
		}
		return "ringing"
	})
	w.column("attributes.occupation", func(i int) any { // asked for at the sale
		if won[i] && w.dice.chance(80) || w.dice.chance(20) {
			return "employee"
		}
		return nil
	})
	w.column("attributes.city", func(i int) any { // a list left at its placeholder
		if won[i] && w.dice.chance(80) || w.dice.chance(20) {
			return "Berlin"
		}
		return "Select"
	})
	w.column("attributes.last_activity", func(i int) any { // its name says it
		if won[i] != w.dice.chance(35) {
			return "called"
		}
		return "opened"
	})
	w.column("attributes.grade", func(i int) any { // given to the older half alone
		if i < 1000 {
			return fmt.Sprint(w.dice.below(3))
		}
		return nil
	})
	w.column("attributes.key", func(i int) any { return fmt.Sprintf("k%d-%d", w.dice.below(1000), i) })
	w.column("attributes.number", func(i int) any { return int64(1000 + i) })
	w.column("attributes.same", func(int) any { return "yes" })
	w.column("attributes.void", func(int) any { return nil })
	w.column("attributes.last_name_known", func(int) any { return fmt.Sprint(w.dice.chance(50)) })
	w.column("attributes.shy", func(int) any { // empty for many, and that tells nothing
		if w.dice.chance(50) {
			return nil
		}
		return "here"
	})
	return w
}

func TestScreen(t *testing.T) {
	t.Parallel()
	_, report, err := train.Train(leaky().table, train.Config{})
	require.NoError(t, err)
	got := refusals(report.Refused)
	for name, want := range map[string]struct {
		leaks    bool
		evidence string
	}{
		"attributes.tags":          {true, "alone it tells the outcome: AUC 0."},
		"attributes.occupation":    {true, "empty for "},
		"attributes.city":          {true, "not filled in for "},
		"attributes.last_activity": {true, `"last" in its name`},
		"attributes.grade":         {true, "filled in for 100 % of the oldest leads and for 0 % of the newest"},
		"attributes.key":           {false, "it names each lead"},
		"attributes.number":        {false, "it counts up"},
		"attributes.same":          {false, "it is the same for every lead"},
		"attributes.void":          {false, "it is empty"},
	} {
		require.Contains(t, got, name)
		require.Equal(t, want.leaks, got[name].Leaks, name)
		require.Contains(t, got[name].Evidence, want.evidence, name)
		require.NotContains(t, report.Used, name)
		delete(got, name)
	}
	require.Empty(t, got, "source, visits, noise, and what only looks odd, stay")
}

func TestAllowOverrulesTheScreen(t *testing.T) {
	t.Parallel()
	_, report, err := train.Train(leaky().table, train.Config{Allow: []string{"attributes.tags"}})
	require.NoError(t, err)
	require.Contains(t, report.Used, "attributes.tags")
	require.Contains(t, refusals(report.Allowed), "attributes.tags")
	require.NotContains(t, refusals(report.Refused), "attributes.tags")
	require.Greater(t, report.HeldBack.AUC, 0.9, "it leaks, as was said")
}
