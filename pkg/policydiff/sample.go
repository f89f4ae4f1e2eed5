package policydiff

import (
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// Findings are what a sample of leads says about a policy.
type Findings struct {
	Leads int `json:"leads"`
	// NeverSeen are names that the policy asks for and no lead has.
	NeverSeen []string `json:"never_seen,omitempty"`
	// Idle are rules, "path" or "path: row", that take no lead.
	Idle []string `json:"idle,omitempty"`
	// LastOnly are leads that only the last rule takes, NoRule those that none does;
	// ids.
	LastOnly []string `json:"last_only,omitempty"`
	NoRule   []string `json:"no_rule,omitempty"`
}

// Sample looks at a policy through leads that came in.
func Sample(p *policy.Policy, leads []lead.Lead, at time.Time) Findings {
	out := Findings{Leads: len(leads)}
	planner := routing.New(p)
	seen, used := map[string]bool{}, map[string]bool{}
	for _, l := range leads {
		facts := l.Facts()
		for name := range facts {
			seen[name] = true
		}
		var met []string
		for _, v := range planner.Plan(routing.Input{Facts: facts, At: at}).Visits {
			if v.Fate == routing.Matched {
				met = append(met, v.Rule.Path)
				used[place(v.Rule, v.Row)] = true
			}
		}
		switch {
		case len(met) == 0:
			out.NoRule = append(out.NoRule, l.ID)
		case len(p.Rules) > 1 && met[0] == p.Rules[len(p.Rules)-1].Path:
			out.LastOnly = append(out.LastOnly, l.ID)
		}
	}
	for _, name := range p.Asked() {
		if !seen[name] && !known(name) {
			out.NeverSeen = append(out.NeverSeen, name)
		}
	}
	for _, t := range things(p) {
		table := strings.HasPrefix(t.facet("table"), "[")
		if (t.kind == "rule" && !table || t.kind == "row") && !used[t.name] {
			out.Idle = append(out.Idle, t.name)
		}
	}
	return out
}

func place(rule *policy.Rule, row *policy.Row) string {
	if row == nil {
		return rule.Path
	}
	return rule.Path + ": " + row.Key
}

// known tells names that the router adds: a file of leads cannot have them.
func known(name string) bool {
	return slices.Contains([]string{"duplicate"}, name)
}
