// Package starter writes a first policy, with tests, so that nobody begins with an
// empty file.
//
//	nothing     ──Policy──► policy.yaml: three reps, two rules
//	people.csv  ──Policy──► policy.yaml + reps.csv: who covers what gets it, in turn
//	rules.xml   ──Salesforce──► policy.yaml: what its assignment rules say
//
// What it writes passes `policy check` and its own tests.
package starter

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"leadrouter/pkg/intake"
)

// Names of the files.
const (
	PolicyFile = "policy.yaml"
	RepsFile   = "reps.csv"
)

//go:embed starter.yaml
var starterYAML []byte

//go:embed people.yaml.tmpl
var peopleYAML string

// Policy returns the files of a first policy by name. people is a CSV file of the
// reps, or nil; name stands in errors about it.
func Policy(people io.Reader, name string) (map[string][]byte, error) {
	if people == nil {
		return map[string][]byte{PolicyFile: bytes.Clone(starterYAML)}, nil
	}
	header, rows, err := intake.ReadTable(people, name)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	t, err := readTeam(header, rows)
	if err != nil {
		return nil, fmt.Errorf("read people of %s: %w", name, err)
	}
	policy, err := t.policy()
	if err != nil {
		return nil, err
	}
	reps, err := t.csv()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{PolicyFile: policy, RepsFile: reps}, nil
}

// csv writes the reps with the columns of the policy language.
func (t *team) csv() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(t.columns); err != nil {
		return nil, err
	}
	for _, r := range t.reps {
		row := make([]string, len(t.columns))
		for i, column := range t.columns {
			row[i] = strings.Join(r[column], " ")
			if column == "name" {
				row[i] = strings.Join(r[column], "")
			}
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// policy writes the rules and their tests.
func (t *team) policy() ([]byte, error) {
	tmpl, err := template.New(PolicyFile).Parse(peopleYAML)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = tmpl.Execute(&b, map[string]any{
		"Reps":  len(t.reps),
		"Match": strings.Join(t.axes(), ", "),
		"Relax": strings.Join(reversed(t.axes()), ", "),
		"Tests": t.tests(),
	})
	return b.Bytes(), err
}

func reversed(list []string) []string {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// example is one test of a first policy: who can get a lead that asks for a value.
type example struct {
	Axis, Value string
	Who         string // ids, comma-separated
}

// tests are one per axis: the first value that somebody covers.
func (t *team) tests() []example {
	var out []example
	for _, axis := range t.axes() {
		for _, r := range t.reps {
			if len(r[axis]) == 0 {
				continue
			}
			value := r[axis][0]
			var who []string
			for _, other := range t.reps {
				if slices.Contains(other[axis], value) {
					who = append(who, other.id())
				}
			}
			out = append(out, example{axis, value, strings.Join(who, ", ")})
			break
		}
	}
	return out
}
