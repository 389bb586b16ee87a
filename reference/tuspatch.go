package reference

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/reference/store"
)

// TusWrite is what the fields of a request say that brings bytes: of a PATCH, or of a POST (Creation With Upload).
type TusWrite struct {
	Offset   int64     // Upload-Offset, in bytes
	Length   int64     // Upload-Length, in bytes; -1 where it is not there
	Size     int64     // Content-Length, in bytes; -1 where it is not known
	Checksum *Checksum // nil where none comes before the bytes
	Trailer  bool      // one is announced to come behind them
}

// tusWrite is one of them on its way.
type tusWrite struct {
	TusWrite
	s      *Server
	x      *exchange
	op     *store.Operation
	writer *store.Writer
}

// patchTus answers PATCH: it appends bytes at the offset that the request names.
func (s *Server) patchTus(x *exchange) {
	defer s.doors.enter(x.op, x.peer)()
	x.known()
	s.tellExpiry(x) // also where it is refused
	fields, err := s.seams.Tus.Patch(x.r, x.op)
	if err == nil {
		_ = x.w.rc.EnableFullDuplex() // a refusal must not wait for the body
		w := &tusWrite{TusWrite: fields, s: s, x: x, op: x.op}
		err = w.carry()
	}
	if err != nil {
		s.tusFailed(x, err)
		return
	}
	s.doors.leave(x.op, x.peer)
	s.answerTus(x, http.StatusNoContent)
}

// patchFields reads the fields of a PATCH.
func (s *Server) patchFields(r *http.Request, op *store.Operation) (w TusWrite, err error) {
	if len(op.Parts) > 0 {
		return w, errTusFinal
	}
	if !mediaTypeIs(r.Header, mediaOffset) || !isUncoded(r.Header) {
		return w, errTusType
	}
	if w.Offset, err = bytesIn(r.Header, fieldUploadOffset, errTusOffset); err != nil || w.Offset < 0 {
		return w, errTusOffset
	}
	if w.Length, err = bytesIn(r.Header, fieldUploadLength, errTusLength); err != nil {
		return w, err
	}
	err = s.contentFields(r, &w)
	return w, err
}

// contentFields reads the fields that a PATCH and a POST have in common.
func (s *Server) contentFields(r *http.Request, w *TusWrite) error {
	if w.Size = r.ContentLength; max(w.Size, w.Length) > s.opts.MaxBody {
		return errTooLarge
	}
	_, w.Trailer = r.Trailer[fieldUploadChecksum]
	value, given, err := oneLine(r.Header, fieldUploadChecksum)
	if err != nil || given && w.Trailer {
		return errTusChecksum
	}
	if !given {
		return nil
	}
	sum, err := s.seams.Tus.Checksum(value)
	w.Checksum = &sum
	return err
}

// fitsTus tells whether a request fits what is kept.
func fitsTus(w TusWrite, up store.Progress) error {
	length := up.Length
	switch {
	case up.State == store.Closed:
		return store.ErrClosed
	case w.Offset != up.Offset:
		return store.ErrOffset
	case w.Length >= 0 && length >= 0 && w.Length != length, w.Length >= 0 && w.Length < up.Offset:
		return errTusLengthKnown
	case length < 0:
		length = w.Length
	}
	if length >= 0 && w.Size > length-w.Offset {
		return store.ErrPastEnd
	}
	return nil
}

// carry carries a request out. All that can be refused is refused before anything is changed, and before an older request
// is disturbed; one that comes at the offset takes over from it, whose bytes are never written any more.
func (w *tusWrite) carry() error {
	nobody := func() []*peer { return nil }
	settleWriters(w.x.r.Context(), w.op.Progress, drainGrace, drainLimit, nobody)
	up := w.op.Progress()
	if err := w.s.seams.Tus.Fits(w.op, w.TusWrite, up); err != nil {
		return err
	}
	if up.State != store.Receiving {
		return w.nothing()
	}
	if w.Offset+w.Size > w.s.opts.MaxBody {
		return errTooLarge
	}
	var err error
	w.writer, err = w.s.seams.Tus.Acquire(w.op, w.Offset, w.x.peer)
	if errors.Is(err, store.ErrComplete) { // by the older request, this moment
		return w.nothing()
	}
	if err != nil {
		return err
	}
	defer w.writer.Release()
	if w.Checksum != nil || w.Trailer {
		err = w.verified()
	} else {
		err = w.direct()
	}
	if err == nil || w.x.op != nil { // who creates an upload, and is interrupted, does not know it
		w.complete()
	}
	return err
}

// nothing reads the content of a request to an upload that is complete.
func (w *tusWrite) nothing() error {
	switch n, err := io.ReadFull(&patch{s: w.s, x: w.x, peer: w.x.peer}, make([]byte, 1)); {
	case n > 0:
		return store.ErrPastEnd
	case !errors.Is(err, io.EOF):
		return err
	}
	w.x.peer.rest()
	if w.Checksum == nil && len(w.x.r.Trailer.Values(fieldUploadChecksum)) == 0 {
		return nil
	}
	return w.verify(strings.NewReader(""))
}

// receive moves the content to where it goes.
func (w *tusWrite) receive(to sink) error {
	room := w.s.opts.MaxBody
	up := w.op.Progress()
	for _, length := range []int64{up.Length, w.Length} {
		if length >= 0 {
			room = length
		}
	}
	r := &receiver{s: w.s, x: w.x, writer: to, peer: w.x.peer, limit: room - w.Offset}
	in := Intake{Request: w.x.r, Op: w.op, Want: w.Size}
	in.Got, in.Err = r.receive(bodyReader{w.x.peer, w.x.r.Body})
	if in.Err = w.s.seams.Body.Ended(in); in.Err == nil {
		w.x.peer.rest()
	}
	return in.Err
}

// direct appends the content as it comes: what came of a request that is interrupted stays. A checksum that comes behind the
// content unannounced is verified all the same.
func (w *tusWrite) direct() error {
	err := w.receive(w.writer)
	if err == nil {
		err = w.unannounced()
	}
	if err == nil || errors.Is(err, errInterrupted) {
		err = errors.Join(err, w.setLength())
	}
	if n := w.s.seams.Tus.Kept(w.op, w.Offset, err); n >= 0 && n < w.op.Progress().Offset {
		err = errors.Join(err, w.writer.Truncate(n))
	}
	return err
}

// keptOf tells how many bytes stay after a request that began at an offset and ended with err: -1 for all. Content that is
// refused for what it is leaves no trace; what came before an interruption, or before the quota was used up, stays.
func keptOf(_ *store.Operation, offset int64, err error) int64 {
	for _, refusal := range []error{errTooLarge, store.ErrPastEnd, errTusMismatch, errTusChecksum, errTusAlgorithm} {
		if errors.Is(err, refusal) {
			return offset
		}
	}
	return -1
}

func (w *tusWrite) unannounced() error {
	if len(w.x.r.Trailer.Values(fieldUploadChecksum)) == 0 {
		return nil
	}
	end := w.op.Progress().Offset
	content, err := w.op.Open(end)
	if err != nil {
		return err
	}
	defer content.Close()
	return w.verify(io.NewSectionReader(content, w.Offset, end-w.Offset))
}

// verified appends the content when it has its checksum, and nothing of it before.
func (w *tusWrite) verified() error {
	stage, err := w.s.store.NewStage(w.op.Owner)
	if err != nil {
		return err
	}
	defer w.closeStage(stage)
	stage.Write(w.Offset)
	if err := w.receive(staged{stage, w.writer}); err != nil {
		return err
	}
	if err := w.writer.Current(); err != nil { // rather than what is wrong with content that does not count any more
		return err
	}
	if err := w.verify(stage.Reader()); err != nil {
		return err
	}
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	if err := w.writer.AppendStage(stage, *p); err != nil {
		return err
	}
	return w.setLength()
}

// staged is where content waits for its checksum; a newer request may take over meanwhile.
type staged struct {
	*store.Stage
	writer *store.Writer
}

func (s staged) Current() error { return s.writer.Current() }

func (w *tusWrite) closeStage(stage *store.Stage) {
	if err := stage.Close(); err != nil {
		w.s.opts.Logger.Error("close stage", "error", err)
	}
}

// verify tells whether content is what the checksum says (Checksum).
func (w *tusWrite) verify(content io.Reader) error {
	if w.Checksum == nil {
		lines := w.x.r.Trailer.Values(fieldUploadChecksum)
		if len(lines) != 1 {
			return errTusChecksum
		}
		sum, err := w.s.seams.Tus.Checksum(lines[0])
		if err != nil {
			return err
		}
		w.Checksum = &sum
	}
	ok, err := w.s.seams.Tus.Matches(*w.Checksum, content)
	if err == nil && !ok {
		err = errTusMismatch
	}
	return err
}

// setLength notes the complete length that came with the bytes.
func (w *tusWrite) setLength() error {
	if w.Length < 0 {
		return nil
	}
	return w.writer.SetLength(w.Length)
}

// complete looks whether all bytes are there, also after a request that failed: an older one may have brought them.
func (w *tusWrite) complete() {
	switch {
	case w.op.Partial:
		if wholeOf(w.op) {
			w.s.joinWith(w.op)
		}
	case w.writer.Complete():
		w.s.process(w.op, w.x.r)
	}
}

// tusFailed answers a request that was not carried out, or not to its end.
func (s *Server) tusFailed(x *exchange, err error) {
	if errors.Is(err, errInterrupted) {
		s.bodyFailed(x, err)
	}
	answer := tusProblem(err)
	if answer.Status == http.StatusInternalServerError {
		s.opts.Logger.Error("tus", "error", err)
	}
	if x.op != nil && answer.Status == http.StatusConflict && x.op.State() != store.Closed {
		if kept, derr := x.op.Durable(); derr == nil {
			x.w.Header().Set(fieldUploadOffset, strconv.FormatInt(kept, 10))
		}
	}
	s.refuseTus(x, answer)
}

// refuseTus answers at once. Content that was not read may come or not: nobody waits for it.
func (s *Server) refuseTus(x *exchange, answer problem) {
	if x.r.ContentLength != 0 {
		_ = x.w.rc.EnableFullDuplex()
		x.w.Header().Set("Connection", "close")
		x.peer.extend(&s.opts)
	}
	s.refuse(x, answer)
}
