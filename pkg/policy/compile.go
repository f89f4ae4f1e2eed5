package policy

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// test computes a condition.
type test func(*Binding) Truth

// eval computes a value; kind unknown stands for any failure.
type eval func(*Binding) value

func neverKnown(*Binding) Truth { return Unknown }
func neverHas(*Binding) value   { return value{kind: unknown} }

// expr is a compiled expression.
type expr struct {
	Source string   // as written
	Names  []string // asked for, of a lead or made by the policy, in the order of the text
	Pos    Pos

	test    test   // the expression as a condition
	eval    eval   // and as a value
	names   []slot // of Names
	atoms   []Atom
	claims  []claim
	exact   bool // the condition says no more than its claims
	program cel.Program
	closed  bool // test needs no program
}

// link fills test and eval, with closures where the form is a common one, else
// with the CEL program.
func (x *expr) link(c compiler, e ast.Expr) {
	if t, ok := c.test(e); ok {
		x.test, x.closed = t, true
	} else {
		x.test = func(b *Binding) Truth { return x.run(b).truth() }
	}
	if v, ok := c.value(e); ok {
		x.eval = v
	} else {
		x.eval = x.run
	}
}

// run evaluates the CEL program; every error is unknown.
func (x *expr) run(b *Binding) value {
	out, _, err := x.program.Eval(b)
	if err != nil {
		return value{kind: unknown}
	}
	switch v := out.(type) {
	case types.Bool:
		return boolValue(bool(v))
	case types.Int:
		return intValue(int64(v))
	case types.Double:
		return doubleValue(float64(v))
	case types.String:
		return textValue(string(v))
	default:
		return value{kind: unknown}
	}
}

// compiler turns a checked syntax tree into closures.
type compiler struct {
	names *names
	tree  *ast.AST
}

// test compiles a condition. It is false for a form that has no closure.
func (c compiler) test(e ast.Expr) (test, bool) {
	if e.Kind() == ast.CallKind {
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.LogicalAnd:
			return c.both(call, func(a, b test) test {
				return func(x *Binding) Truth {
					t := a(x)
					if t == False {
						return False
					}
					return t.And(b(x))
				}
			})
		case operators.LogicalOr:
			return c.both(call, func(a, b test) test {
				return func(x *Binding) Truth {
					t := a(x)
					if t == True {
						return True
					}
					return t.Or(b(x))
				}
			})
		case operators.LogicalNot:
			inner, ok := c.test(call.Args()[0])
			return func(x *Binding) Truth { return inner(x).Not() }, ok
		case operators.Conditional:
			return c.conditional(call)
		case "known":
			inner, ok := c.value(call.Args()[0])
			return func(x *Binding) Truth { return TruthOf(inner(x).kind != unknown) }, ok
		case operators.In:
			return c.in(call)
		case "startsWith", "endsWith", "contains":
			return c.text(call)
		}
		if compare, ok := comparisons[call.FunctionName()]; ok {
			return c.compare(call, compare)
		}
	}
	v, ok := c.operand(e)
	return func(x *Binding) Truth { return v(x).truth() }, ok
}

func (c compiler) both(call ast.CallExpr, join func(a, b test) test) (test, bool) {
	a, okA := c.test(call.Args()[0])
	b, okB := c.test(call.Args()[1])
	if !okA || !okB {
		return nil, false
	}
	return join(a, b), true
}

func (c compiler) conditional(call ast.CallExpr) (test, bool) {
	when, ok := c.test(call.Args()[0])
	yes, okYes := c.test(call.Args()[1])
	no, okNo := c.test(call.Args()[2])
	return func(x *Binding) Truth {
		switch when(x) {
		case True:
			return yes(x)
		case False:
			return no(x)
		default:
			return Unknown
		}
	}, ok && okYes && okNo
}

// comparisons by operator.
var comparisons = map[string]func(a, b *value) Truth{
	operators.Equals:        func(a, b *value) Truth { return TruthOf(a.equal(b)) },
	operators.NotEquals:     func(a, b *value) Truth { return TruthOf(!a.equal(b)) },
	operators.Less:          func(a, b *value) Truth { return a.order(b, func(n int) bool { return n < 0 }) },
	operators.LessEquals:    func(a, b *value) Truth { return a.order(b, func(n int) bool { return n <= 0 }) },
	operators.Greater:       func(a, b *value) Truth { return a.order(b, func(n int) bool { return n > 0 }) },
	operators.GreaterEquals: func(a, b *value) Truth { return a.order(b, func(n int) bool { return n >= 0 }) },
}

func (c compiler) compare(call ast.CallExpr, compare func(a, b *value) Truth) (test, bool) {
	left, okL := c.value(call.Args()[0])
	right, okR := c.value(call.Args()[1])
	if !okL || !okR {
		return nil, false
	}
	// A name and a constant, the common case, need no copies.
	if s, constant, ok := c.slotAndLiteral(call); ok {
		return func(x *Binding) Truth {
			v := x.get(s)
			if v.kind == unknown {
				return Unknown
			}
			return compare(v, &constant)
		}, true
	}
	return func(x *Binding) Truth {
		a, b := left(x), right(x)
		if a.kind == unknown || b.kind == unknown {
			return Unknown
		}
		return compare(&a, &b)
	}, true
}

// slotAndLiteral recognises a name compared with a constant.
func (c compiler) slotAndLiteral(call ast.CallExpr) (slot, value, bool) {
	left, right := call.Args()[0], call.Args()[1]
	if left.Kind() != ast.IdentKind {
		return 0, value{}, false
	}
	s, known := c.names.byName[left.AsIdent()]
	constant, isLiteral := literal(right)
	return s, constant, known && isLiteral
}

// in compiles x in [constants] and x in a list of the lead.
func (c compiler) in(call ast.CallExpr) (test, bool) {
	item, ok := c.value(call.Args()[0])
	if !ok {
		return nil, false
	}
	if constants, ok := c.constants(call.Args()[1]); ok {
		if s, ok := c.names.byName[call.Args()[0].AsIdent()]; ok {
			return func(x *Binding) Truth { return x.get(s).among(constants) }, true
		}
		return func(x *Binding) Truth {
			v := item(x)
			return v.among(constants)
		}, true
	}
	if c.tree.GetType(call.Args()[1].ID()).Kind() != types.ListKind {
		return nil, false
	}
	container, ok := c.value(call.Args()[1])
	return func(x *Binding) Truth {
		v, l := item(x), container(x)
		if v.kind == unknown || l.kind != list {
			return Unknown
		}
		return TruthOf(v.kind == text && slices.Contains(*l.list, v.text))
	}, ok
}

// among answers v in [constants].
func (v *value) among(constants []value) Truth {
	if v.kind == unknown {
		return Unknown
	}
	for i := range constants {
		if v.equal(&constants[i]) {
			return True
		}
	}
	return False
}

// constants reads a list of literals.
func (c compiler) constants(e ast.Expr) ([]value, bool) {
	if e.Kind() != ast.ListKind {
		return nil, false
	}
	var out []value
	for _, item := range e.AsList().Elements() {
		v, ok := literal(item)
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

func literal(e ast.Expr) (value, bool) {
	if e.Kind() != ast.LiteralKind {
		return value{}, false
	}
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		return boolValue(bool(v)), true
	case types.Int:
		return intValue(int64(v)), true
	case types.Double:
		return doubleValue(float64(v)), true
	case types.String:
		return textValue(string(v)), true
	}
	return value{}, false
}

// text compiles the string methods.
func (c compiler) text(call ast.CallExpr) (test, bool) {
	if !call.IsMemberFunction() || len(call.Args()) != 1 {
		return nil, false
	}
	holds := map[string]func(s, part string) bool{
		"startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix, "contains": strings.Contains,
	}[call.FunctionName()]
	whole, okW := c.value(call.Target())
	part, okP := c.value(call.Args()[0])
	return func(x *Binding) Truth {
		w, p := whole(x), part(x)
		if w.kind != text || p.kind != text {
			return Unknown
		}
		return TruthOf(holds(w.text, p.text))
	}, okW && okP
}

// value compiles any expression; conditions become bool values.
func (c compiler) value(e ast.Expr) (eval, bool) {
	if v, ok := c.operand(e); ok {
		return v, true
	}
	if e.Kind() != ast.CallKind || !c.tree.GetType(e.ID()).IsExactType(types.BoolType) {
		return nil, false
	}
	t, ok := c.test(e)
	return func(x *Binding) value {
		switch t(x) {
		case True:
			return boolValue(true)
		case False:
			return boolValue(false)
		default:
			return value{kind: unknown}
		}
	}, ok
}

// operand compiles what is not a condition: names, literals, arithmetic.
func (c compiler) operand(e ast.Expr) (eval, bool) {
	switch e.Kind() {
	case ast.LiteralKind:
		v, ok := literal(e)
		return func(*Binding) value { return v }, ok
	case ast.IdentKind:
		s, ok := c.names.byName[e.AsIdent()]
		return func(x *Binding) value { return *x.get(s) }, ok
	case ast.CallKind:
		return c.arithmetic(e.AsCall())
	default:
		return nil, false
	}
}

// arithmetic compiles + - * / % and the sign on numbers of one kind.
func (c compiler) arithmetic(call ast.CallExpr) (eval, bool) {
	args := call.Args()
	kind := c.numberKind(args...)
	switch {
	case kind == unknown:
		return nil, false
	case call.FunctionName() == operators.Negate && len(args) == 1:
		v, ok := c.value(args[0])
		zero := value{kind: kind}
		if kind == double { // -0.0 - x keeps the sign of zero, as negation does
			zero = doubleValue(negativeZero())
		}
		return func(x *Binding) value { return subtract(zero, v(x)) }, ok
	case len(args) != 2:
		return nil, false
	}
	operate, known := operations[call.FunctionName()]
	left, okL := c.value(args[0])
	right, okR := c.value(args[1])
	return func(x *Binding) value { return operate(left(x), right(x)) }, known && okL && okR && (kind == integer || call.FunctionName() != operators.Modulo)
}

// numberKind is the kind that all arguments have, or unknown.
func (c compiler) numberKind(args ...ast.Expr) kind {
	all := func(t *types.Type) bool {
		return len(args) > 0 && !slices.ContainsFunc(args, func(e ast.Expr) bool { return !c.tree.GetType(e.ID()).IsExactType(t) })
	}
	switch {
	case all(types.IntType):
		return integer
	case all(types.DoubleType):
		return double
	default:
		return unknown
	}
}

// Atom is a part of a condition that must hold for it to hold: Name is one of
// Values. An index over atoms finds the rules that a lead can match at all.
type Atom struct {
	Name   string
	Values []string
}

// atoms lists the atoms among the operands of the outermost &&.
func (c compiler) atoms(e ast.Expr) []Atom {
	if c.isFlag(e) {
		return []Atom{{Name: e.AsIdent(), Values: []string{"true"}}}
	}
	if e.Kind() != ast.CallKind {
		return nil
	}
	call := e.AsCall()
	switch call.FunctionName() {
	case operators.LogicalAnd:
		return append(c.atoms(call.Args()[0]), c.atoms(call.Args()[1])...)
	case operators.LogicalOr:
		return either(c.atoms(call.Args()[0]), c.atoms(call.Args()[1]))
	case operators.LogicalNot:
		if c.isFlag(call.Args()[0]) {
			return []Atom{{Name: call.Args()[0].AsIdent(), Values: []string{"false"}}}
		}
	case operators.Equals:
		if s, constant, ok := c.slotAndLiteral(call); ok && constant.kind == text {
			return []Atom{{Name: c.names.slots[s].name, Values: []string{constant.text}}}
		}
	case operators.In:
		constants, ok := c.constants(call.Args()[1])
		if !ok || call.Args()[0].Kind() != ast.IdentKind || slices.ContainsFunc(constants, func(v value) bool { return v.kind != text }) {
			return nil
		}
		return []Atom{{Name: call.Args()[0].AsIdent(), Values: titles(constants, func(v value) string { return v.text })}}
	}
	return nil
}

// isFlag recognises a name that is true or false.
func (c compiler) isFlag(e ast.Expr) bool {
	return e.Kind() == ast.IdentKind && c.tree.GetType(e.ID()).IsExactType(types.BoolType)
}

// either keeps the names that both sides of an || ask for, with the values of both.
func either(a, b []Atom) []Atom {
	var out []Atom
	for _, x := range a {
		for _, y := range b {
			if x.Name == y.Name {
				out = append(out, Atom{Name: x.Name, Values: slices.Concat(x.Values, y.Values)})
			}
		}
	}
	return out
}
