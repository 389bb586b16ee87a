package reference

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/resumespec/resumespec/reference/store"
)

// postItem is the target of uploads: POST /items.
func (s *Server) postItem(x *exchange) {
	rec, p := s.examine(x)
	if p != nil {
		s.refuse(x, *p)
		return
	}
	for {
		if rec.Key != "" && s.reissued(x, rec) {
			return
		}
		op, err := s.store.Begin(rec)
		if errors.Is(err, store.ErrKeyTaken) {
			continue // by a request that came at the same time
		}
		if err != nil {
			s.refuse(x, problemOf(err))
			return
		}
		s.upload(x, op)
		return
	}
}

// examine decides by the head alone whether a request is accepted, and what it asks for.
func (s *Server) examine(x *exchange) (store.Record, *problem) {
	job, p := parseJob(x.r.URL.RawQuery)
	if p != nil {
		return store.Record{}, p
	}
	if p := examineContent(x.r, s.opts.MaxBody); p != nil {
		return store.Record{}, p
	}
	key, p := idempotencyKey(x.r)
	if p != nil {
		return store.Record{}, p
	}
	job.ContentType = x.r.Header.Get("Content-Type")
	resume := s.seams.Prefer.Resume(s.seams.Prefer.Parse(x.r.Header.Values("Prefer")))
	return store.Record{
		Owner:     x.owner,
		Key:       key,
		Target:    x.r.Method + " " + x.r.URL.RequestURI(),
		Resume:    resume != ResumeNone,
		Save:      resume == ResumeSave,
		Length:    x.r.ContentLength,
		Job:       job,
		Transient: resume == ResumeNone && key == "",
	}, nil
}

const maxKey = 255 // bytes

func idempotencyKey(r *http.Request) (string, *problem) {
	key := trimOWS(r.Header.Get("Idempotency-Key"))
	if len(key) > maxKey {
		return "", &problem{Status: http.StatusBadRequest, Detail: "The Idempotency-Key is too long."}
	}
	return key, nil
}

// examineContent refuses what this target does not take: content codings, messages and multiparts
// (415), and bodies that are too long (413).
func examineContent(r *http.Request, limit int64) *problem {
	if r.ContentLength > limit {
		p := problemOf(errTooLarge)
		return &p
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return &problem{Status: http.StatusUnsupportedMediaType, Detail: "Content codings are not supported."}
	}
	if value := r.Header.Get("Content-Type"); value != "" && !isStorable(value) {
		return &problem{Status: http.StatusUnsupportedMediaType, Detail: "This target takes no message/* and no multipart/*."}
	}
	return nil
}

// isStorable tells whether a Content-Type is one that is kept as it is: not what frames other content.
func isStorable(value string) bool {
	media, _, err := mime.ParseMediaType(value)
	return err == nil && strings.Contains(media, "/") && !strings.HasPrefix(media, "multipart/") && !strings.HasPrefix(media, "message/")
}

// upload receives the body of a new operation, and answers.
func (s *Server) upload(x *exchange, op *store.Operation) {
	peer := x.peer
	writer, err := op.Acquire(nil, peer)
	if err != nil {
		s.abandon(op)
		s.refuse(x, problemOf(err))
		return
	}
	defer writer.Release()
	_ = x.w.rc.EnableFullDuplex() // an early final response must not wait for the body
	s.offer(x, op)
	prefs := s.seams.Prefer.Parse(x.r.Header.Values("Prefer"))
	c := &receiver{s: s, x: x, writer: writer, peer: peer, limit: s.opts.MaxBody}
	if _, ok := prefs["acknowledge"]; ok && op.Save && x.r.ProtoAtLeast(1, 1) {
		c.kept = s.acknowledging(x, writer)
	}
	in := Intake{Request: x.r, Op: op, Want: x.r.ContentLength}
	in.Got, in.Err = c.receive(bodyReader{peer, x.r.Body})
	if in.Err = s.seams.Body.Ended(in); in.Err == nil && in.Want < 0 {
		in.Err = writer.SetLength(in.Got)
	}
	if in.Err == nil && !writer.Complete() {
		in.Err = store.ErrFenced
	}
	if in.Err != nil {
		s.broken(in, writer)
		s.bodyFailed(x, in.Err)
		return
	}
	peer.rest()
	s.process(op, x.r)
	if op.Transient {
		defer s.abandon(op) // nobody can come back to it
	}
	s.await(x, op)
}

// bodyFailed answers where somebody may be listening, and drops the connection where not.
func (s *Server) bodyFailed(x *exchange, err error) {
	if errors.Is(err, errInterrupted) {
		s.opts.Logger.Debug("interrupted", "path", x.r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
	x.w.Header().Set("Connection", "close")
	s.refuse(x, problemOf(err))
}

func (s *Server) abandon(op *store.Operation) {
	if err := op.Cancel(); err != nil {
		s.opts.Logger.Error("cancel operation", "error", err)
	}
}

// reissued answers a request whose Idempotency-Key is known, and tells whether it did. A first try
// whose body did not arrive is superseded: nothing has happened yet, and the body is here again.
func (s *Server) reissued(x *exchange, rec store.Record) bool {
	op, ok := s.store.ByKey(rec.Owner, rec.Key)
	if !ok {
		return false
	}
	if op.Target != rec.Target {
		s.refuse(x, problem{Status: http.StatusUnprocessableEntity, Detail: "The Idempotency-Key was used for another request."})
		return true
	}
	_, quiet := s.settle(x.r.Context(), op, s.opts.TakeOver, takeOverLimit)
	if op.State() == store.Receiving {
		if !quiet {
			x.w.Header().Set("Retry-After", "1")
			s.refuse(x, problemOf(store.ErrBusy))
			return true
		}
		s.abandon(op)
		return false
	}
	if !expectsContinue(x.r) && !s.discard(x) {
		panic(http.ErrAbortHandler)
	}
	s.await(x, op)
	return true
}

// discard reads a body that is not needed, because a client that sends all before it reads would
// otherwise lose the response. It tells whether the whole body came.
func (s *Server) discard(x *exchange) bool {
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	peer := x.peer
	for left := s.opts.MaxBody; left > 0; {
		peer.extend(&s.opts)
		n, err := peer.read(x.r.Body, *p)
		left -= int64(n)
		if errors.Is(err, io.EOF) {
			peer.rest()
			return true
		}
		if err != nil {
			return false
		}
	}
	return false
}
