package console

import (
	"fmt"
	"math"

	"leadrouter/pkg/ledger"
)

// Turn writes a credit as a count of leads of an amount: micro-leads, or the value of
// the lead in a book that is fair by value. "+0.41", and never "-0.00".
func Turn(credit, amount int64) string {
	if amount == 0 { // a lead of no value takes no turn
		amount = ledger.Unit
	}
	hundredths := math.Round(100 * float64(credit) / float64(amount))
	return fmt.Sprintf("%+.2f", (hundredths+0)/100)
}
