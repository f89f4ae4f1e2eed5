package feeds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/calendar/ics"
	"leadrouter/pkg/policy"
)

// The horizon of a reading. Meetings that are further ahead are read in time: a feed is
// read in full again when half of the horizon is over.
const (
	behind = 2 * 24 * time.Hour
	ahead  = 62 * 24 * time.Hour
)

// reading is what one version of a feed says.
type reading struct {
	absences []calendar.Absence // sorted and disjoint
	warnings []error            // what was not understood, by line
	err      error              // it is no calendar, or too much of one
	horizon  time.Time          // nothing behind it was read
	stamp    stamp
}

// read reads a feed as it is at an instant. What was read before is given back when it is
// still that, and reaches far enough: a version that is no calendar, too, so that it does
// not cost anything again. An error says that there was nothing to read.
func (s *sources) read(ctx context.Context, feed policy.Feed, zone *time.Location, before *reading, now time.Time) (*reading, error) {
	var have stamp
	if before != nil && now.Add(ahead/2).Before(before.horizon) {
		have = before.stamp
	}
	body, stamp, err := s.open(ctx, feed, have)
	if err != nil {
		return nil, err
	}
	if body == nil {
		return before, nil
	}
	defer func() { _ = body.Close() }()
	r := &reading{horizon: now.Add(ahead), stamp: stamp}
	source := &broken{Reader: body}
	r.parse(source, ics.Config{Zone: zone, From: now.Add(-behind), To: r.horizon})
	switch {
	case source.err == nil:
		return r, nil
	case feed.File != "":
		return nil, pathless(source.err)
	}
	return nil, nameless(source.err)
}

// parse takes in what the feed says. A calendar from outside must not stop a router,
// whatever is in it.
func (r *reading) parse(source io.Reader, cfg ics.Config) {
	defer func() {
		if v := recover(); v != nil {
			r.err = fmt.Errorf("reading it has failed: %v", v)
		}
	}()
	read, err := ics.Read(source, cfg)
	r.absences, r.warnings, r.err = read.Absences, read.Warnings, err
}

// broken remembers whether a source broke off, which is no fault of what it holds.
type broken struct {
	io.Reader
	err error
}

func (b *broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// at says whether the rep is absent at an instant and until when that holds, or does not.
// Behind the last absence it holds for good.
func (r *reading) at(t time.Time) (absent bool, until time.Time) {
	if r == nil {
		return false, forever
	}
	i, _ := slices.BinarySearchFunc(r.absences, t, func(a calendar.Absence, t time.Time) int {
		if a.To.After(t) {
			return 1
		}
		return -1
	})
	switch {
	case i == len(r.absences):
		return false, forever
	case r.absences[i].From.After(t):
		return false, r.absences[i].From
	}
	return true, r.absences[i].To
}

// forever is later than every instant that a decision is made at.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// feed is that of one rep.
type feed struct {
	rep     string
	source  policy.Feed
	zone    *time.Location
	awaited bool               // by those who wait for the first feeds
	stop    context.CancelFunc // of its loop

	seen *reading // the last version, good or not; the loop's own

	// The rest is guarded by Feeds.mu.
	last     *reading  // the last good one; nil: none yet
	good     time.Time // when it was found to be so; before that, when the loop began
	failures int       // readings that came to nothing
	failing  bool      // the last one did
}
