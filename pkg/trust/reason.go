package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
)

// Fault is what kind of trouble a handshake had, for who knows which setting mends it.
type Fault string

// The faults. [None]: the handshake is not to blame.
const (
	None        Fault = ""
	Authority   Fault = "authority"   // we do not trust the server
	Expired     Fault = "expired"     // its certificate is not valid now
	Name        Fault = "name"        // its certificate is another host's
	Certificate Fault = "certificate" // anything else about its certificate
	Plaintext   Fault = "plaintext"   // it does not speak TLS there
	Client      Fault = "client"      // it does not trust us
)

// remoteAlert is what package tls calls an alert that the server has sent.
const remoteAlert = "remote error"

// Reason tells what went wrong with a handshake, and in a sentence what that means. No
// repetition heals any of it.
func Reason(err error) (Fault, string) {
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return Authority, "its certificate is not signed by an authority that is trusted here"
	}
	if wrong, is := errors.AsType[x509.HostnameError](err); is {
		return Name, "its certificate is not for " + wrong.Host
	}
	if invalid, is := errors.AsType[x509.CertificateInvalidError](err); is {
		if invalid.Reason == x509.Expired {
			return Expired, "its certificate has expired or is not valid yet, or the clock here is wrong"
		}
		return Certificate, "its certificate is not valid"
	}
	if _, is := errors.AsType[*tls.CertificateVerificationError](err); is {
		return Certificate, "its certificate is not valid"
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is {
		return Plaintext, "it does not speak TLS on that port"
	}
	if alert, is := errors.AsType[*net.OpError](err); is && alert.Op == remoteAlert {
		return Client, "it does not accept our side of TLS, most likely for want of a client certificate that it trusts"
	}
	return None, ""
}
