package jsondiff

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// Difference is one place where two texts differ.
type Difference struct {
	Path        string // of names and indexes, "turn/before"; empty: the whole
	Left, Right string // JSON; empty where there is nothing
}

// Compare lists where two JSON texts differ, ordered by path: nothing means that they
// say the same, however they are written. What is no JSON counts as a string, null as
// nothing.
func Compare(left, right []byte) []Difference {
	return descend(nil, "", decode(left), decode(right))
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

func descend(list []Difference, path string, left, right any) []Difference {
	a, b := children(left), children(right)
	if a == nil || b == nil {
		if !reflect.DeepEqual(left, right) {
			list = append(list, Difference{path, text(left), text(right)})
		}
		return list
	}
	both := maps.Clone(a)
	maps.Copy(both, b)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		below := name
		if path != "" {
			below = path + "/" + name
		}
		list = descend(list, below, a[name], b[name])
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
