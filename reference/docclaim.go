package reference

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// claim lets do claim the range of a part. It waits for requests that are at work there, unless the client has looked at
// the document meanwhile, which it does when it has given an old connection up.
func (w *write) claim(p Part, do func(store.Claim) error) error {
	deadline := time.Now().Add(takeOverLimit)
	for {
		rivals, err := w.makeWay(p, deadline)
		if err != nil {
			return err
		}
		c := w.claimOf(rivals, w.check(p))
		c.First, c.Last, c.Length = max(0, p.Range.First), p.Last(), p.Range.Complete
		if p.Range.Ends() {
			c.Length = -1
		}
		switch err := do(c); {
		case errors.Is(err, store.ErrProcessing):
			w.look()
		case !errors.Is(err, store.ErrBusy) || time.Now().After(deadline):
			w.checked = w.checked || err == nil
			return err
		}
	}
}

func (w *write) claimOf(seen []*store.Section, check func(store.View) error) store.Claim {
	return store.Claim{Place: w.x.place(), Last: -1, Length: -1, Peer: w.x.peer, Seen: seen, Job: w.job, Check: check}
}

// check decides on what is there in the moment of the claim.
func (w *write) check(parts ...Part) func(store.View) error {
	return func(v store.View) error {
		if !w.checked {
			if err := w.s.seams.Document.Conditions(w.x.r, v); err != nil {
				return err
			}
		}
		return w.fits(v, parts...)
	}
}

// makeWay waits for the requests that write where the part will, and returns those from whom the right may be taken.
func (w *write) makeWay(p Part, deadline time.Time) ([]*store.Section, error) {
	first, last := max(0, p.Range.First), p.Last()
	if p.Range.Ends() {
		first = 0
	}
	var rivals []*store.Section
	settle := func(grace, limit time.Duration) bool {
		return settleSeats(w.x.r.Context(), grace, limit, func() []*peer { return nil }, func() activity {
			rivals = store.Rivals(w.s.store.Document(w.x.place()).Sections, first, last)
			return activityOf(rivals)
		})
	}
	settle(drainGrace, drainLimit)
	for _, r := range rivals {
		if !r.Observed() && !settle(w.s.opts.TakeOver, time.Until(deadline)) {
			return nil, store.ErrBusy
		}
	}
	return rivals, nil
}

// fitsDocument decides whether a part fits what is there (Byte Range PATCH, Applying a Patch).
func fitsDocument(w Write, p Part, v store.View) error {
	c := p.Range
	switch {
	case c.Ends():
		return fitsSize(c.Complete, v)
	case w.Whole && v.Document != nil:
		return errExists
	case v.Document != nil && v.State != store.Receiving:
		return fitsComplete(c, v)
	case c.Complete >= 0 && v.Length >= 0 && c.Complete != v.Length, c.Complete >= 0 && c.Complete < v.Size:
		return store.ErrLength
	case v.Length >= 0 && max(c.First, c.Last) >= v.Length && !(p.Open && c.First == v.Length):
		return store.ErrPastEnd
	case c.First > v.Size && (w.InOrder || c.Complete < 0 && v.Length < 0):
		return errGap // a hole would never be known to be one
	}
	return nil
}

func fitsComplete(c ContentRange, v store.View) error {
	switch {
	case c.Complete >= 0 && c.Complete < v.Size:
		return store.ErrLength
	case c.First > v.Size:
		return errGap
	}
	return nil
}

// fitsSize decides whether a document may be given a size (Byte Range PATCH, The Content-Range Field). Where an upload is
// to be ended by it, nothing may be missing: the client would take lost bytes for kept ones.
func fitsSize(n int64, v store.View) error {
	switch {
	case v.Document == nil || v.State != store.Receiving:
		return nil
	case v.Length >= 0 && v.Length != n:
		return store.ErrLength
	case len(v.Kept) > 0 && !v.Kept.Covers(n):
		return errGap
	}
	return nil
}

// applied is the view of a document after a part.
func applied(v store.View, p Part) store.View {
	c := p.Range
	if c.Ends() {
		v.Kept, v.Size, v.Length = v.Kept.Cut(c.Complete), c.Complete, c.Complete
		return v
	}
	if c.Complete >= 0 {
		v.Length = c.Complete
	}
	if c.Last >= c.First {
		v.Kept, v.Size = v.Kept.Add(c.First, c.Last+1), max(v.Size, c.Last+1)
	}
	return v
}

// inPlace decides whether a write takes effect as its bytes come: where the client prefers it; otherwise where that
// destroys nothing, while a document is created or its end is extended.
func inPlace(w Write, p Part, v store.View) bool {
	switch {
	case w.Transaction == TransactionAtomic:
		return false
	case w.Whole:
		return v.Document == nil
	case w.Transaction == TransactionPersist:
		return true
	case w.Several:
		return false
	}
	return p.Range.Ends() || v.Document == nil || v.State == store.Receiving || p.Range.First >= v.Size
}

// transactionOf reads the transaction preference.
func transactionOf(prefs map[string]string) Transaction {
	switch strings.ToLower(prefs["transaction"]) {
	case "atomic":
		return TransactionAtomic
	case "persist":
		return TransactionPersist
	}
	return TransactionAny
}

// appliedPreference is the value of Preference-Applied: the preference, where it is honoured.
func appliedPreference(w Write, v store.View) string {
	switch {
	case w.Transaction == TransactionAtomic:
		return "transaction=atomic"
	case w.Transaction == TransactionPersist && (!w.Whole || v.Document == nil):
		return "transaction=persist"
	}
	return ""
}

// conditions evaluates the preconditions of a write (RFC 9110, 13.2.2). A document that is still being created does not
// count as one that exists for If-None-Match: *, because each segment may carry it (Byte Range PATCH, Complete Length
// Example).
func conditions(r *http.Request, v store.View) error {
	tag := etag(v.Tag)
	if lines := r.Header.Values("If-Match"); len(lines) > 0 {
		if v.Document == nil || !ifMatch(lines, tag) {
			return errCondition
		}
	} else if at, err := http.ParseTime(r.Header.Get("If-Unmodified-Since")); err == nil && v.Document != nil {
		if v.Modified.Truncate(time.Second).After(at) {
			return errCondition
		}
	}
	for _, line := range r.Header.Values("If-None-Match") {
		for _, t := range splitQuoted(line, ',') {
			t = strings.TrimPrefix(trimOWS(t), "W/")
			if v.Document != nil && (t == tag || t == "*" && v.State != store.Receiving) {
				return errCondition
			}
		}
	}
	return nil
}

var errCondition = errors.New("a precondition names another state of the document")

// Read reads the request content with the idle deadline, and tells errors of the connection apart from its end.
func (w *write) Read(b []byte) (int, error) {
	w.x.peer.extend(&w.s.opts)
	n, err := w.x.peer.read(w.x.r.Body, b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", errInterrupted, err)
	}
	return n, err
}

// answer sends the response to a write that was carried out.
func (w *write) answer(complete bool) {
	s, x := w.s, w.x
	if complete {
		w.wait(w.doc)
		resp, ok := w.doc.Outcome()
		if !ok {
			s.writeRefused(x, store.ErrClosed)
			return
		}
		send(x, resp)
		return
	}
	v := s.store.Document(x.place())
	if v.Document != nil {
		if _, err := v.Document.Durable(); err != nil {
			s.writeRefused(x, err)
			return
		}
		x.w.Header().Set("ETag", etag(v.Tag))
		x.w.Header().Set("Last-Modified", v.Modified.Format(http.TimeFormat))
	}
	switch done := v.Document != nil && v.State == store.Done; {
	case done && v.Response != nil && (w.end < 0 || w.end == v.Size):
		send(x, s.seams.Document.Repeated(x.r, v)) // what completed the document is brought again: so is its response
	case done && w.job.Respond > 0:
		v.Job.Respond = w.job.Respond
		send(x, s.documentReceipt(v.Document, v, http.StatusOK, ""))
	default:
		x.w.WriteHeader(s.seams.Document.Status(x.r, v))
	}
}

// writeRefused answers a write that was refused by its head.
func (s *Server) writeRefused(x *exchange, err error) {
	answer := documentProblem(err)
	answer.Status = s.seams.Document.Refused(x.r, err, answer.Status)
	if answer.Status == http.StatusInternalServerError {
		s.opts.Logger.Error("write", "error", err)
	}
	if answer.Status == http.StatusUnsupportedMediaType {
		x.w.Header().Set(fieldAcceptPatch, acceptPatch)
	}
	if errors.Is(err, store.ErrBusy) || errors.Is(err, store.ErrProcessing) {
		x.w.Header().Set("Retry-After", "1")
	}
	if v := s.store.Document(x.place()); v.Document != nil {
		answer.Offset = &v.Size
		if v.State == store.Receiving && v.Length >= 0 {
			answer.Length = &v.Length
		}
		x.w.Header().Set("ETag", etag(v.Tag))
	}
	s.refuse(x, answer)
}

// writeFailed answers a write that was not carried out to its end, where somebody may be listening. The connection is
// closed: what is left of the request is not worth reading.
func (s *Server) writeFailed(x *exchange, err error) {
	if errors.Is(err, errInterrupted) && !errors.Is(err, errShort) {
		s.bodyFailed(x, err)
	}
	x.w.Header().Set("Connection", "close")
	s.writeRefused(x, err)
}

// documentProblem says what is wrong with a write to a document.
func documentProblem(err error) problem {
	for _, t := range []struct {
		err    error
		status int
	}{
		{errCondition, http.StatusPreconditionFailed},
		{ErrHuge, http.StatusBadRequest}, // not 413: smaller patches would not help (Byte Range PATCH, Initializing large documents)
		{errParts, http.StatusBadRequest},
		{errType, http.StatusUnsupportedMediaType},
		{errCoding, http.StatusUnsupportedMediaType},
		{errExists, http.StatusConflict},
		{store.ErrProcessing, http.StatusConflict},
		{store.ErrFragments, http.StatusConflict},
	} {
		if errors.Is(err, t.err) {
			return problem{Status: t.status, Detail: "The write: " + t.err.Error() + "."}
		}
	}
	return patchProblem("patch", err)
}
