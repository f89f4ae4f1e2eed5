package deploy_test

import (
	"encoding/json"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// scrapeLabels are those that Prometheus adds to series, and to alerts.
var scrapeLabels = []string{"instance", "job", "alertname", "alertstate"}

// dashboards are those of Grafana by file.
func dashboards(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("grafana/dashboards/*.json")
	require.NoError(t, err)
	require.Len(t, paths, 2, "one for who is on call, one for revenue operations")
	files := map[string]string{}
	for _, path := range paths {
		files[path] = read(t, path)
	}
	return files
}

func TestDashboardsQueryWhatIsExported(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for path, text := range dashboards(t) {
		var dashboard any
		require.NoError(t, json.Unmarshal([]byte(text), &dashboard), path)
		exprs := values(dashboard, "expr")
		require.NotEmpty(t, exprs, path)
		for _, expr := range exprs {
			for _, name := range checkQuery(t, expr) {
				shown[name] = true
			}
		}
	}
	for name := range metrics {
		require.True(t, shown[name], "%s is on no panel", name)
	}
}

func TestDashboardPanelsDoNotOverlap(t *testing.T) {
	t.Parallel()
	for path, text := range dashboards(t) {
		var dashboard struct {
			Panels []struct {
				ID      int
				Title   string
				GridPos struct{ X, Y, W, H int }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(text), &dashboard), path)
		ids, cells := map[int]string{}, map[[2]int]string{}
		for _, p := range dashboard.Panels {
			require.NotContains(t, ids, p.ID, p.Title)
			ids[p.ID] = p.Title
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				require.Less(t, x, 24, p.Title)
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					require.NotContains(t, cells, [2]int{x, y}, p.Title)
					cells[[2]int{x, y}] = p.Title
				}
			}
		}
	}
}

// That the rules parse, fire and have a runbook each is tested in deploy/alerts.
func TestAlertsQueryWhatIsExported(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Record, Expr, For string
				Labels, Annotations      map[string]string
			}
		}
	}
	decode(t, "prometheus/alerts.yml", &file)
	require.NotEmpty(t, file.Groups)
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			require.NotEmpty(t, checkQuery(t, rule.Expr), rule.Alert+rule.Record)
			if rule.Record != "" {
				require.Contains(t, recorded, rule.Record)
			}
		}
	}
}

func TestPrometheusFindsTheRoles(t *testing.T) {
	t.Parallel()
	var config struct {
		Global struct {
			ScrapeInterval     string `yaml:"scrape_interval"`
			EvaluationInterval string `yaml:"evaluation_interval"`
		}
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			JobName string `yaml:"job_name"`
			DNS     []struct {
				Names           []string
				Type            string
				Port            string
				RefreshInterval string `yaml:"refresh_interval"`
			} `yaml:"dns_sd_configs"`
			Relabel []struct {
				Source []string `yaml:"source_labels"`
				Target string   `yaml:"target_label"`
			} `yaml:"relabel_configs"`
		} `yaml:"scrape_configs"`
	}
	decode(t, "prometheus/prometheus.yml", &config)
	for _, name := range config.RuleFiles {
		require.FileExists(t, "prometheus/"+name)
	}
	// What is usual is learned from three weeks.
	prometheus := strings.Join(compose(t).Services["prometheus"].Command, " ")
	kept, err := strconv.Atoi(find(t, prometheus, `retention\.time=(\d+)d`))
	require.NoError(t, err)
	require.Greater(t, kept, 22)
	var found []string
	for _, target := range config.ScrapeConfigs[0].DNS {
		for _, name := range target.Names {
			role, ok := roles(t)[name]
			require.True(t, ok, "no service %s", name)
			_, port, err := net.SplitHostPort(*role.Environment["LEADROUTER_METRICS"])
			require.NoError(t, err)
			require.Equal(t, port, target.Port, name)
			found = append(found, name)
		}
	}
	for name, role := range roles(t) {
		if role.Command[0] != "topics" { // it ends before it could be scraped
			require.Contains(t, found, name)
		}
	}
}

func TestGrafanaReadsWhatIsMounted(t *testing.T) {
	t.Parallel()
	var providers struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type string
			Options    struct{ Path string }
		}
	}
	decode(t, "grafana/provisioning/dashboards/leadrouter.yml", &providers)
	var targets []string
	for _, volume := range compose(t).Services["grafana"].Volumes {
		targets = append(targets, volume.Target)
	}
	require.Contains(t, targets, providers.Providers[0].Options.Path)

	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, URL string
			IsDefault            bool           `yaml:"isDefault"`
			JSONData             map[string]any `yaml:"jsonData"`
		}
	}
	decode(t, "grafana/provisioning/datasources/prometheus.yml", &sources)
	for path, text := range dashboards(t) {
		var dashboard any
		require.NoError(t, json.Unmarshal([]byte(text), &dashboard), path)
		for _, uid := range values(object(dashboard, "panels"), "uid") {
			require.Equal(t, sources.Datasources[0].UID, uid, path)
		}
	}
}

func TestCheckQueryFindsMistakes(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"leadrouter_ready"}, problems(`leadrouter_ready{instance="a"}`).names)
	require.Equal(t, []string{"leadrouter_batch_records"}, problems(`rate(leadrouter_batch_records_bucket[1m])`).names)
	for _, wrong := range []string{
		`leadrouter_lead_total`,
		`leadrouter_ready_bucket`,
		`leadrouter_batch_records`,
		`sum by (outcom) (leadrouter_leads_total)`,
		`leadrouter_leads_total{topic="a"}`,
	} {
		require.NotEmpty(t, problems(wrong).wrong, wrong)
	}
}

// checkQuery fails the test when the query uses a metric or a label that no process
// exports. It returns the names of the metrics.
func checkQuery(t *testing.T, query string) []string {
	t.Helper()
	found := problems(query)
	require.Empty(t, found.wrong, query)
	return found.names
}

// queried is what a query uses: metrics, and what is wrong with it.
type queried struct{ names, wrong []string }

var (
	metricPattern = regexp.MustCompile(`leadrouter[_:][a-z_:]+`)
	seriesPattern = regexp.MustCompile(`_(bucket|count|sum)$`)
	byPattern     = regexp.MustCompile(`by \(([a-z_, ]+)\)`)
	matchPattern  = regexp.MustCompile(`([a-z_]+)(?:=~|!~|!=|=)"`)
)

// problems reads a PromQL query as far as names go.
func problems(query string) queried {
	var q queried
	labels := slices.Clone(scrapeLabels)
	for _, series := range metricPattern.FindAllString(query, -1) {
		name := seriesPattern.ReplaceAllString(series, "")
		m, ok := metrics[name]
		if !ok {
			m, ok = recorded[name]
		}
		if !ok || m.histogram == (name == series) {
			q.wrong = append(q.wrong, "series "+series)
		}
		if m.histogram {
			labels = append(labels, "le")
		}
		labels = append(labels, m.labels...)
		q.names = append(q.names, name)
	}
	var used []string
	for _, by := range byPattern.FindAllStringSubmatch(query, -1) {
		used = append(used, strings.Split(by[1], ", ")...)
	}
	for _, match := range matchPattern.FindAllStringSubmatch(query, -1) {
		used = append(used, match[1])
	}
	for _, label := range used {
		if !slices.Contains(labels, label) {
			q.wrong = append(q.wrong, "label "+label)
		}
	}
	return q
}

// values returns the strings under a key, anywhere in a decoded JSON document.
func values(document any, key string) []string {
	var found []string
	switch node := document.(type) {
	case map[string]any:
		for k, v := range node {
			if text, ok := v.(string); ok && k == key {
				found = append(found, text)
			}
			found = append(found, values(v, key)...)
		}
	case []any:
		for _, v := range node {
			found = append(found, values(v, key)...)
		}
	}
	return found
}

// object returns the value under a key of a decoded JSON object.
func object(document any, key string) any {
	fields, _ := document.(map[string]any)
	return fields[key]
}

// decode reads a YAML file and refuses keys that the type does not name.
func decode(t *testing.T, path string, into any) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(read(t, path)))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(into), path)
}
