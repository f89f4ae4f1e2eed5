package policy_test

import (
	"os"
	"path/filepath"
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
