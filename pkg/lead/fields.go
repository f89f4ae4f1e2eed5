package lead

import (
	"errors"
	"strings"
)

// set gives one top-level field of lead.created its value.
func (l *Lead) set(name, raw string) error {
	switch name {
	case "id":
		return text(name, raw, &l.ID)
	case "created_at":
		return instant(name, raw, &l.CreatedAt)
	case "country":
		return country(name, raw, &l.Country)
	case "language":
		return languageTag(name, raw, &l.Language)
	case "timezone":
		return timezone(name, raw, &l.Timezone)
	case "currency":
		return currencyCode(name, raw, &l.Currency)
	case "intent":
		return oneOf(name, raw, &l.Intent, "high", "medium", "low")
	case "deal_value":
		return amount(name, raw, MaxDealValue, &l.DealValue)
	case "tags":
		return list(name, raw, MaxTags, &l.Tags)
	case "company":
		return l.Company.parse(name, raw)
	case "account":
		return parseAccount(name, raw, &l.Account)
	case "attributes":
		return l.attributes(name, raw)
	case "email_domain":
		return lowered(name, raw, &l.EmailDomain)
	}
	if p := l.textField(name); p != nil {
		return text(name, raw, p)
	}
	if p := l.flagField(name); p != nil {
		return flag(name, raw, p)
	}
	switch name {
	case "test":
		return plainFlag(name, raw, &l.Test)
	case "bulk":
		return plainFlag(name, raw, &l.Bulk)
	}
	return l.attribute(name, raw)
}

// textField returns the field of a name that takes any text, or nil.
func (l *Lead) textField(name string) *string {
	switch name {
	case "source":
		return &l.Source
	case "channel":
		return &l.Channel
	case "email":
		return &l.Email
	case "phone":
		return &l.Phone
	case "first_name":
		return &l.FirstName
	case "last_name":
		return &l.LastName
	case "job_title":
		return &l.JobTitle
	case "region":
		return &l.Region
	case "city":
		return &l.City
	case "postal_code":
		return &l.PostalCode
	case "product":
		return &l.Product
	case "use_case":
		return &l.UseCase
	case "account_id":
		return &l.AccountID
	case "referred_by":
		return &l.ReferredBy
	case "seniority":
		return &l.Seniority
	case "job_function":
		return &l.JobFunction
	}
	return nil
}

// flagField returns the field of a name that is true, false or unknown, or nil.
func (l *Lead) flagField(name string) **bool {
	switch name {
	case "email_free":
		return &l.EmailFree
	case "email_disposable":
		return &l.EmailDisposable
	case "duplicate":
		return &l.Duplicate
	}
	return nil
}

// attributes takes the sender's own map, which wins over unknown fields.
func (l *Lead) attributes(name, raw string) error {
	var buf [16]member
	members, err := objectOf(buf[:0], name, raw)
	if err != nil {
		return err
	}
	for _, m := range members {
		v, err := anything(m.raw)
		if err != nil {
			return within(name+"."+printable(m.name), err)
		}
		if v != nil {
			l.keep(m.name, v)
		}
	}
	return nil
}

// attribute keeps a field that lead.created does not name.
func (l *Lead) attribute(key, raw string) error {
	v, err := anything(raw)
	if err != nil {
		return within("attributes."+printable(key), err)
	}
	if _, given := l.Attributes[key]; v != nil && !given {
		l.keep(key, v)
	}
	return nil
}

func (l *Lead) keep(key string, v any) {
	if l.Attributes == nil {
		l.Attributes = map[string]any{}
	}
	l.Attributes[key] = v
}

func (c *Company) parse(name, raw string) error {
	var buf [8]member
	members, err := objectOf(buf[:0], name, raw)
	if err != nil {
		return err
	}
	for _, m := range members {
		switch fault := c.set(m.name, m.raw); {
		case errors.Is(fault, errTyped):
			err = fault // the rest comes first
		case fault != nil:
			return fault
		}
	}
	return err
}

func (c *Company) set(name, raw string) error {
	switch name {
	case "name":
		return text("company.name", raw, &c.Name)
	case "domain":
		return lowered("company.domain", raw, &c.Domain)
	case "industry":
		return text("company.industry", raw, &c.Industry)
	case "employees":
		return whole("company.employees", raw, &c.Employees)
	case "annual_revenue":
		return amount("company.annual_revenue", raw, maxExact, &c.AnnualRevenue)
	}
	return nil // nothing else of a company can be asked about
}

func parseAccount(name, raw string, p **Account) error {
	var buf [8]member
	members, err := objectOf(buf[:0], name, raw)
	if err != nil || raw[0] == 'n' {
		return err
	}
	a := &Account{}
	*p = a
	for _, m := range members {
		if err := a.set(m.name, m.raw); err != nil {
			return err
		}
	}
	return nil
}

// ParseAccount reads the data of account.changed. Null and empty texts count as missing; what
// is not known of an account is passed over. The error is an [*Error].
func ParseAccount(raw []byte) (Account, error) {
	if err := Check(raw); err != nil {
		return Account{}, err
	}
	value := strings.Trim(string(raw), " \t\r\n")
	if value[0] != '{' {
		return Account{}, Fail(WrongType, "", "is not an object")
	}
	var a *Account
	if err := parseAccount("", value, &a); err != nil {
		return Account{}, err
	}
	return *a, nil
}

func (a *Account) set(name, raw string) error {
	switch name {
	case "id":
		return text("account.id", raw, &a.ID)
	case "name":
		return text("account.name", raw, &a.Name)
	case "domains":
		return list("account.domains", raw, MaxTags, &a.Domains)
	case "parent":
		return text("account.parent", raw, &a.Parent)
	case "parent_owner":
		return text("account.parent_owner", raw, &a.ParentOwner)
	case "group":
		return text("account.group", raw, &a.Group)
	case "owner":
		return text("account.owner", raw, &a.Owner)
	case "status":
		return text("account.status", raw, &a.Status)
	case "country":
		return country("account.country", raw, &a.Country)
	case "strategic":
		return flag("account.strategic", raw, &a.Strategic)
	}
	return nil
}
