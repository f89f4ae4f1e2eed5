package lead

import (
	"errors"
	"fmt"
)

// Code is a stable name of what is wrong with an input. It goes to the header
// error_code of the dead letter queue.
type Code string

// The codes.
const (
	NotJSON     Code = "not_json"
	NotUTF8     Code = "not_utf8"
	TooLarge    Code = "too_large"
	TooDeep     Code = "too_deep"
	TooMany     Code = "too_many"
	MissingID   Code = "missing_id"
	BadID       Code = "bad_id"
	MissingText Code = "missing_text"
	WrongType   Code = "wrong_type"
	UnknownEnum Code = "unknown_enum"
	BadDate     Code = "bad_date"
	BadNumber   Code = "bad_number"
)

// Error says what is wrong with an input, and where. It never holds the value.
type Error struct {
	Code   Code
	Field  string // dotted name; empty when the whole input is meant
	Reason string
}

// Error is "field: reason".
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

// CodeOf returns the code of an [*Error] in err's chain, or "".
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Fail makes an [*Error]; format and args must not tell any value of the input.
func Fail(code Code, field, format string, args ...any) error {
	return &Error{Code: code, Field: field, Reason: fmt.Sprintf(format, args...)}
}
