package starter_test

import (
	"fmt"
	"strings"

	"leadrouter/pkg/starter"
)

func ExamplePolicy() {
	people := "Full Name,E-Mail,Countries\nJonas Weber,jonas@x.example,\"Germany, Austria\"\n"
	files, err := starter.Policy(strings.NewReader(people), "people.csv")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(files[starter.RepsFile]))
	// Output:
	// id,name,country
	// jonas,Jonas Weber,DE AT
}
