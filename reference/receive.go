package reference

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/resumespec/resumespec/reference/store"
)

// bufferSize is the memory of one upload, in bytes: large enough that system calls do not count,
// small enough to stay in the processor's cache between read and write.
const bufferSize = 256 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// errInterrupted means that the body ended before its end: the connection was cut, or nothing came for
// too long, or the chunks were malformed.
var errInterrupted = errors.New("the request content was interrupted")

// Intake is what has come of a body when no more will.
type Intake struct {
	Request *http.Request
	Op      *store.Operation
	Want    int64 // bytes announced, -1 when their number is not
	Got     int64 // bytes that came
	Err     error // nil at a regular end
}

// ended tells whether the end of a body is its end: nil, or what is wrong.
func ended(in Intake) error {
	if in.Err == nil && in.Want >= 0 && in.Got < in.Want {
		return errShort
	}
	return in.Err
}

// kept tells how many of the n bytes kept so far stay when a body did not come in; -1 forgets the
// operation. What came is for a client that wants to go on; the others' is dropped.
func kept(in Intake, n int64) int64 {
	if !in.Op.Save || errors.Is(in.Err, errTooLarge) {
		return -1
	}
	return n
}

// broken deals with a body that did not come in.
func (s *Server) broken(in Intake, writer *store.Writer) {
	offset := in.Op.Progress().Offset
	switch n := s.seams.Body.Kept(in, offset); {
	case n < 0:
		s.abandon(in.Op)
	case n < offset:
		if err := writer.Truncate(n); err != nil {
			s.opts.Logger.Error("truncate", "error", err)
		}
	}
}

// bodyReader reads a request body and counts its bytes for the deadline.
type bodyReader struct {
	peer *peer
	body io.Reader
}

func (b bodyReader) Read(p []byte) (int, error) { return b.peer.read(b.body, p) }

// receiver moves a body from a connection to the store.
type receiver struct {
	s      *Server
	x      *exchange
	writer sink
	peer   *peer
	limit  int64 // no more bytes than this; errTooLarge beyond
	// kept is called when the first total bytes are kept, end at the end of the body; nil: nobody wants to know.
	kept func(total int64, end bool) error
}

// sink is where a body goes.
type sink interface {
	// Append adds bytes. Those of a sender whose right has gone to another are store.ErrFenced.
	Append(p []byte) error
	// Current returns store.ErrFenced when the right to append has gone to another.
	Current() error
}

// receive appends what src gives, until its end. Each read has the idle deadline of its own.
func (c *receiver) receive(src io.Reader) (total int64, err error) {
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	for {
		n, rerr := c.read(src, *p)
		if n > 0 {
			if total += int64(n); total > c.limit {
				return total, errTooLarge
			}
			if err := c.writer.Append((*p)[:n]); err != nil {
				return total, err
			}
			if err := c.tell(total, false); err != nil {
				return total, err
			}
		}
		if errors.Is(rerr, io.EOF) {
			return total, c.tell(total, true)
		}
		if rerr != nil {
			return total, rerr
		}
	}
}

// read reads once. A read that was woken because a newer request took over is ErrFenced.
func (c *receiver) read(src io.Reader, p []byte) (int, error) {
	if err := c.writer.Current(); err != nil {
		return 0, err
	}
	c.peer.extend(&c.s.opts)
	n, err := src.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	// A read that failed because it was woken is not an interruption by the client.
	if ferr := c.writer.Current(); ferr != nil {
		return n, ferr
	}
	return n, fmt.Errorf("%w: %w", errInterrupted, err)
}

func (c *receiver) tell(total int64, end bool) error {
	if c.kept == nil {
		return nil
	}
	return c.kept(total, end)
}

// ackStep is how many bytes are gathered at least before they are made durable and acknowledged.
const ackStep = 64 << 10

// ackDue tells whether as many bytes have come since they were last acknowledged. The steps grow with the upload, so
// that a large one does not wait for a million fsyncs.
func ackDue(total, acked int64, end bool) bool {
	return total != acked && (end || total-acked >= max(ackStep, total/16))
}

// acknowledging tells what is durable, after each step and at the end (http-progress, Acknowledge).
func (s *Server) acknowledging(x *exchange, w *store.Writer) func(total int64, end bool) error {
	var acked int64
	return func(total int64, end bool) error {
		if !ackDue(total, acked, end) {
			return nil
		}
		n, err := w.Durable()
		if err != nil {
			return err
		}
		acked = total
		acknowledge(x, s.seams.Offer.Acknowledged(w.Operation(), n))
		return nil
	}
}
