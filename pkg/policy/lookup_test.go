package policy_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// specific reports whether row a is more specific than row b, straight from the
// language: more filled keys, then those further left, then exact before prefix
// and the longer prefix.
func specific(a, b []string) bool {
	filled := func(row []string) (n int) {
		for _, c := range row {
			if c != "" {
				n++
			}
		}
		return n
	}
	if filled(a) != filled(b) {
		return filled(a) > filled(b)
	}
	for i := range a {
		if (a[i] == "") != (b[i] == "") {
			return a[i] != ""
		}
	}
	for i := range a {
		exactA, exactB := !strings.HasSuffix(a[i], "*"), !strings.HasSuffix(b[i], "*")
		if exactA != exactB {
			return exactA
		}
		if len(a[i]) != len(b[i]) {
			return len(a[i]) > len(b[i])
		}
	}
	return false
}

func matches(row []string, values []string) bool {
	for i, c := range row {
		prefix, isPrefix := strings.CutSuffix(c, "*")
		switch {
		case c == "":
		case values[i] == "", !isPrefix && c != values[i], isPrefix && !strings.HasPrefix(values[i], prefix):
			return false
		}
	}
	return true
}

// The maps by shape give what looking at every row would give.
func TestLookupAgreesWithASearch(t *testing.T) {
	t.Parallel()
	cells := rapid.SampledFrom([]string{"", "", "1", "12", "123", "2", "1*", "12*", "2*"})
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfNDistinct(rapid.SliceOfN(cells, 3, 3), 1, 12, func(r []string) string { return strings.Join(r, "|") }).Draw(t, "rows")
		csv := "country,region,city,zone\n"
		for i, row := range rows {
			csv += strings.Join(row, ",") + fmt.Sprintf(",z%d\n", i)
		}
		p, issues := policy.Parse(map[string][]byte{"t.csv": []byte(csv), "policy.yaml": []byte(`
policy: lookup
reps: {ana: {}}
tables: {t: {file: t.csv, key: [country, region, city], gives: [zone]}}
rules:
  - {name: x, when: known(zone), to: ana}
`)})
		require.NoError(t, issues.Err())
		values := rapid.SliceOfN(rapid.SampledFrom([]string{"", "1", "12", "123", "2", "3"}), 3, 3).Draw(t, "values")
		facts := lead.Facts{}
		for i, name := range []string{"country", "region", "city"} {
			if values[i] != "" {
				facts[name] = values[i]
			}
		}
		best := -1
		for i, row := range rows {
			if matches(row, values) && (best < 0 || specific(row, rows[best])) {
				best = i
			}
		}
		want := ""
		if best >= 0 {
			want = fmt.Sprintf("z%d", best)
		}
		require.Equal(t, want, p.Bind(facts, monday).Text("zone"), "%v in %v", values, rows)
	})
}

// A policy is shared by all goroutines of a router.
func TestPolicyIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for hour := range 200 {
				at := monday.Add(time.Duration(i*hour) * time.Hour)
				b := p.Bind(germanFinance(), at)
				for _, r := range p.Rules {
					r.When.Eval(b)
				}
				p.Guards[0].Allows(b)
				p.Roster(at)
				p.OnShift(int32(hour%40), at)
			}
		})
	}
	group.Wait()
}

func TestBands(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
policy: bands
reps: {ana: {}}
bands:
  staff: {of: company.employees, none: <=0, few: <10, some: <=500, many: rest}
  high: {of: deal_value, top: '>=1000.5', most: '>10', low: rest}
rules:
  - {name: x, when: known(staff) || known(high), to: ana}
`)})
	require.NoError(t, issues.Err())
	for employees, want := range map[int64]string{-1: "none", 0: "none", 1: "few", 9: "few", 10: "some", 500: "some", 501: "many"} {
		require.Equal(t, want, p.Bind(lead.Facts{"company.employees": employees}, monday).Text("staff"), employees)
	}
	for value, want := range map[float64]string{1000.5: "top", 1000.4: "most", 10: "low", 10.1: "most"} {
		require.Equal(t, want, p.Bind(lead.Facts{"deal_value": value}, monday).Text("high"), value)
	}
}

// Facts of another type than the catalogue's are as good as missing.
func TestFactsOfTheWrongType(t *testing.T) {
	t.Parallel()
	p, when := condition(t, `company.employees > 5`)
	for fact, want := range map[any]policy.Truth{
		int64(6): policy.True, 6.0: policy.True, 6.5: policy.Unknown, "6": policy.Unknown, true: policy.Unknown,
	} {
		require.Equal(t, want, when.Eval(p.Bind(lead.Facts{"company.employees": fact}, monday)), "%v", fact)
	}
}
