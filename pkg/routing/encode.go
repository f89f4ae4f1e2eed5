package routing

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/score"
)

// Encode writes the draft as canonical JSON, the bytes that json.Marshal writes:
// equal drafts are equal bytes. Every lead pays for it, so that it does without
// reflection.
func (d Draft) Encode() ([]byte, error) {
	w := writer{out: make([]byte, 0, 2048)}
	w.out = append(w.out, '{')
	w.number("engine", int64(d.Engine))
	w.text("versions", d.Versions)
	w.key("policy")
	w.out = append(w.out, '{')
	w.string("name", d.Policy.Name)
	w.text("version", d.Policy.Version)
	w.string("hash", d.Policy.Hash)
	w.out = append(w.out, '}')
	w.number("at", d.At)
	w.key("facts")
	w.facts(d.Facts)
	w.before(&d)
	w.count("value", d.Value)
	if d.Score != nil {
		w.number("score", *d.Score)
	}
	w.learned(d.Learned)
	w.text("fit", d.Fit)
	w.text("intent", d.Intent)
	w.list("tags", d.Tags)
	w.list("tell", d.Tell)
	w.list("shadow", d.Shadow)
	objects(&w, "asked", d.Asked, func(a *Asked) {
		w.string("axis", a.Axis)
		w.string("value", a.Value)
	})
	w.key("steps")
	each(&w, d.Steps, w.step)
	objects(&w, "crews", d.Crews, func(c *Crew) {
		w.text("team", c.Team)
		w.text("calendar", c.Calendar)
		w.text("manager", c.Manager)
		w.list("reps", c.Reps)
	})
	objects(&w, "slas", d.SLAs, func(s *Deadline) {
		w.string("sla", s.SLA)
		w.key("stages")
		w.strings(s.Stages)
		objects(&w, "dues", s.Dues, func(d *Dues) {
			w.text("calendar", d.Calendar)
			w.numbers("at", d.At)
		})
	})
	w.out = append(w.out, '}')
	if w.err != nil {
		return nil, fmt.Errorf("encode draft: %w", w.err)
	}
	return w.out, nil
}

// learned is what the model tells.
func (w *writer) learned(p *score.Prediction) {
	if p == nil {
		return
	}
	w.key("learned")
	w.out = append(w.out, '{')
	w.string("model", p.Model)
	w.number("score", p.Score)
	w.number("base", p.Base)
	objects(w, "factors", p.Factors, func(f *score.Factor) {
		w.string("name", f.Name)
		w.number("points", f.Points)
	})
	w.count("rest", p.Rest)
	w.out = append(w.out, '}')
}

// before is what is known from before.
func (w *writer) before(d *Draft) {
	if d.Evidence != nil {
		w.key("evidence")
		w.value(d.Evidence)
	}
	w.text("last_owner", d.LastOwner)
	w.text("company_owner", d.CompanyOwner)
	w.list("past", d.Past)
	w.list("left", d.Left)
	objects(w, "absent", d.Absent, func(a *Absence) {
		w.string("rep_id", a.Rep)
		w.number("until", a.Until)
	})
	if d.Previous != nil {
		w.key("previous")
		w.value(d.Previous)
	}
	w.count("came", d.Came)
	w.count("queued", d.Queued)
	w.flag("reached", d.Reached)
	if d.First != nil {
		w.key("first")
		w.value(d.First)
	}
	if d.Send != nil {
		w.key("send")
		w.value(d.Send)
	}
	w.text("entry", d.Entry)
	w.count("waited", d.Waited)
}

func (w *writer) step(s *DraftStep) {
	w.text("rule", s.Rule)
	w.text("row", s.Row)
	w.text("to", s.To)
	w.string("code", string(s.Code))
	w.text("owner", s.Owner)
	w.list("match", s.Match)
	w.list("relaxed", s.Relaxed)
	w.list("unknown", s.Unknown)
	w.list("even_if", s.EvenIf)
	w.flag("past", s.Past)
	w.text("sla", s.SLA)
	w.count("fit", int64(s.Fit))
	w.count("off_shift", int64(s.OffShift))
	w.count("busy", int64(s.Busy))
	w.text("on_qualified", s.OnQualified)
	w.flag("watch", s.Watch)
	w.flag("owns_account", s.OwnsAccount)
	w.count("hold", s.Hold)
	w.list("stages", s.Stages)
	if len(s.At) > 0 {
		w.numbers("at", s.At)
	}
	w.list("told", s.Told)
}

// writer appends the members of JSON objects. text, list, count and flag leave out
// what is empty.
type writer struct {
	out []byte
	err error
}

// key begins a member. A key is an identifier: nothing in it needs an escape.
func (w *writer) key(name string) {
	if w.out[len(w.out)-1] != '{' {
		w.out = append(w.out, ',')
	}
	w.out = append(append(append(w.out, '"'), name...), '"', ':')
}

func (w *writer) number(name string, n int64) {
	w.key(name)
	w.out = strconv.AppendInt(w.out, n, 10)
}

func (w *writer) numbers(name string, list []int64) {
	w.key(name)
	w.out = append(w.out, '[')
	for i, n := range list {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = strconv.AppendInt(w.out, n, 10)
	}
	w.out = append(w.out, ']')
}

func (w *writer) count(name string, n int64) {
	if n != 0 {
		w.number(name, n)
	}
}

func (w *writer) flag(name string, is bool) {
	if is {
		w.key(name)
		w.out = append(w.out, "true"...)
	}
}

func (w *writer) string(name, s string) {
	w.key(name)
	w.quote(s)
}

func (w *writer) text(name, s string) {
	if s != "" {
		w.string(name, s)
	}
}

func (w *writer) list(name string, items []string) {
	if len(items) > 0 {
		w.key(name)
		w.strings(items)
	}
}

func (w *writer) strings(items []string) {
	w.out = append(w.out, '[')
	for i, s := range items {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.quote(s)
	}
	w.out = append(w.out, ']')
}

// objects writes a list of objects, nothing when it is empty.
func objects[T any](w *writer, name string, items []T, write func(*T)) {
	if len(items) > 0 {
		w.key(name)
		each(w, items, write)
	}
}

func each[T any](w *writer, items []T, write func(*T)) {
	w.out = append(w.out, '[')
	for i := range items {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(w.out, '{')
		write(&items[i])
		w.out = append(w.out, '}')
	}
	w.out = append(w.out, ']')
}

// facts writes a lead's facts with the names ascending.
func (w *writer) facts(facts lead.Facts) {
	if facts == nil {
		w.out = append(w.out, "null"...)
		return
	}
	var buf [48]string
	names := slices.AppendSeq(buf[:0], maps.Keys(facts))
	slices.Sort(names)
	w.out = append(w.out, '{')
	for _, name := range names {
		if w.out[len(w.out)-1] != '{' {
			w.out = append(w.out, ',')
		}
		w.quote(name) // that of an attribute may hold anything
		w.out = append(w.out, ':')
		switch v := facts[name].(type) {
		case string:
			w.quote(v)
		case bool:
			w.out = strconv.AppendBool(w.out, v)
		case int64:
			w.out = strconv.AppendInt(w.out, v, 10)
		case float64:
			w.float(v)
		default:
			w.value(v)
		}
	}
	w.out = append(w.out, '}')
}

// float writes a number; a whole one, as deal values mostly are, at once.
func (w *writer) float(f float64) {
	if n := int64(f); float64(n) == f && n > 0 && n < 1e15 {
		w.out = strconv.AppendInt(w.out, n, 10)
		return
	}
	w.value(f)
}

// quote writes a string; one that needs escapes is left to the standard library.
func (w *writer) quote(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			w.value(s)
			return
		}
	}
	w.out = append(append(append(w.out, '"'), s...), '"')
}

// value writes what is rare.
func (w *writer) value(v any) {
	raw, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.out = append(w.out, raw...)
}
