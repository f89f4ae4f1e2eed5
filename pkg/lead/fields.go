package lead

import "encoding/json"

// set gives one top-level field of lead.created its value.
func (l *Lead) set(name string, raw json.RawMessage) error {
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
func (l *Lead) attributes(name string, raw json.RawMessage) error {
	o, err := objectOf(name, raw)
	if err != nil {
		return err
	}
	for _, key := range o.names() {
		v, err := anything(name+"."+printable(key), o[key])
		if err != nil {
			return err
		}
		if v != nil {
			l.Attributes[key] = v
		}
	}
	return nil
}

// attribute keeps a field that lead.created does not name.
func (l *Lead) attribute(key string, raw json.RawMessage) error {
	v, err := anything("attributes."+printable(key), raw)
	if err != nil || v == nil {
		return err
	}
	if _, given := l.Attributes[key]; !given {
		l.Attributes[key] = v
	}
	return nil
}

func (c *Company) parse(name string, raw json.RawMessage) error {
	o, err := objectOf(name, raw)
	if err != nil {
		return err
	}
	return o.each(name, func(key, field string, raw json.RawMessage) error {
		switch key {
		case "name":
			return text(field, raw, &c.Name)
		case "domain":
			return lowered(field, raw, &c.Domain)
		case "industry":
			return text(field, raw, &c.Industry)
		case "employees":
			return whole(field, raw, &c.Employees)
		case "annual_revenue":
			return amount(field, raw, maxExact, &c.AnnualRevenue)
		}
		return nil // nothing else of a company can be asked about
	})
}

func parseAccount(name string, raw json.RawMessage, p **Account) error {
	o, err := objectOf(name, raw)
	if err != nil || o == nil {
		return err
	}
	a := &Account{}
	*p = a
	return o.each(name, func(key, field string, raw json.RawMessage) error {
		switch key {
		case "id":
			return text(field, raw, &a.ID)
		case "name":
			return text(field, raw, &a.Name)
		case "domains":
			return list(field, raw, MaxTags, &a.Domains)
		case "parent":
			return text(field, raw, &a.Parent)
		case "parent_owner":
			return text(field, raw, &a.ParentOwner)
		case "owner":
			return text(field, raw, &a.Owner)
		case "status":
			return text(field, raw, &a.Status)
		case "strategic":
			return flag(field, raw, &a.Strategic)
		}
		return nil
	})
}
