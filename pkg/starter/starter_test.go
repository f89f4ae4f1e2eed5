package starter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
	"leadrouter/pkg/starter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// passes checks what the package promises: no issue at all, and all tests pass.
func passes(t *testing.T, files map[string][]byte) *policy.Policy {
	t.Helper()
	p, issues := policy.Parse(files)
	require.Empty(t, issues, "%s\n%s", issues, files[starter.PolicyFile])
	report := policytest.Run(p, policytest.Config{})
	require.NotEmpty(t, report.Results)
	for _, r := range report.Results {
		require.Equal(t, policytest.Passed, r.Status, "%s\n%s", r, files[starter.PolicyFile])
	}
	return p
}

func TestStarter(t *testing.T) {
	t.Parallel()
	files, err := starter.Policy(nil, "")
	require.NoError(t, err)
	p := passes(t, files)
	require.Len(t, p.Reps, 3)
	require.Empty(t, policytest.Run(p, policytest.Config{}).Unreached, "its tests reach every rule")
}

func TestPolicyOfPeople(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ people, reps string }{
		"codes": {
			"id,name,country,language,team,level\njonas,Jonas Weber,DE AT,de en,EMEA,Senior\nana,Ana Silva,ES,es,EMEA,Mid\n",
			"id,name,country,language,team,level\njonas,Jonas Weber,DE AT,de en,emea,senior\nana,Ana Silva,ES,es,emea,mid\n",
		},
		"names": {
			"Full Name;E-Mail;Countries;Languages;Phone\nJonas Weber;jonas.weber@x.example;Germany, Austria;German, English;+49\nAna Silva;ana@x.example;United States;Español;\n",
			"id,name,country,language\njonas-weber,Jonas Weber,DE AT,de en\nana,Ana Silva,US,es\n",
		},
		"names alone": {
			"First Name,Last Name\nAna,Silva\nAna,Silva\n",
			"id,name\nana-silva,Ana Silva\nana-silva-2,Ana Silva\n",
		},
		"own columns": {
			"id,Product,Favourite Colour\nana,Core Risk / Cloud,dark blue\n",
			"id,product,favourite_colour\nana,core_risk cloud,dark_blue\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, err := starter.Policy(strings.NewReader(tc.people), "people.csv")
			require.NoError(t, err)
			require.Equal(t, tc.reps, string(files[starter.RepsFile]))
			passes(t, files)
		})
	}
}

func TestPeopleThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for people, why := range map[string]string{
		"id,country\nana,Atlantis\n":  `row 1: country "Atlantis" is not a country`,
		"id,language\nana,Klingon!\n": `row 1: language "Klingon!" is not a language`,
		"id,country\n,DE\n":           "row 1: no id, e-mail address or name",
		"id,country\n":                "there is nobody in it",
		"id,country\nana\n":           "people.csv:2: 1 cells under 2 columns",
		"":                            "the file is empty",
	} {
		_, err := starter.Policy(strings.NewReader(people), "people.csv")
		require.ErrorContains(t, err, why)
	}
}

// Tables of real teams, of people who never heard of this program.
func TestPolicyOfRealTeams(t *testing.T) {
	t.Parallel()
	shared := os.Getenv("LEADROUTER_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	for _, name := range []string{"maven-crm/sales_teams.csv", "realestate-funnel/Agents.csv"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			f, err := os.Open(filepath.Join(shared, "data", name))
			if err != nil {
				t.Skip("no shared data: ", err)
			}
			defer func() { _ = f.Close() }()
			files, err := starter.Policy(f, name)
			require.NoError(t, err)
			passes(t, files)
		})
	}
}
