package alerts

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"gopkg.in/yaml.v3"
)

const rulesFile = "../prometheus/alerts.yml"

func load(t *testing.T) *rulefmt.RuleGroups {
	t.Helper()
	groups, errs := rulefmt.ParseFile(rulesFile, false)
	for _, err := range errs {
		t.Error(err)
	}
	if len(errs) > 0 {
		t.FailNow()
	}
	return groups
}

// testFile is a file of promtool's unit tests, as far as ours go.
type testFile struct {
	RuleFiles []string       `yaml:"rule_files"`
	Every     model.Duration `yaml:"evaluation_interval"`
	Tests     []struct {
		Name     string
		Interval model.Duration
		Input    []struct{ Series, Values string } `yaml:"input_series"`
		Exprs    []expected                        `yaml:"promql_expr_test"`
	}
}

type expected struct {
	Expr    string
	At      model.Duration `yaml:"eval_time"`
	Samples []struct {
		Labels string
		Value  float64
	} `yaml:"exp_samples"`
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// tests are all that lie beside the rules, by file.
func tests(t *testing.T) map[string]testFile {
	t.Helper()
	paths, err := filepath.Glob("../prometheus/tests/*.yml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	files := map[string]testFile{}
	for _, path := range paths {
		var file testFile
		decoder := yaml.NewDecoder(bytes.NewReader(read(t, path)))
		decoder.KnownFields(true)
		if err := decoder.Decode(&file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, name := range file.RuleFiles {
			if filepath.Join(filepath.Dir(path), name) != filepath.Clean(rulesFile) {
				t.Errorf("%s tests %s", path, name)
			}
		}
		files[path] = file
	}
	return files
}

func TestAlertsFireAndStaySilent(t *testing.T) {
	t.Parallel()
	groups := load(t)
	for path, file := range tests(t) {
		for _, test := range file.Tests {
			t.Run(filepath.Base(path)+"/"+test.Name, func(t *testing.T) {
				t.Parallel()
				m := newMemory()
				for _, input := range test.Input {
					fill(t, m, input.Series+" "+input.Values, time.Duration(test.Interval))
				}
				last := time.Duration(0)
				for _, e := range test.Exprs {
					last = max(last, time.Duration(e.At))
				}
				r := newRules(m, groups.Groups)
				for now := time.Duration(0); now <= last; now += time.Duration(file.Every) {
					if err := r.evaluate(t.Context(), now); err != nil {
						t.Fatal(err)
					}
					for _, e := range test.Exprs {
						if time.Duration(e.At) == now {
							compare(t, m, e)
						}
					}
				}
			})
		}
	}
}

// fill adds the points that a series is described by, such as `up{} 0+1x5 _x3`.
func fill(t *testing.T, m *memory, text string, every time.Duration) {
	t.Helper()
	l, points, err := parser.ParseSeriesDesc(text)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range points {
		if !p.Omitted {
			m.add(l, time.Duration(i)*every, p.Value)
		}
	}
}

func compare(t *testing.T, m *memory, want expected) {
	t.Helper()
	vector, err := m.query(t.Context(), want.Expr, time.Duration(want.At))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, sample := range vector {
		got[sample.Metric.String()] = sample.F
	}
	for _, sample := range want.Samples {
		l, err := parser.ParseMetric(sample.Labels)
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := got[l.String()]; !ok || v != sample.Value {
			t.Errorf("at %s: %s is %v, want %v; all: %v", want.At, sample.Labels, v, sample.Value, got)
		}
		delete(got, l.String())
	}
	for l, v := range got {
		t.Errorf("at %s: %s is %v, which nobody expects", want.At, l, v)
	}
}

// A test that says nothing of an alert that fires would be no test of it.
func TestEveryAlertIsExpectedSomewhere(t *testing.T) {
	t.Parallel()
	expects := map[string]bool{}
	name := regexp.MustCompile(`alertname="(\w+)"`)
	for _, file := range tests(t) {
		for _, test := range file.Tests {
			for _, e := range test.Exprs {
				for _, sample := range e.Samples {
					if found := name.FindStringSubmatch(sample.Labels); found != nil {
						expects[found[1]] = true
					}
				}
			}
		}
	}
	each(t, func(rule rulefmt.Rule) {
		if !expects[rule.Alert] {
			t.Errorf("no test expects %s", rule.Alert)
		}
	})
}

// each alert, in its order.
func each(t *testing.T, do func(rulefmt.Rule)) {
	t.Helper()
	for _, group := range load(t).Groups {
		for _, rule := range group.Rules {
			if rule.Alert != "" {
				do(rule)
			}
		}
	}
}

// Who is called at night must find what to do.
func TestEveryAlertHasItsRunbook(t *testing.T) {
	t.Parallel()
	guide := string(read(t, "../../docs/operations.md"))
	section := func(name string) string {
		_, text, _ := strings.Cut(guide, "\n#### "+name+"\n")
		text, _, _ = strings.Cut(text, "\n#")
		return text
	}
	named := map[string]bool{}
	each(t, func(rule rulefmt.Rule) {
		named[rule.Alert] = true
		severity := rule.Labels["severity"]
		if severity != "page" && severity != "ticket" {
			t.Errorf("%s: severity %q", rule.Alert, severity)
		}
		if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("%s has no summary or no description", rule.Alert)
		}
		if want := "docs/operations.md#" + strings.ToLower(rule.Alert); rule.Annotations["runbook_url"] != want {
			t.Errorf("%s: runbook_url %q, want %q", rule.Alert, rule.Annotations["runbook_url"], want)
		}
		for _, part := range []string{"**Users:**", "**Look:**", "**Do:**"} {
			if !strings.Contains(section(rule.Alert), part) {
				t.Errorf("docs/operations.md does not say %s of %s", part, rule.Alert)
			}
		}
		if !strings.Contains(guide, "| ["+rule.Alert+"](#"+strings.ToLower(rule.Alert)+") | "+severity+" |") {
			t.Errorf("the list of alerts in docs/operations.md lacks %s, or says another severity", rule.Alert)
		}
	})
	for _, heading := range regexp.MustCompile(`(?m)^#### (Leadrouter\w+)$`).FindAllStringSubmatch(guide, -1) {
		if !named[heading[1]] {
			t.Errorf("docs/operations.md has a runbook of %s, which is no alert", heading[1])
		}
	}
}

// Variables of Grafana, as a query has them when it is sent.
var grafana = strings.NewReplacer("$__rate_interval", "1m", "$__interval", "1m", "$__range", "1h", "$instance", "a")

func TestDashboardsParse(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../grafana/dashboards/*.json")
	if err != nil || len(paths) < 2 {
		t.Fatalf("dashboards: %v %v", paths, err)
	}
	for _, path := range paths {
		var dashboard struct {
			Panels []struct {
				Title, Type, Description string
				Targets                  []struct{ Expr string }
				FieldConfig              struct{ Defaults struct{ Unit string } }
			}
		}
		if err := json.Unmarshal(read(t, path), &dashboard); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, panel := range dashboard.Panels {
			place := filepath.Base(path) + ", " + panel.Title
			if panel.Type == "row" || panel.Type == "text" {
				continue
			}
			if panel.Title == "" || len(panel.Targets) == 0 {
				t.Errorf("%s: no title, or no query", place)
			}
			if panel.Type != "table" && panel.Type != "state-timeline" && panel.FieldConfig.Defaults.Unit == "" {
				t.Errorf("%s: no unit", place)
			}
			for _, target := range panel.Targets {
				if _, err := parser.ParseExpr(grafana.Replace(target.Expr)); err != nil {
					t.Errorf("%s: %v", place, err)
				}
			}
		}
	}
}
