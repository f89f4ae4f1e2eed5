package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/rights"
	"leadrouter/pkg/testkit/services"
)

// TestLeastPrivilege runs every role on a real Kafka and a real Redis, with TLS, logins
// and the rights that are listed: they are enough, each is used, and without any one of them
// somebody says which.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.live()
	require.Empty(t, g.refused(), "rights that somebody has missed")
	require.Empty(t, g.unused(), "rights that nobody has used")
	g.refusals(t)
	for _, role := range rights.Roles() {
		t.Run(string(role.Role), func(t *testing.T) {
			t.Parallel()
			for _, r := range g.rights(role.Role) {
				g.without(t, role.Role, r)
			}
		})
	}
}

// live is some days of an installation, in short.
func (g *guarded) live() {
	t := g.t
	policy := g.write("policy.yaml", `policy: least
reps: {ana: {}, ben: {}, cleo: {}}
rules: [{name: anyone, to: all}]
slas: {all: {for: true, accepted: {target: 1s, 2s: reassign}}}
`)
	g.run(t, 0, rights.Topics, "topics", "create", "--partitions", "2", "--replication", "1")
	require.NotContains(t, g.run(t, 0, rights.Topics, "topics", "list"), "missing")
	g.run(t, 0, rights.Policy, "policy", "publish", policy, "--because", "first")
	g.run(t, 0, rights.Accounts, "accounts", "import", g.write("accounts.csv", "id,name,domain\nA-1,Weber,weber.example\n"))

	late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select { // longer than a lead waits
		case <-time.After(700 * time.Millisecond):
		case <-r.Context().Done():
		}
		fmt.Fprint(w, `{"size": 12}`)
	}))
	defer late.Close()
	providers := g.write("providers.yaml", "providers:\n  firmo:\n    url: "+late.URL+"/?c={country}\n    timeout: 10s\n    fields: {company.employees: $.size}\n")
	for _, slot := range []string{"0", "1"} {
		defer g.start(rights.Router, slot, "router", "--providers", providers)()
	}
	defer g.start(rights.SLA, "0", "sla")()

	leads := "id,country\n"
	for i := range 20 {
		leads += fmt.Sprintf("L-%d,%s\n", i, []string{"Spain", "Germany"}[i%2])
	}
	g.run(t, 0, rights.Publish, "publish", g.write("leads.csv", leads))
	g.run(t, 0, rights.Read, "tail", "--from", "beginning", "--limit", "20")
	g.run(t, 0, rights.Report, "activity", "L-0", "accepted")
	g.run(t, 0, rights.Report, "rep", "left", "ana") // the router gives the leads to others
	g.run(t, 0, rights.Manage, "assign", "L-1", "ben", "--because", "he knows them")
	g.garbage()
	g.seal("Write")
	g.seal("")               // the second one begins at the seal and the snapshot of the first
	g.decide("L-last")       // behind the snapshot, so that the log is read, too
	g.redisAdmin("FLUSHALL") // a router refills it, from the snapshot on
	g.settle("", rights.Router, rights.SLA)
	g.afterwards()
}

// decide publishes one more lead and waits until the log has grown.
func (g *guarded) decide(id string) {
	length := func() (sum int64) {
		ends, err := g.superuser().Ends(g.t.Context(), event.LeadDecisions.Topic(g.instance))
		require.NoError(g.t, err)
		for _, end := range ends {
			sum += end
		}
		return sum
	}
	before := length()
	g.run(g.t, 0, rights.Publish, "publish", g.write(id+".csv", "id\n"+id+"\n"))
	require.Eventually(g.t, func() bool { return length() > before }, time.Minute, 50*time.Millisecond)
}

// seal follows the log until the rights with this operation, or all, are used.
func (g *guarded) seal(operation kstream.Operation) {
	defer g.start(rights.Seal, "0", "audit", "--follow", "--every", "100ms", "--snapshot", "1")()
	g.settle(operation, rights.Seal)
}

// afterwards is what people and tools do with what is there.
func (g *guarded) afterwards() {
	t := g.t
	g.run(t, 0, rights.Rebuild, "rebuild")
	require.Contains(t, g.run(t, 0, rights.Policy, "policy", "history"), "first")
	require.Contains(t, g.run(t, 0, rights.Read, "audit"), "nothing found")
	require.Contains(t, g.run(t, 0, rights.Read, "audit", "--from", "snapshot"), "nothing found")
	require.Contains(t, g.run(t, 0, rights.Read, "explain", "L-1"), "not accepted in 2s")
	g.run(t, 0, rights.Read, "export", "decisions", "--format", "csv", "--out", g.dir+"/decisions.csv")
	// It asks for a fact that no decision has, so that lead.created is read for it.
	g.run(t, 0, rights.Read, "simulate", "--policy", g.write("draft.yaml", `policy: draft
reps: {ana: {}, ben: {}}
rules: [{name: spanish, when: country == "ES", to: ana}, {name: rest, to: all}]
`))
	g.run(t, 0, rights.Read, "policy", "history")
	g.run(t, 0, rights.Accounts, "accounts", "find", "Weber")
	require.Contains(t, g.run(t, 0, rights.Letters, "dlq", "list"), "lead.command")
	g.run(t, 0, rights.Letters, "dlq", "retry", "--all")
	g.run(t, 0, rights.Letters, "dlq", "drop", "--all")
}

// garbage writes what nobody understands to every topic that has dead letters, and to those
// of accounts, which nobody writes.
func (g *guarded) garbage() {
	to, err := kstream.NewPublisher(g.superuser())
	require.NoError(g.t, err)
	defer to.Close()
	for _, topic := range event.Topics(g.instance) {
		if !topic.DeadLetters {
			continue
		}
		name := topic.Name
		if topic.Type == event.AccountChanged {
			name += kstream.DLQSuffix
		}
		require.NoError(g.t, to.Publish(g.t.Context(), &kstream.Record{Topic: name, Key: []byte("L-0"), Value: []byte("garbage")}))
	}
}

// settle waits until these roles have used each of their rights with this operation, or all.
func (g *guarded) settle(operation kstream.Operation, roles ...rights.Role) {
	g.t.Helper()
	var unused []string
	require.Eventually(g.t, func() bool {
		unused = g.unused(roles...)
		return !slices.ContainsFunc(unused, func(right string) bool { return strings.Contains(right, ": "+string(operation)) })
	}, 2*time.Minute, 200*time.Millisecond, "%v", &unused)
}

// refused is what users were not allowed. They may ask in vain how topics are set, which
// transactional ids of others there are, and for the dead letters of timers, which has none.
func (g *guarded) refused() []string {
	var refused []string
	for _, d := range g.kafka.Decisions(g.t) {
		text := fmt.Sprintf("%s: %s %s for %s", d.User, d.Operation, d.Resource, d.Request)
		vain := d.Operation == "DESCRIBE_CONFIGS" || d.Request == "ListTransactions" || strings.HasSuffix(d.Resource, ".lead.timers.dlq")
		if !d.Allowed && !vain && !slices.Contains(refused, text) {
			refused = append(refused, text)
		}
	}
	return refused
}

// unused are the rights of roles that no request has needed. What is asked only to know
// whether it is allowed does not count.
func (g *guarded) unused(roles ...rights.Role) []string {
	used := map[string]bool{}
	for _, d := range g.kafka.Decisions(g.t) {
		probe := d.Request == "EndTxn" || d.Request == "Heartbeat" || d.Request == "FindCoordinator"
		if !probe && strings.HasSuffix(d.Rule, ":"+d.Operation) {
			used[d.User+" "+d.Rule] = true
		}
	}
	var unused []string
	for _, role := range rights.Roles() {
		for _, r := range g.rights(role.Role) {
			resource, operation, pattern := codes(r)
			rule := fmt.Sprintf("%s %s:%s:%s:%s", role.Role, resource, pattern, r.Name, operation)
			if !used[rule] && (len(roles) == 0 || slices.Contains(roles, role.Role)) {
				unused = append(unused, string(role.Role)+": "+r.String())
			}
		}
	}
	return unused
}

// without takes a right away: doctor says which, and what runs for long does not start.
func (g *guarded) without(t *testing.T, role rights.Role, r kstream.Right) {
	g.deny(t, string(role), r)
	defer func() {
		g.allow(creation(string(role), r))
		g.await(t, string(role), nil)
	}()
	lacking := "kafka does not let this user " + app.Listed([]kstream.Right{r})
	if command := map[rights.Role]string{
		rights.Router: "router --providers " + g.dir + "/providers.yaml --slot 0", rights.SLA: "sla --slot 0",
		rights.Rebuild: "rebuild", rights.Seal: "audit --follow",
	}[role]; command != "" {
		said := g.run(t, app.ExitUnreachable, role, strings.Fields(command)...)
		require.Contains(t, said, lacking+"; leadrouter rights lists what each role needs\n")
	}
}

// refusals are the ways not to be let in: each is told in one line, at once, with what to do.
func (g *guarded) refusals(t *testing.T) {
	stranger := services.NewAuthority(t).File
	for name, c := range map[string]struct {
		command, says string
		env           []string
	}{
		"password":    {"topics list", "check --kafka-user and its password", []string{"LEADROUTER_KAFKA_PASSWORD=wrong"}},
		"mechanism":   {"topics list", "take another --kafka-sasl", []string{"LEADROUTER_KAFKA_SASL=PLAIN"}},
		"authority":   {"topics list", "with --kafka-ca", []string{"LEADROUTER_KAFKA_CA=" + stranger}},
		"roots":       {"sla --slot 9", "with --kafka-ca", []string{"LEADROUTER_KAFKA_CA="}},
		"name":        {"topics list", "with --kafka-server-name", []string{"LEADROUTER_KAFKA_SERVER_NAME=kafka.example"}},
		"certificate": {"topics list", "with --kafka-cert and --kafka-key", []string{"LEADROUTER_KAFKA_CERT=", "LEADROUTER_KAFKA_KEY="}},
		"no login":    {"topics list", "--kafka-sasl", []string{"LEADROUTER_KAFKA_SASL=", "LEADROUTER_KAFKA_USER="}},
		"no TLS": {"topics list", "whether that port wants --kafka-tls", []string{
			"LEADROUTER_KAFKA_TLS=false", "LEADROUTER_KAFKA_CA=", "LEADROUTER_KAFKA_CERT=", "LEADROUTER_KAFKA_KEY=",
		}},
		"TLS there is not":  {"topics list", "--kafka-tls", []string{"LEADROUTER_BROKERS=" + g.kafka.Addr()}},
		"Redis password":    {"rebuild", "check --redis-user and its password", []string{"LEADROUTER_REDIS_PASSWORD=wrong"}},
		"Redis authority":   {"rebuild", "with --redis-ca", []string{"LEADROUTER_REDIS_CA=" + stranger}},
		"Redis certificate": {"rebuild", "with --redis-cert and --redis-key", []string{"LEADROUTER_REDIS_CERT=", "LEADROUTER_REDIS_KEY="}},
		"Redis wants TLS": {"rebuild", "whether that port wants --redis-tls", []string{
			"LEADROUTER_REDIS=redis://" + g.redis.Guarded(), "LEADROUTER_REDIS_CA=", "LEADROUTER_REDIS_CERT=", "LEADROUTER_REDIS_KEY=",
		}},
	} {
		t.Run("refused/"+name, func(t *testing.T) {
			t.Parallel()
			said := &command{env: g.env(string(rights.Rebuild), append(c.env, "LEADROUTER_LOG_LEVEL=error")...)}
			require.Equal(t, app.ExitUnreachable, said.run(t.Context(), strings.Fields(c.command)...), said.err.String())
			require.Contains(t, said.err.String(), c.says)
			require.Equal(t, 1, strings.Count(said.err.String(), "\n"), said.err.String())
			require.NotContains(t, said.err.String(), secretSuffix)
		})
	}
}
