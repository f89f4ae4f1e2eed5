package ics

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"leadrouter/pkg/calendar"
)

// transition is the instant from which an offset (seconds east of UTC) holds.
type transition struct{ at, before, offset int64 }

// define turns a VTIMEZONE into a location that holds up to the day last.
func define(c *component, last calendar.Date, b *budget) (*time.Location, error) {
	var transitions []transition
	for _, observance := range c.children {
		if observance.name != "STANDARD" && observance.name != "DAYLIGHT" {
			continue
		}
		onsets, err := expandObservance(observance, last, b)
		if err != nil {
			return nil, fmt.Errorf("%s on line %d: %w", observance.name, observance.line, err)
		}
		if transitions = append(transitions, onsets...); len(transitions) > maxTransitions {
			return nil, errors.New("it has too many transitions")
		}
	}
	if len(transitions) == 0 {
		return nil, errors.New("it defines no offset")
	}
	slices.SortStableFunc(transitions, func(a, b transition) int { return cmp.Compare(a.at, b.at) })
	transitions = slices.CompactFunc(transitions, func(a, b transition) bool { return a.at == b.at })
	data, err := encodeZone(transitions)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData("feed", data)
}

// expandObservance returns when the offset of a STANDARD or DAYLIGHT part sets in. Its
// times are those of the wall clock before each onset.
func expandObservance(c *component, last calendar.Date, b *budget) ([]transition, error) {
	before, errFrom := parseOffset(c.text("TZOFFSETFROM"))
	offset, errTo := parseOffset(c.text("TZOFFSETTO"))
	wall := time.FixedZone("", int(before))
	start, _ := c.get("DTSTART")
	onset, errStart := parseMoment(start.value, wall)
	if err := errors.Join(errFrom, errTo, errStart); err != nil {
		return nil, err
	}
	var onsets []transition
	add := func(m moment) { onsets = append(onsets, transition{m.instant().Unix(), before, offset}) }
	add(onset)
	for _, p := range c.props {
		switch p.name {
		case "RRULE":
			r, err := parseRule(p.value, onset)
			if err != nil {
				return nil, err
			}
			for date := range r.dates(onset.date, max(onset.date, firstOnset), last, b) {
				m := moment{date: date, time: onset.time, zone: wall}
				if r.ended(m) {
					break
				}
				add(m)
			}
		case "RDATE":
			for text := range values(p) {
				m, err := parseMoment(text, wall)
				if err != nil {
					return nil, err
				}
				add(m)
			}
		}
		if len(onsets) > maxTransitions {
			break
		}
	}
	return onsets, b.err()
}

// maxTransitions is a hundred times what a zone of today needs.
const maxTransitions = 20_000

// firstOnset is the day from which the rules of a VTIMEZONE are expanded: programs date
// the rules of today back to 1601.
const firstOnset = calendar.Date(0)

// parseOffset reads +0100, -0330 or +013045 as seconds east of UTC.
func parseOffset(text string) (int64, error) {
	layout := "-0700"
	if len(text) == len("-070000") {
		layout = "-070000"
	}
	t, err := time.Parse(layout, text)
	if err != nil {
		return 0, fmt.Errorf("%.20q is no offset from UTC", text)
	}
	_, offset := t.Zone()
	return int64(offset), nil
}

// encodeZone writes transitions as a TZif file (RFC 8536) of version 2, the one way to
// make a time.Location of them. Its types are the offsets that occur.
func encodeZone(transitions []transition) ([]byte, error) {
	offsets := []int64{transitions[0].before}
	var at, kinds, types []byte
	for _, t := range transitions {
		kind := slices.Index(offsets, t.offset)
		if kind < 0 {
			kind = len(offsets)
			offsets = append(offsets, t.offset)
		}
		at = binary.BigEndian.AppendUint64(at, uint64(t.at))
		kinds = append(kinds, byte(kind))
	}
	if len(offsets) > math.MaxUint8 {
		return nil, errors.New("it has too many offsets")
	}
	for _, offset := range offsets {
		types = binary.BigEndian.AppendUint32(types, uint32(offset))
		types = append(types, 0, 0) // not daylight time, the first abbreviation
	}
	const abbreviations = "feed\x00"
	empty := zoneHeader(0, 0, 0) // in place of the 32-bit part
	header := zoneHeader(len(transitions), len(offsets), len(abbreviations))
	return slices.Concat(empty, header, at, kinds, types, []byte(abbreviations), []byte("\n\n")), nil
}

// zoneHeader begins a block of a TZif file with the counts of what follows. Leap seconds
// and the indicators of standard and universal time are not used.
func zoneHeader(transitions, types, letters int) []byte {
	h := append([]byte("TZif2"), make([]byte, 15)...)
	for _, n := range []int{0, 0, 0, transitions, types, letters} {
		h = binary.BigEndian.AppendUint32(h, uint32(n))
	}
	return h
}
