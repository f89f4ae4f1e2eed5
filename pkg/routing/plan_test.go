package routing_test

import (
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// team is a policy's reps: two German seniors, a Pole, an American, a manager.
const team = `
calendars:
  berlin: {zone: Europe/Berlin, hours: Mon-Fri 09:00-18:00}
  newyork: {zone: America/New_York, hours: Mon-Fri 08:30-18:00}
teams:
  emea: {manager: ines, calendar: berlin}
  us: {calendar: newyork}
caps: {senior: {open: 2}}
reps:
  ines: {name: Ines Alba, team: emea, level: boss}
  jonas: {name: Jonas Weber, team: emea, level: senior, geo: emea, language: [de, en], industry: finance, backup: petra}
  petra: {name: Petra Lang, team: emea, level: senior, geo: emea, language: [de], industry: any}
  marek: {name: Marek Nowak, team: emea, level: senior, geo: emea, language: [pl, en], industry: health}
  tom: {name: Tom Hill, team: us, level: senior, geo: us, language: [en], industry: finance}
tables:
  places: {file: places.csv, key: [country], gives: [geo]}
`

func teamPlanner(t failer, text string) *routing.Planner {
	t.Helper()
	return routing.New(parse(t, map[string]string{
		"policy.yaml": "leadrouter: 1\npolicy: test\n" + team + text,
		"places.csv":  "country,geo\nDE,emea\nPL,emea\nUS,us\n",
	}))
}

func TestPlan(t *testing.T) {
	t.Parallel()
	const seniors = "pools:\n  seniors: {who: {level: senior}, match: [geo, language, company.industry], relax: [company.industry, language]}\n"
	const german = `{"country":"DE","language":"de-AT","company":{"industry":"finance"}}`
	tests := []struct {
		name, policy, lead string
		in                 routing.Input
		want               []string
	}{
		{
			"level by level, each adding somebody",
			seniors + "rules: [{name: all, to: seniors}]", german,
			routing.Input{},
			// Leaving out the industry adds nobody who speaks German.
			[]string{
				"all seniors: jonas petra", "all seniors -company.industry -language: jonas marek petra", "all waiting",
			},
		},
		{
			"an axis that the lead does not say asks nothing",
			seniors + "rules: [{name: all, to: seniors}]", `{"country":"DE","language":"pl"}`,
			routing.Input{},
			[]string{"all seniors: marek", "all seniors -language: jonas marek petra", "all waiting"},
		},
		{
			"nobody fits: the next level at once",
			seniors + "rules: [{name: all, to: seniors}]", `{"country":"DE","language":"fr"}`,
			routing.Input{},
			[]string{"all seniors -language: jonas marek petra", "all waiting"},
		},
		{
			"off shift",
			seniors + "rules: [{name: all, to: {to: seniors, match: [], relax: []}}]", `{}`,
			routing.Input{},
			[]string{"all seniors: jonas marek petra", "all waiting"},
		},
		{
			"even off shift",
			seniors + "rules: [{name: all, to: [{to: seniors, match: [], relax: [], even_if: [off_shift]}]}]", `{}`,
			routing.Input{},
			[]string{"all seniors: jonas marek petra tom", "all waiting"},
		},
		{
			"next goes on behind the rule, behind the rule that used the ruleset too",
			"rulesets: {inner: [{name: a, when: country == \"DE\", to: [jonas, next]}]}\n" +
				"rules: [{name: one, to: [petra, next]}, {name: two, use: inner}, {name: three, to: [marek, review]}]",
			`{"country":"DE"}`,
			routing.Input{},
			[]string{"one petra: petra", "inner/a jonas: jonas", "three marek: marek", "three review"},
		},
		{
			"after the last rule comes review",
			"rules: [{name: a, when: country == \"DE\", to: [jonas, next]}]", `{"country":"DE"}`,
			routing.Input{},
			[]string{"a jonas: jonas", " review"},
		},
		{
			"unknown is no match, and neither is its negation",
			"rules: [{name: a, when: company.employees < 50, to: jonas}, {name: b, when: '!(company.employees < 50)', to: petra}]",
			`{}`,
			routing.Input{},
			[]string{" review"},
		},
		{
			"rows",
			"bands: {tier: {of: company.employees, small: <50, big: rest}}\n" +
				"rules: [{name: a, table: [tier], rows: {small: {to: jonas}, any: {to: [nurture]}}}]",
			`{}`,
			routing.Input{},
			[]string{"a[any] nurture"},
		},
		{
			"the owner, the backup and the manager",
			"rules: [{name: a, to: [owner, backup, manager]}]", `{"account":{"owner":"jonas"}}`,
			routing.Input{},
			[]string{"a owner: jonas", "a backup: petra", "a manager: ines", "a waiting"},
		},
		{
			"the owner of the parent stands in",
			"rules: [{name: a, to: [owner]}]", `{"account":{"owner":"gone","parent_owner":"marek"}}`,
			routing.Input{},
			[]string{"a owner: marek", "a waiting"},
		},
		{
			"earlier leads of the person and of the company",
			"rules: [{name: a, to: [last_owner, company_owner]}]", `{}`,
			routing.Input{LastOwner: "jonas", CompanyOwner: "marek"},
			[]string{"a last_owner: jonas", "a company_owner: marek", "a waiting"},
		},
		{
			"who had it or has left is out",
			seniors + "rules: [{name: all, to: seniors}]", german,
			routing.Input{Past: []string{"jonas"}, Left: []string{"marek", "nobody"}},
			[]string{"all seniors: petra", "all waiting"},
		},
		{
			"a guard holds at every level and for persons",
			seniors + "guards: [{name: eu, when: country == \"DE\", then: '\"de\" in rep.language'}]\n" +
				"rules: [{name: o, to: [owner, next]}, {name: all, to: seniors}]",
			`{"country":"DE","language":"pl","account":{"owner":"marek"}}`,
			routing.Input{},
			[]string{"all seniors -language: jonas petra", "all waiting"},
		},
		{
			"ranked keeps the order of who",
			"pools: {list: {who: [petra, marek, jonas], pick: ranked}}\nrules: [{name: a, to: list}]", `{}`,
			routing.Input{},
			[]string{"a list: petra marek jonas", "a waiting"},
		},
		{
			"a rule on trial and rules out of their time are passed over",
			"rules: [{name: a, mode: shadow, to: jonas}, {name: b, from: 2026-06-01, to: jonas}, {name: c, until: 2026-05-01, to: jonas}, {name: d, to: petra}]",
			`{}`,
			routing.Input{},
			[]string{"d petra: petra", "d waiting"},
		},
		{
			"on_qualified: through a ruleset alone",
			"rulesets: {close: [{name: a, to: marek}]}\nrules: [{name: x, to: jonas, on_qualified: close}]", `{}`,
			routing.Input{Entry: "close"},
			[]string{"close/a marek: marek", "close/a waiting"},
		},
		{
			"past owners, once nobody else is free",
			seniors + "reassign: {past_owners: last}\nrules: [{name: all, to: {to: seniors, relax: []}}]", german,
			routing.Input{Past: []string{"petra"}},
			[]string{"all seniors: jonas", "all seniors: petra", "all waiting"},
		},
		{
			"as many owners as there may be",
			seniors + "reassign: {max_owners: 2}\nrules: [{name: all, to: seniors}]", german,
			routing.Input{Past: []string{"petra", "jonas"}},
			[]string{" review"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.Facts, tt.in.At = facts(t, tt.lead), monday
			require.Equal(t, tt.want, outline(t, teamPlanner(t, tt.policy).Plan(tt.in)))
		})
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	const rules = "pools: {s: {who: {level: senior}, match: [language], relax: [language]}}\n" +
		"rules: [{name: a, to: [{to: s, hold: 30m}, review]}]"
	early := monday.Add(-70 * time.Minute) // 08:50 in Berlin
	tests := []struct {
		name, lead string
		at         time.Time
		waited     time.Duration
		want       []string
	}{
		{"patience at the first level", `{"language":"pl"}`, monday, 0, []string{"a s: marek", "a waiting 30m0s"}},
		{"part of it is spent", `{"language":"pl"}`, monday, 12 * time.Minute, []string{"a s: marek", "a waiting 18m0s"}},
		{
			"then the next level, with its own", `{"language":"pl"}`, monday, 30 * time.Minute,
			[]string{"a s: marek", "a s -language: jonas marek petra", "a waiting 30m0s"},
		},
		{
			"all is spent", `{"language":"pl"}`, monday, time.Hour,
			[]string{"a s: marek", "a s -language: jonas marek petra", "a review"},
		},
		{
			"nobody fits: no patience", `{"language":"fr"}`, monday, 0,
			[]string{"a s -language: jonas marek petra", "a waiting 30m0s"},
		},
		{"a shift opens in time", `{"language":"pl"}`, early, 0, []string{"a waiting 30m0s"}},
		{"no shift opens in time", `{"language":"pl"}`, early.Add(-time.Hour), 0, []string{"a review"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := teamPlanner(t, rules).Plan(routing.Input{Facts: facts(t, tt.lead), At: tt.at, Waited: tt.waited})
			require.Equal(t, tt.want, outline(t, p))
		})
	}
}

func TestStepsForTheLedger(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, `
pools:
  a: {who: {level: senior}, ledger: closers, fair_by: value}
  b: {who: {level: senior}, pick: least_loaded}
rules: [{name: r, to: [a, {to: b, even_if: [full]}, {to: last_owner, even_if: [off_shift]}, tom]}]`)
	p := pl.Plan(routing.Input{Facts: facts(t, `{"deal_value":123.45}`), At: monday, LastOwner: "tom"})
	require.Equal(t, int64(12345), p.Value)
	require.Equal(t, "round_robin closers true false", stepText(p, 0))
	require.Equal(t, "least_loaded  false true", stepText(p, 1))
	require.Equal(t, "ranked  false false", stepText(p, 2))
	require.EqualValues(t, "duplicate", p.Steps[2].Outcome)
	require.Len(t, p.Steps, 4, "Tom is off shift as himself")
	require.Same(t, unsafe.SliceData(p.Steps[0].Members), unsafe.SliceData(p.Steps[1].Members), "equal sets are one slice")
	again := pl.Plan(routing.Input{Facts: facts(t, `{}`), At: monday})
	require.Same(t, unsafe.SliceData(p.Steps[0].Members), unsafe.SliceData(again.Steps[0].Members))
}

func stepText(p *routing.Plan, i int) string {
	s := p.Steps[i]
	flag := map[bool]string{true: "true", false: "false"}
	return string(s.Pick) + " " + s.Book + " " + flag[s.ByValue] + " " + flag[s.LiftFull]
}

func TestShiftCanBeGiven(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, "rules: [{name: a, to: all}]")
	shift := make(policy.Set, 1)
	tom, _ := pl.Policy().Rep("tom")
	shift.Add(tom)
	p := pl.Plan(routing.Input{Facts: facts(t, `{}`), At: monday, Shift: shift})
	require.Equal(t, []string{"a all: tom", "a waiting"}, outline(t, p))
}

// TestOrderOfWho: the same people in two pools, one of them ranked, stand in the order
// of each, whichever is asked first.
func TestOrderOfWho(t *testing.T) {
	t.Parallel()
	const pools = `
reps: {ana: {}, ben: {}, carl: {}}
pools: {list: {who: [carl, ana], pick: ranked}, other: {who: [ana, carl], pick: ranked}, turn: {who: [carl, ana]}}
rules: [{name: a, when: source == "a", to: list}, {name: b, when: source == "b", to: turn}, {name: c, to: other}]
`
	want := map[string][]int32{"a": {2, 0}, "b": {0, 2}, "c": {0, 2}}
	for _, order := range []string{"abc", "acb", "bac", "bca", "cab", "cba"} {
		pl := planner(t, pools)
		for source := range strings.SplitSeq(order, "") {
			p := pl.Plan(routing.Input{Facts: facts(t, `{"source":"`+source+`"}`), At: monday})
			require.Equal(t, want[source], p.Steps[0].Members, "%s of %s", source, order)
		}
	}
}

// Whom a person has named pays a turn where the rules would have sent the lead, if the rep
// is in rotation there.
func TestACommandCountsInTurns(t *testing.T) {
	t.Parallel()
	planner := routing.New(parse(t, map[string]string{"policy.yaml": `
policy: turns
reps: {ana: {language: es}, ben: {language: [en, de]}, carl: {language: de}, dana: {}, eva: {language: fr}}
pools:
  german: {who: [ben, carl, eva], match: [language], fair_by: value}
  ranked: {who: [dana, ana], pick: ranked}
  rest: {who: [ana, carl, dana]}
rules:
  - {name: german, when: language == "de", to: [german, next]}
  - {name: ranked, when: country == "US", to: ranked}
  - {name: rest, to: rest}
`}))
	tests := []struct {
		name, rep, facts, book string
		among                  []int32
	}{
		{"among who fits", "ben", `{"language":"de"}`, "german", []int32{1, 2}},
		{"the next pool, where the rep is no member of the first", "dana", `{"language":"de"}`, "rest", []int32{0, 2, 3}},
		{"one who does not fit pays all the same", "eva", `{"language":"de"}`, "german", []int32{1, 2, 4}},
		{"no rotation on the way", "dana", `{"country":"US"}`, "", nil},
		{"no member anywhere", "ben", `{"country":"FR"}`, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := planner.Plan(routing.Input{
				Facts: facts(t, tt.facts), At: monday, First: &routing.First{Rep: tt.rep, Code: routing.Commanded},
			})
			require.Len(t, p.Steps, 2)
			require.Equal(t, ledger.Review, p.Steps[1].End)
			step := p.Steps[0]
			require.Equal(t, []any{tt.book, tt.among, tt.book == "german"}, []any{step.Book, step.Among, step.ByValue})
			require.Len(t, step.Members, 1)
		})
	}
}
