package match_test

import (
	"fmt"

	"leadrouter/pkg/match"
)

func ExampleEncoder() {
	e := match.NewEncoder([]byte("32 random bytes, kept secret"))
	before := e.Encode(match.Person{Email: "jo.weber@gmail.com", FirstName: "Jürgen", LastName: "Weber", Company: "Acme GmbH"})
	now := e.Encode(match.Person{FirstName: "Juergen", LastName: "Webber", Company: "acme.com"})

	for _, k := range now.Keys {
		for _, known := range before.Keys {
			if k == known {
				fmt.Println("found by", k.By)
			}
		}
	}
	fmt.Println("the same person:", e.Same(before.Sketch, now.Sketch) >= match.Duplicate)
	// Output:
	// found by name
	// found by name
	// the same person: true
}
