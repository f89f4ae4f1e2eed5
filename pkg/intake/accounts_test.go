package intake_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/intake"
	"leadrouter/pkg/lead"
)

// accounts reads a file of accounts; a row that is none has an error.
func accounts(t *testing.T, name, text string) (list []lead.Account, problems []string) {
	t.Helper()
	r, err := intake.NewReader(strings.NewReader(text), name, intake.Config{Accounts: true})
	require.NoError(t, err)
	for {
		rec, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return list, problems
		case rec.Err != nil:
			problems = append(problems, rec.Err.Error())
		default:
			require.Equal(t, rec.Account.ID, rec.ID())
			list = append(list, rec.Account)
		}
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	list, problems := accounts(t, "a.csv", "Name,Website,Parent Account,Owner,Key Account,Land,Sector\n"+
		"Acme,\"acme.com, acme.de\",Holding,eva,yes,Deutschland,steel\n,,,,,,steel\nAcme,,,,perhaps,,\n")
	require.Equal(t, []lead.Account{{
		ID: "Acme", Name: "Acme", Domains: []string{"acme.com", "acme.de"}, Parent: "Holding", Owner: "eva", Strategic: new(true), Country: "DE",
	}}, list)
	require.Len(t, problems, 2)
	require.Contains(t, problems[0], "a.csv:3: says nothing of an account")
	require.Contains(t, problems[1], "a.csv:4: account.strategic")

	list, problems = accounts(t, "a.jsonl", `{"id":"A-1","name":"Acme","country":"de"}`+"\n"+`{"owner":"eva"}`+"\n")
	require.Equal(t, []lead.Account{{ID: "A-1", Name: "Acme", Country: "DE"}}, list)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "neither an id nor a name")
}
