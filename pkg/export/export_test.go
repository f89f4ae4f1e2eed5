package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"leadrouter/pkg/event"
	"leadrouter/pkg/export"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func table[T any](t require.TestingT, format export.Format, rows ...T) []byte {
	var out bytes.Buffer
	w, err := export.NewWriter[T](format, &out)
	require.NoError(t, err)
	for _, row := range rows {
		require.NoError(t, w.Write(row))
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func drawAssigned(t *rapid.T) event.Assigned {
	text := func(name string) string {
		return rapid.SampledFrom([]string{"", "ana", "a,b", "say \"hi\"", "two\nlines", "Zoë 美咲", "x'"}).Draw(t, name)
	}
	at := time.UnixMilli(rapid.Int64Range(0, 2e12).Draw(t, "at")).UTC()
	a := event.Assigned{
		AssignmentID: "id", LeadID: "L-" + text("lead"), Attempt: rapid.IntRange(1, 9).Draw(t, "attempt"), Outcome: ledger.Assigned,
		RepID: text("rep"), Team: text("team"), Rule: text("rule"), Reason: text("reason"), ReasonCode: "turn", Over: rapid.Bool().Draw(t, "over"),
		Relaxed:    rapid.SampledFrom([][]string{nil, {"geo"}, {"geo", "language"}}).Draw(t, "relaxed"),
		AssignedAt: at, Policy: event.Policy{Name: "p", Hash: "9f"}, Sequence: rapid.Int64Range(1, 1<<60).Draw(t, "sequence"),
		Lead: &lead.Lead{ID: "L-1", Email: "karl@weber.example"},
	}
	if rapid.Bool().Draw(t, "scored") {
		score := rapid.Int64Range(-100, 100).Draw(t, "score")
		a.Score = &score
	}
	if rapid.Bool().Draw(t, "clocks") {
		a.SLA = &event.SLA{Name: "demo", AcceptBy: at.Add(time.Minute)}
		a.Previous = &event.Previous{RepID: "ben", Cause: "sla"}
	}
	return a
}

// What was written is what is read, in every format.
func TestEveryFormatSaysTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var rows []export.Assignment
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			row, err := export.NewAssignment(drawAssigned(t), false)
			require.NoError(t, err)
			rows = append(rows, row)
		}
		read, err := parquet.Read[export.Assignment](bytes.NewReader(table(t, export.Parquet, rows...)), int64(len(table(t, export.Parquet, rows...))))
		require.NoError(t, err)
		for i := range read { // no list and an empty one are the same there
			if len(read[i].Relaxed) == 0 {
				read[i].Relaxed = nil
			}
			if len(read[i].Tags) == 0 {
				read[i].Tags = nil
			}
			read[i].AssignedAt = read[i].AssignedAt.UTC()
			if read[i].AcceptBy != nil {
				*read[i].AcceptBy = read[i].AcceptBy.UTC()
			}
		}
		require.Len(t, read, len(rows))
		for i := range rows {
			require.Empty(t, cmp.Diff(rows[i], read[i]))
		}

		lines := json.NewDecoder(bytes.NewReader(table(t, export.JSONL, rows...)))
		cells, err := csv.NewReader(bytes.NewReader(table(t, export.CSV, rows...))).ReadAll()
		require.NoError(t, err)
		require.Len(t, cells, len(rows)+1)
		require.Equal(t, "assigned_at", cells[0][0])
		for i, row := range rows {
			var line map[string]any
			require.NoError(t, lines.Decode(&line))
			require.Equal(t, row.LeadID, line["lead_id"])
			for k, name := range cells[0] {
				text := cells[i+1][k]
				switch v := line[name].(type) {
				case nil:
					require.Empty(t, text, name)
				case string:
					require.Equal(t, v, text, name)
				case bool:
					require.Equal(t, v, text == "true", name)
				case []any:
					require.Len(t, strings.Fields(text), len(v), name)
				}
			}
		}
	})
}

// The lead is there for who asks for it, and nowhere else.
func TestTheLeadIsPersonal(t *testing.T) {
	t.Parallel()
	a := rapid.Custom(drawAssigned).Example(1)
	for _, personal := range []bool{false, true} {
		row, err := export.NewAssignment(a, personal)
		require.NoError(t, err)
		for _, format := range []export.Format{export.CSV, export.JSONL} {
			require.Equal(t, personal, bytes.Contains(table(t, format, row), []byte("karl@weber.example")), format)
		}
		require.Equal(t, personal, row.Lead != "")
	}
}

func TestDecisionRows(t *testing.T) {
	t.Parallel()
	d := event.Decision{
		Engine: 1, Kind: ledger.Assign, Op: ledger.OpID{Partition: ledger.Partition{Topic: "t"}, Offset: 4},
		Draft: []byte(`{"policy":{"name":"bank","hash":"9f"}}`),
		Grant: ledger.Grant{
			Sequence: 7, At: 1_764_000_000_123, Effect: ledger.Owned, Lead: "L-1", Attempt: 1, Rep: "ana", Value: 100,
			Turn: &ledger.Turn{Book: "all", Amount: 9, Before: -4, After: 2}, Load: &ledger.Load{Open: 3},
		},
	}
	row := export.NewDecision(d, 2, 99)
	require.Equal(t, "bank", row.Policy)
	require.Equal(t, int64(-4), *row.TurnBefore)
	text := string(table(t, export.CSV, row))
	require.Contains(t, text, "2025-11-24T16:00:00.123Z,7,assign,owned,L-1,1,,ana,")
	require.Contains(t, text, ",all,9,-4,2,3,0,1,bank,9f,t/0/4,")
	read, err := parquet.Read[export.Decision](bytes.NewReader(table(t, export.Parquet, row)), int64(len(table(t, export.Parquet, row))))
	require.NoError(t, err)
	require.Equal(t, row.At, read[0].At.UTC())
	require.Equal(t, row.Draft, read[0].Draft)
	require.Nil(t, export.NewDecision(event.Decision{Kind: ledger.Activity}, 0, 0).TurnBefore)
}

// A text that somebody sends us is no formula in a spreadsheet.
func TestNoFormulas(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+49": "'+49", "-x": "'-x", "@cmd": "'@cmd", "\tx": "'\tx", "a=b": "a=b", "": "",
	} {
		rows, err := csv.NewReader(bytes.NewReader(table(t, export.CSV, export.Assignment{LeadID: text}))).ReadAll()
		require.NoError(t, err)
		require.Equal(t, want, rows[1][1])
	}
}

func TestUnknownFormat(t *testing.T) {
	t.Parallel()
	_, err := export.NewWriter[export.Decision]("xlsx", &bytes.Buffer{})
	require.ErrorContains(t, err, "want csv, jsonl, parquet")
}

// Rows leave as they come, a row group at a time.
func TestRowsDoNotPileUp(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := export.NewWriter[export.Decision](export.Parquet, &out)
	require.NoError(t, err)
	for i := range 25_000 {
		require.NoError(t, w.Write(export.Decision{Sequence: int64(i), Input: "x"}))
	}
	require.Positive(t, out.Len(), "two groups are out before the end")
	require.NoError(t, w.Close())
	rows, err := parquet.Read[export.Decision](bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	require.Len(t, rows, 25_000)
}

func ExampleNewWriter() {
	w, _ := export.NewWriter[export.Assignment](export.JSONL, os.Stdout)
	row, _ := export.NewAssignment(event.Assigned{LeadID: "L-1", Attempt: 1, Outcome: ledger.Review, Reason: "No rule.", ReasonCode: "no_rule", Policy: event.Policy{Name: "p"}}, false)
	_ = w.Write(row)
	// Output: {"assigned_at":"0001-01-01T00:00:00Z","lead_id":"L-1","attempt":1,"outcome":"review","reason":"No rule.","reason_code":"no_rule","over":false,"policy":"p","policy_hash":"","sequence":0,"assignment_id":""}
}
