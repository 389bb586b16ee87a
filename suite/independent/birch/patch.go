package birch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"
)

var acceptPatch = field{"accept-patch", "message/byterange"}

// contentRange is the Content-Range of a part: bytes first up to (not including) end, or the unsatisfied form.
type contentRange struct {
	first, end int64
	size       int64 // complete length, -1 when it is *
	only       bool  // the unsatisfied form, a complete length and nothing else
}

func parseContentRange(v string) (cr contentRange, ok bool) {
	unit, rest, ok := strings.Cut(v, " ")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return cr, false
	}
	set, size, ok := strings.Cut(strings.Trim(rest, " \t"), "/")
	if !ok {
		return cr, false
	}
	cr.size = -1
	if size != "*" {
		if cr.size, ok = number(size); !ok {
			return cr, false
		}
	}
	if set == "*" {
		cr.only, cr.first, cr.end = true, cr.size, cr.size
		return cr, cr.size >= 0
	}
	first, last, _ := strings.Cut(set, "-")
	a, okA := number(first)
	b, okB := number(last)
	if !okA || !okB || a > b || cr.size >= 0 && b >= cr.size {
		return cr, false
	}
	if b == 1<<63-1 { // number stops there
		b--
	}
	cr.first, cr.end = a, b+1
	return cr, true
}

// admit judges a range against what is stored and, if it can be applied, makes its request the one writer.
// A request that arrived at a time before the one of the present writer, and is only judged now, is too late.
func (op *operation) admit(cr contentRange, arrived time.Time, kick func()) (seq uint64, err error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	have := int64(len(op.data))
	stored := field{"content-range", fmt.Sprintf("bytes */%d", have)}
	switch {
	case op.gone:
		return 0, refuse(410, "the upload was not kept")
	case op.res != nil && !op.complete:
		return 0, errOver // it ended without being complete, its response is there
	case cr.end > bodyLimit || cr.size > bodyLimit:
		return 0, refuse(413, "upload too long")
	case op.total >= 0 && (cr.size >= 0 && cr.size != op.total || cr.end > op.total):
		return 0, refuse(409, fmt.Sprintf("the complete length is %d", op.total))
	case cr.size >= 0 && have > cr.size:
		return 0, refuse(409, fmt.Sprintf("%d bytes are here already", have))
	case cr.first > have:
		return 0, refuse(416, fmt.Sprintf("there would be a gap after %d bytes", have), stored)
	case op.complete:
		return 0, nil // only to be compared
	case arrived.Before(op.latest):
		return 0, errFenced
	}
	op.latest = arrived
	return op.acquireLocked(kick), nil
}

// patch continues an upload.
func (s *Server) patch(c *conn, op *operation) *response {
	r := c.req
	mt, _, err := mime.ParseMediaType(r.fields.get("content-type"))
	if err != nil || mt != "message/byterange" || r.fields["content-encoding"] != nil {
		return text(415, "only message/byterange\n").add(acceptPatch.name, acceptPatch.value)
	}
	if st := preconditions(r, contentTag(len(op.content()))); st != 0 {
		return text(st, "precondition failed\n")
	}
	if c.proceed(nil) != nil {
		return nil
	}
	br := bufio.NewReaderSize(r.body, 32<<10)
	cr, err := readPart(br, r.body)
	var seq uint64
	if err == nil {
		seq, err = op.admit(cr, c.arrived, func() { c.nc.Close() })
	}
	var ref *refusal
	switch {
	case errors.As(err, &ref):
		return ref.response()
	case err == errOver:
		return op.wait(s)
	case err != nil:
		return nil
	}
	if err := op.apply(s, seq, cr, br); err != nil {
		if seq != 0 {
			op.interrupt(seq)
		}
		switch {
		case errors.As(err, &ref):
			return ref.response()
		case err == errDiffer:
			return text(409, "other bytes are stored there\n")
		case err == errChunk:
			return text(400, "malformed chunk\n")
		}
		return nil
	}
	final, stored, err := op.commit(s, seq, cr.end, cr.size)
	switch {
	case err != nil:
		return nil
	case final:
		return op.wait(s)
	}
	return text(200, fmt.Sprintf("%d bytes are stored\n", stored)).add("etag", contentTag(int(stored)))
}

// readPart reads the fields of a message/byterange document. What is malformed is a refusal, other errors are broken connections.
func readPart(br *bufio.Reader, b *body) (cr contentRange, err error) {
	budget := headLimit
	f, err := readFields(br, &budget)
	switch {
	case err == io.ErrUnexpectedEOF && b.err == io.EOF, err == errLong, err == errField:
		return cr, refuse(422, "malformed message/byterange")
	case err == errChunk:
		return cr, refuse(400, "malformed chunk")
	case err != nil:
		return cr, err
	}
	v := f["content-range"]
	cr, ok := contentRange{}, false
	if len(v) == 1 {
		cr, ok = parseContentRange(v[0])
	}
	if !ok {
		return cr, refuse(422, "one well-formed content-range of bytes is needed")
	}
	if v := f["content-length"]; v != nil {
		if n, ok := number(v[0]); len(v) > 1 || !ok || n != cr.end-cr.first {
			return cr, refuse(422, "content-length and content-range do not agree")
		}
	}
	return cr, nil
}

// apply writes the body of the part. Its last byte waits for the proper end of the request: a PATCH that was cut before its end, or
// that has more than its range says, never completes an upload.
func (op *operation) apply(s *Server, seq uint64, cr contentRange, br *bufio.Reader) error {
	buf := make([]byte, 32<<10)
	var held []byte
	pos := cr.first
	for {
		n, err := br.Read(buf)
		p := buf[:n]
		if n > 0 && pos+int64(n) > cr.end || n > 0 && held != nil {
			if cr.only {
				return refuse(422, "nothing may follow a complete length alone")
			}
			return refuse(400, "the part is longer than its range")
		}
		if n > 0 && pos+int64(n) == cr.end {
			held, p = []byte{buf[n-1]}, buf[:n-1]
		}
		if e := op.put(s, seq, pos, p); e != nil {
			return e
		}
		pos += int64(len(p))
		switch {
		case err == io.EOF && pos+int64(len(held)) < cr.end:
			return refuse(400, fmt.Sprintf("the part is shorter than its range, it was stored up to %d", pos))
		case err == io.EOF:
			return op.put(s, seq, pos, held)
		case err != nil:
			return err
		}
	}
}
