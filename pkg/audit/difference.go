package audit

import (
	"bytes"
	"encoding/json"
	"reflect"

	"leadrouter/pkg/jsondiff"
	"leadrouter/pkg/ledger"
)

// Difference is one place where two JSON values differ. What is missing is empty.
type Difference struct {
	Path    string `json:"path"` // of names and indexes, "turn/before"
	Logged  string `json:"logged"`
	Derived string `json:"derived"`
}

// compare lists where two grants differ.
func compare(logged, derived ledger.Grant) []Difference {
	if reflect.DeepEqual(logged, derived) {
		return nil
	}
	left, err := json.Marshal(logged)
	if err != nil {
		return []Difference{{Logged: err.Error()}}
	}
	right, err := json.Marshal(derived)
	if err != nil {
		return []Difference{{Derived: err.Error()}}
	}
	return differences(left, right)
}

// differences lists where two JSON texts differ: one, of the whole, where they only are
// written differently.
func differences(logged, derived []byte) []Difference {
	if bytes.Equal(logged, derived) {
		return nil
	}
	var list []Difference
	for _, d := range jsondiff.Compare(logged, derived) {
		list = append(list, Difference{Path: d.Path, Logged: d.Left, Derived: d.Right})
	}
	if len(list) == 0 {
		list = []Difference{{Logged: string(logged), Derived: string(derived)}}
	}
	return list
}
