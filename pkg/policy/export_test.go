package policy

// Interpret answers a condition with the CEL program alone.
func (c *Cond) Interpret(b *Binding) Truth { return c.run(b).truth() }

// Closed reports whether the condition runs as closures.
func (c *Cond) Closed() bool { return c.closed }
