package app

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kerr"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/trust"
)

// Refusal tells of an error of Kafka or Redis whether they are there and do not let us in:
// by encryption, login or rights. If so it says what to do, in the words of the flags.
// Asking again heals none of it, except that who hangs up without a word may also be a
// server that is just starting or stopping: lasting says which.
func Refusal(err error) (advice string, lasting bool) {
	if err == nil {
		return "", false
	}
	service := "kafka"
	_, replied := errors.AsType[redis.Error](err)
	if replied || errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, errForbidden) {
		service = "redis"
	}
	if fault, reason := trust.Reason(err); fault != trust.None {
		return fmt.Sprintf("%s: %s", reason, handshakeAdvice(service, fault)), true
	}
	if service == "redis" {
		return redisAdvice(err)
	}
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return "check --kafka-user and its password, and whether --kafka-sasl is how it was made", true
	case errors.Is(err, kerr.UnsupportedSaslMechanism), errors.Is(err, kerr.IllegalSaslState):
		return "take another --kafka-sasl", true
	case denied(err):
		return "leadrouter rights lists what each role needs", true
	case kstream.HungUp(err):
		return "check whether that port wants --kafka-tls and --kafka-sasl, or one of them is too much", false
	}
	return "", false
}

// handshakeAdvice names the flag that mends a fault.
func handshakeAdvice(service string, fault trust.Fault) string {
	text := map[trust.Fault]string{
		trust.Authority:   "name the authority that signs it with --%s-ca",
		trust.Expired:     "renew it",
		trust.Name:        "say with --%s-server-name which name it carries, if that is right",
		trust.Certificate: "have it signed anew, or check --%s-ca",
		trust.Plaintext:   "leave --%s-tls out, or take the port for TLS",
		trust.Client:      "name one with --%s-cert and --%[1]s-key",
	}[fault]
	if strings.Contains(text, "%") {
		return fmt.Sprintf(text, service)
	}
	return text
}

// redisAdvice is [Refusal] for what Redis says, or does not.
func redisAdvice(err error) (advice string, lasting bool) {
	text := err.Error()
	switch {
	case redisledger.Forbidden(err), errors.Is(err, errForbidden):
		return "leadrouter rights router lists what the user needs", true
	case strings.Contains(text, "WRONGPASS"), strings.Contains(text, "NOAUTH"):
		return "check --redis-user and its password", true
	case errors.Is(err, io.EOF):
		return "check whether that port wants --redis-tls", false
	default:
		return "", false
	}
}

// denied reports whether the brokers refuse a right.
func denied(err error) bool {
	for _, code := range []error{
		kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.ClusterAuthorizationFailed,
		kerr.TransactionalIDAuthorizationFailed, kerr.DelegationTokenAuthorizationFailed, kerr.SecurityDisabled, errDenied,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// Explain turns an error of a service that does not let us in into one that says what to do,
// marked [Unreachable]; every other error comes back as it is, bad input among them: a file
// can end too soon, too.
func Explain(err error) error {
	advice, _ := Refusal(err)
	if advice == "" || ExitCode(err) == ExitUsage || errors.As(err, new(*explained)) {
		return err
	}
	return Unreachable(&explained{err: err, advice: advice})
}

// explained is an error with what to do about it.
type explained struct {
	err    error
	advice string
}

func (e *explained) Error() string { return oneLine(e.err.Error()) + "; " + e.advice }
func (e *explained) Unwrap() error { return e.err }

// oneLine is for what clients say of several brokers at once.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
