package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/starter"
)

func (c *cli) policyInitCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "init [PEOPLE.csv]",
		Short: "Write a first policy with tests, of a list of people or of none",
		Long: `init writes policy.yaml, with tests that pass. Of a CSV file of people (name, e-mail,
country, language, team, level: whatever is there) it makes reps.csv and rules that
give each lead to who covers it, in turn. It writes over nothing.`,
		Example: `  leadrouter policy init
  leadrouter policy init people.csv --dir policy`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return c.policyInit(dir, args) },
	}
	c.outputFlag(cmd)
	cmd.Flags().StringVar(&dir, "dir", ".", "`folder` to write into; made if it is not there")
	return cmd
}

func (c *cli) policyInit(dir string, args []string) error {
	var people io.Reader
	name := ""
	if len(args) > 0 {
		in, _, err := c.open(args[0])
		if err != nil {
			return app.Usage(err)
		}
		defer func() { _ = in.Close() }()
		people, name = in, args[0]
	}
	files, err := starter.Policy(people, name)
	if err != nil {
		return app.Usage(err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return app.Usage(err)
	}
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names { // all or none
		path := filepath.Join(dir, name)
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return app.Usage(fmt.Errorf("%s is there already and stays as it is; name another folder with --dir", path))
		}
	}
	var written []string
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := writeNew(path, files[name]); err != nil {
			return app.Usage(err)
		}
		written = append(written, path)
	}
	if c.json() {
		return c.printJSON(map[string]any{"written": written})
	}
	for _, path := range written {
		fmt.Fprintln(c.out, "wrote", path)
	}
	_, err = fmt.Fprintf(c.out, "next: leadrouter policy test %s\n", filepath.Join(dir, starter.PolicyFile))
	return err
}

// writeNew writes a file that must not be there yet.
func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the user names the folder
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
