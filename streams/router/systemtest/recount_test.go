package systemtest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/testkit/recount"
)

// recounted is the ledger, counted again from the log.
type recounted struct {
	*recount.Tally
	t       *testing.T
	records map[string]int // decisions by input record
	hashes  map[string]int // decisions of new leads by policy
}

// recountLog reads lead.decisions and counts it. A rule that was broken ends the test, and so
// does a record that is decided twice.
func (in *installation) recountLog() *recounted {
	in.t.Helper()
	c := &recounted{t: in.t, records: map[string]int{}, hashes: map[string]int{}}
	c.Tally = recount.New(func(f recount.Fault) { require.FailNow(in.t, f.What, "%s, lead %s", f.Rule, f.Lead) })
	log := in.log()
	for _, e := range log {
		c.add(e)
	}
	c.Log(log)
	return c
}

// log reads lead.decisions.
func (in *installation) log() (log []recount.Entry) {
	in.t.Helper()
	for _, r := range in.read(in.topic(event.LeadDecisions)) {
		var e recount.Entry
		require.NoError(in.t, json.Unmarshal(r.Value, &e))
		log = append(log, e)
	}
	return log
}

// add counts by what a decision was made of.
func (c *recounted) add(e recount.Entry) {
	if e.Op.Topic != "" && e.Grant.Effect != "rebuilt" { // which no input has caused
		record := fmt.Sprintf("%s/%d/%d", e.Op.Topic, e.Op.Partition, e.Op.Offset)
		c.records[record]++
		require.Equal(c.t, 1, c.records[record], "record %s is decided again", record)
	}
	switch e.Grant.Effect {
	case "owned", "ended":
		c.hashes[e.Draft.Policy.Hash]++
	case "voided":
		require.Contains(c.t, []string{"owned", "ended"}, e.Grant.Undone.Effect, "what the tests let be taken back")
	}
}

// requireLedger compares the count with what Redis holds.
func (c *recounted) requireLedger(in *installation) {
	c.t.Helper()
	state := in.dump()
	open, credit := map[string]int64{}, map[string]map[string]int64{}
	for id, rep := range state.Reps {
		if rep.Open != 0 {
			open[id] = rep.Open
		}
	}
	for name, book := range state.Books {
		credit[name] = maps.Clone(book)
	}
	maps.DeleteFunc(c.Open, func(_ string, n int64) bool { return n == 0 })
	require.Equal(c.t, c.Open, open, "leads that reps hold")
	for name, book := range c.Credit {
		// Whoever left with nothing is no member of the book any more.
		maps.DeleteFunc(book, func(id string, n int64) bool { _, there := credit[name][id]; return n == 0 && !there })
	}
	require.Equal(c.t, c.Credit, credit, "turns")
}
