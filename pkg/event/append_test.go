package event_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/event"
)

// TestNewWritesAsEncodingJSON: the bytes of an event are those of encoding/json,
// and so is the error, whatever the value holds. Values are drawn by their types, so
// that a field which is added later is drawn too.
func TestNewWritesAsEncodingJSON(t *testing.T) {
	t.Parallel()
	t.Run("assigned", func(t *testing.T) { t.Parallel(); rapid.Check(t, asEncodingJSON[event.Assigned]) })
	t.Run("decision", func(t *testing.T) { t.Parallel(); rapid.Check(t, asEncodingJSON[event.Decision]) })
	t.Run("timer", func(t *testing.T) { t.Parallel(); rapid.Check(t, asEncodingJSON[event.Timer]) })
}

func FuzzNewAssigned(f *testing.F) { f.Fuzz(rapid.MakeFuzz(asEncodingJSON[event.Assigned])) }
func FuzzNewTimer(f *testing.F)    { f.Fuzz(rapid.MakeFuzz(asEncodingJSON[event.Timer])) }
func FuzzNewDecision(f *testing.F) { f.Fuzz(rapid.MakeFuzz(asEncodingJSON[event.Decision])) }

func asEncodingJSON[T any](t *rapid.T) {
	data := *new(T)
	fill(t, reflect.ValueOf(&data).Elem(), 3)
	want, fault := json.Marshal(data)
	e, err := event.New(event.LeadAssigned, "cause", 0, "L-1", at, data)
	if fault != nil {
		require.EqualError(t, err, "encode lead.assigned of cause: "+fault.Error())
		return
	}
	require.NoError(t, err)
	require.Equal(t, string(want), string(e.Data))
}

// fill gives v a value, often an empty one. Pointers are followed deep times.
func fill(t *rapid.T, v reflect.Value, deep int) {
	if rapid.IntRange(0, 3).Draw(t, "empty") == 0 {
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = instants().Draw(t, "time")
		return
	case *json.RawMessage:
		*p = json.RawMessage(raws().Draw(t, "raw"))
		return
	case *map[string]any:
		*p = rapid.MapOfN(texts(), values(2), 0, 4).Draw(t, "map")
		return
	case *map[string]string:
		*p = rapid.MapOfN(texts(), texts(), 0, 3).Draw(t, "map")
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts().Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int") >> (64 - v.Type().Bits()))
	case reflect.Float64:
		v.SetFloat(floats().Draw(t, "float"))
	case reflect.Pointer:
		if deep > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), deep-1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rapid.IntRange(0, 3).Draw(t, "length"), 3))
		for i := range v.Len() {
			fill(t, v.Index(i), deep-1)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field, deep)
		}
	default:
		if deep > 0 { // maps of the ledger's images
			t.Fatalf("no value is drawn for a %s", v.Type())
		}
	}
}

// Generators are made anew for each use: rapid writes to them, and tests run side by side.

func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z0-9_-]{0,12}`), rapid.String(),
		rapid.SampledFrom([]string{"Müller & Söhne", "<b>", "a\"b\\c", "\u2028", "x\u2029", "\u2027…", "\xff", "a\xe2\x80", "\x00\x1f\x7f", "𝕎"}),
	)
}

func floats() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Float64(), rapid.Map(rapid.Int64(), func(n int64) float64 { return float64(n) }),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1e-6, 9.99e-7, 1e21, 9.99e20, -1e21, -1e-6, math.MaxFloat64, math.NaN(), math.Inf(-1)}),
	)
}

func instants() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		years := rapid.OneOf(rapid.IntRange(1990, 2100), rapid.SampledFrom([]int{-1, 0, 1, 9999, 10000}))
		zone := rapid.SampledFrom([]*time.Location{time.UTC, time.UTC, time.FixedZone("", 5400), time.FixedZone("", 90), time.FixedZone("", 100*3600)})
		return time.Date(years.Draw(t, "year"), 11, 24, 9, 0, 2, rapid.SampledFrom([]int{0, 5, 500_000_000}).Draw(t, "ns"), zone.Draw(t, "zone"))
	})
}

func raws() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.Map(values(3), func(v any) string { raw, _ := json.Marshal(v); return string(raw) }),
		rapid.SampledFrom([]string{
			`{"a": 1}`, `{"a":"x y"}`, `{"a":"<"}`, "{\"a\":\"\u2028\"}", `{"a":"\\"}`, `{"a":"\" "}`, `{"ü":"…"}`, `{"a":`, `{}{}`, `01`, `{} `,
			"{\"\xff\":\"\xe2\x80\"}", `\`, `"a`, "[1,\n2]",
		}), rapid.String(),
	)
}

// values are what an attribute may hold, and a little more.
func values(deep int) *rapid.Generator[any] {
	options := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Map(texts(), func(v string) any { return v }), rapid.Map(rapid.Int64(), func(v int64) any { return v }),
		rapid.Map(floats().Filter(finite), func(v float64) any { return v }), rapid.Map(rapid.Bool(), func(v bool) any { return v }),
		rapid.Map(rapid.SliceOfN(texts(), 0, 3), func(v []string) any { return v }), rapid.Map(rapid.Int32(), func(v int32) any { return v }),
		rapid.SampledFrom([]any{[]any(nil), []string(nil), map[string]any(nil), json.Number("1e3")}),
	}
	if deep > 0 {
		options = append(options,
			rapid.Map(rapid.SliceOfN(values(deep-1), 0, 3), func(v []any) any { return v }),
			rapid.Map(rapid.MapOfN(texts(), values(deep-1), 0, 3), func(v map[string]any) any { return v }))
	}
	return rapid.OneOf(options...)
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
