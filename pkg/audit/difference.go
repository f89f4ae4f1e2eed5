package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// Difference is one place where two JSON values differ. What is missing is empty.
type Difference struct {
	Path    string `json:"path"` // of names and indexes, "turn/before"
	Logged  string `json:"logged"`
	Derived string `json:"derived"`
}

// compare lists where two grants differ.
func compare(logged, derived any) []Difference {
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
	list := descend(nil, "", decode(logged), decode(derived))
	if len(list) == 0 {
		list = []Difference{{Logged: string(logged), Derived: string(derived)}}
	}
	return list
}

// decode reads JSON with exact numbers; what is none stays text.
func decode(src []byte) (v any) {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return string(src)
	}
	return v
}

func descend(list []Difference, path string, logged, derived any) []Difference {
	left, right := children(logged), children(derived)
	if left == nil || right == nil {
		if !reflect.DeepEqual(logged, derived) {
			list = append(list, Difference{path, text(logged), text(derived)})
		}
		return list
	}
	both := maps.Clone(left)
	maps.Copy(both, right)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		below := name
		if path != "" {
			below = path + "/" + name
		}
		list = descend(list, below, left[name], right[name])
	}
	return list
}

// children of an object or a list, by name or index; nil of anything else.
func children(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case []any:
		byIndex := make(map[string]any, len(v))
		for i := range v {
			byIndex[strconv.Itoa(i)] = v[i]
		}
		return byIndex
	}
	return nil
}

func text(v any) string {
	if v == nil {
		return ""
	}
	src, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(src)
}
