package policy

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/ledger"
)

// words mean something in `to`, so that nothing may be called like them.
var words = map[string]Kind{
	"owner": ToOwner, "backup": ToBackup, "manager": ToManager, "last_owner": ToLastOwner, "company_owner": ToCompanyOwner,
	"wait": ToWait, "review": ToReview, "nurture": ToNurture, "disqualify": ToDisqualify, "next": ToNext,
}

// all is the destination and the `who` of every rep.
const all = "all"

func (r *reader) calendars() {
	r.eachOf("calendars", func(key, value node) {
		c := &Calendar{Name: r.identifier(key), Pos: key.pos()}
		cfg := calendar.Config{Hours: "24x7"}
		r.object(value, "a calendar", object{
			"zone":     func(n node) { cfg.Zone = r.zone(n) },
			"hours":    func(n node) { cfg.Hours = r.hours(n) },
			"holidays": func(n node) { cfg.Holidays = r.holidays(n) },
			"closed":   func(n node) { cfg.Closed = r.dates(n) },
			"open":     func(n node) { cfg.Open = r.dates(n) },
		})
		if cfg.Zone == "" {
			r.fail(key, "calendar `%s` needs a zone such as Europe/Berlin", key.Value)
			cfg.Zone = "UTC"
		}
		var err error
		if c.Hours, err = calendar.New(cfg); err != nil {
			r.fail(key, "calendar `%s`: %v", key.Value, err)
		}
		r.policy.Calendars = append(r.policy.Calendars, c)
	})
	slices.SortFunc(r.policy.Calendars, func(a, b *Calendar) int { return cmp.Compare(a.Name, b.Name) })
}

func (r *reader) zone(n node) string {
	s := r.text(n)
	if _, err := calendar.LoadZone(s); s != "" && err != nil {
		r.fail(n, "%v", err)
		return "UTC"
	}
	return s
}

func (r *reader) hours(n node) string {
	s := r.text(n)
	_, err := calendar.ParseHours(s)
	if wrong, ok := errors.AsType[*calendar.HoursError](err); ok && s != "" {
		r.failAt(n.posAt(wrong.Column()-1), 1, "%s: %s", wrong.Problem, wrong.Advice)
		return "24x7"
	}
	return cmp.Or(s, "24x7")
}

func (r *reader) holidays(n node) string {
	s := r.text(n)
	if _, err := calendar.LoadHolidays(s); s != "" && err != nil {
		r.fail(n, "%v", err)
		return ""
	}
	return s
}

func (r *reader) dates(n node) []calendar.Date {
	var out []calendar.Date
	for _, item := range r.items(n) {
		d, err := calendar.ParseDate(r.text(item))
		if err != nil {
			r.fail(item, "`%s` is not a date such as 2026-12-24", item.Value)
			continue
		}
		out = append(out, d)
	}
	return out
}

// calendar finds a calendar by name.
func (r *reader) calendar(name string, at node) *Calendar {
	for _, c := range r.policy.Calendars {
		if c.Name == name {
			return c
		}
	}
	if name != "" {
		r.fail(at, "no calendar is called `%s`%s", name, suggest(name, titles(r.policy.Calendars, func(c *Calendar) string { return c.Name })))
	}
	return nil
}

// titles are the names of things, for suggestions.
func titles[T any](things []T, name func(T) string) []string {
	out := make([]string, len(things))
	for i, t := range things {
		out[i] = name(t)
	}
	return out
}

// teamNames reads which teams there are; their managers wait for the reps.
func (r *reader) teamNames() {
	r.eachOf("teams", func(key, value node) {
		t := &Team{Name: r.identifier(key), Manager: nobody, Pos: key.pos()}
		r.object(value, "a team", object{
			"manager":  func(node) {},
			"calendar": func(n node) { t.Calendar = r.calendar(r.text(n), n) },
		})
		r.policy.Teams = append(r.policy.Teams, t)
	})
	slices.SortFunc(r.policy.Teams, func(a, b *Team) int { return cmp.Compare(a.Name, b.Name) })
}

// nobody is the position of a rep who is not there.
const nobody int32 = -1

// teams adds members and managers, once the reps are known.
func (r *reader) teams() {
	for i := range r.policy.Reps {
		if t := r.policy.Reps[i].Team; t != nil {
			t.Members = append(t.Members, int32(i))
		}
	}
	r.eachOf("teams", func(key, value node) {
		i := slices.IndexFunc(r.policy.Teams, func(t *Team) bool { return t.Name == key.Value })
		r.each(value, "a team", func(k, n node) {
			if k.Value == "manager" {
				r.policy.Teams[i].Manager = r.rep(n)
			}
		})
	})
}

// rep reads the id of a rep.
func (r *reader) rep(n node) int32 {
	id := r.text(n)
	if i, ok := r.policy.Rep(id); ok {
		return i
	}
	if id != "" {
		r.fail(n, "no rep is called `%s`%s", id, suggest(id, r.repIDs()))
	}
	return nobody
}

func (r *reader) repIDs() []string { return slices.Collect(maps.Keys(r.policy.index.reps)) }

// ledgerCaps are caps of which some may be said: by level, by rep.
type ledgerCaps map[string]int64

// capKeys are the kinds of caps, in the order of [ledger.Caps].
var capKeys = []string{"open", "open_value", "hour", "day", "week"}

const maxCap = 1_000_000

func (r *reader) caps() {
	r.levels = map[string]ledgerCaps{}
	r.eachOf("caps", func(key, value node) {
		said := ledgerCaps{}
		keys := object{}
		for _, k := range capKeys {
			keys[k] = func(n node) { said[k] = r.cap(k, n) }
		}
		r.object(value, "a cap", keys)
		r.levels[key.Value] = said
	})
}

// capLevels warns of caps for a level that nobody has: most likely a slip.
func (r *reader) capLevels() {
	var levels []string
	for i := range r.policy.Reps {
		levels = append(levels, r.policy.Reps[i].Level)
	}
	r.eachOf("caps", func(key, _ node) {
		if key.Value != all && !slices.Contains(levels, key.Value) {
			r.warn(key.pos(), key.width(), "no rep has the level `%s`%s", key.Value, suggest(key.Value, levels))
		}
	})
}

// cap reads one cap: a count, or a value in whole units of the base currency.
func (r *reader) cap(kind string, n node) int64 {
	if kind == "open_value" {
		return r.whole(n, 1, ledger.MaxValue/minor) * minor
	}
	return r.whole(n, 1, maxCap)
}

// minor is how many minor units make one of a currency. All amounts are kept in
// hundredths, whatever the currency's own coins.
const minor = 100

// merge gives the caps of a rep: the row's own, else of the level, else of `all`.
func (r *reader) merge(level string, own ledgerCaps) ledger.Caps {
	said := maps.Clone(r.levels[all])
	if said == nil {
		said = ledgerCaps{}
	}
	maps.Copy(said, r.levels[level])
	maps.Copy(said, own)
	return ledger.Caps{Open: said["open"], OpenValue: said["open_value"], Hour: said["hour"], Day: said["day"], Week: said["week"]}
}

// ramp reads how new reps are brought up to their full share.
func (r *reader) ramp() {
	ramp := &r.policy.schedule.ramp
	r.objectOf("ramp", object{
		"steps": func(n node) {
			for _, item := range r.items(n) {
				ramp.steps = append(ramp.steps, r.percent(item))
			}
		},
		"every": func(n node) {
			s := r.span(n)
			if s.Days == 0 || s.Rest != 0 {
				r.fail(n, "a step of the ramp lasts whole days, such as 14d")
			}
			ramp.every = s.Days
		},
	})
	if n, ok := r.section("ramp"); ok && (len(ramp.steps) == 0 || ramp.every == 0) {
		r.fail(n, "a ramp needs `steps` and `every`: {steps: [25%%, 50%%, 75%%], every: 14d}")
	}
}

// percent reads 25% as 25.
func (r *reader) percent(n node) int64 {
	s := r.text(n)
	if len(s) > 1 && s[len(s)-1] == '%' {
		if v, err := strconv.ParseInt(s[:len(s)-1], 10, 64); err == nil && 1 <= v && v <= 100 {
			return v
		}
	}
	if s != "" {
		r.fail(n, "`%s` is not a share from 1%% to 100%%", s)
	}
	return 100
}

// location is where a rep's hours, days and weeks are counted.
func (rep *Rep) location() *time.Location {
	if rep.Calendar == nil || rep.Calendar.Hours == nil {
		return time.UTC
	}
	return rep.Calendar.Hours.Location()
}
