package reference

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// What is wrong with a request of a resumable upload.
var (
	errMetadata      = errors.New("the metadata of the representation cannot be read")
	errAppendType    = errors.New("an upload is continued with " + mediaPartialUpload)
	errNoOffset      = errors.New(fieldUploadOffset + " is missing, or no non-negative Integer")
	errNoComplete    = errors.New(fieldUploadComplete + " is missing, or no Boolean")
	errOffset        = errors.New("offset from request does not match offset of resource")
	errCompleted     = errors.New("upload is already completed")
	errInconsistent  = errors.New("inconsistent length values for upload")
	errOverflow      = errors.New("more bytes than the length of the upload")
	errMaxSize       = errors.New("larger than max-size")
	errGrown         = errors.New("grew larger than max-size")
	errMinSize       = errors.New("smaller than min-size, or of unknown length: it cannot be resumed")
	errMaxAppend     = errors.New("larger than max-append-size")
	errMinAppend     = errors.New("smaller than min-append-size")
	errContentDigest = errors.New("the content has another digest than Content-Digest says")
)

// appendUpload answers PATCH on an upload resource (Upload Append).
func (s *Server) appendUpload(x *exchange) {
	leave := s.doors.enter(x.op, x.peer)
	defer leave()
	x.known()
	_ = x.w.rc.EnableFullDuplex() // a refusal must not wait for the body
	u := s.resume(x, false)
	if err := u.examineAppend(); err != nil {
		u.refuse(err)
		return
	}
	defer u.release()
	complete, err := u.append()
	leave()
	u.answer(complete, err)
}

// examineAppend decides by the fields that need no upload to compare them with, so that nobody is disturbed.
func (u *resumption) examineAppend() error {
	if !u.s.seams.Rufh.Type(u.Draft, u.x.r.Header) {
		return errAppendType
	}
	if u.Fields.Offset == nil {
		return errNoOffset
	}
	if u.Fields.Complete == nil {
		if u.Draft.Missing == MissingRefused {
			return errNoComplete
		}
		complete := u.Draft.Missing == MissingComplete
		u.Fields.Complete = &complete
	}
	return nil
}

// isPartialUpload tells whether an append has the media type of one. It has no content coding: those of the
// representation are not named again (Content Codings).
func isPartialUpload(d Draft, h http.Header) bool {
	if d.Media == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	coding := h.Get("Content-Encoding")
	return err == nil && media == d.Media && (coding == "" || coding == "identity")
}

// append takes the upload over and brings the content of the request to it. All that can be refused is refused before a
// byte is read. It tells whether the upload is complete.
func (u *resumption) append() (complete bool, err error) {
	deadline := time.Now().Add(takeOverLimit)
	for {
		up := u.s.seams.Rufh.TakeOver(u.x.r.Context(), u.op)
		if err := u.s.seams.Rufh.Fits(u.Append, up); err != nil {
			return false, err
		}
		if up.State != store.Receiving {
			return true, u.empty()
		}
		u.writer, err = u.op.Acquire(nil, u.x.peer)
		switch {
		case err == nil:
			return u.taken()
		case !errors.Is(err, store.ErrBusy) && !errors.Is(err, store.ErrComplete) || time.Now().After(deadline):
			return false, err
		}
	}
}

// empty reads a content that has to be empty.
func (u *resumption) empty() error {
	more, err := u.more()
	if more {
		return errCompleted
	}
	return err
}

// taken goes on when nobody else writes. What was decided before is looked at again.
func (u *resumption) taken() (complete bool, err error) {
	up := u.op.Progress()
	if err := u.s.seams.Rufh.Fits(u.Append, up); err != nil {
		return false, err
	}
	length, err := u.s.seams.Rufh.Length(u.Append, up.Offset)
	if err == nil && length >= 0 {
		err = u.writer.SetLength(length)
	}
	if err != nil {
		return false, err
	}
	u.from, u.told = up.Offset, up.Offset // who appends knows of all before
	return u.receive(u.op.Progress().Length)
}

// yieldTo waits until what has arrived is kept, and terminates who is still writing then (Concurrency). others are those
// that are to become writers.
func (s *Server) yieldTo(ctx context.Context, op *store.Operation, others func() []*peer) store.Progress {
	settleWriters(ctx, op.Progress, drainGrace, drainLimit, others)
	op.Interrupt()
	return op.Progress()
}

// receive brings the content of a request to the upload, and completes that where it is to be.
func (u *resumption) receive(length int64) (complete bool, err error) {
	n, beyond := room(u.Append, u.s.seams.Rufh.Limits(), u.from, length)
	announced := parseDigests(u.x.r.Header.Values(fieldContentDigest))
	sums := newHasher()
	for name := range announced {
		sums[name] = hashes[name]()
	}
	r := &receiver{s: u.s, x: u.x, writer: u.writer, peer: u.x.peer, limit: n, kept: u.progress()}
	if len(announced) > 0 {
		r.kept = nil // what may be taken back is not told
	}
	in := Intake{Request: u.x.r, Op: u.op, Want: u.Content}
	in.Got, in.Err = r.receive(io.TeeReader(io.LimitReader(bodyReader{u.x.peer, u.x.r.Body}, n), sums))
	if in.Err == nil {
		in.Err = u.ended(beyond)
	}
	switch in.Err = u.s.seams.Body.Ended(in); {
	case in.Err == nil && !u.s.seams.Rufh.Same(sums.sums(), announced):
		return false, u.undo(errContentDigest)
	case errors.Is(in.Err, errMaxAppend):
		return false, u.undo(in.Err)
	case in.Err != nil:
		u.s.broken(in, u.writer)
		return false, in.Err
	case !u.Fields.Completes() && u.Fields.Complete != nil:
		return false, nil
	}
	return u.complete()
}

// ended tells whether a content ends where it has to.
func (u *resumption) ended(beyond error) error {
	more, err := u.more()
	if more {
		return beyond
	}
	return err
}

// more tells whether a content goes on, and notes that it does not.
func (u *resumption) more() (bool, error) {
	var b [1]byte
	for {
		u.x.peer.extend(&u.s.opts)
		n, err := u.x.peer.read(u.x.r.Body, b[:])
		switch {
		case n > 0:
			return true, nil
		case errors.Is(err, io.EOF):
			u.x.peer.rest()
			return false, nil
		case err != nil && u.writer != nil && u.writer.Current() != nil:
			return false, store.ErrFenced
		case err != nil:
			return false, errors.Join(errInterrupted, err)
		}
	}
}

// undo takes back what a request brought, but nothing that was told as kept: an offset never decreases (Offset).
func (u *resumption) undo(err error) error {
	return errors.Join(err, u.writer.Truncate(max(u.from, u.told)))
}

// complete marks the upload as complete, and lets its representation be processed.
func (u *resumption) complete() (bool, error) {
	err := u.writer.CompleteAt(u.op.Progress().Offset)
	if errors.Is(err, store.ErrLength) {
		err = errInconsistent
	}
	if err != nil {
		return false, err
	}
	u.s.process(u.op, u.x.r)
	return true, nil
}

// progressEvery is how long one waits at least between two 104s of a client that sends slowly.
const progressEvery = 100 * time.Millisecond

// progress tells in 104s what is durable: as soon as something is, then after each step (ackStep) or some time.
func (u *resumption) progress() func(total int64, end bool) error {
	if u.op.Transient || !u.Draft.Announces || !u.Draft.Progress {
		return nil
	}
	var acked int64
	var last time.Time
	return func(total int64, end bool) error {
		now := time.Now()
		if total == acked || !ackDue(total, acked, end) && now.Sub(last) < progressEvery {
			return nil
		}
		n, err := u.writer.Durable()
		if err != nil {
			return err
		}
		acked, last, u.told = total, now, n
		u.interim(u.s.seams.Rufh.Progress(u.Append, u.op, n))
		return nil
	}
}

func setInteger(h http.Header, name string, n int64) { h.Set(name, strconv.FormatInt(n, 10)) }
