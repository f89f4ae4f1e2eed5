package policy

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/calendar"
)

// Days is a stretch of days, both included.
type Days struct{ First, Last calendar.Date }

// String writes the days as a policy does: 2026-12-24, or 2026-12-27..2027-01-05.
func (d Days) String() string {
	if d.First == d.Last {
		return d.First.String()
	}
	return d.First.String() + ".." + d.Last.String()
}

// Feed says where the rep's own calendar is published; at most one field is set.
type Feed struct {
	File string // beside the policy
	URL  string // http or https. Whoever has it can read the calendar: it is not to be shown
	Env  string // environment variable that holds such a URL
}

// IsZero reports whether there is no feed.
func (f Feed) IsZero() bool { return f == Feed{} }

// String is what may be shown of a feed: of an address no more than its host.
func (f Feed) String() string {
	switch {
	case f.URL != "":
		if u, err := url.Parse(f.URL); err == nil {
			return u.Scheme + "://" + u.Host + "/..."
		}
		return "an address"
	case f.Env != "":
		return envPrefix + f.Env
	}
	return f.File
}

// envPrefix begins a feed whose address is in the environment.
const envPrefix = "env:"

// maxDaysOff bounds one stretch: somebody who is away for longer is not in the policy.
const maxDaysOff = 3 * 366

// daysOff reads days and stretches of days, in order and joined.
func (r *reader) daysOff(n node) []Days {
	var out []Days
	for _, item := range r.items(n) {
		for word := range strings.FieldsSeq(r.text(item)) {
			if d, ok := r.days(item, word); ok {
				out = append(out, d)
			}
		}
	}
	slices.SortFunc(out, func(a, b Days) int { return cmp.Compare(a.First, b.First) })
	joined := out[:0]
	for _, d := range out {
		if last := len(joined) - 1; last >= 0 && d.First <= joined[last].Last+1 {
			joined[last].Last = max(joined[last].Last, d.Last)
		} else {
			joined = append(joined, d)
		}
	}
	return joined
}

func (r *reader) days(n node, word string) (Days, bool) {
	from, to, stretch := strings.Cut(word, "..")
	if !stretch {
		to = from
	}
	first, err := calendar.ParseDate(from)
	last, wrong := calendar.ParseDate(to)
	switch {
	case err != nil || wrong != nil:
		r.fail(n, "`%s` is neither a date such as 2026-12-24 nor days such as 2026-12-27..2027-01-05", word)
	case last < first:
		r.fail(n, "`%s` ends before it begins; write the first day first", word)
	case last-first >= maxDaysOff:
		r.fail(n, "`%s` is more than three years; is the year right? Who has left does not belong in the policy", word)
	default:
		return Days{First: first, Last: last}, true
	}
	return Days{}, false
}

// envName is what can be set in every shell.
var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// feed reads where a rep's own calendar is. What is wrong with an address is said
// without it.
func (r *reader) feed(n node) Feed {
	s := r.text(n)
	if name, ok := strings.CutPrefix(s, envPrefix); ok {
		if !envName.MatchString(name) {
			r.fail(n, "`env:` needs the name of an environment variable, such as env:JONAS_FEED")
		}
		return Feed{Env: name}
	}
	if strings.Contains(s, "://") {
		address, err := FeedURL(s)
		if err != nil {
			r.fail(n, "%v", err)
		}
		return Feed{URL: address}
	}
	if s != "" && (!fs.ValidPath(s) || !strings.EqualFold(path.Ext(s), ".ics")) {
		r.fail(n, "a feed is a file beside the policy such as feeds/jonas.ics, the https address of a calendar, or env:NAME")
	}
	return Feed{File: s}
}

// FeedURL checks the address of a feed and gives it as it is asked for: webcal is https
// by another name. An error says what is wrong, and does not show the address.
func FeedURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", errors.New("this is no address: it names no host")
	}
	if u.Scheme == "webcal" {
		u.Scheme = "https"
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "", fmt.Errorf("a feed is read by https or http, not by %s", u.Scheme)
	case u.User != nil:
		return "", errors.New("a password has no place in an address; most calendars publish one that needs none")
	}
	return u.String(), nil
}

// secret is what follows the scheme of an address.
var secret = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'}` + "`" + `]+`)

// masked hides addresses, which may be those of private calendars, character by
// character, so that carets below still point at the same place.
func masked(s string) string {
	return secret.ReplaceAllStringFunc(s, func(address string) string {
		scheme, rest, _ := strings.Cut(address, "://")
		return scheme + "://" + strings.Repeat("*", len([]rune(rest)))
	})
}

// atWork gives a rep the hours that shifts go by: those of the calendar without the
// days off.
func (r *reader) atWork(rep *Rep) {
	if rep.Calendar != nil {
		rep.hours = rep.Calendar.Hours
	}
	if len(rep.Off) == 0 {
		return
	}
	hours := rep.hours
	if hours == nil { // always at work, or a calendar that was refused
		hours, _ = calendar.New(calendar.Config{Zone: "UTC", Hours: "24x7"})
	}
	var days []calendar.Date
	for _, d := range rep.Off {
		for day := d.First; day <= d.Last; day++ {
			days = append(days, day)
		}
	}
	rep.hours = hours.Without(days)
}

// Zone is where the rep's days, and the hours without a zone of the rep's feed, are.
func (rep *Rep) Zone() *time.Location { return rep.location() }

// DayOff reports whether the rep has taken the day off that an instant falls on.
func (rep *Rep) DayOff(at time.Time) bool {
	today := calendar.DateOf(at.In(rep.location()))
	return slices.ContainsFunc(rep.Off, func(d Days) bool { return d.First <= today && today <= d.Last })
}
