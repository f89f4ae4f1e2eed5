package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
)

// A rep is given one more thing, wherever the row is written and however.
func TestCovering(t *testing.T) {
	t.Parallel()
	const rules = "rules: [{name: local, to: [{to: all, match: [country]}, next]}, {name: rest, to: review}]\n"
	for name, files := range map[string]map[string]string{
		"a list":       {"policy.yaml": "policy: p\nreps: {ana: {country: [DE, ES]}, ben: {country: US}}\n" + rules},
		"a text":       {"policy.yaml": "policy: p\nreps: {ana: {country: DE}, ben: {country: US}}\n" + rules},
		"nothing yet":  {"policy.yaml": "policy: p\nreps: {ana: {}, ben: {country: US}}\n" + rules},
		"blocks":       {"policy.yaml": "policy: p\nreps:\n  # hers\n  ana:\n    name: Ana\n    country:\n      - DE\n  ben: {country: US}\n" + rules},
		"another file": {"a.yaml": "policy: p\n" + rules, "b.yaml": "reps: {ana: {country: DE}, ben: {country: US}}\n"},
		"CSV":          {"policy.yaml": "policy: p\nreps: reps.csv\n" + rules, "reps.csv": "id,country\nana,DE\nben,US\n"},
		"CSV, empty":   {"policy.yaml": "policy: p\nreps: reps.csv\n" + rules, "reps.csv": "\ufeffid,country\r\nana,\r\nben,US\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := policyOf(t, files)
			more, err := p.Covering("ana", "country", "FR")
			require.NoError(t, err)
			ana, _ := more.Rep("ana")
			was, _ := p.Rep("ana")
			require.Equal(t, append(append([]string{}, p.Reps[was].Columns["country"]...), "FR"), more.Reps[ana].Columns["country"])
			ben, _ := more.Rep("ben")
			require.Equal(t, []string{"US"}, more.Reps[ben].Columns["country"])
			require.NotEqual(t, p.Hash, more.Hash)

			_, err = p.Covering("zoe", "country", "FR")
			require.ErrorIs(t, err, policy.ErrAmend)
			_, err = p.Covering("ana", "weight", "x")
			require.ErrorIs(t, err, policy.ErrAmend, "what is no policy any more")
		})
	}
}

func TestResting(t *testing.T) {
	t.Parallel()
	p := policyOf(t, map[string]string{"policy.yaml": `policy: p
reps: {ana: {}}
rules: [{name: first, use: set}, {name: last, to: review}]
rulesets: {set: [{name: inner, to: all}]}
`})
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for _, path := range []string{"first", "set/inner"} {
		own, err := p.Resting(path)
		require.NoError(t, err)
		rested := 0
		for _, rule := range append(append([]*policy.Rule{}, own.Rules...), own.Rulesets[0].Rules...) {
			require.Equal(t, rule.Path != path, rule.Active(at), rule.Path)
			if !rule.Active(at) {
				rested++
			}
		}
		require.Equal(t, 1, rested)
		require.True(t, p.Rules[0].Active(at), "the policy itself is as it was")
	}
	_, err := p.Resting("none")
	require.ErrorIs(t, err, policy.ErrAmend)
}

func policyOf(t *testing.T, files map[string]string) *policy.Policy {
	t.Helper()
	src := map[string][]byte{}
	for name, text := range files {
		src[name] = []byte(text)
	}
	p, issues := policy.Parse(src)
	require.NoError(t, issues.Err())
	return p
}
