package policy_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// laughs are lists of ten aliases to lists of ten aliases to …, as many levels deep.
func laughs(levels int) string {
	var b strings.Builder
	b.WriteString("[ana, ana]")
	for i := range levels {
		inner := b.String()
		b.Reset()
		fmt.Fprintf(&b, "[&l%d %s%s]", i, inner, strings.Repeat(fmt.Sprintf(", *l%d", i), 9))
	}
	return b.String()
}

// Files that would take a computer's memory or a day are refused with a place, and little is
// said about it: this test takes as long as the worst of them.
func TestHostileFilesAreRefused(t *testing.T) {
	t.Parallel()
	const head = "policy: hostile\nreps: {ana: {}}\nrules: [{name: rest, to: all}]\n"
	long := strings.Repeat("x", 1<<20)
	wide := strings.Repeat("a,", 200_000) + "a"
	for name, c := range map[string]struct {
		yaml, csv string
		message   string
	}{
		"a thousand million laughs": {yaml: strings.Replace(head, "all", laughs(9), 1), message: "with what its aliases stand for this is more than 100000 values"},
		"aliases to long lists": {
			yaml:    strings.Replace(head, "all", "[&a ["+strings.Repeat("ana,", 1000)+"]"+strings.Repeat(",*a", 1000)+"]", 1),
			message: "with what its aliases stand for this is more than 100000 values",
		},
		"an alias to itself":       {yaml: strings.Replace(head, "all", "&a [*a, *a]", 1), message: "with what its aliases stand for this is more than"},
		"deep lists":               {yaml: strings.Replace(head, "all", nested("[", "ana", "]", 100_000), 1), message: "exceeded max depth"},
		"deep blocks":              {yaml: head + "tests:\n- -" + strings.Repeat(" -", 100_000), message: "exceeded max depth"},
		"a long name":              {yaml: strings.Replace(head, "ana: {}", "? "+long+" : {}", 1), message: "x…` is not a name"},
		"a long key":               {yaml: head + "? " + long + "\n: 1\n", message: "x…` is not a key of a policy"},
		"a long condition":         {yaml: strings.Replace(head, "to: all", "when: '"+long+"', to: all", 1), message: "longer than 10000 characters"},
		"a long word":              {yaml: strings.Replace(head, "to: all", "to: "+long, 1), message: "x…`"},
		"a huge number":            {yaml: head + "leadrouter: " + strings.Repeat("9", 4000) + "\n", message: "is not a whole number from 1 to 1000"},
		"not a number":             {yaml: head + "caps: {all: {open_value: .nan}}\n", message: "`.nan` is not"},
		"a number out of range":    {yaml: head + "caps: {all: {open_value: 1e999999}}\n", message: "`1e999999` is not"},
		"flaws on one line":        {yaml: strings.Replace(head, "all", "["+strings.Repeat("nobody,", 20_000)+"]", 1), message: "there is more wrong than is told here"},
		"flaws on many lines":      {yaml: head + "tests:\n" + strings.Repeat("  - {wrong: 1}\n", 20_000), message: "there is more wrong than is told here"},
		"a million columns":        {yaml: strings.Replace(head, "{ana: {}}", "t.csv", 1), csv: "name," + wide + "\n", message: "this row has 200002 columns, at most 1000 are read"},
		"a row of a million cells": {yaml: strings.Replace(head, "{ana: {}}", "t.csv", 1), csv: "name,team\n" + wide + "\n", message: "this row has 200001 columns, at most 1000 are read"},
		"an open quote":            {yaml: strings.Replace(head, "{ana: {}}", "t.csv", 1), csv: "name,team\n\"" + strings.Repeat("x\n", 1<<20), message: "not valid CSV"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(c.yaml), "t.csv": []byte(c.csv)})
			require.Nil(t, p)
			said := issues.Error()
			require.Contains(t, said, c.message)
			require.Less(t, len(said), 1<<20, "what is said is not as long as what is wrong")
			for _, issue := range issues {
				require.NotEmpty(t, issue.Pos.File)
			}
		})
	}
}

// A table of a hundred thousand rows is read, and asked as a short one is.
func TestALargeTable(t *testing.T) {
	t.Parallel()
	const rows = 100_000
	var csv bytes.Buffer
	csv.WriteString("city,region\n")
	for i := range rows {
		fmt.Fprintf(&csv, "city %d,region %d\n", i, i%7)
	}
	p, issues := policy.Parse(map[string][]byte{
		"policy.yaml": []byte("policy: large\nreps: {ana: {}}\ntables: {places: {file: t.csv, key: city, gives: region}}\n" +
			"rules: [{name: three, when: region == \"region 3\", to: ana}, {name: rest, to: all}]\n"),
		"t.csv": csv.Bytes(),
	})
	require.NoError(t, issues.Err())
	for city, want := range map[string]policy.Truth{"city 3": policy.True, "city 99999": policy.False, "city 100000": policy.Unknown} {
		require.Equal(t, want, p.Rules[0].When.Eval(p.Bind(lead.Facts{"city": city}, monday)), city)
	}
}
