package intake_test

import (
	"fmt"
	"strings"

	"leadrouter/pkg/intake"
)

func ExampleReader() {
	file := "Lead ID,Country,Deal Value\nL-1,Germany,\"12,500\"\nL-2,FR,\"12,5k\"\n"
	r, err := intake.NewReader(strings.NewReader(file), "leads.csv", intake.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for rec, err := r.Next(); err == nil; rec, err = r.Next() {
		if rec.Err != nil {
			fmt.Println(rec.Err)
			continue
		}
		fmt.Println(string(rec.Data))
	}
	// Output:
	// {"country":"DE","deal_value":12500,"id":"L-1"}
	// leads.csv:3: deal_value "12,5k" is not a number
}
