package audit_test

import (
	"fmt"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// Partitions are read in any order; the folder waits for what comes first.
func ExampleFolder() {
	away := event.Decision{Grant: ledger.Grant{Sequence: 1, At: 10, Effect: ledger.Present, Rep: "ana", Verb: ledger.Away}}
	back := event.Decision{Grant: ledger.Grant{Sequence: 2, At: 20, Effect: ledger.Present, Rep: "ana", Verb: ledger.Available}}

	folder := audit.NewFolder()
	for _, d := range []event.Decision{back, away} {
		if err := folder.Add(d); err != nil {
			fmt.Println(err)
		}
		fmt.Println(folder.State().Sequence, "folded, missing", folder.Missing())
	}
	// Output:
	// 0 folded, missing [1]
	// 2 folded, missing []
}
