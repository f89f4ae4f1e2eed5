package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// FuzzParse feeds one YAML and one CSV file. Whatever they hold, the answer is a
// policy that can be asked or issues that have a place.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/errors/*.txt", examples + "/*/policy.yaml"} {
		names, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, name := range names {
			data, err := os.ReadFile(name)
			require.NoError(f, err)
			files := unpack(string(data))
			f.Add(files["policy.yaml"], append(files["reps.csv"], files["t.csv"]...))
		}
	}
	f.Fuzz(func(t *testing.T, yaml, csv []byte) {
		files := map[string][]byte{"policy.yaml": yaml, "reps.csv": csv, "t.csv": csv}
		p, issues := policy.Parse(files)
		require.Equal(t, issues.Err() == nil, p != nil)
		require.Equal(t, issues.Error(), second(policy.Parse(files)).Error(), "the same issues every time")
		if p == nil {
			return
		}
		b := p.Bind(lead.Facts{"country": "DE", "company.employees": int64(5)}, monday)
		for _, r := range p.Rules {
			r.When.Eval(b)
			r.When.Missing(b)
			if r.Table != nil {
				r.Table.Find(b)
			}
		}
		for _, g := range p.Guards {
			g.Allows(b)
		}
		p.Roster(monday)
		p.Shift(monday)
	})
}

func second[A, B any](_ A, b B) B { return b }

// FuzzCondition feeds the text of one condition. What the check lets through is
// answered, and its closures say what CEL's own interpreter says.
func FuzzCondition(f *testing.F) {
	for _, source := range []string{
		`country in ["DE", "AT"] && company.employees > 50`, `!(email_free || known(region))`, `value / 2.0 >= -1.5 ? "vip" in tags : true`,
		`tags.exists(t, t.startsWith("v")) && size(tags) % 2 == 0`, `company.name.matches("^(a+)+$")`, `attributes.seats != "5"`,
		`timestamp(created_at) < timestamp("2026-11-21T00:00:00Z")`, `[country, language] == ["DE", "de"]`,
	} {
		f.Add(source)
	}
	facts := lead.Facts{
		"country": "DE", "language": "de", "company.employees": int64(80), "deal_value": 5.5, "email_free": false,
		"tags": []string{"vip", "new"}, "company.name": "aaaaaaaaab", "attributes.seats": int64(5), "created_at": "2026-11-20T08:00:00Z",
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, issues := hostile(source)
		require.Equal(t, issues.Err() == nil, p != nil)
		if p == nil {
			return
		}
		when := p.Rules[0].When
		require.Equal(t, when.Interpret(p.Bind(facts, monday)), when.Eval(p.Bind(facts, monday)))
		if !strings.Contains(source, "[]") { // CEL makes `x in []` false before it asks for x
			require.Equal(t, when.Interpret(p.Bind(nil, monday)), when.Eval(p.Bind(nil, monday)))
		}
	})
}
