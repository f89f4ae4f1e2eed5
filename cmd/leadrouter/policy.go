package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policydiff"
	"leadrouter/pkg/policytest"
)

func (c *cli) policyCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "policy",
		Short: "Write, check, test and publish a policy",
	}, c.policyInitCommand(), c.policyCheckCommand(), c.policyTestCommand(), c.policyTryCommand(),
		c.policyDiffCommand(), c.policyPublishCommand(), c.policyHistoryCommand(), c.policyRollbackCommand(),
		c.policySchemaCommand())
}

// defaultPolicies are looked for, in this order, when nobody names a policy.
var defaultPolicies = [...]string{"policy.yaml", "policy"}

// policyPath is the policy that a command is about: its argument, --policy, or what
// lies in the working directory. [app.Published] is no path: the commands that work
// on files are not about what it means.
func (c *cli) policyPath(args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	if c.shared.policy != "" && c.shared.policy != app.Published {
		return c.shared.policy, nil
	}
	for _, name := range defaultPolicies {
		if _, err := os.Stat(name); err == nil {
			return name, nil
		}
	}
	return "", app.Usage(errors.New("there is no policy.yaml here; name a file or folder, or write one with leadrouter policy init"))
}

// loadPolicy loads a policy without errors, or says what they are.
func (c *cli) loadPolicy(args []string) (*policy.Policy, error) {
	path, err := c.policyPath(args)
	if err != nil {
		return nil, err
	}
	p, _, err := policy.Load(path)
	return p, app.Usage(err)
}

func (c *cli) policyCheckCommand() *cobra.Command {
	var sample sampleFlags
	cmd := &cobra.Command{
		Use:   "check [PATH]",
		Short: "Check a policy and show what is wrong with it, and where",
		Long: `check reads a policy, a file or a folder, and prints every problem with its place.
It does not run the tests: see leadrouter policy test. With --against it also tells
what a file of leads shows: names that no lead has, rules that no lead comes to, leads
that only the last rule takes.

Exit code 0: fine, or warnings only. 2: errors.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completePolicy,
		RunE:              func(_ *cobra.Command, args []string) error { return c.policyCheck(sample, args) },
	}
	c.policyFlag(cmd)
	c.outputFlag(cmd)
	sample.add(cmd, "what the policy asks for and they do not have")
	return cmd
}

// checked is the result of `policy check`.
type checked struct {
	Path    string       `json:"path"`
	OK      bool         `json:"ok"`
	Policy  string       `json:"policy,omitempty"`
	Version string       `json:"version,omitempty"`
	Hash    string       `json:"hash,omitempty"`
	Issues  []issueFound `json:"issues"`
	// Against is what a sample of leads shows; absent without --against.
	Against *policydiff.Findings `json:"against,omitempty"`
}

type issueFound struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Severity string `json:"severity"` // error, warning
	Message  string `json:"message"`
}

func (c *cli) policyCheck(sample sampleFlags, args []string) error {
	path, err := c.policyPath(args)
	if err != nil {
		return err
	}
	p, issues, err := policy.Load(path)
	if wrong := policy.Issues(nil); err != nil && !errors.As(err, &wrong) {
		return app.Usage(err) // it could not be read at all
	}
	result := checked{Path: path, OK: err == nil, Issues: []issueFound{}}
	failures := 0
	for _, i := range issues {
		severity := "warning"
		if i.Severity == policy.Error {
			severity = "error"
			failures++
		}
		result.Issues = append(result.Issues, issueFound{i.Pos.File, i.Pos.Line, i.Pos.Col, severity, i.Message})
	}
	if p != nil {
		result.Policy, result.Version, result.Hash = p.Name, p.Version, p.Hash
	}
	if p != nil && sample.against != "" {
		leads, err := c.sample(sample)
		if err != nil {
			return err
		}
		found := policydiff.Sample(p, leads, clock.System().Now())
		result.Against = &found
	}
	if c.json() {
		if err := c.printJSON(result); err != nil {
			return err
		}
	} else {
		c.printIssues(issues)
		if p != nil {
			fmt.Fprintln(c.out, summary(p))
			c.printSample(result.Against)
		}
	}
	if err != nil {
		return app.Usage(fmt.Errorf("%s has %s; nothing of it is used until they are mended", path, count(failures, "error")))
	}
	return nil
}

func (c *cli) printIssues(issues policy.Issues) {
	style := c.style(c.out)
	for _, i := range issues {
		head, excerpt, _ := strings.Cut(i.String(), "\n")
		if i.Severity == policy.Error {
			head = style.Strong(head)
		}
		fmt.Fprintln(c.out, head)
		if excerpt != "" {
			fmt.Fprintln(c.out, style.Faint(excerpt))
		}
	}
}

// summary is a policy in one line.
func summary(p *policy.Policy) string {
	rules := len(p.Rules)
	for _, set := range p.Rulesets {
		rules += len(set.Rules)
	}
	return fmt.Sprintf("policy %s  %s, %s, %s", title(p.Name, p.Version, p.Hash),
		count(len(p.Reps), "rep"), count(rules, "rule"), count(len(p.Tests), "test"))
}

// title names a policy for people: tamarisk 2026-11 9f31c2a.
func title(name, version, hash string) string {
	if version != "" {
		name += " " + version
	}
	return name + " " + hash[:min(len(hash), 7)]
}

// count is "1 rule" or "7 rules".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

func (c *cli) policyTestCommand() *cobra.Command {
	var run string
	var coverage bool
	cmd := &cobra.Command{
		Use:   "test [PATH]",
		Short: "Run the tests that a policy carries",
		Long: `test runs the tests of a policy, each with an empty ledger and everybody at work
unless it says otherwise. It needs no server.

Exit code 0: all pass. 1: a test fails. 2: the policy has errors.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completePolicy,
		RunE:              func(_ *cobra.Command, args []string) error { return c.policyTest(args, run, coverage) },
	}
	c.policyFlag(cmd)
	c.outputFlag(cmd)
	cmd.Flags().StringVar(&run, "run", "", "only tests whose names match this regular `expression`")
	cmd.Flags().BoolVar(&coverage, "coverage", false, "list the rules and rows that no test reaches")
	return cmd
}

func (c *cli) policyTest(args []string, run string, coverage bool) error {
	names, err := regexp.Compile(run)
	if err != nil {
		return app.Usage(fmt.Errorf("--run: %w", err))
	}
	p, err := c.loadPolicy(args)
	if err != nil {
		return err
	}
	report := policytest.Run(p, policytest.Config{})
	report.Results = slices.DeleteFunc(report.Results, func(r policytest.Result) bool { return !names.MatchString(r.Name) })
	if !coverage {
		report.Unreached = nil
	}
	if run != "" && len(report.Results) == 0 {
		return app.Usage(fmt.Errorf("no test matches --run %s", run))
	}
	if c.json() {
		err = c.printJSON(report)
	} else {
		err = c.printReport(report, coverage)
	}
	if err != nil {
		return err
	}
	if !report.OK() {
		return app.No(fmt.Errorf("%s of %d failed", count(report.Count(policytest.Failed), "test"), len(report.Results)))
	}
	return nil
}

func (c *cli) printReport(report policytest.Report, coverage bool) error {
	style := c.style(c.out)
	paint := map[policytest.Status]func(string) string{
		policytest.Passed: style.Good, policytest.Failed: style.Bad, policytest.NotRun: style.Warn,
	}
	for _, r := range report.Results {
		for line := range strings.Lines(r.String()) {
			rest := strings.TrimPrefix(strings.TrimSpace(line), string(r.Status))
			fmt.Fprintln(c.out, paint[r.Status](string(r.Status))+rest)
		}
	}
	if coverage {
		for _, place := range report.Unreached {
			fmt.Fprintln(c.out, style.Warn("no test")+" reaches "+place)
		}
	}
	text := fmt.Sprintf("%s: %d ok, %d failed", count(len(report.Results), "test"), report.Count(policytest.Passed), report.Count(policytest.Failed))
	if n := report.Count(policytest.NotRun); n > 0 {
		text += fmt.Sprintf(", %d not run", n)
	}
	if coverage && len(report.Unreached) == 0 {
		text += "; every rule and row is reached"
	}
	_, err := fmt.Fprintln(c.out, text)
	return err
}
