package train

import (
	"fmt"
	"math"
	"time"

	"leadrouter/pkg/score"
)

// CheckConfig says when a model is due.
type CheckConfig struct {
	Now    time.Time
	MaxAge time.Duration // since its newest lead; 0: age does not matter
	// Since is when the leads begin that count as those of today; zero: with the first one
	// that the model has not learned from.
	Since time.Time
}

// Health is how a model does on leads that it has not learned from.
type Health struct {
	Leads  int      `json:"leads"`
	Shifts []Shift  `json:"shifts,omitempty"`
	Now    *Measure `json:"now,omitempty"` // nil: too few leads to tell
	// Due are the reasons to train it again; none: it holds.
	Due []string `json:"due,omitempty"`
}

// Check holds a model against leads whose outcome is known.
func Check(m *score.Model, t *Table, cfg CheckConfig) Health {
	trained := m.Trained
	if !cfg.Since.IsZero() {
		trained.Until = cfg.Since.Add(-time.Second).UTC().Format(time.RFC3339)
	}
	t = t.Slice(unseen(t, 0, trained), t.Rows())
	h := Health{Leads: t.Rows()}
	if until, err := time.Parse(time.RFC3339, m.Trained.Until); err == nil && cfg.MaxAge > 0 && cfg.Now.Sub(until) > cfg.MaxAge {
		h.Due = append(h.Due, fmt.Sprintf("its newest lead is of %s, %d days ago", until.Format(time.DateOnly), int(cfg.Now.Sub(until).Hours()/24)))
	}
	if t.Rows() < minCompared {
		return h
	}
	h.Shifts = Drift(m, t)
	for _, s := range h.Shifts {
		if s.PSI > MuchPSI {
			h.Due = append(h.Due, fmt.Sprintf("%s is not what it was: PSI %.2f, wanted at most %.2f", s.Name, s.PSI, MuchPSI))
		}
	}
	now := measure(Apply(m, t), t.Won)
	h.Now = &now
	held := float64(m.Trained.Rows) / heldBack
	rate := float64(m.Trained.Won) / float64(max(m.Trained.Rows, 1))
	if m.Trained.AUC-now.AUC > 2*math.Hypot(now.unsure(), unsure(rate*held, (1-rate)*held)) {
		h.Due = append(h.Due, fmt.Sprintf("it tells leads apart less well: AUC %.3f, %.3f when it was trained", now.AUC, m.Trained.AUC))
	}
	return h
}
