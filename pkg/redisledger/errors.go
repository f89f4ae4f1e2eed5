package redisledger

import (
	"errors"
	"fmt"
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
// not let us in. No record is to blame for any of it. With each goes what helps, where that is
// more than to wait.
var refusals = map[string]string{
	"LOADING": "", "CLUSTERDOWN": "", "MASTERDOWN": "", "TRYAGAIN": "", "BUSY": "", "MOVED": "", "ASK": "", "UNBLOCKED": "",
	"NOAUTH": "", "WRONGPASS": "", "NOPERM": "",
	"READONLY":   "it is a replica: lead routers to the master",
	"NOREPLICAS": "see that a replica follows it; if another server was promoted, lead routers to that one",
	"OOM":        "raise its maxmemory",
	"MISCONF":    "see to its disk",
}

// refused is [ledger.ErrUnavailable] of a server that is there.
type refused struct {
	err    error
	advice string
}

func (r *refused) Error() string {
	text := "redis is there and does not serve: " + r.err.Error()
	if r.advice != "" {
		text += "; " + r.advice
	}
	return text
}

func (r *refused) Unwrap() error { return r.err }

func (r *refused) Is(target error) bool { return target == ledger.ErrUnavailable }

// classify tells a server that does not serve from a fault of ours.
func classify(err error) error {
	if err == nil {
		return nil
	}
	reply, answered := errors.AsType[redis.Error](err)
	if !answered {
		return fmt.Errorf("%w: %w", ledger.ErrUnavailable, err)
	}
	code, _, _ := strings.Cut(reply.Error(), " ")
	if advice, passing := refusals[code]; passing || Forbidden(err) {
		return &refused{err, advice}
	}
	return err
}

// Forbidden reports whether an error says that the user may not do something. Inside of
// scripts servers before Redis 7.2 have no code for that, and do not name the command:
// [Ledger.Denied] does.
func Forbidden(err error) bool {
	for _, said := range []string{"NOPERM", "The user executing the script can't", "ACL failure in script"} {
		if strings.Contains(err.Error(), said) {
			return true
		}
	}
	return false
}
