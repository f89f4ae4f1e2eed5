package policy

import (
	"time"

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
}

// Cond is a condition: CEL over the names of a lead.
type Cond struct {
	expr
}

// Expr is a number computed from a lead: CEL.
type Expr struct {
	expr
}

// expr is a compiled expression.
type expr struct {
	Source string // as written
	Pos    Pos
	eval   eval
	names  []slot // directly asked for
}

// eval computes an expression; a value of kind unknown stands for any failure.
type eval func(*Binding) value

// Eval answers the condition; nil is a condition that always holds.
func (c *Cond) Eval(b *Binding) Truth {
	if c == nil {
		return True
	}
	return c.eval(b).truth()
}
