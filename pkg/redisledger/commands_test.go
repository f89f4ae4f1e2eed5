package redisledger_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/testkit/services"
)

// limited is a Redis of its own, with a user who may run these commands on all keys, and a
// client of each: that user, and one who may do everything.
func limited(t *testing.T, commands []string) (user, admin *redis.Client) {
	t.Helper()
	server := services.OwnRedis(t, services.RedisConfig{})
	open := func(o redis.Options) *redis.Client {
		o.Addr = server.Addr()
		client := redis.NewClient(&o)
		t.Cleanup(func() { require.NoError(t, client.Close()) })
		return client
	}
	admin = open(redis.Options{})
	rules := []any{"ACL", "SETUSER", "ledger", "on", ">secret", "~*", "-@all"}
	for _, command := range commands {
		rules = append(rules, "+"+command)
	}
	require.NoError(t, admin.Do(t.Context(), rules...).Err())
	return open(redis.Options{Username: "ledger", Password: "secret"}), admin
}

// conformsWithRights: the ledger does all that it can do with the commands that are listed, and
// runs each.
func conformsWithRights(t *testing.T) {
	t.Helper()
	user, admin := limited(t, redisledger.Commands())
	require.NoError(t, admin.ConfigResetStat(t.Context()).Err())
	t.Run("conforms", func(t *testing.T) { conforms(t, user) })
	l := open(t, user, "rebuilt")
	held, err := l.Dump(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.Load(t.Context(), held))
	_, err = l.Vitals(t.Context())
	require.NoError(t, err)
	// So many leads are counted and not compared.
	for i := range 20_001 {
		held.Leads[fmt.Sprintf("L-%d", i)] = &ledger.Lead{Rep: "a", Attempt: 1}
	}
	require.NoError(t, l.Load(t.Context(), held))
	denied, err := admin.Do(t.Context(), "ACL", "LOG").Slice()
	require.NoError(t, err)
	for _, entry := range denied {
		fields, ok := entry.(map[any]any)
		require.True(t, ok)
		require.Equal(t, "client|setinfo", fields["object"], "only what the client says of itself is refused: %v", entry)
	}
	halted(t, admin, user)

	stats, err := admin.Info(t.Context(), "commandstats").Result()
	require.NoError(t, err)
	ran := map[string]bool{}
	for _, m := range regexp.MustCompile(`cmdstat_([^:]+):calls=[1-9]`).FindAllStringSubmatch(stats, -1) {
		ran[m[1]] = true
	}
	var idle []string
	for _, command := range redisledger.Commands() {
		if !ran[command] {
			idle = append(idle, command)
		}
	}
	require.Empty(t, idle, "commands that nobody runs")
}

// halted replaces the ledger as after a restart, which asks how long a rival may live.
func halted(t *testing.T, admin, user *redis.Client) {
	t.Helper()
	l := open(t, user, "restarted")
	require.NoError(t, admin.HSet(t.Context(), "{restarted}:meta", "run", "another").Err())
	for _, command := range []string{"-config|get", "+config|get"} {
		require.NoError(t, admin.Do(t.Context(), "ACL", "SETUSER", "ledger", command).Err())
		_, err := l.Replace().Halt(t.Context())
		if command[0] == '+' {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, "config|get", "a rival that cannot be ruled out")
	}
}

// Without any one of the commands the server names it, before anything is run.
func TestEachCommandIsMissed(t *testing.T) {
	t.Parallel()
	user, admin := limited(t, redisledger.Commands())
	l := open(t, user, "n")
	ask := func() []string {
		denied, known, err := l.Denied(t.Context(), redisledger.Commands()...)
		require.NoError(t, err)
		require.True(t, known)
		return denied
	}
	require.Empty(t, ask())
	for _, command := range redisledger.Commands() {
		if strings.HasPrefix(command, "eval") {
			continue // what asks is a script itself
		}
		require.NoError(t, admin.Do(t.Context(), "ACL", "SETUSER", "ledger", "-"+command).Err())
		require.Equal(t, []string{command}, ask())
		require.NoError(t, admin.Do(t.Context(), "ACL", "SETUSER", "ledger", "+"+command).Err())
	}
	require.NoError(t, admin.Do(t.Context(), "ACL", "SETUSER", "ledger", "resetkeys", "~{other}:*").Err())
	_, _, err := l.Denied(t.Context(), redisledger.Commands()...)
	require.ErrorContains(t, err, "keys", "those of others are no use")
	require.True(t, redisledger.Forbidden(err))
}

// What is missing is no fault of a record, in a script or beside it.
func TestAMissingCommandIsARefusal(t *testing.T) {
	t.Parallel()
	without := func(command string) error {
		commands := slices.DeleteFunc(redisledger.Commands(), func(c string) bool { return c == command })
		user, _ := limited(t, commands)
		l, err := redisledger.New(user, redisledger.Config{Namespace: "n", Cluster: "kafka"})
		require.NoError(t, err)
		_, err = l.Open(context.Background())
		return err
	}
	for _, command := range []string{"hset", "info", "hgetall", "evalsha"} {
		err := without(command)
		require.ErrorIs(t, err, ledger.ErrUnavailable, command)
		require.True(t, redisledger.Forbidden(err), "%s: %v", command, err)
	}
}

// The embedded Redis has no rights to ask for.
func TestTheEmbeddedRedisCannotSay(t *testing.T) {
	t.Parallel()
	l := open(t, embedded(t), "n")
	_, known, err := l.Denied(t.Context(), redisledger.Commands()...)
	require.NoError(t, err)
	require.False(t, known)
}
