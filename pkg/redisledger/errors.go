package redisledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/ledger"
)

// Errors of [Ledger.Open]: this Redis cannot be used as it is.
var (
	// ErrEviction: keys may be evicted; set maxmemory-policy to noeviction.
	ErrEviction = errors.New("maxmemory-policy is not noeviction")
	// ErrBound: the namespace belongs to another Kafka cluster or instance.
	ErrBound = errors.New("namespace is bound to another installation")
	// ErrSchema: the namespace was written by a newer version.
	ErrSchema = errors.New("namespace has a newer schema")
)

// refusals are the codes with which a server that is there does not serve: it
// loads, fails over, lacks a replica, memory or disk, is busy with a script, or does
// not let us in. No record is to blame for any of it.
var refusals = []string{
	"LOADING", "CLUSTERDOWN", "READONLY", "MASTERDOWN", "TRYAGAIN", "NOREPLICAS",
	"OOM", "MISCONF", "BUSY", "MOVED", "ASK", "UNBLOCKED",
	"NOAUTH", "WRONGPASS", "NOPERM",
}

// classify tells a server that does not serve from a fault of ours.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if reply, answered := errors.AsType[redis.Error](err); answered {
		code, _, _ := strings.Cut(reply.Error(), " ")
		if !slices.Contains(refusals, code) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ledger.ErrUnavailable, err)
}
