package routing_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/routing"
)

// sample is a policy drawn at random, in parts that can be put together anew.
type sample struct {
	reps, pools, rules []string
	guard              string
	reassign           string
}

var (
	languages  = []string{"de", "en", "pl"}
	industries = []string{"finance", "health"}
	countries  = []string{"DE", "PL", "US"}
)

func drawPolicy(t *rapid.T) sample {
	var s sample
	list := func(name string, of []string) string {
		return "[" + strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID).Draw(t, name), ", ") + "]"
	}
	for i := range rapid.IntRange(2, 12).Draw(t, "reps") {
		s.reps = append(s.reps, fmt.Sprintf("  r%02d: {level: %s, language: %s, industry: %s, country: %s, calendar: %s}",
			i, rapid.SampledFrom([]string{"senior", "junior"}).Draw(t, "level"), list("language", append(languages, "any")),
			list("industry", industries), list("country", countries), rapid.SampledFrom([]string{"day", "night"}).Draw(t, "calendar")))
	}
	axes := []string{"language", "company.industry", "country"}
	for i := range 3 {
		match := rapid.SliceOfNDistinct(rapid.SampledFrom(axes), 0, 3, rapid.ID).Draw(t, "match")
		relax := match[:rapid.IntRange(0, len(match)).Draw(t, "relax")]
		s.pools = append(s.pools, fmt.Sprintf("  p%d: {who: %s, pick: %s, match: [%s], relax: [%s]}", i,
			rapid.SampledFrom([]string{"all", "{level: senior}", "{level: junior}", "[r01, r00]"}).Draw(t, "who"),
			rapid.SampledFrom([]string{"round_robin", "least_loaded", "ranked"}).Draw(t, "pick"),
			strings.Join(match, ", "), strings.Join(relax, ", ")))
	}
	to := rapid.SampledFrom([]string{
		"p0", "p1", "p2", "all", "r00", "owner", "backup", "last_owner", "company_owner", "{to: p1, relax: []}",
		"{to: p0, even_if: [off_shift]}", "{to: p2, hold: 10m}", "{to: all, even_if: [full]}",
	})
	for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
		end := rapid.SampledFrom([]string{"", ", next", ", review", ", nurture"}).Draw(t, "end")
		s.rules = append(s.rules, fmt.Sprintf("  - {name: x%d, when: '%s', to: [%s%s]}", i, rapid.SampledFrom(conditions).Draw(t, "when"),
			strings.Join(rapid.SliceOfN(to, 1, 3).Draw(t, "to"), ", "), end))
	}
	s.guard = rapid.SampledFrom([]string{"", "guards: [{name: g, when: country == \"DE\", then: '\"de\" in rep.language'}]"}).Draw(t, "guard")
	s.reassign = rapid.SampledFrom([]string{"", "reassign: {past_owners: last, max_owners: 3}"}).Draw(t, "reassign")
	return s
}

// conditions each ask for one name, the one of the same position in asked.
var (
	conditions = []string{
		`country == "DE"`, `!(country == "DE")`, `company.employees >= 50`, `!(company.employees >= 50)`,
		`company.industry in ["finance"]`, `language != "en"`, `deal_value * 2.0 > 100.0`, `email_free`,
	}
	asked = []string{
		"country", "country", "company.employees", "company.employees", "company.industry", "language", "deal_value", "email_free",
	}
)

func (s sample) text() string {
	parts := []string{
		"calendars: {day: {zone: UTC, hours: Mon-Fri 08:00-18:00}, night: {zone: UTC, hours: Mon-Fri 18:00-02:00}}",
		"reps:", strings.Join(s.reps, "\n"), "pools:", strings.Join(s.pools, "\n"), s.guard, s.reassign,
		"rules:", strings.Join(s.rules, "\n"),
	}
	return strings.Join(parts, "\n") + "\n"
}

func (s sample) planner(t failer) *routing.Planner { return planner(t, s.text()) }

func drawInput(t *rapid.T) routing.Input {
	f := lead.Facts{"id": "L-1", "test": false, "bulk": false}
	maybe := func(name string, v any) {
		if rapid.Bool().Draw(t, name) {
			f[name] = v
		}
	}
	maybe("language", rapid.SampledFrom(append(languages, "de-AT", "fr")).Draw(t, "language value"))
	maybe("company.industry", rapid.SampledFrom(append(industries, "law")).Draw(t, "industry value"))
	maybe("country", rapid.SampledFrom(append(countries, "FR")).Draw(t, "country value"))
	maybe("company.employees", rapid.Int64Range(0, 100).Draw(t, "employees value"))
	maybe("deal_value", rapid.Float64Range(0, 100).Draw(t, "deal value"))
	maybe("email_free", rapid.Bool().Draw(t, "free value"))
	maybe("account.owner", rapid.SampledFrom([]string{"r00", "gone"}).Draw(t, "owner value"))
	rep := rapid.SampledFrom([]string{"", "r00", "r01", "r05", "gone"})
	in := routing.Input{
		Facts: f, At: monday.Add(time.Duration(rapid.IntRange(0, 7*24).Draw(t, "hour")) * time.Hour),
		LastOwner: rep.Draw(t, "last"), CompanyOwner: rep.Draw(t, "company"),
		Waited: time.Duration(rapid.IntRange(0, 30).Draw(t, "waited")) * time.Minute,
	}
	if rapid.Bool().Draw(t, "some are absent") {
		in.Absent = drawAbsent(t)
	}
	if rapid.Bool().Draw(t, "moved") {
		in.Past = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"r00", "r01", "r02"}), 1, 3, rapid.ID).Draw(t, "past")
		in.Left = rapid.SliceOfN(rapid.SampledFrom([]string{"r03", "r04"}), 0, 2).Draw(t, "left")
	}
	return in
}

// record is a plan's draft and steps with members by id, its policy's hash left out.
func record(t failer, p *routing.Plan) string {
	t.Helper()
	d := p.Draft()
	d.Policy.Hash = ""
	raw, err := d.Encode()
	require.NoError(t, err)
	var steps []string
	for _, s := range p.Steps {
		line := fmt.Sprintf("%s %s %v %v %s %s", s.Pick, s.Book, s.ByValue, s.LiftFull, s.Outcome, s.End)
		for _, m := range s.Members {
			line += " " + p.Roster.Reps[m].ID
		}
		for _, m := range s.Among {
			line += " among " + p.Roster.Reps[m].ID
		}
		steps = append(steps, line)
	}
	return string(raw) + "\n" + strings.Join(steps, "\n")
}

// TestSameInputsSamePlan: whatever a planner remembers changes nothing.
func TestSameInputsSamePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawPolicy(t)
		used, inputs := s.planner(t), rapid.SliceOfN(rapid.Custom(drawInput), 2, 4).Draw(t, "inputs")
		for _, in := range inputs {
			first := record(t, used.Plan(in))
			require.Equal(t, first, record(t, used.Plan(in)))
			require.Equal(t, first, record(t, s.planner(t).Plan(in)))
		}
	})
}

// TestOrderOfReps: in which order the reps are written changes nothing.
func TestOrderOfReps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, in := drawPolicy(t), drawInput(t)
		want := record(t, s.planner(t).Plan(in))
		s.reps = rapid.Permutation(s.reps).Draw(t, "order")
		require.Equal(t, want, record(t, s.planner(t).Plan(in)))
	})
}

// TestRuleThatCannotMatch: adding one changes nothing, wherever it stands.
func TestRuleThatCannotMatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, in := drawPolicy(t), drawInput(t)
		// Both policies ask for the same names: the draft keeps what is asked for.
		ask := "  - {name: ask, mode: shadow, when: 'company.name == \"-\"', to: review}"
		s.rules = append(s.rules, ask)
		want := record(t, s.planner(t).Plan(in))
		never := "  - {name: never, when: 'company.name == \"nobody\"', to: [all]}"
		s.rules = slices.Insert(s.rules, rapid.IntRange(0, len(s.rules)-1).Draw(t, "place"), never)
		require.Equal(t, want, record(t, s.planner(t).Plan(in)))
	})
}

// TestRelaxingNeverNarrows: whoever is in at one level is in at the next.
func TestRelaxingNeverNarrows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t).planner(t).Plan(drawInput(t))
		var before routing.Tried
		for i, try := range p.Explain().Tries {
			if i > 0 && try.Level > 0 {
				require.Greater(t, len(try.Relaxed), len(before.Relaxed))
				for _, rep := range before.In {
					require.Contains(t, try.In, rep)
				}
			}
			before = try
		}
	})
}

// TestGuardAtEveryLevel: whatever is relaxed or overlooked, at whatever level and
// among past owners too, a guard is not.
func TestGuardAtEveryLevel(t *testing.T) {
	t.Parallel()
	levels := map[bool]int{} // steps, by whether something was relaxed
	rapid.Check(t, func(t *rapid.T) {
		s, in := drawPolicy(t), drawInput(t)
		s.guard = `guards: [{name: g, when: country == "DE", then: '"de" in rep.language'}]`
		in.Facts["country"], in.Facts["language"] = "DE", "pl"
		in.At = monday
		// However the rest is drawn, somebody is asked who speaks both, then who speaks one.
		s.reps = append(s.reps, "  both: {level: senior, language: [de, pl], industry: [], country: []}")
		s.pools = append(s.pools, "  g: {who: all, match: [language], relax: [language]}")
		s.rules = append([]string{"  - {name: x, when: 'country == \"DE\"', to: [g]}"}, s.rules...)
		pl := s.planner(t)
		p := pl.Plan(in)
		for i, step := range p.Steps {
			for _, m := range step.Members {
				require.Contains(t, pl.Policy().Reps[m].Columns["language"], "de")
			}
			if len(step.Members) > 0 {
				levels[len(p.Draft().Steps[i].Relaxed) > 0]++
			}
		}
	})
	require.Positive(t, levels[true], "some steps leave something out")
	require.Positive(t, levels[false])
}

// TestWhoMustNotHaveIt: no step offers a lead to somebody whom a guard forbids, who
// has left, or who had it before others are asked; and everybody fits what the
// step did not leave out.
func TestWhoMustNotHaveIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, in := drawPolicy(t), drawInput(t)
		pl := s.planner(t)
		p := pl.Plan(in)
		d := p.Draft()
		for i, step := range p.Steps {
			for _, m := range step.Members {
				rep := pl.Policy().Reps[m]
				if s.guard != "" && in.Facts["country"] == "DE" {
					require.Contains(t, rep.Columns["language"], "de", "the guard")
				}
				require.NotContains(t, in.Left, rep.ID)
				had := slices.Contains(in.Past, rep.ID)
				require.Equal(t, d.Steps[i].Past, had)
				for _, axis := range d.Steps[i].Match {
					at := slices.IndexFunc(d.Asked, func(a routing.Asked) bool { return a.Axis == axis })
					requireCovers(t, rep.Columns[axis[strings.LastIndexByte(axis, '.')+1:]], d.Asked[at].Value)
				}
			}
		}
	})
}

// requireCovers is written apart from the code it checks.
func requireCovers(t failer, column []string, value string) {
	t.Helper()
	prefix, _, _ := strings.Cut(value, "-")
	for _, v := range column {
		if v == "any" || v == value || v == prefix {
			return
		}
	}
	require.Fail(t, "not covered", "%s by %v", value, column)
}

// TestUnknownNeverMatches: a rule that asks for what the lead lacks does not take it.
func TestUnknownNeverMatches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		p := drawPolicy(t).planner(t).Plan(in)
		for _, v := range p.Path() {
			name := asked[slices.Index(conditions, v.Rule.When.Source)]
			_, known := in.Facts[name]
			require.Equal(t, !known, v.Fate == routing.Unknown, "%s asks for %s", v.Rule.When.Source, name)
			if !known {
				require.NotEqual(t, routing.Matched, v.Fate)
			}
		}
	})
}

// TestIndexChangesNothing: among many rules a plan meets those alone that can match;
// they are the ones that hold when every rule is asked.
func TestIndexChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawPolicy(t)
		for i := range rapid.IntRange(0, 40).Draw(t, "more rules") {
			rule := fmt.Sprintf("  - {name: y%d, when: '%s && %s', to: [p0, next]}", i,
				rapid.SampledFrom(conditions).Draw(t, "when"), rapid.SampledFrom(conditions).Draw(t, "and"))
			if rapid.Bool().Draw(t, "shadow") {
				rule = strings.Replace(rule, "{name", "{mode: shadow, name", 1)
			}
			s.rules = slices.Insert(s.rules, rapid.IntRange(0, len(s.rules)).Draw(t, "place"), rule)
		}
		p := s.planner(t).Plan(drawInput(t))
		var held []string
		for _, v := range p.Path() {
			if v.Fate != routing.No && v.Fate != routing.Unknown && v.Fate != routing.Resting {
				held = append(held, v.Rule.Path)
			}
		}
		var met []string
		for _, v := range p.Visits {
			met = append(met, v.Rule.Path)
		}
		require.Equal(t, held, met)
	})
}

// TestEveryPlanCanBeGranted: the ledger takes every plan, and what it grants is
// decided, the same after a detour through JSON.
func TestEveryPlanCanBeGranted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pl, o := drawPolicy(t).planner(t), newOffice()
		for i := range 5 {
			in := drawInput(t)
			p := pl.Plan(in)
			a, draft, g := o.take(t, fmt.Sprintf("L-%d", i), p)
			again, err := routing.Decide(draft, g)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(a, again))
			plain, err := json.Marshal(p.Draft())
			require.NoError(t, err)
			require.Equal(t, string(plain), string(draft), "the bytes of the standard library")
			require.NotEmpty(t, a.Reason)
			require.NotEmpty(t, a.ReasonCode)
			var d routing.Draft
			require.NoError(t, json.Unmarshal(draft, &d))
			second, err := pl.Plan(d.Input()).Draft().Encode()
			require.NoError(t, err)
			require.Equal(t, string(draft), string(second), "planned again from the draft")
		}
	})
}
