package faults

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// An end is the proxy's socket towards one side.
type end struct {
	conn     *net.TCPConn
	side     Side        // who is at the other end of the socket
	retiring atomic.Bool // it is to be closed as soon as nothing gets lost by it
	idle     atomic.Bool // its reader has ended
	reset    atomic.Bool // the peer sent an RST
}

// shut closes the socket towards its peer. FIN closes the sending side in order, and with whole the
// rest as soon as that can't take back what was sent: Linux answers a close with unread bytes by an
// RST that drops what is still in the send queue. RST aborts.
func (e *end) shut(fault Fault, whole bool) {
	if fault == RST {
		e.conn.SetLinger(0) // first: a reader closes a retiring socket
		e.retiring.Store(true)
		e.conn.Close()
		return
	}
	if e.retiring.Load() {
		return
	}
	e.conn.CloseWrite()
	if whole && !e.retiring.Swap(true) && (e.idle.Load() || delivered(e.conn)) {
		e.conn.Close()
	}
}

// flush waits until the kernel has sent what was written, and gives the number of bytes that it
// could not send because the socket was closed meanwhile.
func (e *end) flush() int { return flush(e.conn) }

// unsent gives the number of bytes that the kernel has not sent yet.
func (e *end) unsent() int { return unsent(e.conn) }

// buffers are shared by all readers and writers: a connection needs four of them, mostly for one
// short message each.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// laneReader feeds a lane from its socket. Toxiproxy copies from it.
type laneReader struct{ *lane }

// Read implements io.Reader; WriteTo is what is used.
func (r laneReader) Read(p []byte) (int, error) { return r.source.conn.Read(p) }

// WriteTo passes on what arrives until the stream ends. It drains the socket without passing
// anything on while the socket is being closed.
func (r laneReader) WriteTo(w io.Writer) (total int64, err error) {
	e := r.source
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	for {
		n, err := e.conn.Read(buf[:])
		retiring := e.retiring.Load()
		if n > 0 && !retiring {
			total += int64(n)
			_, _ = w.Write(buf[:n]) // a link that is over drops it
		}
		if retiring && delivered(e.conn) {
			e.conn.Close()
		}
		if err != nil {
			r.readerEnded(errors.Is(err, syscall.ECONNRESET))
			return total, nil // the reason is kept here; Toxiproxy would only log it
		}
	}
}

// readerEnded leaves the closing to shut, or does it when shut has left it to the reader.
func (r laneReader) readerEnded(reset bool) {
	e := r.source
	e.reset.Store(reset)
	e.idle.Store(true)
	if e.retiring.Load() {
		e.conn.Close()
	}
	r.splice.partEnded()
}

// laneWriter writes to the socket what a lane let through. Toxiproxy copies into it.
type laneWriter struct{ *lane }

// Write implements io.Writer; ReadFrom is what is used.
func (w laneWriter) Write(p []byte) (int, error) {
	n, err := w.sink.conn.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		n += writeNow(w.sink.conn, p[n:]) // what a hurried lane can still give
		if n == len(p) {
			err = nil
		}
	}
	w.splice.wrote(w.lane, n, err)
	return n, err
}

// ReadFrom writes until the lane ends. It goes on taking bytes when the socket is broken, so that
// nobody waits for it for ever.
func (w laneWriter) ReadFrom(r io.Reader) (total int64, err error) {
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	broken := false
	for {
		n, err := r.Read(buf[:])
		if n > 0 && !broken {
			k, err := w.Write(buf[:n])
			total += int64(k)
			broken = err != nil
		}
		if err != nil {
			return total, nil
		}
	}
}

// Close ends the lane.
func (w laneWriter) Close() error {
	w.splice.sinkEnded(w.lane)
	w.splice.partEnded()
	return nil
}

// clientConn is the client's end of a link.
type clientConn struct {
	*net.TCPConn
	splice *splice
}

// Close closes the client's end.
func (c *clientConn) Close() error {
	c.splice.clientEnds()
	return c.TCPConn.Close()
}
