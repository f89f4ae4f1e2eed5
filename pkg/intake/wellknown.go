package intake

import (
	"strings"

	"leadrouter/pkg/lead"
)

// wellKnown returns the field that a header names, or "". It knows the field names
// themselves and the headers that CRMs and form tools export.
func wellKnown(header string) string {
	for _, field := range []string{strings.ToLower(strings.TrimSpace(header)), fold(header)} {
		if _, ok := lead.Lookup(field); ok {
			return field
		}
	}
	switch fold(header) {
	case "leadid", "recordid", "prospectid":
		return "id"
	case "createdat", "created", "createdate", "createddate", "datecreated", "leaddate", "submittedat":
		return "created_at"
	case "leadsource", "originalsource":
		return "source"
	case "marketingchannel":
		return "channel"
	case "emailaddress", "mail", "workemail", "businessemail", "emailadresse":
		return "email"
	case "phonenumber", "telephone", "mobile", "mobilephone", "mobilephonenumber", "telefon":
		return "phone"
	case "firstname", "givenname", "vorname":
		return "first_name"
	case "lastname", "surname", "familyname", "nachname":
		return "last_name"
	case "jobtitle", "title", "position":
		return "job_title"
	case "company", "companyname", "accountname", "organization", "organisation", "employer", "firma":
		return "company.name"
	case "companydomain", "companydomainname", "domain", "website", "companywebsite":
		return "company.domain"
	case "industry", "companyindustry", "branche":
		return "company.industry"
	case "employees", "numberofemployees", "noofemployees", "employeecount", "mitarbeiter":
		return "company.employees"
	case "annualrevenue", "revenue":
		return "company.annual_revenue"
	case "countryregion", "countrycode", "land":
		return "country"
	case "state", "stateregion", "stateprovince", "province", "bundesland":
		return "region"
	case "town", "ort":
		return "city"
	case "postalcode", "zip", "zipcode", "postcode", "plz":
		return "postal_code"
	case "preferredlanguage", "languagecode", "sprache":
		return "language"
	case "productinterest", "productofinterest", "produkt":
		return "product"
	case "usecase":
		return "use_case"
	case "dealvalue", "dealamount", "amount", "opportunityamount":
		return "deal_value"
	case "currencycode", "dealcurrency":
		return "currency"
	case "accountid":
		return "account_id"
	case "referredby", "referrer":
		return "referred_by"
	case "labels":
		return "tags"
	}
	return ""
}

// fold makes the spellings of a header one: "First Name", first_name, FIRST-NAME.
func fold(header string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-/.\t\u00a0", r) {
			return -1
		}
		return r
	}, strings.ToLower(header))
}
