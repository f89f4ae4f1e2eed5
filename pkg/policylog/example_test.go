package policylog_test

import (
	"fmt"

	"leadrouter/pkg/event"
	"leadrouter/pkg/policylog"
)

func Example() {
	p := event.Publication{
		Number: 1, Hash: "9f31c2a", Name: "tamarisk",
		Files: []event.PublishedFile{{Name: "policy.yaml", Hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Size: 4}},
	}
	archive := policylog.NewArchive(policylog.Hashes(p)...)
	_, err := archive.Files(p)
	fmt.Println(err)
	// Records come from the topic, in whatever order.
	archive.Add(p.Files[0].Hash+"/0/1", []byte(`{"hash":"`+p.Files[0].Hash+`","part":0,"parts":1,"content":"dGVzdA=="}`))
	files, err := archive.Files(p)
	fmt.Println(string(files["policy.yaml"]), err)
	// Output:
	// publication 1, policy.yaml: file 9f86d081884c: a part is missing
	// test <nil>
}
