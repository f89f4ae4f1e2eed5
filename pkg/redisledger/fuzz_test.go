package redisledger_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
)

// FuzzTexts: whatever Redis holds, reading it gives a value or an error; and what is read is
// written as what is read the same.
func FuzzTexts(f *testing.F) {
	whole, err := redisledger.FormatLead(&ledger.Lead{
		Outcome: ledger.Assigned, Attempt: 2, Rep: "ana", Value: 100, Over: true, Since: 1, Batch: "b/1",
		Last:   ledger.OpID{Partition: ledger.Partition{Topic: "t", Index: 3}, Offset: 7, Ordinal: 1},
		Turn:   &ledger.Entry{Book: "all", Amount: 5, Free: "Bw==", Roster: "r"},
		Line:   &ledger.Queue{Line: ledger.Line{Rank: 1, Reps: "AQ=="}, Roster: "q"},
		Traits: &ledger.Traits{Company: "c", Person: []string{"p", "q"}, Sketch: "s"}, Draft: []byte(`{"a":1}`),
	})
	require.NoError(f, err)
	for _, text := range []string{
		whole, `["assigned",1,"ana",0,0,0,0,0,0,0,0,"t/0",1,0,"","",0,"","",0,0,0,"","",""]`,
		`[1,2,3,4,"L-1",1,"assigned",0,"ana",100,0,0,"all",5,"Bw==",1,2,3,4,5,6,7,"r","c p|s",0]`,
		`[1,2,3,4,"L\"-1",1,"assigned",0,"a\u006ea",1e9`, `[`, `["`, `["\`, `[]`, `{}`, `{"sequence":1}`, "null", "",
		"1 0 0 1\n[1]\n\n\n\n", "1 0 0\n\n\n\n\n", `[["t/0",1,0,"lost",1,"b",""]]`, `["ana",1,"ben",-1]`, `[9223372036854775808]`,
		strings.Repeat("[", 100_000), `["` + strings.Repeat(`\`, 1001) + `"]`, "[" + strings.Repeat("0,", 50_000) + "0]", "[0,1]", "ana\n0\nL-1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		require.LessOrEqual(t, redisledger.ReadAll(text), 10)
		for _, again := range []func(string) (string, error){redisledger.Rewritten, redisledger.BookAgain, redisledger.HeldAgain} {
			once, err := again(text)
			if err != nil {
				continue
			}
			twice, err := again(once)
			require.NoError(t, err)
			require.Equal(t, once, twice)
		}
	})
}
