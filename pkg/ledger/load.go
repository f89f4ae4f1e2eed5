package ledger

// instant is a ledger time as window ids.
type instant struct{ hour, day, week int64 }

// windows are the hour, day and week that contain at (Unix milliseconds) in a
// time that is offset seconds ahead of UTC.
func windows(at, offset int64) instant {
	seconds := floorDiv(at, 1000) + offset
	day := floorDiv(seconds, 86400)
	// 1 January 1970 was a Thursday: 3 days after a Monday.
	return instant{hour: floorDiv(seconds, 3600), day: day, week: floorDiv(day+3, 7)}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// at is the count of window id. A later window that is stored already is not
// opened again: a change of offset would empty a cap twice.
func (w Window) at(id int64) int64 {
	if id > w.ID {
		return 0
	}
	return w.Count
}

func (w *Window) add(id int64) {
	if id > w.ID {
		*w = Window{ID: id}
	}
	w.Count++
}

// take undoes add, unless another window has begun since.
func (w *Window) take(id int64) {
	if id == w.ID && w.Count > 0 {
		w.Count--
	}
}

// present says whether a rep can be given leads at all.
func (r *Rep) present(at int64) bool {
	switch r.Presence {
	case Left:
		return false
	case Away:
		return r.Until > 0 && at >= r.Until
	}
	return true
}

// fits says whether one more lead of a value stays within every cap.
func (c Caps) fits(l Load, value int64) bool {
	return (c.Open == 0 || l.Open < c.Open) &&
		(c.OpenValue == 0 || l.OpenValue+value <= c.OpenValue) &&
		(c.Hour == 0 || l.Hour < c.Hour) &&
		(c.Day == 0 || l.Day < c.Day) &&
		(c.Week == 0 || l.Week < c.Week)
}

// Passed says whether a load is above a cap.
func (c Caps) Passed(l Load) bool {
	above := func(n, limit int64) bool { return limit > 0 && n > limit }
	return above(l.Open, c.Open) || above(l.OpenValue, c.OpenValue) ||
		above(l.Hour, c.Hour) || above(l.Day, c.Day) || above(l.Week, c.Week)
}

// fullness is how full the fullest cap is, in basis points; 0 without caps.
func (c Caps) fullness(l Load) int64 {
	return max(points(l.Open, c.Open), points(l.OpenValue, c.OpenValue),
		points(l.Hour, c.Hour), points(l.Day, c.Day), points(l.Week, c.Week))
}

// points is floor(count*10000/limit), in two steps that stay below 2^53.
func points(count, limit int64) int64 {
	if limit == 0 {
		return 0
	}
	return count/limit*10_000 + count%limit*10_000/limit
}

// hold counts a lead that a rep owns; sign -1 stops counting it.
func (r *Rep) hold(l *Lead, sign int64) {
	r.Open += sign
	r.OpenValue += sign * l.Value
	if l.Over {
		r.Over += sign
	}
}

// Counts says whether a lead counts for its owner.
func (l *Lead) Counts() bool { return l.Rep != "" && !l.Test && l.Closed == 0 }
