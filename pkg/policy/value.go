package policy

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"cel.dev/cel-go/common/operators"
)

// kind is the type of a value.
type kind uint8

const (
	pending kind = iota // of a slot: not asked for yet
	unknown             // missing, or a failure such as a division by zero
	boolean
	integer
	double
	text
	list
)

// value is a CEL value without an allocation: bool, int and double are in bits.
// Every name of a policy takes one for every lead, so that it is kept small: lists,
// which are few, are pointed to.
type value struct {
	kind kind
	bits uint64
	text string
	list *[]string // of the kind list, else nil
}

func boolValue(b bool) value      { return value{kind: boolean, bits: uint64(TruthOf(b)) >> 1} }
func intValue(n int64) value      { return value{kind: integer, bits: uint64(n)} }
func doubleValue(f float64) value { return value{kind: double, bits: math.Float64bits(f)} }
func textValue(s string) value    { return value{kind: text, text: s} }
func listValue(s []string) value  { return value{kind: list, list: &s} }

func (v *value) int() int64     { return int64(v.bits) }
func (v *value) float() float64 { return math.Float64frombits(v.bits) }

// truth reads a condition's value; whatever is no bool is Unknown.
func (v value) truth() Truth {
	if v.kind != boolean {
		return Unknown
	}
	return Truth(v.bits << 1)
}

// any is the value as a fact; nil when it is unknown.
func (v *value) any() any {
	switch v.kind {
	case boolean:
		return v.bits != 0
	case integer:
		return v.int()
	case double:
		return v.float()
	case text:
		return v.text
	case list:
		return *v.list
	default:
		return nil
	}
}

// asText is a single value as tables, rows and rep columns write it.
func (v *value) asText() (string, bool) {
	switch v.kind {
	case text:
		return v.text, true
	case boolean:
		return strconv.FormatBool(v.bits != 0), true
	case integer:
		return strconv.FormatInt(v.int(), 10), true
	case double:
		return strconv.FormatFloat(v.float(), 'f', -1, 64), true
	default:
		return "", false
	}
}

func (v *value) isNumber() bool { return v.kind == integer || v.kind == double }

// equal compares known values as CEL does: numbers by what they are worth, values
// of different types are never equal.
func (v *value) equal(w *value) bool {
	switch {
	case v.isNumber() && w.isNumber():
		return !v.isNaN() && !w.isNaN() && compareNumbers(v, w) == 0
	case v.kind != w.kind:
		return false
	case v.kind == text:
		return v.text == w.text
	case v.kind == list:
		return slices.Equal(*v.list, *w.list)
	default:
		return v.bits == w.bits
	}
}

// order compares known values as CEL does; types that have no order are Unknown.
// NaN is neither before nor behind anything.
func (v *value) order(w *value, holds func(int) bool) Truth {
	n := 0
	switch {
	case v.isNaN() || w.isNaN():
		return False
	case v.isNumber() && w.isNumber():
		n = compareNumbers(v, w)
	case v.kind != w.kind:
		return Unknown
	case v.kind == text:
		n = cmp.Compare(v.text, w.text)
	case v.kind == boolean:
		n = cmp.Compare(v.bits, w.bits)
	default:
		return Unknown
	}
	return TruthOf(holds(n))
}

func (v *value) isNaN() bool { return v.kind == double && math.IsNaN(v.float()) }

// compareNumbers compares numbers that are not NaN; a whole number and a double as
// doubles, like CEL.
func compareNumbers(v, w *value) int {
	switch {
	case v.kind == integer && w.kind == integer:
		return cmp.Compare(v.int(), w.int())
	case v.kind == integer:
		return cmp.Compare(float64(v.int()), w.float())
	case w.kind == integer:
		return cmp.Compare(v.float(), float64(w.int()))
	default:
		return cmp.Compare(v.float(), w.float())
	}
}

func negativeZero() float64 { return math.Copysign(0, -1) }

// operations on two numbers of one kind; overflow and division by zero are unknown.
var operations = map[string]func(a, b value) value{
	operators.Add:      add,
	operators.Subtract: subtract,
	operators.Multiply: multiply,
	operators.Divide:   divide,
	operators.Modulo:   modulo,
}

func failed() value { return value{kind: unknown} }

func add(a, b value) value {
	switch {
	case a.kind != b.kind || a.kind == unknown:
		return failed()
	case a.kind == double:
		return doubleValue(a.float() + b.float())
	}
	sum := a.int() + b.int()
	if (sum > a.int()) != (b.int() > 0) && b.int() != 0 {
		return failed()
	}
	return intValue(sum)
}

func subtract(a, b value) value {
	switch {
	case a.kind != b.kind || a.kind == unknown:
		return failed()
	case a.kind == double:
		return doubleValue(a.float() - b.float())
	}
	diff := a.int() - b.int()
	if (diff < a.int()) != (b.int() > 0) && b.int() != 0 {
		return failed()
	}
	return intValue(diff)
}

func multiply(a, b value) value {
	switch {
	case a.kind != b.kind || a.kind == unknown:
		return failed()
	case a.kind == double:
		return doubleValue(a.float() * b.float())
	}
	x, y := a.int(), b.int()
	if x == 0 || y == 0 {
		return intValue(0)
	}
	product := x * y
	if product/y != x || x == -1 && y == math.MinInt64 || y == -1 && x == math.MinInt64 {
		return failed()
	}
	return intValue(product)
}

func divide(a, b value) value {
	switch {
	case a.kind != b.kind || a.kind == unknown:
		return failed()
	case a.kind == double:
		return doubleValue(a.float() / b.float())
	case b.int() == 0 || a.int() == math.MinInt64 && b.int() == -1:
		return failed()
	}
	return intValue(a.int() / b.int())
}

func modulo(a, b value) value {
	if a.kind != integer || b.kind != integer || b.int() == 0 || a.int() == math.MinInt64 && b.int() == -1 {
		return failed()
	}
	return intValue(a.int() % b.int())
}
