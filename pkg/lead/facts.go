package lead

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Facts is what a policy sees of a lead: dotted names to string, int64, float64,
// bool or []string. A name that is absent is unknown.
type Facts map[string]any

// Facts lists all that is known of the lead. Attributes keep only what a policy
// can ask about: scalars, lists of strings, and maps of these by dotted names.
func (l Lead) Facts() Facts {
	f := make(Facts, 28) // the most that 32 slots of a map are filled with; few leads have more
	f.text("id", l.ID)
	if !l.CreatedAt.IsZero() {
		f["created_at"] = l.CreatedAt.UTC().Format(time.RFC3339Nano)
	}
	f.text("source", l.Source)
	f.text("channel", l.Channel)
	f.text("email", l.Email)
	f.text("phone", l.Phone)
	f.text("first_name", l.FirstName)
	f.text("last_name", l.LastName)
	f.text("job_title", l.JobTitle)
	f.text("country", l.Country)
	f.text("region", l.Region)
	f.text("city", l.City)
	f.text("postal_code", l.PostalCode)
	f.text("language", l.Language)
	f.text("timezone", l.Timezone)
	f.text("product", l.Product)
	f.text("use_case", l.UseCase)
	known(f, "deal_value", l.DealValue)
	f.text("currency", l.Currency)
	f.text("intent", l.Intent)
	f.text("account_id", l.AccountID)
	f.text("referred_by", l.ReferredBy)
	f.list("tags", l.Tags)
	f["test"], f["bulk"] = l.Test, l.Bulk // the contract says what missing means: false
	f.text("seniority", l.Seniority)
	f.text("job_function", l.JobFunction)
	f.text("email_domain", l.EmailDomain)
	known(f, "email_free", l.EmailFree)
	known(f, "email_disposable", l.EmailDisposable)
	known(f, "duplicate", l.Duplicate)
	f.company(l.Company)
	f.account(l.Account)
	f.attributes("attributes", l.Attributes)
	return f
}

func (f Facts) company(c Company) {
	f.text("company.name", c.Name)
	f.text("company.domain", c.Domain)
	f.text("company.industry", c.Industry)
	known(f, "company.employees", c.Employees)
	known(f, "company.annual_revenue", c.AnnualRevenue)
}

func (f Facts) account(a *Account) {
	if a == nil {
		return
	}
	f.text("account.id", a.ID)
	f.text("account.name", a.Name)
	f.list("account.domains", a.Domains)
	f.text("account.parent", a.Parent)
	f.text("account.parent_owner", a.ParentOwner)
	f.text("account.group", a.Group)
	f.text("account.owner", a.Owner)
	f.text("account.status", a.Status)
	f.text("account.country", a.Country)
	known(f, "account.strategic", a.Strategic)
}

// attributes walks in the order of keys, so that two spellings of one dotted name
// ("a.b" and a: {b}) always end the same way.
func (f Facts) attributes(prefix string, m map[string]any) {
	var buf [16]string
	keys := slices.AppendSeq(buf[:0], maps.Keys(m))
	slices.Sort(keys)
	for _, k := range keys {
		name := prefix + "." + k
		switch v := m[k].(type) {
		case string, int64, float64, bool:
			f[name] = v
		case map[string]any:
			f.attributes(name, v)
		case []any:
			if list, ok := texts(v); ok {
				f[name] = list
			}
		}
	}
}

func (f Facts) text(name, v string) {
	if v != "" {
		f[name] = v
	}
}

func (f Facts) list(name string, v []string) {
	if len(v) > 0 {
		f[name] = v
	}
}

func known[T any](f Facts, name string, v *T) {
	if v != nil {
		f[name] = *v
	}
}

// texts reports whether all of a non-empty list are strings.
func texts(list []any) ([]string, bool) {
	out := make([]string, len(list))
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, false
		}
		out[i] = s
	}
	return out, len(out) > 0
}

// UnmarshalJSON reads facts back to the very types they had: a name of the
// catalogue to its type, any other by its value (a whole number is an int64, as
// [Parse] makes it). Names that a policy makes are read like any other.
func (f *Facts) UnmarshalJSON(raw []byte) error {
	if !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte{'{'}) {
		return Fail(WrongType, "", "is not an object")
	}
	var o map[string]json.RawMessage
	if err := json.Unmarshal(raw, &o); err != nil {
		return Fail(NotJSON, "", "not JSON")
	}
	types := catalogue()
	*f = make(Facts, len(o))
	for _, name := range slices.Sorted(maps.Keys(o)) {
		v, err := fact(name, string(o[name]), types)
		if err != nil {
			return err
		}
		(*f)[name] = v
	}
	return nil
}

func fact(name, raw string, types map[string]Type) (any, error) {
	v, err := anything(raw)
	if err != nil {
		return nil, within(name, err)
	}
	switch x := v.(type) {
	case int64:
		if types[name] == Float {
			v = float64(x)
		}
	case []any:
		if list, ok := texts(x); ok {
			v = list
		}
	}
	got, ok := typeOf(v)
	if want, listed := types[name]; !ok || listed && got != want {
		return nil, Fail(WrongType, name, "is of another type than the fact of this name")
	}
	return v, nil
}

func typeOf(v any) (Type, bool) {
	switch v.(type) {
	case string:
		return String, true
	case int64:
		return Int, true
	case float64:
		return Float, true
	case bool:
		return Bool, true
	case []string:
		return Strings, true
	}
	return Any, false
}
