package lead

import (
	"strings"
	"sync"
)

// Type is the Go type of a fact.
type Type int

// The types of facts.
const (
	String  Type = iota // string
	Int                 // int64
	Float               // float64
	Bool                // bool
	Strings             // []string
	Any                 // one of the above, as the sender gave it: attributes
)

// String names the type as CEL does.
func (t Type) String() string {
	switch t {
	case String:
		return "string"
	case Int:
		return "int"
	case Float:
		return "double"
	case Bool:
		return "bool"
	case Strings:
		return "list(string)"
	default:
		return "dyn"
	}
}

// AttributePrefix begins the names of what a sender adds on its own.
const AttributePrefix = "attributes."

// Name is one thing that a policy may ask about a lead.
type Name struct {
	Name     string // dotted
	Type     Type
	Personal bool // never written to the decision log
	Doc      string
}

// Names lists every name that [Lead.Facts] can give, except attributes.*, which
// is up to the sender. The caller owns the slice.
func Names() []Name {
	const personal = true
	return []Name{
		{"id", String, false, "the lead's id"},
		{"created_at", String, false, "when it was created, RFC 3339 in UTC"},
		{"source", String, false, "where it came from: demo_request, event, referral, …"},
		{"channel", String, false, "how it came: web, phone, partner, …"},
		{"email", String, personal, "e-mail address"},
		{"phone", String, personal, "phone number"},
		{"first_name", String, personal, "first name"},
		{"last_name", String, personal, "last name"},
		{"job_title", String, false, "job title as written"},
		{"company.name", String, false, "company name as written"},
		{"company.domain", String, false, "company's web domain, lower case"},
		{"company.industry", String, false, "company's industry"},
		{"company.employees", Int, false, "number of employees"},
		{"company.annual_revenue", Float, false, "yearly revenue, in the lead's currency"},
		{"country", String, false, "ISO 3166-1 alpha-2, upper case"},
		{"region", String, false, "state or province"},
		{"city", String, false, "city"},
		{"postal_code", String, false, "postal code"},
		{"language", String, false, "BCP 47: de, de-AT"},
		{"timezone", String, false, "IANA name: Europe/Berlin"},
		{"product", String, false, "product asked about"},
		{"use_case", String, false, "what it is wanted for"},
		{"deal_value", Float, false, "expected value, in whole units of `currency`"},
		{"currency", String, false, "ISO 4217"},
		{"intent", String, false, "high, medium or low"},
		{"account_id", String, false, "account named by the sender"},
		{"referred_by", String, personal, "who recommended us"},
		{"tags", Strings, false, "labels"},
		{"test", Bool, false, "a test: decided, never counted; always known"},
		{"bulk", Bool, false, "from an import; always known"},
		{"seniority", String, false, "c_level, vp, director, manager, …"},
		{"job_function", String, false, "what the job is about: sales, finance, it, engineering, …"},
		{"email_domain", String, false, "domain of the e-mail address, lower case"},
		{"email_free", Bool, false, "the address is at a free mail provider"},
		{"email_disposable", Bool, false, "the address is a throw-away one"},
		{"duplicate", Bool, false, "this person has an earlier lead"},
		{"account.id", String, false, "matched account"},
		{"account.name", String, false, "its name"},
		{"account.domains", Strings, false, "its domains"},
		{"account.parent", String, false, "id of its parent account"},
		{"account.parent_owner", String, false, "rep who owns its parent"},
		{"account.group", String, false, "id of its topmost parent; its own without one"},
		{"account.owner", String, false, "rep who owns it"},
		{"account.status", String, false, "customer, prospect, …"},
		{"account.country", String, false, "its country, ISO 3166-1 alpha-2"},
		{"account.strategic", Bool, false, "a strategic account"},
	}
}

// catalogue is [Names] by name.
var catalogue = sync.OnceValue(func() map[string]Type {
	types := make(map[string]Type, 64)
	for _, n := range Names() {
		types[n.Name] = n.Type
	}
	return types
})

// Lookup finds the entry of a dotted name; any name below attributes has one.
func Lookup(name string) (Name, bool) {
	if rest, ok := strings.CutPrefix(name, AttributePrefix); ok && rest != "" {
		return Name{Name: name, Type: Any, Doc: "given by the sender"}, true
	}
	for _, n := range Names() {
		if n.Name == name {
			return n, true
		}
	}
	return Name{}, false
}
