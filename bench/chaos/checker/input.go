package checker

import (
	"fmt"
	"slices"

	"leadrouter/pkg/testkit/recount"
)

// checkInput: each input record is decided once, or set aside once if it is no good.
func (f *findings) checkInput(h *History, log []entry) {
	decided, aside := f.decided(h, log), f.setAside(h)
	seen := map[string]bool{}
	for _, topic := range Inputs() {
		for _, r := range h.byTopic(topic) {
			f.count(topic, 1)
			place := r.place()
			if topic == created {
				seen[r.Key] = true
			}
			bad := topic == created && h.Bad[r.Key]
			switch n := aside[place]; {
			case n > 1:
				f.add(Doubled, r.Key, "%s is among the dead letters %d times", place, n)
			case bad && n == 0:
				f.add(Lost, r.Key, "%s is no lead, and not among the dead letters", place)
			case !bad && n == 1:
				f.add(DeadLetter, r.Key, "%s was set aside, and nothing is wrong with it", place)
			case !bad && !decided[place]:
				f.add(Lost, r.Key, "nothing has come of %s", place)
			}
		}
	}
	for key := range h.Sent {
		if !seen[key] {
			f.add(Lost, key, "Kafka has confirmed lead %s, and does not have it", key)
		}
	}
}

// decided are the input records that have a decision, each operation of theirs once.
func (f *findings) decided(h *History, log []entry) map[string]bool {
	decided, operations := map[string]bool{}, map[string]int{}
	for _, e := range log {
		topic, known := h.Topics[e.Op.Topic]
		if e.record == nil || !known || e.Grant.Effect == "rebuilt" {
			continue
		}
		place := fmt.Sprintf("%s/%d/%d", topic, e.Op.Partition, e.Op.Offset)
		decided[place] = true
		operation := fmt.Sprintf("%s/%d", place, e.Op.Ordinal)
		if operations[operation]++; operations[operation] > 1 {
			f.add(Doubled, e.Grant.Lead, "%s is decided again at %d", operation, e.Grant.Sequence)
		}
	}
	return decided
}

// setAside counts the dead letters by the record that they are of.
func (f *findings) setAside(h *History) map[string]int {
	aside := map[string]int{}
	for _, topic := range Inputs() {
		for _, r := range h.byTopic(topic + deadLetters) {
			aside[fmt.Sprintf("%s/%s/%s", topic, r.Headers["source_partition"], r.Headers["source_offset"])]++
			f.count("dead letters", 1)
		}
	}
	return aside
}

// checkChains: what subscribers read of a lead is one chain of owners, and what the log
// says.
func (f *findings) checkChains(h *History, log []entry) {
	bySequence := map[int64]recount.Grant{}
	for _, e := range log {
		if e.record != nil && slices.Contains([]string{"owned", "ended"}, e.Grant.Effect) {
			bySequence[e.Grant.Sequence] = e.Grant
		}
	}
	last, ids := map[string]assignment{}, map[string]bool{}
	for _, r := range h.byTopic(assigned) {
		a, ok := decode[assignment](f, r)
		if !ok {
			continue
		}
		f.count("assignments", 1)
		f.checkLink(last[a.Lead], a)
		if ids[a.ID] {
			f.add(Doubled, a.Lead, "assignment %s came again at %s", a.ID, r.place())
		}
		ids[a.ID] = true
		g, known := bySequence[a.Sequence]
		if !known || g.Lead != a.Lead || g.Attempt != a.Attempt || g.Rep != a.Rep || g.Outcome != a.Outcome {
			f.add(Mismatch, a.Lead, "attempt %d is %s %q at %d, and the log says %s of lead %q, attempt %d, %s %q",
				a.Attempt, a.Outcome, a.Rep, a.Sequence, g.Effect, g.Lead, g.Attempt, g.Outcome, g.Rep)
		}
		delete(bySequence, a.Sequence)
		last[a.Lead] = a
	}
	for sequence, g := range bySequence {
		f.add(Mismatch, g.Lead, "the log gives attempt %d at %d, and no subscriber has read of it", g.Attempt, sequence)
	}
	leads := map[string]bool{}
	for _, r := range h.byTopic(created) {
		if h.Bad[r.Key] || leads[r.Key] {
			continue
		}
		leads[r.Key] = true
		if last[r.Key].Attempt == 0 {
			f.add(Lost, r.Key, "lead %s came in and was given to nobody", r.Key)
		}
	}
	for lead := range last {
		if !leads[lead] {
			f.add(Mismatch, lead, "lead %s is assigned and never came in", lead)
		}
	}
	f.count("leads", len(leads))
}

// checkLink: an attempt follows from the one before.
func (f *findings) checkLink(before, a assignment) {
	switch {
	case a.Attempt <= before.Attempt:
		f.add(Doubled, a.Lead, "attempt %d comes after attempt %d", a.Attempt, before.Attempt)
	case a.Attempt != before.Attempt+1:
		f.add(Chain, a.Lead, "attempt %d follows attempt %d", a.Attempt, before.Attempt)
	case a.Previous.Rep != before.Rep:
		f.add(Chain, a.Lead, "attempt %d takes it from %q, and %q had it", a.Attempt, a.Previous.Rep, before.Rep)
	case a.Sequence <= before.Sequence:
		f.add(Chain, a.Lead, "attempt %d has sequence %d, behind %d", a.Attempt, a.Sequence, before.Sequence)
	}
}
