package rights_test

import (
	"fmt"

	"leadrouter/pkg/rights"
)

// What whoever publishes leads must be allowed.
func Example() {
	for _, line := range rights.Commands(rights.Kafka(rights.Publish, "acme", rights.Options{}), "User:web") {
		fmt.Println(line)
	}
	// Output: kafka-acls --add --allow-principal User:web --operation Write --topic acme.lead.created
}
