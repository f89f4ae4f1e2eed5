package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// A record waits some seconds for its lead, then until all that was published by then has been
// read, however long that takes.
func TestArrivals(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC))
	asked, read := 0, false
	a := &arrivals{clock: now, waits: map[place]*wait{}, backlog: func() *backlog {
		asked++
		return &backlog{clock: now, done: read}
	}}
	may := func(r *kstream.Record) bool {
		yes, err := a.May(t.Context(), r)
		require.NoError(t, err)
		return yes
	}
	r := &kstream.Record{Topic: "lead.command", Offset: 7}
	require.True(t, may(r))
	now.Advance(patience - time.Millisecond)
	require.True(t, may(r))
	require.Zero(t, asked)
	require.True(t, may(&kstream.Record{Topic: "lead.command", Offset: 8}), "each waits for itself")
	now.Advance(time.Millisecond)
	read = true
	require.False(t, may(r), "all leads are read")
	require.Equal(t, 1, asked)
	require.NotContains(t, a.waits, place{kstream.PartitionOf(r), 7})

	for i := range 2 * manyWaits {
		require.True(t, may(&kstream.Record{Topic: fmt.Sprint(i)}))
		now.Advance(time.Second)
	}
	require.Less(t, len(a.waits), manyWaits+61, "what nobody asks about is forgotten")
}
