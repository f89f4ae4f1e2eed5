package main

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
)

// names measures how well two names are told to be one company's or person's.
func names() evaluation {
	return evaluation{name: "names", run: func(data fs.FS) ([]figure, error) {
		mixed, err := table(data, "name-pairs/easonanalytica_test_data.csv")
		if err != nil {
			return nil, err
		}
		cases, err := table(data, "name-pairs/opensanctions_cases.csv.gz")
		if err != nil {
			return nil, err
		}
		var companies, mixedSet, persons tally
		for _, row := range mixed {
			mixedSet.add(row["Name_x"], row["Name_y"], row["Targets"] == "1", sameCompany)
		}
		for _, row := range cases {
			same := row["is_match"] == "true"
			switch row["schema"] {
			case "Person":
				persons.add(row["name1"], row["name2"], same, samePerson)
			case "Company", "Organization", "LegalEntity":
				companies.add(row["name1"], row["name2"], same, sameCompany)
			}
		}
		const matcher = "the best open matcher, on a mixed set"
		return []figure{
			{Task: "company names, in many scripts", Measure: "accuracy", Ours: mixedSet.accuracy(), Wanted: 0.819, Than: matcher, Note: mixedSet.note()},
			{Task: "company names, made hard", Measure: "accuracy", Ours: companies.accuracy(), Wanted: 0.819, Than: matcher, Note: companies.note()},
			{Task: "person names", Measure: "accuracy", Ours: persons.accuracy(), Wanted: 0.744, Than: "sorted words", Note: persons.note()},
		}, nil
	}}
}

// accountsOf measures whether accounts are found again by names that people typed: in capitals,
// with another legal form, with two letters changed over; and whether their parents are
// found.
func accountsOf() evaluation {
	return evaluation{name: "accounts", run: func(data fs.FS) ([]figure, error) {
		rows, err := table(data, "maven-crm/accounts.csv")
		if err != nil {
			return nil, err
		}
		index := accounts.New()
		for i, row := range rows {
			index.Put(lead.Account{ID: row["account"], Name: row["account"], Parent: row["subsidiary_of"], Country: "US"}, accounts.Version{Offset: int64(i)})
		}
		var typed, groups tally
		limits := accounts.Limits{Same: match.SameCompany, Review: match.SameCompany}
		for _, row := range rows {
			name := row["account"]
			for _, text := range []string{name, strings.ToUpper(name), name + " Inc.", "The " + name + " Group", swapped(name)} {
				l := lead.Lead{Company: lead.Company{Name: text}, Country: "US"}
				index.Match(&l, limits)
				found := l.Account != nil && l.Account.ID == name
				typed.count(found, l.Account != nil)
				if found {
					groups.count(l.Account.Group == cmp.Or(row["subsidiary_of"], name), true)
				}
			}
		}
		return []figure{
			{Task: "accounts by names as typed", Measure: "recall", Ours: typed.accuracy(), Wanted: 0.9, Than: "four of five spellings, and half of the typing errors", Note: typed.note()},
			{Task: "their groups", Measure: "accuracy", Ours: groups.accuracy(), Wanted: 1, Than: "all", Note: groups.note()},
		}, nil
	}}
}

// swapped is a name with two letters in the middle changed over, as fingers do.
func swapped(name string) string {
	b := []byte(name)
	i := len(b) / 2
	b[i-1], b[i] = b[i], b[i-1]
	return string(b)
}

// count adds an answer: right, or wrong, or none.
func (t *tally) count(right, answered bool) {
	t.pairs++
	switch {
	case right:
		t.right++
	case answered:
		t.mistaken++
	default:
		t.missed++
	}
}

func sameCompany(a, b string) bool {
	return match.SimilarCompanies(match.CompanyName(a), match.CompanyName(b)) >= match.SameCompany
}

func samePerson(a, b string) bool {
	return match.SimilarPersons(match.PersonName(a), match.PersonName(b)) >= match.SamePerson
}

// tally counts right and wrong answers.
type tally struct{ pairs, right, missed, mistaken int }

func (t *tally) add(a, b string, same bool, answer func(a, b string) bool) {
	t.pairs++
	switch got := answer(a, b); {
	case got == same:
		t.right++
	case same:
		t.missed++
	default:
		t.mistaken++
	}
}

func (t *tally) accuracy() float64 { return float64(t.right) / float64(max(t.pairs, 1)) }

func (t *tally) note() string {
	return fmt.Sprintf("%d pairs: %d missed, %d mistaken", t.pairs, t.missed, t.mistaken)
}

// table reads a CSV file with a header, compressed or not, as rows by column.
func table(data fs.FS, name string) ([]map[string]string, error) {
	file, err := data.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var in io.Reader = file
	if path.Ext(name) == ".gz" {
		if in, err = gzip.NewReader(file); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	c := csv.NewReader(in)
	c.TrimLeadingSpace = true
	lines, err := c.ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	lines[0][0] = strings.TrimPrefix(lines[0][0], "\ufeff")
	rows := make([]map[string]string, 0, len(lines)-1)
	for _, line := range lines[1:] {
		row := make(map[string]string, len(line))
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}
