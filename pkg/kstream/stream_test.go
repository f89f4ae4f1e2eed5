package kstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPingTellsWhetherABrokerAnswers(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	stream, _ := k.run(&stub{to: k.out})
	require.Eventually(t, stream.Ready, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, stream.Ping(t.Context()))

	k.cluster.Close()
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return stream.Ping(ctx) != nil
	}, 20*time.Second, 50*time.Millisecond)
}
