package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/score"
)

// model tells 73.1 % of demos, 26.9 % of events and 50 % of all else.
const model = `{"leadrouter_score":1,"outcome":"converted","trained":{"rows":1000,"won":500,"auc":0.8,"brier":0.15},"base":0,
"features":[
{"name":"big","levels":["false","true"],"points":[0,0,0,2000],"rows":[0,0,500,500]},
{"name":"source","levels":["demo_request","event"],"points":[0,0,10000,-10000],"rows":[0,0,500,500]}
],
"knots":[{"points":-20000,"probability":1192},{"points":-10000,"probability":2689},{"points":0,"probability":5000},{"points":10000,"probability":7311},{"points":20000,"probability":8808}]}
`

// learning is a policy that gives points, and uses a model as it is told.
func learning(use string) string {
	return `
policy: learning
reps: {ana: {}}
define: {big: company.employees > 100}
score:
  fit: {points: [{30: source == "demo_request"}]}
  model: ` + use + `
rules: [{name: rest, to: all}]
`
}

func TestLearnedScore(t *testing.T) {
	t.Parallel()
	demo := lead.Facts{"source": "demo_request", "company.employees": int64(500)}
	for use, want := range map[string]struct {
		score  int64
		points int64
		told   bool
	}{
		"off": {30, 30, false}, "shadow": {30, 30, true}, "on": {76, 30, true},
		"{use: on, file: other.json}": {76, 30, true}, "{use: off}": {30, 30, false},
	} {
		t.Run(use, func(t *testing.T) {
			t.Parallel()
			files := map[string][]byte{"policy.yaml": []byte(learning(use)), "model.json": []byte(model), "other.json": []byte(model)}
			p, issues := policy.Parse(files)
			require.Empty(t, issues)
			b := p.Bind(demo, time.Time{})
			got, ok := b.Value("score")
			require.True(t, ok)
			require.Equal(t, want.score, got)
			require.Equal(t, want.points, p.Score.Points(b))
			told := b.Predict()
			require.Equal(t, want.told, told != nil)
			if want.told {
				require.EqualValues(t, 7610, told.Score)
				require.Equal(t, []score.Factor{{Name: "source", Points: 2311}, {Name: "big", Points: 299}}, told.Factors)
				require.Contains(t, p.Uses(), "source")
				require.Contains(t, p.Uses(), "company.employees", "what a name is made of")
			}
		})
	}
}

// The hash of the policy covers the model, and what is published has it.
func TestModelIsAFileOfThePolicy(t *testing.T) {
	t.Parallel()
	hash := func(use, model string) string {
		p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(learning(use)), "model.json": []byte(model)})
		require.NoError(t, issues.Err())
		_, has := p.Files["model.json"]
		require.Equal(t, use != "off", has)
		return p.Hash
	}
	other := strings.Replace(model, "-10000]", "-10001]", 1)
	require.NotEqual(t, hash("shadow", model), hash("shadow", other))
	require.Equal(t, hash("off", model), hash("off", other), "it is not read")
}

func TestModelIssues(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ use, model, want string }{
		"none to use":   {"on", "", "there is no model.json beside the policy: `leadrouter score train` makes one"},
		"broken":        {"on", "{", "model.json"},
		"personal":      {"on", strings.Replace(model, `"source"`, `"email"`, 1), "the model asks for `email`, which is personal or not known of a lead"},
		"not known":     {"shadow", strings.Replace(model, `"big"`, `"bigger"`, 1), "the model asks for `bigger`"},
		"no use":        {"{file: model.json}", model, "`model` needs `use`: off, shadow or on"},
		"no JSON file":  {"{use: on, file: model.yaml}", model, "`model.yaml` is not a JSON file beside the policy"},
		"another place": {"{use: on, file: ../model.json}", model, "is not a JSON file beside the policy"},
		"no such use":   {"trial", model, "trial"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string][]byte{"policy.yaml": []byte(learning(c.use))}
			if c.model != "" {
				files["model.json"] = []byte(c.model)
			}
			_, issues := policy.Parse(files)
			require.ErrorContains(t, issues.Err(), c.want)
		})
	}
}

func TestShadowWithoutAModelIsAWarning(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(learning("shadow"))})
	require.NoError(t, issues.Err())
	require.Len(t, issues, 1)
	require.Contains(t, issues[0].Message, "there is no model.json beside the policy yet")
	require.Nil(t, p.Bind(nil, time.Time{}).Predict())
}

// What is to be learned from later is recorded, unless it is personal.
func TestLearn(t *testing.T) {
	t.Parallel()
	source := strings.Replace(learning("off"), "  model: off", "  learn: [attributes.visits, country]", 1)
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(source)})
	require.NoError(t, issues.Err())
	require.Subset(t, p.Uses(), []string{"attributes.visits", "country"})

	_, issues = policy.Parse(map[string][]byte{"policy.yaml": []byte(strings.Replace(source, "country", "phone", 1))})
	require.ErrorContains(t, issues.Err(), "`phone` is personal data")
}
