package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"leadrouter/pkg/ledger"
)

// Health is what a process says of itself on /readyz: ready when every part it
// waits for has reported in and none has a complaint.
type Health struct {
	mu    sync.Mutex
	parts map[string]string // complaint by part, "" = fine
	kinds map[string]kind
	gauge prometheus.Gauge
}

// kind is what an operator has to do about a part.
type kind int

const (
	starting kind = iota
	fine
	silent   // wait, or mend the service
	replaced // rebuild the ledger
)

func kindOf(err error) kind {
	switch {
	case err == nil:
		return fine
	case errors.Is(err, ledger.ErrEpoch):
		return replaced
	default:
		return silent
	}
}

// NewHealth waits for the named parts. The gauge leadrouter_ready follows it.
func NewHealth(reg prometheus.Registerer, parts ...string) *Health {
	h := &Health{
		parts: make(map[string]string, len(parts)),
		kinds: make(map[string]kind, len(parts)),
		gauge: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "leadrouter_ready",
			Help: "1 while this process can do its work.",
		}),
	}
	for _, p := range parts {
		h.parts[p] = "starting"
	}
	reg.MustRegister(h.gauge)
	return h
}

// Set reports on a part: nil when it is fine. It tells whether that is news: errors
// of one kind differ in ports and counts, which are none.
func (h *Health) Set(part string, err error) bool {
	text := ""
	if err != nil {
		text = err.Error()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	news := h.kinds[part] != kindOf(err)
	h.parts[part], h.kinds[part] = text, kindOf(err)
	ready := 1.0
	for _, complaint := range h.parts {
		if complaint != "" {
			ready = 0
		}
	}
	h.gauge.Set(ready)
	return news
}

// Complaints are the parts that are not fine, with their reasons.
func (h *Health) Complaints() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	bad := map[string]string{}
	for part, complaint := range h.parts {
		if complaint != "" {
			bad[part] = complaint
		}
	}
	return bad
}

// ServeHTTP answers 200 when ready and 503 with the complaints otherwise.
func (h *Health) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	bad := h.Complaints()
	w.Header().Set("Content-Type", "application/json")
	if len(bad) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"ready": len(bad) == 0, "waiting_for": bad})
}

// ServeMetrics serves /metrics, /healthz and /readyz on addr until ctx ends. An
// empty addr serves nothing.
func ServeMetrics(ctx context.Context, addr string, reg prometheus.Gatherer, h *Health) error {
	if addr == "" {
		<-ctx.Done()
		return nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return Usage(fmt.Errorf("--metrics %s: %w", addr, err))
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.Handle("GET /readyz", h)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}
