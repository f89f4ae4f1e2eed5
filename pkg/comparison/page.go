package comparison

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"

	"leadrouter/pkg/simulate"
)

//go:embed page.html
var pageSource string

// Page writes a comparison as one HTML page that needs nothing else: for sales managers,
// who read no YAML. moved is how many leads end elsewhere; the page lists those of
// c.Leads.
func Page(w io.Writer, c *Comparison, moved int) error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"grouped": grouped, "money": money, "signed": signed, "percent": percent, "policy": policyName, "day": day,
	}).Parse(pageSource)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	if err := page.Execute(w, newView(c, moved)); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// view is what the page shows.
type view struct {
	*Comparison
	Moved    int
	Share    float64 // of all leads
	Headline string
	Answers  []answer // to what a manager asks
	RepBars  []repBar
	WhyBars  []whyBar
	Targets  []target
	More     int // leads that are not listed
	Same     bool
}

// answer is one question and what the figures say.
type answer struct {
	Question string
	Now      string
	Draft    string
	Verdict  string // in words
	Tone     string // good, bad, even: how it is painted
	Estimate string
}

// repBar is a rep's leads under both policies, widths in percent of the widest.
type repBar struct {
	Rep
	NowWidth, DraftWidth float64
}

type whyBar struct {
	Why
	Width float64
}

// target is how an SLA's targets are kept, in percent.
type target struct {
	Name         string
	Now, Draft   float64
	Low, High    float64 // of the draft
	Count        int
	Estimate     bool
	LowX, RangeX float64 // where the range is drawn
}

func newView(c *Comparison, moved int) *view {
	v := &view{Comparison: c, Moved: moved, Same: moved == 0, More: moved - len(c.Leads)}
	v.Share = 100 * float64(moved) / float64(max(c.Now.Leads, 1))
	v.Headline = v.headline()
	for _, f := range c.Figures {
		if a, ok := answerOf(f); ok {
			v.Answers = append(v.Answers, a)
		}
	}
	v.bars()
	v.targets()
	return v
}

func (v *view) headline() string {
	if v.Same {
		return "Every lead would have the same owner as under the policy of today."
	}
	return fmt.Sprintf("%s of %s leads (%.1f %%) would have another owner.", grouped(v.Moved), grouped(v.Now.Leads), v.Share)
}

// bars are drawn to the widest of both policies.
func (v *view) bars() {
	widest := 1
	for _, r := range v.Reps {
		widest = max(widest, r.Now.Leads, r.Draft.Leads)
	}
	width := func(n int) float64 { return 100 * float64(n) / float64(widest) }
	for _, r := range v.Reps {
		if r.Now.Given+r.Draft.Given > 0 {
			v.RepBars = append(v.RepBars, repBar{r, width(r.Now.Leads), width(r.Draft.Leads)})
		}
	}
	for _, w := range v.Why {
		v.WhyBars = append(v.WhyBars, whyBar{w, 100 * float64(w.Leads) / float64(max(v.Moved, 1))})
	}
}

func (v *view) targets() {
	for _, f := range v.Figures {
		if f.Unit != Percent {
			continue
		}
		t := target{
			Name: strings.TrimSuffix(strings.TrimPrefix(f.Name, "SLA "), ", targets met"), Now: f.Now, Draft: f.Draft, Estimate: f.Estimate,
			Low: clamp(f.Now + f.Low), High: clamp(f.Now + f.High),
		}
		for _, s := range v.Draft.SLAs {
			if s.Name == t.Name {
				t.Count = s.Met + s.Missed
			}
		}
		t.LowX, t.RangeX = t.Low, t.High-t.Low
		v.Targets = append(v.Targets, t)
	}
}

func clamp(percent float64) float64 { return min(max(percent, 0), 100) }

// answerOf puts a figure into words. SLAs have a chart of their own.
func answerOf(f Figure) (a answer, ok bool) {
	if f.Unit == Percent || f.Name == Elsewhere {
		return a, false
	}
	a = answer{Now: worth(f, f.Now), Draft: worth(f, f.Draft), Tone: "even", Verdict: "no change"}
	a.Question = map[string]string{
		WaitedP95:  "How long do leads wait that find nobody free? (19 of 20 wait less)",
		StillWaits: "How many leads still wait at the end?",
		InReview:   "How many leads are left for a person to decide?",
		OverCap:    "How many leads are given to somebody who is full? (only where the policy says so)",
		FullCaps:   "How often does a lead fill somebody up?",
		LargestOwe: fmt.Sprintf("How uneven do turns get? (in leads; never more than %.1f)", f.Bound),
	}[f.Name]
	sure := f.Low > 0 || f.High < 0
	switch {
	case f.Change() == 0 && f.Low == f.High:
	case !sure:
		a.Verdict = "no reliable difference"
	case f.Change() < 0:
		a.Verdict, a.Tone = "less", "good"
	default:
		a.Verdict, a.Tone = "more", "bad"
	}
	if f.Low != f.High {
		a.Estimate = fmt.Sprintf("estimate: between %s and %s", signedWorth(f, f.Low), signedWorth(f, f.High))
	}
	return a, a.Question != ""
}

func worth(f Figure, v float64) string {
	switch f.Unit {
	case Seconds:
		return span(time.Duration(v * float64(time.Second)))
	case Turns:
		return fmt.Sprintf("%.1f", v)
	default:
		return grouped(int(math.Round(v)))
	}
}

func signedWorth(f Figure, v float64) string {
	sign := "+"
	if v < 0 {
		sign, v = "−", -v
	}
	return sign + worth(f, v)
}

// span is a duration as people say it.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	case d >= time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	case d >= time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

func grouped(n int) string {
	text := fmt.Sprint(n)
	digits := strings.TrimPrefix(text, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return strings.Repeat("−", len(text)-len(strings.TrimPrefix(text, "-"))) + digits
}

func signed(n int) string {
	if n > 0 {
		return "+" + grouped(n)
	}
	return grouped(n)
}

// money of the base currency, rounded to thousands where it is much.
func money(minor int64) string {
	if whole := minor / 100; whole >= 10_000 || whole <= -10_000 {
		return grouped(int(whole/1000)) + "k"
	}
	return grouped(int(minor / 100))
}

func percent(v float64) string { return fmt.Sprintf("%.0f %%", v) }

func policyName(r *simulate.Result) string {
	name := r.Policy.Name
	if r.Policy.Version != "" {
		name += " " + r.Policy.Version
	}
	return name + " (" + r.Policy.Hash[:7] + ")"
}

func day(t time.Time) string { return t.Format("2 January 2006") }
