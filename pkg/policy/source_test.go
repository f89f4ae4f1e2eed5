package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// The place of a character of a value is where that character is in the file,
// however the value is written.
func TestPositionsInValues(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"plain":         "a: one # two\n",
		"plain folded":  "a: one\n  two $\n",
		"single quoted": "a: 'it''s ''$'' it'\n",
		"double quoted": "a: \"tab\\t and \\\"$\\\"\"\n",
		"literal":       "a: |\n  one\n    two $\n",
		"folded":        "a: >-\n  one &&\n  two $\n",
		"in braces":     "a: {b: [x, y $]}\n",
		"not ASCII":     "a: {b: 'é ü', c: 'ö $'}\n",
		"two blanks":    "a: one  two $\n",
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var doc yaml.Node
			require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
			src := newSource("f", []byte(text))
			found := false
			var visit func(n *yaml.Node)
			visit = func(n *yaml.Node) {
				if i := strings.IndexByte(n.Value, '$'); n.Kind == yaml.ScalarNode && i >= 0 {
					pos := node{Node: n, src: src}.posAt(len([]rune(n.Value[:i])))
					require.Equal(t, "$", string([]rune(src.line(pos.Line))[pos.Col-1]), pos)
					found = true
				}
				for _, c := range n.Content {
					visit(c)
				}
			}
			visit(&doc)
			require.Equal(t, strings.Contains(text, "$"), found)
		})
	}
}

// Quoting advice, put in place, gives YAML that holds the author's text.
func TestQuoteAdviceHelps(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`country in ["DE"]`, `country in ["DE", "AT"] && known(x)`, `!vip`, `!vip && a`,
		`a ? b : c`, `tags.exists(t, t in ["it's"])`,
		`"vip" in tags`, `'vip' in tags`, `[1, 2].exists(x, x > 1)`, `{"a": 1}[country] == 1`, `["]"] == [a]`,
	} {
		for _, text := range []string{"rules:\n  - {name: x, when: %, to: y}\n", "rules:\n  - name: x\n    when: %\n    to: y\n"} {
			broken := strings.Replace(text, "%", value, 1)
			var doc yaml.Node
			if err := yaml.Unmarshal([]byte(broken), &doc); err == nil {
				continue // YAML takes it
			}
			_, advice, ok := quoteAdvice(newSource("f", []byte(broken)), 2)
			require.True(t, ok, broken)
			_, quoted, ok := strings.Cut(advice, "quote it: when: ")
			require.True(t, ok, advice)
			var fixed struct {
				Rules []struct{ Name, When, To string }
			}
			require.NoError(t, yaml.Unmarshal([]byte(strings.Replace(text, "%", quoted, 1)), &fixed), advice)
			require.Equal(t, value, fixed.Rules[0].When)
			require.Equal(t, "y", fixed.Rules[0].To)
		}
	}
}

func TestParseSpan(t *testing.T) {
	t.Parallel()
	good := map[string]Span{
		"20m": {Rest: 20 * time.Minute}, "4h": {Rest: 4 * time.Hour}, "1h30m": {Rest: 90 * time.Minute}, "45s": {Rest: 45 * time.Second},
		"2d": {Days: 2}, "1d12h": {Days: 1, Rest: 12 * time.Hour}, "0m": {},
	}
	for text, want := range good {
		got, ok := parseSpan(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "5", "m", "-5m", "5x", "1m1h", "5m5m", "1.5h", "99999d", "9999999999h", "5 m", "5ms", "4000000000s"} {
		_, ok := parseSpan(text)
		require.False(t, ok, text)
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"owner", "ower", 1}, {"country", "contry", 1}, {"when", "wehn", 1}, {"kitten", "sitting", 3},
	} {
		require.Equal(t, c.want, edits([]rune(c.a), []rune(c.b)), "%s %s", c.a, c.b)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab]{0,6}`)
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		d := edits([]rune(a), []rune(b))
		require.Equal(t, d, edits([]rune(b), []rune(a)), "symmetric")
		require.Equal(t, a == b, d == 0)
		require.LessOrEqual(t, d, max(len(a), len(b)))
		require.GreaterOrEqual(t, d, max(len(a), len(b))-min(len(a), len(b)))
	})
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	names := []string{"country", "company.employees", "company.industry", "region"}
	require.Equal(t, "; did you mean `country`?", suggest("Country", names))
	require.Equal(t, "; did you mean `company.employees`?", suggest("company.employes", names))
	require.Empty(t, suggest("weather", names))
	require.Empty(t, suggest(strings.Repeat("country", 20), names))
}

func TestExcerptShowsWhatIsMarked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`[a-zé ]{1,150}x`).Draw(t, "line")
		runes := []rune(line)
		col := rapid.IntRange(1, len(runes)).Draw(t, "col")
		width := rapid.IntRange(1, 30).Draw(t, "width")
		text := Issue{Pos: Pos{File: "f", Line: 7, Col: col}, Message: "m", Line: line, Width: width}.String()
		parts := strings.Split(text, "\n")
		if strings.TrimSpace(line) == "" {
			return
		}
		require.Len(t, parts, 3)
		shown, marks := []rune(parts[1]), []rune(parts[2])
		first := strings.IndexRune(parts[2], '^')
		marked := string(shown[first:min(len(shown), len(marks))])
		want := string(runes[col-1 : min(len(runes), col-1+width)])
		require.Equal(t, want, marked)
	})
}

func TestArithmeticOfWholeNumbers(t *testing.T) {
	t.Parallel()
	const low, high = -1 << 63, 1<<63 - 1
	for _, c := range []struct {
		operate func(a, b value) value
		a, b    int64
		want    any
	}{
		{add, 2, 3, int64(5)},
		{add, high, 1, nil},
		{add, low, -1, nil},
		{add, low, 0, int64(low)},
		{add, high, low, int64(-1)},
		{subtract, 2, 3, int64(-1)},
		{subtract, low, 1, nil},
		{subtract, 0, low, nil},
		{subtract, -1, low, int64(high)},
		{multiply, -4, 5, int64(-20)},
		{multiply, high, 2, nil},
		{multiply, low, -1, nil},
		{multiply, -1, low, nil},
		{multiply, 0, low, int64(0)},
		{divide, 7, 2, int64(3)},
		{divide, 7, 0, nil},
		{divide, low, -1, nil},
		{divide, -7, 2, int64(-3)},
		{modulo, 7, 3, int64(1)},
		{modulo, -7, 3, int64(-1)},
		{modulo, 7, 0, nil},
		{modulo, low, -1, nil},
	} {
		got := c.operate(intValue(c.a), intValue(c.b))
		require.Equal(t, c.want, got.any(), "%d %d", c.a, c.b)
	}
	missing := failed()
	sum := add(missing, intValue(1))
	require.Equal(t, unknown, sum.kind)
}

func TestSets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const n = 130
		members := rapid.SliceOfDistinct(rapid.Int32Range(0, n-1), rapid.ID).Draw(t, "members")
		others := rapid.SliceOfDistinct(rapid.Int32Range(0, n-1), rapid.ID).Draw(t, "others")
		a, b := newSet(n), newSet(n)
		for _, m := range members {
			a.Add(m)
		}
		for _, m := range others {
			b.Add(m)
		}
		both, either := a.Clone(), a.Clone()
		both.And(b)
		either.Or(b)
		require.Equal(t, len(members), a.Len())
		require.Equal(t, a.Len()+b.Len(), both.Len()+either.Len())
		for i := range int32(n) {
			require.Equal(t, a.Has(i) && b.Has(i), both.Has(i))
			require.Equal(t, a.Has(i) || b.Has(i), either.Has(i))
		}
		require.False(t, a.Has(n*2), "beyond the last rep")
	})
}
