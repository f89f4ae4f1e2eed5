package event_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
)

// requireAsEncodingJSON: what is taken for the clocks of a lead is what encoding/json
// reads, whichever way it was read.
func requireAsEncodingJSON(t require.TestingT, data string) {
	var want event.Timer
	fault := json.Unmarshal([]byte(data), &want)
	got, err := envelope(data).Timer()
	if fault != nil {
		require.Error(t, err, data)
		return
	}
	// What is read and then found to be wrong is returned, too.
	if lead.Check([]byte(data)) == nil {
		require.Empty(t, cmp.Diff(want, got), data)
	}
}

func TestTimersAreReadAsByEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var timer event.Timer
		fill(t, reflect.ValueOf(&timer).Elem(), 3)
		if raw, err := json.Marshal(timer); err == nil {
			requireAsEncodingJSON(t, string(raw))
		}
	})
}

// oddTimers are read in the slow way, or not at all.
var oddTimers = []string{
	`{"lead_id":"a","attempt":1,"start":"2026-11-24T09:00:00Z","due":null}`,
	`{"lead_id":"a\u0062","attempt":1}`, `{"LEAD_ID":"a","attempt":1}`, `{"lead_id":"a","lead_id":"b","attempt":1}`,
	`{"lead_id":"a","attempt":1.0}`, `{"lead_id":"a","attempt":1e2}`, `{"lead_id":"a","attempt":"1"}`, `{"lead_id":1,"attempt":1}`,
	`{"lead_id":"a","attempt":1,"start":"2026-11-24 09:00:00"}`, `{"lead_id":"a","attempt":1,"start":1}`,
	`{"lead_id":"a","attempt":1,"note":"later"}`, `{"lead_id":"a","attempt":1,"due":{}}`, `{"lead_id":"a","attempt":1,"due":[1]}`,
	`{"lead_id":"a","attempt":1,"due":[{"clock":"overall","stage":0,"at":"2026-11-24T09:00:00Z","do":null,"then":1}]}`,
	`{"lead_id":"a","attempt":1,"stopped":[{"clock":"overall","at":"2026-11-24T09:00:00+01:00","by":"x"}],"tell":["ana",null]}`,
	` { "lead_id" : "a" , "attempt" : 1 , "due" : [ ] , "tell" : [ "x" ] } `, `[]`, `null`, `"a"`, `{`, ``,
}

func TestOddTimers(t *testing.T) {
	t.Parallel()
	for _, data := range oddTimers {
		requireAsEncodingJSON(t, data)
	}
}

func FuzzTimer(f *testing.F) {
	for _, data := range oddTimers {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data string) { requireAsEncodingJSON(t, data) })
}
