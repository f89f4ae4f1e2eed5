package intake

import (
	"encoding/json"
	"errors"

	"leadrouter/pkg/lead"
)

// accountField returns the field of an account that a header names, or "".
func accountField(header string) string {
	switch key := fold(header); key {
	case "id", "accountid", "recordid", "crmid":
		return "account.id"
	case "name", "account", "accountname", "company", "companyname", "organization", "organisation", "firma":
		return "account.name"
	case "domain", "domains", "website", "companydomain", "companydomainname", "url":
		return "account.domains"
	case "parent", "parentid", "parentaccount", "parentaccountid", "subsidiaryof":
		return "account.parent"
	case "owner", "ownerid", "accountowner", "rep", "repid":
		return "account.owner"
	case "status", "accountstatus", "type":
		return "account.status"
	case "strategic", "strategicaccount", "keyaccount":
		return "account.strategic"
	case "country", "countrycode", "billingcountry", "land":
		return "account.country"
	}
	if name := "account." + header; known(name) {
		return name
	}
	return ""
}

func known(field string) bool {
	_, ok := lead.Lookup(field)
	return ok
}

// account reads a row as an account. One without an id goes by its name, as others name it
// for their parent.
func (r *Reader) account(row row) (lead.Account, []byte, error) {
	data := row.data
	if data == nil {
		bound, err := r.binder.lead(row.cells)
		if err != nil {
			return lead.Account{}, nil, err
		}
		data, _ = bound["account"].(map[string]any)
	}
	if data == nil {
		return lead.Account{}, nil, errors.New("says nothing of an account; name the columns id and name, or say in --map which they are")
	}
	if id, ok := data["id"]; !ok || id == "" {
		data["id"] = data["name"]
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return lead.Account{}, nil, err
	}
	a, err := lead.ParseAccount(raw)
	if err != nil {
		return lead.Account{}, nil, err
	}
	if a.ID == "" {
		return lead.Account{}, nil, errors.New("has neither an id nor a name")
	}
	raw, err = json.Marshal(a)
	return a, raw, err
}

// ID names what a row is about.
func (rec Record) ID() string {
	if rec.Account.ID != "" {
		return rec.Account.ID
	}
	return rec.Lead.ID
}
