package simulate

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

// Answer is what an owner did with a lead, and when. Instants are Unix milliseconds.
type Answer struct {
	Rep   string
	Since int64 // the lead is theirs
	Until int64 // it is not any more, or nothing more is known
	// First is the instant of the first thing that they did, Verb what it was: accepted,
	// contacted, rejected; 0: nothing.
	First  int64
	Verb   string
	Reason string // of a refusal
	// Contact is the first contact; 0: none.
	Contact int64
}

// take notes an activity.
func (a *Answer) take(verb, reason string, at int64) {
	switch verb {
	case ledger.Accepted, ledger.Contacted, ledger.Rejected:
		if a.First == 0 {
			a.First, a.Verb, a.Reason = at, verb, reason
		}
	}
	if verb == ledger.Contacted && a.Contact == 0 {
		a.Contact = at
	}
}

// fewest answers of a rep to go by: with fewer, everybody's count.
const fewest = 10

// mostAnswers of a rep are looked at: the last ones.
const mostAnswers = 2_000

// Replies draws when a rep answers.
type Replies struct {
	policy *policy.Policy
	seed   uint64
	reps   map[string]*habits
	all    *habits
	// few are the reps whose own answers are too few.
	few map[string]bool
}

// habits are how long it takes to the first answer, and from there to the contact.
type habits struct{ first, contact *curve }

// draw is what comes of a draw.
type draw struct {
	after  time.Duration // in the rep's working time
	verb   string
	reason string
}

// newReplies learns from the past.
func newReplies(p *policy.Policy, answers []Answer, seed uint64) *Replies {
	r := &Replies{policy: p, seed: seed, reps: map[string]*habits{}, few: map[string]bool{}}
	by := map[string][]Answer{}
	for _, a := range slices.Backward(answers) {
		if len(by[a.Rep]) < mostAnswers {
			by[a.Rep] = append(by[a.Rep], a)
		}
	}
	var all []Answer
	for _, rep := range sortedKeys(by) {
		all = append(all, by[rep]...)
		if answered := count(by[rep], func(a Answer) bool { return a.First > 0 }); answered < fewest {
			r.few[rep] = true
			continue
		}
		r.reps[rep] = r.learn(by[rep])
	}
	if len(all) > 0 {
		r.all = r.learn(all)
	}
	return r
}

// learn makes curves of answers.
func (r *Replies) learn(answers []Answer) *habits {
	var first, contact []sample
	for i := range answers {
		a := &answers[i]
		end := cmp.Or(a.First, a.Until)
		first = append(first, sample{
			after: r.worked(a.Rep, a.Since, end), seen: a.First > 0, verb: a.Verb, reason: a.Reason,
		})
		if a.First == 0 || a.Verb != ledger.Accepted {
			continue
		}
		end = cmp.Or(a.Contact, a.Until)
		contact = append(contact, sample{after: r.worked(a.Rep, a.First, end), seen: a.Contact > 0, verb: ledger.Contacted})
	}
	return &habits{first: newCurve(first), contact: newCurve(contact)}
}

// hours of a rep; nil: around the clock.
func (r *Replies) hours(rep string) *calendar.Calendar {
	if i, ok := r.policy.Rep(rep); ok && r.policy.Reps[i].Calendar != nil {
		return r.policy.Reps[i].Calendar.Hours
	}
	return nil
}

// worked is the rep's working time between two instants.
func (r *Replies) worked(rep string, from, to int64) time.Duration {
	a, b := time.UnixMilli(from).UTC(), time.UnixMilli(to).UTC()
	if hours := r.hours(rep); hours != nil {
		return hours.Between(a, b)
	}
	return b.Sub(a)
}

// first is what a rep does first with a lead, and when; false: nothing, ever.
func (r *Replies) first(lead, rep string, attempt int, since int64) (at int64, d draw, ok bool) {
	h := r.of(rep)
	if h == nil {
		return 0, d, false
	}
	return r.at(h.first, rep, since, r.chance(lead, rep, attempt, "first"))
}

// contact follows an acceptance.
func (r *Replies) contact(lead, rep string, attempt int, accepted int64) (at int64, d draw, ok bool) {
	h := r.of(rep)
	if h == nil {
		return 0, d, false
	}
	return r.at(h.contact, rep, accepted, r.chance(lead, rep, attempt, "contact"))
}

func (r *Replies) of(rep string) *habits {
	if h := r.reps[rep]; h != nil {
		return h
	}
	return r.all
}

func (r *Replies) at(c *curve, rep string, from int64, chance float64) (at int64, d draw, ok bool) {
	s, ok := c.at(chance)
	if !ok {
		return 0, d, false
	}
	begin := time.UnixMilli(from).UTC()
	end := begin.Add(s.after)
	if hours := r.hours(rep); hours != nil {
		if end, ok = hours.Add(begin, s.after); !ok {
			return 0, d, false
		}
	}
	return end.UnixMilli(), draw{s.after, s.verb, s.reason}, true
}

// chance is a number in [0, 1) that follows from the seed and what it is about.
func (r *Replies) chance(lead, rep string, attempt int, what string) float64 {
	return chanceOf(r.seed, lead, rep, strconv.Itoa(attempt), what)
}

// chanceOf is a number in [0, 1) that follows from a seed and some names.
func chanceOf(seed uint64, names ...string) float64 {
	var buf [128]byte
	b := binary.LittleEndian.AppendUint64(buf[:0], seed)
	for _, name := range names {
		b = append(append(b, name...), 0)
	}
	return float64(mix(xxhash.Sum64(b))>>11) / (1 << 53)
}

// mix spreads the bits of a hash (the finish of SplitMix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// sample is one waiting time: until something was seen, or as long as one looked.
type sample struct {
	after  time.Duration
	seen   bool
	verb   string
	reason string
}

// curve is the share of cases in which something had been seen after a time: the estimate
// of Kaplan and Meier (1958), which counts those that ended before for as long as they
// were looked at.
type curve struct {
	seen  []sample  // ascending
	share []float64 // by then, with this one
}

func newCurve(samples []sample) *curve {
	slices.SortStableFunc(samples, func(a, b sample) int {
		seenFirst := func(s sample) int {
			if s.seen {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(seenFirst(a), seenFirst(b)))
	})
	c, left := &curve{}, 1.0
	for i, s := range samples {
		if !s.seen {
			continue
		}
		left *= 1 - 1/float64(len(samples)-i)
		c.seen, c.share = append(c.seen, s), append(c.share, 1-left)
	}
	return c
}

// at is the case at a share; false: it was not seen in that many.
func (c *curve) at(chance float64) (sample, bool) {
	i, _ := slices.BinarySearch(c.share, chance)
	if i < len(c.share) && c.share[i] == chance {
		i++
	}
	if i >= len(c.seen) {
		return sample{}, false
	}
	return c.seen[i], true
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func count[T any](list []T, holds func(T) bool) (n int) {
	for _, x := range list {
		if holds(x) {
			n++
		}
	}
	return n
}
