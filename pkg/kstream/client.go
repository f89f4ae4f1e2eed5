package kstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Client tells how to reach the brokers.
type Client struct {
	Brokers []string // host:port
	ID      string   // client id in the brokers' logs and quotas; default "leadrouter"
	TLS     TLS
	SASL    SASL
	// Patience is the longest wait for one answer, from a broker that is there and says
	// nothing. Default, and most, 10 s.
	Patience time.Duration
	// Options go to every client after all others; tests dial through them.
	Options []kgo.Opt
}

// TLS encrypts connections; the zero value does not.
type TLS struct {
	Enabled    bool
	CAFile     string // PEM; default: the system's roots
	CertFile   string // PEM, with KeyFile: the client's certificate
	KeyFile    string // PEM
	ServerName string // default: the broker's host
}

// SASL authenticates; the zero value does not.
type SASL struct {
	Mechanism string // PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty: none
	User      string
	Password  string
}

// ErrSASLMechanism is returned for a mechanism that is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512.
var ErrSASLMechanism = errors.New("unknown SASL mechanism")

func (c Client) validate() error {
	var errs []error
	if len(c.Brokers) == 0 {
		errs = append(errs, errors.New("no brokers"))
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		errs = append(errs, errors.New("TLS certificate and key go together"))
	}
	if _, err := c.SASL.mechanism(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// options returns what all clients have in common, followed by extra and by c.Options.
func (c Client) options(extra ...kgo.Opt) ([]kgo.Opt, error) {
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	id := c.ID
	if id == "" {
		id = "leadrouter"
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(id),
		kgo.MaxVersions(versions()),
		kgo.RetryBackoffFn(retryBackoff),
		kgo.MetadataMinAge(250 * time.Millisecond),
	}
	if c.Patience > 0 {
		patience := min(max(c.Patience, 100*time.Millisecond), 10*time.Second)
		opts = append(opts, kgo.RequestTimeoutOverhead(patience))
	}
	if c.TLS.Enabled {
		cfg, err := c.TLS.config()
		if err != nil {
			return nil, fmt.Errorf("kafka client: %w", err)
		}
		opts = append(opts, kgo.DialTLSConfig(cfg))
	}
	if m, err := c.SASL.mechanism(); err == nil && m != nil {
		opts = append(opts, kgo.SASL(m))
	}
	return append(append(opts, extra...), c.Options...), nil
}

// open returns a new client.
func (c Client) open(extra ...kgo.Opt) (*kgo.Client, error) {
	opts, err := c.options(extra...)
	if err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("open kafka client: %w", err)
	}
	return cl, nil
}

// versions caps the requests that this package builds itself below the versions that name
// topics by id instead of by name.
func versions() *kversion.Versions {
	v := kversion.Stable()
	v.SetMaxKeyVersion(int16(kmsg.OffsetCommit), 9)
	v.SetMaxKeyVersion(int16(kmsg.OffsetFetch), 9)
	v.SetMaxKeyVersion(int16(kmsg.TxnOffsetCommit), 5)
	return v
}

// retryBackoff waits 20 ms, doubling to 1 s, before kgo sends a failed request again: its own
// 250 ms to 5 s would be most of a ten second session.
func retryBackoff(fails int) time.Duration {
	return min(20*time.Millisecond<<min(max(fails-1, 0), 6), time.Second)
}

func (t TLS) config() (*tls.Config, error) {
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
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read client certificate: %w", err)
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return cfg, nil
}

func (s SASL) mechanism() (sasl.Mechanism, error) {
	switch s.Mechanism {
	case "":
		return nil, nil
	case "PLAIN":
		return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism(), nil
	default:
		return nil, fmt.Errorf("%w %q", ErrSASLMechanism, s.Mechanism)
	}
}
