package cluster

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"leadrouter/pkg/clock"
)

// Link carries connections to a server, until it does not. It is safe for concurrent
// use.
type Link struct {
	clock    clock.Clock
	listener net.Listener
	working  sync.WaitGroup
	stop     context.CancelFunc
	ctx      context.Context //nolint:containedctx // the life of the link, which Close ends

	mu     sync.Mutex
	target string
	delay  time.Duration
	pass   chan struct{} // closed while bytes pass
	open   map[net.Conn]bool
}

// NewLink listens on a free port of the loopback address and leads to a server.
func NewLink(clk clock.Clock, target string) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("link to %s: %w", target, err)
	}
	pass := make(chan struct{})
	close(pass)
	ctx, stop := context.WithCancel(context.Background())
	l := &Link{clock: clk, listener: listener, ctx: ctx, stop: stop, target: target, pass: pass, open: map[net.Conn]bool{}}
	l.working.Go(l.accept)
	return l, nil
}

// Addr is where clients connect.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Cut lets nothing through, in either direction: connections stay open, and what was
// sent comes through when the link is healed, as it does in a network that is mended.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.pass:
		l.pass = make(chan struct{})
	default: // cut already
	}
}

// Slow lets everything come late by so much.
func (l *Link) Slow(by time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = by
}

// Heal takes Cut and Slow back.
func (l *Link) Heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = 0
	select {
	case <-l.pass:
	default:
		close(l.pass)
	}
}

// Reset ends all connections; new ones may be made at once.
func (l *Link) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.open {
		_ = conn.Close()
	}
}

// MoveTo leads to another server from now on, and ends all connections.
func (l *Link) MoveTo(target string) {
	l.mu.Lock()
	l.target = target
	l.mu.Unlock()
	l.Reset()
}

// Close ends the link and waits until nothing of it is left.
func (l *Link) Close() {
	l.stop()
	_ = l.listener.Close()
	l.Reset()
	l.working.Wait()
}

func (l *Link) accept() {
	for {
		from, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.working.Go(func() { l.carry(from) })
	}
}

// carry connects a caller with the server of now, until either hangs up.
func (l *Link) carry(from net.Conn) {
	if !l.keep(from) {
		return
	}
	defer l.drop(from)
	if !l.wait() {
		return
	}
	l.mu.Lock()
	target := l.target
	l.mu.Unlock()
	var d net.Dialer
	to, err := d.DialContext(l.ctx, "tcp", target)
	if err != nil {
		return
	}
	if !l.keep(to) {
		return
	}
	defer l.drop(to)
	var back sync.WaitGroup
	back.Go(func() {
		l.pump(from, to)
		_ = from.Close()
	})
	l.pump(to, from)
	_ = to.Close()
	back.Wait()
}

// keep notes a connection, so that Reset finds it; false: the link is closed.
func (l *Link) keep(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		_ = conn.Close()
		return false
	}
	l.open[conn] = true
	return true
}

func (l *Link) drop(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = conn.Close()
	delete(l.open, conn)
}

// pump copies what is read, when it may pass.
func (l *Link) pump(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !l.wait() {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			l.wait() // that one has hung up does not come through either
			return
		}
	}
}

// wait returns when something may pass; false: the link is closed.
func (l *Link) wait() bool {
	l.mu.Lock()
	pass, delay := l.pass, l.delay
	l.mu.Unlock()
	select {
	case <-pass:
	case <-l.ctx.Done():
		return false
	}
	return delay == 0 || l.clock.Sleep(l.ctx, delay) == nil
}
