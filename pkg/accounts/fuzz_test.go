package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
)

// FuzzRecord puts anything into the index of accounts: it is an account, a removal, or an
// error with a code; whatever its names are, leads are matched and the index stays whole.
func FuzzRecord(f *testing.F) {
	f.Add("A-1", []byte(`{"name":"Acme GmbH & Co. KG","domains":["www.Acme.example","gmail.com"],"parent":"A-1","owner":"ana","country":"DE"}`), "ACME", "acme.example")
	f.Add("A-2", []byte(``), "", "")
	f.Add("", []byte(`{"id":"","name":" "}`), " ", ".")
	f.Add("A-3", []byte(`{"id":"A-3","name":"....&&&&","domains":["..","xn--",".com","http://"],"parent":null}`), "ООО Ромашка", "co.uk")
	f.Add("A-4", []byte(`{"id":"A-4","name":1,"domains":"x"}`), "\xff", "\u202e")
	f.Fuzz(func(t *testing.T, key string, value []byte, name, domain string) {
		x := accounts.New()
		known := lead.Account{ID: "known", Name: "Weber Bank AG", Domains: []string{"weber.example"}}
		x.Put(known, accounts.Version{})
		a, gone, err := accounts.Decode(&kstream.Record{Key: []byte(key), Value: value})
		switch {
		case err != nil:
			require.NotEmpty(t, lead.CodeOf(err))
			return
		case gone:
			x.Remove(a.ID)
		default:
			x.Put(a, accounts.Version{})
			x.Put(a, accounts.Version{Offset: 1})
		}
		x.Find(accounts.Query{Name: name, Domain: domain}, accounts.Limits{Same: 9_000, Review: 5_000})
		x.Remove(a.ID)
		if a.ID == known.ID {
			require.Zero(t, x.Len())
			return
		}
		require.Equal(t, 1, x.Len())
	})
}
