package event

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
)

// Lead reads the data of lead.created.
func (e Envelope) Lead() (lead.Lead, error) { return lead.Parse(e.Data) }

// Updated reads the data of lead.updated: what is now known of a lead. The lead is
// named by lead_id, or by the subject.
func (e Envelope) Updated() (lead.Lead, error) {
	fields := map[string]json.RawMessage{}
	if err := decode(e.Data, &fields); err != nil {
		return lead.Lead{}, err
	}
	if id, ok := fields["lead_id"]; ok {
		fields["id"] = id
		delete(fields, "lead_id")
	} else if _, ok := fields["id"]; !ok {
		quoted, err := json.Marshal(e.Subject)
		if err != nil {
			return lead.Lead{}, err
		}
		fields["id"] = quoted
	}
	data, err := json.Marshal(fields)
	if err != nil {
		return lead.Lead{}, err
	}
	return lead.Parse(data)
}

// Account reads the data of account.changed. The subject, which is the key of most records,
// stands in for a missing id.
func (e Envelope) Account() (lead.Account, error) {
	a, err := lead.ParseAccount(e.Data)
	if err != nil {
		return lead.Account{}, err
	}
	switch a.ID = or(a.ID, e.Subject); {
	case a.ID == "":
		err = lead.Fail(lead.MissingID, "id", "is missing")
	case len(a.ID) > lead.MaxID:
		err = lead.Fail(lead.BadID, "id", "is longer than %d bytes", lead.MaxID)
	}
	return a, err
}

// Activity reads the data of lead.activity. The subject stands in for a missing
// lead_id, the envelope's time for a missing at.
func (e Envelope) Activity() (Activity, error) {
	var a Activity
	if err := decode(e.Data, &a, "at"); err != nil {
		return Activity{}, err
	}
	a.LeadID, a.At = or(a.LeadID, e.Subject), instant(a.At, e.Time)
	return a, cmp.Or(
		id("lead_id", a.LeadID, true), id("rep_id", a.RepID, a.Activity == Claimed || a.Activity == OwnerChanged),
		enum("activity", a.Activity, Activities()), intent(a), positive("value", a.Value), attempt(a.Attempt), year("at", a.At),
	)
}

// Command reads the data of lead.command. The subject stands in for a missing lead_id,
// the envelope's time for a missing at.
func (e Envelope) Command() (Command, error) {
	var c Command
	if err := decode(e.Data, &c, "at"); err != nil {
		return Command{}, err
	}
	c.LeadID, c.At = or(c.LeadID, e.Subject), instant(c.At, e.Time)
	return c, cmp.Or(
		id("lead_id", c.LeadID, true), enum("command", c.Command, Commands()),
		id("rep_id", c.RepID, c.Command == CommandAssign), said("by", c.By), said("because", c.Because),
		attempt(c.Attempt), year("at", c.At),
	)
}

// Status reads the data of rep.status. The subject stands in for a missing rep_id,
// the envelope's time for a missing at.
func (e Envelope) Status() (Status, error) {
	var s Status
	if err := decode(e.Data, &s, "at", "until"); err != nil {
		return Status{}, err
	}
	s.RepID, s.At = or(s.RepID, e.Subject), instant(s.At, e.Time)
	var open error
	if s.Open != nil && *s.Open < 0 {
		open = lead.Fail(lead.BadNumber, "open", "is below 0")
	}
	return s, cmp.Or(
		id("rep_id", s.RepID, true), enum("status", s.Status, []string{ledger.Available, ledger.Away, ledger.Left}),
		open, positive("open_value", s.OpenValue), year("at", s.At), year("until", s.Until),
	)
}

// Reassign reads the data of lead.reassign.
func (e Envelope) Reassign() (Reassign, error) {
	var r Reassign
	if err := decode(e.Data, &r, "at"); err != nil {
		return Reassign{}, err
	}
	return r, cmp.Or(
		id("lead_id", r.LeadID, true), id("rep_id", r.RepID, false),
		enum("cause", r.Cause, Causes()), optional("clock", r.Clock, Clocks()), optional("to", r.To, Destinations()),
		attempt(r.Attempt), year("at", r.At),
	)
}

// Fired reads the data of lead.fired.
func (e Envelope) Fired() (Fired, error) {
	var f Fired
	if err := decode(e.Data, &f); err != nil {
		return Fired{}, err
	}
	err := cmp.Or(id("lead_id", f.LeadID, true), running(f.Attempt))
	for _, s := range f.Fired {
		err = cmp.Or(err, dated("fired", s.Clock, s.At), stageNumber(s.Stage))
	}
	return f, err
}

// decode reads data into p; dates are the fields of p that hold an instant.
func decode(data []byte, p any, dates ...string) error {
	if err := lead.Check(data); err != nil {
		return err
	}
	err := json.Unmarshal(data, p)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return lead.Fail(lead.WrongType, wrong.Field, "is of another type than %s", wrong.Type.Kind())
	}
	// What else fails is a date, whose error repeats the value and names no field.
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(data, &fields)
	for _, name := range dates {
		var t time.Time
		if raw, ok := fields[name]; ok && json.Unmarshal(raw, &t) != nil {
			return lead.Fail(lead.BadDate, name, "is not an RFC 3339 date and time")
		}
	}
	return lead.Fail(lead.NotJSON, "", "cannot be read")
}

func or(s, other string) string {
	if s = strings.TrimSpace(s); s != "" {
		return s
	}
	return other
}

func instant(t, other time.Time) time.Time {
	if t.IsZero() {
		t = other
	}
	return t.UTC()
}

func id(field, v string, required bool) error {
	switch {
	case v == "" && required:
		return lead.Fail(lead.MissingID, field, "is missing")
	case len(v) > lead.MaxID || !printable(v) || strings.Contains(v, " "):
		return lead.Fail(lead.BadID, field, "is longer than %d bytes, or holds a space or what cannot be printed", lead.MaxID)
	}
	return nil
}

// said wants a text that says something.
func said(field, v string) error {
	if strings.TrimSpace(v) == "" {
		return lead.Fail(lead.MissingText, field, "is missing")
	}
	return nil
}

func enum(field, v string, values []string) error {
	if !slices.Contains(values, v) {
		return lead.Fail(lead.UnknownEnum, field, "is none of %s", strings.Join(values, ", "))
	}
	return nil
}

// optional is enum for a field that may be missing.
func optional(field, v string, values []string) error {
	if v == "" {
		return nil
	}
	return enum(field, v, values)
}

func intent(a Activity) error {
	if a.Activity != Signal && a.Intent == "" {
		return nil
	}
	return enum("intent", a.Intent, []string{"high", "medium", "low"})
}

func positive(field string, v *float64) error {
	if v != nil && (*v < 0 || *v > lead.MaxDealValue) {
		return lead.Fail(lead.BadNumber, field, "is not between 0 and %.0f", float64(lead.MaxDealValue))
	}
	return nil
}

func attempt(n int) error { return counted("attempt", n, 1_000_000) }

// stageNumber of a clock: those of shifts are numbered by minutes since 1970.
func stageNumber(n int) error { return counted("stage", n, math.MaxInt32) }

func counted(field string, n, most int) error {
	if n < 0 || n > most {
		return lead.Fail(lead.BadNumber, field, "is not between 0 and %d", most)
	}
	return nil
}

// running is the attempt of clocks that run: there is one.
func running(n int) error {
	if n == 0 {
		return lead.Fail(lead.BadNumber, "attempt", "is missing")
	}
	return attempt(n)
}

// dated checks an entry of a list: a clock and its instant.
func dated(field, clock string, at time.Time) error {
	if clock == "" || at.IsZero() {
		return lead.Fail(lead.BadDate, field, "names a clock without an instant, or an instant without a clock")
	}
	return year(field, at)
}

func year(field string, t time.Time) error {
	if !t.IsZero() && (t.Year() < 1990 || t.Year() > 2100) {
		return lead.Fail(lead.BadDate, field, "is not between the years 1990 and 2100")
	}
	return nil
}
