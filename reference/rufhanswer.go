package reference

import (
	"errors"
	"maps"
	"net/http"

	"github.com/resumespec/resumespec/reference/store"
)

// answer ends a request that brought bytes. The upload is free for the next one before that can know.
func (u *resumption) answer(complete bool, err error) {
	u.release()
	switch {
	case err != nil:
		u.fail(err)
	case complete:
		u.final()
	default:
		u.incomplete()
	}
}

// final sends the response that comes of processing the representation, when it is there. Where the upload was complete
// before it is the same again (Upload Append, Server Behavior).
func (u *resumption) final() {
	select {
	case <-u.op.Done():
	case <-u.s.ctx.Done():
		panic(http.ErrAbortHandler)
	}
	if u.op.Transient {
		defer u.s.abandon(u.op) // nobody can come back to it
	}
	resp, ok := u.s.seams.Message.Final(u.x.r, u.op)
	if !ok {
		u.refuse(store.ErrClosed)
		return
	}
	u.x.w.always.Del("Location") // that of the response is what was made
	send(u.x, u.s.seams.Rufh.Final(u.Append, u.op, resp))
}

// finalFields is a final response as a text wants it.
func finalFields(a Append, op *store.Operation, resp *store.Response) *store.Response {
	d, h := a.Draft, http.Header(maps.Clone(resp.Header))
	made := h.Get("Location")
	h.Del(fieldContentLocation)
	if !a.Creates || a.Fields.Complete != nil {
		d.setComplete(h, true)
	}
	if !op.Transient && d.Result && made != "" {
		h.Set(fieldContentLocation, made)
	}
	if !op.Transient && d.Own {
		h.Set("Location", fileURI(op))
	}
	if !op.Transient && d.Offsets {
		setInteger(h, fieldUploadOffset, op.Progress().Offset)
	}
	final := *resp
	final.Header = h
	return &final
}

// incomplete acknowledges what was brought, which is durable before.
func (u *resumption) incomplete() {
	kept, err := u.op.Durable()
	if err != nil {
		u.fail(err)
		return
	}
	h := u.x.w.Header()
	u.Draft.setComplete(h, false)
	setInteger(h, fieldUploadOffset, u.s.seams.Rufh.Shown(u.x.r, u.op, kept))
	u.s.tellLimits(h, u.Draft, u.op)
	if value := u.s.digestSoFar(u.op, kept); value != "" {
		h.Set(fieldReprDigest, value)
	}
	status := u.Draft.Appended
	if u.Creates {
		status = http.StatusCreated
	}
	if status != http.StatusNoContent {
		h.Set("Content-Length", "0")
	}
	h.Set("Cache-Control", "no-store")
	u.x.w.WriteHeader(status)
}

// fail ends a request whose content did not come in, or does not fit. One that was interrupted, or gave way to a newer
// one, ends with its connection (Concurrency).
func (u *resumption) fail(err error) {
	if errors.Is(err, errInterrupted) || errors.Is(err, store.ErrFenced) {
		u.s.opts.Logger.Debug("interrupted", "path", u.x.r.URL.Path, "error", err)
		if u.op.Transient {
			u.s.abandon(u.op)
		}
		panic(http.ErrAbortHandler)
	}
	if u.s.seams.Rufh.Deactivates(u.Draft, u.op, err) {
		u.s.abandon(u.op)
	}
	u.refuse(err)
}

// deactivates tells whether an upload cannot go on after an error: one that nobody can come back to, one that has
// grown beyond max-size, and in newer texts one that has brought more than its length.
func deactivates(d Draft, op *store.Operation, err error) bool {
	return op.Transient || errors.Is(err, errGrown) || errors.Is(err, errOverflow) && d.Invalidates
}

// refuse answers with an error of the protocol.
func (u *resumption) refuse(err error) {
	h := u.x.w.Header()
	answer := u.problem(err)
	if !u.Creates || u.Fields.Complete != nil {
		var byTarget errRefused
		u.Draft.setComplete(h, errors.As(err, &byTarget) && !u.Draft.Received)
	}
	if u.op != nil && !u.op.Transient {
		u.refuseAt(h)
	}
	if answer.Status == http.StatusRequestEntityTooLarge || errors.Is(err, errMinAppend) || errors.Is(err, errMinSize) {
		u.s.tellLimits(h, u.Draft, u.op)
	}
	if errors.Is(err, errAppendType) {
		h.Set(fieldAcceptPatch, mediaPartialUpload)
	}
	if errors.Is(err, store.ErrBusy) {
		h.Set("Retry-After", "1")
	}
	if answer.Status == http.StatusInternalServerError {
		u.s.opts.Logger.Error("resumable upload", "error", err)
	}
	if u.Content != 0 {
		h.Set("Connection", "close") // what is left of the content is not worth reading
	}
	u.s.refuse(u.x, answer)
}

// refuseAt tells with an error where the upload is.
func (u *resumption) refuseAt(h http.Header) {
	up := u.op.Progress()
	if up.State == store.Closed {
		return
	}
	setInteger(h, fieldUploadOffset, up.Offset)
	if u.Draft.Received { // the field is about the upload, not about where the response comes from
		u.Draft.setComplete(h, u.Draft.Version < 7 && completed(u.Draft, up))
	}
}

// Problem types (draft-ietf-httpbis-resumable-upload, Problem Types).
const (
	problemTypes        = "https://iana.org/assignments/http-problem-types#"
	problemOffset       = problemTypes + "mismatching-upload-offset"
	problemInconsistent = problemTypes + "inconsistent-upload-length"
	problemCompleted    = problemTypes + "completed-upload" // not in the newest text
)

// problem says what is wrong.
func (u *resumption) problem(err error) problem {
	var refused errRefused
	if errors.As(err, &refused) {
		return refused.problem
	}
	for _, t := range []struct {
		err    error
		status int
		kind   string
	}{
		{errMetadata, http.StatusUnsupportedMediaType, ""},
		{errAppendType, http.StatusUnsupportedMediaType, ""},
		{errNoOffset, http.StatusBadRequest, ""},
		{errNoComplete, http.StatusBadRequest, ""},
		{errOffset, http.StatusConflict, problemOffset},
		{errCompleted, http.StatusBadRequest, problemCompleted},
		{errInconsistent, http.StatusBadRequest, problemInconsistent},
		{store.ErrLength, http.StatusBadRequest, problemInconsistent},
		{errOverflow, http.StatusBadRequest, problemInconsistent},
		{errMaxSize, http.StatusRequestEntityTooLarge, ""},
		{errGrown, http.StatusRequestEntityTooLarge, ""},
		{errMaxAppend, http.StatusRequestEntityTooLarge, ""},
		{errMinAppend, http.StatusBadRequest, ""},
		{errMinSize, http.StatusBadRequest, ""},
		{errContentDigest, http.StatusBadRequest, ""},
	} {
		if errors.Is(err, t.err) {
			return u.describe(problem{Status: t.status, Detail: t.err.Error(), Type: t.kind})
		}
	}
	return problemOf(err)
}

// describe fills in what a problem type has.
func (u *resumption) describe(p problem) problem {
	if !u.Draft.Problems || p.Type == problemCompleted && u.Draft.Replays {
		p.Type = ""
	}
	if p.Type != "" {
		p.Title, p.Detail = p.Detail, ""
	}
	if p.Type == problemOffset {
		offset := u.op.Progress().Offset
		p.Expected, p.Provided = &offset, u.Fields.Offset
	}
	return p
}
