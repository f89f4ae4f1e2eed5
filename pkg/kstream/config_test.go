package kstream_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/trust"
)

func TestConfigReportsAllProblems(t *testing.T) {
	t.Parallel()
	_, err := kstream.New(kstream.Config{
		Producers: 1, MaxBatch: -1, Tick: -1, SessionTimeout: 1, TransactionTimeout: 1,
		Client: kstream.Client{TLS: trust.TLS{CertFile: "cert.pem"}, SASL: kstream.SASL{Mechanism: "GSSAPI"}},
	}, &stub{})
	for _, problem := range []string{
		"role is empty", "no input topic", "producers must be 2 or 3", "max batch", "tick",
		"session timeout", "transaction timeout", "no brokers", "certificate of a client and its key",
	} {
		require.ErrorContains(t, err, problem)
	}
	require.ErrorIs(t, err, kstream.ErrSASLMechanism)
}

func TestNames(t *testing.T) {
	t.Parallel()
	c := kstream.Config{Instance: "acme", Role: "router", Slot: "7"}
	require.Equal(t, "acme-router", c.Group())
	require.Equal(t, "acme-router-7-1", c.TransactionalID(1))
	require.Equal(t, "leadrouter-sla-0-0", kstream.Config{Role: "sla"}.TransactionalID(0))
	require.Equal(t, "in/3", kstream.TopicPartition{Topic: "in", Partition: 3}.String())
}

// Size is never below what the client puts on the wire for the record alone.
func TestFitsIsSafe(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	p, err := kstream.NewPublisher(k.client)
	require.NoError(t, err)
	defer p.Close()
	for _, headers := range []int{0, 1, 50} {
		r := &kstream.Record{Topic: k.out, Key: make([]byte, 100)}
		for range headers {
			r.Headers = append(r.Headers, kstream.Header{Key: "ce_type", Value: []byte("lead.assigned")})
		}
		r.Value = make([]byte, kstream.DefaultMaxMessageBytes-kstream.Size(r))
		_, _ = rand.Read(r.Value) // not to be compressed
		require.True(t, kstream.Config{}.Fits(r))
		require.NoError(t, p.Publish(t.Context(), r), "%d headers", headers)
		r.Value = append(r.Value, 0)
		require.False(t, kstream.Config{}.Fits(r))
	}
}

func TestMarksOnErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	require.NoError(t, kstream.Retry(nil))
	require.NoError(t, kstream.Fatal(nil))
	require.ErrorIs(t, kstream.Retry(cause), cause)
	require.ErrorIs(t, kstream.Fatal(cause), cause)
	require.EqualError(t, kstream.Fatal(cause), "cause")
}

// A broker that takes a connection and says nothing holds nobody up for longer than said.
func TestPatience(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	client := kstream.Client{Brokers: []string{silent.Addr().String()}, Patience: 50 * time.Millisecond}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err = client.ListTopics(ctx, "")
	require.Error(t, err)
	require.Less(t, time.Since(begin), 5*time.Second)
}

// Two streams of one process share a registry.
func TestMetricsAreShared(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	cfg := kstream.Config{Client: kstream.Client{Brokers: []string{"localhost:1"}}, Role: "copy", Topics: []string{"in"}, Registerer: reg}
	for range 2 {
		_, err := kstream.New(cfg, &stub{})
		require.NoError(t, err)
	}
	other := prometheus.NewRegistry()
	require.NoError(t, other.Register(prometheus.NewCounter(prometheus.CounterOpts{Name: "leadrouter_batch_records", Help: "?"})))
	cfg.Registerer = other
	_, err := kstream.New(cfg, &stub{})
	require.ErrorContains(t, err, "register metrics")
}

func TestSASL(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser(mechanism, "ada", "secret"))
			require.NoError(t, err)
			t.Cleanup(cluster.Close)
			client := kstream.Client{Brokers: cluster.ListenAddrs(), SASL: kstream.SASL{Mechanism: mechanism, User: "ada", Password: "secret"}}
			require.NoError(t, client.CreateTopics(t.Context(), kstream.Topic{Name: "a", Partitions: 1}))
			client.SASL.Password = "wrong"
			_, err = client.ListTopics(t.Context(), "")
			require.Error(t, err)
		})
	}
}

func TestTLSFiles(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	garbage := filepath.Join(t.TempDir(), "garbage.pem")
	require.NoError(t, os.WriteFile(garbage, []byte("none"), 0o600))
	open := func(c trust.TLS) error {
		c.Enabled = true
		p, err := kstream.NewPublisher(kstream.Client{Brokers: []string{"localhost:1"}, TLS: c})
		if err == nil {
			p.Close()
		}
		return err
	}
	require.NoError(t, open(trust.TLS{}))
	require.NoError(t, open(trust.TLS{CAFile: cert, CertFile: cert, KeyFile: key}))
	require.ErrorIs(t, open(trust.TLS{CAFile: "missing.pem"}), os.ErrNotExist)
	require.ErrorContains(t, open(trust.TLS{CAFile: garbage}), "no certificate")
	require.ErrorContains(t, open(trust.TLS{CertFile: garbage, KeyFile: key}), "client certificate")
}

// certificate writes a self-signed certificate and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600))
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", pkcs8)
}
