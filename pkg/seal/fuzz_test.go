package seal_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/seal"
)

// FuzzChain: what stands in the topic of seals is a seal of the chain, or an error that says so;
// and nothing is taken for a seal that is not the one behind the last.
func FuzzChain(f *testing.F) {
	m := seal.NewMaker(seal.Link{})
	m.Add(seal.Record{Partition: 1, Offset: 5, Value: []byte("v")})
	first, err := json.Marshal(m.Seal(1, time.UnixMilli(0)))
	require.NoError(f, err)
	f.Add(first, []byte(`{}`))
	f.Add([]byte(`null`), first)
	f.Add([]byte(`{"number":1,"count":-1,"stretches":[{"partition":-1,"from":9223372036854775807,"to":-1,"blocks":[{"count":9223372036854775807}]}]}`), []byte(`[]`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		var chain seal.Chain
		checker := seal.NewChecker()
		for _, data := range [][]byte{one, two} {
			before := chain.Last()
			s, err := chain.Add(data)
			if err != nil {
				require.ErrorIs(t, err, seal.ErrChain)
				continue
			}
			require.Equal(t, before.Number+1, s.Number)
			require.Len(t, chain.Last().Digest, 64)
			checker.Expect(s)
		}
		checker.Add(seal.Record{Partition: 1, Offset: 5, Value: one})
	})
}
