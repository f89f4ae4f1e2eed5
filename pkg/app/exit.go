package app

import "errors"

// Exit codes of the command.
const (
	ExitOK          = 0
	ExitNo          = 1 // the answer is no: a failing policy test, an audit mismatch
	ExitUsage       = 2 // wrong use or bad input
	ExitUnreachable = 3 // a service is not reachable
)

// exitError carries the exit code of an error to main.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// No marks an error as a negative answer. It returns nil for nil.
func No(err error) error { return withCode(ExitNo, err) }

// Usage marks an error as wrong use or bad input. It returns nil for nil.
func Usage(err error) error { return withCode(ExitUsage, err) }

// Unreachable marks an error as a service that gives no answer. It returns nil
// for nil.
func Unreachable(err error) error { return withCode(ExitUnreachable, err) }

func withCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: code, err: err}
}

// ExitCode is the exit code for an error: 0 for nil, that of the outermost mark,
// else 1.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	if marked, ok := errors.AsType[*exitError](err); ok {
		return marked.code
	}
	return ExitNo
}
