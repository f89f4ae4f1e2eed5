package event_test

import (
	"fmt"

	"leadrouter/pkg/event"
)

// Bare JSON, as kcat or a form tool publishes it, is an event too.
func ExampleDecode() {
	e, err := event.Decode(nil, []byte("L-1"), []byte(`{"activity": "accepted", "rep_id": "jonas"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := e.Activity()
	fmt.Println(a.LeadID, a.Activity, a.RepID, err)
	// Output: L-1 accepted jonas <nil>
}

func ExampleType_Topic() {
	fmt.Println(event.LeadAssigned.Topic(""), event.LeadAssigned.Topic("emea"))
	// Output: lead.assigned emea.lead.assigned
}
