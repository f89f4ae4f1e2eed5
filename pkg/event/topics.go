package event

// Type names an event and, without an instance, its topic.
type Type string

// The types of the contract.
const (
	LeadCreated     Type = "lead.created"
	LeadUpdated     Type = "lead.updated"
	LeadActivity    Type = "lead.activity"
	LeadCommand     Type = "lead.command"
	RepStatus       Type = "rep.status"
	AccountChanged  Type = "account.changed"
	PolicyPublished Type = "policy.published"
	LeadDecisions   Type = "lead.decisions"
	LeadAssigned    Type = "lead.assigned"
	LeadTimers      Type = "lead.timers"
	LeadReassign    Type = "lead.reassign"
	LeadFired       Type = "lead.fired"
	LeadSLA         Type = "lead.sla"
	LedgerSnapshot  Type = "ledger.snapshot"
	LeadSeals       Type = "lead.seals"
)

// Cleanup is what a topic forgets.
type Cleanup string

// The cleanups.
const (
	Delete  Cleanup = "delete"  // old records, by the broker's retention
	Compact Cleanup = "compact" // all but the last record of a key
	Never   Cleanup = "never"   // nothing: cleanup.policy=delete with retention.ms=-1
)

// Topic is one topic of an installation.
type Topic struct {
	Type    Type
	Name    string // with the instance's prefix
	Cleanup Cleanup
	Key     string // what a record's key holds
	Lead    bool   // shares the partition count of the lead topics
	// DeadLetters: input that cannot be understood goes to the topic Name + ".dlq".
	DeadLetters bool
	Writer      string
	Doc         string
}

// Config is the topic configuration that the broker must have.
func (t Topic) Config() map[string]string {
	switch t.Cleanup {
	case Compact:
		c := map[string]string{"cleanup.policy": "compact"}
		if t.Type == LeadTimers || t.Type == LeadFired {
			// Read from 0 at every start: kept short.
			c["segment.bytes"] = "16777216"
			c["max.compaction.lag.ms"] = "3600000"
		}
		if t.Type == LeadFired {
			// What the watcher marks there tells it the brokers' time.
			c["message.timestamp.type"] = "LogAppendTime"
		}
		return c
	case Never:
		return map[string]string{"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
	default:
		return map[string]string{"cleanup.policy": "delete"}
	}
}

// Topic is the name of the type's topic in an installation; an empty instance has
// no prefix.
func (t Type) Topic(instance string) string {
	if instance == "" {
		return string(t)
	}
	return instance + "." + string(t)
}

// Topics lists the topics of an installation in the order of the contract.
func Topics(instance string) []Topic {
	const leadID = "lead id"
	topics := []Topic{
		{LeadCreated, "", Delete, leadID, true, true, "marketing systems", "a new lead"},
		{LeadUpdated, "", Delete, leadID, true, true, "marketing, enrichment", "facts that come later; only leads in nurture, waiting or review are planned again"},
		{LeadActivity, "", Delete, leadID, true, true, "CRM, reps, site", "what happened to a lead"},
		{LeadCommand, "", Delete, leadID, true, true, "managers, console, CLI", "a human's decision; rotation never undoes it"},
		{RepStatus, "", Compact, "rep id", false, true, "calendars, HR, CRM, the rep", "a rep is available, away or has left"},
		{AccountChanged, "", Compact, "account id", false, true, "CRM", "an account as it is now; a tombstone removes it"},
		{PolicyPublished, "", Compact, "file hash and part, `publication/<number>`, `active`", false, false, "`policy publish`", "policies and their tables by hash, in parts; every publication; the active one under its own key"},
		{LeadDecisions, "", Never, leadID, true, false, "router", "the decision log: the source of truth"},
		{LeadAssigned, "", Delete, leadID, true, false, "router", "one lean event per outcome or change of owner"},
		{LeadTimers, "", Compact, leadID, true, false, "router", "the SLA clocks of a lead's current assignment; a tombstone means none"},
		{LeadReassign, "", Delete, leadID, true, true, "SLA watcher, router", "an assignment has lapsed, or a waiting lead can go"},
		{LeadFired, "", Compact, leadID, true, false, "SLA watcher", "the stages that have fired"},
		{LeadSLA, "", Delete, leadID, true, false, "SLA watcher", "how a clock went, for people and reports"},
		{LedgerSnapshot, "", Compact, "`snapshot/<sequence>`, `<sequence>/<part>`", false, false, "`audit --follow`", "snapshots of the ledger, in parts"},
		{LeadSeals, "", Never, "number", false, false, "`audit --follow`", "Merkle seals of the decision log"},
	}
	for i := range topics {
		topics[i].Name = topics[i].Type.Topic(instance)
	}
	return topics
}
