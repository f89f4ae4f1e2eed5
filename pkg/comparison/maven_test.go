package comparison_test

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/simulate"
)

// maven is real sales history: deals of a company, its agents in their teams.
type maven struct{ agents, deals []map[string]string }

// readMaven reads it from the shared data; the test is skipped where there is none.
func readMaven(t *testing.T) maven {
	t.Helper()
	shared := os.Getenv("LEADROUTER_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "data", "maven-crm")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no sales history (set LEADROUTER_SHARED): ", err)
	}
	return maven{agents: table(t, filepath.Join(dir, "sales_teams.csv")), deals: table(t, filepath.Join(dir, "sales_pipeline.csv.gz"))}
}

func table(t *testing.T, file string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	r := csv.NewReader(f)
	if strings.HasSuffix(file, ".gz") {
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		r = csv.NewReader(z)
	}
	all, err := r.ReadAll()
	require.NoError(t, err)
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func idOf(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "-")) }

// policy of these agents, with rules.
func (m maven) policy(t *testing.T, version, rules string) *policy.Policy {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "policy: maven\nversion: %s\nteams:\n", version)
	managers := map[string]string{}
	for _, a := range m.agents {
		managers[idOf(a["manager"])] = a["manager"]
	}
	ids := make([]string, 0, len(managers))
	for id := range managers {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(&b, "  team-%s: {manager: %s}\n", id, id)
	}
	b.WriteString("reps:\n")
	for _, id := range ids {
		fmt.Fprintf(&b, "  %s: {name: %s}\n", id, managers[id])
	}
	for _, a := range m.agents {
		fmt.Fprintf(&b, "  %s: {name: %s, team: team-%s, region: %s}\n", idOf(a["sales_agent"]), a["sales_agent"], idOf(a["manager"]), a["regional_office"])
	}
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(b.String() + rules)})
	require.NotNil(t, p, "%v", issues)
	return p
}

// history of the deals: each is a lead of its day, closed when the deal was.
func (m maven) history(t *testing.T) *simulate.History {
	t.Helper()
	h := simulate.NewHistory()
	for i, d := range m.deals {
		engaged, err := time.Parse(time.DateOnly, d["engage_date"])
		if err != nil {
			continue // prospects are not with anybody yet
		}
		// The day is all that is known: deals of a day come one after the other.
		engaged = engaged.Add(9*time.Hour + time.Duration(i%480)*time.Minute)
		l := lead.Lead{ID: d["opportunity_id"], Product: strings.ReplaceAll(d["product"], " ", "")}
		if value, err := strconv.ParseFloat(d["close_value"], 64); err == nil {
			l.DealValue = &value
		}
		h.Arrive(l, engaged)
		if closed, err := time.Parse(time.DateOnly, d["close_date"]); err == nil {
			h.Happen(event.Activity{LeadID: l.ID, Activity: ledger.Closed, At: closed.Add(18 * time.Hour)})
		}
	}
	h.Sort()
	return h
}
