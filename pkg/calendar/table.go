package calendar

import (
	"cmp"
	"slices"
	"time"
)

// span is a stretch of time, [from, to) in nanoseconds since 1970 UTC.
type span struct{ from, to int64 }

// table holds the working time of one UTC year. It is immutable.
type table struct {
	from, to int64           // the year
	spans    []span          // sorted, disjoint, not touching, within the year
	before   []time.Duration // open time of the year before the span of the same index
	open     time.Duration   // open time of the whole year
}

// at returns the table that covers t and t in its unit. Two goroutines may build the
// same table at the same time; they build the same one, so it does not matter whose stays.
func (c *Calendar) at(t time.Time) (*table, int64) {
	year := t.UTC().Year()
	covered := min(max(year, firstYear-1), lastYear+1)
	slot := &c.tables[covered-firstYear+1]
	tab := slot.Load()
	if tab == nil {
		tab = c.build(covered)
		slot.Store(tab)
	}
	switch {
	case year < covered:
		return tab, tab.from
	case year > covered:
		return tab, tab.to
	}
	return tab, t.UnixNano()
}

func (c *Calendar) build(year int) *table {
	tab := &table{from: yearStart(year), to: yearStart(year + 1)}
	if c.base != nil {
		whole, _ := c.base.at(instant(tab.from))
		tab.spans = subtract(whole.spans, c.absent)
	} else {
		tab.spans = clip(c.expand(DateOf(instant(tab.from))-2, DateOf(instant(tab.to))+1), tab.from, tab.to)
	}
	tab.before = make([]time.Duration, len(tab.spans))
	for i, s := range tab.spans {
		tab.before[i] = tab.open
		tab.open += time.Duration(s.to - s.from)
	}
	return tab
}

// search returns the index of the span that holds at, or else of the next one.
func (tab *table) search(at int64) int {
	low, high := 0, len(tab.spans)
	for low < high {
		middle := int(uint(low+high) / 2)
		if tab.spans[middle].to <= at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

func (tab *table) isOpen(at int64) bool {
	i := tab.search(at)
	return i < len(tab.spans) && tab.spans[i].from <= at
}

// elapsed returns the open time from the start of the year to at.
func (tab *table) elapsed(at int64) time.Duration {
	i := tab.search(at)
	if i == len(tab.spans) {
		return tab.open
	}
	return tab.before[i] + time.Duration(max(0, at-tab.spans[i].from))
}

// reach is the inverse of elapsed for 0 < d <= open: the first instant with that much.
func (tab *table) reach(d time.Duration) int64 {
	i, _ := slices.BinarySearch(tab.before, d)
	return tab.spans[i-1].from + int64(d-tab.before[i-1])
}

// spansOn returns the open spans of the shifts that start on date.
func (c *Calendar) spansOn(date Date) []span {
	if c.base != nil {
		return subtract(c.base.spansOn(date), c.absent)
	}
	return c.expand(date, date)
}

// expand returns the open spans of the shifts that start on the days from first to last.
func (c *Calendar) expand(first, last Date) []span {
	var spans []span
	periods := zonePeriods(c.zone, first.Time().UnixNano()-int64(2*day), last.Time().UnixNano()+int64(4*day))
	for date := first; date <= last; date++ {
		midnight := date.Time().UnixNano()
		for _, s := range c.shifts(date) {
			spans = onWall(spans, span{midnight + int64(s.from), midnight + int64(s.to)}, periods)
		}
	}
	return union(spans)
}

// shifts returns the shifts that start on date.
func (c *Calendar) shifts(date Date) []shift {
	year := date.Year()
	if year < firstYear || year > lastYear {
		return nil
	}
	off := c.closed[date]
	if c.holidays != nil && !off {
		_, off = slices.BinarySearch(c.holidays.In(year), date)
	}
	if off && !c.open[date] {
		return nil
	}
	return c.hours.week[date.Weekday()]
}

// period is a stretch of time in which a zone's offset from UTC stays the same.
type period struct {
	span
	offset int64 // nanoseconds east of UTC
}

// zonePeriods cuts the time between from and to where the offset changes, and may cut it
// elsewhere too.
func zonePeriods(zone *time.Location, from, to int64) []period {
	var periods []period
	for from < to {
		t := instant(from).In(zone)
		_, offset := t.Zone()
		next := to
		if _, end := t.ZoneBounds(); !end.IsZero() && end.Before(instant(to)) {
			next = end.UnixNano()
		}
		if next <= from {
			// Beyond a zone's last listed transition, package time takes every year to end
			// after 365 days, so on the last day of a leap year the bound lies in the past.
			next = from + int64(time.Hour)
		}
		periods = append(periods, period{span{from, next}, int64(offset) * int64(time.Second)})
		from = next
	}
	return periods
}

// onWall appends the time during which the clock on the wall shows an instant of wall:
// nothing for a skipped hour, two stretches for a repeated one.
func onWall(spans []span, wall span, periods []period) []span {
	for _, p := range periods {
		s := span{max(p.from, wall.from-p.offset), min(p.to, wall.to-p.offset)}
		if s.from < s.to {
			spans = append(spans, s)
		}
	}
	return spans
}

// union sorts spans and joins those that overlap or touch.
func union(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	joined := spans[:0]
	for _, s := range spans {
		if last := len(joined) - 1; last >= 0 && s.from <= joined[last].to {
			joined[last].to = max(joined[last].to, s.to)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

// clip returns the parts of spans between from and to.
func clip(spans []span, from, to int64) []span {
	var inside []span
	for _, s := range spans {
		if s = (span{max(s.from, from), min(s.to, to)}); s.from < s.to {
			inside = append(inside, s)
		}
	}
	return inside
}

// subtract returns spans without what holes cover; both are sorted and disjoint.
func subtract(spans, holes []span) []span {
	var rest []span
	for _, s := range spans {
		for len(holes) > 0 && holes[0].to <= s.from {
			holes = holes[1:]
		}
		for _, hole := range holes {
			if hole.from >= s.to {
				break
			}
			if s.from < hole.from {
				rest = append(rest, span{s.from, hole.from})
			}
			s.from = hole.to
		}
		if s.from < s.to {
			rest = append(rest, s)
		}
	}
	return rest
}

func yearStart(year int) int64 { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano() }

func instant(at int64) time.Time { return time.Unix(0, at).UTC() }
