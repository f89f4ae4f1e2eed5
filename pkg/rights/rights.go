package rights

import (
	"cmp"
	"slices"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// Role is what a process, or a person at the command line, does with an installation.
type Role string

// The roles.
const (
	Router   Role = "router"
	SLA      Role = "sla"
	Rebuild  Role = "rebuild"
	Topics   Role = "topics"
	Policy   Role = "policy"
	Publish  Role = "publish"
	Report   Role = "report"
	Manage   Role = "manage"
	Accounts Role = "accounts"
	Read     Role = "read"
	Seal     Role = "seal"
	Letters  Role = "dlq"
)

// Description is a role in words.
type Description struct {
	Role     Role   `json:"role"`
	Commands string `json:"commands"` // that it is for
	Redis    bool   `json:"redis"`    // it uses Redis, too
}

// Roles lists the roles, in the order of a first day.
func Roles() []Description {
	return []Description{
		{Topics, "topics create, topics list", false},
		{Policy, "policy publish, rollback, history", false},
		{Router, "router", true},
		{SLA, "sla", false},
		{Rebuild, "rebuild", true},
		{Publish, "publish", false},
		{Accounts, "accounts import, find", false},
		{Report, "activity, rep", false},
		{Manage, "assign, release, reroute, disqualify", false},
		{Read, "tail, explain, audit, export, simulate, compare, score", false},
		{Seal, "audit --follow", false},
		{Letters, "dlq list, retry, drop", false},
	}
}

// Options are what a role is told that changes what it needs. The zero value is a role
// as it runs without flags.
type Options struct {
	Published bool // --policy published
	Providers bool // --providers
	NoRebuild bool // --rebuild off
}

// Everything is a role whatever it is told.
func Everything() Options { return Options{Published: true, Providers: true} }

// Kafka lists what a role needs in Kafka, in a fixed order; none for an unknown role. An
// instance is the prefix of the topics; empty: none.
func Kafka(role Role, instance string, o Options) []kstream.Right {
	l := &list{instance: instance}
	switch role {
	case Router:
		l.router(o)
	case SLA:
		l.topics(kstream.Read, event.LeadTimers, event.LeadFired)
		// Timers, too: a watcher marks how far it has to read.
		l.topics(kstream.Write, event.LeadTimers, event.LeadFired, event.LeadSLA, event.LeadReassign)
		l.stream("sla")
	case Rebuild:
		l.topics(kstream.Describe, inputs()...)
		l.topics(kstream.Read, event.LeadDecisions, event.LedgerSnapshot)
		l.topics(kstream.Write, event.LeadDecisions)
		l.add(kstream.Describe, kstream.GroupResource, l.name("router"), false)
		l.transact("router-", true) // to take them from the routers
		l.transact("rebuild", false)
	case Topics:
		l.everyTopic(kstream.Create, kstream.Describe, kstream.DescribeConfigs)
	case Policy:
		l.topics(kstream.Read, event.PolicyPublished)
		l.topics(kstream.Write, event.PolicyPublished)
		l.transact("policy", false)
	case Publish:
		l.topics(kstream.Write, event.LeadCreated)
	case Accounts:
		l.topics(kstream.Read, event.AccountChanged)
		l.topics(kstream.Write, event.AccountChanged)
	case Report:
		l.topics(kstream.Write, event.RepStatus, event.LeadActivity)
	case Manage:
		l.topics(kstream.Write, event.LeadCommand)
	default:
		l.readers(role, o)
	}
	return l.rights
}

// readers are the roles that look at what there is.
func (l *list) readers(role Role, o Options) {
	switch role {
	case Read:
		l.topics(kstream.Read, event.LeadCreated, event.LeadDecisions, event.LeadAssigned, event.LeadSLA,
			event.LedgerSnapshot, event.LeadSeals)
		l.topics(kstream.Describe, event.LeadReassign)
		l.add(kstream.Describe, kstream.GroupResource, l.name("router"), false) // whether routers run
		l.published(o)
	case Seal:
		l.topics(kstream.Read, event.LeadDecisions, event.LedgerSnapshot, event.LeadSeals)
		l.topics(kstream.Write, event.LedgerSnapshot, event.LeadSeals)
		l.published(o)
		l.transact("audit", false)
	case Letters:
		l.letters(kstream.Read, deadLetters()...)
		l.letters(kstream.Delete, deadLetters()...)
		l.topics(kstream.Write, deadLetters()...)
	default: // no role: nothing
	}
}

// router needs the most: it reads what comes in, writes what is decided, and refills a Redis
// that was lost.
func (l *list) router(o Options) {
	l.topics(kstream.Read, inputs()...)
	l.topics(kstream.Read, event.AccountChanged, event.LeadDecisions, event.LedgerSnapshot)
	l.published(o)
	l.topics(kstream.Write, event.LeadDecisions, event.LeadAssigned, event.LeadTimers, event.LeadReassign)
	l.letters(kstream.Write, inputs()...)
	if o.Providers {
		l.topics(kstream.Write, event.LeadUpdated) // answers that came late
	}
	l.stream("router")
	if !o.NoRebuild {
		l.transact("rebuild", false)
	}
}

// inputs are the topics that a router reads as a stream.
func inputs() []event.Type {
	return []event.Type{
		event.RepStatus, event.LeadCreated, event.LeadActivity, event.LeadUpdated, event.LeadCommand, event.LeadReassign,
	}
}

// deadLetters are the topics that have dead letters.
func deadLetters() []event.Type {
	var types []event.Type
	for _, t := range event.Topics("") {
		if t.DeadLetters {
			types = append(types, t.Type)
		}
	}
	return types
}

// list gathers rights.
type list struct {
	instance string
	rights   []kstream.Right
}

func (l *list) add(o kstream.Operation, of kstream.Resource, name string, prefixed bool) {
	if r := (kstream.Right{Operation: o, Resource: of, Name: name, Prefixed: prefixed}); !slices.Contains(l.rights, r) {
		l.rights = append(l.rights, r)
	}
}

func (l *list) topics(o kstream.Operation, types ...event.Type) {
	for _, t := range types {
		l.add(o, kstream.TopicResource, t.Topic(l.instance), false)
	}
}

// letters are the dead letter topics of types.
func (l *list) letters(o kstream.Operation, types ...event.Type) {
	for _, t := range types {
		l.add(o, kstream.TopicResource, t.Topic(l.instance)+kstream.DLQSuffix, false)
	}
}

func (l *list) everyTopic(operations ...kstream.Operation) {
	for _, o := range operations {
		for _, t := range event.Topics("") {
			l.topics(o, t.Type)
			if t.DeadLetters {
				l.letters(o, t.Type)
			}
		}
	}
}

func (l *list) published(o Options) {
	if o.Published {
		l.topics(kstream.Read, event.PolicyPublished)
	}
}

// stream is what a stream needs besides its topics; see [kstream.Config].
func (l *list) stream(role string) {
	l.add(kstream.Read, kstream.GroupResource, l.name(role), false)
	l.transact(role+"-", true)
}

func (l *list) transact(what string, prefixed bool) {
	l.add(kstream.Write, kstream.TransactionalResource, l.name(what), prefixed)
}

func (l *list) name(what string) string { return Namespace(l.instance) + "-" + what }

// Namespace is how the names of an installation begin where there are no topics.
func Namespace(instance string) string { return cmp.Or(instance, "leadrouter") }
