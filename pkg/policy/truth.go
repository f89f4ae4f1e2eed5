package policy

// Truth is the answer of a condition: strong Kleene logic.
type Truth uint8

// The truth values, ascending: And is the minimum, Or the maximum.
const (
	False   Truth = iota
	Unknown       // it asks for something that is not known of the lead
	True
)

// TruthOf is True or False.
func TruthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

// Not turns True and False round and leaves Unknown.
func (t Truth) Not() Truth { return True - t }

// And is False when either is, True when both are.
func (t Truth) And(u Truth) Truth { return min(t, u) }

// Or is True when either is, False when both are.
func (t Truth) Or(u Truth) Truth { return max(t, u) }

// String is "false", "unknown" or "true".
func (t Truth) String() string {
	switch t {
	case False:
		return "false"
	case True:
		return "true"
	default:
		return "unknown"
	}
}
