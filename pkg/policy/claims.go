package policy

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// claim is a comparison of a name with constants: what must hold for a condition to
// hold. `==` and `in` have one or more values, the others one.
type claim struct {
	slot   slot
	op     string
	values []value
}

// claims lists what the operands of the outermost && claim. It is true when that is
// all the condition says.
func (c compiler) claims(e ast.Expr) ([]claim, bool) {
	if c.isFlag(e) {
		return []claim{c.flag(e, true)}, true
	}
	if e.Kind() != ast.CallKind {
		return nil, false
	}
	call := e.AsCall()
	switch op := call.FunctionName(); op {
	case operators.LogicalAnd:
		a, allA := c.claims(call.Args()[0])
		b, allB := c.claims(call.Args()[1])
		return append(a, b...), allA && allB
	case operators.LogicalNot:
		if c.isFlag(call.Args()[0]) {
			return []claim{c.flag(call.Args()[0], false)}, true
		}
	case operators.In:
		constants, ok := c.constants(call.Args()[1])
		if ok && call.Args()[0].Kind() == ast.IdentKind && len(constants) > 0 {
			return []claim{{c.names.byName[call.Args()[0].AsIdent()], operators.Equals, constants}}, true
		}
	default:
		if _, compares := comparisons[op]; compares {
			if s, constant, ok := c.slotAndLiteral(call); ok {
				return []claim{{s, op, []value{constant}}}, true
			}
		}
	}
	return nil, false
}

func (c compiler) flag(e ast.Expr, is bool) claim {
	return claim{c.names.byName[e.AsIdent()], operators.Equals, []value{boolValue(is)}}
}

// allows reports whether the claim holds for a value.
func (k *claim) allows(v *value) bool {
	return slices.ContainsFunc(k.values, func(w value) bool { return comparisons[k.op](v, &w) == True })
}

// of keeps the claims about one name.
func of(claims []claim, s slot) []claim {
	return slices.DeleteFunc(slices.Clone(claims), func(k claim) bool { return k.slot != s })
}

// named are the values that a name can have where `==` or `in` claims some; false
// when none does.
func named(claims []claim) ([]value, bool) {
	i := slices.IndexFunc(claims, func(k claim) bool { return k.op == operators.Equals })
	if i < 0 {
		return nil, false
	}
	var out []value
	for _, v := range claims[i].values {
		if !slices.ContainsFunc(claims, func(k claim) bool { return !k.allows(&v) }) {
			out = append(out, v)
		}
	}
	return out, true
}

// isLower and isUpper tell the bounds of a range.
func isLower(op string) bool { return op == operators.Greater || op == operators.GreaterEquals }
func isUpper(op string) bool { return op == operators.Less || op == operators.LessEquals }

// impossible finds a name of which the claims leave no value.
func impossible(claims []claim) (slot, bool) {
	for _, k := range claims {
		about := of(claims, k.slot)
		if values, ok := named(about); ok {
			if len(values) == 0 {
				return k.slot, true
			}
			continue
		}
		if !isLower(k.op) {
			continue
		}
		for _, upper := range about {
			// A range is empty when neither bound lies within the other.
			if isUpper(upper.op) && !(k.allows(&upper.values[0]) && upper.allows(&k.values[0])) &&
				!between(&k.values[0], &upper.values[0]) {
				return k.slot, true
			}
		}
	}
	return 0, false
}

// between reports whether there is room between two bounds.
func between(low, high *value) bool {
	return low.order(high, func(n int) bool { return n < 0 }) == True
}

// implies reports whether whatever meets the claims meets a further one too.
func implies(claims []claim, wanted *claim) bool {
	about := of(claims, wanted.slot)
	if values, ok := named(about); ok {
		return !slices.ContainsFunc(values, func(v value) bool { return !wanted.allows(&v) })
	}
	bound := &wanted.values[0]
	return slices.ContainsFunc(about, func(k claim) bool {
		switch v := &k.values[0]; {
		case wanted.op == operators.NotEquals:
			return k.op == operators.NotEquals && v.equal(bound) || k.op != operators.NotEquals && !k.allows(bound)
		case isLower(wanted.op) && isLower(k.op), isUpper(wanted.op) && isUpper(k.op):
			// The bound itself lies within, or is the same and as strict.
			return wanted.allows(v) || v.equal(bound) && (k.op == wanted.op || !k.allows(v))
		}
		return false
	})
}
