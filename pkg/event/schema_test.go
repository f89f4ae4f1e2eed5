package event_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/schemas"
)

// compiler knows every schema file under its own id.
func compiler(t *testing.T) *jsonschema.Compiler {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	names, err := fs.Glob(schemas.FS, "*.json")
	require.NoError(t, err)
	for _, name := range names {
		raw, err := schemas.FS.ReadFile(name)
		require.NoError(t, err)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		require.NoError(t, err)
		require.NoError(t, c.AddResource(schemaID(name), doc))
	}
	return c
}

func schemaID(file string) string { return "https://leadrouter.example/schemas/" + file }

func validate(t *testing.T, typ event.Type, data []byte) error {
	t.Helper()
	s, err := compiler(t).Compile(schemaID(string(typ) + ".json"))
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	return s.Validate(doc)
}

// TestSchemas: every topic has a schema that compiles, and there is no other.
func TestSchemas(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(schemas.FS, "*.json")
	require.NoError(t, err)
	var files []string
	for _, topic := range event.Topics("") {
		file := string(topic.Type) + ".json"
		files = append(files, file)
		s, err := compiler(t).Compile(schemaID(file))
		require.NoError(t, err)
		require.Equal(t, string(topic.Type), s.Title)
		require.NotEmpty(t, s.Description)
	}
	require.ElementsMatch(t, names, files)
}

// TestEncodingsAreValid: what our types write is what the schemas promise.
func TestEncodingsAreValid(t *testing.T) {
	t.Parallel()
	value, score := 80000.5, int64(75)
	l, err := lead.Parse([]byte(`{"id":"L-1","created_at":"2026-11-24","company":{"employees":800},"tags":["a"],
		"deal_value":80000.5,"account":{"strategic":true},"seats":1,"email":"a@b.example","test":true}`))
	require.NoError(t, err)
	ref := event.Policy{Name: "tamarisk", Version: "2026-11", Hash: "9f31c2a"}
	grant := ledger.Grant{
		Sequence: 7, Floor: 5, Epoch: 1, At: at.UnixMilli(), Effect: ledger.Owned, Lead: "L-1", Attempt: 1,
		Outcome: ledger.Assigned, Rep: "jonas", Value: 8000050,
		Turn: &ledger.Turn{Book: "closers", Amount: ledger.Unit, Free: "5", Before: -1, After: 2},
		Load: &ledger.Load{Open: 14, Hour: 1, Day: 2, Week: 3},
	}
	tests := map[event.Type][]any{
		event.LeadCreated: {l, lead.Lead{ID: "a"}},
		event.LeadActivity: {
			event.Activity{LeadID: "L-1", Activity: "converted", RepID: "jonas", At: at, Value: &value, Attempt: 1},
			event.Activity{LeadID: "L-1", Activity: "signal", Intent: "high"},
		},
		event.LeadCommand: {
			event.Command{LeadID: "L-1", Command: event.CommandAssign, RepID: "jonas", By: "dana", Because: "knows them", At: at, Attempt: 1},
			event.Command{LeadID: "L-1", Command: event.CommandDisqualify, By: "dana", Because: "spam"},
		},
		event.RepStatus: {event.Status{RepID: "jonas", Status: "away", Until: at, OpenValue: &value}},
		event.LeadAssigned: {
			event.Assigned{
				AssignmentID: "x", LeadID: "L-1", Attempt: 2, Outcome: ledger.Assigned, RepID: "petra", Team: "emea", Pool: "specialists",
				Rule: "deals/specialist", Row: "large", Pick: ledger.RoundRobin, Reason: "It was your turn.", ReasonCode: "turn", Tags: []string{"vip"}, Tell: []string{"ana"},
				ReasonData: map[string]any{"axes": []string{"language"}}, Relaxed: []string{"product"}, Over: true, Score: &score,
				Fit: "strong", Intent: "high", AssignedAt: at, SLA: &event.SLA{Name: "demo", AcceptBy: at, ContactBy: at.Add(time.Hour)},
				Previous: &event.Previous{RepID: "jonas", Cause: "sla"}, Policy: ref, Sequence: 7, Lead: &l,
			},
			event.Assigned{AssignmentID: "x", LeadID: "L-1", Attempt: 1, Outcome: ledger.Review, Reason: "r", ReasonCode: "no_rule", AssignedAt: at, Policy: ref},
		},
		event.LeadDecisions: {
			event.Decision{Engine: 1, Op: ledger.OpID{Offset: 3}, Digest: "d", Kind: ledger.Assign, Policy: &ref, Draft: json.RawMessage(`{}`), Grant: grant},
			event.Decision{Engine: 1, Kind: ledger.Move, Grant: grant, Asked: &event.Reassign{LeadID: "L-1", Attempt: 1, Cause: "sla", Clock: "accepted", Stage: 1, To: "backup", At: at}},
		},
		event.LeadTimers: {
			event.Timer{LeadID: "L-1", Attempt: 1, RepID: "jonas", SLA: "demo", Start: at, Due: []event.Due{{Clock: "accepted", At: at, Do: []string{"remind"}}}},
			event.Timer{
				LeadID: "L-1", Attempt: 1, SLA: "demo", Start: at, Due: []event.Due{{Clock: "overall", At: at, Do: []string{}}},
				Tell: []string{"ana"}, Stopped: []event.Stop{{Clock: "contacted", At: at}},
			},
		},
		event.LeadFired: {
			event.Fired{LeadID: "L-1", Attempt: 1, Fired: []event.FiredStage{{Clock: "accepted", Stage: 1, At: at, Breach: true}}, Met: []string{"contacted"}},
			event.Fired{LeadID: "L-1", Attempt: 1, Fired: []event.FiredStage{}},
		},
		event.LeadSLA: {
			event.Milestone{
				LeadID: "L-1", Attempt: 1, Event: event.Escalated, SLA: "demo", Clock: "accepted", Stage: 1, RepID: "jonas",
				Due: at, At: at, Do: []string{"to_backup", "tell_manager"}, Tell: []string{"ana"},
			},
			event.Milestone{LeadID: "L-1", Attempt: 1, Event: event.Met, Clock: "accepted", At: at},
		},
		event.PolicyPublished: {
			event.Publication{
				Number: 1, Hash: "9f31c2a", Name: "tamarisk", Engine: 1, By: "dana", Because: "autumn", At: at, Active: true,
				Files: []event.PublishedFile{{Name: "policy.yaml", Hash: "e3b0c44", Size: 0}},
			},
			event.FilePart{Hash: "e3b0c44", Parts: 1, Content: []byte{}},
		},
		event.LeadSeals: {
			event.Seal{
				Number: 1, Previous: strings.Repeat("0", 64), Sequence: 3, At: at, Count: 3, Root: strings.Repeat("a", 64), Snapshot: strings.Repeat("b", 64),
				Stretches: []event.Stretch{{
					Partition: 2, From: 4, To: 9, Root: strings.Repeat("a", 64),
					Blocks: []event.SealBlock{{From: 4, Count: 3, Root: strings.Repeat("a", 64)}},
				}},
			},
		},
		event.LedgerSnapshot: {
			event.Snapshot{Sequence: 3, Epoch: 1, At: at.UnixMilli(), Seal: 1, Parts: 1, Digest: strings.Repeat("b", 64), Offsets: map[int32]int64{0: 0, 2: 9}},
			event.SnapshotPart{Sequence: 3, Parts: 1, Content: []byte{1}},
		},
		event.LeadReassign: {event.Reassign{LeadID: "L-1", Attempt: 1, RepID: "jonas", Cause: "sla", Clock: "accepted", Stage: 1, To: "backup", At: at}},
	}
	for typ, values := range tests {
		t.Run(string(typ), func(t *testing.T) {
			t.Parallel()
			for _, v := range values {
				e, err := event.New(typ, "cause", 0, "L-1", at, v)
				require.NoError(t, err)
				require.NoError(t, validate(t, typ, e.Data), string(e.Data))
			}
		})
	}
}

// TestSchemasRefuse: a schema that takes everything would pass the test above.
func TestSchemasRefuse(t *testing.T) {
	t.Parallel()
	for _, topic := range event.Topics("") {
		require.Error(t, validate(t, topic.Type, []byte(`[]`)), topic.Type)
		if topic.Type != event.LeadUpdated { // has no required field: its lead is the key
			require.Error(t, validate(t, topic.Type, []byte(`{}`)), topic.Type)
		}
	}
	for typ, data := range map[event.Type]string{
		event.LeadCreated:  `{"id":"a","deal_value":["12,5k"]}`,
		event.LeadActivity: `{"activity":"sold"}`,
		event.LeadCommand:  `{"command":"assign","by":"dana"}`,
		event.LeadAssigned: `{"assignment_id":"x","lead_id":"a","attempt":0,"outcome":"assigned","reason":"r","reason_code":"c","assigned_at":"2026-11-24T09:00:00Z","policy":{"name":"p","hash":""},"sequence":1}`,
		event.LeadTimers:   `{"lead_id":"a","attempt":1,"start":"now","due":[]}`,
		event.LeadFired:    `{"lead_id":"a","attempt":1,"fired":[],"met":["lunch"]}`,
		event.LeadSLA:      `{"lead_id":"a","attempt":1,"event":"missed","clock":"accepted","at":"2026-11-24T09:00:00Z"}`,
	} {
		require.Error(t, validate(t, typ, []byte(data)), typ)
	}
}

// TestCommandsAreInTheSchema: no more and no less than the parser takes.
func TestCommandsAreInTheSchema(t *testing.T) {
	t.Parallel()
	for _, command := range append(event.Commands(), "steal", "") {
		raw := []byte(`{"lead_id":"L-1","command":"` + command + `","rep_id":"jonas","by":"dana","because":"b"}`)
		_, parsed := event.Envelope{Data: raw}.Command()
		valid := validate(t, event.LeadCommand, raw)
		require.Equal(t, parsed == nil, valid == nil, "%s: parser %v, schema %v", raw, parsed, valid)
	}
}

// TestSchemaAndParserAgree on what lead.created may hold.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`{"id":"a"}`, `{"id":"a","country":null,"company":{"employees":null}}`, `{"id":"a","tags":[null]}`,
		`{"id":""}`, `{"id":null}`, `{"id":"a","company":1}`, `{"id":"a","tags":"x"}`, `{"id":"a","deal_value":-1}`, `{"id":"a","test":1}`,
	} {
		_, parsed := lead.Parse([]byte(raw))
		valid := validate(t, event.LeadCreated, []byte(raw))
		require.Equal(t, parsed == nil, valid == nil, "%s: parser %v, schema %v", raw, parsed, valid)
	}
}
