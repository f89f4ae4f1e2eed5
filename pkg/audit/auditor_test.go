package audit_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

const fair = `
policy: fair
reps:
  ana: {level: rep, country: [DE, ES], weight: 3}
  ben: {level: rep, country: [DE]}
  cho: {level: rep, country: [US, DE]}
caps: {rep: {open: 3, day: 6}}
rules:
  - {name: local, to: [{to: all, match: [country]}, next]}
  - {name: anyone, to: [all, review]}
`

// written is a log as it is read back.
func written(t require.TestingT, log []event.Decision) []event.Decision {
	read := make([]event.Decision, len(log))
	for i := range log {
		src, err := json.Marshal(log[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(src, &read[i]))
	}
	return read
}

func examine(t require.TestingT, log []event.Decision, planners ...*routing.Planner) (audit.Verdict, []audit.Finding) {
	var findings []audit.Finding
	a := audit.NewAuditor(planners, func(f audit.Finding) { findings = append(findings, f) })
	for _, d := range written(t, log) {
		a.Add(d)
	}
	v := a.Close()
	require.Equal(t, len(findings), v.Findings)
	return v, findings
}

// kinds of the findings.
func kinds(findings []audit.Finding) (list []audit.Kind) {
	for _, f := range findings {
		list = append(list, f.Kind)
	}
	return list
}

// some is a log in which much happens, all of it right.
func some(t testing.TB, p *routing.Planner) *history {
	h := newHistory()
	for i := range 30 {
		id := "L-" + strconv.Itoa(i)
		h.lead(t, p, id, []string{"DE", "ES", "US", "FR"}[i%4])
		if i%3 == 0 {
			h.happens(t, id, ledger.Closed)
		}
		if i == 15 {
			op := h.op("status", ledger.Presence, "")
			op.Rep, op.Verb = "ben", ledger.Left
			h.write(t, op)
		}
	}
	return h
}

func TestARightLogIsProven(t *testing.T) {
	t.Parallel()
	p := planner(t, fair)
	rapid.Check(t, func(rt *rapid.T) {
		h := newHistory()
		for i := range rapid.IntRange(1, 40).Draw(rt, "records") {
			id := "L-" + strconv.Itoa(rapid.IntRange(0, 12).Draw(rt, "lead"))
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1, 2:
				h.lead(t, p, id, rapid.SampledFrom([]string{"DE", "ES", "US", ""}).Draw(rt, "country"))
			case 3, 4:
				op := h.op("activity", ledger.Activity, id)
				op.Verb = rapid.SampledFrom([]string{ledger.Accepted, ledger.Lost, ledger.Reopened}).Draw(rt, "verb")
				op.Attempt = rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(rt, "attempt")
				h.write(rt, op)
			default:
				op := h.op("status", ledger.Presence, "")
				op.Rep = rapid.SampledFrom([]string{"ana", "ben", "cho"}).Draw(rt, "rep")
				op.Verb = rapid.SampledFrom([]string{ledger.Available, ledger.Away, ledger.Left}).Draw(rt, "presence")
				h.write(rt, op)
			}
			if i%7 == 6 {
				op := h.op("activity", ledger.Activity, id)
				op.Verb = ledger.Accepted
				h.apply(rt, op)
				h.void(rt, op)
			}
		}
		log := rapid.Permutation(h.log).Draw(rt, "order")
		v, findings := examine(rt, log, p)
		require.Empty(rt, findings)
		require.Equal(rt, audit.Verdict{Decisions: len(log), Proven: len(log), Unproven: map[string]int{}}, v)
	})
}

func TestWhatIsWrongIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	p := planner(t, fair)
	for name, tt := range map[string]struct {
		spoil func(log []event.Decision) []event.Decision
		kind  audit.Kind
		path  string // of the first difference
	}{
		"another rep": {func(log []event.Decision) []event.Decision {
			log[7].Grant.Rep = "cho"
			return log
		}, audit.Grant, "rep"},
		"a turn": {func(log []event.Decision) []event.Decision {
			turn := *log[7].Grant.Turn
			turn.Before++
			log[7].Grant.Turn = &turn
			return log
		}, audit.Grant, "turn/before"},
		"a counter": {func(log []event.Decision) []event.Decision {
			load := *log[7].Grant.Load
			load.Day--
			log[7].Grant.Load = &load
			return log
		}, audit.Grant, "load/day"},
		"a fact": {func(log []event.Decision) []event.Decision {
			log[7].Draft = []byte(strings.Replace(string(log[7].Draft), `"country":"ES"`, `"country":"US"`, 1))
			return log
		}, audit.Plan, "asked/0/value"},
		"a step": {func(log []event.Decision) []event.Decision {
			log[7].Draft = []byte(strings.Replace(string(log[7].Draft), `"rule":"local"`, `"rule":"locals"`, 1))
			return log
		}, audit.Plan, "steps/0/rule"},
		"no plan": {func(log []event.Decision) []event.Decision {
			log[7].Draft = []byte(`"x"`)
			return log
		}, audit.Plan, ""},
		"dropped": {func(log []event.Decision) []event.Decision {
			return slices.Delete(log, 7, 8)
		}, audit.Missing, ""},
		"written twice": {func(log []event.Decision) []event.Decision {
			return slices.Insert(log, 20, log[7])
		}, audit.Repeated, ""},
		"back in time": {func(log []event.Decision) []event.Decision {
			log[7].Grant.At -= 3_600_000
			return log
		}, audit.Grant, "at"},
		"unknown effect": {func(log []event.Decision) []event.Decision {
			log[7].Grant.Effect = "gained"
			return log
		}, audit.Grant, "effect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := some(t, p).log
			require.Equal(t, ledger.Owned, log[7].Grant.Effect)
			require.Contains(t, string(log[7].Draft), `"country":"ES"`)
			sequence := log[7].Grant.Sequence
			v, findings := examine(t, tt.spoil(log), p)
			require.Equal(t, []audit.Kind{tt.kind}, kinds(findings), "%+v", findings)
			require.Equal(t, sequence, findings[0].Sequence)
			require.NotEmpty(t, findings[0].What)
			if tt.path != "" {
				require.Equal(t, tt.path, findings[0].Differences[0].Path, "%+v", findings[0])
				require.NotEqual(t, findings[0].Differences[0].Logged, findings[0].Differences[0].Derived)
			}
			require.Equal(t, 1, v.Findings)
		})
	}
}

// However far a sequence jumps, it costs one finding to pass the gap.
func TestAGapIsOneFinding(t *testing.T) {
	t.Parallel()
	p := planner(t, fair)
	for _, forged := range []int64{1 << 60, math.MaxInt64} {
		log := some(t, p).log
		last := log[len(log)-1].Grant
		log = slices.Delete(log, 7, 10)
		log = append(log, event.Decision{Kind: ledger.Presence, Grant: ledger.Grant{
			Sequence: forged, Epoch: last.Epoch, At: last.At, Effect: ledger.Present, Rep: "ana", Verb: ledger.Away,
		}})
		_, findings := examine(t, log, p)
		require.Equal(t, []audit.Kind{audit.Missing, audit.Missing}, kinds(findings), "%+v", findings)
		require.EqualValues(t, 8, findings[0].Sequence)
		require.Equal(t, "no record has the sequences 8 to 10, and no rebuild gave them up", findings[0].What)
		require.Equal(t, last.Sequence+1, findings[1].Sequence)
		require.Contains(t, findings[1].What, fmt.Sprintf("sequences %d to %d, and", last.Sequence+1, forged-1))
	}
}

// Without the policy a plan is taken at its word; caps and owners are held all the same.
func TestWithoutThePolicy(t *testing.T) {
	t.Parallel()
	p := planner(t, fair)
	log := some(t, p).log
	v, findings := examine(t, log)
	require.Empty(t, findings)
	require.Equal(t, 30, v.Unproven["policy not at hand: fair "+p.Policy().Hash])
	require.Equal(t, len(log)-30, v.Proven)

	load := *log[7].Grant.Load
	load.Open = 9
	log[7].Grant.Load = &load
	_, findings = examine(t, log)
	require.Equal(t, []audit.Kind{audit.Cap}, kinds(findings))

	log = some(t, p).log
	i := slices.IndexFunc(log, func(d event.Decision) bool {
		return d.Grant.Sequence > log[7].Grant.Sequence && d.Grant.Effect == ledger.Owned
	})
	log[i].Grant.Lead = "L-1" // who is open
	_, findings = examine(t, log)
	require.Equal(t, audit.Owner, findings[0].Kind)

	log = some(t, p).log
	log[7].Engine = 99
	v, _ = examine(t, log, p)
	require.Equal(t, 1, v.Unproven["engine not at hand: 99; here it is 1"])

	log = some(t, p).log
	require.Contains(t, string(log[7].Draft), policy.Versions)
	log[7].Draft = []byte(strings.Replace(string(log[7].Draft), policy.Versions, "cel v0.1, zones 1999a, holidays 0.1", 1))
	v, findings = examine(t, log)
	require.Empty(t, findings)
	require.Equal(t, 29, v.Unproven["policy not at hand: fair "+p.Policy().Hash])
	require.Equal(t, 1, v.Unproven["read its policy with other versions: cel v0.1, zones 1999a, holidays 0.1; here it is "+
		policy.Versions+"; policy fair "+p.Policy().Hash])
}

// What lies between a lost grant and the rebuild that gave it up had counted it.
func TestWhatWasLostIsSaid(t *testing.T) {
	t.Parallel()
	p, h := planner(t, fair), newHistory()
	h.lead(t, p, "L-1", "DE")
	h.lead(t, p, "L-2", "DE")
	h.lead(t, p, "L-3", "DE")
	log := slices.Delete(slices.Clone(h.log), 1, 2) // lost with Redis
	at := h.log[2].Grant.At + 1
	log = append(log, event.Decision{
		Engine: routing.Engine, Kind: ledger.Rebuild, Op: ledger.OpID{Partition: ledger.Partition{Topic: "rebuild"}},
		Grant: ledger.Grant{Sequence: 4, At: at, Effect: ledger.Rebuilt, Lost: []int64{2}},
	})
	v, findings := examine(t, log, p)
	require.Empty(t, findings)
	require.Equal(t, 1, v.Lost)
	require.Equal(t, map[string]int{"after what is missing": 1}, v.Unproven)
}

func BenchmarkAuditor(b *testing.B) {
	p, h := planner(b, fair), newHistory()
	for i := range 2_000 {
		h.lead(b, p, "L-"+strconv.Itoa(i), []string{"DE", "ES", "US", "FR"}[i%4])
		h.happens(b, "L-"+strconv.Itoa(i), ledger.Closed)
	}
	log := written(b, h.log)
	for b.Loop() {
		a := audit.NewAuditor([]*routing.Planner{p}, func(f audit.Finding) { b.Fatal(f) })
		for _, d := range log {
			a.Add(d)
		}
		require.Equal(b, len(log), a.Close().Proven)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(log)), "µs/decision")
}
