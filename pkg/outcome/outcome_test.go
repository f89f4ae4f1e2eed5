package outcome_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/outcome"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/score/train"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// levels of a column as texts, "-" for what is not known.
func levels(t *testing.T, table *train.Table, name string) string {
	t.Helper()
	for _, c := range table.Columns {
		if c.Name != name {
			continue
		}
		var out []string
		for _, v := range c.Values {
			level, ok := v.Level()
			if !ok {
				level = "-"
			}
			out = append(out, level)
		}
		return strings.Join(out, " ")
	}
	return ""
}

func names(table *train.Table) []string {
	var out []string
	for _, c := range table.Columns {
		out = append(out, c.Name)
	}
	return out
}

// planner gives 30 points for a demo.
func planner(t *testing.T) *routing.Planner {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
policy: p
reps: {ana: {}}
score: {fit: {points: [{30: source == "demo_request"}]}}
rules: [{name: rest, to: all}]
`)})
	require.NoError(t, issues.Err())
	return routing.New(p)
}

const file = `Email,Source,Web Visits,Created At,Converted
a@x.example,demo_request,3,2026-01-03T00:00:00Z,1
b@x.example,event,,2026-01-01T00:00:00Z,0
c@x.example,event,5,2026-01-02T00:00:00Z,Yes
d@x.example,event,7,2026-01-04T00:00:00Z,maybe
e@x.example,event,7,not a day,1
`

func TestFile(t *testing.T) {
	t.Parallel()
	table, s, err := outcome.File(strings.NewReader(file), "leads.csv", outcome.FileConfig{Outcome: "converted", Planner: planner(t)})
	require.NoError(t, err)
	require.Equal(t, 5, s.Leads)
	require.Equal(t, 1, s.Open, "maybe is no outcome")
	require.Equal(t, 1, s.Refused)
	require.Contains(t, s.Example, "leads.csv:6")
	require.Equal(t, []bool{false, true, true}, table.Won, "by created_at")
	require.Equal(t, "event event demo_request", levels(t, table, "source"))
	require.Equal(t, "- 5 3", levels(t, table, "attributes.web_visits"))
	require.Equal(t, []int64{0, 0, 30}, table.Points)
	require.Equal(t, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), table.Times[0])
	for _, name := range []string{"email", "attributes.converted", "created_at", "id"} {
		require.NotContains(t, names(table), name, "personal, the outcome itself, or no property")
	}
}

func TestFileKeepsItsOrderWithoutTimes(t *testing.T) {
	t.Parallel()
	table, _, err := outcome.File(strings.NewReader("source,Stage\nc,closed_won\na,closed_lost\nb,open\n"), "leads.csv",
		outcome.FileConfig{Outcome: "Stage", Won: []string{"Closed_Won"}})
	require.NoError(t, err)
	require.Equal(t, "c a b", levels(t, table, "source"))
	require.Equal(t, []bool{true, false, false}, table.Won, "what is not named means no")
	require.Nil(t, table.Times)
	require.Nil(t, table.Points)
}

func TestFileWithoutTheOutcome(t *testing.T) {
	t.Parallel()
	_, _, err := outcome.File(strings.NewReader("source\nevent\n"), "leads.csv", outcome.FileConfig{Outcome: "won"})
	require.EqualError(t, err, `read leads.csv: no lead has "won"; --outcome names the column that says what became of a lead`)
}

// decision of the log about a lead.
func decision(t *testing.T, sequence int64, lead string, kind ledger.Kind, effect ledger.Effect, verb string) event.Decision {
	t.Helper()
	d := event.Decision{Kind: kind, Grant: ledger.Grant{Sequence: sequence, Lead: lead, Effect: effect, Verb: verb, Test: lead == "T"}}
	if kind == ledger.Assign {
		draft, err := json.Marshal(routing.Draft{Engine: 1, At: sequence * 1000, Facts: map[string]any{"source": "from-" + lead}})
		require.NoError(t, err)
		d.Draft = draft
	}
	return d
}

func TestLog(t *testing.T) {
	t.Parallel()
	log := outcome.NewLog(planner(t))
	late := decision(t, 4, "D", ledger.Assign, ledger.Owned, "")
	late.Grant.Held = []ledger.Late{{Verb: ledger.Converted, Effect: ledger.Freed}}
	for _, d := range []event.Decision{
		decision(t, 20, "B", ledger.Activity, ledger.Freed, ledger.Lost), // partitions come interleaved
		decision(t, 1, "A", ledger.Assign, ledger.Owned, ""),
		decision(t, 2, "B", ledger.Assign, ledger.Ended, ""),
		decision(t, 3, "C", ledger.Assign, ledger.Owned, ""),
		late,
		decision(t, 5, "T", ledger.Assign, ledger.Owned, ""),
		decision(t, 6, "E", ledger.Assign, ledger.Owned, ""),
		decision(t, 7, "F", ledger.Assign, ledger.Owned, ""),
		decision(t, 10, "A", ledger.Activity, ledger.Noted, ledger.Contacted),
		decision(t, 11, "A", ledger.Activity, ledger.Freed, ledger.Lost),
		decision(t, 12, "A", ledger.Activity, ledger.Reowned, ledger.Reopened),
		decision(t, 13, "A", ledger.Activity, ledger.Freed, ledger.Converted),
		decision(t, 14, "C", ledger.Activity, ledger.Freed, ledger.Closed),
		decision(t, 15, "E", ledger.Activity, ledger.Fenced, ledger.Converted),
		decision(t, 16, "F", ledger.Activity, ledger.Freed, ledger.Converted),
		decision(t, 17, "F", ledger.Activity, ledger.Reowned, ledger.Reopened),
		decision(t, 18, "X", ledger.Activity, ledger.Held, ledger.Converted),
		decision(t, 19, "T", ledger.Activity, ledger.Freed, ledger.Converted),
		{Kind: ledger.Presence, Grant: ledger.Grant{Sequence: 21}},
	} {
		require.NoError(t, log.Add(d))
	}
	table, s := log.Table()
	require.Equal(t, "from-A from-B from-D", levels(t, table, "source"))
	require.Equal(t, []bool{true, false, true}, table.Won)
	require.Equal(t, outcome.Summary{Leads: 6, Open: 3, Tests: 1}, s, "C is closed without saying how, E was fenced, F reopened")
	require.Equal(t, time.UnixMilli(1000).UTC(), table.Times[0])
	require.Equal(t, []int64{0, 0, 0}, table.Points)

	broken := decision(t, 30, "Z", ledger.Assign, ledger.Owned, "")
	broken.Draft = json.RawMessage(`[]`)
	require.ErrorContains(t, log.Add(broken), "read the draft of lead Z")
}

func ExampleFile() {
	table, s, err := outcome.File(strings.NewReader("source,converted\nevent,yes\nevent,no\nevent,\n"), "leads.csv", outcome.FileConfig{Outcome: "converted"})
	fmt.Println(table.Won, s.Open, err)
	// Output: [true false] 1 <nil>
}
