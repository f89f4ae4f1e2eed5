package policy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
)

func TestLoadOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	_, _, err := policy.Load("testdata/nowhere")
	require.ErrorIs(t, err, os.ErrNotExist)
	folder := t.TempDir()
	_, _, err = policy.Load(folder)
	require.ErrorAs(t, err, new(policy.Issues))
	require.ErrorContains(t, err, folder+": there is no policy here")
	notes := filepath.Join(folder, "notes.md")
	require.NoError(t, os.WriteFile(notes, []byte("policy: one\n"), 0o600))
	_, _, err = policy.Load(notes)
	require.ErrorContains(t, err, "notes.md is no *.yaml file", "nobody could read it once it is published")
}

// One file is a policy of its own; CSV files are found beside it.
func TestLoadOfOneFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	write("reps.csv", "\ufeffid,name,language\r\nana,\"Ana, of Porto\", es  pt \r\nben,,\r\n")
	write("other.yaml", "policy: another\nreps: {carl: {}}\nrules: [{name: rest, to: all}]\n")
	p, issues, err := policy.Load(write("one.yaml", "policy: one\nreps: reps.csv\nrules: [{name: rest, to: all}]\n"))
	require.NoError(t, err)
	require.Empty(t, issues)
	require.Equal(t, "one", p.Name)
	require.Equal(t, []string{"es", "pt"}, p.Reps[0].Columns["language"])
	require.Equal(t, "Ana, of Porto", p.Reps[0].Name)
	require.Equal(t, "ben", p.Reps[1].Name, "the id, when there is no name")
	_, known := p.Reps[1].Columns["language"]
	require.False(t, known, "an empty cell says nothing")
	require.Empty(t, p.Reps[1].Columns["language"])
}

// What a policy says it was read from gives the same policy again.
func TestFilesOfAPolicy(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"policy.yaml": "policy: one\nreps: reps.csv\nrules: [{name: rest, to: all}]\n",
		"reps.csv":    "id\nana\n",
		"unused.csv":  "id\nben\n",
		"notes.txt":   "not of the policy",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	loaded, _, err := policy.Load(folder)
	require.NoError(t, err)
	require.Len(t, loaded.Files, 2)
	parsed, issues := policy.Parse(loaded.Files)
	require.Empty(t, issues)
	require.Equal(t, loaded.Hash, parsed.Hash)
}

func TestWarningsDoNotRefuse(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{"p.yml": []byte("policy: p\nreps: {ana: {}}\npools: {x: {who: all}}\nrules: [{name: rest, to: all}]\n")})
	require.NotNil(t, p)
	require.Len(t, issues, 1)
	require.Equal(t, policy.Warning, issues[0].Severity)
	require.NoError(t, issues.Err())
}
