package selftest

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// create answers a request to the target.
func (s *rufhServer) create(w http.ResponseWriter, r *http.Request) {
	q := s.ask(w, r)
	asks := q.stated || s.has(ruPresence) && r.Header.Get(q.field()) != ""
	switch {
	case s.has(ruPlain412):
		w.WriteHeader(http.StatusPreconditionFailed)
	case s.has(ruNoChunks) && r.ContentLength < 0:
		w.WriteHeader(http.StatusLengthRequired)
	case s.has(ruDigestKnown) && strings.Contains(r.Header.Get("Repr-Digest"), "x-"):
		w.WriteHeader(http.StatusBadRequest)
	case s.has(ruLengthPicky) && r.Header.Get("Upload-Length") != "" && !q.sized:
		w.WriteHeader(http.StatusBadRequest)
	case s.has(ruStatePicky) && r.Header.Get("Upload-Complete") != "" && !q.stated:
		w.WriteHeader(http.StatusBadRequest)
	case s.has(ruMinSize) && asks && q.small():
		s.createSmall(q)
	case (q.version == 0 || !asks) && !s.has(ruAlways):
		s.createPlain(q)
	default:
		s.createUpload(q)
	}
}

// small says whether an upload is known to be short, or of no known length.
func (q *asking) small() bool {
	length := q.length
	if !q.sized {
		length = -1
	}
	if !q.sized && q.complete {
		length = q.r.ContentLength
	}
	return length < ruLeast
}

// createSmall takes what is whole, and refuses what is to be resumed.
func (s *rufhServer) createSmall(q *asking) {
	if q.complete {
		s.createPlain(q)
		return
	}
	q.w.Header().Set("Upload-Limit", s.limits(0))
	q.refuse(s, http.StatusBadRequest)
}

// createPlain is an upload as ever.
func (s *rufhServer) createPlain(q *asking) {
	if s.has(ruPicky) {
		q.w.WriteHeader(http.StatusForbidden)
		return
	}
	if s.has(ruVersionCopied) {
		q.interim(s, map[string]string{"Location": "/files/none"})
	}
	data, err := io.ReadAll(q.r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	u := s.newUpload(q.r, 9)
	u.data = data
	a := s.conclude(q.r, u)
	s.write(q.w, a)
}

func (s *rufhServer) write(w http.ResponseWriter, a *rufhAnswer) {
	for name, value := range a.fields {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// createUpload creates an upload and takes what the request has of it.
func (s *rufhServer) createUpload(q *asking) {
	r, n := q.r, q.r.ContentLength
	whole := q.complete && n >= 0
	switch {
	case whole && q.sized && q.length != n && !s.has(ruLengthsIgnored):
		q.problem(s, 400, "inconsistent-upload-length", "")
		return
	case q.sized && q.length > 1<<45 && s.has(ruHugeBreaks):
		q.w.WriteHeader(http.StatusInternalServerError)
		return
	case s.limited() && q.sized && q.length > ruMaxSize, s.limited() && n > ruMaxAppend:
		q.w.Header().Set("Upload-Limit", s.limits(0))
		q.refuse(s, http.StatusRequestEntityTooLarge)
		return
	case s.limited() && !q.complete && n > 0 && n < ruMinAppend:
		q.refuse(s, http.StatusBadRequest)
		return
	case s.has(ruPicky) && q.complete && n == 0:
		q.w.WriteHeader(http.StatusForbidden)
		return
	}
	u := s.newUpload(r, max(q.version, 3))
	turn, end := s.begin(q.w, u, true) // before anybody knows of it
	if q.sized {
		u.length = q.length
	} else if whole && q.version >= 6 && !s.has(ruDerivedNot) {
		u.length = n
	}
	if s.has(ru100First) && r.Header.Get("Expect") != "" {
		q.w.WriteHeader(100)
		time.Sleep(5 * time.Millisecond)
	}
	announce := map[string]string{"Location": s.place(r, u)}
	if value := s.limits(1); value != "" && q.version >= 6 {
		announce["Upload-Limit"] = value
	}
	if s.has(ruHints) && r.ProtoAtLeast(1, 1) {
		q.w.WriteHeader(http.StatusEarlyHints)
	}
	if s.has(ruBare104) {
		q.interim(s, nil)
	} else if !s.has(ruSilent) && !s.has(ruLate104) && !(s.has(ruDraftOnly) && q.version == 9) {
		q.interim(s, announce)
	}
	ok := s.take(q, u, 0, turn, end)
	if s.has(ruLate104) {
		q.interim(s, announce)
	}
	if !ok {
		return
	}
	if q.complete && !(s.has(ruEmptyOpens) && n == 0) || s.has(ruPartIsAll) {
		s.finish(q, u, false)
		return
	}
	s.opened(q, u)
}

// opened answers a creation that leaves the upload open.
func (s *rufhServer) opened(q *asking, u *resumable) {
	place := s.place(q.r, u)
	if s.has(ruTwoPlaces) {
		place += "?again"
	}
	q.w.Header().Set("Location", place)
	if value := s.limits(2); value != "" && q.version >= 6 && !s.has(ruLimitsEmpty) {
		q.w.Header().Set("Upload-Limit", value)
	}
	s.told(q, u)
	if !s.has(ruUnmarked) {
		q.state(s, false)
	}
	status := http.StatusCreated
	if s.has(ruCreated200) {
		status = http.StatusOK
	}
	q.w.WriteHeader(status)
}

// told writes the offset where the version has it in every answer.
func (s *rufhServer) told(q *asking, u *resumable) {
	if q.version > 6 {
		return
	}
	s.mu.Lock()
	n := len(u.data)
	s.mu.Unlock()
	if s.has(ruOffsetOfStart) {
		n = 0
	}
	q.w.Header().Set("Upload-Offset", s.adorned(strconv.Itoa(n)))
}

// finish makes the final response and writes it.
func (s *rufhServer) finish(q *asking, u *resumable, appended bool) {
	s.mu.Lock()
	u.over = true
	s.mu.Unlock()
	a := s.conclude(q.r, u)
	if a.status == 404 && u.dead {
		q.refuse(s, 404)
		return
	}
	switch {
	case s.has(ruMarkedOpen) && !appended:
		q.state(s, false)
	case s.has(ruUnmarked) && !appended, s.has(ruFinalUntold) && appended:
	default:
		q.state(s, true)
	}
	s.told(q, u)
	if appended && s.has(ruLastUploadResp) && a.status == 201 {
		q.w.WriteHeader(http.StatusNoContent)
		return
	}
	s.write(q.w, a)
}
