package event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
)

var at = time.Date(2026, 11, 24, 9, 0, 2, 0, time.UTC)

func envelope(data string) event.Envelope {
	return event.Envelope{Subject: "L-1", Time: at, Data: json.RawMessage(data)}
}

func TestActivity(t *testing.T) {
	t.Parallel()
	got, err := envelope(`{"activity":"rejected","rep_id":"jonas","by":"jonas","reason":"spam","attempt":2,"note":"x"}`).Activity()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(event.Activity{
		LeadID: "L-1", Activity: "rejected", RepID: "jonas", By: "jonas", Reason: "spam", Attempt: 2, At: at,
	}, got))
	got, err = envelope(`{"lead_id":"L-2","activity":"accepted","at":"2026-11-24T12:00:00+02:00"}`).Activity()
	require.NoError(t, err)
	require.Equal(t, "L-2", got.LeadID, "its own lead_id wins over the subject")
	require.Equal(t, at.Add(time.Hour-2*time.Second), got.At)
}

func TestCommand(t *testing.T) {
	t.Parallel()
	got, err := envelope(`{"command":"assign","rep_id":"jonas","by":"dana","because":"knows them","attempt":2,"note":"x"}`).Command()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(event.Command{
		LeadID: "L-1", Command: "assign", RepID: "jonas", By: "dana", Because: "knows them", Attempt: 2, At: at,
	}, got))
	for _, command := range event.Commands()[1:] {
		got, err = envelope(`{"lead_id":"L-2","command":"` + command + `","by":"dana","because":"b","at":"2026-11-24T12:00:00+02:00"}`).Command()
		require.NoError(t, err)
		require.Equal(t, event.Command{LeadID: "L-2", Command: command, By: "dana", Because: "b", At: at.Add(time.Hour - 2*time.Second)}, got)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	e := event.Envelope{Subject: "jonas", Time: at, Data: json.RawMessage(`{"status":"away","until":"2026-12-01T08:00:00Z","open":3}`)}
	got, err := e.Status()
	require.NoError(t, err)
	open := int64(3)
	require.Empty(t, cmp.Diff(event.Status{
		RepID: "jonas", Status: "away", Until: time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC), At: at, Open: &open,
	}, got))
}

func TestPayloadErrors(t *testing.T) {
	t.Parallel()
	activity := func(e event.Envelope) error { _, err := e.Activity(); return err }
	command := func(e event.Envelope) error { _, err := e.Command(); return err }
	status := func(e event.Envelope) error { _, err := e.Status(); return err }
	reassign := func(e event.Envelope) error { _, err := e.Reassign(); return err }
	timer := func(e event.Envelope) error { _, err := e.Timer(); return err }
	fired := func(e event.Envelope) error { _, err := e.Fired(); return err }
	tests := []struct {
		name, data string
		parse      func(event.Envelope) error
		code       lead.Code
		message    string
	}{
		{"tombstone", ``, activity, lead.NotJSON, "not JSON"},
		{"list", `[]`, activity, lead.WrongType, "is of another type"},
		{"unknown activity", `{"activity":"sold"}`, activity, lead.UnknownEnum, "activity: is none of accepted"},
		{"no activity", `{}`, activity, lead.UnknownEnum, "activity: is none of"},
		{"attempt text", `{"activity":"accepted","attempt":"2"}`, activity, lead.WrongType, "attempt: is of another type"},
		{"attempt below 0", `{"activity":"accepted","attempt":-1}`, activity, lead.BadNumber, "attempt: is not between"},
		{"date", `{"activity":"accepted","at":"24.11.2026"}`, activity, lead.BadDate, "at: is not an RFC 3339"},
		{"year", `{"activity":"accepted","at":"0001-01-02T00:00:00Z"}`, activity, lead.BadDate, "at: is not between"},
		{"signal without intent", `{"activity":"signal"}`, activity, lead.UnknownEnum, "intent: is none of"},
		{"nobody claims", `{"activity":"claimed"}`, activity, lead.MissingID, "rep_id: is missing"},
		{"value", `{"activity":"converted","value":-1}`, activity, lead.BadNumber, "value: is not between"},
		{"rep with a space", `{"activity":"accepted","rep_id":"a b"}`, activity, lead.BadID, "rep_id: is longer"},
		{"command tombstone", ``, command, lead.NotJSON, "not JSON"},
		{"unknown command", `{"command":"steal","by":"a","because":"b"}`, command, lead.UnknownEnum, "command: is none of assign, release, reroute, disqualify"},
		{"to nobody", `{"command":"assign","by":"a","because":"b"}`, command, lead.MissingID, "rep_id: is missing"},
		{"to a rep with a space", `{"command":"assign","rep_id":"a b","by":"a","because":"b"}`, command, lead.BadID, "rep_id: is longer"},
		{"by nobody", `{"command":"release","because":"b"}`, command, lead.MissingText, "by: is missing"},
		{"for no reason", `{"command":"release","by":"a","because":" "}`, command, lead.MissingText, "because: is missing"},
		{"command fence", `{"command":"release","by":"a","because":"b","attempt":-1}`, command, lead.BadNumber, "attempt: is not between"},
		{"command date", `{"command":"release","by":"a","because":"b","at":"now"}`, command, lead.BadDate, "at: is not an RFC 3339"},
		{"command year", `{"command":"release","by":"a","because":"b","at":"1066-10-14T00:00:00Z"}`, command, lead.BadDate, "at: is not between"},
		{"because is a list", `{"command":"release","by":"a","because":["b"]}`, command, lead.WrongType, "because: is of another type"},
		{"status", `{"status":"asleep"}`, status, lead.UnknownEnum, "status: is none of available, away, left"},
		{"until", `{"status":"away","until":7}`, status, lead.BadDate, "until: is not an RFC 3339"},
		{"open", `{"status":"away","open":-1}`, status, lead.BadNumber, "open: is below 0"},
		{"cause", `{"lead_id":"L-1","cause":"mood"}`, reassign, lead.UnknownEnum, "cause: is none of sla"},
		{"no attempt", `{"lead_id":"L-1","start":"2026-11-24T09:00:00Z","due":[]}`, timer, lead.BadNumber, "attempt: is missing"},
		{"start", `{"lead_id":"L-1","attempt":1,"start":"now"}`, timer, lead.BadDate, "start: is not an RFC 3339"},
		{"due without an instant", `{"lead_id":"L-1","attempt":1,"due":[{"clock":"accepted"}]}`, timer, lead.BadDate, "due: names a clock without"},
		{"stage below 0", `{"lead_id":"L-1","attempt":1,"due":[{"clock":"accepted","stage":-1,"at":"2026-11-24T09:00:00Z"}]}`, timer, lead.BadNumber, "stage: is not between"},
		{"stop without a clock", `{"lead_id":"L-1","attempt":1,"stopped":[{"at":"2026-11-24T09:00:00Z"}]}`, timer, lead.BadDate, "stopped: names"},
		{"two things in one", `{"lead_id":"L-1","attempt":1,"due":[{"clock":"accepted","at":"2026-11-24T09:00:00Z","do":["a b"]}]}`, timer, lead.BadID, "do: is longer"},
		{"nobody is told", `{"lead_id":"L-1","attempt":1,"tell":[""]}`, timer, lead.MissingID, "tell: is missing"},
		{"nobody's timers", `{"attempt":1}`, timer, lead.MissingID, "lead_id: is missing"},
		{"nothing fired", `{"lead_id":"L-1","fired":[]}`, fired, lead.BadNumber, "attempt: is missing"},
		{"fired in another age", `{"lead_id":"L-1","attempt":1,"fired":[{"clock":"accepted","at":"1901-01-01T00:00:00Z"}]}`, fired, lead.BadDate, "fired: is not between"},
		{"fired text", `"x"`, fired, lead.WrongType, "is of another type"},
		{"no lead", `{"cause":"sla"}`, reassign, lead.MissingID, "lead_id: is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.parse(envelope(tt.data))
			require.ErrorContains(t, err, tt.message)
			require.Equal(t, tt.code, lead.CodeOf(err))
		})
	}
	_, err := event.Envelope{Data: json.RawMessage(`{"activity":"accepted"}`)}.Activity()
	require.Equal(t, lead.MissingID, lead.CodeOf(err), "no subject stands in")
}

func TestReassign(t *testing.T) {
	t.Parallel()
	want := event.Reassign{LeadID: "L-1", Attempt: 1, RepID: "jonas", Cause: "sla", Clock: "accepted", Stage: 1, To: "backup", At: at}
	raw, err := json.Marshal(want)
	require.NoError(t, err)
	got, err := envelope(string(raw)).Reassign()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))
}

// What the router and the watcher write, the watcher reads as it was.
func TestTimersAndFired(t *testing.T) {
	t.Parallel()
	timer := event.Timer{
		LeadID: "L-1", Attempt: 2, RepID: "jonas", SLA: "demo", Start: at, Tell: []string{"ana"},
		Due:     []event.Due{{Clock: "contacted", At: at, Do: []string{}}, {Clock: "contacted", Stage: 1, At: at.Add(time.Hour), Do: []string{"reassign"}}},
		Stopped: []event.Stop{{Clock: "accepted", At: at}},
	}
	raw, err := json.Marshal(timer)
	require.NoError(t, err)
	got, err := envelope(string(raw)).Timer()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(timer, got))

	fired := event.Fired{
		LeadID: "L-1", Attempt: 2, Met: []string{"accepted"},
		Fired: []event.FiredStage{{Clock: "contacted", At: at, Breach: true}, {Clock: "contacted", Stage: 1, At: at.Add(time.Hour)}},
	}
	raw, err = json.Marshal(fired)
	require.NoError(t, err)
	again, err := envelope(string(raw)).Fired()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(fired, again))
}

func TestProvider(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		event.ProviderSource + "firmo_2": "firmo_2", "leadrouter": "", "": "", "firmo": "",
		event.ProviderSource: "", event.ProviderSource + "jo@person.example": "", event.ProviderSource + strings.Repeat("a", 41): "",
	} {
		require.Equal(t, want, event.Envelope{Source: source}.Provider(), source)
	}
}
