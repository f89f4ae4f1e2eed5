package console_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/console"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/routing"
)

func explanation() routing.Explanation {
	no := func(value string) []routing.Barrier {
		return []routing.Barrier{{Code: routing.NotCovered, Data: value}}
	}
	return routing.Explanation{
		Path: []routing.PathEntry{
			{Rule: "junk", Fate: routing.No, Place: "policy.yaml:60"},
			{Rule: "customer", Fate: routing.Unknown, Missing: []string{"account.status"}, Place: "policy.yaml:62"},
			{Rule: "trial", Fate: routing.Shadow, Place: "policy.yaml:63"},
			{Rule: "intent-by-fit", Row: "high, strong", Fate: routing.Matched, Place: "policy.yaml:69"},
			{Rule: "deals/specialist", Fate: routing.Matched, Place: "policy.yaml:77"},
			{Rule: "deals/deal-size", Row: "large", Fate: routing.Matched, Place: "policy.yaml:83"},
		},
		Tries: []routing.Tried{
			{Rule: "deals/specialist", To: "vip", Step: -1, Out: []routing.Out{{Rep: "zoe", Reasons: []routing.Barrier{{Code: routing.OffShift}}}}},
			{
				Rule: "deals/specialist", To: "specialists", Step: 0, Relaxed: []string{"product"}, Unknown: []string{"geo"}, In: []string{"jonas", "petra"},
				Out: []routing.Out{{Rep: "marek", Reasons: no("de")}, {Rep: "klara", Reasons: no("finance")}, {Rep: "amelie", Reasons: no("de")}},
			},
			{Rule: "deals/deal-size", Row: "large", To: "senior", Step: 1, In: []string{"klara"}},
			{Rule: "deals/deal-size", Row: "large", To: "senior", Level: 1, Step: 2, In: []string{"klara", "marek"}},
		},
	}
}

func explained(t *testing.T, e routing.Explanation, d console.Decided) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, console.WriteExplanation(&b, e, d))
	return b.String()
}

func TestExplanationOfAnAssignment(t *testing.T) {
	t.Parallel()
	require.Equal(t, `  path  no: junk   unknown: customer (account.status)   shadow: trial
        intent-by-fit     row high, strong                                                             policy.yaml:69
        deals/specialist  vip: 0 in, 1 out; specialists: 2 in, 3 out, without product, not asked: geo  policy.yaml:77
  reps  jonas  picked
        petra  in
        out    vip: zoe off shift
        out    specialists: klara no finance; marek, amelie no de
  else  senior
`, explained(t, explanation(), console.Decided{Step: 0, Rep: "jonas"}))
}

// Where nobody has the lead, every destination was asked, and all are told.
func TestExplanationOfAnEnd(t *testing.T) {
	t.Parallel()
	text := explained(t, explanation(), console.Decided{Step: 3})
	require.Contains(t, text, "deals/deal-size")
	require.NotContains(t, text, "picked")
	require.NotContains(t, text, "else")
	require.Empty(t, explained(t, routing.Explanation{}, console.Decided{}))
}

func TestManyRepsAreCounted(t *testing.T) {
	t.Parallel()
	e := routing.Explanation{Tries: []routing.Tried{{Rule: "a", To: "all", Step: 0}}}
	for i := range 30 {
		e.Tries[0].In = append(e.Tries[0].In, fmt.Sprintf("in-%02d", i))
		e.Tries[0].Out = append(e.Tries[0].Out, routing.Out{Rep: fmt.Sprintf("out-%02d", i), Reasons: []routing.Barrier{{Code: routing.OffShift}, {Code: routing.PastOwner}}})
	}
	text := explained(t, e, console.Decided{Step: 0, Rep: "in-00"})
	require.Contains(t, text, "in-08  in\n")
	require.NotContains(t, text, "in-09")
	require.Contains(t, text, "+21    in\n")
	require.Contains(t, text, "out    30 off shift, had it before\n")
}

func TestHeadline(t *testing.T) {
	t.Parallel()
	value := 80_000.0
	l := lead.Lead{
		ID: "L-20418", Email: "karl@weber.example", LastName: "Weber", Company: lead.Company{Name: "Weber Bank"},
		Country: "DE", Language: "de", Source: "demo_request", DealValue: &value, Currency: "EUR",
	}
	require.Equal(t, "L-20418  Weber Bank, DE, de   demo_request   80,000 EUR", console.Headline(l))
	require.Equal(t, "L-1  -", console.Headline(lead.Lead{ID: "L-1"}))
}

func TestAmounts(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]float64{"0": 0, "999": 999, "1,000": 1000, "12,500.50": 12500.5, "9,000,000,000": 9e9, "-1,234": -1234, "-123": -123} {
		require.Equal(t, want, console.Amount(v))
	}
}

func ExampleWriteExplanation() {
	_ = console.WriteExplanation(os.Stdout, routing.Explanation{
		Path: []routing.PathEntry{{Rule: "local", Fate: routing.Matched, Place: "policy.yaml:7"}},
		Tries: []routing.Tried{{
			Rule: "local", To: "all", In: []string{"ana"},
			Out: []routing.Out{{Rep: "ben", Reasons: []routing.Barrier{{Code: routing.NotCovered, Data: "PT"}}}},
		}},
	}, console.Decided{Rep: "ana"})
	// Output:
	//   path  local  all: 1 in, 1 out  policy.yaml:7
	//   reps  ana  picked
	//         out  ben no PT
}
