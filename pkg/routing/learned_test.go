package routing_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

const scorecard = `{"leadrouter_score":1,"outcome":"converted","trained":{"rows":1000,"won":300,"auc":0.8,"brier":0.15},"base":-3000,
"features":[
{"name":"attributes.visits","cuts":[2,5.5,9],"points":[-500,0,-9000,-1000,3000,9000],"rows":[100,0,225,225,225,225]},
{"name":"company.employees","cuts":[10,100],"points":[-2000,0,-3000,1000,7000],"rows":[100,0,300,300,300]},
{"name":"source","levels":["demo_request","event"],"points":[-300,-100,15000,-6000],"rows":[10,20,470,500]}
],
"knots":[{"points":-60000,"probability":25},{"points":0,"probability":5000},{"points":60000,"probability":9975}]}
`

// learned is a planner whose policy has the scorecard.
func learned(t require.TestingT, use string) *routing.Planner {
	p, issues := policy.Parse(map[string][]byte{"model.json": []byte(scorecard), "policy.yaml": fmt.Appendf(nil, `
policy: learned
reps: {ana: {}, ben: {}}
score: {fit: {points: [{30: source == "demo_request"}]}, model: %s}
rules:
  - {name: hot, when: score >= 60, to: ana}
  - {name: rest, to: ben}
`, use)})
	require.NoError(t, issues.Err())
	return routing.New(p)
}

func TestLearnedScoreDecides(t *testing.T) {
	t.Parallel()
	hot := routing.Input{At: monday, Facts: lead.Facts{"source": "demo_request", "attributes.visits": int64(12)}}
	shadow, on := learned(t, "shadow").Plan(hot).Draft(), learned(t, "on").Plan(hot).Draft()
	require.Equal(t, "rest", shadow.Steps[0].Rule, "30 points are not 60")
	require.Equal(t, "hot", on.Steps[0].Rule)
	require.EqualValues(t, 30, *shadow.Score)
	require.Equal(t, (on.Learned.Score+50)/100, *on.Score)
	require.Empty(t, cmp.Diff(shadow.Learned, on.Learned), "a shadow is told all the same")
	require.Equal(t, "source", on.Learned.Factors[0].Name)
	require.Contains(t, on.Facts, "attributes.visits", "an audit needs it")

	a, err := on.Decide(ledger.Grant{Effect: ledger.Owned, Outcome: ledger.Assigned, Lead: "L-1", Attempt: 1, Rep: "ana", Sequence: 1, At: on.At})
	require.NoError(t, err)
	require.Same(t, on.Learned, a.Learned, "subscribers are told, too")
}

// A draft planned again from what it records gives the same bytes, with a model as
// without one; and it is written as encoding/json does.
func TestLearnedDraftIsDerivedAgain(t *testing.T) {
	t.Parallel()
	shadow, on := learned(t, "shadow"), learned(t, "on")
	rapid.Check(t, func(t *rapid.T) {
		planner := rapid.SampledFrom([]*routing.Planner{shadow, on}).Draw(t, "planner")
		in := routing.Input{At: monday, Facts: lead.Facts{"email": "jo@example.com", "country": "DE"}}
		if v := rapid.SampledFrom([]string{"", "demo_request", "event", "fax"}).Draw(t, "source"); v != "" {
			in.Facts["source"] = v
		}
		if rapid.Bool().Draw(t, "known") {
			in.Facts["company.employees"] = rapid.Int64Range(-5, 1_000_000).Draw(t, "employees")
		}
		visits := rapid.SampledFrom([]any{nil, "many", "3.5", true}).Draw(t, "text")
		if rapid.Bool().Draw(t, "number") {
			visits = rapid.Float64Range(-10, 50).Draw(t, "visits") + 0 // no lead says -0
		}
		if visits != nil {
			in.Facts["attributes.visits"] = visits
		}
		draft := planner.Plan(in).Draft()
		wrote, err := draft.Encode()
		require.NoError(t, err)
		plain, err := json.Marshal(draft)
		require.NoError(t, err)
		require.Equal(t, string(plain), string(wrote))

		var read routing.Draft
		require.NoError(t, json.Unmarshal(wrote, &read))
		require.NotContains(t, read.Facts, "email")
		again, err := planner.Plan(read.Input()).Draft().Encode()
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(string(wrote), string(again)))
	})
}

func BenchmarkPlanWithAModel(b *testing.B) {
	in := routing.Input{At: monday, Facts: lead.Facts{"source": "demo_request", "attributes.visits": int64(12), "company.employees": int64(50)}}
	for _, use := range []string{"off", "on"} {
		b.Run(use, func(b *testing.B) {
			planner := learned(b, use)
			b.ReportAllocs()
			for b.Loop() {
				draft := planner.Plan(in).Draft()
				_, err := draft.Encode()
				require.NoError(b, err)
			}
		})
	}
}
