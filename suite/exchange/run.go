package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Exchange is one request and its responses over one connection. The Send methods may be called from
// one goroutine while others wait for responses; every other method may be called from any goroutine.
type Exchange struct {
	conn     net.Conn
	req      Request
	limits   Limits
	deadline time.Time
	rec      *recorder
	ended    chan struct{}
	came     atomic.Int64 // wire bytes that came
	began    atomic.Int64 // those of them before the response that is being read

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced whenever what follows changes
	interims  []*Response
	given     int       // responses that Next has given
	finalHead *Response // the final response without its body, from when its head is whole
	final     *Response // the final response as far as it came, when nothing more will come
	readErr   error     // why it is not complete
	over      bool      // the reader has finished
	spare     bool      // the final response leaves the connection as good as new
	mute      bool      // no further byte is to be written
	closed    bool

	writing    sync.Mutex // held while a Send is at work
	sender     sender
	payload    atomic.Int64
	writeReset atomic.Bool // a write was told of a reset
}

// ErrDone is what Next gives when it has given every response of the exchange, the final one included.
var ErrDone = errors.New("next response: the final response has been given already")

// New starts the exchange on a connection that it takes over. A goroutine reads and parses what comes
// from now on; it ends with the final response, with the connection, at Limits.Time from now, or by
// Close, which must be called. The caller must not change the request's Body or Fields any more.
func New(conn net.Conn, req Request, limits Limits) *Exchange {
	limits = limits.withDefaults()
	x := &Exchange{
		conn: conn, req: req, limits: limits, deadline: time.Now().Add(limits.Time),
		rec:   newRecorder(req.Method+" "+req.Target, limits.Record),
		ended: make(chan struct{}), changed: make(chan struct{}),
	}
	x.sender.req = &x.req
	// A connection that refuses a deadline is closed already, which the first read will tell.
	_ = conn.SetDeadline(x.deadline)
	go x.read()
	return x
}

// read is the reader goroutine.
func (x *Exchange) read() {
	defer close(x.ended)
	src := newSource(readerFunc(x.readConn), x.rec)
	p := &parser{src: src, limits: x.limits, method: x.req.Method}
	final, err := x.responses(p)

	spare := err == nil && len(src.have) == 0 && src.err == nil && persists(p.method, final)
	src.enter(classRest, "not read as HTTP")
	src.take(len(src.have))
	src.border("")
	if kind := KindOf(err); kind == Limit || kind == Syntax {
		x.rec.end(err.Error())
	}

	x.update(func() {
		x.final, x.readErr, x.over, x.spare = final, err, true, spare
		x.muteLocked()
	})
}

// allHeads times Limits.Head bounds the interim responses together, because all of them are kept.
const allHeads = 4

// responses reads every interim response and the final one.
func (x *Exchange) responses(p *parser) (*Response, error) {
	for count := 0; ; {
		x.began.Store(p.src.taken)
		resp, err := p.head()
		if err != nil {
			return nil, err
		}
		if resp.Interim() {
			if count++; count > x.limits.Interims {
				return nil, p.limit("more than %d interim responses", x.limits.Interims)
			}
			if p.src.taken > allHeads*x.limits.Head {
				return nil, p.limit("interim responses together larger than %d bytes", allHeads*x.limits.Head)
			}
			x.interim(resp)
			continue
		}
		head := *resp
		x.update(func() {
			x.finalHead = &head
			// A 2xx may come while the server still takes the body (and sends its own); any other
			// final response says that the rest is not wanted (RFC 9112, 9.3).
			if resp.Status/100 != 2 {
				x.muteLocked()
			}
		})
		return resp, p.body(resp)
	}
}

func (x *Exchange) interim(resp *Response) {
	resp.Complete = true
	if resp.Status == 100 {
		x.rec.mark("100 seen")
	}
	x.update(func() { x.interims = append(x.interims, resp) })
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// readConn reads from the connection, and records how it ended.
//
// On Linux a reset is told to one call only. When a write was the one, the read that follows gets a
// clean end of file, and a reset would pass for a FIN. So no end of file is believed before the
// writer has left the connection and said what it saw.
func (x *Exchange) readConn(p []byte) (int, error) {
	n, err := x.conn.Read(p)
	x.came.Add(int64(n))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // the latter from TLS
		x.update(x.muteLocked)
		x.writing.Lock()
		if x.writeReset.Load() {
			err = fmt.Errorf("read: %w", syscall.ECONNRESET)
		}
		x.writing.Unlock()
	}
	switch kind := KindOf(err); {
	case err == nil:
	case kind == Closed:
		x.rec.end("connection closed by peer (FIN)")
	case kind == Reset:
		x.rec.end("connection reset")
	case kind == Timeout:
		x.rec.end("deadline")
	case kind == Canceled:
		x.rec.end("closed by the client")
	default:
		x.rec.end("connection ended: " + err.Error())
	}
	return n, err
}

// muteLocked ends the write at work and every later one. The caller holds mu.
func (x *Exchange) muteLocked() {
	if !x.mute {
		x.mute = true
		_ = x.conn.SetWriteDeadline(past)
	}
}

// past is a deadline that has always passed.
var past = time.Unix(1, 0)

// update changes the state under its lock and wakes all who wait for it.
func (x *Exchange) update(change func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change()
	close(x.changed)
	x.changed = make(chan struct{})
}

// await waits until ready, which is called under the lock, or the context's end.
func (x *Exchange) await(ctx context.Context, op string, ready func() bool) error {
	for {
		x.mu.Lock()
		done, changed := ready(), x.changed
		x.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return connectionError(op, max(0, x.came.Load()-x.began.Load()), ctx.Err())
		}
	}
}

// Mark puts a mark into the record.
func (x *Exchange) Mark(note string) { x.rec.mark(note) }

// Ended gives a channel that is closed when nothing more will be read: after the final response was
// whole, after the connection ended, or after an error.
func (x *Exchange) Ended() <-chan struct{} { return x.ended }

// Record gives a snapshot of the transcript.
func (x *Exchange) Record() Record { return x.rec.snapshot() }

// Close closes the connection and waits for the reader. Calls after the first do nothing.
func (x *Exchange) Close() error {
	x.mu.Lock()
	again := x.closed
	x.closed = true
	x.muteLocked()
	x.mu.Unlock()
	var err error
	if !again {
		err = x.conn.Close()
	}
	<-x.ended
	if !again {
		x.rec.end("closed by the client")
	}
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
