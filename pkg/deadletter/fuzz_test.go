package deadletter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/deadletter"
)

// FuzzParseID: what is taken for the place of a letter names one place, and is written as it
// was read but for signs and zeros that say nothing.
func FuzzParseID(f *testing.F) {
	for _, text := range []string{
		"x.lead.created.dlq/3/17", "a/0/0", "//", "a/-1/-1", "a/2147483648/0", "a/1/9223372036854775808", "a/+1/+2", "a/01/0x2", "a/1/2/3", "\xff/1/2",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := deadletter.ParseID(text)
		if err != nil {
			require.ErrorContains(t, err, "is no dead letter")
			return
		}
		again, err := deadletter.ParseID(id.String())
		require.NoError(t, err)
		require.Equal(t, id, again)
	})
}
