package selftest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// mediaOf gives a media type without its parameters.
func mediaOf(value string) string {
	media, _, _ := strings.Cut(value, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// serveUpload answers a request to an upload resource.
func (s *rufhServer) serveUpload(w http.ResponseWriter, r *http.Request, id string) {
	q := s.ask(w, r)
	s.mu.Lock()
	u := s.uploads[id]
	if u == nil && s.has(ruInvents) {
		u = &resumable{id: id, version: q.version, length: -1, done: make(chan struct{}), owner: r.Header.Get("Authorization")}
		s.uploads[id] = u
	}
	if u != nil && u.owner != r.Header.Get("Authorization") && !s.has(ruStrangers) {
		u = nil
	}
	missing := u == nil || u.dead && !(s.has(ruCancelMarks) && r.Method == "PATCH")
	locked := u != nil && u.locked
	s.mu.Unlock()
	misfielded := q.version <= 6 && (r.Header.Get("Upload-Offset") != "" || r.Header.Get(q.field()) != "") && !s.has(ruFieldsTaken)
	switch {
	case s.has(ruRedirects) && r.URL.RawQuery == "":
		w.Header().Set("Location", r.URL.Path+"?moved")
		w.WriteHeader(http.StatusPermanentRedirect)
	case missing && s.has(ruGone410) && q.version > 6:
		q.refuse(s, http.StatusGone)
	case missing:
		q.refuse(s, http.StatusNotFound)
	case r.Method == "PATCH" && locked:
		q.refuse(s, http.StatusLocked)
	case r.Method == "PATCH":
		s.append(q, u)
	case misfielded:
		w.WriteHeader(http.StatusBadRequest)
	case r.Method == "HEAD", r.Method == "GET" && q.version == 9 && !s.has(ruGetRefused):
		s.retrieve(q, u)
	case r.Method == "DELETE" && !s.has(ruNoDelete):
		s.cancel(q, u)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// retrieve tells the state.
func (s *rufhServer) retrieve(q *asking, u *resumable) {
	_, end := s.begin(q.w, u, false)
	defer end()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(ruForgets) && s.uploads[u.id] == nil {
		q.refuse(s, http.StatusNotFound)
		return
	}
	n, length, complete := int64(len(u.data)), u.length, u.complete
	if q.version < 9 {
		complete = u.over
	}
	u.reads++
	switch {
	case s.has(ruAnnounced) && length > 0:
		n = length
	case s.has(ruGoesDown) && u.reads%2 == 0 && n > 0:
		n--
	case s.has(ruAfterZero) && complete:
		n = 0
	case s.has(ruDecodes) && u.coding != "":
		n *= 2
	}
	if s.has(ruEffectPerHead) && complete {
		s.counts[u.tag]++
	}
	h := q.w.Header()
	h.Set("Upload-Offset", s.adorned(strconv.FormatInt(n, 10)))
	q.state(s, complete && !s.has(ruAfterOpen))
	if length >= 0 && q.version >= 6 && !s.has(ruLengthForgotten) {
		h.Set("Upload-Length", s.adorned(strconv.FormatInt(length, 10)))
	}
	if value := s.limits(3); value != "" && q.version >= 6 && !s.has(ruLimitUntold) {
		h.Set("Upload-Limit", value)
	}
	if !s.has(ruCacheable) {
		h.Set("Cache-Control", "no-store")
	}
	status := http.StatusNoContent
	if s.has(ruHead200) && q.version >= 5 {
		status = http.StatusOK
	}
	q.w.WriteHeader(status)
}

func (s *rufhServer) cancel(q *asking, u *resumable) {
	if !s.has(ruDeleteIgnored) {
		_, end := s.begin(q.w, u, false)
		defer end()
		s.mu.Lock()
		u.dead = true
		s.mu.Unlock()
	}
	status := http.StatusNoContent
	if s.has(ruDelete200) {
		status = http.StatusOK
	}
	q.w.WriteHeader(status)
}

// append takes a part.
func (s *rufhServer) append(q *asking, u *resumable) {
	r := q.r
	s.mu.Lock()
	over, at, length := u.over, int64(len(u.data)), u.length
	s.mu.Unlock()
	if s.has(ruLateRefusal) {
		q.w.WriteHeader(100)
	}
	media := r.Header.Get("Content-Type")
	typed := mediaOf(media) == "application/partial-upload"
	if s.has(ruTypeExact) {
		typed = media == "application/partial-upload"
	}
	asksType := (q.version >= 6 || s.has(ruTypeAsked)) && !s.has(ruAnyType)
	switch {
	case asksType && !typed:
		q.refuse(s, http.StatusUnsupportedMediaType)
		return
	case s.has(ruNoChunks) && r.ContentLength < 0:
		q.refuse(s, http.StatusLengthRequired)
		return
	case s.has(ruEmptyRefused) && r.ContentLength == 0:
		q.refuse(s, http.StatusBadRequest)
		return
	case over && !s.has(ruReopened):
		s.appendOver(q, u)
		return
	}
	turn, end := s.begin(q.w, u, true) // who is at work on it has ended before its offset is looked at
	defer end()
	if !over {
		at = int64(s.size(u))
	}
	if !s.has(ruAppendsAnywhere) && !s.placed(q, u, at) {
		return
	}
	if !q.stated && s.has(ruStateless) {
		q.stated, q.complete = true, true
	}
	if !q.stated {
		q.refuse(s, http.StatusBadRequest)
		return
	}
	if s.lengthRefused(q, u, at, length) || s.limitRefused(q) {
		return
	}
	if s.has(ruLastType) {
		u.media = media
	}
	if s.has(ruCodingLost) {
		u.coding = ""
	}
	if !s.take(q, u, at, turn, end) {
		return
	}
	if q.complete && !(s.has(ruEmptyNever) && r.ContentLength == 0) {
		s.finish(q, u, true)
		return
	}
	s.partTaken(q, u)
}

// partTaken answers an append that leaves the upload open.
func (s *rufhServer) partTaken(q *asking, u *resumable) {
	if !s.has(ruPartUntold) {
		q.state(s, false)
	}
	s.told(q, u)
	status := http.StatusNoContent
	switch {
	case s.has(ruPart204):
	case q.version <= 6:
		status = http.StatusCreated
	case s.has(ruParts200):
		status = http.StatusOK
	}
	q.w.WriteHeader(status)
}

// placed asks that an append is at the offset.
func (s *rufhServer) placed(q *asking, u *resumable, at int64) bool {
	switch {
	case !q.placed && s.has(ruOffsetless):
		return true
	case !q.placed:
		q.refuse(s, http.StatusBadRequest)
		return false
	case q.offset == at:
		return true
	case q.offset > at && s.has(ruGapFilled):
		s.mu.Lock()
		u.data = append(u.data, make([]byte, q.offset-at)...)
		s.mu.Unlock()
		return true
	}
	s.conflict(q, at)
	return false
}

// conflict answers an append at a wrong offset.
func (s *rufhServer) conflict(q *asking, at int64) {
	if !s.has(ruOffsetUntold) {
		q.w.Header().Set("Upload-Offset", s.adorned(strconv.FormatInt(at, 10)))
	}
	if q.version >= 7 {
		q.state(s, q.complete && s.has(ruConflictDone))
	}
	status := http.StatusConflict
	if s.has(ruConflict400) {
		status = http.StatusBadRequest
	}
	members := fmt.Sprintf(`,"expected-offset":%d,"provided-offset":%d`, at, q.offset)
	if s.has(ruProblemTexts) {
		members = fmt.Sprintf(`,"expected-offset":"%d bytes","provided-offset":%d`, at, q.offset)
	}
	q.problem(s, status, "mismatching-upload-offset", members)
}

// lengthRefused refuses an append that contradicts the length.
func (s *rufhServer) lengthRefused(q *asking, u *resumable, at, length int64) bool {
	n := q.r.ContentLength
	if q.version >= 7 && q.sized && !s.has(ruLateIgnored) {
		switch {
		case length < 0 || s.has(ruLengthReplaced):
			s.mu.Lock()
			u.length, length = q.length, q.length
			s.mu.Unlock()
		case length != q.length && !s.has(ruLengthsIgnored):
			s.inconsistent(q)
			return true
		}
	}
	if length < 0 && n >= 0 && q.complete && q.version >= 7 && !s.has(ruDerivedNot) && !s.has(ruReopened) {
		s.mu.Lock()
		u.length = at + n
		s.mu.Unlock()
	}
	if length < 0 || n < 0 || s.has(ruLengthsIgnored) {
		return false
	}
	wrong := at+n > length && !s.has(ruOverflows) || q.complete && at+n != length
	if wrong {
		s.inconsistent(q)
	}
	return wrong
}

func (s *rufhServer) inconsistent(q *asking) {
	if q.version >= 7 {
		q.state(s, false)
	}
	q.problem(s, http.StatusBadRequest, "inconsistent-upload-length", "")
}

// limitRefused refuses an append that the limits forbid.
func (s *rufhServer) limitRefused(q *asking) bool {
	n, most := q.r.ContentLength, int64(ruMaxAppend)
	if !s.limited() || q.version < 6 {
		return false
	}
	if s.has(ruLimitOffByOne) {
		most--
	}
	switch {
	case n > most:
		q.w.Header().Set("Upload-Limit", s.limits(0))
		q.refuse(s, http.StatusRequestEntityTooLarge)
		return true
	case n >= 0 && n < ruMinAppend && (!q.complete || s.has(ruMinFinal)):
		q.refuse(s, http.StatusBadRequest)
		return true
	}
	return false
}

// appendOver answers an append to an upload that is over.
func (s *rufhServer) appendOver(q *asking, u *resumable) {
	select {
	case <-u.done:
	case <-q.r.Context().Done():
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	at, a := int64(len(u.data)), u.answer
	s.mu.Unlock()
	valid := q.complete && q.placed && (q.offset == at || s.has(ruReplayAnywhere)) && q.r.ContentLength == 0
	if s.has(ruAgainTwice) {
		s.mu.Lock()
		s.counts[u.tag]++
		s.mu.Unlock()
	}
	switch {
	case valid && q.version >= 8 && !s.has(ruNoReplay):
		q.state(s, true)
		if s.has(ruReplayMade) {
			q.w.WriteHeader(http.StatusOK)
			return
		}
		s.write(q.w, a)
	case q.version >= 7 && q.placed && q.offset != at:
		s.conflict(q, at)
	case slices.Contains([]int{6, 7}, q.version):
		q.problem(s, http.StatusBadRequest, "completed-upload", "")
	default:
		q.refuse(s, http.StatusBadRequest)
	}
}
