package reference

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

type connKey struct{}

// withConn lets a handler ask the kernel what it knows of its connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// peer is the connection of a request that writes to an upload.
type peer struct {
	rc  *http.ResponseController
	raw syscall.RawConn // nil where the connection is not a socket of ours

	since   time.Time // the body began
	total   int64     // bytes of the body read
	stopped atomic.Bool
}

func newPeer(x *exchange) *peer {
	p := &peer{rc: x.w.rc, since: time.Now()}
	c := x.r.Context().Value(connKey{})
	for {
		t, ok := c.(interface{ NetConn() net.Conn }) // *tls.Conn, *rangeConn
		if !ok {
			break
		}
		c = t.NetConn()
	}
	if c, ok := c.(syscall.Conn); ok {
		p.raw, _ = c.SyscallConn()
	}
	return p
}

// Stop wakes a read that waits for the client, and lets no other begin. The store calls it when
// the peer is fenced, the server when it closes; the request is still alive then.
func (p *peer) Stop() {
	p.stopped.Store(true)
	_ = p.rc.SetReadDeadline(longAgo)
}

var longAgo = time.Unix(1, 0)

// extend gives the next read of a body the idle time. A client that sends a byte now and then
// gets no further than what it has earned with the bytes before.
func (p *peer) extend(o *Options) {
	deadline := time.Now().Add(o.ReadIdle)
	earned := p.since.Add(2*o.ReadIdle + time.Duration(p.total/o.MinRate)*time.Second)
	if earned.Before(deadline) {
		deadline = earned
	}
	_ = p.rc.SetReadDeadline(deadline)
	if p.stopped.Load() {
		_ = p.rc.SetReadDeadline(longAgo) // stopped a moment ago: the deadline must not move again
	}
}

// read reads from the body.
func (p *peer) read(body io.Reader, b []byte) (int, error) {
	n, err := body.Read(b)
	p.total += int64(n)
	return n, err
}

// rest takes the deadline away: net/http waits for the next request with one of its own.
func (p *peer) rest() { _ = p.rc.SetReadDeadline(time.Time{}) }

// arrival is what the kernel knows of a connection.
type arrival struct {
	closed  bool // the client has sent FIN or RST
	pending bool // bytes have arrived that are not read yet
}

// arrival asks the kernel; where it cannot, nothing is known and both are false.
func (p *peer) arrival() (a arrival) {
	if p.raw == nil {
		return a
	}
	if err := p.raw.Control(func(fd uintptr) { a = socketArrival(int(fd)) }); err != nil {
		a.closed = true // the connection is closed on our side already
	}
	return a
}
