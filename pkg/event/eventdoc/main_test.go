package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPageIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := render()
	require.NoError(t, err)
	got, err := os.ReadFile("../../../docs/events.md")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, string(got)), "run: go generate ./pkg/event")
}

func TestPageNamesEveryTopic(t *testing.T) {
	t.Parallel()
	page, err := render()
	require.NoError(t, err)
	for _, topic := range event.Topics("") {
		require.Contains(t, page, "\n## "+string(topic.Type)+"\n")
		require.Equal(t, 1, strings.Count(page, "| [`"+string(topic.Type)+"`]"))
	}
	require.NotContains(t, page, "<nil>", "a property has no type")
}

func TestOrderedRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{"a":`, `{"a":1}`, `{"a":{},`, ``} {
		_, _, err := ordered(json.RawMessage(raw))
		require.Error(t, err, raw)
	}
}
