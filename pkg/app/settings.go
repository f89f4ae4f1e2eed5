package app

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// EnvPrefix begins the name of every environment variable: --log-level is
// LEADROUTER_LOG_LEVEL.
const EnvPrefix = "LEADROUTER_"

// Settings fills the flags that the command line left alone: from the
// environment, then from the settings file. A flag keeps its default where
// neither speaks of it. All problems come back in one error.
//
// file may be empty; then leadrouter.yaml is read if there is one. It serves all
// commands: known says whether a name is a flag of any. lookup is os.LookupEnv
// outside tests.
func Settings(flags *pflag.FlagSet, file string, known func(flag string) bool, lookup func(string) (string, bool)) error {
	fromFile, err := readSettings(file)
	if err != nil {
		return err
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(fromFile)) {
		if !known(name) {
			problems = append(problems, fmt.Errorf("settings file: %s is no setting; each is a flag without its dashes, such as log-level", name))
		}
	}
	flags.VisitAll(func(f *pflag.Flag) {
		value, ok := lookup(envName(f.Name))
		from := envName(f.Name)
		if !ok {
			value, ok = fromFile[f.Name]
			from = "settings file"
		}
		if f.Changed || !ok {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			// The value is left out: it may be a secret.
			problems = append(problems, fmt.Errorf("%s: --%s wants a %s", from, f.Name, f.Value.Type()))
		}
	})
	return Usage(errors.Join(problems...))
}

// defaultSettings is read when no file is named.
const defaultSettings = "leadrouter.yaml"

// errNoSettings is returned for YAML that is anything but a mapping.
var errNoSettings = errors.New("want a line like log-level: debug for each setting")

// readSettings reads a flat mapping of flag names to values. Lists become
// comma-separated.
func readSettings(file string) (map[string]string, error) {
	name := file
	if name == "" {
		name = defaultSettings
	}
	raw, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	if file == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, Usage(fmt.Errorf("read settings: %w", err))
	}
	var values map[string]any
	if err := yaml.Unmarshal(raw, &values); err != nil {
		if _, other := errors.AsType[*yaml.TypeError](err); other {
			err = errNoSettings // the library's words quote what is there: it may be a password
		}
		return nil, Usage(fmt.Errorf("read settings %s: %w", name, err))
	}
	flat := make(map[string]string, len(values))
	for key, value := range values {
		if list, ok := value.([]any); ok {
			flat[key] = joinAny(list)
			continue
		}
		flat[key] = fmt.Sprint(value)
	}
	return flat, nil
}

func joinAny(list []any) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, ",")
}

func envName(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
