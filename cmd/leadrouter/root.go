package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"leadrouter/pkg/app"
	"leadrouter/pkg/console"
)

// cli is what all subcommands share: the streams, the environment and the flags
// that mean the same everywhere.
type cli struct {
	in       io.Reader
	out, err io.Writer
	lookup   func(string) (string, bool) // os.LookupEnv

	settings string // --config
	output   string // --output
	shared   shared

	started bool // the arguments were right: errors from here on are not usage
}

// Formats of --output.
const (
	outputText = "text"
	outputJSON = "json"
)

// run executes the command line and returns the exit code. An error is printed
// here and nowhere else.
func (c *cli) run(ctx context.Context, args []string) int {
	root := c.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !c.started {
		err = app.Usage(err)
	} else {
		err = app.Explain(err)
	}
	if err != nil && !errors.Is(err, errSaid) {
		fmt.Fprintln(c.err, complaint(cmd, err))
	}
	return app.ExitCode(err)
}

// errSaid ends a command whose output has told already what is wrong; only the
// exit code is left to give.
var errSaid = errors.New("said")

// root builds the command tree.
func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "leadrouter",
		Short: "Assign incoming leads to the right sales rep, exactly once and fairly",
		Long: `leadrouter reads leads from Kafka, walks your policy and gives each lead to a
sales rep: in turn, under their caps, in their language, with a reason.

Every flag can also be set in the environment (--log-level is
LEADROUTER_LOG_LEVEL) and in leadrouter.yaml (log-level: debug).

Exit codes: 0 fine, 1 the answer is no, 2 wrong use or bad input, 3 a service is
not reachable, or does not let us in.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: c.begin,
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.PersistentFlags().StringVar(&c.settings, "config", "", "settings `file` (default leadrouter.yaml if there is one)")
	root.AddCommand(c.commands()...)
	return root
}

// commands are all subcommands, in the order of a first day with the tool.
func (c *cli) commands() []*cobra.Command {
	return []*cobra.Command{
		c.devCommand(),
		c.routerCommand(),
		c.slaCommand(),
		c.rebuildCommand(),
		c.policyCommand(),
		c.topicsCommand(),
		c.publishCommand(),
		c.accountsCommand(),
		c.tailCommand(),
		c.explainCommand(),
		c.enrichCommand(),
		c.auditCommand(),
		c.simulateCommand(),
		c.compareCommand(),
		c.exportCommand(),
		c.assignCommand(),
		c.releaseCommand(),
		c.rerouteCommand(),
		c.disqualifyCommand(),
		c.activityCommand(),
		c.repCommand(),
		c.scoreCommand(),
		c.dlqCommand(),
		c.doctorCommand(),
		c.rightsCommand(),
		c.versionCommand(),
	}
}

// begin runs before every command: arguments and flags have been parsed.
func (c *cli) begin(cmd *cobra.Command, _ []string) error {
	if err := refuseSecrets(cmd.Flags()); err != nil {
		return err
	}
	if err := app.Settings(cmd.Flags(), c.settings, flagOf(cmd.Root()), c.lookup); err != nil {
		return err
	}
	if err := readSecrets(cmd.Flags()); err != nil {
		return err
	}
	if cmd.Flags().Lookup("output") != nil && !slices.Contains([]string{outputText, outputJSON}, c.output) {
		return fmt.Errorf("--output %q: want text or json", c.output)
	}
	if !validInstance(c.shared.instance) {
		return fmt.Errorf("--instance %q: want letters, digits, -, _ and ., at most %d: it begins the names of topics", c.shared.instance, maxInstance)
	}
	if cmd.Flags().Lookup("timeout") != nil && c.shared.timeout <= 0 {
		return fmt.Errorf("--timeout %s: want more than 0", c.shared.timeout)
	}
	if cmd.Flags().Lookup("brokers") != nil {
		c.shared.kafka.Patience = c.shared.timeout
		if err := c.shared.kafka.Check(); err != nil {
			return err
		}
	}
	c.started = true
	return nil
}

// flagOf says whether a command below this one, or itself, has a flag.
func flagOf(cmd *cobra.Command) func(name string) bool {
	return func(name string) bool {
		return cmd.Flags().Lookup(name) != nil || cmd.PersistentFlags().Lookup(name) != nil ||
			slices.ContainsFunc(cmd.Commands(), func(sub *cobra.Command) bool { return flagOf(sub)(name) })
	}
}

// maxInstance leaves room for the names of topics, which end at 249.
const maxInstance = 64

// validInstance reports whether a name can stand in those of topics, groups, keys
// and lock files. None is one, too.
func validInstance(name string) bool {
	return len(name) <= maxInstance && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.", r))
	})
}

// outputFlag gives a command that prints a result --output.
func (c *cli) outputFlag(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&c.output, "output", "o", outputText, "text or json")
	complete(cmd, "output", outputText, outputJSON)
}

// json reports whether the result is wanted as JSON.
func (c *cli) json() bool { return c.output == outputJSON }

// printJSON prints one result, indented.
func (c *cli) printJSON(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// style is plain unless w is a terminal that wants colour.
func (c *cli) style(w io.Writer) console.Style {
	noColor, set := c.lookup("NO_COLOR")
	name, _ := c.lookup("TERM")
	return console.Style{Color: isTerminal(w) && name != "dumb" && (!set || noColor == "")}
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// complete offers fixed values for a flag to the shell.
func complete(cmd *cobra.Command, flag string, values ...string) {
	// The error only says that the flag is not there, which the tests would see.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// group is a command that only holds others: cobra would answer a wrong name below
// it with help and exit code 0.
func group(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(below...)
	cmd.SuggestionsMinimumDistance = 2
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		text := fmt.Sprintf("there is no %q", args[0])
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			text += "; did you mean " + strings.Join(near, " or ") + "?"
		}
		return errors.New(text)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// complaint is the one line about an error: which command, what is wrong, and what
// to do next unless the error says so itself.
func complaint(cmd *cobra.Command, err error) string {
	name := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()), " ")
	if name == "" {
		name = cmd.Root().Name()
	}
	text := name + ": " + strings.TrimSpace(err.Error())
	if strings.ContainsAny(text, ";\n") {
		return text
	}
	switch app.ExitCode(err) {
	case app.ExitUsage:
		return text + "; see " + cmd.CommandPath() + " --help"
	case app.ExitUnreachable:
		return text + "; check --brokers and --redis, or run leadrouter doctor"
	default:
		return text
	}
}
