package services

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// KafkaGuard is what a Kafka asks of clients: a certificate of the authority that has signed
// its own, and a login by SCRAM.
type KafkaGuard struct {
	Pair Pair
}

// auditLogConfig has the authorizer tell each decision, see [Decisions].
const auditLogConfig = `logger.authorizer.name = kafka.authorizer.logger
logger.authorizer.level = debug
`

// properties add the listener to those that a server has without.
func (g KafkaGuard) properties(plain map[string]string, addr string) map[string]string {
	const login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
	return map[string]string{
		"listeners":                      plain["listeners"] + ",CLIENTS://" + addr,
		"advertised.listeners":           plain["advertised.listeners"] + ",CLIENTS://" + addr,
		"listener.security.protocol.map": plain["listener.security.protocol.map"] + ",CLIENTS:SASL_SSL",
		"authorizer.class.name":          "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"super.users":                    "User:ANONYMOUS", // whoever comes by the other listeners

		"listener.name.clients.sasl.enabled.mechanisms":        "SCRAM-SHA-256,SCRAM-SHA-512",
		"listener.name.clients.scram-sha-256.sasl.jaas.config": login,
		"listener.name.clients.scram-sha-512.sasl.jaas.config": login,
		"listener.name.clients.ssl.keystore.type":              "PEM",
		"listener.name.clients.ssl.keystore.location":          g.Pair.Both,
		"listener.name.clients.ssl.truststore.type":            "PEM",
		"listener.name.clients.ssl.truststore.location":        g.Pair.CA,
		"listener.name.clients.ssl.client.auth":                "required",
	}
}

// AddUsers gives users of a guarded Kafka a password for SCRAM-SHA-512, each its own name
// followed by suffix.
func (p *Process) AddUsers(t testing.TB, suffix string, names ...string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(p.addr))
	require.NoError(t, err)
	defer client.Close()
	var users []kadm.UpsertSCRAM
	for _, name := range names {
		users = append(users, kadm.UpsertSCRAM{User: name, Mechanism: kadm.ScramSha512, Iterations: 4096, Password: name + suffix})
	}
	altered, err := kadm.NewClient(client).AlterUserSCRAMs(context.Background(), nil, users)
	require.NoError(t, err)
	require.NoError(t, altered.Error())
}

// Decision is what the authorizer of a guarded Kafka has decided on a request.
type Decision struct {
	User, Operation, Resource, Request string
	Allowed                            bool
	Rule                               string // that allowed it: resource:pattern:name:operation
}

// Decisions reads what the authorizer has decided so far, of requests that were carried out
// or refused. Questions that clients only ask to know what they may do are not among them.
func (p *Process) Decisions(t testing.TB) []Decision {
	t.Helper()
	file, err := os.Open(p.logPath())
	require.NoError(t, err)
	defer file.Close()
	decided := regexp.MustCompile(`Principal = User:(\S+) is (Allowed|Denied) operation = (\S+) from host = \S+ on resource = (\S+) for request = (\S+) `)
	because := regexp.MustCompile(`resourceType=(\w+), resourceName=([^,]+), patternType=(\w+), .*operation=(\w+)`)
	var decisions []Decision
	for lines := bufio.NewScanner(file); lines.Scan(); {
		m := decided.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		d := Decision{User: m[1], Allowed: m[2] == "Allowed", Operation: m[3], Resource: m[4], Request: m[5]}
		if r := because.FindStringSubmatch(lines.Text()); r != nil {
			d.Rule = fmt.Sprintf("%s:%s:%s:%s", r[1], r[3], r[2], r[4])
		}
		decisions = append(decisions, d)
	}
	return decisions
}
