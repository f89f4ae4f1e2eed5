package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/rights"
)

// TestTheRightsInTheDocs: docs/security.md shows what the command prints.
func TestTheRightsInTheDocs(t *testing.T) {
	t.Parallel()
	c := &command{}
	require.Zero(t, c.run(t.Context(), "rights", "--instance", "acme"), c.err.String())
	const file, begin, end = "../../docs/security.md", "-update -->\n```\n", "```\n<!-- end of rights -->"
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), begin)
	require.True(t, found)
	listed, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(before+begin+c.out.String()+end+after), 0o600))
		return
	}
	require.Equal(t, c.out.String(), listed, "run this test with -update")
}

func TestRightsOfOneRole(t *testing.T) {
	t.Parallel()
	c := &command{}
	require.Zero(t, c.run(t.Context(), "rights", "publish", "--user", "web", "--instance", "acme"), c.err.String())
	require.Equal(t, `# publish: leadrouter publish
kafka-acls --add --allow-principal User:web --operation Write --topic acme.lead.created
`, c.out.String())

	c = &command{}
	require.Zero(t, c.run(t.Context(), "rights", "router", "--output", "json"), c.err.String())
	var got []roleRights
	require.NoError(t, json.Unmarshal(c.out.Bytes(), &got))
	require.Len(t, got, 1)
	require.Equal(t, rights.Kafka(rights.Router, "", rights.Everything()), got[0].Kafka)
	require.Contains(t, got[0].Rules, "'~{leadrouter}:*'")

	c = &command{}
	require.Equal(t, app.ExitUsage, c.run(t.Context(), "rights", "king"))
	require.Contains(t, c.err.String(), `there is no role "king"; the roles are topics, policy, router`)
	c = &command{}
	require.Equal(t, app.ExitUsage, c.run(t.Context(), "doctor", "--role", "king"))
	require.Contains(t, c.err.String(), `there is no role "king"`)
}
