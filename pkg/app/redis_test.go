package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/trust"
)

func TestRedisAddresses(t *testing.T) {
	t.Parallel()
	open := func(r app.Redis) redis.UniversalClient {
		client, err := r.Client()
		require.NoError(t, err)
		t.Cleanup(func() { _ = client.Close() })
		return client
	}
	single := func(r app.Redis) *redis.Options {
		client, ok := open(r).(*redis.Client)
		require.True(t, ok, "%s is one server", r.Address)
		return client.Options()
	}
	require.Equal(t, "localhost:6379", single(app.Redis{Address: "redis://localhost"}).Addr)
	require.Equal(t, "[::1]:7000", single(app.Redis{Address: "[::1]:7000"}).Addr)

	options := single(app.Redis{Address: "rediss://ann:secret@cache:7000/3"})
	require.Equal(t, "cache:7000", options.Addr)
	require.Equal(t, 3, options.DB)
	require.Equal(t, "ann", options.Username)
	require.Equal(t, "secret", options.Password)
	require.NotNil(t, options.TLSConfig)

	options = single(app.Redis{Address: "redis://ann:secret@cache:7000", User: "bob", Password: "other", TLS: trust.TLS{Enabled: true}})
	require.Equal(t, "bob", options.Username, "a flag says more than the URL")
	require.Equal(t, "other", options.Password)
	require.NotNil(t, options.TLSConfig)

	cluster, ok := open(app.Redis{Address: "a:1, b:2,c:3"}).(*redis.ClusterClient)
	require.True(t, ok)
	require.Equal(t, []string{"a:1", "b:2", "c:3"}, cluster.Options().Addrs)
}

// A password may stand in any part of an address that is not understood.
func TestABadRedisAddressIsNotEchoed(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", ",", "secret", "secret:", ":6379", "redis://:secret@host:port", "http://ann:secret@host:1", "ann:secret@host:6379",
		"secret@host:6379", "redis://host:1/secret", "a:1,secret", "host:6379,ann:secret@host:6379", "redis://ann:se%zzcret@host",
	} {
		_, err := app.Redis{Address: address}.Client()
		require.ErrorIs(t, err, app.ErrRedisAddress, address)
		require.NotContains(t, err.Error(), "secret")
		require.Equal(t, app.ExitUsage, app.ExitCode(err))
	}
}

func TestTheRootsOfRedis(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ca.pem")
	_, err := app.Redis{Address: "a:1", TLS: trust.TLS{Enabled: true, CAFile: path}}.Client()
	require.ErrorContains(t, err, "read CA")
	require.NoError(t, os.WriteFile(path, []byte("no certificate"), 0o600))
	_, err = app.Redis{Address: "a:1", TLS: trust.TLS{Enabled: true, CAFile: path}}.Client()
	require.ErrorContains(t, err, "no certificate in it")
}

// Who names an authority, or asks for none at all, believes something about the connection.
func TestRedisIsEncryptedOrSaysSo(t *testing.T) {
	t.Parallel()
	_, err := app.Redis{Address: "redis://a:1", TLS: trust.TLS{CAFile: "ca.pem"}}.Client()
	require.ErrorIs(t, err, trust.ErrUnused)
	_, err = app.Redis{Address: "rediss://ann:secret@a:1?skip_verify=true"}.Client()
	require.ErrorIs(t, err, app.ErrUnverified)
	require.NotContains(t, err.Error(), "secret")
}
