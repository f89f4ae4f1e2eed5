package checker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/bench/chaos/checker"
)

func TestACleanHistory(t *testing.T) {
	t.Parallel()
	result := requireKinds(t, clean())
	require.Equal(t, 2, result.Counts["leads"])
	require.Equal(t, 3, result.Counts["assignments"])
	require.Equal(t, 6, result.Counts["operations"])
	require.Equal(t, 2, result.Counts["linearizable leads"])
}

// Each violation is found, and no other kind is claimed beside it.
func TestViolations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*history)
		kinds []checker.Kind
	}{
		"an event that cannot be read": {func(h *history) {
			h.add("lead.sla", "L1", `{`)
		}, []checker.Kind{checker.Unreadable}},
		"a lead that nothing came of": {func(h *history) {
			h.add("lead.created", "L3", `{"id":"L3"}`)
		}, []checker.Kind{checker.Lost}},
		"an activity that nothing came of": {func(h *history) {
			h.add("lead.activity", "L1", `{"lead_id":"L1","activity":"accepted"}`)
		}, []checker.Kind{checker.Lost}},
		"a lead that Kafka has lost": {func(h *history) {
			h.Sent["L9"] = true
		}, []checker.Kind{checker.Lost}},
		"nonsense that was not set aside": {func(h *history) {
			h.Bad["bad"] = true
			h.add("lead.created", "bad", `{`)
		}, []checker.Kind{checker.Lost}},
		"nonsense that was set aside twice": {func(h *history) {
			h.Bad["bad"] = true
			at := h.add("lead.created", "bad", `{`)
			h.setAside("lead.created", "bad", at)
			h.setAside("lead.created", "bad", at)
		}, []checker.Kind{checker.Doubled}},
		"a good lead that was set aside": {func(h *history) {
			h.setAside("lead.created", "L1", 0)
		}, []checker.Kind{checker.DeadLetter}},
		"a record that is decided twice": {func(h *history) {
			h.decide("lead.activity", 0, "activity", "L1", `"sequence":7,"effect":"ignored","attempt":1,"rep":"ana"`)
		}, []checker.Kind{checker.Doubled}},
		"an assignment that comes again": {func(h *history) {
			h.assigned("L2", "ana", 2, 4, "ben")
		}, []checker.Kind{checker.Doubled, checker.Mismatch}},
		"an attempt that is missing": {func(h *history) {
			h.drop("lead.assigned", "L2")
		}, []checker.Kind{checker.Mismatch}},
		"an attempt that follows another": {func(h *history) {
			h.edit("lead.assigned", "L2", `"attempt":2`, `"attempt":3`)
		}, []checker.Kind{checker.Chain, checker.Mismatch}},
		"an attempt from somebody else": {func(h *history) {
			h.edit("lead.assigned", "L2", `"previous":{"rep_id":"ben"}`, `"previous":{"rep_id":"carl"}`)
		}, []checker.Kind{checker.Chain}},
		"another owner than the log says": {func(h *history) {
			h.edit("lead.assigned", "L2", `"rep_id":"ana"`, `"rep_id":"carl"`)
		}, []checker.Kind{checker.Mismatch}},
		"a lead that never came in": {func(h *history) {
			h.drop("lead.created", "L1")
			h.drop("lead.activity", "L1") // whose offsets are those of the others, then
			h.drop("lead.activity", "L1")
			h.drop("lead.activity", "L1")
		}, []checker.Kind{checker.Mismatch}},
		"a sequence that comes twice": {func(h *history) {
			h.edit("lead.decisions", "L1", `"sequence":6`, `"sequence":5`)
		}, []checker.Kind{checker.Sequence}},
		"a hole in the sequence": {func(h *history) {
			h.edit("lead.decisions", "L1", `"sequence":6`, `"sequence":7`)
		}, []checker.Kind{checker.Sequence}},
		"a lead that is taken from who does not have it": {func(h *history) {
			h.edit("lead.decisions", "L2", `"from":"ben"`, `"from":"carl"`)
		}, []checker.Kind{checker.Owner, checker.Order}},
		"a cap that is passed": {func(h *history) {
			h.assign("L3", "ana", 7)
			h.assign("L4", "ana", 8)
		}, []checker.Kind{checker.Cap}},
		"a cap that no policy allows": {func(h *history) {
			h.MostOpen = 1
		}, []checker.Kind{checker.Cap}},
		"a lead that waits while there is room": {func(h *history) {
			h.Everywhere = []string{"ben"}
			h.waits("L3", 7)
		}, []checker.Kind{checker.Stuck}},
		"a repeat that gets another answer": {func(h *history) {
			at := h.add("lead.created", "L1", `{"id":"L1"}`)
			h.decide("lead.created", at, "assign", "L1", `"sequence":7,"effect":"repeat","attempt":1,"rep":"ben"`)
		}, []checker.Kind{checker.Order}},
		"an activity that was forgotten": {func(h *history) {
			at := h.add("lead.activity", "L3", `{"lead_id":"L3","activity":"converted"}`)
			h.decide("lead.activity", at, "activity", "L3", `"sequence":7,"effect":"held"`)
			h.assign("L3", "ben", 8)
		}, []checker.Kind{checker.Order}},
		"an answer that was too late to be true": {func(h *history) {
			h.happens("L1", "accepted", "noted", "ana", 7) // L1 is closed
		}, []checker.Kind{checker.Order}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := clean()
			c.spoil(h)
			result := requireKinds(t, h, c.kinds...)
			require.NotEmpty(t, result.Shortest(h.History))
		})
	}
}

// setAside appends a dead letter.
func (h *history) setAside(topic, key string, offset int64) {
	h.add(topic+".dlq", key, `{`)
	h.Records[len(h.Records)-1].Headers = map[string]string{
		"source_partition": "0", "source_offset": string(rune('0' + offset)),
	}
}

// waits is a lead that comes in and stands in line.
func (h *history) waits(lead string, sequence int) {
	at := h.add("lead.created", lead, `{"id":%q}`, lead)
	h.decide("lead.created", at, "assign", lead, `"sequence":%d,"effect":"ended","attempt":1,"outcome":"waiting",%s`, sequence, roster)
	h.add("lead.assigned", lead, `{"assignment_id":"%s/1","lead_id":%q,"attempt":1,"outcome":"waiting","sequence":%d}`, lead, lead, sequence)
}

// Nobody waits in vain while who has room is away, or nobody has.
func TestWhoMayWait(t *testing.T) {
	t.Parallel()
	h := clean()
	h.Everywhere = []string{"ben"}
	h.waits("L3", 7)
	at := h.add("rep.status", "ben", `{"rep_id":"ben","status":"away"}`)
	h.decide("rep.status", at, "presence", "", `"sequence":8,"effect":"present","rep":"ben"`)
	requireKinds(t, h)
	h = clean()
	h.Everywhere = []string{"ana"} // who holds L2
	h.assign("L4", "ana", 7)
	h.waits("L3", 8)
	requireKinds(t, h)
}

// What was lost with Redis is explained by the rebuild, and nothing counts in between.
func TestARebuildExplainsAHole(t *testing.T) {
	t.Parallel()
	h := clean()
	h.decide("lead.activity", 0, "rebuild", "", `"sequence":8,"effect":"rebuilt","lost":[7]`)
	requireKinds(t, h)
}

// What was taken back never happened, and its record is set aside.
func TestAVoidTakesBack(t *testing.T) {
	t.Parallel()
	h := clean()
	h.Bad["L3"] = true
	at := h.add("lead.created", "L3", `{"id":"L3"}`)
	h.decide("lead.created", at, "void", "L3", `"sequence":8,"effect":"voided","undone":{"sequence":7,"effect":"owned","lead":"L3","attempt":1,"outcome":"assigned","rep":"ben",%s}`, roster)
	h.setAside("lead.created", "L3", at)
	requireKinds(t, h)
}

// A place in line that was taken back is nobody's.
func TestAVoidedWait(t *testing.T) {
	t.Parallel()
	h := clean()
	h.Everywhere = []string{"ben"}
	h.Bad["L3"] = true
	at := h.add("lead.created", "L3", `{"id":"L3"}`)
	h.decide("lead.created", at, "void", "L3", `"sequence":8,"effect":"voided","undone":{"sequence":7,"effect":"ended","lead":"L3","attempt":1,"outcome":"waiting",%s}`, roster)
	h.setAside("lead.created", "L3", at)
	requireKinds(t, h)
}

// Who has got nothing since a policy gave them less room has only that.
func TestRoomIsThatOfTheLastRoster(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open  string
		kinds []checker.Kind
	}{
		"as much as before": {`"open":2`, []checker.Kind{checker.Stuck}},
		"less":              {`"open":1`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := clean()
			h.Everywhere = []string{"ben"}
			h.assign("L3", "ben", 7)
			h.waits("L4", 8)
			h.edit("lead.decisions", "L4", `"roster":"r"`, `"roster":"r2"`)
			h.edit("lead.decisions", "L4", `{"id":"ben","weight":1,"caps":{"open":2}}`, `{"id":"ben","weight":2,"caps":{`+c.open+`}}`)
			requireKinds(t, h, c.kinds...)
		})
	}
}

// turned is a history of three turns in a book of two reps.
func turned() *history {
	h := newHistory()
	for i, rep := range []string{"ana", "ben", "ana"} {
		h.assign([]string{"T1", "T2", "T3"}[i], rep, i+1)
		turn := `"turn":{"book":"all","amount":1000000,"free":"3","before":0,"after":-500000},`
		if i == 1 {
			turn = `"turn":{"book":"all","amount":1000000,"free":"3","before":500000,"after":0},`
		}
		h.edit("lead.decisions", []string{"T1", "T2", "T3"}[i], `"rep":`, turn+`"rep":`)
	}
	return h
}

func TestTurns(t *testing.T) {
	t.Parallel()
	result := requireKinds(t, turned())
	require.Equal(t, 3, result.Counts["turns"])
	for name, spoil := range map[string]func(*history){
		"it was the turn of somebody else": func(h *history) {
			h.Records = h.Records[:len(h.Records)-3] // T3
			for _, topic := range []string{"lead.decisions", "lead.assigned"} {
				h.edit(topic, "T2", `"ben"`, `"ana"`)
			}
		},
		"who got it was not free": func(h *history) { h.edit("lead.decisions", "T1", `"free":"3"`, `"free":"2"`) },
		"another credit":          func(h *history) { h.edit("lead.decisions", "T2", `"before":500000`, `"before":400000`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := turned()
			spoil(h)
			requireKinds(t, h, checker.Turn)
		})
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	due := begin.Add(2 * time.Second)
	timed := func() *history {
		h := clean()
		h.add("lead.timers", "L2", `{"lead_id":"L2","attempt":2,"due":[{"clock":"accepted","stage":0,"at":%q}]}`, due.Format(time.RFC3339))
		h.add("lead.timers", "L2", `{"lead_id":"L2","attempt":1,"due":[{"clock":"accepted","stage":0,"at":%q},{"clock":"accepted","stage":1,"at":%q}]}`,
			due.Format(time.RFC3339), due.Format(time.RFC3339))
		h.add("lead.timers", "L2", `{"lead_id":"L2","attempt":2,"due":[{"clock":"accepted","stage":0,"at":%q}]}`, due.Format(time.RFC3339))
		return h
	}
	said := func(h *history, attempt int) {
		h.add("lead.sla", "L2", `{"lead_id":"L2","attempt":%d,"clock":"accepted","event":"warned","due":%q}`, attempt, due.Format(time.RFC3339))
	}
	h := timed()
	said(h, 1)
	said(h, 2)
	requireKinds(t, h)
	for name, spoil := range map[string]func(*history){
		"never said":                         func(h *history) { said(h, 1) },
		"never said, and the lead has moved": func(h *history) { said(h, 2) },
		"said twice": func(h *history) {
			said(h, 1)
			said(h, 2)
			said(h, 2)
		},
		"said too soon": func(h *history) {
			said(h, 1)
			said(h, 2)
			h.Records[len(h.Records)-1].At = due.Add(-3 * time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := timed()
			spoil(h)
			requireKinds(t, h, checker.Stage)
		})
	}
	t.Run("moved twice by one stage", func(t *testing.T) {
		t.Parallel()
		h := timed()
		said(h, 1)
		said(h, 2)
		at := h.add("lead.reassign", "L2", `{"lead_id":"L2","attempt":1,"cause":"sla","clock":"accepted","stage":1,"at":%q}`, begin.Format(time.RFC3339))
		h.decide("lead.reassign", at, "move", "L2", `"sequence":7,"effect":"fenced","attempt":2,"rep":"ana"`)
		requireKinds(t, h, checker.Stage)
	})
}

func TestStory(t *testing.T) {
	t.Parallel()
	story := checker.Story(clean().History, "L2")
	require.Len(t, story, 6)
	text := strings.Join(story, "\n")
	for _, part := range []string{"lead.created", "assign owned attempt 1 assigned ben, sequence 2", "attempt 2 assigned ana from \"ben\"", "09:00:03.000"} {
		require.Contains(t, text, part)
	}
}

// Of several violations of a kind the one is told whose lead has the fewest records.
func TestShortest(t *testing.T) {
	t.Parallel()
	h := clean()
	for _, lead := range []string{"L1", "L2", "L3"} {
		h.add("lead.activity", lead, `{"lead_id":%q,"activity":"accepted"}`, lead)
	}
	shortest := requireKinds(t, h, checker.Lost).Shortest(h.History)
	require.Len(t, shortest, 1)
	require.Equal(t, "L3", shortest[0].Lead)
}
