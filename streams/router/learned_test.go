package router_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

const scorecard = `{"leadrouter_score":1,"outcome":"converted","trained":{"rows":1000,"won":300,"auc":0.8,"brier":0.15},"base":0,
"features":[
{"name":"attributes.visits","cuts":[5],"points":[0,0,-10000,10000],"rows":[0,0,500,500]},
{"name":"country","levels":["DE"],"points":[0,-2000,2000],"rows":[0,500,500]}
],
"knots":[{"points":-20000,"probability":1192},{"points":0,"probability":5000},{"points":20000,"probability":8808}]}
`

// What a model tells decides, is told to subscribers with its reasons, and is derived
// again by an audit; a later attempt of the lead has it, too.
func TestLearnedScoreIsProven(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, issues := policy.Parse(map[string][]byte{"model.json": []byte(scorecard), "policy.yaml": []byte(`
policy: learned
reps: {ana: {}, ben: {}}
score: {model: on}
rules:
  - {name: hot, when: score >= 60, to: [ana, ben]}
  - {name: rest, to: ben}
`)})
	require.NoError(t, issues.Err())
	<-b.policies
	b.policies <- routing.New(p)

	records := []*kstream.Record{
		b.record(event.LeadCreated, `{"id":"L-1","country":"DE","email":"jo@weber.example","attributes":{"visits":9}}`),
		b.record(event.LeadCreated, `{"id":"L-2","country":"ES","attributes":{"visits":1}}`),
		b.record(event.LeadCreated, `{"id":"L-3"}`),
	}
	out := b.handle(records...)
	told := assignments(t, out)
	require.Equal(t, "hot", told[0].Rule)
	require.EqualValues(t, 73, *told[0].Score)
	require.EqualValues(t, 7284, told[0].Learned.Score)
	require.Equal(t, p.Score.Learned.Hash(), told[0].Learned.Model)
	require.Equal(t, "attributes.visits", told[0].Learned.Factors[0].Name)
	require.Equal(t, "rest", told[1].Rule)
	require.EqualValues(t, 5000, told[2].Learned.Score, "nothing is known")
	require.Empty(t, told[2].Learned.Factors)
	logged := decisions(t, out)
	require.NotContains(t, string(logged[0].Draft), "weber")

	b.commit(out, records...)
	b.flush()
	moved := b.handle(b.record(event.LeadReassign, `{"lead_id":"L-1","attempt":1,"cause":"rejected","at":"2026-05-04T10:20:00Z"}`))
	second := assignments(t, moved)
	require.Len(t, second, 1)
	require.Equal(t, "ben", second[0].RepID)
	require.Equal(t, told[0].Learned, second[0].Learned)
	b.requireProven(append(logged, decisions(t, moved)...))
}
