package routing

import (
	"fmt"

	"leadrouter/pkg/canonical"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/score"
)

// Encode writes the draft as canonical JSON, the bytes that json.Marshal writes:
// equal drafts are equal bytes. Every lead pays for it, so that it does without
// reflection.
func (d Draft) Encode() ([]byte, error) {
	w := writer{canonical.New(2048)}
	w.Open()
	w.Integer("engine", int64(d.Engine))
	w.OptText("versions", d.Versions)
	w.Key("policy")
	w.Open()
	w.Text("name", d.Policy.Name)
	w.OptText("version", d.Policy.Version)
	w.Text("hash", d.Policy.Hash)
	w.Close()
	w.Integer("at", d.At)
	w.Key("facts")
	w.Object(d.Facts)
	w.before(&d)
	w.OptInteger("value", d.Value)
	w.OptIntegerAt("score", d.Score)
	score.OptPrediction(w.Writer, d.Learned)
	w.OptText("fit", d.Fit)
	w.OptText("intent", d.Intent)
	w.OptTexts("tags", d.Tags)
	w.OptTexts("tell", d.Tell)
	w.OptTexts("shadow", d.Shadow)
	canonical.OptObjects(w.Writer, "asked", d.Asked, func(a *Asked) {
		w.Text("axis", a.Axis)
		w.Text("value", a.Value)
	})
	w.Key("steps")
	canonical.Objects(w.Writer, d.Steps, w.step)
	canonical.OptObjects(w.Writer, "crews", d.Crews, func(c *Crew) {
		w.OptText("team", c.Team)
		w.OptText("calendar", c.Calendar)
		w.OptText("manager", c.Manager)
		w.OptTexts("reps", c.Reps)
	})
	canonical.OptObjects(w.Writer, "slas", d.SLAs, func(s *Deadline) {
		w.Text("sla", s.SLA)
		w.Key("stages")
		w.Texts(s.Stages)
		canonical.OptObjects(w.Writer, "dues", s.Dues, func(d *Dues) {
			w.OptText("calendar", d.Calendar)
			w.Integers("at", d.At)
		})
	})
	w.Close()
	raw, err := w.Result()
	if err != nil {
		return nil, fmt.Errorf("encode draft: %w", err)
	}
	return raw, nil
}

// before is what is known from before.
func (w writer) before(d *Draft) {
	lead.OptEvidence(w.Writer, d.Evidence)
	w.OptText("last_owner", d.LastOwner)
	w.OptText("company_owner", d.CompanyOwner)
	w.OptTexts("past", d.Past)
	w.OptTexts("left", d.Left)
	canonical.OptObjects(w.Writer, "absent", d.Absent, func(a *Absence) {
		w.Text("rep_id", a.Rep)
		w.Integer("until", a.Until)
	})
	canonical.OptValue(w.Writer, "previous", d.Previous)
	w.OptInteger("came", d.Came)
	w.OptInteger("queued", d.Queued)
	w.OptTrue("reached", d.Reached)
	canonical.OptValue(w.Writer, "first", d.First)
	canonical.OptValue(w.Writer, "send", d.Send)
	w.OptText("entry", d.Entry)
	w.OptInteger("waited", d.Waited)
}

func (w writer) step(s *DraftStep) {
	w.OptText("rule", s.Rule)
	w.OptText("row", s.Row)
	w.OptText("to", s.To)
	w.Text("code", string(s.Code))
	w.OptText("owner", s.Owner)
	w.OptTexts("match", s.Match)
	w.OptTexts("relaxed", s.Relaxed)
	w.OptTexts("unknown", s.Unknown)
	w.OptTexts("even_if", s.EvenIf)
	w.OptTrue("past", s.Past)
	w.OptText("sla", s.SLA)
	w.OptInteger("fit", int64(s.Fit))
	w.OptInteger("off_shift", int64(s.OffShift))
	w.OptInteger("busy", int64(s.Busy))
	w.OptText("on_qualified", s.OnQualified)
	w.OptTrue("watch", s.Watch)
	w.OptTrue("owns_account", s.OwnsAccount)
	w.OptInteger("hold", s.Hold)
	w.OptTexts("stages", s.Stages)
	w.OptIntegers("at", s.At)
	w.OptTexts("told", s.Told)
}

// writer knows the parts of a draft.
type writer struct{ *canonical.Writer }
