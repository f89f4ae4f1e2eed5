package jsondiff_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"leadrouter/pkg/jsondiff"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		left, right string
		want        []jsondiff.Difference
	}{
		"the same":        {`{"a":1,"b":[1,2]}`, `{ "b": [1, 2], "a": 1 }`, nil},
		"a value":         {`{"a":{"b":1}}`, `{"a":{"b":2}}`, []jsondiff.Difference{{"a/b", "1", "2"}}},
		"an element":      {`{"a":[1,{"b":2}]}`, `{"a":[1,{"b":3}]}`, []jsondiff.Difference{{"a/1/b", "2", "3"}}},
		"one less":        {`[1,2]`, `[1]`, []jsondiff.Difference{{"1", "2", ""}}},
		"one more":        {`{}`, `{"a":"x"}`, []jsondiff.Difference{{"a", "", `"x"`}}},
		"another kind":    {`{"a":{"b":1}}`, `{"a":7}`, []jsondiff.Difference{{"a", `{"b":1}`, "7"}}},
		"exact numbers":   {`{"a":9007199254740993}`, `{"a":9007199254740992}`, []jsondiff.Difference{{"a", "9007199254740993", "9007199254740992"}}},
		"the whole":       {`1`, `2`, []jsondiff.Difference{{"", "1", "2"}}},
		"no JSON":         {`{"a"`, `1`, []jsondiff.Difference{{"", `"{\"a\""`, "1"}}},
		"order of places": {`{"b":1,"a":1}`, `{"b":2,"a":2}`, []jsondiff.Difference{{"a", "1", "2"}, {"b", "1", "2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(tt.want, jsondiff.Compare([]byte(tt.left), []byte(tt.right))))
		})
	}
}

// One value changed at a known place is found there, and nowhere else.
func TestOneChangeIsOneDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		record := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,3}`), rapid.SliceOfN(rapid.Int(), 1, 4), 1, 5).Draw(t, "record")
		left, err := json.Marshal(record)
		require.NoError(t, err)
		var names []string
		for name := range record {
			names = append(names, name)
		}
		name := rapid.SampledFrom(names).Draw(t, "name")
		i := rapid.IntRange(0, len(record[name])-1).Draw(t, "index")
		before := record[name][i]
		record[name][i] = before ^ 1
		right, err := json.Marshal(record)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff([]jsondiff.Difference{{
			Path: fmt.Sprintf("%s/%d", name, i), Left: fmt.Sprint(before), Right: fmt.Sprint(before ^ 1),
		}}, jsondiff.Compare(left, right)))
		require.Empty(t, jsondiff.Compare(left, left))
	})
}

func ExampleCompare() {
	for _, d := range jsondiff.Compare([]byte(`{"rep":"ana","turn":{"before":1}}`), []byte(`{"rep":"ben","turn":{"before":1}}`)) {
		fmt.Printf("%s: %s, %s\n", d.Path, d.Left, d.Right)
	}
	// Output: rep: "ana", "ben"
}
