package policylog

import (
	"encoding/json"

	"leadrouter/pkg/event"
)

// PartBytes is the size of parts outside tests.
const PartBytes = partBytes

// Record is a record of the topic: key and data.
type Record struct {
	Key  string
	Data []byte
}

// Records are those of a publication whose files are cut into parts of size bytes.
func Records(p event.Publication, files map[string][]byte, there *Archive, size int) []Record {
	p.Files = describe(files)
	var list []Record
	for _, e := range entries(p, files, there, size) {
		data, err := json.Marshal(e.data)
		if err != nil {
			panic(err)
		}
		list = append(list, Record{e.key, data})
	}
	return list
}

// Describe lists files for a publication.
func Describe(files map[string][]byte) []event.PublishedFile { return describe(files) }
