package reference

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/resumespec/resumespec/reference/store"
)

// patch is one PATCH, or one part of an upload, on its way: what it brings, and what it is about to be written to.
type patch struct {
	s    *Server
	x    *exchange
	op   *store.Operation
	peer *peer
	body *bufio.Reader
	rng  ContentRange
	pos  int64 // of the request content: where the next byte of body belongs
}

// Errors of a patch that does not fit. The offset is told with them.
var (
	errPrecondition = errors.New("If-Match names another state of the request content")

	errGap      = errors.New("starts beyond the bytes kept")
	errMismatch = errors.New("differs from the bytes kept")
	errShort    = errors.New("the part body is shorter than its range")
	errLong     = errors.New("the part body is longer than its range")
)

// patchRequestContent answers PATCH on the request-content resource: it continues the upload, and, with
// its last byte, gets the final response of the original request.
func (s *Server) patchRequestContent(x *exchange) {
	if p := s.examinePatch(x); p != nil {
		s.refuse(x, *p)
		return
	}
	_ = x.w.rc.EnableFullDuplex() // a refusal must not wait for the body
	p := &patch{s: s, x: x, op: x.op, peer: x.peer}
	defer s.doors.enter(x.op, p.peer)()
	p.body = bufio.NewReaderSize(p, maxPartHead)
	complete, err := p.apply()
	switch {
	case err != nil:
		s.patchFailed(x, err)
	case complete:
		s.doors.leave(x.op, p.peer)
		s.await(x, x.op)
	default:
		x.w.Header().Set("ETag", offsetTag(x.op.Progress().Offset))
		x.w.WriteHeader(http.StatusNoContent)
	}
}

// examinePatch decides by the head alone.
func (s *Server) examinePatch(x *exchange) *problem {
	if !x.op.Save {
		return &problem{Status: http.StatusNotFound}
	}
	if !s.seams.Patch.Accepts(x.r.Header) {
		x.w.Header().Set("Accept-Patch", mediaByterange)
		return &problem{Status: http.StatusUnsupportedMediaType, Detail: "Uploads are continued with " + mediaByterange + "."}
	}
	return nil
}

// isByterange tells whether the fields are those of a patch in the one format that is known.
func isByterange(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == mediaByterange && h.Get("Content-Encoding") == ""
}

// Read reads the patch document with the idle deadline, and tells errors of the connection apart from
// its end.
func (p *patch) Read(b []byte) (int, error) {
	p.peer.extend(&p.s.opts)
	n, err := p.peer.read(p.x.r.Body, b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", errInterrupted, err)
	}
	return n, err
}

// apply carries the patch out, and tells whether the upload is complete with it. All that can be
// refused is refused before anything is changed and before an older writer is disturbed.
func (p *patch) apply() (complete bool, err error) {
	if err := p.readHead(); err != nil {
		return false, err
	}
	up, _ := p.s.settle(p.x.r.Context(), p.op, drainGrace, drainLimit)
	if !ifMatch(p.x.r.Header.Values("If-Match"), offsetTag(up.Offset)) {
		return false, errPrecondition
	}
	if err := p.compare(); err != nil {
		return false, err
	}
	if p.op.State() != store.Receiving {
		return p.repeated()
	}
	writer, err := p.s.takeOver(p.x, p.op, p.peer)
	if errors.Is(err, store.ErrComplete) {
		if err := p.compare(); err != nil { // the older request brought the rest meanwhile
			return false, err
		}
		return p.repeated()
	}
	if err != nil {
		return false, err
	}
	defer writer.Release()
	if err := p.compare(); err != nil { // what the older writer kept until it was fenced
		return false, err
	}
	return p.appendTo(writer)
}

// readHead reads the part fields. It refuses what is too large for the server, and a part body longer than
// its range, where the length of the request tells.
func (p *patch) readHead() error {
	head, err := readPartHead(p.body)
	if err != nil {
		return err
	}
	c, err := p.s.seams.Patch.Range(p.op, head.fields)
	if err != nil {
		return err
	}
	if max(c.Complete, c.Last+1) > p.s.opts.MaxBody {
		return errTooLarge
	}
	if total := p.x.r.ContentLength; total >= 0 && total-head.size > c.Length() {
		return errLong
	}
	var body io.Reader
	p.rng, body = p.s.seams.Patch.Part(p.op, c, p.body)
	p.body = bufio.NewReaderSize(body, maxPartHead) // p.body itself, unless it was replaced
	return nil
}

// ifMatch evaluates If-Match (RFC 9110, 13.1.1); no field lines match everything.
func ifMatch(lines []string, tag string) bool {
	for _, line := range lines {
		for _, t := range splitQuoted(line, ',') {
			if t = trimOWS(t); t == "*" || t == tag {
				return true
			}
		}
	}
	return len(lines) == 0
}

// fits decides whether a range fits an upload.
func fits(c ContentRange, up store.Progress) error {
	switch {
	case c.Complete >= 0 && up.Length >= 0 && c.Complete != up.Length:
		return store.ErrLength
	case c.Complete >= 0 && c.Complete < up.Offset:
		return store.ErrLength
	case c.Ends() && c.Complete > up.Offset, c.First > up.Offset:
		return errGap
	case up.Length >= 0 && c.Last >= up.Length:
		return store.ErrPastEnd
	}
	return nil
}

// overlap is how many bytes of a range that fits are kept already, of those from position from on.
func overlap(c ContentRange, from int64, up store.Progress) int64 {
	return max(0, min(up.Offset, c.Last+1)-from)
}

// compare reads the part body as far as its bytes are kept already. A client may bring again what an
// older connection delivered after the offset was told, but no other bytes.
func (p *patch) compare() error {
	if p.pos == 0 {
		p.pos = max(0, p.rng.First)
	}
	up := p.op.Progress()
	if up.State == store.Closed {
		return store.ErrClosed
	}
	if err := p.s.seams.Patch.Fits(p.op, p.rng, up); err != nil {
		return err
	}
	again := overlap(p.rng, p.pos, up)
	if again == 0 {
		return nil
	}
	kept, err := p.op.Open(up.Offset)
	if err != nil {
		return err
	}
	defer kept.Close()
	return p.compareWith(kept, again)
}

const compareStep = 32 << 10

func (p *patch) compareWith(kept io.ReaderAt, n int64) error {
	var ours, theirs [compareStep]byte
	for n > 0 {
		step := min(n, compareStep)
		k, err := io.ReadFull(p.body, theirs[:step])
		if _, kerr := kept.ReadAt(ours[:k], p.pos); kerr != nil && kerr != io.EOF {
			return kerr
		}
		if !p.s.seams.Patch.Same(ours[:k], theirs[:k]) {
			return errMismatch
		}
		p.pos += int64(k)
		n -= int64(k)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return errShort
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// repeated ends a patch that brought nothing new to a complete upload. If it reaches the end, its
// sender waits for the final response.
func (p *patch) repeated() (complete bool, err error) {
	if err := p.finish(); err != nil {
		return false, err
	}
	c, up := p.rng, p.op.Progress()
	return c.Ends() || c.Last+1 == up.Length, nil
}

// appendTo appends the rest of the part body, and completes the upload with its last byte.
func (p *patch) appendTo(writer *store.Writer) (complete bool, err error) {
	c := p.rng
	if c.Complete >= 0 && !c.Ends() {
		if err := writer.SetLength(c.Complete); err != nil {
			return false, err
		}
	}
	if n := c.Last + 1 - p.pos; !c.Ends() && n > 0 {
		r := &receiver{s: p.s, x: p.x, writer: writer, peer: p.peer, limit: n}
		in := Intake{Request: p.x.r, Op: p.op, Want: n}
		in.Got, in.Err = r.receive(io.LimitReader(p.body, n))
		p.pos += in.Got
		if in.Err = p.s.seams.Body.Ended(in); in.Err != nil {
			p.s.broken(in, writer)
			return false, in.Err
		}
	}
	// All bytes are there: that the last chunk of the patch itself is cut off does not matter any more.
	if err := p.finish(); err != nil && (c.Ends() || !errors.Is(err, errInterrupted)) {
		return false, err
	}
	if c.Ends() {
		if err := writer.SetLength(c.Complete); err != nil {
			return false, err
		}
	}
	if !writer.Complete() {
		return false, writer.Current()
	}
	p.s.process(p.op, p.x.r)
	return true, nil
}

// finish reads the end of the patch document. Bytes after the range make the patch malformed.
func (p *patch) finish() error {
	switch _, err := p.body.ReadByte(); {
	case err == nil:
		return errLong
	case err != io.EOF:
		return err
	}
	p.peer.rest()
	return nil
}

// patchFailed answers a patch that was not carried out, or not to its end.
func (s *Server) patchFailed(x *exchange, err error) {
	answer := s.unwritten(x, "patch", err)
	if answer.Offset != nil {
		x.w.Header().Set("ETag", offsetTag(*answer.Offset))
	}
	s.refuse(x, answer)
}

// unwritten gives the answer to what was not written, or not to its end, and is called what: with the offset, unless the
// operation is closed. The connection is closed too: what is left of the request content is not worth reading.
func (s *Server) unwritten(x *exchange, what string, err error) problem {
	if errors.Is(err, errInterrupted) {
		s.bodyFailed(x, err)
	}
	answer := patchProblem(what, err)
	if answer.Status == http.StatusInternalServerError {
		s.opts.Logger.Error(what, "error", err)
	}
	if up := x.op.Progress(); up.State != store.Closed {
		answer.Offset = &up.Offset
		if up.Length >= 0 {
			answer.Length = &up.Length
		}
	}
	x.w.Header().Set("Connection", "close")
	return answer
}

// patchProblem says what is wrong with what is to be written, which is called what: 400 for what cannot be read,
// 422 for what can be read and never be right, 409 for what does not fit now.
func patchProblem(what string, err error) problem {
	for _, t := range []struct {
		err    error
		status int
	}{
		{errPrecondition, http.StatusPreconditionFailed},
		{errGap, http.StatusConflict},
		{store.ErrGap, http.StatusConflict},
		{errMismatch, http.StatusConflict},
		{errNoRange, http.StatusUnprocessableEntity},
		{errRangeUnit, http.StatusUnprocessableEntity},
		{errRangeSyntax, http.StatusBadRequest},
		{errRangeTwice, http.StatusBadRequest},
		{errPartSyntax, http.StatusBadRequest},
		{errPartSize, http.StatusBadRequest},
		{errPartLength, http.StatusBadRequest},
		{errBodyLength, http.StatusBadRequest},
		{errShort, http.StatusBadRequest},
		{errLong, http.StatusBadRequest},
	} {
		if errors.Is(err, t.err) {
			return problem{Status: t.status, Detail: "The " + what + ": " + t.err.Error() + "."}
		}
	}
	return problemOf(err)
}
