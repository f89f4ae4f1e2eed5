package policy

import "math"

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
type value struct {
	kind kind
	bits uint64
	text string
	list []string
}

func boolValue(b bool) value      { return value{kind: boolean, bits: uint64(TruthOf(b)) >> 1} }
func intValue(n int64) value      { return value{kind: integer, bits: uint64(n)} }
func doubleValue(f float64) value { return value{kind: double, bits: math.Float64bits(f)} }
func textValue(s string) value    { return value{kind: text, text: s} }
func listValue(s []string) value  { return value{kind: list, list: s} }

func (v value) isTrue() bool   { return v.kind == boolean && v.bits != 0 }
func (v value) int() int64     { return int64(v.bits) }
func (v value) float() float64 { return math.Float64frombits(v.bits) }

// truth reads a condition's value; whatever is no bool is Unknown.
func (v value) truth() Truth {
	if v.kind != boolean {
		return Unknown
	}
	return Truth(v.bits << 1)
}
