package selftest

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// digits reads a non-negative integer.
func digits(value string) (int64, error) {
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0, errors.New("no number")
	}
	return strconv.ParseInt(value, 10, 64)
}

// create answers a POST.
func (s *tusServer) create(w http.ResponseWriter, r *http.Request) {
	u := &tusUpload{tag: r.URL.Query().Get("tag"), owner: r.Header.Get("Authorization"), metadata: r.Header.Get("Upload-Metadata"), length: -1}
	u.fail, _ = strconv.Atoi(r.URL.Query().Get("fail"))
	delay, _ := strconv.Atoi(r.URL.Query().Get("delay"))
	u.delay = time.Duration(delay) * time.Millisecond
	u.concat = r.Header.Get("Upload-Concat")
	if s.has(tusCoreOnly) {
		u.concat = ""
	}
	if status := s.measured(r, u); status != 0 {
		s.refuse(w, status)
		return
	}
	if s.has(tusMetadataBreaks) && strings.Contains(u.metadata, "*") {
		s.refuse(w, http.StatusInternalServerError)
		return
	}
	if s.has(tusMetadataRefused) && u.metadata != "" {
		s.refuse(w, http.StatusUnprocessableEntity)
		return
	}
	s.mu.Lock()
	if s.has(tusSlots) && s.open > 20 {
		s.mu.Unlock()
		s.refuse(w, http.StatusServiceUnavailable)
		return
	}
	u.path, u.number = s.newPath(), s.seen
	if s.has(tusOwnless) {
		u.path = "/files/of-length-" + strconv.FormatInt(u.length, 10)
	}
	u.expires = time.Now().Add(time.Hour)
	if keep, err := time.ParseDuration(r.URL.Query().Get("keep")); err == nil {
		u.expires = time.Now().Add(keep)
	}
	if s.has(tusExpires) {
		u.expires = time.Now().Add(time.Second)
	}
	s.open++
	s.uploads[u.path] = u
	if u.metadata != "" {
		s.last = u.metadata
	}
	switch {
	case len(u.parts) > 0:
		if s.has(tusAsync) {
			u.fresh = time.Now().Add(50 * time.Millisecond)
		}
		s.assemble(u)
	case s.has(tusEffectAtPost):
		s.counts[u.tag]++
	}
	s.mu.Unlock()
	h := w.Header()
	if !s.has(tusNoLocation) {
		h.Set("Location", s.location(r, u))
	}
	s.expiry(w, u, "POST")
	if !s.initial(w, r, u) {
		return
	}
	if u.length == 0 && len(u.parts) == 0 && !s.has(tusZeroWaits) {
		s.complete(u)
	}
	status := http.StatusCreated
	if s.has(tusCreated200) {
		status = http.StatusOK
	}
	w.WriteHeader(status)
}

// initial takes the bytes that a POST brings. It says whether the POST goes on.
func (s *tusServer) initial(w http.ResponseWriter, r *http.Request, u *tusUpload) bool {
	if r.ContentLength == 0 || s.has(tusCoreOnly) || len(u.parts) > 0 {
		return true
	}
	if r.Header.Get("Content-Type") != "application/offset+octet-stream" && !s.has(tusAnyType) {
		if s.has(tusBodyIgnored) {
			return true
		}
		s.refuse(w, http.StatusUnsupportedMediaType)
		return false
	}
	switch {
	case u.length < 0 || r.ContentLength <= u.length:
	case s.has(tusInitialPastEnd):
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		u.data = body
		s.mu.Unlock()
	default:
		s.refuse(w, http.StatusRequestEntityTooLarge)
		return false
	}
	if s.has(tusInitialDropped) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Upload-Offset", strconv.FormatInt(r.ContentLength, 10))
		return true
	}
	limit := int64(1 << 40)
	if s.has(tusInitialLittle) {
		limit = 100
	}
	if s.has(tusInitialNone) {
		limit = 0
	}
	err := s.take(u, u.epoch, io.LimitReader(r.Body, limit), nil)
	if err != nil && !s.has(tusHalfIsAll) {
		return false // the client is gone
	}
	if err != nil {
		s.shorten(u)
	}
	s.mu.Lock()
	now, whole := len(u.data), u.length > 0 && int64(len(u.data)) >= u.length
	s.mu.Unlock()
	if !s.has(tusInitialUntold) {
		w.Header().Set("Upload-Offset", strconv.Itoa(now))
	}
	if whole {
		if status := s.complete(u); status != 0 {
			s.refuse(w, status)
			return false
		}
	}
	return true
}

// measured reads the length that a POST tells. It gives the status with which it is refused, 0 for none.
func (s *tusServer) measured(r *http.Request, u *tusUpload) int {
	length, later := r.Header.Get("Upload-Length"), r.Header.Get("Upload-Defer-Length")
	if rest, final := strings.CutPrefix(u.concat, "final;"); final {
		return s.list(r, u, strings.Fields(rest))
	}
	switch {
	case length == "" && later == "1" && !s.has(tusCoreOnly):
		return 0
	case length == "" && later != "" && s.has(tusDeferAny):
		return 0
	case length == "" && s.has(tusLengthless):
		u.length = 0
		return 0
	case later != "" || length == "":
		return http.StatusBadRequest
	}
	n, err := digits(length)
	switch {
	case err != nil && s.has(tusBadLength):
		n = 0
	case err != nil:
		return http.StatusBadRequest
	case n > int64(s.most()) && !s.has(tusMaxUnheld):
		return http.StatusRequestEntityTooLarge
	}
	u.length = n
	return 0
}

// list finds the partial uploads of a final one.
func (s *tusServer) list(r *http.Request, u *tusUpload, refs []string) int {
	base := &url.URL{Path: r.URL.Path}
	u.length = 0
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range refs {
		place, err := base.Parse(ref)
		if err != nil || s.has(tusPathsOnly) && place.Host != "" {
			return http.StatusBadRequest
		}
		part := s.uploads[s.key(place)]
		switch {
		case part != nil && part.owner != u.owner && !s.has(tusPartsForAll):
			return http.StatusForbidden
		case (part == nil || part.gone) && s.has(tusUnknownPassed):
			continue
		case part == nil || part.gone:
			return http.StatusBadRequest
		case s.has(tusFinishedOnly) && !part.done:
			return http.StatusBadRequest
		case s.has(tusOnceOnly) && len(u.parts) > 0 && u.parts[len(u.parts)-1] == part:
			return http.StatusBadRequest
		}
		u.parts = append(u.parts, part)
		u.length += part.length
		if s.has(tusMetadataMoves) && u.metadata == "" {
			u.metadata = part.metadata
		}
	}
	if len(u.parts) == 0 {
		return http.StatusBadRequest
	}
	if u.length > int64(s.most()) {
		return http.StatusRequestEntityTooLarge
	}
	if s.has(tusInOrderOfTime) {
		slices.SortFunc(u.parts, func(a, b *tusUpload) int { return a.number - b.number })
	}
	return 0
}

// assemble puts a final upload together once its parts are complete. The caller holds mu.
func (s *tusServer) assemble(u *tusUpload) {
	if len(u.parts) == 0 || u.done || time.Now().Before(u.fresh) {
		return
	}
	var data []byte
	for _, part := range u.parts {
		if !part.done && !s.has(tusJoinsOpen) {
			return
		}
		data = append(data, part.data...)
	}
	if s.has(tusSetOfParts) {
		data = data[:len(u.parts[0].data)]
	}
	u.data, u.done, u.length = data, true, int64(len(data))
	s.later(u)
	s.open--
	s.effect(u)
	for _, part := range u.parts {
		part.gone = part.gone || s.has(tusPartsDeleted)
	}
}

// expiry tells when an unfinished upload expires.
func (s *tusServer) expiry(w http.ResponseWriter, u *tusUpload, method string) {
	value := u.expires.UTC().Format(http.TimeFormat)
	switch {
	case s.has(tusCoreOnly), s.has(tusExpiresNever), s.has(tusExpiryUntold) && method == "PATCH", (s.has(tusExpiryAtPatch) || s.has(tusExpiryUnsaid)) && method == "POST":
		return
	case s.has(tusExpiryISO):
		value = u.expires.UTC().Format(time.RFC3339)
	case s.has(tusExpiryPast):
		value = u.expires.Add(-3 * time.Hour).UTC().Format(http.TimeFormat)
	}
	w.Header().Set("Upload-Expires", value)
}
