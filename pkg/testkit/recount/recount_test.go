package recount_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/ledger/ledgertest"
	"leadrouter/pkg/testkit/recount"
)

// audited is a ledger that is counted again after each chunk, until a rebuild replaces it.
type audited struct {
	ledger.Store
	log      []recount.Entry
	replaced bool
}

func (a *audited) Load(ctx context.Context, s *ledger.State) error {
	a.replaced = true
	return a.Store.Load(ctx, s)
}

func (a *audited) Apply(ctx context.Context, c ledger.Chunk) ([]ledger.Result, error) {
	results, err := a.Store.Apply(ctx, c)
	if err != nil || a.replaced {
		return results, err
	}
	for _, r := range results {
		if r.Code == ledger.Applied {
			if err := a.record(r.Grant); err != nil {
				return nil, err
			}
		}
	}
	return results, a.check(ctx)
}

// record has a grant logged. One that is taken back was never logged by itself.
func (a *audited) record(g ledger.Grant) error {
	raw, err := json.Marshal(g)
	if err != nil {
		return err
	}
	var e recount.Entry
	if err := json.Unmarshal(raw, &e.Grant); err != nil {
		return err
	}
	if e.Grant.Undone != nil {
		a.log = slices.DeleteFunc(a.log, func(o recount.Entry) bool { return o.Grant.Sequence == e.Grant.Undone.Sequence })
	}
	a.log = append(a.log, e)
	return nil
}

func (a *audited) check(ctx context.Context) error {
	var errs []error
	t := recount.New(func(f recount.Fault) { errs = append(errs, fmt.Errorf("%s: %s", f.Rule, f.What)) })
	t.Log(a.log)
	state, err := a.Dump(ctx)
	if err != nil {
		return err
	}
	open, credit := map[string]int64{}, map[string]map[string]int64{}
	for id, rep := range state.Reps {
		open[id] = rep.Open
	}
	for name, book := range state.Books {
		credit[name] = maps.Clone(book)
	}
	for name, book := range t.Credit {
		// Whoever left with nothing is no member of the book any more, which may have ended with them.
		maps.DeleteFunc(book, func(id string, n int64) bool { _, there := credit[name][id]; return n == 0 && !there })
		if len(book) == 0 && credit[name] == nil {
			delete(t.Credit, name)
		}
	}
	none := func(_ string, n int64) bool { return n == 0 }
	maps.DeleteFunc(open, none)
	maps.DeleteFunc(t.Open, none)
	if diff := cmp.Diff(open, t.Open) + cmp.Diff(credit, t.Credit); diff != "" {
		errs = append(errs, errors.New(diff))
	}
	return errors.Join(errs...)
}

// TestWhatTheLedgerDoes: whatever is asked of the ledger, the recount comes to the same and
// finds no rule broken.
func TestWhatTheLedgerDoes(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func() (ledger.Store, error) { return &audited{Store: ledger.NewModel(ledgertest.Config)}, nil })
}

// TestRulesThatAreBroken: each is told, and no other.
func TestRulesThatAreBroken(t *testing.T) {
	t.Parallel()
	const roster = `"roster":"r","install":[{"id":"ana","weight":1,"caps":{"open":1}},{"id":"ben","weight":1}]`
	for name, c := range map[string]struct {
		grants []string
		rules  []recount.Rule
	}{
		"a number twice": {[]string{`"sequence":1,"effect":"ignored"`, `"sequence":1,"effect":"ignored"`}, []recount.Rule{recount.Sequence}},
		"a hole":         {[]string{`"sequence":2,"effect":"ignored"`}, []recount.Rule{recount.Sequence}},
		"a hole that is told": {
			[]string{`"sequence":1,"effect":"ignored"`, `"sequence":3,"effect":"rebuilt","lost":[2]`}, nil,
		},
		"a lead that somebody else has": {
			[]string{`"sequence":1,"effect":"owned","lead":"L","rep":"ben","from":"ana",` + roster}, []recount.Rule{recount.Owner},
		},
		"somebody who is not in the roster": {
			[]string{`"sequence":1,"effect":"owned","lead":"L","rep":"zoe",` + roster}, []recount.Rule{recount.Owner},
		},
		"more than the cap": {
			[]string{`"sequence":1,"effect":"owned","lead":"L","rep":"ana",` + roster, `"sequence":2,"effect":"owned","lead":"M","rep":"ana","roster":"r"`},
			[]recount.Rule{recount.Cap},
		},
		"more than the cap, as the policy allows": {
			[]string{`"sequence":1,"effect":"owned","lead":"L","rep":"ana",` + roster, `"sequence":2,"effect":"owned","lead":"M","rep":"ana","over":true,"roster":"r"`},
			nil,
		},
		"a turn": {
			[]string{`"sequence":1,"effect":"owned","lead":"L","rep":"ana","turn":{"book":"b","amount":1000000,"free":"3","after":-500000},` + roster}, nil,
		},
		"the turn of somebody else": {
			[]string{
				`"sequence":1,"effect":"owned","lead":"L","rep":"ben","turn":{"book":"b","amount":1000000,"free":"3","after":-500000},` + roster,
				`"sequence":2,"effect":"owned","lead":"M","rep":"ben","turn":{"book":"b","amount":1000000,"free":"3","before":-500000,"after":-1000000},` + roster,
			}, []recount.Rule{recount.TurnOf, recount.TurnOf},
		},
		"a turn of somebody who was not free": {
			[]string{`"sequence":1,"effect":"owned","lead":"L","rep":"ana","turn":{"book":"b","amount":1000000,"free":"2","after":-1000000},` + roster},
			[]recount.Rule{recount.TurnOf, recount.TurnOf},
		},
		"a turn that nobody had": {
			[]string{
				`"sequence":1,"effect":"owned","lead":"L","rep":"ana",` + roster,
				`"sequence":2,"effect":"owned","lead":"L","rep":"ben","from":"ana","turn_back":true,"roster":"r"`,
			}, []recount.Rule{recount.TurnOf},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var rules []recount.Rule
			tally := recount.New(func(f recount.Fault) { rules = append(rules, f.Rule) })
			var log []recount.Entry
			for _, grant := range c.grants {
				var e recount.Entry
				require.NoError(t, json.Unmarshal([]byte("{"+grant+"}"), &e.Grant))
				log = append(log, e)
			}
			tally.Log(log)
			require.Equal(t, c.rules, rules)
		})
	}
}
