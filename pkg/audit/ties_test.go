package audit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/ties"
)

const kin = `
policy: kin
reps: {ana: {}, ben: {}, cho: {}}
rules:
  - {name: same-person, when: duplicate, to: [last_owner, next]}
  - {name: same-company, to: [company_owner, next]}
  - {name: anyone, to: all}
`

// akin decides a lead of a person and a company, as a router does, but that it takes somebody
// for the owners it is told.
func (h *history) akin(t *testing.T, p *routing.Planner, text string, mistake func(*routing.Input)) {
	t.Helper()
	l, err := lead.Parse([]byte(text))
	require.NoError(t, err)
	recogniser, state := ties.New([]byte("key")), dumped(t, h.model)
	op := h.op("created", ledger.Assign, l.ID)
	in := routing.Input{Facts: l.Facts(), At: time.UnixMilli(op.At)}
	known := ties.Known{Bearers: state.Bearers, Sketches: map[string]string{}}
	for id, l := range state.Leads {
		known.Sketches[id] = l.Traits.Sketch
	}
	recogniser.Bind(&in, &op, recogniser.Traits(&l, p.Policy().Asks()), known)
	mistake(&in)
	plan := p.Plan(in)
	op.Value, op.Steps, op.Roster, op.Line = plan.Value, plan.Steps, plan.Roster, plan.Line
	op.Body, err = plan.Draft().Encode()
	require.NoError(t, err)
	h.log = append(h.log, event.Decision{
		Engine: routing.Engine, Op: op.ID, Digest: op.Digest, Kind: op.Kind, Draft: op.Body, Grant: h.apply(t, op),
	})
}

func dumped(t *testing.T, m *ledger.Model) *ledger.State {
	t.Helper()
	state, err := m.Dump(t.Context())
	require.NoError(t, err)
	return state
}

// Whoever a plan took to have the leads of a person or a company is held against the log.
func TestTiesAreProven(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		mistake func(*routing.Input)
		kinds   []audit.Kind
	}{
		"right":           {func(*routing.Input) {}, nil},
		"another company": {func(in *routing.Input) { in.CompanyOwner = "cho" }, []audit.Kind{audit.Tie}},
		"no company":      {func(in *routing.Input) { in.CompanyOwner = "" }, []audit.Kind{audit.Tie}},
		"another person":  {func(in *routing.Input) { in.LastOwner = "cho" }, []audit.Kind{audit.Tie}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, h := planner(t, kin), newHistory()
			h.akin(t, p, `{"id":"L1","email":"jana@acme.example"}`, func(*routing.Input) {})
			require.Equal(t, "ana", h.log[0].Grant.Rep)
			h.akin(t, p, `{"id":"L2","email":"jana@acme.example"}`, tt.mistake)
			v, findings := examine(t, h.log, p)
			require.Equal(t, tt.kinds, kinds(findings))
			if tt.kinds == nil {
				require.Equal(t, 2, v.Proven)
				require.Equal(t, ledger.Duplicate, h.log[1].Grant.Outcome)
			}
		})
	}
}
