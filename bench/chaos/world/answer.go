package world

import (
	"hash/fnv"
	"strconv"
	"time"
)

// Assignment is what a rep reads of one.
type Assignment struct {
	Lead    string `json:"lead_id"`
	Attempt int    `json:"attempt"`
	Rep     string `json:"rep_id"`
	Outcome string `json:"outcome"`
}

// Deed is what a rep does, so long after they have read of the lead.
type Deed struct {
	After time.Duration
	Record
}

// Answer is what the owner does with a lead: a quarter are left alone, so that the clocks
// move them on until nobody is left; some are refused; the others are accepted, most in
// time, contacted and closed.
func Answer(a Assignment) []Deed {
	if a.Rep == "" {
		return nil
	}
	c := chanceOf(a)
	after := time.Duration(c/100%2_000) * time.Millisecond
	switch c := c % 100; {
	case c < 25:
		return nil
	case c < 33:
		return []Deed{{after, a.does("rejected")}}
	case c < 40: // about when the clock runs out
		return a.works(Grace - time.Second + after)
	default:
		return a.works(after)
	}
}

// works is a lead that is worked on, from its acceptance on.
func (a Assignment) works(from time.Duration) []Deed {
	contact := from + time.Duration(chanceOf(a)/7%5_000)*time.Millisecond
	closing := contact + time.Duration(chanceOf(a)/11%15_000)*time.Millisecond
	return []Deed{
		{from, a.does("accepted")},
		{contact, a.does("contacted")},
		{closing, record("lead.activity", a.Lead, `{"lead_id":%q,"activity":"converted"}`, a.Lead)},
	}
}

func (a Assignment) does(activity string) Record {
	return record("lead.activity", a.Lead, `{"lead_id":%q,"activity":%q,"rep_id":%q,"attempt":%d}`, a.Lead, activity, a.Rep, a.Attempt)
}

// chanceOf is a number that follows from the lead and the attempt.
func chanceOf(a Assignment) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(a.Lead + "/" + strconv.Itoa(a.Attempt)))
	// The low bits of FNV of texts that differ in their last letter are close.
	return h.Sum64() >> 16
}
