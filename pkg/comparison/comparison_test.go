package comparison_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/comparison"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/simulate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte("policy: shop\n" + text)})
	require.NotNil(t, p, "%v", issues)
	return p
}

// shop is a policy in which a test changes one thing.
const shop = `
reps:
  ana: {country: ES}
  ben: {country: US}
  carl: {country: [US, ES], open: 3}
  dora: {team: back}
teams: {back: {manager: ana}}
bands: {deal: {of: deal_value, small: <1000, large: rest}}
define: {vip: source == "referral"}
pools:
  local: {who: [ana, ben, carl], match: [country]}
  big: {who: [ana, ben]}
slas: {quick: {for: true, clock: 24x7, contacted: {target: 1h, 2h: reassign}}}
rules:
  - {name: vip, when: vip, to: review}
  - name: by-size
    table: [deal]
    rows:
      large: {to: [big]}
      any: {to: [local]}
`

var monday = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

// leads come every ten minutes, half of them large, and are closed after a while.
func leads(t *testing.T, n int) *simulate.History {
	t.Helper()
	h := simulate.NewHistory()
	for i := range n {
		country, source := []string{"ES", "US"}[i%2], []string{"webinar", "event", "referral"}[i%3]
		l, err := lead.Parse(fmt.Appendf(nil, `{"id":"L-%03d","country":%q,"source":%q,"deal_value":%d}`, i, country, source, 500*(i%4)))
		require.NoError(t, err)
		h.Arrive(l, monday.Add(time.Duration(i)*10*time.Minute))
	}
	h.Sort()
	return h
}

func replaced(t *testing.T, old, fresh string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(shop, old), old)
	return strings.Replace(shop, old, fresh, 1)
}

// TestWhy: each lead that moves is put down to the change that its plans show.
func TestWhy(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, fresh, want string }{
		{"band", "small: <1000", "small: <400", "band deal, small: <1000 -> <400"},
		{"define", `source == "referral"`, `source == "event"`, `define vip, is: source == "referral" -> source == "event"`},
		{"row", "large: {to: [big]}", "large: {to: [dora]}", "row by-size: large, to: [big, wait] -> [dora, wait]"},
		{"rule", "when: vip, to: review", "when: vip, to: nurture", "rule vip, to: [review] -> [nurture]"},
		{"pool", "big: {who: [ana, ben]}", "big: {who: [ana, carl]}", "pool big, who: [ana, ben] -> [ana, carl]"},
		{"rep", "carl: {country: [US, ES]", "carl: {country: ES", "rep carl, country: [US, ES] -> [ES]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := comparison.Run(t.Context(), leads(t, 120), parse(t, shop), parse(t, replaced(t, tt.old, tt.fresh)), comparison.Config{})
			require.NoError(t, err)
			require.NotEmpty(t, c.Leads)
			total := 0
			var reasons []string
			for _, w := range c.Why {
				total += w.Leads
				reasons = append(reasons, w.Reason)
				require.NotEqual(t, comparison.Other, w.Reason)
			}
			require.Contains(t, reasons, tt.want)
			require.Len(t, c.Leads, total, "each lead has one reason")
			for _, l := range c.Leads {
				require.NotEqual(t, l.Now, l.Draft)
				require.Contains(t, reasons, l.Why)
			}
		})
	}
}

// TestSame: a policy beside itself changes nothing, and nothing has to be repeated.
func TestSame(t *testing.T) {
	t.Parallel()
	c, err := comparison.Run(t.Context(), leads(t, 60), parse(t, shop), parse(t, shop), comparison.Config{})
	require.NoError(t, err)
	require.Empty(t, c.Leads)
	require.Empty(t, c.Changes)
	require.Zero(t, c.Repeats)
	for _, f := range c.Figures {
		require.Zero(t, f.Change(), f.Name)
		require.False(t, f.Estimate)
	}
}

// TestRepeats: what is drawn has a range that the first draw lies in; it is the same again
// with the same seed.
func TestRepeats(t *testing.T) {
	t.Parallel()
	h := leads(t, 200)
	for i := range 40 {
		at := int64(i) * 1000
		h.Answers = append(h.Answers, simulate.Answer{Rep: "ana", Since: at, First: at + int64(i)*240_000, Verb: ledger.Contacted, Contact: at + int64(i)*240_000, Until: at + 1e9})
	}
	run := func(seed uint64) *comparison.Comparison {
		c, err := comparison.Run(t.Context(), h, parse(t, shop), parse(t, replaced(t, "large: {to: [big]}", "large: {to: [dora]}")),
			comparison.Config{Repeat: 5, Simulate: simulate.Config{Seed: seed}})
		require.NoError(t, err)
		return c
	}
	c := run(1)
	require.Equal(t, 5, c.Repeats)
	ranged := 0
	for _, f := range c.Figures {
		require.LessOrEqual(t, f.Low, f.Change(), f.Name)
		require.GreaterOrEqual(t, f.High, f.Change(), f.Name)
		if f.Low < f.High {
			ranged++
			require.True(t, f.Estimate, f.Name)
		}
	}
	require.Positive(t, ranged)
	require.Equal(t, c.Figures, run(1).Figures)
	require.NotEqual(t, c.Figures, run(2).Figures)
}

func TestRunIsCalledOff(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := comparison.Run(ctx, leads(t, 60), parse(t, shop), parse(t, shop), comparison.Config{})
	require.ErrorIs(t, err, context.Canceled)
}

// TestMaven: on real deals, giving each product to its "best" agents moves leads and
// load, and no value: nothing in the data says that these agents sell more, and neither does
// the report.
func TestMaven(t *testing.T) {
	t.Parallel()
	m := readMaven(t)
	now := m.policy(t, "now", "rules: [{name: all, to: all}]\n")
	best := m.policy(t, "best", `
pools: {gtx: {who: {region: Central}}, mg: {who: {region: East}}}
rules:
  - {name: gtx, when: product.startsWith("GTX"), to: gtx}
  - {name: mg, when: product.startsWith("MG"), to: mg}
  - {name: rest, to: all}
`)
	c, err := comparison.Run(t.Context(), m.history(t), now, best, comparison.Config{})
	require.NoError(t, err)
	require.Greater(t, len(c.Leads), c.Now.Leads/2)
	var nowValue, draftValue int64
	for _, r := range c.Reps {
		nowValue += r.Now.Value
		draftValue += r.Draft.Value
	}
	require.Positive(t, nowValue)
	require.Equal(t, nowValue, draftValue, "leads are worth what they were")
	var page bytes.Buffer
	moved := len(c.Leads)
	c.Leads = c.Leads[:20]
	require.NoError(t, comparison.Page(&page, c, moved))
	text := page.String()
	require.Contains(t, text, "does not say that anybody would sell more")
	require.Contains(t, text, "Darcel Schlecht")
	require.Contains(t, text, fmt.Sprintf("The first 20 of %d", moved)[:12])
	for _, outside := range []string{"http://", "https://", "<script", "src="} {
		require.NotContains(t, text, outside, "it needs nothing else")
	}
	screenshot(t, page.Bytes())
}

// screenshot has a browser show a page, which must not be blank. LEADROUTER_SCREENSHOTS
// names a folder to keep it in.
func screenshot(t *testing.T, page []byte) {
	t.Helper()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no browser: ", err)
	}
	dir := t.TempDir()
	source, shot := filepath.Join(dir, "page.html"), filepath.Join(dir, "page.png")
	if keep := os.Getenv("LEADROUTER_SCREENSHOTS"); keep != "" {
		shot = filepath.Join(keep, "comparison.png")
	}
	require.NoError(t, os.WriteFile(source, page, 0o600))
	out, err := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--window-size=1000,3000", "--screenshot="+shot, "file://"+source).CombinedOutput()
	require.NoError(t, err, "%s", out)
	f, err := os.Open(shot)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	picture, _, err := image.Decode(f)
	require.NoError(t, err)
	colours := map[any]bool{}
	for y := 0; y < picture.Bounds().Dy(); y += 3 {
		for x := 0; x < picture.Bounds().Dx(); x += 3 {
			colours[picture.At(x, y)] = true
		}
	}
	require.Greater(t, len(colours), 20, "text and bars")
}
