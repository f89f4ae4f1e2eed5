package canonical_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/canonical"
)

// everything has a member for each way to write one.
type everything struct {
	Text       string            `json:"text"`
	OptText    string            `json:"opt_text,omitempty"`
	OptTexts   []string          `json:"opt_texts,omitempty"`
	Integer    int64             `json:"integer"`
	OptInteger int64             `json:"opt_integer,omitempty"`
	Integers   []int64           `json:"integers,omitempty"`
	OptTrue    bool              `json:"opt_true,omitempty"`
	OptValue   *float64          `json:"opt_value,omitempty"`
	Instant    time.Time         `json:"instant"`
	OptInstant time.Time         `json:"opt_instant,omitzero"`
	OptRaw     json.RawMessage   `json:"opt_raw,omitempty"`
	TextMap    map[string]string `json:"text_map,omitempty"`
	Objects    []member          `json:"objects,omitempty"`
	Object     map[string]any    `json:"object"`
}

type member struct {
	Name string `json:"name"`
}

func (e *everything) write(w *canonical.Writer) {
	w.Open()
	w.Text("text", e.Text)
	w.OptText("opt_text", e.OptText)
	w.OptTexts("opt_texts", e.OptTexts)
	w.Integer("integer", e.Integer)
	w.OptInteger("opt_integer", e.OptInteger)
	w.OptIntegers("integers", e.Integers)
	w.OptTrue("opt_true", e.OptTrue)
	canonical.OptValue(w, "opt_value", e.OptValue)
	w.Instant("instant", e.Instant)
	w.OptInstant("opt_instant", e.OptInstant)
	w.OptRaw("opt_raw", e.OptRaw)
	w.OptTextMap("text_map", e.TextMap)
	canonical.OptObjects(w, "objects", e.Objects, func(m *member) { w.Text("name", m.Name) })
	w.Key("object")
	w.Object(e.Object)
	w.Close()
}

// TestWritesAsEncodingJSON: the same bytes, and an error for what has none.
func TestWritesAsEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := draw(t)
		want, fault := json.Marshal(e)
		w := canonical.New(64)
		e.write(w)
		got, err := w.Result()
		if fault != nil {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	})
}

func draw(t *rapid.T) everything {
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "Müller & Söhne", "a\"b\\c", "\u2028", "\xff", "\x00\x7f"}))
	floats := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1e-6, 9.99e-7, 1e21, -1e21, math.NaN()}))
	e := everything{
		Text: texts.Draw(t, "text"), OptText: texts.Draw(t, "opt text"), OptTexts: rapid.SliceOfN(texts, 0, 3).Draw(t, "texts"),
		Integer: rapid.Int64().Draw(t, "integer"), OptInteger: rapid.Int64Range(-1, 1).Draw(t, "opt integer"),
		Integers: rapid.SliceOfN(rapid.Int64(), 0, 3).Draw(t, "integers"), OptTrue: rapid.Bool().Draw(t, "true"),
		Instant: time.Unix(rapid.Int64Range(0, 1e10).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
		OptRaw:  rapid.SampledFrom([]json.RawMessage{nil, []byte(`{"a": 1}`), []byte(`{"a":"x y"}`), []byte(`["<"]`), []byte(`{"a":`), []byte(`01`)}).Draw(t, "raw"),
		TextMap: rapid.MapOfN(texts, texts, 0, 3).Draw(t, "map"),
		Object: map[string]any{
			"text": texts.Draw(t, "v"), "float": rapid.Float64Range(-1e30, 1e30).Draw(t, "f"), "nil": nil, "int": int64(3),
			"list": []any{true, "x", rapid.Int32().Draw(t, "i"), map[string]any(nil)}, "texts": []string(nil),
		},
	}
	if rapid.Bool().Draw(t, "value") {
		v := floats.Draw(t, "float")
		e.OptValue = &v
	}
	for range rapid.IntRange(0, 2).Draw(t, "objects") {
		e.Objects = append(e.Objects, member{texts.Draw(t, "name")})
	}
	return e
}

func Example() {
	w := canonical.New(512)
	w.Open()
	w.Text("id", "L-1")
	w.OptInteger("value", 0)
	w.Close()
	raw, err := w.Result()
	fmt.Println(string(raw), err)
	// Output: {"id":"L-1"} <nil>
}
