package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// monday is an instant at which people are at work in Europe.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// condition compiles one condition in a small policy.
func condition(t require.TestingT, source string) (*policy.Policy, *policy.Cond) {
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": fmt.Appendf(nil, `
policy: conditions
reps: {ana: {}}
define: {large: company.employees > 500, german: language == "de"}
rules:
  - {name: asked, when: '%s', to: [ana, next]}
`, strings.ReplaceAll(source, "'", "''"))})
	require.NoError(t, issues.Err(), source)
	return p, p.Rules[0].When
}

// weber is a lead of which much is known, but not its region.
func weber() lead.Facts {
	return lead.Facts{
		"country": "DE", "company.employees": int64(800), "deal_value": 80000.5, "email_free": false,
		"tags": []string{"vip", "new"}, "company.name": "Weber Bank", "attributes.seats": int64(12), "attributes.plan": "pro",
		"attributes.ratio": 0.5, "created_at": "2026-11-20T08:00:00Z", "language": "de",
	}
}

// asked is a condition and its answer for weber.
type asked struct {
	source string
	want   policy.Truth
}

// requireAnswers asks the closures and the interpreter.
func requireAnswers(t *testing.T, cases []asked) {
	t.Helper()
	for _, c := range cases {
		p, when := condition(t, c.source)
		b := p.Bind(weber(), monday)
		require.Equal(t, c.want, when.Eval(b), c.source)
		require.Equal(t, c.want, when.Interpret(b), c.source)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	requireAnswers(t, []asked{
		{`country == "DE"`, policy.True},
		{`country != "DE"`, policy.False},
		{`country in ["DE", "AT"]`, policy.True},
		{`!(country in ["DE", "AT"])`, policy.False},
		{`company.employees > 500`, policy.True},
		{`company.employees > 799.5`, policy.True},
		{`deal_value >= 80000`, policy.True},
		{`value == 80000.5`, policy.True},
		{`large && german`, policy.True},
		{`email_free`, policy.False},
		{`!email_free`, policy.True},
		{`company.employees + 200 == 1000`, policy.True},
		{`country == "DE" ? large : email_free`, policy.True},
		{`true`, policy.True},
	})
}

// TestConditionsOnWhatIsMissing: unknown is no match, nor is its negation.
func TestConditionsOnWhatIsMissing(t *testing.T) {
	t.Parallel()
	requireAnswers(t, []asked{
		{`region == "Bayern"`, policy.Unknown},
		{`region != "Bayern"`, policy.Unknown},
		{`!(region == "Bayern")`, policy.Unknown},
		{`region in ["Bayern"]`, policy.Unknown},
		{`region == "Bayern" || country == "DE"`, policy.True},
		{`country == "DE" || region == "Bayern"`, policy.True},
		{`region == "Bayern" && country == "FR"`, policy.False},
		{`region == "Bayern" && country == "DE"`, policy.Unknown},
		{`known(region)`, policy.False},
		{`known(country) && !known(account.owner)`, policy.True},
		{`known(region == "x")`, policy.False},
		{`email_disposable`, policy.Unknown},
		{`region.startsWith("B")`, policy.Unknown},
		{`company.employees / 0 == 1`, policy.Unknown},
		{`region == "x" ? true : true`, policy.Unknown},
	})
}

// TestConditionsOnTextsAndLists: methods of texts, loops over lists, instants.
func TestConditionsOnTextsAndLists(t *testing.T) {
	t.Parallel()
	requireAnswers(t, []asked{
		{`"vip" in tags`, policy.True},
		{`"old" in tags`, policy.False},
		{`company.name.startsWith("Weber")`, policy.True},
		{`company.name.endsWith("Bank") && company.name.contains("er B")`, policy.True},
		{`company.name.matches("^W.*k$")`, policy.True},
		{`tags.exists(t, t.startsWith("v"))`, policy.True},
		{`size(tags) == 2`, policy.True},
		{`timestamp(created_at) < timestamp("2026-11-21T00:00:00Z")`, policy.True},
	})
}

// TestConditionsOnAttributes: a field of the author's own has the type it comes with.
func TestConditionsOnAttributes(t *testing.T) {
	t.Parallel()
	requireAnswers(t, []asked{
		{`attributes.seats >= 10`, policy.True},
		{`attributes.seats == "12"`, policy.False},
		{`attributes.plan == "pro"`, policy.True},
		{`attributes.other == "pro"`, policy.Unknown},
		{`attributes.plan > 5`, policy.Unknown},
		{`attributes.ratio * 2.0 == 1.0`, policy.True},
	})
}

func TestCommonFormsNeedNoInterpreter(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`country == "DE"`, `country in ["DE", "AT"]`, `"vip" in tags`, `!(email_free || known(account.owner))`,
		`value >= 10000 && company.employees < 50`, `company.domain.endsWith(".example")`, `large ? german : email_free`,
		`company.employees * 2 - 1 > 5`, `attributes.seats >= 100`,
	} {
		_, when := condition(t, source)
		require.True(t, when.Closed(), source)
	}
}

func TestMissingNamesTheFacts(t *testing.T) {
	t.Parallel()
	p, when := condition(t, `large && german && country == "DE" && value > 5`)
	b := p.Bind(lead.Facts{"country": "DE", "language": "de"}, monday)
	require.Equal(t, policy.Unknown, when.Eval(b))
	require.Equal(t, []string{"company.employees", "currency", "deal_value"}, when.Missing(b))
	require.Equal(t, []string{"large", "german", "country", "value"}, when.Names)
	require.Equal(t, []policy.Atom{
		{Name: "large", Values: []string{"true"}},
		{Name: "german", Values: []string{"true"}},
		{Name: "country", Values: []string{"DE"}},
	}, when.Atoms())
}

// leads draws facts of which any may be missing.
func leads(t *rapid.T) lead.Facts {
	f := lead.Facts{}
	maybe := func(name string, values ...any) {
		if v := rapid.SampledFrom(append(values, nil)).Draw(t, name); v != nil {
			f[name] = v
		}
	}
	maybe("country", "DE", "AT", "US")
	maybe("language", "de", "de-AT", "en")
	maybe("company.employees", int64(0), int64(49), int64(501), int64(1<<62))
	maybe("deal_value", 0.0, 9999.99, 10000.0, 5e11)
	maybe("email_free", true, false)
	maybe("tags", []string{"vip"}, []string{"a", "de"})
	maybe("attributes.seats", int64(5), 5.5, "five", true, []string{"x"})
	return f
}

// conditions draws the source of a condition out of the forms that have closures.
func conditions(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if depth == 0 {
			return atom(t)
		}
		sub := conditions(depth - 1)
		switch rapid.IntRange(0, 7).Draw(t, "form") {
		case 0:
			return "(" + sub.Draw(t, "a") + " && " + sub.Draw(t, "b") + ")"
		case 1:
			return "(" + sub.Draw(t, "a") + " || " + sub.Draw(t, "b") + ")"
		case 2:
			return "!(" + sub.Draw(t, "a") + ")"
		case 3:
			return "(" + sub.Draw(t, "a") + " ? " + sub.Draw(t, "b") + " : " + sub.Draw(t, "c") + ")"
		case 4:
			return "known(" + sub.Draw(t, "a") + ")"
		case 5:
			return "((" + sub.Draw(t, "a") + ") == (" + sub.Draw(t, "b") + "))"
		default:
			return atom(t)
		}
	})
}

func atom(t *rapid.T) string {
	texts := []string{"country", "language", "attributes.seats", `"DE"`, `"de"`}
	ints := []string{"company.employees", "5", "49", "-1", "(company.employees + 7)", "(company.employees * 4)", "(company.employees / 0)", "(company.employees % 7)", "-company.employees", "(company.employees - 3)"}
	doubles := []string{"deal_value", "value", "10000.0", "(deal_value / 0.0)", "(deal_value * 2.0)", "-deal_value"}
	numbers := append(append([]string{"attributes.seats"}, ints...), doubles...)
	draw := func(from []string) string { return rapid.SampledFrom(from).Draw(t, "operand") }
	switch rapid.IntRange(0, 8).Draw(t, "atom") {
	case 0:
		return draw(texts) + rapid.SampledFrom([]string{" == ", " != ", " < ", " >= "}).Draw(t, "op") + draw(texts)
	case 1:
		return draw(numbers) + rapid.SampledFrom([]string{" < ", " <= ", " > ", " >= "}).Draw(t, "op") + draw(numbers)
	case 2:
		return draw(texts) + ` in ["DE", "de", "five"]`
	case 3:
		return draw(texts) + " in tags"
	case 4:
		return draw(texts) + rapid.SampledFrom([]string{".startsWith", ".endsWith", ".contains"}).Draw(t, "m") + "(" + draw(texts) + ")"
	case 5:
		return "known(" + draw(append(texts, numbers...)) + ")"
	case 6: // CEL compares for equality within one type only
		same := rapid.SampledFrom([][]string{ints, doubles}).Draw(t, "type")
		return draw(same) + rapid.SampledFrom([]string{" == ", " != "}).Draw(t, "op") + draw(same)
	case 7:
		return draw([]string{"email_free", "large", "german", "true", "false"})
	default:
		return draw(ints) + " in [5, 49]"
	}
}

// The closures and CEL's own interpreter are two implementations of one meaning.
func TestClosuresAgreeWithCEL(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := conditions(3).Draw(t, "source")
		p, when := condition(t, source)
		require.True(t, when.Closed(), source)
		for range 8 {
			facts := leads(t)
			require.Equal(t, when.Interpret(p.Bind(facts, monday)), when.Eval(p.Bind(facts, monday)), "%s on %v", source, facts)
		}
	})
}

// What is not known matches neither a condition nor its negation.
func TestLogicHasThreeValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := conditions(1).Draw(t, "a"), conditions(1).Draw(t, "b")
		eval := func(source string, facts lead.Facts) policy.Truth {
			p, when := condition(t, source)
			return when.Eval(p.Bind(facts, monday))
		}
		facts := leads(t)
		x, y := eval(a, facts), eval(b, facts)
		require.Equal(t, x.Not(), eval("!("+a+")", facts))
		require.Equal(t, x.And(y), eval("("+a+") && ("+b+")", facts))
		require.Equal(t, x.Or(y), eval("("+a+") || ("+b+")", facts))
		require.Equal(t, policy.TruthOf(x != policy.Unknown), eval("known("+a+")", facts))
		require.Equal(t, x.And(y).Not(), x.Not().Or(y.Not()), "De Morgan")
		require.Equal(t, x, x.Not().Not())
	})
}
