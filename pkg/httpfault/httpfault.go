// Package httpfault says what went wrong with an HTTP request without saying where it went:
//
//	error of package http, which quotes the address ──Nameless──► one that does not
//
// Addresses hold secrets of calendars and what a service is asked about a person; errors end
// up in logs.
package httpfault

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
)

// Nameless is err without an address, in full or in part. One of the caller's own errors in
// it is told as it stands, and no answer in time as late.
func Nameless(err, late error, own ...error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	for _, mine := range append(own, context.Canceled) {
		if errors.Is(err, mine) {
			return err
		}
	}
	timeout, _ := errors.AsType[net.Error](err)
	dns, unknown := errors.AsType[*net.DNSError](err)
	dial, unreachable := errors.AsType[*net.OpError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case timeout != nil && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return late
	case unknown && dns.IsNotFound:
		return errors.New("there is no such host")
	case unreachable:
		return fmt.Errorf("no connection: %w", dial.Err)
	case untrusted:
		return errors.New("the certificate of the server is not trusted")
	}
	return errors.New("the answer is not HTTP, or breaks off")
}
