package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/app"
	"leadrouter/pkg/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReadyTellsTheTruth(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	health := app.NewHealth(reg, "kafka", "redis")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := listener.Addr().String()
	require.NoError(t, listener.Close())

	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- app.ServeMetrics(ctx, addr, reg, health) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) (int, string) {
		response, err := client.Get("http://" + addr + path)
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body)
	}
	require.Eventually(t, func() bool { code, _ := get("/healthz"); return code == http.StatusOK }, 5*time.Second, 10*time.Millisecond)

	code, body := get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code, "nobody has reported in")
	require.Contains(t, body, `"redis":"starting"`)

	require.True(t, health.Set("kafka", nil))
	require.True(t, health.Set("redis", errors.New("no answer")))
	require.False(t, health.Set("redis", errors.New("no answer from port 1234")), "no news")
	require.True(t, health.Set("redis", fmt.Errorf("open: %w", ledger.ErrEpoch)), "that calls for something else")
	require.True(t, health.Set("redis", errors.New("no answer")))
	code, body = get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, body, "no answer")

	health.Set("redis", nil)
	code, _ = get("/readyz")
	require.Equal(t, http.StatusOK, code)
	_, body = get("/metrics")
	require.Contains(t, body, "leadrouter_ready 1")

	cancel()
	require.NoError(t, <-served)
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for code, err := range map[int]error{
		app.ExitOK:          app.No(nil),
		app.ExitNo:          app.No(cause),
		app.ExitUsage:       fmt.Errorf("wrapped: %w", app.Usage(cause)),
		app.ExitUnreachable: app.Unreachable(cause),
	} {
		require.Equal(t, code, app.ExitCode(err))
	}
	require.ErrorIs(t, app.Usage(cause), cause)
	require.Equal(t, app.ExitNo, app.ExitCode(cause))
}
