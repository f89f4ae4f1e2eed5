package world

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Record is one that comes in.
type Record struct {
	Topic string // without the prefix of the installation
	Key   string
	Value string
}

// World makes up what comes in. It is not safe for concurrent use.
type World struct {
	chance *rand.Rand
	leads  int
	bad    int
	soon   []Record // what happens to leads some time
	recent []Record
	away   string // a rep who is away now
	left   bool   // gus
	field  bool   // leads have a field more
}

// New makes a world by its seed.
func New(seed uint64) *World {
	return &World{chance: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // made up again by whoever knows the seed, on purpose
}

// NewField has leads carry a field that older releases and policies do not know.
func (w *World) NewField() { w.field = true }

// Leads is how many were made up.
func (w *World) Leads() int { return w.leads }

// IsBad reports whether the key of a lead is that of nonsense.
func IsBad(key string) bool { return strings.HasPrefix(key, "bad-") }

// kept is how many records can come again.
const kept = 50

// gone is the lead with which a rep leaves for good.
const gone = 300

// Next makes up n leads, and what comes with them: activities of these and earlier ones,
// some before their lead, second records with a known id, commands, facts that come
// later, reps who come and go, nonsense.
func (w *World) Next(n int) []Record {
	var records []Record
	add := func(r Record) { records = append(records, r) }
	for range n {
		id := fmt.Sprintf("L-%06d", w.leads)
		w.leads++
		if w.one(50) { // overtakes its lead
			add(record("lead.activity", id, `{"lead_id":%q,"activity":"converted"}`, id))
		}
		add(w.lead(id))
		if w.one(60) {
			add(w.lead(id)) // the same id in another record
		}
		if w.one(40) {
			w.soon = append(w.soon, w.later(id)...)
		}
		if w.one(150) {
			add(w.presence())
		}
		if w.one(40) {
			add(w.command(w.known()))
		}
		if w.one(40) {
			id := w.known()
			add(record("lead.updated", id, `{"lead_id":%q,"intent":"high","deal_value":%d}`, id, w.chance.IntN(100_000)))
		}
		if w.one(200) {
			w.bad++
			add(Record{"lead.created", fmt.Sprintf("bad-%d", w.bad), `{"id": "bad",`})
		}
		if len(w.soon) > 20 {
			i := w.chance.IntN(len(w.soon))
			add(w.soon[i])
			w.soon = append(w.soon[:i], w.soon[i+1:]...)
		}
	}
	if w.leads > gone && !w.left {
		w.left = true
		add(record("rep.status", "gus", `{"rep_id":"gus","status":"left"}`))
	}
	w.recent = append(w.recent, records...)
	w.recent = w.recent[max(0, len(w.recent)-kept):]
	return records
}

// Again is what came last, once more: other records with the same content.
func (w *World) Again() []Record { return append([]Record(nil), w.recent...) }

// Mixed is Next in another order, which leaves activities before their leads.
func (w *World) Mixed(n int) []Record {
	var records []Record
	for _, r := range w.Next(n) {
		records = append(records, r)
		if r.Topic == "lead.created" && !IsBad(r.Key) && w.one(2) {
			records = append(records, record("lead.activity", r.Key, `{"lead_id":%q,"activity":"contacted"}`, r.Key))
		}
	}
	w.chance.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return records
}

// Back brings back whoever is away, so that a quiet world has all its reps but gus.
func (w *World) Back() []Record {
	if w.away == "" {
		return nil
	}
	return []Record{w.presence()}
}

func (w *World) one(of int) bool { return w.chance.IntN(of) == 0 }

// known is a lead that came before, or comes now.
func (w *World) known() string { return fmt.Sprintf("L-%06d", w.chance.IntN(w.leads)) }

func (w *World) lead(id string) Record {
	countries := []string{"DE", "AT", "ES", "PT", "US", "FR"}
	intents := []string{"high", "medium", "low"}
	more := ""
	if w.field {
		more = fmt.Sprintf(`,"campaign":%q`, []string{"spring", "autumn"}[w.chance.IntN(2)])
	}
	return record("lead.created", id, `{"id":%q,"country":%q,"intent":%q,"deal_value":%d,"email":"%s@person.example"%s}`,
		id, countries[w.chance.IntN(len(countries))], intents[w.chance.IntN(len(intents))], w.chance.IntN(100_000), id, more)
}

// later is what happens to some leads beside what their owner does.
func (w *World) later(id string) []Record {
	switch w.chance.IntN(3) {
	case 0: // of an attempt that never was
		return []Record{record("lead.activity", id, `{"lead_id":%q,"activity":"lost","attempt":7}`, id)}
	case 1:
		return []Record{
			record("lead.activity", id, `{"lead_id":%q,"activity":"lost"}`, id),
			record("lead.activity", id, `{"lead_id":%q,"activity":"reopened"}`, id),
		}
	default: // of somebody who does not have it
		return []Record{record("lead.activity", id, `{"lead_id":%q,"activity":"accepted","rep_id":"ines"}`, id)}
	}
}

// command is what a manager decides about a lead, closed or not.
func (w *World) command(id string) Record {
	because := fmt.Sprintf(`"lead_id":%q,"by":"boss","because":"it is better"`, id)
	switch w.chance.IntN(5) {
	case 0:
		return record("lead.command", id, `{%s,"command":"release"}`, because)
	case 1:
		return record("lead.command", id, `{%s,"command":"reroute"}`, because)
	case 2:
		return record("lead.command", id, `{%s,"command":"disqualify"}`, because)
	default:
		return record("lead.command", id, `{%s,"command":"assign","rep_id":%q}`, because, []string{"dora", "emil", "fay", "ana"}[w.chance.IntN(4)])
	}
}

// presence is one rep who goes, or the same who comes back.
func (w *World) presence() Record {
	if w.away != "" {
		back := w.away
		w.away = ""
		return record("rep.status", back, `{"rep_id":%q,"status":"available"}`, back)
	}
	w.away = []string{"ana", "ben", "carl"}[w.chance.IntN(3)]
	return record("rep.status", w.away, `{"rep_id":%q,"status":"away"}`, w.away)
}

func record(topic, key, format string, args ...any) Record {
	return Record{Topic: topic, Key: key, Value: fmt.Sprintf(format, args...)}
}
