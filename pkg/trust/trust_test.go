package trust_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/testkit/services"
	"leadrouter/pkg/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOffIsNoConfig(t *testing.T) {
	t.Parallel()
	cfg, err := trust.TLS{}.Config()
	require.NoError(t, err)
	require.Nil(t, cfg)
}

func TestWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	garbage := filepath.Join(t.TempDir(), "garbage.pem")
	require.NoError(t, os.WriteFile(garbage, []byte("none"), 0o600))
	failed := func(c trust.TLS) error {
		_, err := c.Config()
		return err
	}
	require.ErrorIs(t, failed(trust.TLS{Enabled: true, CertFile: "a.pem"}), trust.ErrHalfPair)
	require.ErrorIs(t, failed(trust.TLS{Enabled: true, KeyFile: "a.key"}), trust.ErrHalfPair)
	require.ErrorIs(t, failed(trust.TLS{CAFile: "a.pem"}), trust.ErrUnused)
	require.ErrorIs(t, failed(trust.TLS{ServerName: "kafka"}), trust.ErrUnused)
	require.ErrorIs(t, failed(trust.TLS{Enabled: true, CAFile: "missing.pem"}), os.ErrNotExist)
	require.ErrorContains(t, failed(trust.TLS{Enabled: true, CAFile: garbage}), garbage+": no certificate in it")
	require.ErrorContains(t, failed(trust.TLS{Enabled: true, CertFile: garbage, KeyFile: garbage}), "read client certificate "+garbage)
}

// serve answers each connection with its line, encrypted unless there is no config.
func serve(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if cfg != nil {
		listener = tls.NewListener(listener, cfg)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(conn, "hello")
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String()
}

// greet connects and reads the line.
func greet(addr string, c trust.TLS) error {
	cfg, err := c.Config()
	if err != nil {
		return err
	}
	conn, err := tls.Dial("tcp", addr, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = bufio.NewReader(conn).ReadString('\n')
	return err
}

func serverConfig(t *testing.T, pair services.Pair) *tls.Config {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(pair.Cert, pair.Key)
	require.NoError(t, err)
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}

// Each way in which a handshake fails is told from the others.
func TestReasons(t *testing.T) {
	t.Parallel()
	ca, stranger := services.NewAuthority(t), services.NewAuthority(t)
	mutual := serverConfig(t, ca.Issue(t, "server", false))
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	pem, err := os.ReadFile(ca.File)
	require.NoError(t, err)
	require.True(t, mutual.ClientCAs.AppendCertsFromPEM(pem))
	ours, theirs := ca.Issue(t, "client", false), stranger.Issue(t, "client", false)

	good := serve(t, serverConfig(t, ca.Issue(t, "server", false)))
	late := serve(t, serverConfig(t, ca.Issue(t, "server", true)))
	plain, wary := serve(t, nil), serve(t, mutual)
	trusting := trust.TLS{Enabled: true, CAFile: ca.File}
	for _, c := range []struct {
		name, addr string
		tls        trust.TLS
		want       trust.Fault
	}{
		{"fine", good, trusting, trust.None},
		{"fine with a certificate", wary, trust.TLS{Enabled: true, CAFile: ca.File, CertFile: ours.Cert, KeyFile: ours.Key}, trust.None},
		{"system roots", good, trust.TLS{Enabled: true}, trust.Authority},
		{"other authority", good, trust.TLS{Enabled: true, CAFile: stranger.File}, trust.Authority},
		{"expired", late, trusting, trust.Expired},
		{"other name", good, trust.TLS{Enabled: true, CAFile: ca.File, ServerName: "kafka.example"}, trust.Name},
		{"no TLS there", plain, trusting, trust.Plaintext},
		{"no certificate", wary, trusting, trust.Client},
		{"a stranger's certificate", wary, trust.TLS{Enabled: true, CAFile: ca.File, CertFile: theirs.Cert, KeyFile: theirs.Key}, trust.Client},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := greet(c.addr, c.tls)
			fault, reason := trust.Reason(fmt.Errorf("dial: %w", err))
			require.Equal(t, c.want, fault, "%v", err)
			require.Equal(t, c.want == trust.None, err == nil)
			require.Equal(t, c.want == trust.None, reason == "")
		})
	}
}

// A certificate that is renewed in its files is shown from the next connection on.
func TestRenewedCertificates(t *testing.T) {
	t.Parallel()
	ca := services.NewAuthority(t)
	pair, next := ca.Issue(t, "first", false), ca.Issue(t, "second", false)
	cfg, err := trust.TLS{Enabled: true, CAFile: ca.File, CertFile: pair.Cert, KeyFile: pair.Key}.Config()
	require.NoError(t, err)
	shown := func() string {
		cert, err := cfg.GetClientCertificate(nil)
		require.NoError(t, err)
		parsed, err := x509.ParseCertificate(cert.Certificate[0])
		require.NoError(t, err)
		return parsed.Subject.CommonName
	}
	require.Equal(t, "first", shown())
	require.NoError(t, os.Rename(next.Cert, pair.Cert))
	require.NoError(t, os.Rename(next.Key, pair.Key))
	require.Equal(t, "second", shown())
	require.NoError(t, os.Remove(pair.Key))
	_, err = cfg.GetClientCertificate(nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}
