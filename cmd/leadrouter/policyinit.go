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
	var salesforce bool
	cmd := &cobra.Command{
		Use:   "init [PEOPLE.csv | --salesforce RULES.xml]",
		Short: "Write a first policy with tests, of a list of people or of none",
		Long: `init writes policy.yaml, with tests that pass. Of a CSV file of people (name, e-mail,
country, language, team, level: whatever is there) it makes reps.csv and rules that
give each lead to who covers it, in turn. With --salesforce the file is the metadata of
assignment rules (AssignmentRules, XML): its active rule becomes the policy, entry by
entry; what has no counterpart stands in a comment. It writes over nothing.`,
		Example: `  leadrouter policy init
  leadrouter policy init people.csv --dir policy
  leadrouter policy init --salesforce Lead.assignmentRules`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return c.policyInit(dir, salesforce, args) },
	}
	c.outputFlag(cmd)
	cmd.Flags().StringVar(&dir, "dir", ".", "`folder` to write into; made if it is not there")
	cmd.Flags().BoolVar(&salesforce, "salesforce", false, "the file holds assignment rules of Salesforce")
	return cmd
}

// firstPolicy writes a policy of what the arguments name.
func (c *cli) firstPolicy(salesforce bool, args []string) (map[string][]byte, error) {
	var people io.Reader
	name := ""
	if len(args) > 0 {
		in, _, err := c.open(args[0])
		if err != nil {
			return nil, err
		}
		defer func() { _ = in.Close() }()
		people, name = in, args[0]
	}
	switch {
	case salesforce && people == nil:
		return nil, errors.New("--salesforce needs the file of the assignment rules")
	case salesforce:
		return starter.Salesforce(people, name)
	}
	return starter.Policy(people, name)
}

func (c *cli) policyInit(dir string, salesforce bool, args []string) error {
	files, err := c.firstPolicy(salesforce, args)
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
