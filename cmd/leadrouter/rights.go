package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/rights"
)

// roleRights is what `rights` prints of a role.
type roleRights struct {
	rights.Description
	Kafka []kstream.Right `json:"kafka"`
	ACLs  []string        `json:"kafka_acls"`
	Rules []string        `json:"redis_acl,omitempty"`
}

func (c *cli) rightsCommand() *cobra.Command {
	var user string
	var options rights.Options
	cmd := &cobra.Command{
		Use:   "rights [ROLE]",
		Short: "List what each role must be allowed in Kafka and Redis, as commands to run",
		Long: `rights prints the calls of kafka-acls that give a role what it needs and no more, and
the ACL rule of its user in Redis. It asks no service. Roles are users: the names of
both are up to you (--user).

leadrouter doctor --role ROLE tells which of them are missing.`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: roleNames(),
		RunE: func(_ *cobra.Command, args []string) error {
			return c.rights(args, user, options)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.shared.instance, "instance", "", "`name` of the installation: prefix of topics, groups and keys")
	f.StringVar(&user, "user", "", "`name` of the user (default that of the role)")
	f.BoolVar(&options.Published, "published", true, "with the rights for --policy published")
	f.BoolVar(&options.Providers, "providers", true, "with the rights for --providers")
	f.BoolVar(&options.NoRebuild, "no-rebuild", false, "without those for a router's rebuild, for --rebuild off")
	c.outputFlag(cmd)
	return cmd
}

// roleNames are the roles that can be asked for.
func roleNames() []string {
	var names []string
	for _, r := range rights.Roles() {
		names = append(names, string(r.Role))
	}
	return names
}

// checkRole refuses a role that is none.
func checkRole(name string) error {
	if !slices.Contains(roleNames(), name) {
		return app.Usage(fmt.Errorf("there is no role %q; the roles are %s", name, strings.Join(roleNames(), ", ")))
	}
	return nil
}

func (c *cli) rights(args []string, user string, options rights.Options) error {
	var chosen []roleRights
	for _, r := range rights.Roles() {
		if len(args) == 0 || args[0] == string(r.Role) {
			chosen = append(chosen, c.roleRights(r, user, options))
		}
	}
	if len(chosen) == 0 {
		return checkRole(args[0])
	}
	if c.json() {
		return c.printJSON(chosen)
	}
	for i, r := range chosen {
		if i > 0 {
			fmt.Fprintln(c.out)
		}
		fmt.Fprintf(c.out, "# %s: leadrouter %s\n%s\n", r.Role, r.Commands, strings.Join(r.ACLs, "\n"))
		if r.Redis {
			fmt.Fprintf(c.out, "redis-cli ACL SETUSER %s\n", strings.Join(r.Rules, " "))
		}
	}
	return nil
}

func (c *cli) roleRights(d rights.Description, user string, options rights.Options) roleRights {
	if user == "" {
		user = string(d.Role)
	}
	r := roleRights{Description: d, Kafka: rights.Kafka(d.Role, c.shared.instance, options)}
	r.ACLs = rights.Commands(r.Kafka, "User:"+user)
	if d.Redis {
		r.Rules = append([]string{user, "'#SHA256-OF-ITS-PASSWORD'"}, quoted(rights.RedisRules(c.shared.instance))...)
	}
	return r
}

// quoted puts those rules into quotes that a shell would read otherwise.
func quoted(rules []string) []string {
	for i, rule := range rules {
		if strings.ContainsAny(rule, "~*{}|>") {
			rules[i] = "'" + rule + "'"
		}
	}
	return rules
}
