package doctor

import (
	"context"
	"fmt"
	"strings"

	"leadrouter/pkg/app"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/rights"
)

// nextRights says where the list is.
func (e *examination) nextRights() string {
	next := fmt.Sprintf("leadrouter rights %s lists what the user needs", e.Role)
	if e.Instance != "" {
		next = fmt.Sprintf("leadrouter rights %s --instance %s lists what the user needs", e.Role, e.Instance)
	}
	return next
}

// kafkaRights asks the brokers what the user of the role may not do.
func (e *examination) kafkaRights(ctx context.Context) {
	const check = "rights"
	needs := rights.Kafka(e.Role, e.Instance, rights.Options{
		Published: e.Policy == app.Published, Providers: e.Providers != "",
	})
	lacking, err := e.Kafka.Denied(ctx, needs)
	switch {
	case err != nil:
		e.add(check, Fail, "check the rights of --kafka-user", "%v", err)
	case len(lacking) > 0:
		e.add(check, Fail, e.nextRights(), "kafka does not let this user %s", app.Listed(lacking))
	default:
		e.add(check, OK, "", "kafka allows all that the role %s needs", e.Role)
	}
}

// redisRights asks Redis the same, and reports whether the ledger can be looked at.
func (e *examination) redisRights(ctx context.Context, store *redisledger.Ledger) bool {
	const check = "rights"
	lacking, known, err := store.Denied(ctx, rights.RedisCommands()...)
	switch {
	case err != nil:
		e.silent("redis", "check the rights of --redis-user", err)
		return false
	case !known:
		return true // before Redis 7 nobody can say, and without rules there is nothing to say
	case len(lacking) > 0:
		e.add(check, Fail, e.nextRights(), "redis does not let this user run %s on %s", strings.Join(lacking, ", "), rights.RedisKeys(e.Instance)[0])
		return false
	}
	e.add(check, OK, "", "redis allows what the ledger does")
	return true
}
