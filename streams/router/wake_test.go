package router_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// Another policy has everybody in line planned again, in the order of the line: also those
// whom nobody fitted before.
func TestAnotherPolicyWakesTheLine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	alone := strings.Replace(narrow, "rules: [{name: all, to: ana}]", `rules: [{name: all, when: country != "FR", to: ana}, {name: none, to: wait}]`, 1)
	b.adopt(alone)
	l := lifecycle{b}
	for i, lead := range []string{`"deal_value":1`, `"deal_value":10`, `"deal_value":50,"country":"FR"`, `"deal_value":20`} {
		l.do(event.LeadCreated, fmt.Sprintf(`{"id":"L%d","country":"DE",%s}`, i, lead))
	}
	require.Empty(t, l.handle().Records, "nothing has changed")

	b.adopt(strings.Replace(narrow, "{ana: {calendar: office}}", "{ana: {calendar: office}, ben: {}, carl: {}}", 1) + "\n# all: [ana, ben, carl]")
	out := l.handle()
	require.True(t, out.Unprompted)
	require.Equal(t, text(out), text(l.handle()), "it was not committed")
	l.commit(out)
	require.Empty(t, l.handle().Records)

	b.adopt(strings.NewReplacer("{ana: {calendar: office}}", "{ana: {calendar: office}, ben: {}, carl: {}}", "to: ana", "to: all").Replace(narrow))
	out = l.handle()
	l.commit(out)
	got := map[string]string{}
	for {
		next := payloads[event.Reassign](t, out, event.LeadReassign)
		if len(next) == 0 {
			break
		}
		require.Equal(t, []any{"policy", ""}, []any{next[0].Cause, next[0].RepID})
		raw, err := json.Marshal(next[0])
		require.NoError(t, err)
		out = l.do(event.LeadReassign, string(raw))
		got[next[0].LeadID] = ""
		for _, a := range assignments(t, out) {
			got[a.LeadID] = a.RepID
		}
	}
	require.Equal(t, map[string]string{"L2": "ben", "L3": "carl", "L1": ""}, got)
	freed := l.do(event.LeadActivity, `{"lead_id":"L2","activity":"lost"}`)
	require.Equal(t, []any{"L1", "ben"}, []any{
		only[event.Reassign](t, freed, event.LeadReassign).LeadID, only[event.Reassign](t, freed, event.LeadReassign).RepID,
	}, "by now it stands in line for him, too")
}

// A router that has not heard whether its wake was committed says it again.
func TestAWakeIsOneEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(narrow)
	l := lifecycle{b}
	l.do(event.LeadCreated, `{"id":"L1"}`)
	l.do(event.LeadCreated, `{"id":"L2"}`)
	b.adopt(narrow + "marks: [{when: true, tag: x}]\n")
	id := func(out kstream.Output) string {
		require.Len(t, out.Records, 1)
		for _, h := range out.Records[0].Headers {
			if h.Key == "ce_id" {
				return string(h.Value)
			}
		}
		return ""
	}
	first := id(l.handle())
	require.NotEmpty(t, first)
	b.restart()
	require.Equal(t, first, id(l.handle()), "whichever router says it, and however often")
}

// After another ledger has come into force nobody knows who of its line was asked.
func TestAnotherLedgerWakesTheLine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(narrow)
	l := lifecycle{b}
	l.do(event.LeadCreated, `{"id":"L1","country":"DE"}`)
	l.do(event.LeadCreated, `{"id":"L2","country":"DE"}`)
	require.Empty(t, l.handle().Records)
	b.store.refuse(ledger.ErrEpoch)
	_, err := b.handler.Handle(t.Context(), kstream.Batch{Records: []*kstream.Record{b.created("L3", "DE")}})
	require.ErrorIs(t, err, ledger.ErrEpoch)
	require.Equal(t, event.CausePolicy, only[event.Reassign](t, l.handle(), event.LeadReassign).Cause)
}
