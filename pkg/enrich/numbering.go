package enrich

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"

	"github.com/nyaruka/phonenumbers"
)

// numbering says which national numbers of one calling code exist, and where: the patterns
// of libphonenumber as one automaton over digits. A regular expression takes 30 µs for what
// a walk of ten steps tells.
type numbering struct {
	next [][10]int32 // by state and digit; 0: no number goes on like this
	// what is known at the end of a walk: 1 + index into regions for a number that exists,
	// 0 for one that does not, doubt for one that may have to be written differently.
	end     []int16
	regions []string // ISO 3166-1, or 001 for numbers of no country
}

// doubt marks numbers that begin like a national prefix: the library knows what to do.
const doubt = -1

// start is the state before the first digit.
const start = 1

// find returns the region of a national number. It is certain of what it finds; ok is false
// where there is no such number, or where the library has to be asked.
func (n *numbering) find(digits string) (region string, ok bool) {
	state := int32(start)
	for i := 0; i < len(digits) && state != 0; i++ {
		state = n.next[state][digits[i]-'0']
	}
	if end := n.end[state]; end > 0 {
		return n.regions[end-1], true
	}
	return "", false
}

// role is what it means for a number to match a pattern.
type role uint8

const (
	general role = iota // it may be a number of the region
	typed               // it is one, of some type
	leading             // it begins like those of the region
	prefix              // it begins with the national prefix
)

// pattern is one of those that the automaton is made of.
type pattern struct {
	prog   *syntax.Prog
	role   role
	region int
	// begins: it is enough that the number begins like this, with one digit at least.
	begins bool
}

// builder makes the automaton by the subset construction: a state is the set of places in
// the patterns that the digits so far can have led to.
type builder struct {
	patterns []pattern
	leads    []bool // by region: it is told by leading digits
	out      numbering
	states   map[string]int32
	open     [][]uint32 // the sets of states, by number
}

// matched, instead of a place in a program, stands for its having matched.
const matched = 1<<16 - 1

// newNumbering builds the automaton of a calling code. The data is the library's own: a
// test goes through all of it.
func newNumbering(regions []*phonenumbers.PhoneMetadata) *numbering {
	b := &builder{states: map[string]int32{}}
	for i, meta := range regions {
		b.out.regions = append(b.out.regions, meta.GetId())
		b.leads = append(b.leads, meta.GetLeadingDigits() != "")
		b.add(meta.GetGeneralDesc().GetNationalNumberPattern(), general, i)
		b.add(meta.GetLeadingDigits(), leading, i)
		for _, desc := range []*phonenumbers.PhoneNumberDesc{
			meta.GetPremiumRate(), meta.GetTollFree(), meta.GetSharedCost(), meta.GetVoip(), meta.GetPersonalNumber(),
			meta.GetPager(), meta.GetUan(), meta.GetVoicemail(), meta.GetFixedLine(), meta.GetMobile(),
		} {
			b.add(desc.GetNationalNumberPattern(), typed, i)
		}
	}
	b.add(regions[0].GetNationalPrefixForParsing(), prefix, 0)
	b.state(nil) // 0: nothing can follow
	b.state(b.closure(nil))
	for i := start; i < len(b.open); i++ {
		for digit := range 10 {
			b.out.next[i][digit] = b.state(b.step(b.open[i], rune('0'+digit)))
		}
	}
	return &b.out
}

// add takes in a pattern; one that is empty, or NA, stands for no number at all.
func (b *builder) add(expr string, r role, region int) {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil || expr == "" || expr == "NA" {
		return
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return
	}
	b.patterns = append(b.patterns, pattern{prog: prog, role: r, region: region, begins: r == leading || r == prefix})
}

// closure is where all patterns begin.
func (b *builder) closure(set []uint32) []uint32 {
	for i, p := range b.patterns {
		set = b.follow(set, i, uint32(p.prog.Start))
	}
	// Beginning with no digit at all is not beginning.
	return slices.DeleteFunc(set, func(at uint32) bool { return at&matched == matched && b.patterns[at>>16].begins })
}

// follow adds the places that pattern i can be at without another digit.
func (b *builder) follow(set []uint32, i int, pc uint32) []uint32 {
	at := uint32(i)<<16 | pc
	if slices.Contains(set, at) {
		return set
	}
	switch inst := &b.patterns[i].prog.Inst[pc]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		set = append(set, at)
		return b.follow(b.follow(set, i, inst.Out), i, inst.Arg)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		set = append(set, at)
		return b.follow(set, i, inst.Out)
	case syntax.InstMatch:
		if end := uint32(i)<<16 | matched; !slices.Contains(set, end) {
			set = append(set, end)
		}
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		set = append(set, at)
	case syntax.InstFail:
	}
	return set
}

// step is where a digit leads to.
func (b *builder) step(set []uint32, digit rune) []uint32 {
	var to []uint32
	for _, at := range set {
		i, pc := int(at>>16), at&matched
		if pc == matched {
			if b.patterns[i].begins && !slices.Contains(to, at) {
				to = append(to, at)
			}
			continue
		}
		inst := &b.patterns[i].prog.Inst[pc]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if inst.MatchRune(digit) {
				to = b.follow(to, i, inst.Out)
			}
		case syntax.InstAlt, syntax.InstAltMatch, syntax.InstCapture, syntax.InstNop,
			syntax.InstEmptyWidth, syntax.InstMatch, syntax.InstFail:
		}
	}
	return to
}

// state numbers a set. One in which no number can end any more is state 0.
func (b *builder) state(set []uint32) int32 {
	if len(b.out.next) > 0 && !b.alive(set) {
		return 0
	}
	slices.Sort(set)
	key := make([]byte, 0, 4*len(set))
	for _, at := range set {
		key = binary.LittleEndian.AppendUint32(key, at)
	}
	if n, known := b.states[string(key)]; known {
		return n
	}
	n := int32(len(b.open))
	b.states[string(key)] = n
	b.open = append(b.open, set)
	b.out.next = append(b.out.next, [10]int32{})
	b.out.end = append(b.out.end, b.fate(set))
	return n
}

// alive tells whether a number of some type can still come of it.
func (b *builder) alive(set []uint32) bool {
	return slices.ContainsFunc(set, func(at uint32) bool { return b.patterns[at>>16].role == typed })
}

// fate is what is known of a number that ends here, as the library goes about it: the
// regions in their order, by leading digits where they have them, else by all patterns.
func (b *builder) fate(set []uint32) int16 {
	is := make([][prefix + 1]bool, len(b.leads))
	for _, at := range set {
		if at&matched == matched {
			p := b.patterns[at>>16]
			is[p.region][p.role] = true
		}
	}
	if len(is) > 0 && is[0][prefix] {
		return doubt
	}
	for i, m := range is {
		exists := m[general] && m[typed]
		if (len(is) == 1 || !b.leads[i]) && exists {
			return int16(i + 1)
		}
		if len(is) > 1 && b.leads[i] && m[leading] {
			if exists {
				return int16(i + 1)
			}
			return 0
		}
	}
	return 0
}
