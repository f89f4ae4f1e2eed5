package systemtest_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// detour is an address that moves from one server to another, as a failover moves it.
type detour struct {
	listener net.Listener
	delay    atomic.Int64 // of what the server answers, nanoseconds

	mu      sync.Mutex
	target  string
	open    map[net.Conn]bool
	working sync.WaitGroup
}

// newDetour leads to a server until the test ends.
func newDetour(t *testing.T, target string) *detour {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	d := &detour{listener: listener, target: target, open: map[net.Conn]bool{}}
	d.working.Go(d.accept)
	t.Cleanup(func() {
		_ = d.listener.Close()
		d.moveTo("")
		d.working.Wait()
	})
	return d
}

func (d *detour) addr() string { return d.listener.Addr().String() }

// moveTo cuts all connections off and leads to another server from now on.
func (d *detour) moveTo(target string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.target = target
	for conn := range d.open {
		_ = conn.Close()
	}
	clear(d.open)
}

// slowDown delays all answers from now on.
func (d *detour) slowDown(by time.Duration) { d.delay.Store(int64(by)) }

// late reads later than it could.
type late struct {
	io.Reader
	by *atomic.Int64
}

func (l *late) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if by := l.by.Load(); by > 0 {
		<-time.After(time.Duration(by))
	}
	return n, err
}

func (d *detour) accept() {
	for {
		from, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.working.Go(func() { d.carry(from) })
	}
}

// carry connects a caller with the server of now, until either hangs up or it moves.
func (d *detour) carry(from net.Conn) {
	defer func() { _ = from.Close() }()
	d.mu.Lock()
	to, err := net.Dial("tcp", d.target)
	if err == nil {
		d.open[from], d.open[to] = true, true
	}
	d.mu.Unlock()
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(from, &late{Reader: to, by: &d.delay})
		_ = from.Close()
	})
	_, _ = io.Copy(to, from)
	_ = to.Close()
	back.Wait()
	d.mu.Lock()
	delete(d.open, from)
	delete(d.open, to)
	d.mu.Unlock()
}
