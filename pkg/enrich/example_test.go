package enrich_test

import (
	"fmt"
	"maps"
	"slices"

	"leadrouter/pkg/enrich"
	"leadrouter/pkg/lead"
)

func ExampleEnricher_Enrich() {
	e := enrich.New(enrich.Config{})
	l := lead.Lead{ID: "L-1", Email: "Jo@Weber-Bank.example", Phone: "+49 (0)30 9018-2000", JobTitle: "Leiterin Einkauf"}
	e.Enrich(&l)
	fmt.Println(l.Email, l.Phone)
	facts := l.Facts()
	for _, name := range slices.Sorted(maps.Keys(l.Evidence.From)) {
		fmt.Println(name, facts[name], "from", l.Evidence.From[name])
	}
	// Output:
	// jo@weber-bank.example +493090182000
	// company.domain weber-bank.example from email
	// country DE from phone
	// email_disposable false from email
	// email_free false from email
	// job_function procurement from job_title
	// language de from country
	// seniority director from job_title
	// timezone Europe/Berlin from phone
}
