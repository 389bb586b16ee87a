package selftest

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// asking is a request in the terms of the draft.
type asking struct {
	w        http.ResponseWriter
	r        *http.Request
	version  int  // 3 to 8, 9 for the newest text, 0 for none that is known
	complete bool // as the request says
	stated   bool // whether it does
	offset   int64
	placed   bool // whether Upload-Offset is there and valid
	length   int64
	sized    bool // whether Upload-Length is
}

const params = `(?: *; *[a-z*][a-z0-9_.*-]*(?:=[^;,]*)?)*$`

var (
	sfInteger = regexp.MustCompile(`^(\d{1,15})` + params)
	sfBoolean = regexp.MustCompile(`^\?([01])` + params)
)

// item gives the value of an Item that matches.
func (s *rufhServer) item(r *http.Request, name string, form *regexp.Regexp) (string, bool) {
	value := strings.Trim(strings.Join(r.Header.Values(name), ", "), " ")
	if s.has(ruParameters) && strings.Contains(value, ";") || s.has(ruZeros) && strings.HasPrefix(value, "00") {
		return "", false
	}
	if s.has(ruNumberish) && form == sfInteger {
		value = regexp.MustCompile(`^\D*(\d+).*$`).ReplaceAllString(value, "$1")
	}
	if s.has(ruTruthish) && form == sfBoolean && value != "" && !strings.HasPrefix(value, "?0") {
		return "1", true
	}
	m := form.FindStringSubmatch(value)
	if m == nil {
		return "", false
	}
	return m[1], true
}

func (s *rufhServer) integer(r *http.Request, name string) (int64, bool) {
	value, ok := s.item(r, name, sfInteger)
	n, err := strconv.ParseInt(value, 10, 64)
	return n, ok && err == nil
}

// ask reads a request.
func (s *rufhServer) ask(w http.ResponseWriter, r *http.Request) *asking {
	q := &asking{w: w, r: r, version: 9}
	if named := r.Header.Get("Upload-Draft-Interop-Version"); named != "" {
		q.version, _ = strconv.Atoi(named)
		if q.version < 3 || q.version > 8 {
			q.version = 0
		}
	}
	value, stated := s.item(r, q.field(), sfBoolean)
	q.stated, q.complete = stated, stated && (value == "1") != (q.version == 3)
	if q.version == 3 && !stated && r.Method == "PATCH" {
		q.stated, q.complete = true, true
	}
	q.offset, q.placed = s.integer(r, "Upload-Offset")
	if q.version >= 6 {
		q.length, q.sized = s.integer(r, "Upload-Length")
	}
	return q
}

// field names the field of completeness.
func (q *asking) field() string {
	if q.version == 3 {
		return "Upload-Incomplete"
	}
	return "Upload-Complete"
}

// state writes completeness into the head of a response.
func (q *asking) state(s *rufhServer, complete bool) {
	value := "?0"
	if complete != (q.version == 3) {
		value = "?1"
	}
	q.w.Header().Set(q.field(), s.adorned(value))
}

func (s *rufhServer) adorned(value string) string {
	if s.has(ruAdorned) {
		return value + `;a=b;c="d;e"`
	}
	return value
}

// interim sends a 104.
func (q *asking) interim(s *rufhServer, fields map[string]string) {
	if q.version == 0 && !s.has(ruVersionCopied) || !q.r.ProtoAtLeast(1, 1) && !s.has(ruInterimsToOld) {
		return
	}
	h := q.w.Header()
	before := h.Clone()
	for name, value := range fields {
		h.Set(name, value)
	}
	if named := q.r.Header.Get("Upload-Draft-Interop-Version"); named != "" {
		h.Set("Upload-Draft-Interop-Version", named)
	}
	if s.has(ruVersionFixed) {
		h.Set("Upload-Draft-Interop-Version", "6")
	}
	q.w.WriteHeader(104)
	for name := range h {
		if _, was := before[name]; !was {
			h.Del(name)
		}
	}
}

// problem refuses with a problem document where the version has one.
func (q *asking) problem(s *rufhServer, status int, kind, members string) {
	if q.version < 6 || s.has(ruBare409) {
		q.w.WriteHeader(status)
		return
	}
	if s.has(ruProblemOwn) && kind == "inconsistent-upload-length" {
		kind = "wrong"
	}
	q.w.Header().Set("Content-Type", "application/problem+json")
	q.w.WriteHeader(status)
	fmt.Fprintf(q.w, `{"type":"https://iana.org/assignments/http-problem-types#%s","title":"refused"%s}`, kind, members)
}

// refuse answers for the upload, of which it says that it is incomplete.
func (q *asking) refuse(s *rufhServer, status int) {
	if q.version >= 7 {
		q.state(s, false)
	}
	q.w.WriteHeader(status)
}

func rufhDigest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// digestBroken says whether the whole is not what was told; the caller holds mu.
func (s *rufhServer) digestBroken(u *resumable) bool {
	data := u.data
	if s.has(ruDigestOfPart) {
		data = u.lastPart
	}
	return strings.HasPrefix(u.digest, "sha-256=") && u.version >= 6 && !s.has(ruDigestIgnored) && u.digest != rufhDigest(data)
}

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
	case (q.version == 0 || !asks) && !s.has(ruAlways):
		s.createPlain(q)
	default:
		s.createUpload(q)
	}
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
	if !s.has(ruSilent) && !s.has(ruLate104) {
		q.interim(s, announce)
	}
	ok := s.take(q, u, 0)
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

// begin takes the turn to write to an upload, and ends the request that had it before.
func (s *rufhServer) begin(w http.ResponseWriter, u *resumable, writes bool) (turn int, end func()) {
	s.mu.Lock()
	for (s.has(ruLocks) || s.spoils()) && u.idle != nil {
		idle := u.idle
		s.mu.Unlock()
		<-idle
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	if !s.has(ruLateWritten) && !s.has(ruInFlight) || writes && !s.has(ruMixes) {
		u.turn++
	}
	if u.abort != nil && !s.has(ruFences) && !s.has(ruLateWritten) && !s.has(ruInFlight) {
		u.abort()
		u.abort = nil
	}
	if !writes {
		return u.turn, func() {}
	}
	control := http.NewResponseController(w)
	u.abort = func() { _ = control.SetReadDeadline(time.Unix(1, 0)) }
	idle := make(chan struct{})
	u.idle = idle
	turn = u.turn
	return turn, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if u.turn == turn {
			u.abort = nil
		}
		if u.idle == idle {
			u.idle = nil
		}
		close(idle)
	}
}

var errSuperseded = errors.New("a newer request has the upload")

// take appends the content of a request. It answers, and says false, where that did not come whole or was not taken.
func (s *rufhServer) take(q *asking, u *resumable, from int64) bool {
	turn, end := s.begin(q.w, u, true)
	defer end()
	u.parts++
	if s.has(ruMixes) {
		return s.takeMixed(u, q.r.Body)
	}
	digest := q.r.Header.Get("Content-Digest")
	checked := strings.HasPrefix(digest, "sha-256=") && q.version >= 6 && !s.has(ruDigestIgnored)
	before := s.size(u)
	var part, held []byte
	buf := make([]byte, 8<<10)
	told := int64(0)
	for {
		n, err := q.r.Body.Read(buf)
		part = append(part, buf[:n]...)
		if checked || s.has(ruKeepsNone) || s.has(ruBlocks) {
			held = append(held, buf[:n]...)
			if keep := len(held) / 1024 * 1024; s.has(ruBlocks) && !checked && keep > 0 {
				if bad := s.store(u, turn, held[:keep]); bad != nil {
					return s.stopped(q, u, bad)
				}
				held = held[keep:]
			}
		} else if bad := s.store(u, turn, buf[:n]); bad != nil {
			return s.stopped(q, u, bad)
		}
		told = s.progress(q, u, from+int64(len(part)), told)
		if err == io.EOF {
			break
		}
		if err != nil && s.cutShort(q, u, err) {
			return false
		}
		if err != nil {
			break
		}
	}
	if checked && digest != rufhDigest(part) {
		q.refuse(s, http.StatusBadRequest)
		return false
	}
	if bad := s.store(u, turn, held); bad != nil {
		return s.stopped(q, u, bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u.lastPart = part
	short := q.complete && u.length >= 0 && int64(len(u.data)) != u.length && !s.has(ruLengthsIgnored) && !s.has(ruOverflowChunked)
	if short {
		u.data = u.data[:before]
		q.refuse(s, http.StatusBadRequest)
		return false
	}
	if s.has(ruByLength) && int64(len(u.data)) == u.length {
		q.complete = true
	}
	return true
}

// takeMixed writes a content in two halves, between which others may write.
func (s *rufhServer) takeMixed(u *resumable, body io.Reader) bool {
	part, _ := io.ReadAll(body)
	for _, half := range [][]byte{part[:len(part)/2], part[len(part)/2:]} {
		s.mu.Lock()
		u.data = append(u.data, half...)
		s.mu.Unlock()
		time.Sleep(150 * time.Millisecond)
	}
	return true
}

// spoils says whether a request that was cut leaves something wrong behind, which has to be there when it is looked at.
func (s *rufhServer) spoils() bool {
	return slices.ContainsFunc([]quirk{ruForgets, ruTailLost, ruAckLost, ruLockForever, ruHalfIsAll, ruLastChunkIsAll}, s.has)
}

func (s *rufhServer) size(u *resumable) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(u.data)
}

var errExceeded = errors.New("more than the length")

// store appends bytes in a turn.
func (s *rufhServer) store(u *resumable, turn int, b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.dead && !s.has(ruInFlight) && !s.has(ruCancelMarks) {
		return errSuperseded
	}
	if u.turn != turn && !s.has(ruMixes) {
		return errSuperseded
	}
	room := u.length - int64(len(u.data))
	if u.length >= 0 && int64(len(b)) > room && !s.has(ruOverflows) && !s.has(ruOverflowChunked) {
		u.data = append(u.data, b[:max(0, room)]...)
		u.dead = u.version >= 7 && !s.has(ruOverflowKept)
		return errExceeded
	}
	if s.has(ruChunksCounted) && len(b) > 0 {
		u.data = append(u.data, '\r')
	}
	u.data = append(u.data, b...)
	return nil
}

// stopped answers a request whose content was not taken to its end.
func (s *rufhServer) stopped(q *asking, _ *resumable, why error) bool {
	if errors.Is(why, errExceeded) {
		_ = http.NewResponseController(q.w).SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, q.r.Body)
		q.refuse(s, http.StatusBadRequest)
		return false
	}
	if s.has(ruFences) {
		_, _ = io.Copy(io.Discard, q.r.Body)
		q.refuse(s, http.StatusConflict)
		return false
	}
	panic(http.ErrAbortHandler)
}

// progress tells of progress.
func (s *rufhServer) progress(q *asking, u *resumable, at, told int64) int64 {
	step := int64(64 << 10)
	if s.has(ruAcksOften) {
		step = 4 << 10
	}
	creation := q.r.Method != "PATCH"
	if at-told < step || q.version < 5 || s.has(ruSilent) || s.has(ruNoProgress) && !creation || s.has(ruKeepsNone) {
		return told
	}
	fields := map[string]string{"Upload-Offset": s.adorned(strconv.Itoa(s.size(u)))}
	if s.has(ruAckMore) {
		fields["Upload-Offset"] = strconv.FormatInt(at+1<<20, 10)
	}
	if s.has(ruRepeats) && creation && q.version == 9 || s.has(ruAppendLocation) && !creation {
		fields["Location"] = s.place(q.r, u)
	}
	q.interim(s, fields)
	return at
}

// cutShort is called when the content did not come whole; it says whether the request ends here.
func (s *rufhServer) cutShort(q *asking, u *resumable, _ error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(u.data)
	switch {
	case s.has(ruForgets):
		delete(s.uploads, u.id)
	case s.has(ruTailLost) && n > 0:
		u.data[n-1] ^= 1
	case s.has(ruAckLost):
		u.data = u.data[:min(n, 1000)]
	case s.has(ruLockForever):
		u.locked = true
	case s.has(ruHalfIsAll), s.has(ruLastChunkIsAll) && q.r.ContentLength < 0:
		return false
	}
	panic(http.ErrAbortHandler)
}

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
	if r.ContentLength >= 0 && !over {
		s.end(q, u) // who is at work on it has ended before its offset is looked at
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
	if !s.take(q, u, at) {
		return
	}
	if q.complete && !(s.has(ruEmptyNever) && r.ContentLength == 0) {
		s.finish(q, u, true)
		return
	}
	s.partTaken(q, u)
}

// end ends the request that is at work on an upload.
func (s *rufhServer) end(q *asking, u *resumable) {
	_, end := s.begin(q.w, u, false)
	end()
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
