package router_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// recognising keeps persons and companies with whoever has them.
const recognising = `
policy: recognising
reps: {ana: {}, ben: {}, carl: {}, dora: {}}
rules:
  - {name: same-person, when: duplicate, to: [last_owner, next]}
  - {name: key-account, when: '"key" in tags', to: carl, owns_account: true}
  - {name: same-company, to: [company_owner, next]}
  - {name: anyone, to: all}
`

// route has leads decided, those that are busy in the next batches, and gives the first
// assignment of each by lead.
func (b *bundle) route(values ...string) map[string]event.Assigned {
	b.t.Helper()
	all := map[string]event.Assigned{}
	var records []*kstream.Record
	for _, v := range values {
		records = append(records, b.record(event.LeadCreated, v))
	}
	for range len(values) + 1 {
		if len(records) == 0 {
			return all
		}
		out := b.handle(records...)
		done := len(records)
		if until, busy := out.Until[kstream.PartitionOf(records[0])]; busy {
			done = int(until - records[0].Offset)
		}
		if done > 0 {
			b.commit(out, records[:done]...)
		}
		for _, a := range assignments(b.t, out) {
			all[a.LeadID] = a
		}
		records = records[done:]
	}
	require.Empty(b.t, records, "leads go on waiting for each other")
	return all
}

func TestOneCompanyHasOneOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(recognising)
	var leads []string
	for i := range 40 {
		leads = append(leads, fmt.Sprintf(`{"id":"L%d","email":"p%d@acme.example","last_name":"Name%d"}`, i, i, i))
	}
	owners := map[string]int{}
	for _, a := range b.route(leads...) {
		owners[a.RepID]++
	}
	require.Len(t, owners, 1, "%v", owners)
	other := b.route(`{"id":"other","email":"p@zeta.example"}`)["other"]
	require.Equal(t, "anyone", other.Rule)
}

// While one section is granted, the next ones look at who has whom: the race detector watches.
func TestSectionsLookWhileOthersAreGranted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(recognising)
	var leads []string
	for i := range 600 {
		leads = append(leads, fmt.Sprintf(`{"id":"L%d","email":"p%d@firm%d.example"}`, i, i, i/2))
	}
	all := b.route(leads...)
	require.Len(t, all, len(leads))
	for i := 0; i < len(leads); i += 2 {
		require.Equal(t, all[fmt.Sprintf("L%d", i)].RepID, all[fmt.Sprintf("L%d", i+1)].RepID)
	}
}

// Leads that meet in a batch are asked for one after the other: a router alone is never
// refused, and asks no more often than the longest row of leads that have to know each other.
func TestNothingIsAskedForInVain(t *testing.T) {
	t.Parallel()
	const first = `{"id":"L0","email":"a@acme.example","last_name":"Ames"}`
	many := func(n int, form string) (leads []string) {
		for i := range n {
			leads = append(leads, fmt.Sprintf(form, i, i))
		}
		return leads
	}
	tests := map[string]struct {
		leads []string
		calls int
	}{
		"of companies of their own": {many(40, `{"id":"L%d","email":"p@firm%d.example"}`), 1},
		"two of a company":          {[]string{first, `{"id":"L1","email":"b@acme.example","last_name":"Bell"}`}, 2},
		"all of a company":          {many(40, `{"id":"L%d","email":"p%d@acme.example"}`), 2},
		"a person twice":            {[]string{first, `{"id":"L1","email":"a@acme.example","last_name":"Ames"}`}, 2},
		"persons with one phone": {[]string{
			`{"id":"L0","email":"ann@one.example","phone":"+420601123456","first_name":"Ann","last_name":"Ames"}`,
			`{"id":"L1","email":"zoe@two.example","phone":"+420601123456","first_name":"Zoe","last_name":"Yung"}`,
		}, 1},
		"a company in several sections": {many(600, `{"id":"L%d","email":"p%d@acme.example"}`), 4},
		"a test":                        {[]string{first, `{"id":"L1","email":"b@acme.example","test":true}`}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.adopt(recognising)
			var records []*kstream.Record
			for _, v := range tt.leads {
				records = append(records, b.record(event.LeadCreated, v))
			}
			out := b.handle(records...)
			require.Len(t, assignments(t, out), len(tt.leads))
			require.Empty(t, out.Until)
			require.Zero(t, b.store.outdated)
			require.LessOrEqual(t, b.store.calls, tt.calls)
		})
	}
}

// A company that its owner never gets again is asked for lead by lead, and nothing else is.
func TestOwnerWhoIsPassedOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(`
policy: passed-over
reps: {ana: {}, ben: {}}
rules:
  - {name: same-company, when: 'source == "event"', to: [company_owner, next]}
  - {name: anyone, to: all}
`)
	var records []*kstream.Record
	for i := range 20 {
		records = append(records, b.record(event.LeadCreated, fmt.Sprintf(`{"id":"L%d","email":"p%d@acme.example"}`, i, i)))
	}
	out := b.handle(records...)
	require.Len(t, assignments(t, out), 20)
	require.Empty(t, out.Until)
}

// Leads of a company that nobody gets need not wait for each other: none changes what is known.
func TestACompanyThatNobodyGets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(`
policy: nobody
reps: {ana: {}}
rules:
  - {name: same-company, to: [company_owner, next]}
  - {name: ours, when: 'source == "event"', to: all}
  - {name: rest, to: nurture}
`)
	var records []*kstream.Record
	for i := range 100 {
		source := "web"
		if i == 60 {
			source = "event"
		}
		records = append(records, b.record(event.LeadCreated, fmt.Sprintf(`{"id":"L%d","email":"p%d@acme.example","source":%q}`, i, i, source)))
	}
	out := b.handle(records...)
	all := assignments(t, out)
	require.Len(t, all, 100)
	require.Empty(t, out.Until)
	require.LessOrEqual(t, b.store.calls, 4)
	for i, a := range all {
		require.Equal(t, map[bool]string{true: "ana"}[i >= 60], a.RepID, "lead %s", a.LeadID)
	}
}

func TestKeyAccountIsForGood(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(recognising)
	b.route(`{"id":"L1","email":"a@acme.example","tags":["key"]}`)
	// Somebody else gets a lead of theirs by a person's word; the company stays Carl's.
	b.handle(b.record(event.LeadCommand, `{"lead_id":"L1","command":"assign","rep_id":"dora","by":"ana","because":"she knows them"}`))
	got := b.route(`{"id":"L2","email":"b@acme.example"}`)["L2"]
	require.Equal(t, "same-company", got.Rule)
	require.Equal(t, "carl", got.RepID)
}

func TestPersonIsRecognised(t *testing.T) {
	t.Parallel()
	first := `{"id":"L1","email":"jana.novakova@gmail.com","phone":"+420601123456","first_name":"Jana","last_name":"Nováková","company":{"name":"Škoda Auto a.s."}}`
	tests := map[string]struct {
		lead string
		by   string // empty: not the same person
	}{
		"address":        {`{"id":"L2","email":"Jana.Novakova+demo@googlemail.com"}`, "email"},
		"phone":          {`{"id":"L2","phone":"+420 601 123 456","first_name":"Jana","last_name":"Novakova"}`, "phone"},
		"name":           {`{"id":"L2","first_name":"Jana","last_name":"Novakova","company":{"name":"Skoda Auto"}}`, "name"},
		"somebody else":  {`{"id":"L2","email":"petr@seznam.cz","first_name":"Petr","last_name":"Dvořák"}`, ""},
		"of a namesake":  {`{"id":"L2","first_name":"Jana","last_name":"Nováková","company":{"name":"Tatra banka"}}`, ""},
		"a test of ours": {`{"id":"L2","email":"jana.novakova@gmail.com","test":true}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.adopt(recognising)
			owner := b.route(first)["L1"].RepID
			got := b.route(tt.lead)["L2"]
			if tt.by == "" {
				require.Equal(t, ledger.Assigned, got.Outcome)
				require.True(t, got.Evidence == nil || got.Evidence.Duplicate == nil, "%+v", got.Evidence)
				return
			}
			require.Equal(t, ledger.Duplicate, got.Outcome)
			require.Equal(t, owner, got.RepID)
			require.Equal(t, "L1", got.Evidence.Duplicate.Lead)
			require.Equal(t, tt.by, got.Evidence.Duplicate.By)
		})
	}
}

// A plan that could not know of a lead that was decided since is made again, also that of a
// lead that waited.
func TestLeadsThatWaitedFindEachOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(`
policy: line
caps: {all: {open: 1}}
reps: {ana: {cap_open: 1}, ben: {cap_open: 1}}
rules:
  - {name: same-company, to: [{to: company_owner, even_if: [full]}, next]}
  - {name: anyone, to: all}
`)
	got := b.route(`{"id":"A","email":"a@one.example"}`, `{"id":"B","email":"b@two.example"}`,
		`{"id":"C","email":"c@acme.example"}`, `{"id":"D","email":"d@acme.example"}`)
	require.Equal(t, ledger.Waiting, got["C"].Outcome)
	require.Equal(t, ledger.Waiting, got["D"].Outcome)
	// Both places come free at once, each is offered to one of the two.
	closings := []*kstream.Record{
		b.record(event.LeadActivity, `{"lead_id":"A","activity":"lost"}`), b.record(event.LeadActivity, `{"lead_id":"B","activity":"lost"}`),
	}
	out := b.handle(closings...)
	b.commit(out, closings...)
	var moves []*kstream.Record
	for _, r := range out.Records {
		if r.Topic == event.LeadReassign.Topic("") {
			moves = append(moves, b.record(event.LeadReassign, string(r.Value)))
		}
	}
	require.Len(t, moves, 2)
	owners := map[string]string{}
	for range 4 {
		out := b.handle(moves...)
		for _, a := range assignments(t, out) {
			owners[a.LeadID] = a.RepID
		}
		b.commit(out)
		b.flush()
	}
	require.Len(t, owners, 2)
	require.Equal(t, owners["C"], owners["D"])
}
