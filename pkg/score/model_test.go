package score_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/score"
)

func TestParseAndEncode(t *testing.T) {
	t.Parallel()
	m, err := score.Parse([]byte(scorecard))
	require.NoError(t, err)
	out, err := m.Encode()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(scorecard, string(out)), "a line for each feature")
	require.Equal(t, score.HashOf(out), m.Hash())
	again, err := score.Parse(out)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(m, again, cmpopts.IgnoreUnexported(score.Model{})))
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"another format":      {`"leadrouter_score":1`, `"leadrouter_score":2`, "leadrouter_score is 2; this program reads version 1"},
		"an unknown key":      {`"base"`, `"bias"`, `unknown field "bias"`},
		"no JSON":             {`{"leadrouter_score"`, `leadrouter_score`, "invalid character"},
		"something behind it": {`10000}]}`, `10000}]}}`, "more stands behind it"},
		"a base out of range": {`"base":-8000`, `"base":-80000000`, "base -80000000 is out of bounds"},
		"a name twice":        {`"email_free"`, `"company.employees"`, "feature company.employees: features ascend by name"},
		"no name":             {`"company.employees"`, `""`, "it has no name"},
		"cuts and levels":     {`"cuts":[10,100.5]`, `"cuts":[10,100.5],"levels":["a"]`, "it has cuts and levels"},
		"points missing":      {`"points":[0,0,500,-4000]`, `"points":[0,0,500]`, "feature email_free: it needs points and rows of 4 bins"},
		"points out of range": {`500,-4000`, `500,-40000000`, "its points are out of bounds"},
		"cuts descend":        {`[10,100.5]`, `[100.5,10]`, "do not ascend"},
		"levels descend":      {`["false","true"]`, `["true","false"]`, "do not ascend"},
		"a knot descends":     {`"points":0,"probability":5000`, `"points":0,"probability":500`, "knot 3 does not ascend"},
		"a knot above 1":      {`"probability":10000`, `"probability":10001`, "knot 5 is out of bounds"},
		"one knot":            {scorecard[strings.Index(scorecard, `,{"points":-20000`):], `]}`, "at least two knots"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(scorecard, c.old, c.new, 1)
			require.NotEqual(t, scorecard, broken)
			_, err := score.Parse([]byte(broken))
			require.ErrorContains(t, err, "read the model: ")
			require.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(scorecard))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := score.Parse(data)
		if err != nil {
			return
		}
		p := m.Predict(func(int) score.Value { return score.Text("x") })
		require.GreaterOrEqual(t, p.Score, int64(0))
		require.LessOrEqual(t, p.Score, int64(score.Certain))
	})
}
