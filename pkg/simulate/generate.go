package simulate

import (
	"maps"
	"math"
	"strconv"
	"time"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
)

// dice are numbers that follow from a seed (SplitMix64, Steele et al. 2014).
type dice struct{ state uint64 }

// share is the next number in [0, 1).
func (d *dice) share() float64 {
	d.state += 0x9e3779b97f4a7c15
	return float64(mix(d.state)>>11) / (1 << 53)
}

// gap is the next number of an exponential distribution with mean 1: between arrivals that
// do not know of each other.
func (d *dice) gap() float64 { return -math.Log1p(-d.share()) }

// spread is how much longer, or shorter, a time takes than its median: by a factor of e in
// a sixth of the cases each way.
const spread = 1.0

// around draws a time with a median.
func (d *dice) around(median float64) float64 { return median * math.Exp(spread*normal(d.share())) }

// normal is the number below which a share of the standard normal distribution lies.
func normal(share float64) float64 {
	return math.Sqrt2 * math.Erfinv(2*min(max(share, 1e-9), 1-1e-9)-1)
}

// Generate makes up leads. The same seed gives the same ones.
func (s *Spec) Generate(seed uint64) *History {
	h := NewHistory()
	d := &dice{mix(seed + 1)}
	total := 0.0
	for _, day := range s.weekdays {
		for _, hour := range s.hours {
			total += day * hour
		}
	}
	left := d.gap()
	for hour := s.from; hour.Before(s.until); hour = hour.Add(time.Hour) {
		local := hour.In(s.zone)
		rate := s.perWeek * s.weekdays[local.Weekday()] * s.hours[local.Hour()] / total
		for left <= rate {
			at := hour.Add(time.Duration(left / rate * float64(time.Hour)))
			s.arrive(h, d, at.Truncate(time.Millisecond))
			left += d.gap()
		}
		left -= rate
	}
	h.Answers = s.answers.past()
	h.Sort()
	return h
}

// arrive makes up one lead.
func (s *Spec) arrive(h *History, d *dice, at time.Time) {
	id := "G-" + strconv.Itoa(len(h.Records)+1)
	facts := make(lead.Facts, len(s.mix)+3)
	facts["id"], facts["test"], facts["bulk"] = id, false, false
	for i := range s.mix {
		maps.Copy(facts, s.mix[i].draw(d.share()))
	}
	s.enricher.Facts(facts)
	h.Records = append(h.Records, Record{Kind: Arrival, At: at.UnixMilli(), Lead: id, Facts: facts})
	if c := s.closes; c != nil && d.share() < c.share {
		h.Records = append(h.Records, Record{
			Kind: Activity, At: at.UnixMilli() + int64(d.around(c.after)), Lead: id, Verb: ledger.Closed,
		})
	}
}

// draw is the value at a share.
func (f *fact) draw(share float64) lead.Facts {
	for i, upTo := range f.upTo {
		if share < upTo {
			return f.values[i]
		}
	}
	return f.values[len(f.values)-1]
}

// cases are how many answers stand for a distribution.
const cases = 400

// past are answers as if somebody had given them: of nobody by name, so that all reps are
// thought to answer like that.
func (a *answers) past() []Answer {
	if a == nil {
		return nil
	}
	out := make([]Answer, cases)
	for i := range out {
		share := (float64(i) + 0.5) / cases
		if share > 1-a.never {
			out[i] = Answer{Until: math.MaxInt32 * 1000}
			continue
		}
		share /= 1 - a.never
		first := int64(a.accepted * math.Exp(spread*normal(share)))
		// Another case for the contact, so that who accepts soon need not call soon.
		other := math.Mod(share*cases*0.618, 1)
		out[i] = Answer{
			First: first, Verb: ledger.Accepted, Until: math.MaxInt32 * 1000,
			Contact: first + int64(a.contacted*math.Exp(spread*normal(other))),
		}
	}
	return out
}

// Times is the history with so many times as many leads, at times like theirs and with
// facts like theirs. It has no past any more: what owners do is drawn, all of it.
func (h *History) Times(times float64, seed uint64) *History {
	out := NewHistory()
	out.Answers = h.Answers
	copies := map[string]int{}
	for i := range h.Records {
		r := h.Records[i]
		if r.Kind == Status {
			out.Records = append(out.Records, r)
			continue
		}
		if r.Kind == Turnover || r.Kind == Activity && (!ownLife(r.Verb) || r.Late) {
			continue
		}
		n, known := copies[r.Lead]
		if !known {
			whole, rest := math.Modf(times)
			if n = int(whole); chanceOf(seed, r.Lead, "copies") < rest {
				n++
			}
			copies[r.Lead] = n
		}
		for k := range n {
			out.Records = append(out.Records, r.copied(k, seed))
		}
	}
	out.Sort()
	return out
}

// copied is the kth copy of a record, up to half an hour before or after it; all those of
// one copy are moved alike.
func (r Record) copied(k int, seed uint64) Record {
	r.past, r.cause, r.Attempt = nil, nil, 0
	if k == 0 {
		return r
	}
	r.At += int64((chanceOf(seed, r.Lead, strconv.Itoa(k)) - 0.5) * float64(time.Hour.Milliseconds()))
	r.Lead += "~" + strconv.Itoa(k+1)
	return r
}

// Without is the history in which some reps had left before it began.
func (h *History) Without(reps ...string) *History {
	if len(reps) == 0 || len(h.Records) == 0 {
		return h
	}
	out := NewHistory()
	out.Answers, out.Policies, out.Skipped = h.Answers, h.Policies, h.Skipped
	gone := map[string]bool{}
	for _, rep := range reps {
		gone[rep] = true
		out.Records = append(out.Records, Record{Kind: Status, At: h.Records[0].At, Rep: rep, Verb: ledger.Left})
	}
	place := make([]int, len(h.Records)+1) // where the records are by now
	for i := range h.Records {
		place[i] = len(out.Records)
		if r := h.Records[i]; r.Kind != Status || !gone[r.Rep] {
			out.Records = append(out.Records, r)
		}
	}
	place[len(h.Records)] = len(out.Records)
	for k, i := range h.resolved {
		out.resolved[k] = place[i]
	}
	out.index()
	return out
}
