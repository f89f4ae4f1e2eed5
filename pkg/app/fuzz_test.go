package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"leadrouter/pkg/app"
)

// FuzzSettings reads anything as leadrouter.yaml: a flag gets a value that it can have, or an
// error says which line or setting is wrong; what a secret holds is never told.
func FuzzSettings(f *testing.F) {
	for _, text := range []string{
		"log-level: debug\nrate: 1e3\nbrokers: [a:1, b:2]\nevery: 5m\n", "rate: 1e999999", "rate: .nan", "token: hunter2\nrate: hunter2",
		"a: &a [x, x]\nb: &b [*a, *a, *a]\nbrokers: [*b, *b]", "? [1, 2]\n: 3", "&a [*a]", "rate: *a", "%YAML 9.9\n---\n", "rate: 1\nrate: 2",
		strings.Repeat("[", 20_000), "brokers: " + strings.Repeat("x", 100_000), "\xff\xfe", "--- 1\n--- 2", "true: false\nnull: ~",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "leadrouter.yaml")
		require.NoError(t, os.WriteFile(file, text, 0o600))
		flags := pflag.NewFlagSet("x", pflag.ContinueOnError)
		flags.Float64("rate", 1, "")
		flags.StringSlice("brokers", nil, "")
		flags.Duration("every", time.Second, "")
		token := flags.String("token", "", "")
		err := app.Settings(flags, file, func(string) bool { return true }, func(string) (string, bool) { return "", false })
		if err != nil {
			require.Equal(t, app.ExitUsage, app.ExitCode(err))
			return
		}
		given := map[string]any{}
		require.NoError(t, yaml.Unmarshal(text, &given))
		if value, ok := given["token"].(string); ok {
			require.Equal(t, value, *token)
		}
	})
}
