package ties_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/ties"
)

var (
	everything = policy.Asks{Person: true, Company: true}
	monday     = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
)

func read(t *testing.T, text string) *lead.Lead {
	t.Helper()
	l, err := lead.Parse([]byte(text))
	require.NoError(t, err)
	return &l
}

const jana = `{"id":"L1","email":"jana@acme.example","first_name":"Jana","last_name":"Nováková","phone":"+420601123456"}`

func TestTraits(t *testing.T) {
	t.Parallel()
	r := ties.New([]byte("key"))
	all := r.Traits(read(t, jana), everything)
	require.NotEmpty(t, all.Company)
	require.NotEmpty(t, all.Person)
	require.NotEmpty(t, all.Sketch)
	require.Equal(t, all, ties.New([]byte("key")).Traits(read(t, jana), everything))
	require.NotEqual(t, all, ties.New([]byte("another")).Traits(read(t, jana), everything))

	company := r.Traits(read(t, jana), policy.Asks{Company: true})
	require.Equal(t, &ledger.Traits{Company: all.Company}, company)
	person := r.Traits(read(t, jana), policy.Asks{Person: true})
	require.Equal(t, &ledger.Traits{Person: all.Person, Sketch: all.Sketch}, person)

	nothing := map[string]*ledger.Traits{
		"nobody asks":         r.Traits(read(t, jana), policy.Asks{}),
		"a test":              r.Traits(read(t, `{"id":"T","email":"jana@acme.example","test":true}`), everything),
		"nothing to go by":    r.Traits(read(t, `{"id":"E","source":"event"}`), everything),
		"no company of one's": r.Traits(read(t, `{"id":"G","email":"jana@gmail.com"}`), policy.Asks{Company: true}),
	}
	for what, got := range nothing {
		require.Nil(t, got, what)
	}
}

// bound is what a plan is told about a lead when another stands for all that it shares.
func bound(t *testing.T, text string, earlier *ledger.Traits, b ledger.Bearer) (routing.Input, ledger.Op) {
	t.Helper()
	r := ties.New([]byte("key"))
	l := read(t, text)
	known := ties.Known{Bearers: map[string]ledger.Bearer{}, Sketches: map[string]string{b.Lead: earlier.Sketch}}
	for trait := range earlier.All() {
		known.Bearers[trait] = b
	}
	in, op := routing.Input{Facts: l.Facts(), At: monday}, ledger.Op{Lead: l.ID, At: monday.UnixMilli()}
	r.Bind(&in, &op, r.Traits(l, everything), known)
	return in, op
}

func TestBind(t *testing.T) {
	t.Parallel()
	first := ties.New([]byte("key")).Traits(read(t, jana), everything)
	old := monday.Add(-ledger.Dedupe - time.Hour).UnixMilli()
	tests := map[string]struct {
		lead      string
		bearer    ledger.Bearer
		duplicate string // by what
		company   string
	}{
		"the same person": {`{"id":"L2","email":"jana@acme.example"}`, ledger.Bearer{Lead: "L1", Rep: "ana"}, "email", "ana"},
		"a colleague":     {`{"id":"L2","email":"petr@acme.example","last_name":"Dvořák"}`, ledger.Bearer{Lead: "L1", Rep: "ana"}, "", "ana"},
		"closed long ago": {`{"id":"L2","email":"jana@acme.example"}`, ledger.Bearer{Lead: "L1", Rep: "ana", Closed: old}, "", ""},
		"for good":        {`{"id":"L2","email":"petr@acme.example"}`, ledger.Bearer{Rep: "carl"}, "", "carl"},
		"itself":          {jana, ledger.Bearer{Lead: "L1", Rep: "ana"}, "", ""},
		"a stranger":      {`{"id":"L2","email":"petr@zeta.example"}`, ledger.Bearer{Lead: "L1", Rep: "ana"}, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, op := bound(t, tt.lead, first, tt.bearer)
			require.Equal(t, tt.company, in.CompanyOwner)
			require.NotEmpty(t, op.Ties)
			for _, tie := range op.Ties {
				require.Contains(t, []string{"", tt.bearer.Rep}, tie.Holder)
			}
			if tt.duplicate == "" {
				require.Empty(t, in.LastOwner)
				require.Nil(t, in.Evidence)
				require.NotContains(t, in.Facts, "duplicate")
				return
			}
			require.Equal(t, tt.bearer.Rep, in.LastOwner)
			require.Equal(t, true, in.Facts["duplicate"])
			require.Equal(t, &lead.DuplicateMatch{Lead: "L1", By: tt.duplicate, Score: in.Evidence.Duplicate.Score}, in.Evidence.Duplicate)
		})
	}
}

// A mailbox that many write from does not make one person of them.
func TestSharedMailbox(t *testing.T) {
	t.Parallel()
	r := ties.New([]byte("key"))
	first := r.Traits(read(t, `{"id":"L1","email":"info@acme.example","first_name":"Jana","last_name":"Nováková"}`), everything)
	in, _ := bound(t, `{"id":"L2","email":"info@acme.example","first_name":"Petr","last_name":"Dvořák"}`, first, ledger.Bearer{Lead: "L1", Rep: "ana"})
	require.Empty(t, in.LastOwner)
	require.Equal(t, "ana", in.CompanyOwner)
}

func TestRecall(t *testing.T) {
	t.Parallel()
	s := ledger.NewState()
	s.Leads["L1"] = &ledger.Lead{Rep: "ana"}
	s.Bearers["c1"] = ledger.Bearer{Lead: "L1", Rep: "ben"}
	of := &lead.Evidence{Duplicate: &lead.DuplicateMatch{Lead: "L1"}}
	traits := &ledger.Traits{Company: "c1", Person: []string{"e1"}}

	in := routing.Input{At: monday, Evidence: of}
	ties.Recall(&in, "L2", traits, everything, s)
	require.Equal(t, "ana", in.LastOwner)
	require.Equal(t, "ben", in.CompanyOwner)

	in = routing.Input{At: monday, Evidence: of}
	ties.Recall(&in, "L2", traits, policy.Asks{}, s)
	require.Empty(t, in.LastOwner+in.CompanyOwner, "this policy does not ask")
}
