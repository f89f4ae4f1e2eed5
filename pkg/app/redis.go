package app

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/trust"
)

// Redis tells how to reach the Redis of the ledger.
type Redis struct {
	// Address is a redis:// or rediss:// URL, a host:port, or the host:port of
	// several nodes of a cluster, separated by commas.
	Address  string
	User     string // ACL user; empty: the default user
	Password string
	TLS      trust.TLS // a rediss:// URL enables it, too
}

// ErrRedisAddress is returned for an address that cannot be understood. It never
// holds the address: that may contain a password.
var ErrRedisAddress = errors.New("want redis://host:port, host:port, or the nodes of a cluster separated by commas")

// ErrUnverified is returned for an address that asks for encryption with whoever answers.
var ErrUnverified = errors.New("skip_verify would trust any server; name the authority with --redis-ca instead")

// HoldsPassword reports whether an address has one in it.
func HoldsPassword(address string) bool { return strings.Contains(address, "@") }

// Client returns a client. It connects with the first command.
func (r Redis) Client() (redis.UniversalClient, error) {
	options, err := r.options()
	if err != nil {
		return nil, Usage(fmt.Errorf("--redis: %w", err))
	}
	// The caller retries, with the whole chunk: a second layer only hides trouble.
	options.MaxRetries = -1
	options.DialTimeout = 2 * time.Second
	options.ReadTimeout = 5 * time.Second
	return redis.NewUniversalClient(options), nil
}

// cacheClient returns a client for what can be done without: it gives up soon.
func (r Redis) cacheClient() (redis.UniversalClient, error) {
	options, err := r.options()
	if err != nil {
		return nil, Usage(fmt.Errorf("--redis: %w", err))
	}
	options.MaxRetries = -1
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = cachePatience, cachePatience, cachePatience
	options.PoolTimeout = cachePatience
	return redis.NewUniversalClient(options), nil
}

// cachePatience leaves most of a lead's time budget to the providers.
const cachePatience = 50 * time.Millisecond

func (r Redis) options() (*redis.UniversalOptions, error) {
	options := &redis.UniversalOptions{Username: r.User, Password: r.Password}
	if strings.Contains(r.Address, "://") {
		parsed, err := redis.ParseURL(r.Address)
		if err != nil {
			return nil, ErrRedisAddress
		}
		options.Addrs, options.DB, options.TLSConfig = []string{parsed.Addr}, parsed.DB, parsed.TLSConfig
		if options.Username == "" {
			options.Username = parsed.Username
		}
		if options.Password == "" {
			options.Password = parsed.Password
		}
	} else {
		for addr := range strings.SplitSeq(r.Address, ",") {
			options.Addrs = append(options.Addrs, strings.TrimSpace(addr))
		}
	}
	for _, addr := range options.Addrs {
		// An @ is that of a password in a URL without its scheme. It would be told in
		// every error of the dialer.
		if host, port, err := net.SplitHostPort(addr); err != nil || host == "" || port == "" || strings.Contains(addr, "@") {
			return nil, ErrRedisAddress
		}
	}
	encrypted := r.TLS
	encrypted.Enabled = r.TLS.Enabled || options.TLSConfig != nil
	if options.TLSConfig != nil && options.TLSConfig.InsecureSkipVerify {
		return nil, ErrUnverified
	}
	var err error
	options.TLSConfig, err = encrypted.Config()
	return options, err
}
