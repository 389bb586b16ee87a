package faults

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"
)

// maxHeadHeld bounds the request head that a gate holds back until it knows the cut, in bytes.
const maxHeadHeld = 1 << 20

// A gate is the client's end of an external link. It keeps the request head back until it can tell
// how many wire bytes lie before the cut and the proxy has its limit, then sends exactly so many.
// It implements net.Conn and link.
type gate struct {
	injector *external
	proxy    *toxiproxy.Proxy
	place    slot
	conn     *net.TCPConn
	cut      Cut
	opened   time.Time

	// After the cut the client reads and writes quiet, on which nothing moves but deadlines hold.
	quiet, quietPeer net.Conn

	writing sync.Mutex // one Write at a time
	held    []byte     // written by the client, not sent yet
	scan    scanner
	head    int64 // bytes of the head, once it is complete

	firedCh, doneCh chan struct{}

	mu         sync.Mutex
	seen       *splice // counts what goes by; it cuts nothing
	planned    bool    // no more to hold back
	limit      int64   // wire bytes before the cut, -1 when there is none
	sealed     bool
	why        string
	hasFired   bool
	firedAfter time.Duration
	end        error // how the connection ended for the client
	ended      bool
	closedBy   string
	closed     Fault
}

func newGate(x *external, proxy *toxiproxy.Proxy, place slot, conn *net.TCPConn, cut Cut) *gate {
	g := &gate{
		injector: x, proxy: proxy, place: place, conn: conn, cut: cut, opened: time.Now(),
		scan: newRequestScanner(), firedCh: make(chan struct{}), doneCh: make(chan struct{}),
		seen: newSplice(Cut{}, nil, nil, nil), planned: cut.IsZero(), limit: -1,
		closedBy: "open", closed: NoFault,
	}
	g.quiet, g.quietPeer = net.Pipe()
	return g
}

func (g *gate) fired() <-chan struct{} { return g.firedCh }
func (g *gate) done() <-chan struct{}  { return g.doneCh }

// Write sends what lies before the cut. What lies behind it gets lost with fin and rst, and waits
// with stall.
func (g *gate) Write(p []byte) (int, error) {
	g.writing.Lock()
	defer g.writing.Unlock()
	if g.isSealed() {
		return g.writeQuiet(p)
	}
	wire := p
	if !g.planned {
		g.held = append(g.held, p...)
		ready, err := g.plan(p)
		if err != nil {
			return 0, err
		}
		if !ready {
			return len(p), nil
		}
		wire, g.held = g.held, nil
	}
	rest, err := g.send(wire)
	if err != nil {
		return 0, err
	}
	if len(rest) > 0 && g.cut.Fault == Stall {
		n, err := g.quiet.Write(rest)
		return max(0, len(p)-len(rest)+n), err
	}
	return len(p), nil
}

// plan looks at more of the request head, and sets the proxy's limit when it is complete. ready says
// that what is held may be sent.
func (g *gate) plan(p []byte) (ready bool, err error) {
	for len(p) > 0 && g.scan.bad == "" {
		seg := g.scan.next(p)
		g.head += int64(seg.n)
		p = p[seg.n:]
		if seg.part == partHead && seg.ended {
			limit, why := g.limitFor()
			return true, g.setLimit(limit, why)
		}
	}
	switch {
	case g.scan.bad != "":
		return true, g.setLimit(-1, g.scan.bad)
	case len(g.held) > maxHeadHeld:
		return true, g.setLimit(-1, fmt.Sprintf("the request head is longer than %d bytes", maxHeadHeld))
	}
	return false, nil
}

// limitFor gives the wire bytes before the cut, or why it can't be made.
func (g *gate) limitFor() (limit int64, why string) {
	switch {
	case g.cut.Place == RequestHead:
		return offsetIn("request head", g.head, 0, g.cut)
	case g.scan.bad != "":
		return -1, g.scan.bad
	case g.scan.length < 0:
		return -1, "an external toxiproxy-server needs a Content-Length, and the request has none"
	case g.cut.Place == RequestEnd:
		return g.head + g.scan.length, ""
	case !g.scan.hasBody:
		return -1, "the request has no body"
	}
	return offsetIn("request body", g.scan.length, g.head, g.cut)
}

func offsetIn(name string, size, start int64, cut Cut) (limit int64, why string) {
	if cut.Offset > size {
		return -1, fmt.Sprintf("the %s has only %d bytes", name, size)
	}
	if cut.FromEnd {
		return start + size - cut.Offset, ""
	}
	return start + cut.Offset, ""
}

// setLimit puts the limit in place while no byte has been sent yet.
func (g *gate) setLimit(limit int64, why string) error {
	if limit >= 0 && limit == g.head && g.cut.Place == RequestBody && g.cut.Fault != Stall {
		limit, why = -1, "stock toxics can't wait for the first byte of the body"
	}
	if limit >= 0 && g.cut.Fault != Stall {
		attributes := toxiproxy.Attributes{"bytes": limit}
		if _, err := g.proxy.AddToxic("cut", "limit_data", "upstream", 1, attributes); err != nil {
			return fmt.Errorf("limit the proxy %s to %d bytes: %w", g.proxy.Name, limit, err)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.planned, g.limit, g.why = true, limit, why
	return nil
}

// send writes the bytes before the cut, and gives those behind it.
func (g *gate) send(wire []byte) (rest []byte, err error) {
	g.mu.Lock()
	sent := g.seen.up.written
	if g.limit >= 0 && sent+int64(len(wire)) >= g.limit && g.waitsForBody(sent, wire) {
		if status := g.seen.finalStatus; status > 0 {
			g.why = fmt.Sprintf("the server sent a final response (%d) before the cut in the request was reached", status)
		}
		wire, rest = wire[:g.limit-sent], wire[g.limit-sent:]
		g.sealed = true
	}
	sealed := g.sealed
	g.mu.Unlock()
	if len(wire) > 0 {
		_, err = g.conn.Write(wire)
	}
	g.mu.Lock()
	if err == nil {
		g.seen.up.take(wire)
		g.seen.up.written = g.seen.up.allow
	}
	g.mu.Unlock()
	if err != nil || !sealed {
		return rest, err
	}
	if g.cut.Fault == Stall {
		g.markFired()
		return rest, nil
	}
	if g.limit == 0 {
		_, err = g.conn.Write(rest[:1]) // a limit of 0 acts on the first byte
	}
	go g.drain()
	return rest, err
}

// waitsForBody is false while a stall at byte 0 of the body has only seen the head.
func (g *gate) waitsForBody(sent int64, wire []byte) bool {
	return g.cut.Place != RequestBody || g.limit > g.head || sent+int64(len(wire)) > g.limit || g.scan.complete
}

// drain waits for the proxy to close after the cut. Whatever comes is not shown to the client.
func (g *gate) drain() {
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	g.conn.SetReadDeadline(time.Time{})
	for {
		if _, err := g.conn.Read(buf[:]); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			g.finish(err, "cut")
			return
		}
	}
}

// Read gives what the proxy sends, until the cut.
func (g *gate) Read(p []byte) (int, error) {
	if g.isSealed() {
		return g.readQuiet(p)
	}
	n, err := g.conn.Read(p)
	g.mu.Lock()
	sealed := g.sealed
	if !sealed {
		g.seen.down.take(p[:n])
		g.seen.down.written = g.seen.down.allow
	}
	g.mu.Unlock()
	if sealed {
		if err != nil && g.cut.Fault != Stall && !errors.Is(err, os.ErrDeadlineExceeded) {
			g.finish(err, "cut")
		}
		return g.readQuiet(p)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		g.finish(err, "server")
	}
	return n, err
}

func (g *gate) readQuiet(p []byte) (int, error) {
	n, err := g.quiet.Read(p)
	if errors.Is(err, io.EOF) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.end != nil {
			err = g.end
		}
	}
	return n, err
}

// writeQuiet loses the bytes, or waits in a stall.
func (g *gate) writeQuiet(p []byte) (int, error) {
	if g.cut.Fault == Stall {
		return g.quiet.Write(p)
	}
	select {
	case <-g.doneCh:
		return 0, &net.OpError{Op: "write", Net: "tcp", Addr: g.conn.RemoteAddr(), Err: syscall.EPIPE}
	default:
		return len(p), nil
	}
}

func (g *gate) isSealed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sealed
}

func (g *gate) markFired() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.why == "" && !g.hasFired {
		g.hasFired, g.firedAfter = true, time.Since(g.opened)
		g.closedBy, g.closed = "cut", g.cut.Fault
		close(g.firedCh)
	}
}

// finish ends the link: the evidence is completed with what the server counted.
func (g *gate) finish(end error, by string) {
	g.mu.Lock()
	if g.ended {
		g.mu.Unlock()
		return
	}
	g.ended, g.end = true, end
	if g.closedBy == "open" {
		g.closedBy, g.closed = by, FIN
		if errors.Is(end, syscall.ECONNRESET) {
			g.closed = RST
		}
	}
	g.missAtEnd(by)
	cut := g.sealed && by == "cut"
	g.mu.Unlock()
	g.conn.Close()
	g.quietPeer.Close()
	go func() {
		counted := false
		if cut && g.cut.Fault != Stall {
			counted = g.confirm(end)
		}
		if cut {
			g.markFired()
		}
		g.injector.leave(g, counted || !g.injector.metrics)
		close(g.doneCh)
	}()
}

// missAtEnd says why there was no cut. The mutex is held.
func (g *gate) missAtEnd(by string) {
	switch {
	case g.cut.IsZero(), g.why != "", g.hasFired, g.sealed && by == "cut":
	case g.sealed:
		g.why = "the client closed the connection before it saw the cut"
	default:
		g.why = fmt.Sprintf("the %s closed the connection before the cut in the %s was reached", by, g.cut.Place)
	}
}

// confirm compares the cut with what the client and the server's metric saw of it. The metric has
// counted by then: the proxy counts what it sent, then closes towards the server, then towards the
// client. counted says that the metric is there.
func (g *gate) confirm(end error) (counted bool) {
	total := g.injector.sentBytes(g.proxy.Name)
	g.mu.Lock()
	defer g.mu.Unlock()
	sent := total - g.place.sent
	g.place.sent = total
	reset := errors.Is(end, syscall.ECONNRESET)
	switch {
	case g.why != "":
	case g.cut.Fault == RST && !reset, g.cut.Fault == FIN && reset:
		g.why = fmt.Sprintf("the client did not see %s but %v", g.cut.Fault, end)
	case total >= 0 && sent != g.limit:
		g.why = fmt.Sprintf("the proxy sent %d bytes to the server, the plan was %d", sent, g.limit)
		g.seen.up.written = sent
	}
	return total >= 0
}

// Close closes the client's end. In a stall the server learns of it only after the release.
func (g *gate) Close() error {
	g.quiet.Close()
	if g.isSealed() && g.cut.Fault == Stall {
		return g.conn.SetReadDeadline(time.Unix(1, 0)) // wakes a Read that began before the stall
	}
	g.finish(net.ErrClosed, "client")
	return nil
}

func (g *gate) release() {
	if g.isSealed() && g.cut.Fault == Stall {
		g.finish(io.EOF, "cut")
	}
}

func (g *gate) kill() {
	g.quiet.Close()
	g.finish(net.ErrClosed, "client")
}

// LocalAddr implements net.Conn.
func (g *gate) LocalAddr() net.Addr { return g.conn.LocalAddr() }

// RemoteAddr implements net.Conn.
func (g *gate) RemoteAddr() net.Addr { return g.conn.RemoteAddr() }

// SetDeadline implements net.Conn.
func (g *gate) SetDeadline(t time.Time) error {
	return errors.Join(g.SetReadDeadline(t), g.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (g *gate) SetReadDeadline(t time.Time) error {
	g.quiet.SetReadDeadline(t)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sealed && g.cut.Fault != Stall {
		return nil // drain is reading now, and must not give up
	}
	return g.conn.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (g *gate) SetWriteDeadline(t time.Time) error {
	g.quiet.SetWriteDeadline(t)
	return g.conn.SetWriteDeadline(t)
}

func (g *gate) evidence() Evidence {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.seen.evidence()
	e.Cut, e.Backend, e.Fired, e.Why, e.FiredAfter = g.cut, "external", g.hasFired, g.why, g.firedAfter
	e.ClosedBy, e.Closed = g.closedBy, g.closed
	if !g.cut.IsZero() && !g.hasFired && g.why == "" {
		e.Why = fmt.Sprintf("the cut in the %s has not been reached yet", g.cut.Place)
	}
	return e
}
