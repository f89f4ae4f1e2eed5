package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leadrouter/pkg/app"
)

// secretMark is the annotation of flags that hold a secret.
const secretMark = "secret"

// secretFlag binds a secret. It comes from the environment, the settings file or a file of
// its own, --NAME-file; not from the command line, which everybody on the host can read.
func secretFlag(cmd *cobra.Command, p *string, name, usage string) {
	f := cmd.Flags()
	env := app.EnvPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	f.StringVar(p, name, "", usage+"; in "+env+" or leadrouter.yaml, not on the command line")
	f.String(name+"-file", "", "`file` that holds it")
	// The error only says that the flag is not there.
	_ = f.SetAnnotation(name, secretMark, nil)
	_ = cmd.MarkFlagFilename(name + "-file")
}

// secrets calls fn for the flags of a command that hold secrets.
func secrets(flags *pflag.FlagSet, fn func(*pflag.Flag)) {
	flags.VisitAll(func(f *pflag.Flag) {
		if _, marked := f.Annotations[secretMark]; marked {
			fn(f)
		}
	})
}

// refuseSecrets complains of secrets on the command line. It is asked before the flags are
// filled from anywhere else.
func refuseSecrets(flags *pflag.FlagSet) error {
	var problems []error
	secrets(flags, func(f *pflag.Flag) {
		if f.Changed {
			problems = append(problems, fmt.Errorf("--%s: everybody on this host can read the command line; say it in the environment, or name a file with --%[1]s-file", f.Name))
		}
	})
	if f := flags.Lookup("redis"); f != nil && f.Changed && app.HoldsPassword(f.Value.String()) {
		problems = append(problems, errors.New("--redis: everybody on this host can read the password in it; say LEADROUTER_REDIS in the environment, or --redis-password-file"))
	}
	return errors.Join(problems...)
}

// readSecrets reads the secrets that lie in files of their own. A last newline is not part
// of one.
func readSecrets(flags *pflag.FlagSet) error {
	var problems []error
	secrets(flags, func(f *pflag.Flag) {
		path := flags.Lookup(f.Name + "-file").Value.String()
		switch {
		case path == "":
			return
		case f.Value.String() != "":
			problems = append(problems, fmt.Errorf("--%s and --%[1]s-file are both set; leave one out", f.Name))
			return
		}
		raw, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		secret := strings.TrimRight(string(raw), "\r\n")
		if err == nil && secret == "" {
			err = fmt.Errorf("%s is empty", path)
		}
		if err == nil {
			err = f.Value.Set(secret)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("--%s-file: %w", f.Name, err))
		}
	})
	return errors.Join(problems...)
}
