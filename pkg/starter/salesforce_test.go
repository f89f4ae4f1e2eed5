package starter_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/starter"
)

const assignment = `<?xml version="1.0" encoding="UTF-8"?>
<AssignmentRules xmlns="http://soap.sforce.com/2006/04/metadata">
  <assignmentRule><fullName>Old</fullName><active>false</active>
    <ruleEntry><assignedTo>nobody@x.example</assignedTo><assignedToType>User</assignedToType></ruleEntry>
  </assignmentRule>
  <assignmentRule><fullName>Standard</fullName><active>true</active>
    <ruleEntry><assignedTo>jonas.weber@x.example</assignedTo><assignedToType>User</assignedToType>
      <criteriaItems><field>Lead.Country</field><operation>equals</operation><value>Germany, AT</value></criteriaItems>
      <criteriaItems><field>Lead.NumberOfEmployees</field><operation>greaterThan</operation><value>500</value></criteriaItems>
    </ruleEntry>
    <ruleEntry><assignedTo>EMEA_Team</assignedTo><assignedToType>Queue</assignedToType>
      <booleanFilter>1 AND (2 OR NOT 3)</booleanFilter>
      <criteriaItems><field>Lead.Country</field><operation>equals</operation><value>DE,AT,FR</value></criteriaItems>
      <criteriaItems><field>Lead.LeadSource</field><operation>startsWith</operation><value>Web,Partner</value></criteriaItems>
      <criteriaItems><field>Lead.Plan_Name__c</field><operation>equals</operation><value>it's free</value></criteriaItems>
    </ruleEntry>
    <ruleEntry><assignedTo>ana@x.example</assignedTo><assignedToType>User</assignedToType><formula>TODAY() &gt; 1</formula></ruleEntry>
    <ruleEntry><assignedTo>ana@x.example</assignedTo><assignedToType>User</assignedToType>
      <criteriaItems><field>Lead.Industry</field><operation>notEqual</operation><value>Retail,Media</value></criteriaItems>
      <criteriaItems><field>Lead.City</field><operation>equals</operation><value></value></criteriaItems>
    </ruleEntry>
  </assignmentRule>
</AssignmentRules>`

func TestSalesforce(t *testing.T) {
	t.Parallel()
	files, err := starter.Salesforce(strings.NewReader(assignment), "rules.xml")
	require.NoError(t, err)
	text := string(files[starter.PolicyFile])
	require.Contains(t, text, `# NOT TAKEN OVER: entry 3, to ana@x.example: it has a formula`)
	require.Contains(t, text, "  emea-team-queue: {who: all}\n")
	p := passes(t, files)
	require.Len(t, p.Reps, 2)
	tests := []struct {
		name  string
		facts lead.Facts
		want  []policy.Truth
	}{
		{"all of two", lead.Facts{"country": "AT", "company.employees": int64(501), "city": "x"}, []policy.Truth{policy.True, policy.Unknown, policy.False}},
		{"filter, second", lead.Facts{"country": "FR", "source": "Partner EU", "city": "x"}, []policy.Truth{policy.False, policy.True, policy.False}},
		{"filter, not third", lead.Facts{"country": "FR", "attributes.plan_name": "pro", "city": "x"}, []policy.Truth{policy.False, policy.True, policy.False}},
		{"filter, third", lead.Facts{"country": "FR", "source": "Event", "attributes.plan_name": "it's free", "city": "x"}, []policy.Truth{policy.False, policy.False, policy.False}},
		{"empty fields", lead.Facts{}, []policy.Truth{policy.Unknown, policy.Unknown, policy.True}},
		{"one of those not wanted", lead.Facts{"company.industry": "Media"}, []policy.Truth{policy.Unknown, policy.Unknown, policy.False}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := p.Bind(tt.facts, p.Rules[0].From)
			for i, want := range tt.want {
				require.Equal(t, want, p.Rules[i].When.Eval(b), p.Rules[i].When.Source)
			}
		})
	}
}

// TestSalesforceOperations: every operation becomes a condition that holds for its
// own example.
func TestSalesforceOperations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ field, operation, value, want string }{
		{"Lead.City", "contains", "Berlin,Bonn", `(city.contains("Berlin") || city.contains("Bonn"))`},
		{"Lead.City", "notContain", "Berlin", `(!known(city) || !(city.contains("Berlin")))`},
		{"Lead.Title", "equals", "CEO", `job_title == "CEO"`},
		{"Lead.Title", "notEqual", "", `known(job_title)`},
		{"Lead.NumberOfEmployees", "greaterOrEqual", "50", `company.employees >= 50`},
		{"Lead.NumberOfEmployees", "lessThan", "50", `company.employees < 50`},
		{"Seats__c", "equals", "5", `attributes.seats == 5`},
		{"Trial__c", "equals", "true", `attributes.trial == true`},
		{"Interests__c", "includes", "API", `("API" in attributes.interests)`},
		{"Interests__c", "excludes", "API", `(!known(attributes.interests) || !("API" in attributes.interests))`},
	} {
		t.Run(c.field+" "+c.operation, func(t *testing.T) {
			t.Parallel()
			files, err := starter.Salesforce(strings.NewReader("<AssignmentRules><assignmentRule><ruleEntry><assignedTo>ana</assignedTo>"+
				"<criteriaItems><field>"+c.field+"</field><operation>"+c.operation+"</operation><value>"+c.value+
				"</value></criteriaItems></ruleEntry></assignmentRule></AssignmentRules>"), "rules.xml")
			require.NoError(t, err)
			p := passes(t, files)
			require.Equal(t, c.want, p.Rules[0].When.Source)
			example := strings.HasPrefix(c.want, "(!known") || strings.HasPrefix(c.want, "known")
			require.Equal(t, !example, strings.Contains(string(files[starter.PolicyFile]), "{name: 1-ana,"), "a test of its own")
		})
	}
}

func TestSalesforceErrors(t *testing.T) {
	t.Parallel()
	item := func(field, operation, value string) string {
		return "<AssignmentRules><assignmentRule><ruleEntry><assignedTo>ana</assignedTo><booleanFilter>1 XOR 1</booleanFilter><criteriaItems><field>" + field +
			"</field><operation>" + operation + "</operation><value>" + value + "</value></criteriaItems></ruleEntry></assignmentRule></AssignmentRules>"
	}
	for want, text := range map[string]string{
		"there is no assignmentRule in it":              "<AssignmentRules/>",
		"read assignment rules of x.xml":                "no XML",
		"entry 1, to ana: the filter":                   item("Lead.City", "equals", "x"),
		`the operation "within" has no counterpart`:     item("Lead.City", "within", "x"),
		`Lead.NumberOfEmployees is a number, "x" is no`: item("Lead.NumberOfEmployees", "equals", "x"),
		`Lead.Country: "Atlantis" is not a country`:     item("Lead.Country", "equals", "Atlantis"),
	} {
		_, err := starter.Salesforce(strings.NewReader(text), "x.xml")
		require.ErrorContains(t, err, want)
	}
}

// TestSalesforceQueues: the pool of a queue is called after it, once a queue; what
// only asks that an attribute is there has an example too.
func TestSalesforceQueues(t *testing.T) {
	t.Parallel()
	files, err := starter.Salesforce(strings.NewReader(`<AssignmentRules><assignmentRule><active>true</active>
    <ruleEntry><assignedTo>EMEA Queue</assignedTo><assignedToType>Queue</assignedToType>
      <criteriaItems><field>Lead.Rating</field><operation>notEqual</operation><value></value></criteriaItems></ruleEntry>
    <ruleEntry><assignedTo>EMEA</assignedTo><assignedToType>Queue</assignedToType></ruleEntry>
    </assignmentRule></AssignmentRules>`), "rules.xml")
	require.NoError(t, err)
	p := passes(t, files)
	require.Len(t, p.Pools, 1)
	require.Equal(t, "emea-queue", p.Pools[0].Name)
	require.Equal(t, "known(attributes.rating)", p.Rules[0].When.Source)
	names := make([]string, len(p.Tests))
	for i := range p.Tests {
		names[i] = p.Tests[i].Name
	}
	require.Contains(t, names, p.Rules[0].Name)
}
