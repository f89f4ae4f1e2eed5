package lead

import "time"

// Lead is one prospect as it came in, plus what enrichment and matching found out
// about it. Its JSON is the data of lead.created; [Parse] reads it back exactly.
type Lead struct {
	// ID names the lead for good: 1 … MaxID bytes, printable.
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at,omitzero"` // UTC; zero when unknown
	Source    string    `json:"source,omitempty"`    // demo_request, event, referral, …
	Channel   string    `json:"channel,omitempty"`

	Email     string  `json:"email,omitempty"`
	Phone     string  `json:"phone,omitempty"`
	FirstName string  `json:"first_name,omitempty"`
	LastName  string  `json:"last_name,omitempty"`
	JobTitle  string  `json:"job_title,omitempty"`
	Company   Company `json:"company,omitzero"`

	Country    string `json:"country,omitempty"` // ISO 3166-1 alpha-2, upper case
	Region     string `json:"region,omitempty"`
	City       string `json:"city,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Language   string `json:"language,omitempty"` // BCP 47, canonical: de-AT
	Timezone   string `json:"timezone,omitempty"` // IANA name

	Product string `json:"product,omitempty"`
	UseCase string `json:"use_case,omitempty"`
	// DealValue is in whole units of Currency (80000.00 EUR), 0 … MaxDealValue.
	DealValue  *float64 `json:"deal_value,omitempty"`
	Currency   string   `json:"currency,omitempty"` // ISO 4217; empty = the policy's base
	Intent     string   `json:"intent,omitempty"`   // high, medium, low
	AccountID  string   `json:"account_id,omitempty"`
	ReferredBy string   `json:"referred_by,omitempty"`
	Tags       []string `json:"tags,omitempty"`

	// Attributes is anything else: string, int64, float64, bool, []any or
	// map[string]any. Fields that this package does not know are put here.
	Attributes map[string]any `json:"attributes,omitempty"`

	Test bool `json:"test,omitempty"` // decided, never counted
	Bulk bool `json:"bulk,omitempty"` // from an import: its own SLA, no notices

	// What enrichment and matching add; a sender that knows may say it first.
	Seniority       string   `json:"seniority,omitempty"`    // c_level, vp, director, manager, …
	JobFunction     string   `json:"job_function,omitempty"` // sales, finance, it, …
	EmailDomain     string   `json:"email_domain,omitempty"` // lower case
	EmailFree       *bool    `json:"email_free,omitempty"`
	EmailDisposable *bool    `json:"email_disposable,omitempty"`
	Duplicate       *bool    `json:"duplicate,omitempty"` // this person has an earlier lead
	Account         *Account `json:"account,omitempty"`

	// Evidence is how that was found out; nil: all is the sender's word. It has a place of
	// its own in what is written of a lead.
	Evidence *Evidence `json:"-"`
}

// Company is the lead's employer as far as it is known.
type Company struct {
	Name          string   `json:"name,omitempty"`
	Domain        string   `json:"domain,omitempty"` // lower case
	Industry      string   `json:"industry,omitempty"`
	Employees     *int64   `json:"employees,omitempty"`
	AnnualRevenue *float64 `json:"annual_revenue,omitempty"` // whole units of the lead's currency
}

// Account is a company in the CRM, matched to the lead.
type Account struct {
	ID          string   `json:"id,omitempty"`
	Name        string   `json:"name,omitempty"`
	Domains     []string `json:"domains,omitempty"`
	Parent      string   `json:"parent,omitempty"`       // account id
	ParentOwner string   `json:"parent_owner,omitempty"` // rep id
	Group       string   `json:"group,omitempty"`        // id of the topmost parent; its own without one
	Owner       string   `json:"owner,omitempty"`        // rep id
	Status      string   `json:"status,omitempty"`       // customer, prospect, …
	Country     string   `json:"country,omitempty"`      // ISO 3166-1 alpha-2, upper case
	Strategic   *bool    `json:"strategic,omitempty"`
}
