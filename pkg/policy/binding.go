package policy

import (
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"

	"leadrouter/pkg/lead"
)

// slot numbers a name of a policy.
type slot int32

// Binding is one lead seen through a policy at an instant. What the policy makes
// of the lead is computed when it is first asked for, and once. A Binding is for
// one goroutine.
type Binding struct {
	policy *Policy
	facts  lead.Facts
	at     time.Time
	values []value // by slot
	rep    int32   // whom rep.* speaks of
}

// Bind looks at a lead through the policy at an instant. The facts must not change
// while the binding is in use.
func (p *Policy) Bind(facts lead.Facts, at time.Time) *Binding {
	return &Binding{policy: p, facts: facts, at: at, values: make([]value, len(p.index.slots)), rep: nobody}
}

// At is the instant of the binding.
func (b *Binding) At() time.Time { return b.at }

// get computes a slot when it is first asked for.
func (b *Binding) get(s slot) *value {
	v := &b.values[s]
	if v.kind == pending {
		*v = b.policy.index.slots[s].compute(b)
	}
	return v
}

// Value is what is known under a name: string, int64, float64, bool or []string.
// It is false for what is unknown.
func (b *Binding) Value(name string) (any, bool) {
	s, ok := b.policy.index.names[name]
	if !ok {
		v, ok := b.facts[name]
		return v, ok
	}
	v := b.get(s).any()
	return v, v != nil
}

// Text is the value of a name that is a text, "" when it is unknown or none.
func (b *Binding) Text(name string) string {
	v, _ := b.Value(name)
	s, _ := v.(string)
	return s
}

// Amount is the lead's value in minor units of the base currency, as the ledger
// counts it; false when it is unknown.
func (b *Binding) Amount() (int64, bool) {
	v := b.get(b.policy.index.amount)
	return v.int(), v.kind == integer
}

// ResolveName lets CEL programs read the binding.
func (b *Binding) ResolveName(name string) (any, bool) { return b.Value(name) }

// Parent is none.
func (b *Binding) Parent() cel.Activation { return nil }

// Cond is a condition: CEL over the names of a lead.
type Cond struct{ expr }

// Expr is a number computed from a lead: CEL.
type Expr struct{ expr }

// Eval answers the condition; nil is a condition that always holds.
func (c *Cond) Eval(b *Binding) Truth {
	if c == nil {
		return True
	}
	return c.test(b)
}

// Missing lists the names of a lead that the condition asks for, directly or
// through what the policy makes of them, and that are not known. They ascend.
func (c *Cond) Missing(b *Binding) []string {
	if c == nil {
		return nil
	}
	var out []string
	var visit func(s slot)
	visit = func(s slot) {
		def := b.policy.index.slots[s]
		if b.get(s).kind != unknown || slices.Contains(out, def.name) {
			return
		}
		asked := def.asks()
		for _, need := range asked {
			visit(need)
		}
		// A fact may have come with the lead, even where a table fills it in.
		if def.fact || len(asked) == 0 && !strings.HasPrefix(def.name, "#") {
			out = append(out, def.name)
		}
	}
	for _, s := range c.names {
		visit(s)
	}
	slices.Sort(out)
	return out
}

// Atoms lists what must hold for the condition to hold, as far as it is simple.
func (c *Cond) Atoms() []Atom {
	if c == nil {
		return nil
	}
	return c.atoms
}

// Eval computes the number; false when it is unknown.
func (e *Expr) Eval(b *Binding) (float64, bool) {
	v := e.eval(b)
	switch v.kind {
	case integer:
		return float64(v.int()), true
	case double:
		return v.float(), true
	default:
		return 0, false
	}
}
