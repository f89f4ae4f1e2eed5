package ledger_test

import (
	"testing"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/ledger/ledgertest"
)

// The model against itself: the invariants, and that the log folds to its state.
func TestModelConforms(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func() (ledger.Store, error) { return ledger.NewModel(ledgertest.Config), nil })
}
