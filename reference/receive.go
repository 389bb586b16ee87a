package reference

import (
	"errors"
	"fmt"
	"io"
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
	writer *store.Writer
	peer   *peer
	limit  int64 // no more bytes than this; errTooLarge beyond
	acks   bool  // Prefer: acknowledge
	acked  int64
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
			if err := c.acknowledge(total, false); err != nil {
				return total, err
			}
		}
		if errors.Is(rerr, io.EOF) {
			return total, c.acknowledge(total, true)
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

// ackStep is how many bytes are gathered at least before they are made durable and acknowledged.
const ackStep = 64 << 10

// acknowledge tells what is durable, after each step and at the end. The steps grow with the
// upload, so that a large one does not wait for a million fsyncs.
func (c *receiver) acknowledge(total int64, end bool) error {
	if !c.acks || total == c.acked || !end && total-c.acked < max(ackStep, total/16) {
		return nil
	}
	n, err := c.writer.Durable()
	if err != nil {
		return err
	}
	c.acked = total
	acknowledge(c.x, n)
	return nil
}
