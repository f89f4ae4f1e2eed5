package event

import (
	"encoding/json"

	"leadrouter/pkg/canonical"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/score"
)

// marshal is json.Marshal. The three events that nearly every lead brings about are written
// without reflection, which takes a fraction of the time; their bytes are the same.
func marshal(data any) ([]byte, error) {
	const roughly = 1536 // bytes of an event, without a draft
	switch d := data.(type) {
	case Assigned:
		w := writer{canonical.New(roughly)}
		w.assigned(&d)
		return w.Result()
	case Decision:
		w := writer{canonical.New(roughly + len(d.Draft))}
		w.decision(&d)
		return w.Result()
	case Timer:
		w := writer{canonical.New(roughly)}
		w.timer(&d)
		return w.Result()
	default:
		return json.Marshal(data)
	}
}

// writer knows the payloads.
type writer struct{ *canonical.Writer }

func (w writer) assigned(a *Assigned) {
	w.Open()
	w.Text("assignment_id", a.AssignmentID)
	w.Text("lead_id", a.LeadID)
	w.Integer("attempt", int64(a.Attempt))
	w.Text("outcome", string(a.Outcome))
	w.OptText("rep_id", a.RepID)
	w.OptText("team", a.Team)
	w.OptText("pool", a.Pool)
	w.OptText("rule", a.Rule)
	w.OptText("row", a.Row)
	w.OptText("pick", string(a.Pick))
	w.Text("reason", a.Reason)
	w.Text("reason_code", a.ReasonCode)
	if len(a.ReasonData) > 0 {
		w.Key("reason_data")
		w.Object(a.ReasonData)
	}
	w.OptTexts("relaxed", a.Relaxed)
	w.OptTrue("over", a.Over)
	w.OptIntegerAt("score", a.Score)
	w.OptText("fit", a.Fit)
	w.OptText("intent", a.Intent)
	w.OptTexts("tags", a.Tags)
	w.OptTexts("tell", a.Tell)
	w.Instant("assigned_at", a.AssignedAt)
	if a.SLA != nil {
		w.Key("sla")
		w.Open()
		w.Text("name", a.SLA.Name)
		w.OptInstant("accept_by", a.SLA.AcceptBy)
		w.OptInstant("contact_by", a.SLA.ContactBy)
		w.Close()
	}
	canonical.OptValue(w.Writer, "previous", a.Previous)
	w.Key("policy")
	w.policy(&a.Policy)
	w.Integer("sequence", a.Sequence)
	lead.OptEvidence(w.Writer, a.Evidence)
	score.OptPrediction(w.Writer, a.Learned)
	if a.Lead != nil {
		w.Key("lead")
		w.lead(a.Lead)
	}
	w.Close()
}

func (w writer) policy(p *Policy) {
	w.Open()
	w.Text("name", p.Name)
	w.OptText("version", p.Version)
	w.Text("hash", p.Hash)
	w.Close()
}

func (w writer) lead(l *lead.Lead) {
	w.Open()
	w.Text("id", l.ID)
	w.OptInstant("created_at", l.CreatedAt)
	w.OptText("source", l.Source)
	w.OptText("channel", l.Channel)
	w.OptText("email", l.Email)
	w.OptText("phone", l.Phone)
	w.OptText("first_name", l.FirstName)
	w.OptText("last_name", l.LastName)
	w.OptText("job_title", l.JobTitle)
	if l.Company != (lead.Company{}) {
		w.Key("company")
		w.company(&l.Company)
	}
	w.OptText("country", l.Country)
	w.OptText("region", l.Region)
	w.OptText("city", l.City)
	w.OptText("postal_code", l.PostalCode)
	w.OptText("language", l.Language)
	w.OptText("timezone", l.Timezone)
	w.OptText("product", l.Product)
	w.OptText("use_case", l.UseCase)
	canonical.OptValue(w.Writer, "deal_value", l.DealValue)
	w.OptText("currency", l.Currency)
	w.OptText("intent", l.Intent)
	w.OptText("account_id", l.AccountID)
	w.OptText("referred_by", l.ReferredBy)
	w.OptTexts("tags", l.Tags)
	if len(l.Attributes) > 0 {
		w.Key("attributes")
		w.Object(l.Attributes)
	}
	w.OptTrue("test", l.Test)
	w.OptTrue("bulk", l.Bulk)
	w.OptText("seniority", l.Seniority)
	w.OptText("job_function", l.JobFunction)
	w.OptText("email_domain", l.EmailDomain)
	canonical.OptValue(w.Writer, "email_free", l.EmailFree)
	canonical.OptValue(w.Writer, "email_disposable", l.EmailDisposable)
	canonical.OptValue(w.Writer, "duplicate", l.Duplicate)
	if l.Account != nil {
		w.Key("account")
		w.account(l.Account)
	}
	w.Close()
}

func (w writer) company(c *lead.Company) {
	w.Open()
	w.OptText("name", c.Name)
	w.OptText("domain", c.Domain)
	w.OptText("industry", c.Industry)
	canonical.OptValue(w.Writer, "employees", c.Employees)
	canonical.OptValue(w.Writer, "annual_revenue", c.AnnualRevenue)
	w.Close()
}

func (w writer) account(a *lead.Account) {
	w.Open()
	w.OptText("id", a.ID)
	w.OptText("name", a.Name)
	w.OptTexts("domains", a.Domains)
	w.OptText("parent", a.Parent)
	w.OptText("parent_owner", a.ParentOwner)
	w.OptText("group", a.Group)
	w.OptText("owner", a.Owner)
	w.OptText("status", a.Status)
	w.OptText("country", a.Country)
	canonical.OptValue(w.Writer, "strategic", a.Strategic)
	w.Close()
}

func (w writer) decision(d *Decision) {
	w.Open()
	w.Integer("engine", int64(d.Engine))
	w.Key("op")
	w.op(&d.Op)
	w.OptText("digest", d.Digest)
	w.Text("kind", string(d.Kind))
	if d.Policy != nil {
		w.Key("policy")
		w.policy(d.Policy)
	}
	w.OptRaw("draft", d.Draft)
	w.Key("grant")
	w.grant(&d.Grant)
	canonical.OptValue(w.Writer, "asked", d.Asked)
	w.OptText("experiment", d.Experiment)
	w.OptText("arm", d.Arm)
	canonical.OptValue(w.Writer, "propensity", d.Propensity)
	w.Close()
}

func (w writer) timer(t *Timer) {
	w.Open()
	w.Text("lead_id", t.LeadID)
	w.Integer("attempt", int64(t.Attempt))
	w.OptText("rep_id", t.RepID)
	w.OptText("sla", t.SLA)
	w.Instant("start", t.Start)
	w.Key("due")
	if t.Due == nil {
		w.Any(nil)
	} else {
		canonical.Objects(w.Writer, t.Due, w.due)
	}
	w.OptTexts("tell", t.Tell)
	canonical.OptObjects(w.Writer, "stopped", t.Stopped, w.stop)
	w.Close()
}

func (w writer) due(d *Due) {
	w.Text("clock", d.Clock)
	w.Integer("stage", int64(d.Stage))
	w.Instant("at", d.At)
	w.Key("do")
	w.Texts(d.Do)
}

func (w writer) stop(s *Stop) {
	w.Text("clock", s.Clock)
	w.Instant("at", s.At)
}

func (w writer) op(id *ledger.OpID) {
	w.Open()
	w.Text("topic", id.Topic)
	w.Integer("partition", int64(id.Index))
	w.Integer("offset", id.Offset)
	w.OptInteger("ordinal", int64(id.Ordinal))
	w.Close()
}

func (w writer) grant(g *ledger.Grant) {
	w.Open()
	w.Integer("sequence", g.Sequence)
	w.Integer("floor", g.Floor)
	w.Integer("epoch", g.Epoch)
	w.Integer("at", g.At)
	w.Text("effect", string(g.Effect))
	w.OptText("lead", g.Lead)
	w.OptInteger("attempt", int64(g.Attempt))
	w.OptText("outcome", string(g.Outcome))
	w.OptInteger("step", int64(g.Step))
	w.OptText("rep", g.Rep)
	w.OptInteger("value", g.Value)
	w.OptTrue("test", g.Test)
	w.OptTrue("over", g.Over)
	if g.Traits != nil {
		w.Key("traits")
		w.traits(g.Traits)
	}
	w.OptTrue("pins", g.Pins)
	if g.Turn != nil {
		w.Key("turn")
		w.turn(g.Turn)
	}
	if g.Load != nil {
		w.Key("load")
		w.load(g.Load)
	}
	w.OptText("roster", g.Roster)
	optList(w, "install", g.Install)
	w.OptText("verb", g.Verb)
	w.OptInteger("asked", int64(g.Asked))
	w.OptText("by", g.By)
	w.OptInteger("until", g.Until)
	w.OptText("from", g.From)
	w.OptTrue("turn_back", g.TurnBack)
	canonical.OptValue(w.Writer, "marks", g.Marks)
	optList(w, "held", g.Held)
	w.OptInteger("ahead", int64(g.Ahead))
	canonical.OptValue(w.Writer, "line", g.Line)
	canonical.OptValue(w.Writer, "offer", g.Offer)
	canonical.OptValue(w.Writer, "taken", g.Taken)
	optList(w, "shares", g.Shares)
	w.OptTrue("give_back", g.GiveBack)
	optList(w, "returns", g.Returns)
	canonical.OptValue(w.Writer, "undone", g.Undone)
	optList(w, "lost", g.Lost)
	canonical.OptValue(w.Writer, "before", g.Before)
	w.Close()
}

func (w writer) traits(t *ledger.Traits) {
	w.Open()
	w.OptText("company", t.Company)
	w.OptTexts("person", t.Person)
	w.OptText("sketch", t.Sketch)
	w.Close()
}

// optList is for lists that few grants have.
func optList[T any](w writer, name string, list []T) {
	if len(list) > 0 {
		w.Key(name)
		w.Any(list)
	}
}

func (w writer) turn(t *ledger.Turn) {
	w.Open()
	w.Text("book", t.Book)
	w.Integer("amount", t.Amount)
	w.Text("free", string(t.Free))
	w.Integer("before", t.Before)
	w.Integer("after", t.After)
	w.OptTrue("given", t.Given)
	w.Close()
}

func (w writer) load(l *ledger.Load) {
	w.Open()
	w.Integer("open", l.Open)
	w.OptInteger("open_value", l.OpenValue)
	w.OptInteger("hour", l.Hour)
	w.OptInteger("day", l.Day)
	w.OptInteger("week", l.Week)
	w.Close()
}
