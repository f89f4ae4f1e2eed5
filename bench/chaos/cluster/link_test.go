package cluster_test

import (
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/bench/chaos/cluster"
	"leadrouter/pkg/clock"
)

// echo is a server that says its name and then what it hears.
func echo(t *testing.T, name string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, name)
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	return listener.Addr().String()
}

// setup is a link to a server that is called "1".
func setup(t *testing.T) *cluster.Link {
	t.Helper()
	link, err := cluster.NewLink(clock.System(), echo(t, "1"))
	require.NoError(t, err)
	t.Cleanup(link.Close)
	return link
}

func dial(t *testing.T, link *cluster.Link) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", link.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// hear reads so many bytes within a time.
func hear(t *testing.T, conn net.Conn, n int, within time.Duration) (string, error) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(within)))
	text := make([]byte, n)
	_, err := io.ReadFull(conn, text)
	return string(text), err
}

// greeted dials and waits for what the other end says first.
func greeted(t *testing.T, link *cluster.Link, greeting string) net.Conn {
	t.Helper()
	conn := dial(t, link)
	text, err := hear(t, conn, len(greeting), generous)
	require.NoError(t, err)
	require.Equal(t, greeting, text)
	return conn
}

const (
	generous = 20 * time.Second
	silence  = 200 * time.Millisecond
)

func TestLinkCarries(t *testing.T) {
	t.Parallel()
	conn := dial(t, setup(t))
	_, err := io.WriteString(conn, "hello")
	require.NoError(t, err)
	text, err := hear(t, conn, 6, generous)
	require.NoError(t, err)
	require.Equal(t, "1hello", text)
}

func TestACutHoldsBackUntilItHeals(t *testing.T) {
	t.Parallel()
	link := setup(t)
	before := greeted(t, link, "1")
	link.Cut()
	link.Cut() // twice is once
	_, err := io.WriteString(before, "late")
	require.NoError(t, err)
	after := dial(t, link)
	for _, conn := range []net.Conn{before, after} {
		_, err = hear(t, conn, 1, silence)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	link.Heal()
	text, err := hear(t, before, 4, generous)
	require.NoError(t, err)
	require.Equal(t, "late", text)
	text, err = hear(t, after, 1, generous)
	require.NoError(t, err)
	require.Equal(t, "1", text)
}

func TestResetEndsConnections(t *testing.T) {
	t.Parallel()
	link := setup(t)
	conn := greeted(t, link, "1")
	link.Cut()
	link.Reset() // of a link that is cut, too
	_, err := hear(t, conn, 1, generous)
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	link.Heal()
	greeted(t, link, "1")
}

func TestMoveToLeadsElsewhere(t *testing.T) {
	t.Parallel()
	link := setup(t)
	conn := greeted(t, link, "1")
	link.MoveTo(echo(t, "2"))
	_, err := hear(t, conn, 1, generous)
	require.Error(t, err)
	greeted(t, link, "2")
}

func TestSlowComesLate(t *testing.T) {
	t.Parallel()
	link := setup(t)
	link.Slow(silence)
	begin := time.Now()
	greeted(t, link, "1")
	require.GreaterOrEqual(t, time.Since(begin), silence)
}

// Who hangs up behind a cut is missed only when it is healed.
func TestACutHoldsBackAnEnd(t *testing.T) {
	t.Parallel()
	link := setup(t)
	conn := greeted(t, link, "1")
	link.Cut()
	require.NoError(t, conn.(*net.TCPConn).CloseWrite()) // echo hangs up when it reads that
	_, err := hear(t, conn, 1, silence)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	link.Heal()
	_, err = hear(t, conn, 1, generous)
	require.ErrorIs(t, err, io.EOF)
}

// Whoever waits for a link that is cut does not hold up its end.
func TestCloseEndsACut(t *testing.T) {
	t.Parallel()
	link := setup(t)
	link.Cut()
	conn := dial(t, link)
	link.Close()
	_, err := hear(t, conn, 1, generous)
	require.Error(t, err)
}
