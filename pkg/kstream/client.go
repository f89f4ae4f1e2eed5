package kstream

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"leadrouter/pkg/trust"
)

// Client tells how to reach the brokers.
type Client struct {
	Brokers []string // host:port
	ID      string   // client id in the brokers' logs and quotas; default "leadrouter"
	TLS     trust.TLS
	SASL    SASL
	// Patience is the longest wait for one answer, from a broker that is there and says
	// nothing. Default, and most, 10 s.
	Patience time.Duration
	// Options go to every client after all others; tests dial through them.
	Options []kgo.Opt
}

// SASL authenticates; the zero value does not.
type SASL struct {
	Mechanism string // PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty: none
	User      string
	Password  string
}

// ErrSASLMechanism is returned for a mechanism that is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512.
var ErrSASLMechanism = errors.New("unknown SASL mechanism")

// ErrSASLUser is returned for a mechanism without a user, or a user without one: who names
// a user believes that there is a login.
var ErrSASLUser = errors.New("the SASL mechanism and the user go together")

// ErrBrokerAddress is returned for a broker that is no host:port. It never holds the
// address: somebody may have put a password into it.
var ErrBrokerAddress = errors.New("want host:port")

// isAddress reports whether s can be a host with or without a port. Nothing of a URL or a
// login may pass: addresses are told in errors.
func isAddress(s string) bool { return s != "" && !strings.ContainsAny(s, "@/") }

// Check looks at everything that can be wrong with the configuration, the files that it names
// included. It does not connect.
func (c Client) Check() error {
	_, err := c.options()
	return err
}

func (c Client) validate() error {
	var errs []error
	if len(c.Brokers) == 0 {
		errs = append(errs, errors.New("no brokers"))
	}
	for i, broker := range c.Brokers {
		if !isAddress(broker) {
			errs = append(errs, fmt.Errorf("broker %d: %w", i+1, ErrBrokerAddress))
		}
	}
	errs = append(errs, c.TLS.Validate())
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
		kgo.MaxDecompressBatchBytes(2 * maxBatch), // none of ours comes near
	}
	if c.Patience > 0 {
		patience := min(max(c.Patience, 100*time.Millisecond), 10*time.Second)
		opts = append(opts, kgo.RequestTimeoutOverhead(patience))
	}
	encrypted, err := c.TLS.Config()
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	if encrypted != nil {
		opts = append(opts, kgo.DialTLSConfig(encrypted))
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

func (s SASL) mechanism() (sasl.Mechanism, error) {
	if known := []string{"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}; !slices.Contains(known, s.Mechanism) {
		return nil, fmt.Errorf("%w %q", ErrSASLMechanism, s.Mechanism)
	}
	if (s.Mechanism == "") != (s.User == "") {
		return nil, ErrSASLUser
	}
	switch s.Mechanism {
	case "PLAIN":
		return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism(), nil
	default:
		return nil, nil
	}
}
