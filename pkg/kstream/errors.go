package kstream

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ErrPanic is the cause when Handle has panicked.
var ErrPanic = errors.New("handler panicked")

// errPredecessor ends a transaction because the one before it failed.
var errPredecessor = errors.New("an earlier transaction failed")

type retryError struct{ error }

func (e retryError) Unwrap() error { return e.error }

// Retry marks err as passing (a service is down): the same records are handled again, with
// backoff, before any transaction is begun. It returns nil for nil.
func Retry(err error) error {
	if err == nil {
		return nil
	}
	return retryError{err}
}

type fatalError struct{ error }

func (e fatalError) Unwrap() error { return e.error }

// Fatal marks err as one that no repetition heals: [Stream.Run] ends with it. It returns nil
// for nil.
func Fatal(err error) error {
	if err == nil {
		return nil
	}
	return fatalError{err}
}

// fate is what becomes of a batch after an error.
type fate int

const (
	fateRetry fate = iota // the same again, with backoff
	fateAbort             // counted against the records; the third time they go one by one
	fateFatal             // the stream ends
)

// handlerFate is decided by the mark on the error; Fatal wins over Retry.
func handlerFate(err error) fate {
	if fatal := (fatalError{}); errors.As(err, &fatal) {
		return fateFatal
	}
	if retry := (retryError{}); errors.As(err, &retry) {
		return fateRetry
	}
	return fateAbort
}

// commitFate is decided by who is to blame: only an error that lies in the bytes of a record
// counts against it. Everything else (rebalance, fence, timeout, broker away) passes, and
// counting it would send good records to the DLQ whenever a broker is slow.
func commitFate(err error) fate {
	for _, fatal := range []error{
		kerr.TransactionalIDAuthorizationFailed, kerr.GroupAuthorizationFailed,
		kerr.TopicAuthorizationFailed, kerr.ClusterAuthorizationFailed,
		kerr.InvalidTransactionTimeout, kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism,
	} {
		if errors.Is(err, fatal) {
			return fateFatal
		}
	}
	for _, blame := range []error{kerr.MessageTooLarge, kerr.InvalidRecord, kerr.InvalidTimestamp} {
		if errors.Is(err, blame) {
			return fateAbort
		}
	}
	return fateRetry
}

// HungUp reports whether a broker has closed a connection without a word, which is how brokers
// refuse whoever speaks TLS or SASL to a port without, or does not speak it.
func HungUp(err error) bool {
	_, first := errors.AsType[*kgo.ErrFirstReadEOF](err)
	// What a port for TLS says to who speaks plainly, the client takes for the size of an answer.
	return first || err != nil && (errors.Is(err, io.EOF) || strings.Contains(err.Error(), "speaking to a tls endpoint"))
}

// panicError turns a recovered value into an error that is [ErrPanic].
func panicError(v any) error {
	if err, ok := v.(error); ok {
		return fmt.Errorf("%w: %w", ErrPanic, err)
	}
	return fmt.Errorf("%w: %v", ErrPanic, v)
}
