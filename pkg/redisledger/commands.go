package redisledger

import (
	"context"
	"fmt"
	"strings"
)

// Commands are the Redis commands that a ledger runs, in its scripts and beside them, as ACL
// rules name them. Scripts are checked against the rights of who runs them, so that all
// are needed.
func Commands() []string {
	return strings.Fields(`
		config|get del eval evalsha exists get getrange hdel hexists hget hgetall hincrby hkeys
		hlen hmget hset info lindex linsert llen lrange lset ltrim mget mset rpush sadd scan set
		smembers time unlink zadd zcard zlexcount zrange zrangebylex zrem`)
}

// Denied returns those of the commands that the user of this client may not run on the keys
// of the namespace; it runs none of them. known is false where the server cannot say: before
// Redis 7, and on the embedded one.
func (l *Ledger) Denied(ctx context.Context, commands ...string) (denied []string, known bool, err error) {
	args := make([]any, len(commands))
	for i, command := range commands {
		args[i] = command
	}
	reply, err := l.scripts.denied.Run(ctx, l.client, []string{l.keys("").meta()}, args...).StringSlice()
	if err != nil {
		return nil, false, fmt.Errorf("ask for rights in redis: %w", classify(err))
	}
	if len(reply) == 1 && reply[0] == "unknown" {
		return nil, false, nil
	}
	return reply, true, nil
}
