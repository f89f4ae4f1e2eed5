package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/rights"
)

// errDenied is what a role says that lacks rights.
var errDenied = errors.New("kafka does not let this user")

// permitted waits for the brokers and asks them whether the role has all of its rights:
// otherwise it would find out in the middle of its work, with the first record of a kind.
func (p *process) permitted(ctx context.Context, client kstream.Client, needs []kstream.Right) error {
	return p.wait(ctx, partKafka, func(ctx context.Context) error { return Permitted(ctx, client, needs) })
}

// Permitted asks the brokers whether their user has all of these rights, and names those
// that are missing; the error is [Unreachable].
func Permitted(ctx context.Context, client kstream.Client, needs []kstream.Right) error {
	lacking, err := client.Denied(ctx, needs)
	if err == nil && len(lacking) > 0 {
		err = fmt.Errorf("%w %s", errDenied, Listed(lacking))
	}
	return Explain(Unreachable(err))
}

// errForbidden is [errDenied] of Redis.
var errForbidden = errors.New("redis does not let this user")

// permittedRedis asks Redis whether its user may run what the ledger runs: what scripts may not
// do, most servers refuse without saying what it was.
func permittedRedis(ctx context.Context, store *redisledger.Ledger) error {
	lacking, _, err := store.Denied(ctx, redisledger.Commands()...)
	if err == nil && len(lacking) > 0 {
		err = fmt.Errorf("%w run %s", errForbidden, strings.Join(lacking, ", "))
	}
	return err
}

// Listed is rights in words, the first few of them.
func Listed(list []kstream.Right) string {
	const most = 3
	var texts []string
	for _, r := range list[:min(len(list), most)] {
		texts = append(texts, strings.ToLower(string(r.Operation[:1]))+r.String()[1:])
	}
	text := strings.Join(texts, ", ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// rights of a router, by what it is told.
func (r *Router) rights() []kstream.Right {
	return rights.Kafka(rights.Router, r.cfg.Instance, rights.Options{
		Published: r.cfg.Policy == Published, Providers: r.cfg.Providers != nil, NoRebuild: r.cfg.NoRebuild,
	})
}
