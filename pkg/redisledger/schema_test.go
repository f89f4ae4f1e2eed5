package redisledger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

// A router of the release before may run beside this one and reads what it keeps. Whoever
// changes one of these texts makes a new schema of it, which the release before refuses.
func TestWhatIsKeptIsOfItsSchema(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	l := open(t, client, "n")
	r := roster(2)
	p := ledger.Partition{Topic: "leads"}
	_, err := l.Apply(t.Context(), ledger.Chunk{Batch: "router/1", Ops: []ledger.Op{
		{
			ID: ledger.OpID{Partition: p, Offset: 7}, Digest: "d1", Kind: ledger.Assign, At: 1_764_000_000_000, Lead: "L-1",
			Value: 500, Roster: r, Body: []byte(`{"engine":1}`),
			Traits: &ledger.Traits{Company: "c1", Person: []string{"e1"}, Sketch: "sk"},
			Ties:   []ledger.Tie{{Trait: "c1"}, {Trait: "e1"}},
			Steps:  []ledger.Step{{Pick: ledger.RoundRobin, Book: "closers", Members: []int32{0, 1, 2}}, {End: ledger.Waiting}},
		},
		{ID: ledger.OpID{Partition: p, Offset: 8}, Digest: "d2", Kind: ledger.Activity, At: 1_764_000_000_001, Lead: "L-1", Verb: ledger.Accepted},
	}})
	require.NoError(t, err)

	kept := map[string][]string{}
	for _, key := range server.Keys() {
		_, name, _ := strings.Cut(strings.TrimPrefix(key, "{n}:"), ":") // behind the generation
		switch server.Type(key) {
		case "string":
			value, err := server.Get(key)
			require.NoError(t, err)
			kept[name] = []string{value}
		case "list":
			kept[name], err = server.List(key)
			require.NoError(t, err)
		}
	}
	const list = `"leads/0",%d,0,"router/1","closers",1000000,"7","1",0,0,0,"","","c1 e1|sk"]` + "\t" + `{"engine":1}`
	require.Equal(t, map[string][]string{
		"bearer:c1": {"a\n0\nL-1"},
		"bearer:e1": {"a\n0\nL-1"},
		"lead:L-1":  {`["assigned",1,"a",500,0,0,1764000000000,1764000000001,0,0,0,` + fmt.Sprintf(list, 8)},
		"memo:leads/0": {
			"7 0 1 1\n" +
				`[1,1,1,1764000000000,"L-1",1,"assigned",0,"a",500,0,0,"closers",1000000,"7",0,-666666,1,500,1,1,1,"open-2","c1 e1|sk",0]` +
				"\n\n\nd1\n" + `{"engine":1}`,
			"8 0 2 0\n" +
				`{"sequence":2,"floor":1,"epoch":1,"at":1764000000001,"effect":"noted","lead":"L-1","attempt":1,"outcome":"assigned",` +
				`"rep":"a","value":500,"verb":"accepted","marks":{"step":0,"since":1764000000000,"accepted":1764000000001,"contacted":0,"qualified":0}}` +
				"\n\n" + `["assigned",1,"a",500,0,0,1764000000000,0,0,0,0,` + fmt.Sprintf(list, 7) + "\nd2\n",
		},
	}, kept)
}
