package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrInvalid is returned for an operation that no store takes. It is a fault of the caller.
var ErrInvalid = errors.New("invalid operation")

// Validate reports the first thing about a chunk that a store relies on and that
// does not hold. Stores call it; what passes can be applied without an error in
// the middle.
func (c *Chunk) Validate() error {
	if !clean(c.Batch) {
		return fmt.Errorf("%w: batch %q", ErrInvalid, c.Batch)
	}
	last := map[Partition]OpID{}
	rosters := map[*Roster]bool{}
	for i := range c.Ops {
		op := &c.Ops[i]
		if before, ok := last[op.ID.Partition]; ok && before.compare(op.ID) >= 0 {
			return fmt.Errorf("%w: %s comes after %s", ErrInvalid, op.ID, before)
		}
		last[op.ID.Partition] = op.ID
		if err := op.validate(rosters); err != nil {
			return fmt.Errorf("%w: %s %s: %w", ErrInvalid, op.Kind, op.ID, err)
		}
	}
	return nil
}

// clean says whether a name is one line of text: stores put names into keys,
// fields and JSON.
func clean(s string) bool { return utf8.ValidString(s) && !strings.ContainsAny(s, "\n\r\x00") }

// oneLine says whether a text has no control characters. Every lead's plan is looked at: in
// bytes it takes a tenth of the time that it takes in characters.
func oneLine(text []byte) bool {
	for _, c := range text {
		if c < ' ' {
			return false
		}
	}
	return utf8.Valid(text)
}

// named says whether s is a name at all.
func named(s string) bool { return s != "" && clean(s) }

func (op *Op) validate(rosters map[*Roster]bool) error {
	switch {
	case !named(op.ID.Topic) || op.ID.Offset < 0 || op.ID.Ordinal < 0 || op.ID.Index < 0:
		return errors.New("bad id")
	case op.At <= 0 || op.At > maxWhole:
		return fmt.Errorf("bad instant %d", op.At)
	case !clean(op.Digest):
		return fmt.Errorf("bad digest %q", op.Digest)
	case !oneLine(op.Body):
		return errors.New("the body is not one line")
	}
	switch op.Kind {
	case Assign:
		return op.validatePlan(rosters)
	case Move:
		if op.Attempt < 1 || !clean(op.Verb) {
			return fmt.Errorf("bad move of lead %q from attempt %d, unless %q", op.Lead, op.Attempt, op.Verb)
		}
		if len(op.Steps) == 0 && named(op.Lead) {
			return nil
		}
		return op.validatePlan(rosters)
	case Activity:
		if !named(op.Lead) || !named(op.Verb) || !clean(op.Rep) || op.Attempt < 0 {
			return fmt.Errorf("bad activity %q of lead %q, attempt %d", op.Verb, op.Lead, op.Attempt)
		}
		return nil
	case Expire:
		if !named(op.Lead) {
			return fmt.Errorf("bad lead %q", op.Lead)
		}
		return nil
	case Presence:
		known := op.Verb == Available || op.Verb == Away || op.Verb == Left
		if op.GiveBack && op.Verb != Away {
			return fmt.Errorf("rep %q is %s and gives leads back", op.Rep, op.Verb)
		}
		if !named(op.Rep) || !known || op.Until < 0 || op.Until > maxWhole {
			return fmt.Errorf("bad presence %q of rep %q until %d", op.Verb, op.Rep, op.Until)
		}
		return nil
	case Void:
		return nil
	case Rebuild: // stands in the log only
	}
	return fmt.Errorf("unknown kind %q", op.Kind)
}

// maxWhole is the largest number up to which Lua counts one by one.
const maxWhole = 1<<53 - 1

func (op *Op) validatePlan(rosters map[*Roster]bool) error {
	switch {
	case !named(op.Lead):
		return fmt.Errorf("bad lead %q", op.Lead)
	case op.Value < 0 || op.Value > MaxValue:
		return fmt.Errorf("bad value %d", op.Value)
	case len(op.Steps) == 0 || op.Steps[len(op.Steps)-1].End == "":
		return errors.New("the last step is no end")
	}
	size := 0
	if op.Roster != nil {
		size = len(op.Roster.Reps)
		if !rosters[op.Roster] {
			if err := op.Roster.validate(); err != nil {
				return fmt.Errorf("roster %s: %w", op.Roster.Digest, err)
			}
			rosters[op.Roster] = true
		}
	}
	if op.Line != nil && op.Roster == nil {
		return errors.New("a place in line without a roster")
	}
	if err := cmp.Or(op.Line.validate(size), op.validateTraits()); err != nil {
		return err
	}
	for i := range op.Steps {
		err := op.Steps[i].validate(size)
		if op.Kind != Move && op.Steps[i].Among != nil {
			err = errors.New("nobody has chosen the first owner")
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}

func (l *Line) validate(roster int) error {
	if l == nil {
		return nil
	}
	free := l.Reps.Positions()
	if l.Rank < 0 || l.Rank > MaxRank || l.Since < 0 || l.Since > maxWhole/10 || len(free) > 0 && int(free[len(free)-1]) >= roster {
		return fmt.Errorf("bad place in line: %+v for a roster of %d", *l, roster)
	}
	return nil
}

func (s *Step) validate(roster int) error {
	switch s.End {
	case Waiting, Review, Nurture, Disqualified:
		return nil
	case "":
	default:
		return fmt.Errorf("bad end %q", s.End)
	}
	if s.Outcome != "" && s.Outcome != Assigned && s.Outcome != Duplicate {
		return fmt.Errorf("bad outcome %q", s.Outcome)
	}
	switch s.Pick {
	case RoundRobin:
		if !named(s.Book) {
			return fmt.Errorf("bad book %q", s.Book)
		}
	case LeastLoaded, Ranked:
	default:
		return fmt.Errorf("bad pick %q", s.Pick)
	}
	if s.Among != nil && (s.Pick != RoundRobin || len(s.Members) != 1 || !slices.Contains(s.Among, s.Members[0])) {
		return fmt.Errorf("%v chosen by %s among %v", s.Members, s.Pick, s.Among)
	}
	return cmp.Or(places(s.Members, roster, s.Pick != Ranked), places(s.Among, roster, true))
}

// places checks positions in a roster of a size.
func places(list []int32, roster int, ascending bool) error {
	for i, p := range list {
		if p < 0 || int(p) >= roster {
			return fmt.Errorf("member %d of a roster of %d", p, roster)
		}
		if ascending && i > 0 && list[i-1] >= p {
			return fmt.Errorf("members not ascending at %d", p)
		}
	}
	return nil
}

func (r *Roster) validate() error {
	if !named(r.Digest) || strings.ContainsAny(r.Digest, "/#") {
		return fmt.Errorf("bad digest %q", r.Digest)
	}
	for i, t := range r.Reps {
		switch {
		case !named(t.ID):
			return fmt.Errorf("bad rep %q", t.ID)
		case i > 0 && r.Reps[i-1].ID >= t.ID:
			return fmt.Errorf("reps not ascending at %q", t.ID)
		}
		if err := t.validate(); err != nil {
			return fmt.Errorf("rep %q: %w", t.ID, err)
		}
	}
	return nil
}

// day bounds the offset of a zone, in seconds: no zone is that far away.
const day = 24 * 60 * 60

func (t *Terms) validate() error {
	c := t.Caps
	switch {
	case t.Weight < 1 || t.Weight > MaxWeight:
		return fmt.Errorf("bad weight %d", t.Weight)
	case t.Offset < -day || t.Offset > day:
		return fmt.Errorf("bad offset %d", t.Offset)
	case min(c.Open, c.OpenValue, c.Hour, c.Day, c.Week) < 0:
		return errors.New("negative cap")
	case max(c.Open, c.OpenValue, c.Hour, c.Day, c.Week) > MaxValue:
		return errors.New("cap too large")
	}
	return nil
}
