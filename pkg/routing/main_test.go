package routing_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// monday is 4 May 2026, 10:00 in Berlin.
var monday = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

// failer is what *testing.T and *rapid.T share.
type failer interface {
	require.TestingT
	Helper()
}

func parse(t failer, files map[string]string) *policy.Policy {
	t.Helper()
	raw := map[string][]byte{}
	for name, text := range files {
		raw[name] = []byte(text)
	}
	p, issues := policy.Parse(raw)
	require.NotNil(t, p, "%v", issues)
	return p
}

// planner reads a policy of one file; reps and sections are added by the caller.
func planner(t failer, text string) *routing.Planner {
	t.Helper()
	return routing.New(parse(t, map[string]string{"policy.yaml": "leadrouter: 1\npolicy: test\n" + text}))
}

func facts(t failer, raw string) lead.Facts {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(raw), &fields))
	fields["id"] = "L-1"
	data, err := json.Marshal(fields)
	require.NoError(t, err)
	l, err := lead.Parse(data)
	require.NoError(t, err)
	return l.Facts()
}

// outline writes the steps of a plan as "rule[row] to: rep rep", one a step.
func outline(t failer, p *routing.Plan) []string {
	t.Helper()
	d := p.Draft()
	var out []string
	for i, s := range p.Steps {
		line := d.Steps[i].Rule
		if d.Steps[i].Row != "" {
			line += "[" + d.Steps[i].Row + "]"
		}
		if s.End != "" {
			line += " " + string(s.End)
			if d.Steps[i].Hold > 0 {
				line += fmt.Sprintf(" %v", time.Duration(d.Steps[i].Hold)*time.Millisecond)
			}
			out = append(out, line)
			continue
		}
		line += " " + d.Steps[i].To
		for _, axis := range d.Steps[i].Relaxed {
			line += " -" + axis
		}
		line += ":"
		for _, m := range s.Members {
			line += " " + p.Roster.Reps[m].ID
		}
		out = append(out, line)
	}
	return out
}

// office is a model ledger that plans are granted by.
type office struct {
	*ledger.Model
	next int64
}

func newOffice() *office { return &office{Model: ledger.NewModel(ledger.Config{})} }

// take offers a plan and decides what comes of it.
func (o *office) take(t failer, id string, p *routing.Plan) (event.Assigned, []byte, ledger.Grant) {
	t.Helper()
	draft, err := p.Draft().Encode()
	require.NoError(t, err)
	g := o.apply(t, ledger.Op{
		Kind: ledger.Assign, Lead: id, Value: p.Value, Steps: p.Steps, Roster: p.Roster, Body: draft,
	})
	a, err := routing.Decide(draft, g)
	require.NoError(t, err)
	return a, draft, g
}

func (o *office) apply(t failer, op ledger.Op) ledger.Grant {
	t.Helper()
	op.ID = ledger.OpID{Partition: ledger.Partition{Topic: "t"}, Offset: o.next}
	op.At = monday.UnixMilli()
	o.next++
	results, err := o.Apply(context.Background(), ledger.Chunk{Ops: []ledger.Op{op}})
	require.NoError(t, err)
	return results[0].Grant
}
