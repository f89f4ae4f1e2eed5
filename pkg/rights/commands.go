package rights

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/redisledger"
)

// Commands are the calls of kafka-acls that give a user these rights: one for all things of
// a kind with the same operations. A user is named like User:router.
func Commands(list []kstream.Right, user string) []string {
	var commands []string
	for _, of := range []kstream.Resource{kstream.TopicResource, kstream.GroupResource, kstream.TransactionalResource} {
		for _, prefixed := range []bool{false, true} {
			commands = append(commands, commandsFor(list, user, of, prefixed)...)
		}
	}
	return commands
}

// commandsFor are those about one kind of things.
func commandsFor(list []kstream.Right, user string, of kstream.Resource, prefixed bool) []string {
	operations, names := map[string]string{}, []string{} // by name, and the names in order
	for _, r := range list {
		if r.Resource != of || r.Prefixed != prefixed {
			continue
		}
		if operations[r.Name] == "" {
			names = append(names, r.Name)
		}
		operations[r.Name] += " --operation " + string(r.Operation)
	}
	var order []string
	things := map[string]string{} // by operations
	for _, name := range names {
		if things[operations[name]] == "" {
			order = append(order, operations[name])
		}
		things[operations[name]] += fmt.Sprintf(" --%s %s", of, name)
	}
	var commands []string
	for _, what := range order {
		line := "kafka-acls --add --allow-principal " + user + what
		if prefixed {
			line += " --resource-pattern-type prefixed"
		}
		commands = append(commands, line+things[what])
	}
	return commands
}

// RedisRules are the rules of an ACL user that may do what leadrouter does with an
// installation's keys and no more, as ACL SETUSER takes them. They leave the password to
// the caller.
func RedisRules(instance string) []string {
	rules := []string{"on", "resetkeys", "resetchannels", "-@all"}
	for _, pattern := range RedisKeys(instance) {
		rules = append(rules, "~"+pattern)
	}
	for _, command := range RedisCommands() {
		rules = append(rules, "+"+command)
	}
	return rules
}

// RedisKeys are the patterns of an installation's keys: the ledger's, which share a hash
// tag, and the cache of providers.
func RedisKeys(instance string) []string {
	name := literal(Namespace(instance))
	return []string{"{" + name + "}:*", name + ":provider:*"}
}

// literal takes the meaning from what Redis reads as a pattern. Names of instances hold
// nothing of the kind today.
func literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(name)
}

// RedisCommands are the commands that leadrouter runs, as ACL rules name them.
func RedisCommands() []string {
	commands := map[string]bool{"get": true, "set": true, "ping": true} // the cache, and doctor
	for _, command := range redisledger.Commands() {
		commands[command] = true
	}
	return slices.Sorted(maps.Keys(commands))
}
