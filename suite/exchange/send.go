package exchange

import (
	"context"
	"errors"
	"fmt"
)

// sender holds what of the request is on its way. It is guarded by Exchange.writing.
type sender struct {
	req    *Request
	queue  []segment // wire bytes that were begun and not yet written
	framed int64     // payload bytes that were put into the queue
	head   bool      // the head was put into the queue
	raw    bool      // raw bytes were: the caller frames for himself
	end    bool      // the last chunk was put into the queue
}

// What the steps of sending are called in errors.
const (
	opSendHead = "sending the request (head)"
	opSendBody = "sending the request (body)"
	opSendRaw  = "sending the request (raw bytes)"
)

// SendHead sends the request head. It must be called once, first.
//
// All Send methods end when the context or Limits.Time does, when the connection is gone, and with an
// Error of the kind Answered when the server has given its final response (a 2xx one whole, any other
// one its head) before everything was written: then the rest is not sent, and Final gives the
// response. An error of another kind says by its Byte how much of the request was written.
func (x *Exchange) SendHead(ctx context.Context) error {
	return x.send(ctx, opSendHead, func() error {
		if x.sender.head {
			return errors.New("SendHead: the head was sent already")
		}
		x.sender.head = true
		x.sender.queue = []segment{{data: x.req.Head()}}
		err := x.flush(ctx, classHead, "request head")
		x.rec.border(outward, "")
		return err
	})
}

// SendBody sends the body up to upTo payload bytes from its start, with the framing that they need: a
// chunk ends there. Bytes sent before are not sent again; beyond the end of the body it stops there.
func (x *Exchange) SendBody(ctx context.Context, upTo int64) error {
	return x.send(ctx, opSendBody, func() error { return x.body(ctx, upTo) })
}

// SendEnd sends the rest of the body and, when chunked, the last chunk with the trailer section.
func (x *Exchange) SendEnd(ctx context.Context) error {
	return x.send(ctx, opSendBody, func() error {
		if err := x.body(ctx, int64(len(x.req.Body))); err != nil {
			return err
		}
		if !x.req.Chunked || x.sender.end {
			return nil
		}
		x.sender.end = true
		x.sender.queue = []segment{{data: x.req.lastChunk()}}
		return x.flush(ctx, classBody, "request body")
	})
}

// SendRaw sends bytes as they are: for malformed requests, without SendHead or between the pieces.
func (x *Exchange) SendRaw(ctx context.Context, b []byte) error {
	return x.send(ctx, opSendRaw, func() error {
		x.sender.raw = true
		if err := x.flush(ctx, classBody, "request body"); err != nil {
			return err
		}
		x.sender.queue = []segment{{data: b}}
		err := x.flush(ctx, classRaw, "raw bytes")
		x.sender.queue = nil // b is the caller's again
		x.rec.border(outward, "")
		return err
	})
}

// Sent gives the number of bytes handed to the connection: all of them, and those of the body's payload.
// A write at work is counted when it ends.
func (x *Exchange) Sent() (wire, payload int64) {
	return x.rec.total(outward), x.payload.Load()
}

// send runs one step of sending and makes its error one that says what happened.
func (x *Exchange) send(ctx context.Context, op string, step func() error) error {
	x.writing.Lock()
	err := step()
	x.writing.Unlock()
	var failed *writeError
	if !errors.As(err, &failed) {
		return err
	}
	return x.explain(ctx, op, failed.err)
}

// body sends the payload up to upTo, piece by piece.
func (x *Exchange) body(ctx context.Context, upTo int64) error {
	s := &x.sender
	if !s.head && !s.raw {
		return errors.New("SendBody or SendEnd: nothing was sent before (call SendHead first)")
	}
	upTo = min(upTo, int64(len(x.req.Body)))
	for {
		if err := x.flush(ctx, classBody, "request body"); err != nil {
			// What was not framed as a chunk need not be sent by a later call.
			if !x.req.Chunked && s.framed > 0 {
				s.queue, s.framed = nil, x.payload.Load()
			}
			return err
		}
		if s.framed >= upTo {
			return nil
		}
		s.queue, s.framed = x.req.piece(s.framed, upTo)
	}
}

// flush writes the queue.
func (x *Exchange) flush(ctx context.Context, c class, note string) error {
	for len(x.sender.queue) > 0 {
		buf := x.sender.gather()
		event := x.rec.open(outward, c, note)
		n, err := x.write(ctx, buf)
		x.payload.Add(x.sender.advance(n))
		x.rec.sent(event, c, buf[:n])
		if err != nil {
			x.writeReset.CompareAndSwap(false, isReset(err))
			return &writeError{err}
		}
	}
	return nil
}

// gather gives the first bytes of the queue as one slice, so that a chunk goes out in one packet.
func (s *sender) gather() []byte {
	if len(s.queue) == 1 {
		return s.queue[0].data[:min(len(s.queue[0].data), pieceSize)]
	}
	buf := make([]byte, 0, pieceSize)
	for _, seg := range s.queue {
		room := pieceSize - len(buf)
		if room == 0 {
			break
		}
		buf = append(buf, seg.data[:min(len(seg.data), room)]...)
	}
	return buf
}

// advance removes n written bytes from the queue and gives how many of them were payload.
func (s *sender) advance(n int) (payload int64) {
	for len(s.queue) > 0 {
		seg := &s.queue[0]
		k := min(n, len(seg.data))
		seg.data, n = seg.data[k:], n-k
		if seg.payload {
			payload += int64(k)
		}
		if len(seg.data) > 0 {
			break
		}
		s.queue = s.queue[1:]
	}
	return payload
}

// writeError marks an error of the connection, which explain will tell, among those of wrong use.
type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }

var errMute = errors.New("no further byte may be written")

// write writes b in one call that the reader, the context and the deadline can end.
func (x *Exchange) write(ctx context.Context, b []byte) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	x.mu.Lock()
	mute := x.mute
	if !mute {
		_ = x.conn.SetWriteDeadline(x.deadline)
	}
	x.mu.Unlock()
	if mute {
		return 0, errMute
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = x.conn.SetWriteDeadline(past)
	})
	n, err := x.conn.Write(b)
	if !stop() {
		<-interrupted // so that it cannot end the next write
	}
	return n, err
}

// explain tells why a write failed. A reset or an end seen by the writer may come behind a final
// response that the reader still has before it, and the response is what matters: so it waits for the
// reader, which cannot be long, since the connection is gone.
func (x *Exchange) explain(ctx context.Context, op string, err error) error {
	x.mu.Lock()
	wait := (x.mute || isReset(err)) && !x.over && !x.refused()
	x.mu.Unlock()
	if wait {
		select {
		case <-x.ended:
		case <-ctx.Done():
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	wire, _ := x.Sent()
	switch {
	case x.refused() || x.over && x.final != nil && x.readErr == nil:
		return &Error{Kind: Answered, Op: op, Byte: wire, Err: fmt.Errorf("status %d", x.finalHead.Status)}
	case isReset(err):
		return &Error{Kind: Reset, Op: op, Byte: wire, Err: err}
	case x.over && x.readErr != nil:
		return &Error{Kind: KindOf(x.readErr), Op: op, Byte: wire, Err: x.readErr}
	case ctx.Err() != nil:
		err = ctx.Err()
	case x.closed:
		return &Error{Kind: Canceled, Op: op, Byte: wire}
	}
	return connectionError(op, wire, err)
}

// refused says whether a final response has begun that does not want the rest of the request. The
// caller holds mu.
func (x *Exchange) refused() bool { return x.finalHead != nil && x.finalHead.Status/100 != 2 }
