package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS encrypts connections; the zero value does not.
type TLS struct {
	Enabled    bool
	CAFile     string // PEM; default: the system's roots
	CertFile   string // PEM, with KeyFile: the client's certificate
	KeyFile    string // PEM
	ServerName string // that the server's certificate must carry; default: the host
}

// ErrHalfPair is returned for a certificate without its key, or the reverse.
var ErrHalfPair = errors.New("the certificate of a client and its key go together")

// ErrUnused is returned for files that nothing uses, because TLS is off: who names an
// authority believes that the connection is encrypted.
var ErrUnused = errors.New("there are files for TLS, and TLS is off")

// Validate looks at what can be wrong without reading the files.
func (t TLS) Validate() error {
	if (t.CertFile == "") != (t.KeyFile == "") {
		return ErrHalfPair
	}
	if !t.Enabled && t != (TLS{}) {
		return ErrUnused
	}
	return nil
}

// Config reads the files. It returns nil, without an error, when TLS is off.
func (t TLS) Config() (*tls.Config, error) {
	if err := t.Validate(); err != nil || !t.Enabled {
		return nil, err
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read CA: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read CA %s: no certificate in it", t.CAFile)
		}
	}
	if t.CertFile != "" {
		if _, err := t.pair(); err != nil { // now, and not with the first connection
			return nil, err
		}
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return t.pair() }
	}
	return cfg, nil
}

func (t TLS) pair() (*tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read client certificate %s with key %s: %w", t.CertFile, t.KeyFile, err)
	}
	return &cert, nil
}
