package event

import (
	"encoding/json"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/score"
)

// marshal is json.Marshal. The two events that every lead brings about are written
// without reflection, which takes a fraction of the time; their bytes are the same.
func marshal(data any) ([]byte, error) {
	const roughly = 1536 // bytes of an event, without a draft
	var w writer
	switch d := data.(type) {
	case Assigned:
		w.buf = make([]byte, 0, roughly)
		w.assigned(&d)
	case Decision:
		w.buf = make([]byte, 0, roughly+len(d.Draft))
		w.decision(&d)
	default:
		return json.Marshal(data)
	}
	return w.buf, w.err
}

func (w *writer) assigned(a *Assigned) {
	w.open()
	w.text("assignment_id", a.AssignmentID)
	w.text("lead_id", a.LeadID)
	w.integer("attempt", int64(a.Attempt))
	w.text("outcome", string(a.Outcome))
	w.optText("rep_id", a.RepID)
	w.optText("team", a.Team)
	w.optText("pool", a.Pool)
	w.optText("rule", a.Rule)
	w.optText("row", a.Row)
	w.optText("pick", string(a.Pick))
	w.text("reason", a.Reason)
	w.text("reason_code", a.ReasonCode)
	if len(a.ReasonData) > 0 {
		w.key("reason_data")
		w.object(a.ReasonData)
	}
	w.optTexts("relaxed", a.Relaxed)
	w.optTrue("over", a.Over)
	optValue(w, "score", a.Score)
	w.optText("fit", a.Fit)
	w.optText("intent", a.Intent)
	w.optTexts("tags", a.Tags)
	w.optTexts("tell", a.Tell)
	w.instant("assigned_at", a.AssignedAt)
	if a.SLA != nil {
		w.key("sla")
		w.open()
		w.text("name", a.SLA.Name)
		w.optInstant("accept_by", a.SLA.AcceptBy)
		w.optInstant("contact_by", a.SLA.ContactBy)
		w.close()
	}
	optValue(w, "previous", a.Previous)
	w.key("policy")
	w.policy(&a.Policy)
	w.integer("sequence", a.Sequence)
	optValue(w, "evidence", a.Evidence)
	if a.Learned != nil {
		w.key("learned")
		w.learned(a.Learned)
	}
	if a.Lead != nil {
		w.key("lead")
		w.lead(a.Lead)
	}
	w.close()
}

func (w *writer) learned(p *score.Prediction) {
	w.open()
	w.text("model", p.Model)
	w.integer("score", p.Score)
	w.integer("base", p.Base)
	optList(w, "factors", p.Factors)
	w.optInteger("rest", p.Rest)
	w.close()
}

func (w *writer) policy(p *Policy) {
	w.open()
	w.text("name", p.Name)
	w.optText("version", p.Version)
	w.text("hash", p.Hash)
	w.close()
}

func (w *writer) lead(l *lead.Lead) {
	w.open()
	w.text("id", l.ID)
	w.optInstant("created_at", l.CreatedAt)
	w.optText("source", l.Source)
	w.optText("channel", l.Channel)
	w.optText("email", l.Email)
	w.optText("phone", l.Phone)
	w.optText("first_name", l.FirstName)
	w.optText("last_name", l.LastName)
	w.optText("job_title", l.JobTitle)
	if l.Company != (lead.Company{}) {
		w.key("company")
		w.company(&l.Company)
	}
	w.optText("country", l.Country)
	w.optText("region", l.Region)
	w.optText("city", l.City)
	w.optText("postal_code", l.PostalCode)
	w.optText("language", l.Language)
	w.optText("timezone", l.Timezone)
	w.optText("product", l.Product)
	w.optText("use_case", l.UseCase)
	optValue(w, "deal_value", l.DealValue)
	w.optText("currency", l.Currency)
	w.optText("intent", l.Intent)
	w.optText("account_id", l.AccountID)
	w.optText("referred_by", l.ReferredBy)
	w.optTexts("tags", l.Tags)
	if len(l.Attributes) > 0 {
		w.key("attributes")
		w.object(l.Attributes)
	}
	w.optTrue("test", l.Test)
	w.optTrue("bulk", l.Bulk)
	w.optText("seniority", l.Seniority)
	w.optText("job_function", l.JobFunction)
	w.optText("email_domain", l.EmailDomain)
	optValue(w, "email_free", l.EmailFree)
	optValue(w, "email_disposable", l.EmailDisposable)
	optValue(w, "duplicate", l.Duplicate)
	if l.Account != nil {
		w.key("account")
		w.account(l.Account)
	}
	w.close()
}

func (w *writer) company(c *lead.Company) {
	w.open()
	w.optText("name", c.Name)
	w.optText("domain", c.Domain)
	w.optText("industry", c.Industry)
	optValue(w, "employees", c.Employees)
	optValue(w, "annual_revenue", c.AnnualRevenue)
	w.close()
}

func (w *writer) account(a *lead.Account) {
	w.open()
	w.optText("id", a.ID)
	w.optText("name", a.Name)
	w.optTexts("domains", a.Domains)
	w.optText("parent", a.Parent)
	w.optText("parent_owner", a.ParentOwner)
	w.optText("group", a.Group)
	w.optText("owner", a.Owner)
	w.optText("status", a.Status)
	w.optText("country", a.Country)
	optValue(w, "strategic", a.Strategic)
	w.close()
}

func (w *writer) decision(d *Decision) {
	w.open()
	w.integer("engine", int64(d.Engine))
	w.key("op")
	w.op(&d.Op)
	w.optText("digest", d.Digest)
	w.text("kind", string(d.Kind))
	if d.Policy != nil {
		w.key("policy")
		w.policy(d.Policy)
	}
	w.optRaw("draft", d.Draft)
	w.key("grant")
	w.grant(&d.Grant)
	w.optText("experiment", d.Experiment)
	w.optText("arm", d.Arm)
	optValue(w, "propensity", d.Propensity)
	w.close()
}

func (w *writer) op(id *ledger.OpID) {
	w.open()
	w.text("topic", id.Topic)
	w.integer("partition", int64(id.Index))
	w.integer("offset", id.Offset)
	w.optInteger("ordinal", int64(id.Ordinal))
	w.close()
}

func (w *writer) grant(g *ledger.Grant) {
	w.open()
	w.integer("sequence", g.Sequence)
	w.integer("floor", g.Floor)
	w.integer("epoch", g.Epoch)
	w.integer("at", g.At)
	w.text("effect", string(g.Effect))
	w.optText("lead", g.Lead)
	w.optInteger("attempt", int64(g.Attempt))
	w.optText("outcome", string(g.Outcome))
	w.optInteger("step", int64(g.Step))
	w.optText("rep", g.Rep)
	w.optInteger("value", g.Value)
	w.optTrue("test", g.Test)
	w.optTrue("over", g.Over)
	if g.Traits != nil {
		w.key("traits")
		w.traits(g.Traits)
	}
	w.optTrue("pins", g.Pins)
	if g.Turn != nil {
		w.key("turn")
		w.turn(g.Turn)
	}
	if g.Load != nil {
		w.key("load")
		w.load(g.Load)
	}
	w.optText("roster", g.Roster)
	optList(w, "install", g.Install)
	w.optText("verb", g.Verb)
	w.optInteger("asked", int64(g.Asked))
	w.optText("by", g.By)
	w.optInteger("until", g.Until)
	w.optText("from", g.From)
	w.optTrue("turn_back", g.TurnBack)
	optValue(w, "marks", g.Marks)
	optList(w, "held", g.Held)
	w.optInteger("ahead", int64(g.Ahead))
	optValue(w, "line", g.Line)
	optValue(w, "offer", g.Offer)
	optValue(w, "taken", g.Taken)
	optList(w, "shares", g.Shares)
	w.optTrue("give_back", g.GiveBack)
	optList(w, "returns", g.Returns)
	optValue(w, "undone", g.Undone)
	optList(w, "lost", g.Lost)
	optValue(w, "before", g.Before)
	w.close()
}

func (w *writer) traits(t *ledger.Traits) {
	w.open()
	w.optText("company", t.Company)
	w.optTexts("person", t.Person)
	w.optText("sketch", t.Sketch)
	w.close()
}

// optList is for lists that few grants have.
func optList[T any](w *writer, name string, list []T) {
	if len(list) > 0 {
		w.key(name)
		w.standard(list)
	}
}

func (w *writer) turn(t *ledger.Turn) {
	w.open()
	w.text("book", t.Book)
	w.integer("amount", t.Amount)
	w.text("free", string(t.Free))
	w.integer("before", t.Before)
	w.integer("after", t.After)
	w.optTrue("given", t.Given)
	w.close()
}

func (w *writer) load(l *ledger.Load) {
	w.open()
	w.integer("open", l.Open)
	w.optInteger("open_value", l.OpenValue)
	w.optInteger("hour", l.Hour)
	w.optInteger("day", l.Day)
	w.optInteger("week", l.Week)
	w.close()
}
