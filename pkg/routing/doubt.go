package routing

import (
	"cmp"
	"fmt"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
)

// Doubt sends a lead to review if it cannot be told whether it is of an account; nil: it can.
// It is for new leads: once a person has decided, the doubt is gone.
func Doubt(e *lead.Evidence) *Send {
	if e == nil || e.Account == nil || !e.Account.Doubtful {
		return nil
	}
	return &Send{To: ledger.Review, Code: AccountDoubt}
}

// account is how the account was found; nil: it was not looked for.
func (d *Draft) account() *lead.AccountMatch {
	if d.Evidence == nil {
		return nil
	}
	return d.Evidence.Account
}

// doubt names the account that it may be.
func (d *Draft) doubt() string {
	m := d.account()
	if m == nil {
		return "It may be of an account of ours; a person has to decide."
	}
	why := fmt.Sprintf("the names are %d%% alike", m.Score*100/lead.Certain)
	switch m.By {
	case "domain":
		why = "several accounts have this domain"
	case "name":
		why = "several accounts have this name"
	}
	return "It may be of the account " + cmp.Or(m.Name, m.ID) + ": " + why + "; a person has to decide."
}
