package checker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/bench/chaos/checker"
)

// begin is when the histories of these tests begin.
var begin = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// history is made by hand, a record at a time, a second apart.
type history struct {
	checker.History
	offsets map[string]int64
}

func newHistory() *history {
	h := &history{offsets: map[string]int64{}}
	h.Topics, h.Sent, h.Bad = map[string]string{}, map[string]bool{}, map[string]bool{}
	for _, topic := range checker.Inputs() {
		h.Topics["id-"+topic] = topic
	}
	h.Settled = begin.Add(time.Hour)
	return h
}

// add appends a record and returns its offset.
func (h *history) add(topic, key, format string, args ...any) int64 {
	offset := h.offsets[topic]
	h.offsets[topic]++
	at := begin.Add(time.Duration(len(h.Records)) * time.Second)
	h.Records = append(h.Records, checker.Record{
		Topic: topic, Offset: offset, Key: key, Value: fmt.Appendf(nil, format, args...), At: at, Seen: at.Add(100 * time.Millisecond),
	})
	return offset
}

// decide appends the decision about an input record; the roster has ana and ben, with
// room for two leads each.
func (h *history) decide(topic string, offset int64, kind, lead, grant string, args ...any) {
	h.add("lead.decisions", lead, `{"kind":%q,"op":{"topic":%q,"partition":0,"offset":%d},"grant":{"lead":%q,%s}}`,
		kind, "id-"+topic, offset, lead, fmt.Sprintf(grant, args...))
}

const roster = `"roster":"r","install":[{"id":"ana","weight":1,"caps":{"open":2}},{"id":"ben","weight":1,"caps":{"open":2}}]`

// assign is a lead that comes in and is given to a rep.
func (h *history) assign(lead, rep string, sequence int) {
	at := h.add("lead.created", lead, `{"id":%q}`, lead)
	h.decide("lead.created", at, "assign", lead, `"sequence":%d,"effect":"owned","attempt":1,"outcome":"assigned","rep":%q,%s`, sequence, rep, roster)
	h.assigned(lead, rep, 1, sequence, "")
}

func (h *history) assigned(lead, rep string, attempt, sequence int, from string) {
	h.add("lead.assigned", lead, `{"assignment_id":"%s/%d","lead_id":%q,"attempt":%d,"outcome":"assigned","rep_id":%q,"sequence":%d,"previous":{"rep_id":%q}}`,
		lead, attempt, lead, attempt, rep, sequence, from)
}

// happens is an activity and what came of it.
func (h *history) happens(lead, activity, effect, rep string, sequence int) {
	at := h.add("lead.activity", lead, `{"lead_id":%q,"activity":%q}`, lead, activity)
	h.decide("lead.activity", at, "activity", lead, `"sequence":%d,"effect":%q,"attempt":1,"rep":%q`, sequence, effect, rep)
}

// lapses is a clock that moves a lead from one rep to another.
func (h *history) lapses(lead, from, to string, sequence int) {
	at := h.add("lead.reassign", lead, `{"lead_id":%q,"attempt":1,"cause":"sla","clock":"accepted","stage":1,"at":%q}`,
		lead, begin.Format(time.RFC3339))
	h.decide("lead.reassign", at, "move", lead,
		`"sequence":%d,"effect":"owned","attempt":2,"outcome":"assigned","rep":%q,"from":%q,%s`, sequence, to, from, roster)
	h.assigned(lead, to, 2, sequence, from)
}

// clean is a history in which nothing is wrong.
func clean() *history {
	h := newHistory()
	h.assign("L1", "ana", 1)
	h.assign("L2", "ben", 2)
	h.happens("L1", "accepted", "noted", "ana", 3)
	h.lapses("L2", "ben", "ana", 4)
	h.happens("L1", "converted", "freed", "ana", 5)
	h.happens("L1", "converted", "ignored", "ana", 6)
	return h
}

// requireKinds checks that a history has violations of just these kinds.
func requireKinds(t *testing.T, h *history, kinds ...checker.Kind) checker.Result {
	t.Helper()
	result := checker.Check(h.History)
	found := map[checker.Kind]bool{}
	for _, v := range result.Violations {
		found[v.Kind] = true
	}
	want := map[checker.Kind]bool{}
	for _, kind := range kinds {
		want[kind] = true
	}
	require.Equal(t, want, found, "%+v", result.Violations)
	return result
}

// edit changes the last record of a topic about a lead.
func (h *history) edit(topic, lead, from, to string) {
	for i := range slices.Backward(h.Records) {
		r := &h.Records[i]
		if r.Topic == topic && r.Key == lead {
			text := strings.Replace(string(r.Value), from, to, 1)
			if text == string(r.Value) {
				panic("nothing to edit: " + text)
			}
			r.Value = []byte(text)
			return
		}
	}
	panic("no record of " + lead)
}

// drop removes the last record of a topic about a lead.
func (h *history) drop(topic, lead string) {
	for i := range slices.Backward(h.Records) {
		if h.Records[i].Topic == topic && h.Records[i].Key == lead {
			h.Records = slices.Delete(h.Records, i, i+1)
			return
		}
	}
	panic("no record of " + lead)
}
