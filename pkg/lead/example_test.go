package lead_test

import (
	"fmt"

	"leadrouter/pkg/lead"
)

func ExampleParse() {
	l, err := lead.Parse([]byte(`{"id": "L-1", "country": "de", "company": {"domain": "Bank.example"}, "seats": 120}`))
	fmt.Println(l.Country, l.Company.Domain, l.Company.Employees == nil, l.Attributes["seats"], err)

	_, err = lead.Parse([]byte(`{"id": "L-2", "deal_value": -5}`))
	fmt.Println(lead.CodeOf(err), "-", err)
	// Output:
	// DE bank.example true 120 <nil>
	// bad_number - deal_value: is not between 0 and 9000000000
}

func ExampleLead_Facts() {
	l, _ := lead.Parse([]byte(`{"id": "L-1", "company": {"employees": 800}, "seats": 120}`))
	facts := l.Facts()
	fmt.Println(facts["company.employees"], facts["attributes.seats"])
	_, known := facts["country"]
	fmt.Println("country known:", known)
	// Output:
	// 800 120
	// country known: false
}
