package services

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Authority signs certificates for the servers and the clients of a test.
type Authority struct {
	// File is its own certificate, in PEM: what others have to trust.
	File string

	dir    string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	serial int64
}

// Pair is a certificate with its key, in files.
type Pair struct {
	Cert, Key string // PEM
	Both      string // PEM, the key and then the certificate
	CA        string // PEM, of who has signed it
}

// NewAuthority makes an authority that nobody trusts yet. Its files are removed with the test.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{dir: t.TempDir()}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority of a test"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	pair, err := a.sign(template, "ca")
	require.NoError(t, err)
	a.File = pair.Cert
	return a
}

// Issue signs a certificate for this machine, for servers and clients alike, under a common
// name. It has been valid for an hour, and is for another one unless it is to have expired.
func (a *Authority) Issue(t testing.TB, name string, expired bool) Pair {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if expired {
		template.NotAfter = time.Now().Add(-time.Minute)
	}
	pair, err := a.sign(template, fmt.Sprintf("%s-%d", name, a.serial+1))
	require.NoError(t, err)
	return pair
}

// sign makes a key and has the authority sign its certificate; the first one is its own.
func (a *Authority) sign(template *x509.Certificate, file string) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	a.serial++
	template.SerialNumber, template.NotBefore = big.NewInt(a.serial), time.Now().Add(-time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	if a.cert == nil {
		a.cert, a.key = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return Pair{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return a.write(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

// write puts a certificate and its key into files.
func (a *Authority) write(name string, cert, key []byte) (Pair, error) {
	at := func(suffix string) string { return filepath.Join(a.dir, name+suffix) }
	pair := Pair{Cert: at(".pem"), Key: at(".key"), Both: at(".both.pem"), CA: a.File}
	err := errors.Join(
		os.WriteFile(pair.Cert, cert, 0o600), os.WriteFile(pair.Key, key, 0o600),
		os.WriteFile(pair.Both, append(append([]byte{}, key...), cert...), 0o600))
	return pair, err
}
