package audit_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/routing"
)

// FuzzLog: whatever stands in the decision log, an error names its place, or the ledger and the
// audit take it or say what is wrong with it.
func FuzzLog(f *testing.F) {
	p := planner(f, fair)
	log := written(f, some(f, p).log)
	for _, d := range log[:min(len(log), 12)] {
		src, err := json.Marshal(d)
		require.NoError(f, err)
		f.Add(src)
	}
	for _, text := range []string{
		`{}`, `null`, `[]`, `{"grant":{"sequence":9223372036854775807}}`, `{"grant":{"sequence":1,"epoch":-1,"at":-1}}`,
		`{"engine":1,"kind":"assign","grant":{"sequence":1,"effect":"owned","turn":{"book":"b","free":"/////w==","amount":9007199254740993}}}`,
		`{"kind":"rebuild","grant":{"sequence":1,"effect":"rebuilt","lost":[9223372036854775807,-1]}}`,
		`{"kind":"void","grant":{"sequence":2,"effect":"voided","undone":{"sequence":1,"undone":{}}}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		d, err := audit.Decode(&kstream.Record{Topic: "x.lead.decisions", Partition: 3, Offset: 17, Value: value})
		if err != nil {
			require.ErrorContains(t, err, "decision at x.lead.decisions/3 offset 17")
			return
		}
		folder := audit.NewFolder()
		auditor := audit.NewAuditor([]*routing.Planner{p}, func(audit.Finding) {})
		for _, known := range log[:3] {
			require.NoError(t, folder.Add(known))
			auditor.Add(known)
		}
		if folder.Add(d) == nil {
			folder.Missing()
			_, err := json.Marshal(folder.State().Logged())
			require.NoError(t, err)
		}
		auditor.Add(d)
		auditor.Close()
	})
}

// FuzzSnapshot: a content is a ledger that is written and read again as the same, or damaged.
func FuzzSnapshot(f *testing.F) {
	folder := audit.NewFolder()
	for _, d := range written(f, some(f, planner(f, fair)).log)[:12] {
		require.NoError(f, folder.Add(d))
	}
	state, err := json.Marshal(folder.State().Logged())
	require.NoError(f, err)
	whole, err := json.Marshal(event.SnapshotContent{State: state})
	require.NoError(f, err)
	f.Add(whole)
	f.Add([]byte(`{"state":{},"early":[{}]}`))
	f.Add([]byte(`{"state":null}`))
	f.Add(bytes.Repeat([]byte(" "), 1<<20))
	f.Fuzz(func(t *testing.T, content []byte) {
		first, err := audit.Unpacked(audit.Packed(content))
		if err != nil {
			require.ErrorIs(t, err, audit.ErrSnapshot)
			return
		}
		again, err := first.Repacked()
		require.NoError(t, err)
		require.Empty(t, first.State.Logged().Diff(again.State))
	})
}
