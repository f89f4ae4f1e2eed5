package policy_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files reads the files of an example.
func files(t testing.TB, name string) map[string][]byte {
	out := map[string][]byte{}
	entries, err := os.ReadDir(filepath.Join(examples, name))
	require.NoError(t, err)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(examples, name, e.Name()))
		require.NoError(t, err)
		out[e.Name()] = data
	}
	return out
}

func pool(t testing.TB, p *policy.Policy, name string) *policy.Pool {
	i := slices.IndexFunc(p.Pools, func(pool *policy.Pool) bool { return pool.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return p.Pools[i]
}

func ids(p *policy.Policy, members []int32) []string {
	var out []string
	for _, i := range members {
		out = append(out, p.Reps[i].ID)
	}
	return out
}

func idsOf(p *policy.Policy, set policy.Set) []string {
	var out []string
	for i := range p.Reps {
		if set.Has(int32(i)) {
			out = append(out, p.Reps[i].ID)
		}
	}
	return out
}

func TestTamarisk(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	require.Equal(t, "2026-11", p.Version)
	require.Len(t, p.Reps, 40)
	require.Len(t, p.Teams, 5)
	require.Len(t, p.Tests, 26)

	jonas, ok := p.Rep("jonas")
	require.True(t, ok)
	rep := p.Reps[jonas]
	require.Equal(t, "Jonas Weber", rep.Name)
	require.Equal(t, "emea", rep.Team.Name)
	require.Equal(t, "berlin", rep.Calendar.Name)
	require.Equal(t, "petra", p.Reps[rep.Backup].ID)
	require.Equal(t, []string{"de", "en"}, rep.Columns["language"])
	require.Equal(t, ledger.Caps{Open: 25, Day: 6, OpenValue: 90_000_000}, rep.Caps)
	require.Equal(t, "marek", p.Reps[rep.Team.Manager].ID)

	specialists := pool(t, p, "specialists")
	require.Equal(t, "closers", specialists.Book)
	require.Len(t, specialists.Members, 15)
	require.Equal(t, ledger.LeastLoaded, pool(t, p, "sdr").Pick)
	require.True(t, pool(t, p, "senior").ByValue)
	require.Equal(t, "senior", pool(t, p, "senior").Book)
}

func TestRulesAreCompiled(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	strategic := p.Rules[2]
	require.Equal(t, "strategic", strategic.Path)
	require.Equal(t, "key", strategic.Route.SLA.Name)
	kinds := func(route policy.Route) []policy.Kind {
		var out []policy.Kind
		for _, d := range route.To {
			out = append(out, d.Kind)
		}
		return out
	}
	require.Equal(t, []policy.Kind{policy.ToOwner, policy.ToBackup, policy.ToReview}, kinds(strategic.Route))
	require.Equal(t, &policy.Lift{Full: true, OffShift: true}, strategic.Route.To[0].EvenIf)

	customer := p.Rules[3]
	require.Equal(t, []policy.Kind{policy.ToOwner, policy.ToBackup, policy.ToPool, policy.ToWait}, kinds(customer.Route),
		"a list without an end closes with wait")
	table := p.Rules[6].Table
	require.Equal(t, []string{"intent", "fit"}, table.Names)
	require.Equal(t, "deals", table.Rows[0].Route.Use.Name)
	require.Equal(t, "deals", table.Rows[1].Route.OnQualified.Name)
	require.True(t, table.Rows[2].Route.EvenIf.OffShift)
	require.True(t, table.Rows[4].Route.Watch)

	deals := p.Rulesets[0]
	require.Equal(t, "deals/specialist", deals.Rules[0].Path)
	large := deals.Rules[1].Table.Rows[2]
	require.Equal(t, 5*time.Minute, *large.Route.Hold)
	require.True(t, large.Route.OwnsAccount)
}

func TestSLAs(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	bySLA := map[string]*policy.SLA{}
	for _, s := range p.SLAs {
		bySLA[s.Name] = s
	}
	demo := bySLA["demo"]
	require.True(t, demo.Business)
	require.Equal(t, policy.Span{Rest: 15 * time.Minute}, demo.Contacted.Target)
	require.Equal(t, []policy.Action{policy.Rewalk, policy.TellManager}, demo.Contacted.Stages[0].Do)
	require.Equal(t, policy.Span{Days: 1}, bySLA["key"].Contacted.Stages[1].After)
	require.False(t, bySLA["event"].Business, "the preset runs around the clock")
	require.Equal(t, policy.Span{Rest: 72 * time.Hour}, bySLA["event"].Contacted.Stages[0].After)
	require.Equal(t, policy.Span{Days: 5}, bySLA["other"].Contacted.Target)
	require.Equal(t, policy.Span{Rest: 4 * time.Hour}, bySLA["high_intent"].Contacted.Target, "a preset is an SLA of its own")
}

func TestDerivedNames(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	b := p.Bind(germanFinance(), monday)
	want := map[string]any{
		"customer": nil, "vip": false, "regulated": true, "junk": false, "segment": "mid", "tier": "large", "value": 80000.0,
		"fit": "strong", "intent": "high", "score": int64(155), "territory": "dach", "geo": "emea", "account.owner": nil,
	}
	for name, w := range want {
		got, known := b.Value(name)
		require.Equal(t, w, got, name)
		require.Equal(t, w != nil, known, name)
	}
	amount, ok := b.Amount()
	require.True(t, ok)
	require.EqualValues(t, 8_000_000, amount)
	require.Equal(t, []int{0, 1, 2}, p.Score.Fit.Held(b))
	require.EqualValues(t, 80, p.Score.Intent.Points(b))
}

func TestUnknownHasNoBandAndNoPoints(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	b := p.Bind(lead.Facts{"source": "demo_request", "country": "US"}, monday)
	for _, name := range []string{"segment", "tier", "value", "regulated"} {
		_, known := b.Value(name)
		require.False(t, known, name)
	}
	require.Equal(t, "high, weak", p.Rules[6].Table.Find(b).Key, "unknown size is not small")
	require.Equal(t, "any", p.Rulesets[0].Rules[1].Table.Find(b).Key, "any takes what has no band")
}

func TestIntentOfTheLeadWins(t *testing.T) {
	t.Parallel()
	b := tamarisk(t).Bind(lead.Facts{"source": "demo_request", "intent": "low"}, monday)
	require.Equal(t, "low", b.Text("intent"))
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	for unit, want := range map[string]int64{"": 1_000_00, "EUR": 1_000_00, "USD": 920_00} {
		facts := lead.Facts{"deal_value": 1000.0}
		if unit != "" {
			facts["currency"] = unit
		}
		amount, ok := p.Bind(facts, monday).Amount()
		require.True(t, ok)
		require.Equal(t, want, amount, unit)
	}
	_, ok := p.Bind(lead.Facts{"deal_value": 1000.0, "currency": "JPY"}, monday).Amount()
	require.False(t, ok, "no rate, no value")
	amount, _ := p.Bind(lead.Facts{"deal_value": 1e15}, monday).Amount()
	require.EqualValues(t, ledger.MaxValue, amount)
}

func TestTablesTakeTheMostSpecificRow(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	cases := []struct {
		facts lead.Facts
		want  string
	}{
		{lead.Facts{"country": "DE"}, "dach"},
		{lead.Facts{"country": "DE", "region": "Bayern"}, "dach-south"},
		{lead.Facts{"country": "DE", "region": "Hessen"}, "dach"},
		{lead.Facts{"country": "US", "postal_code": "10001"}, "nyc"},
		{lead.Facts{"country": "US", "postal_code": "10901"}, "east"},
		{lead.Facts{"country": "US", "postal_code": "1"}, "us-other"},
		{lead.Facts{"country": "US", "region": "TX", "postal_code": "90001"}, "south"},
		{lead.Facts{"country": "XX"}, ""},
		{lead.Facts{}, ""},
	}
	for _, c := range cases {
		require.Equal(t, c.want, p.Bind(c.facts, monday).Text("territory"), "%v", c.facts)
	}
	require.Equal(t, "emea", p.Bind(lead.Facts{"timezone": "Europe/Oslo"}, monday).Text("geo"))
}

func TestTablesFillOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	b := p.Bind(lead.Facts{"company.domain": "weber-bank.example", "account.owner": "klara"}, monday)
	require.Equal(t, "klara", b.Text("account.owner"))
	strategic, known := b.Value("account.strategic")
	require.True(t, known)
	require.Equal(t, true, strategic)
}

func TestAxes(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	axis := func(name string) *policy.Axis {
		for _, pool := range p.Pools {
			for _, a := range pool.Match {
				if a.Name == name {
					return a
				}
			}
		}
		return nil
	}
	covers := func(name string, facts lead.Facts) []string {
		set, asked := axis(name).Covers(p.Bind(facts, monday))
		require.True(t, asked)
		return idsOf(p, set)
	}
	german := covers("language", lead.Facts{"language": "de"})
	require.Contains(t, german, "jonas")
	require.NotContains(t, german, "marek")
	require.Equal(t, german, covers("language", lead.Facts{"language": "de-AT"}), "de covers de-AT")
	require.Equal(t, []string{"dana"}, covers("product", lead.Facts{"product": "nothing we sell"}), "any covers all")
	require.Equal(t, []string{"petra", "felix"}, reverse(covers("territory", lead.Facts{"country": "DE"})))
	require.Equal(t, []string{"felix", "jonas", "klara", "petra"}, covers("territory", lead.Facts{"country": "AT"}),
		"dach covers dach-south")
	require.Empty(t, covers("company.industry", lead.Facts{"company.industry": "mining"}))
	_, asked := axis("language").Covers(p.Bind(lead.Facts{}, monday))
	require.False(t, asked, "what is not known asks nothing")
}

func reverse(s []string) []string {
	slices.Reverse(s)
	return s
}

func TestGuards(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	_, speaks := p.Guards[0].Allows(p.Bind(germanFinance(), monday))
	require.False(t, speaks)
	allowed, speaks := p.Guards[0].Allows(p.Bind(lead.Facts{"country": "DE", "company.industry": "health"}, monday))
	require.True(t, speaks)
	for i := range p.Reps {
		require.Equal(t, slices.Contains(p.Reps[i].Columns["geo"], "emea"), allowed.Has(int32(i)), p.Reps[i].ID)
	}
}

func TestGuardOverLeadAndRep(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
policy: guarded
reps: {ana: {language: es pt, level: senior}, ben: {language: en}, carl: {}}
guards:
  - {name: tongue, then: 'language in rep.language || rep.level == "senior" && rep.weight == 1'}
rules:
  - {name: rest, to: all}
`)})
	require.NoError(t, issues.Err())
	allowed := func(facts lead.Facts) []string {
		set, speaks := p.Guards[0].Allows(p.Bind(facts, monday))
		require.True(t, speaks)
		return idsOf(p, set)
	}
	require.Equal(t, []string{"ana", "ben"}, allowed(lead.Facts{"language": "en"}))
	require.Equal(t, []string{"ana"}, allowed(lead.Facts{"language": "es"}))
	require.Equal(t, []string{"ana"}, allowed(lead.Facts{}), "unknown forbids")
}

func TestUsesNamesWhatADecisionKeeps(t *testing.T) {
	t.Parallel()
	uses := tamarisk(t).Uses()
	require.True(t, slices.IsSorted(uses))
	for _, name := range []string{"account.owner", "account.status", "company.domain", "country", "currency", "deal_value", "duplicate", "intent", "language", "postal_code", "tags"} {
		require.Contains(t, uses, name)
	}
	personal := map[string]bool{}
	for _, n := range lead.Names() {
		personal[n.Name] = n.Personal
	}
	for _, name := range uses {
		known, ok := lead.Lookup(name)
		require.True(t, ok, name)
		require.False(t, known.Personal, name)
	}
}

// A binding reads only what Uses names: the rest of the facts changes nothing.
func TestUsesIsComplete(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	full := germanFinance()
	kept := maps.Clone(full)
	maps.DeleteFunc(kept, func(name string, _ any) bool { return !slices.Contains(p.Uses(), name) })
	a, b := p.Bind(full, monday), p.Bind(kept, monday)
	for _, r := range p.Rules {
		require.Equal(t, r.When.Eval(a), r.When.Eval(b), r.Name)
	}
	require.Less(t, len(kept), len(full))
}

func TestTestsAreParsed(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	full := p.Tests[1]
	require.JSONEq(t, `{"source":"demo_request","country":"DE","language":"de","deal_value":80000,"seniority":"vp",
		"company":{"employees":800,"industry":"finance"}}`, string(full.Lead))
	require.Equal(t, []string{"jonas", "petra"}, ids(p, full.Given.Full))
	require.Equal(t, "waiting", full.Expect[1].Want[0])
	require.Equal(t, policy.Span{Rest: 5 * time.Minute}, full.Then[0].After)
	require.True(t, full.Then[0].Expect[1].IsList)
	require.Equal(t, []string{"territory"}, full.Then[0].Expect[1].Want)

	turns := p.Tests[3]
	require.Equal(t, 20, turns.Count)
	require.Len(t, turns.Expect[0].Share, 2)
	require.Equal(t, 10, turns.Expect[0].Share[0].Want)
	story := p.Tests[4].Then[1]
	require.Equal(t, ledger.Rejected, story.Do)
	require.Equal(t, "wrong_language", story.Reason)
}

// The order of files, of reps in CSV and of rows in tables changes no decision.
func TestOrderOfRowsChangesNothing(t *testing.T) {
	t.Parallel()
	source := files(t, "tamarisk")
	want := tamarisk(t)
	rapid.Check(t, func(t *rapid.T) {
		shuffled := maps.Clone(source)
		for _, name := range []string{"reps.csv", "territories.csv", "named.csv"} {
			lines := strings.SplitAfter(strings.TrimSuffix(string(source[name]), "\n")+"\n", "\n")
			rows := rapid.Permutation(lines[1:len(lines)-1]).Draw(t, name)
			shuffled[name] = []byte(lines[0] + strings.Join(rows, ""))
		}
		got, issues := policy.Parse(shuffled)
		require.NoError(t, issues.Err())
		require.Equal(t, want.Roster(monday), got.Roster(monday))
		require.Equal(t, want.Shift(monday), got.Shift(monday))
		for i := range want.Pools {
			require.Equal(t, want.Pools[i].Members, got.Pools[i].Members)
		}
		facts := leads(t)
		a, b := want.Bind(facts, monday), got.Bind(facts, monday)
		for _, name := range []string{"territory", "geo", "fit", "intent", "score", "tier"} {
			x, _ := a.Value(name)
			y, _ := b.Value(name)
			require.Equal(t, x, y, name)
		}
	})
}

func TestHashNamesTheContent(t *testing.T) {
	t.Parallel()
	source := files(t, "tamarisk")
	loaded := tamarisk(t)
	parsed, issues := policy.Parse(source)
	require.NoError(t, issues.Err())
	require.Equal(t, loaded.Hash, parsed.Hash, "a folder and its files are the same")
	require.Len(t, parsed.Hash, 64)

	source["leads.csv"] = []byte("not of the policy")
	same, _ := policy.Parse(source)
	require.Equal(t, parsed.Hash, same.Hash, "files that nothing names do not count")
	for _, name := range []string{"policy.yaml", "tests.yaml", "reps.csv", "territories.csv"} {
		changed := maps.Clone(source)
		changed[name] = bytes.Replace(source[name], []byte("\n"), []byte(" \n"), 1)
		other, issues := policy.Parse(changed)
		require.NoError(t, issues.Err())
		require.NotEqual(t, parsed.Hash, other.Hash, name)
	}
}

func TestFilesOfAFolderAreOnePolicy(t *testing.T) {
	t.Parallel()
	source := map[string][]byte{
		"a.yaml":  []byte("policy: split\nreps: {ana: {}}\nrules:\n  - {name: us, use: us}\ntests:\n  - {name: one, lead: {country: US}, expect: {rep: ana}}\n"),
		"us.yaml": []byte("reps: {ben: {}}\nrulesets:\n  us:\n    - {name: rest, to: all}\ntests:\n  - {name: two, lead: {country: US}, expect: {rep: ben}}\n"),
	}
	p, issues := policy.Parse(source)
	require.NoError(t, issues.Err())
	require.Equal(t, []string{"one", "two"}, []string{p.Tests[0].Name, p.Tests[1].Name})
	require.Len(t, p.Reps, 2)
}

func TestRuleInTime(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
policy: staged
reps: {ana: {}}
rules:
  - {name: fair, from: 2026-11-23, until: 2026-11-24, mode: shadow, why: the trade fair, to: ana}
  - {name: rest, to: all}
`)})
	require.NoError(t, issues.Err())
	fair := p.Rules[0]
	require.True(t, fair.Shadow)
	require.Equal(t, "the trade fair", fair.Why)
	require.True(t, fair.Active(monday))
	require.True(t, fair.Active(monday.AddDate(0, 0, 1)), "the last day is included")
	require.False(t, fair.Active(monday.AddDate(0, 0, 2)))
	require.False(t, fair.Active(monday.AddDate(0, 0, -1)))
	require.True(t, p.Rules[1].Active(monday))
}

func TestSettingsOfTheInnermostWin(t *testing.T) {
	t.Parallel()
	five, ten := 5*time.Minute, 10*time.Minute
	inner := policy.Settings{Hold: &five, Relax: []*policy.Axis{}}
	outer := policy.Settings{Hold: &ten, Relax: []*policy.Axis{{Name: "geo"}}, EvenIf: &policy.Lift{Full: true}}
	got := inner.Or(outer)
	want := policy.Settings{Hold: &five, Relax: []*policy.Axis{}, EvenIf: &policy.Lift{Full: true}}
	require.Empty(t, cmp.Diff(want, got, cmp.AllowUnexported(policy.Axis{})))
}

// Teams, reps and all are destinations as pools are.
func TestWhoADestinationIs(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
policy: who
reps:
  ana: {team: north, level: senior, skill: [red wine, beer]}
  ben: {team: south, level: junior, skill: beer}
  carl: {team: north, skill: any}
pools:
  order: {who: [carl, ana], pick: ranked}
  seniors: {who: {level: [senior, junior], team: north}}
  brewers: {who: {skill: beer}}
rules:
  - {name: a, when: test, to: [order, seniors, brewers, north, ben, next]}
  - {name: rest, to: all}
`)})
	require.NoError(t, issues.Err())
	members := map[string][]string{}
	for _, d := range append(p.Rules[0].Route.To, p.Rules[1].Route.To...) {
		if d.Pool != nil {
			members[d.Name] = ids(p, d.Pool.Members)
		}
	}
	require.Equal(t, map[string][]string{
		"order": {"carl", "ana"}, "seniors": {"ana"}, "brewers": {"ana", "ben", "carl"},
		"north": {"ana", "carl"}, "ben": {"ben"}, "all": {"ana", "ben", "carl"},
	}, members)
	books := map[string]string{}
	for _, d := range p.Rules[0].Route.To {
		if d.Pool != nil {
			books[d.Name] = d.Pool.Book
		}
	}
	require.Equal(t, map[string]string{"order": "order", "seniors": "seniors", "brewers": "brewers", "north": "team:north", "ben": ""}, books)
	require.Equal(t, []string{"red wine", "beer"}, p.Reps[0].Columns["skill"], "a list in YAML is not split at blanks")
}
