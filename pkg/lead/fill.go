package lead

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Fillable reports whether somebody else than the sender may give the fact of a name:
// neither what names the lead or says how to treat it, nor what matching finds out.
func Fillable(name string) bool {
	_, attribute := strings.CutPrefix(name, AttributePrefix)
	return attribute && len(name) > len(AttributePrefix) || (&Lead{}).place(name) != nil
}

// Has reports whether a fillable fact is known.
func (l *Lead) Has(name string) bool {
	if key, ok := strings.CutPrefix(name, AttributePrefix); ok {
		return attributeOf(l.Attributes, key) != nil
	}
	switch p := l.place(name).(type) {
	case *string:
		return *p != ""
	case **int64:
		return *p != nil
	case **float64:
		return *p != nil
	case **bool:
		return *p != nil
	case *[]string:
		return len(*p) > 0
	}
	return false
}

// Text is a fact as one writes it: "250", "true", "de-AT"; "" when it is unknown, or a list.
// It knows the id and all fillable names.
func (l *Lead) Text(name string) string {
	if name == "id" {
		return l.ID
	}
	if key, ok := strings.CutPrefix(name, AttributePrefix); ok {
		return textOf(attributeOf(l.Attributes, key))
	}
	switch p := l.place(name).(type) {
	case *string:
		return *p
	case **int64:
		return pointed(*p)
	case **float64:
		return pointed(*p)
	case **bool:
		return pointed(*p)
	}
	return ""
}

// Fill gives an unknown fact its value from valid JSON, and reports whether it did: what
// is known stays, null and "" say nothing. The error, an [*Error], says that the value does
// not fit the name; then, too, the lead is as before.
func (l *Lead) Fill(name, raw string) (bool, error) {
	switch {
	case !Fillable(name):
		return false, Fail(WrongType, name, "cannot be filled in")
	case l.Has(name):
		return false, nil
	}
	if key, ok := strings.CutPrefix(name, AttributePrefix); ok {
		return l.fillAttribute(key, raw)
	}
	var err error
	if key, ok := strings.CutPrefix(name, "company."); ok {
		err = l.Company.set(key, raw)
	} else {
		err = l.set(name, raw)
	}
	if errors.Is(err, errTyped) { // a person may be understood; a service says it in figures
		err = Fail(WrongType, name, "is not a number")
	}
	return err == nil && l.Has(name), err
}

// fillAttribute takes what a policy can ask about: scalars and lists of them.
func (l *Lead) fillAttribute(key, raw string) (bool, error) {
	v, err := anything(raw)
	if err != nil || v == nil || v == "" {
		return false, within(AttributePrefix+printable(key), err)
	}
	list, _ := v.([]any)
	_, object := v.(map[string]any)
	if object || slices.ContainsFunc(list, func(e any) bool { return textOf(e) == "" && e != "" }) {
		return false, Fail(WrongType, AttributePrefix+printable(key), "is neither a single value nor a list of them")
	}
	if count(l.Attributes)+count(v) > MaxAttributes {
		return false, Fail(TooMany, "attributes", "more than %d values", MaxAttributes)
	}
	l.keep(key, v)
	return true, nil
}

// place is where a fillable fact stands, a pointer into the lead; nil: there is no such fact.
func (l *Lead) place(name string) any {
	switch name {
	case "country":
		return &l.Country
	case "language":
		return &l.Language
	case "timezone":
		return &l.Timezone
	case "currency":
		return &l.Currency
	case "intent":
		return &l.Intent
	case "email_domain":
		return &l.EmailDomain
	case "deal_value":
		return &l.DealValue
	case "tags":
		return &l.Tags
	case "email_free":
		return &l.EmailFree
	case "email_disposable":
		return &l.EmailDisposable
	}
	if key, ok := strings.CutPrefix(name, "company."); ok {
		return l.Company.place(key)
	}
	if p := l.textField(name); p != nil {
		return p
	}
	return nil
}

func (c *Company) place(key string) any {
	switch key {
	case "name":
		return &c.Name
	case "domain":
		return &c.Domain
	case "industry":
		return &c.Industry
	case "employees":
		return &c.Employees
	case "annual_revenue":
		return &c.AnnualRevenue
	}
	return nil
}

// attributeOf finds an attribute by its dotted name, as [Lead.Facts] names it; nil: there is none.
func attributeOf(m map[string]any, name string) any {
	if v, ok := m[name]; ok {
		return v
	}
	for i, c := range name {
		if c != '.' {
			continue
		}
		if inner, ok := m[name[:i]].(map[string]any); ok {
			if v := attributeOf(inner, name[i+1:]); v != nil {
				return v
			}
		}
	}
	return nil
}

// textOf is a scalar as one writes it; "" for anything else.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func pointed[T any](p *T) string {
	if p == nil {
		return ""
	}
	return textOf(*p)
}
