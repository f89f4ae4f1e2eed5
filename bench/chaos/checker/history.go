package checker

import (
	"encoding/json"
	"fmt"
	"time"

	"leadrouter/pkg/testkit/recount"
)

// Record is a committed record, as a subscriber has read it.
type Record struct {
	Topic     string // without the prefix of the installation
	Partition int32
	Offset    int64
	At        time.Time // its timestamp
	Seen      time.Time // when it was read first, by the same clock
	Key       string
	Value     []byte            // nil: a tombstone
	Headers   map[string]string // those of dead letters
}

// place names a record.
func (r *Record) place() string { return fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset) }

// History is what a run has left.
type History struct {
	// Records of all topics. Those of one partition are in their order.
	Records []Record
	// Topics are names by topic id: decisions name their input by the id.
	Topics map[string]string
	// Sent are the keys of leads that Kafka has confirmed to the producer.
	Sent map[string]bool
	// Bad are the keys of records that are no leads, and belong to the dead letters.
	Bad map[string]bool
	// MostOpen is the largest cap on open leads that any policy has given anybody.
	MostOpen int64
	// Everywhere are reps who fit every lead: while one of them has room, nobody waits.
	Everywhere []string
	// Settled is when everything was quiet.
	Settled time.Time
}

// Topics that the checker reads.
const (
	created   = "lead.created"
	activity  = "lead.activity"
	updated   = "lead.updated"
	command   = "lead.command"
	reassign  = "lead.reassign"
	status    = "rep.status"
	decisions = "lead.decisions"
	assigned  = "lead.assigned"
	timers    = "lead.timers"
	milestone = "lead.sla"

	deadLetters = ".dlq"
)

// Inputs are the topics that routers read.
func Inputs() []string { return []string{created, activity, updated, command, reassign, status} }

// entry is a record of lead.decisions.
type entry struct {
	recount.Entry
	record *Record // nil: it was taken back, and stands in the record of that
}

// assignment is a record of lead.assigned.
type assignment struct {
	ID       string `json:"assignment_id"`
	Lead     string `json:"lead_id"`
	Attempt  int    `json:"attempt"`
	Outcome  string `json:"outcome"`
	Rep      string `json:"rep_id"`
	Sequence int64  `json:"sequence"`
	Previous struct {
		Rep string `json:"rep_id"`
	} `json:"previous"`
}

// said is what happens to a lead: an activity, a command, a reassignment, facts.
type said struct {
	Lead     string    `json:"lead_id"`
	Activity string    `json:"activity"`
	Command  string    `json:"command"`
	Rep      string    `json:"rep_id"`
	Attempt  int       `json:"attempt"`
	Cause    string    `json:"cause"`
	Clock    string    `json:"clock"`
	Stage    int       `json:"stage"`
	Event    string    `json:"event"`
	Status   string    `json:"status"`
	Due      time.Time `json:"due"`
	At       time.Time `json:"at"`
}

// clocks is a record of lead.timers.
type clocks struct {
	Lead    string `json:"lead_id"`
	Attempt int    `json:"attempt"`
	Due     []struct {
		Clock string    `json:"clock"`
		Stage int       `json:"stage"`
		At    time.Time `json:"at"`
	} `json:"due"`
}

// decode reads the value of a record.
func decode[T any](f *findings, r *Record) (v T, ok bool) {
	if err := json.Unmarshal(r.Value, &v); err != nil {
		f.add(Unreadable, r.Key, "%s cannot be read: %v", r.place(), err)
		return v, false
	}
	return v, true
}

// byTopic are the records of a topic, in the order of their partitions.
func (h *History) byTopic(topic string) []*Record {
	var records []*Record
	for i := range h.Records {
		if h.Records[i].Topic == topic {
			records = append(records, &h.Records[i])
		}
	}
	return records
}
