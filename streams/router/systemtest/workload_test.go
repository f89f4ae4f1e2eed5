package systemtest_test

import (
	"fmt"
	"math/rand/v2"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// workload is what the world sends to a router: leads, what happens to them, who is
// there. It is made of chance alone, by a seed.
type workload struct {
	in     *installation
	chance *rand.Rand

	leads   map[string]bool // ids published so far
	records int             // published so far
	soon    []*kstream.Record
	away    string // a rep who is away now
}

func newWorkload(in *installation, seed uint64) *workload {
	return &workload{in: in, chance: rand.New(rand.NewPCG(seed, seed)), leads: map[string]bool{}}
}

// batch makes the next n leads, and what comes with them: activities of these and
// earlier ones (some before their lead, some twice, some of an attempt that never
// was), second records with a known id, reps who come and go, managers who decide.
func (w *workload) batch(n int) []*kstream.Record {
	var records []*kstream.Record
	known := len(w.leads) // of batches before
	add := func(t event.Type, r *kstream.Record) {
		r.Topic = w.in.topic(t)
		records = append(records, r)
	}
	for range n {
		id := fmt.Sprintf("L-%05d", len(w.leads))
		w.leads[id] = true
		add(event.LeadCreated, w.lead(id))
		for _, late := range w.happens(id) {
			if w.chance.IntN(50) == 0 {
				add(event.LeadActivity, late) // at once: it may well overtake its lead
			} else {
				w.soon = append(w.soon, late)
			}
		}
		if w.chance.IntN(100) == 0 {
			add(event.LeadCreated, w.lead(id)) // the same id in another record
		}
		if w.chance.IntN(300) == 0 {
			add(event.RepStatus, w.presence())
		}
		if known > 0 && w.chance.IntN(50) == 0 {
			add(event.LeadCommand, w.command(fmt.Sprintf("L-%05d", w.chance.IntN(known))))
		}
		if len(w.soon) > 200 {
			i := w.chance.IntN(len(w.soon))
			add(event.LeadActivity, w.soon[i])
			w.soon[i] = w.soon[len(w.soon)-1]
			w.soon = w.soon[:len(w.soon)-1]
		}
	}
	w.records += len(records)
	return records
}

func (w *workload) lead(id string) *kstream.Record {
	countries := []string{"DE", "AT", "ES", "PT", "US", "FR"}
	intents := []string{"high", "medium", "low"}
	return keyed(id, `{"id":%q,"country":%q,"intent":%q,"deal_value":%d,"email":"%s@person.example"}`,
		id, countries[w.chance.IntN(len(countries))], intents[w.chance.IntN(len(intents))], w.chance.IntN(100_000), id)
}

// happens is the further life of a lead: most are closed some time.
func (w *workload) happens(id string) []*kstream.Record {
	var records []*kstream.Record
	add := func(activity string, attempt int) {
		records = append(records, keyed(id, `{"lead_id":%q,"activity":%q,"attempt":%d}`, id, activity, attempt))
	}
	switch chance := w.chance.IntN(100); {
	case chance < 3:
	case chance < 6:
		add("accepted", 1)
	case chance < 9:
		add("lost", 7) // of an attempt that never was
	case chance < 14:
		add("closed", 0)
		add("closed", 1)
	case chance < 18:
		add("lost", 1)
		add("reopened", 1)
	default:
		add("converted", 0)
	}
	return records
}

// command is what a manager decides about a lead, closed or not.
func (w *workload) command(id string) *kstream.Record {
	because := fmt.Sprintf(`"lead_id":%q,"by":"boss","because":"it is better"`, id)
	switch w.chance.IntN(4) {
	case 0:
		return keyed(id, `{%s,"command":"release"}`, because)
	case 1:
		return keyed(id, `{%s,"command":"reroute"}`, because)
	default:
		return keyed(id, `{%s,"command":"assign","rep_id":%q}`, because, []string{"dora", "emil", "hal", "ana"}[w.chance.IntN(4)])
	}
}

// presence is one rep who goes, or the same who comes back.
func (w *workload) presence() *kstream.Record {
	if w.away != "" {
		back := w.away
		w.away = ""
		return keyed(back, `{"rep_id":%q,"status":"available"}`, back)
	}
	w.away = []string{"ana", "ben", "carl"}[w.chance.IntN(3)]
	return keyed(w.away, `{"rep_id":%q,"status":"away"}`, w.away)
}

// leaves is a rep who leaves for good.
func (w *workload) leaves(rep string) *kstream.Record {
	w.records++
	r := keyed(rep, `{"rep_id":%q,"status":"left"}`, rep)
	r.Topic = w.in.topic(event.RepStatus)
	return r
}

// crashPolicy has every pick, caps that fill up and come free, and a shared book of
// turns. Its reps ana, ben and carl come and go, gus leaves.
const crashPolicy = `
policy: crash
caps: {all: {open: OPEN}}
reps:
  ana: {country: [ES, PT], level: local}
  ben: {country: [US, FR], level: local}
  carl: {country: [DE, AT], level: local}
  dora: {country: [DE, AT, ES], level: local, weight: 2}
  emil: {level: senior}
  fay: {level: senior, weight: 3}
  gus: {level: senior}
  hal: {level: desk}
  ivy: {level: desk}
pools:
  seniors: {who: {level: senior}}
  local: {who: {level: local}, match: [country], ledger: floor}
  floor: {who: {level: [local, senior]}, ledger: floor}
  desk: {who: {level: desk}, pick: least_loaded}
rules:
  - {name: hot, when: intent == "high" && deal_value > 60000, to: [seniors, next]}
  - {name: local, when: country != "US", to: [local, next]}
  - {name: cold, when: intent == "low" && deal_value < 5000, to: nurture}
  - {name: desk, when: intent == "low", to: [desk, next]}
  - {name: floor, to: floor}
slas: {all: {for: true, contacted: {target: 1h, 4h: reassign}}}
`
