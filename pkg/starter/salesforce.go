package starter

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"leadrouter/pkg/intake"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
)

// maxXML bounds a file of assignment rules.
const maxXML = 8 << 20

//go:embed salesforce.yaml.tmpl
var salesforceYAML string

// assignmentRules is the metadata file AssignmentRules of Salesforce.
type assignmentRules struct {
	Rules []assignmentRule `xml:"assignmentRule"`
}

// assignmentRule is one of several, of which one is active.
type assignmentRule struct {
	Name    string  `xml:"fullName"`
	Active  bool    `xml:"active"`
	Entries []entry `xml:"ruleEntry"`
}

// entry is one line of an assignment rule: the first that matches decides.
type entry struct {
	To       string      `xml:"assignedTo"`
	ToType   string      `xml:"assignedToType"` // User, Queue
	Filter   string      `xml:"booleanFilter"`  // 1 AND (2 OR 3); empty: all
	Formula  string      `xml:"formula"`
	Criteria []criterion `xml:"criteriaItems"`
}

// moved is what the template writes.
type moved struct {
	Name         string
	Reps, Queues []string
	Rules        []movedRule
	Lost         []string // entries that could not be taken over, and why
}

type movedRule struct {
	Name, When, To string
	Lead           string // a lead that it takes, as JSON; "" when none was found
}

// Salesforce returns the files of a policy that does what the active assignment
// rule of a metadata file says. What it cannot say stands in a comment.
func Salesforce(in io.Reader, name string) (map[string][]byte, error) {
	var file assignmentRules
	if err := xml.NewDecoder(io.LimitReader(in, maxXML)).Decode(&file); err != nil {
		return nil, fmt.Errorf("read assignment rules of %s: %w", name, err)
	}
	if len(file.Rules) == 0 {
		return nil, fmt.Errorf("read assignment rules of %s: there is no assignmentRule in it", name)
	}
	at := max(0, slices.IndexFunc(file.Rules, func(r assignmentRule) bool { return r.Active }))
	m := moved{Name: file.Rules[at].Name}
	for i := range file.Rules[at].Entries {
		m.add(i+1, &file.Rules[at].Entries[i])
	}
	if len(m.Rules) == 0 {
		return nil, fmt.Errorf("read assignment rules of %s: no entry of %q can be taken over: %s", name, m.Name, strings.Join(m.Lost, "; "))
	}
	if len(m.Reps) == 0 {
		m.Reps = []string{"someone"}
	}
	raw, err := m.write()
	if err != nil {
		return nil, err
	}
	if raw, err = m.proven(raw); err != nil {
		return nil, fmt.Errorf("assignment rules of %s: %w", name, err)
	}
	return map[string][]byte{PolicyFile: raw}, nil
}

// add takes an entry over, or notes why not.
func (m *moved) add(n int, e *entry) {
	when, err := e.condition()
	if e.To == "" {
		err = errors.New("it is assigned to nobody")
	}
	if err != nil {
		m.Lost = append(m.Lost, fmt.Sprintf("entry %d, to %s: %v", n, e.To, err))
		return
	}
	local, _, _ := strings.Cut(e.To, "@")
	to := strings.Trim(strings.ReplaceAll(intake.Slug(local), "_", "-"), "-")
	list := &m.Reps
	if e.ToType == "Queue" {
		to, list = strings.TrimSuffix(to, "-queue")+"-queue", &m.Queues
	}
	if !slices.Contains(*list, to) {
		*list = append(*list, to)
	}
	m.Rules = append(m.Rules, movedRule{Name: fmt.Sprintf("%d-%s", n, to), When: when, To: to, Lead: e.example()})
}

func (m *moved) write() ([]byte, error) {
	tmpl, err := template.New(PolicyFile).Funcs(template.FuncMap{"quote": quoteYAML}).Parse(salesforceYAML)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = tmpl.Execute(&b, m)
	return b.Bytes(), err
}

// quoteYAML writes a text in single quotes.
func quoteYAML(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// proven drops the tests that do not hold: an example may be taken by an entry
// before.
func (m *moved) proven(raw []byte) ([]byte, error) {
	p, issues := policy.Parse(map[string][]byte{PolicyFile: raw})
	if p == nil {
		return nil, issues
	}
	failed := map[string]bool{}
	for _, r := range policytest.Run(p, policytest.Config{}).Results {
		failed[r.Name] = r.Status != policytest.Passed
	}
	for i := range m.Rules {
		if failed[m.Rules[i].Name] {
			m.Rules[i].Lead = ""
		}
	}
	return m.write()
}

// example is a lead that meets every criterion of an entry, as far as one value
// each can.
func (e *entry) example() string {
	lead := map[string]any{}
	for i := range e.Criteria {
		c := &e.Criteria[i]
		v, ok := c.example()
		if !ok {
			continue
		}
		at := lead
		path := strings.Split(c.name(), ".")
		for _, part := range path[:len(path)-1] {
			inner, isMap := at[part].(map[string]any)
			if !isMap {
				inner = map[string]any{}
				at[part] = inner
			}
			at = inner
		}
		at[path[len(path)-1]] = v
	}
	raw, err := json.Marshal(lead)
	if err != nil || len(lead) == 0 {
		return ""
	}
	return string(raw)
}
