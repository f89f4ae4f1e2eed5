package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// TestHalfLife: points fade with the age of the lead, those of the other half do not.
func TestHalfLife(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
policy: x
reps: {ana: {}}
score:
  fit: {points: [{30: company.employees >= 50}]}
  intent: {points: [{80: source == "event"}, {-8: email_free}], bands: {low: <30, high: rest}, half_life: 14d}
rules: [{name: a, to: all}]
`)})
	require.NotNil(t, p, "%v", issues)
	require.Contains(t, p.Uses(), "created_at", "an audit needs it")
	tests := []struct {
		name   string
		age    time.Duration
		want   int64
		intent string
	}{
		{"new", 0, 110, "high"},
		{"a moment", 2 * time.Second, 110, "high"},
		{"from the future", -time.Hour, 110, "high"},
		{"half way", 7 * 24 * time.Hour, 90, "high"},
		{"one half-life", 14 * 24 * time.Hour, 70, "high"},
		{"two", 28 * 24 * time.Hour, 50, "low"},
		{"years", 20 * 365 * 24 * time.Hour, 30, "low"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := p.Bind(lead.Facts{
				"source": "event", "company.employees": int64(80), "created_at": monday.Add(-tt.age).Format(time.RFC3339Nano),
			}, monday)
			score, _ := b.Value("score")
			require.Equal(t, tt.want, score)
			require.Equal(t, tt.intent, b.Text("intent"))
		})
	}
	undated := p.Bind(lead.Facts{"source": "event", "email_free": true}, monday)
	score, _ := undated.Value("score")
	require.Equal(t, int64(72), score)
}
