package checker

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"

	"leadrouter/pkg/testkit/recount"
)

// Each lead is a register of its own: what is done to it must look as if it had been done
// at one instant, between when the record was sent and when its decision could be read.
// This does not look at sequences at all, so that it would find a log whose numbers are in
// order and whose events are not.

// tried is an operation on a lead: an input record.
type tried struct {
	topic   string
	verb    string // of an activity
	attempt int    // that it names; 0: the current one
	by      string // rep
}

// came is what came of it: a decision.
type came struct{ recount.Grant }

// register is what a lead is.
type register struct {
	known   bool
	closed  bool
	attempt int
	rep     string
	early   int // activities that came before it
}

// limit of the search for an order, a lead. There are a few dozen operations.
const limit = 5 * time.Second

// checkOrder: the operations on each lead have an order.
func (f *findings) checkOrder(h *History, log []entry) {
	input := map[string]*Record{}
	for i := range h.Records {
		input[h.Records[i].place()] = &h.Records[i]
	}
	leads := map[string][]porcupine.Operation{}
	for _, e := range log {
		if e.record == nil || e.Grant.Lead == "" || e.Kind == "void" || e.Kind == "expire" {
			continue
		}
		r := input[fmt.Sprintf("%s/%d/%d", h.Topics[e.Op.Topic], e.Op.Partition, e.Op.Offset)]
		if r == nil || r.Topic == status {
			continue
		}
		op, ok := operation(f, r)
		if !ok {
			continue
		}
		leads[e.Grant.Lead] = append(leads[e.Grant.Lead], porcupine.Operation{
			ClientId: len(leads[e.Grant.Lead]), Input: op, Call: r.At.UnixNano(),
			Output: came{e.Grant}, Return: max(e.record.Seen.UnixNano(), r.At.UnixNano()),
		})
	}
	model := porcupine.Model{
		Init: func() any { return register{} },
		Step: func(state, in, out any) (bool, any) {
			next, ok := state.(register).step(in.(tried), out.(came)) //nolint:forcetypeassert // made above
			return ok, next
		},
		Equal: func(a, b any) bool { return a == b },
	}
	for lead, ops := range leads {
		f.count("linearizable leads", 1)
		f.count("operations", len(ops))
		switch porcupine.CheckOperationsTimeout(model, ops, limit) {
		case porcupine.Ok:
		case porcupine.Illegal:
			f.add(Order, lead, "the %d operations on lead %s have no order that gives these answers", len(ops), lead)
		case porcupine.Unknown:
			f.count("orders not found in time", 1)
		}
	}
}

func operation(f *findings, r *Record) (tried, bool) {
	if r.Topic == created {
		return tried{topic: created}, true
	}
	s, ok := decode[said](f, r)
	return tried{topic: r.Topic, verb: s.Activity, attempt: s.Attempt, by: s.Rep}, ok
}

// step does an operation to a lead, if it can come out so.
func (s register) step(op tried, out came) (register, bool) {
	switch op.topic {
	case created:
		return s.create(out)
	case activity:
		if !s.known {
			s.early++
			return s, out.Effect == "held"
		}
		effect := s.react(op.verb, op.attempt, op.by)
		return s, out.Effect == effect && out.Attempt == s.attempt && out.Rep == s.rep
	default:
		return s.move(op, out)
	}
}

// create: the first record of a lead gives it an owner or an end, all others nothing.
func (s register) create(out came) (register, bool) {
	if s.known {
		return s, out.Effect == "repeat" && out.Attempt == s.attempt && out.Rep == s.rep
	}
	if !out.assigns() || out.Attempt != 1 || len(out.Held) != s.early {
		return s, false
	}
	s = register{known: true, attempt: 1, rep: out.Rep, closed: out.Outcome == "disqualified"}
	for _, held := range out.Held {
		if s.react(held.Verb, held.Attempt, held.By) != held.Effect {
			return s, false
		}
	}
	return s, true
}

func (c came) assigns() bool { return c.Effect == "owned" || c.Effect == "ended" }

// react is what an activity does to a lead that is known.
func (s *register) react(verb string, attempt int, by string) (effect string) {
	owners := verb == "accepted" || verb == "rejected" || verb == "contacted" || verb == "qualified"
	switch {
	case attempt != 0 && attempt != s.attempt, owners && by != "" && s.rep != "" && by != s.rep:
		return "fenced"
	case (verb == "reopened") != s.closed:
		return "ignored"
	case verb == "reopened":
		s.closed = false
		return "reowned"
	case verb == "converted", verb == "lost", verb == "closed":
		s.closed = true
		return "freed"
	default:
		return "noted"
	}
}

// move is a reassignment, a command or new facts: the lead gets its next attempt, or
// stays as it is.
func (s register) move(op tried, out came) (register, bool) {
	switch {
	case !s.known || s.closed:
		return s, !out.assigns()
	case out.Effect == "fenced":
		return s, op.attempt != s.attempt && out.Attempt == s.attempt
	case !out.assigns():
		return s, out.Attempt == s.attempt && out.Rep == s.rep
	case op.topic == reassign && op.attempt != s.attempt:
		return s, false
	case out.Attempt != s.attempt+1 || out.From != s.rep:
		return s, false
	}
	s.attempt, s.rep, s.closed = out.Attempt, out.Rep, out.Outcome == "disqualified"
	return s, true
}
