package starter

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"leadrouter/pkg/intake"
	"leadrouter/pkg/lead"
)

// criterion is one comparison of an entry. Commas in a value mean any of several.
type criterion struct {
	Field     string `xml:"field"` // Lead.Country
	Operation string `xml:"operation"`
	Value     string `xml:"value"`
}

// standard are the fields of a Salesforce lead that a lead has a name for.
var standard = map[string]string{
	"Country": "country", "CountryCode": "country", "State": "region", "StateCode": "region", "City": "city",
	"PostalCode": "postal_code", "Industry": "company.industry", "NumberOfEmployees": "company.employees",
	"Company": "company.name", "Website": "company.domain", "LeadSource": "source", "Title": "job_title",
}

// name of a lead that the field stands for; what it has no name for is an attribute.
func (c *criterion) name() string {
	field := c.Field[strings.LastIndexByte(c.Field, '.')+1:]
	if name, ok := standard[field]; ok {
		return name
	}
	return lead.AttributePrefix + intake.Slug(strings.TrimSuffix(field, "__c"))
}

// values of the criterion as CEL writes them.
func (c *criterion) values() ([]string, error) {
	var out []string
	name := c.name()
	known, _ := lead.Lookup(name)
	for text := range strings.SplitSeq(c.Value, ",") {
		text = strings.TrimSpace(text)
		_, notNumber := strconv.ParseFloat(text, 64)
		number := known.Type == lead.Int || known.Type == lead.Float
		switch {
		case number && notNumber != nil:
			return nil, fmt.Errorf("%s is a number, %q is none", c.Field, text)
		case number || known.Type == lead.Any && notNumber == nil,
			known.Type == lead.Any && (text == "true" || text == "false"):
			out = append(out, text)
		case name == "country":
			code, err := intake.Country(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %q %w", c.Field, text, err)
			}
			out = append(out, strconv.Quote(code))
		default:
			out = append(out, strconv.Quote(text))
		}
	}
	return out, nil
}

// condition writes the criterion in CEL. What Salesforce holds of an empty field, a
// policy must say: unknown matches nothing.
func (c *criterion) condition() (string, error) {
	name := c.name()
	if c.Value == "" && c.Operation == "equals" {
		return "!known(" + name + ")", nil
	}
	if c.Value == "" {
		return "known(" + name + ")", nil
	}
	values, err := c.values()
	if err != nil {
		return "", err
	}
	any := func(form string) string {
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = fmt.Sprintf(form, name, v)
		}
		return "(" + strings.Join(parts, " || ") + ")"
	}
	unlessKnown := func(condition string) string { return "(!known(" + name + ") || !" + condition + ")" }
	switch c.Operation {
	case "equals":
		if len(values) == 1 {
			return name + " == " + values[0], nil
		}
		return name + " in [" + strings.Join(values, ", ") + "]", nil
	case "notEqual":
		return unlessKnown("(" + name + " in [" + strings.Join(values, ", ") + "])"), nil
	case "lessThan", "greaterThan", "lessOrEqual", "greaterOrEqual":
		sign := map[string]string{"lessThan": "<", "greaterThan": ">", "lessOrEqual": "<=", "greaterOrEqual": ">="}[c.Operation]
		return name + " " + sign + " " + values[0], nil
	case "contains":
		return any("%s.contains(%s)"), nil
	case "notContain":
		return unlessKnown(any("%s.contains(%s)")), nil
	case "startsWith":
		return any("%s.startsWith(%s)"), nil
	case "includes":
		return any("%[2]s in %[1]s"), nil
	case "excludes":
		return unlessKnown(any("%[2]s in %[1]s")), nil
	}
	return "", fmt.Errorf("the operation %q has no counterpart", c.Operation)
}

// example is a value that meets the criterion; false when any lead without one does.
func (c *criterion) example() (any, bool) {
	if c.Value == "" { // an attribute is whatever it comes as
		return "something", c.Operation == "notEqual" && strings.HasPrefix(c.name(), lead.AttributePrefix)
	}
	values, err := c.values()
	if err != nil {
		return nil, false
	}
	text, err := strconv.Unquote(values[0])
	if err == nil {
		ok := c.Operation == "equals" || c.Operation == "contains" || c.Operation == "startsWith"
		if c.Operation == "includes" {
			return []string{text}, true
		}
		return text, ok
	}
	n, err := strconv.ParseFloat(values[0], 64)
	switch {
	case err != nil:
		return values[0] == "true", c.Operation == "equals"
	case c.Operation == "greaterThan":
		return n + 1, true
	case c.Operation == "lessThan":
		return n - 1, true
	}
	return n, c.Operation == "equals" || c.Operation == "greaterOrEqual" || c.Operation == "lessOrEqual"
}

var (
	filterToken = regexp.MustCompile(`\d+|[A-Za-z]+|[()]|\S`)
	filterWord  = map[string]string{"AND": "&&", "OR": "||", "NOT": "!", "(": "(", ")": ")"}
)

// condition joins the criteria, by the boolean filter if there is one.
func (e *entry) condition() (string, error) {
	if e.Formula != "" {
		return "", errors.New("it has a formula")
	}
	parts := make([]string, len(e.Criteria))
	for i := range e.Criteria {
		part, err := e.Criteria[i].condition()
		if err != nil {
			return "", err
		}
		parts[i] = part
	}
	if strings.TrimSpace(e.Filter) == "" {
		return strings.Join(parts, " && "), nil
	}
	var out []string
	for _, token := range filterToken.FindAllString(e.Filter, -1) {
		if n, err := strconv.Atoi(token); err == nil && 1 <= n && n <= len(parts) {
			out = append(out, "("+parts[n-1]+")")
			continue
		}
		word, ok := filterWord[strings.ToUpper(token)]
		if !ok {
			return "", fmt.Errorf("the filter %q has %q in it", e.Filter, token)
		}
		out = append(out, word)
	}
	return strings.Join(out, " "), nil
}
