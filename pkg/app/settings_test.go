package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
)

func roleFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet("role", pflag.ContinueOnError)
	flags.StringSlice("brokers", []string{"localhost:9092"}, "")
	flags.String("log-level", "info", "")
	flags.Int("max-batch", 100, "")
	return flags
}

func env(pairs map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := pairs[name]
		return value, ok
	}
}

func every(string) bool { return true }

func TestSettingsNoCommandHas(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "settings.yaml")
	require.NoError(t, os.WriteFile(file, []byte("log-level: warn\nloglevel: hunter2\nredis: x\n"), 0o600))
	known := func(name string) bool { return name != "loglevel" }
	err := app.Settings(roleFlags(), file, known, env(nil))
	require.EqualError(t, err, "settings file: loglevel is no setting; each is a flag without its dashes, such as log-level")
	require.Equal(t, app.ExitUsage, app.ExitCode(err))
}

func TestSettingsPrecedence(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "settings.yaml")
	require.NoError(t, os.WriteFile(file, []byte("brokers: [f1:9092, f2:9092]\nlog-level: warn\nmax-batch: 7\n"), 0o600))

	flags := roleFlags()
	require.NoError(t, flags.Parse([]string{"--max-batch", "9"}))
	require.NoError(t, app.Settings(flags, file, every, env(map[string]string{"LEADROUTER_LOG_LEVEL": "debug", "LEADROUTER_MAX_BATCH": "8"})))

	brokers, err := flags.GetStringSlice("brokers")
	require.NoError(t, err)
	require.Equal(t, []string{"f1:9092", "f2:9092"}, brokers, "only the file speaks of it")
	require.Equal(t, "debug", flags.Lookup("log-level").Value.String(), "the environment beats the file")
	require.Equal(t, "9", flags.Lookup("max-batch").Value.String(), "the command line beats both")
}

func TestSettingsTellAllProblemsWithoutValues(t *testing.T) {
	t.Parallel()
	flags := roleFlags()
	err := app.Settings(flags, "", every, env(map[string]string{"LEADROUTER_MAX_BATCH": "hunter2"}))
	require.EqualError(t, err, "LEADROUTER_MAX_BATCH: --max-batch wants a int")
	require.NotContains(t, err.Error(), "hunter2")
	require.Equal(t, app.ExitUsage, app.ExitCode(err))

	require.Equal(t, app.ExitUsage, app.ExitCode(app.Settings(flags, "no-such-file.yaml", every, env(nil))))
}
