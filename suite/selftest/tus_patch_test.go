package selftest

import (
	"crypto/md5"  // #nosec G501 -- announced
	"crypto/sha1" // #nosec G505 -- what the protocol asks for
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// statusMismatch is the status that the protocol has for a checksum that does not match.
const statusMismatch = 460

// patch answers a PATCH.
func (s *tusServer) patch(w http.ResponseWriter, r *http.Request, u *tusUpload) {
	if u == nil {
		return
	}
	kind := r.Header.Get("Content-Type")
	if strings.ToLower(kind) != "application/offset+octet-stream" && !s.has(tusAnyType) || s.has(tusTypeExact) && kind != "application/offset+octet-stream" {
		s.early(w, r, http.StatusUnsupportedMediaType)
		return
	}
	if r.ContentLength < 0 && s.has(tusChunkedRefused) {
		s.refuse(w, http.StatusLengthRequired)
		return
	}
	s.mu.Lock()
	status, epoch := s.admit(r, u)
	s.mu.Unlock()
	if status != 0 {
		s.early(w, r, status)
		return
	}
	if s.has(tusEmptyRefused) && r.ContentLength == 0 {
		status = http.StatusBadRequest
	}
	var sum *checksum
	if status == 0 {
		sum, status = s.checksum(r)
	}
	if status != 0 {
		s.release(u, epoch)
		s.refuse(w, status)
		return
	}
	s.carry(w, r, u, epoch, sum)
}

// early refuses a PATCH for its head.
func (s *tusServer) early(w http.ResponseWriter, r *http.Request, status int) {
	if s.has(tusContinuedRefused) {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	s.refuse(w, status)
}

// admit says whether a PATCH may begin, and makes the one at work end. The caller holds mu.
func (s *tusServer) admit(r *http.Request, u *tusUpload) (status, epoch int) {
	offset, err := digits(r.Header.Get("Upload-Offset"))
	if err != nil && s.has(tusOffsetGuessed) {
		offset, err = int64(len(u.data)), nil
	}
	if s.has(tusAppends) {
		offset = int64(len(u.data))
	}
	switch {
	case u.concat != "" && u.concat != "partial" && !s.has(tusPatchesFinal):
		return http.StatusForbidden, 0
	case err != nil:
		return http.StatusBadRequest, 0
	case s.has(tusBusy) && u.ends != nil:
		return http.StatusConflict, 0
	case u.locked, u.ends != nil && (s.has(tusLocks) || s.has(tusLocksHead)):
		return http.StatusLocked, 0
	case u.ends != nil:
		u.ends()
		u.epoch++ // what it still brings is not taken
	}
	switch now := int64(len(u.data)); {
	case s.has(tusHoles) && offset > now && offset < u.length:
		u.data = append(u.data, make([]byte, offset-now)...)
	case s.has(tusRewinds) && offset < now:
		u.data = u.data[:offset]
	case offset != now && s.has(tusConflict400):
		return http.StatusBadRequest, 0
	case offset != now:
		return http.StatusConflict, 0
	}
	if status := s.lengthen(r, u); status != 0 {
		return status, 0
	}
	if u.length >= 0 && r.ContentLength > u.length-int64(len(u.data)) && !s.has(tusPastEnd) && !s.has(tusPastEndCut) {
		return http.StatusRequestEntityTooLarge, 0
	}
	u.patches++
	return 0, u.epoch
}

// lengthen reads the length that a PATCH tells.
func (s *tusServer) lengthen(r *http.Request, u *tusUpload) int {
	told := r.Header.Get("Upload-Length")
	if told == "" || s.has(tusDeferForgets) {
		return 0
	}
	n, err := digits(told)
	switch {
	case err != nil:
		return http.StatusBadRequest
	case u.length >= 0 && u.length != n && s.has(tusLengthIgnored):
		return 0
	case u.length >= 0 && u.length != n && !s.has(tusLengthChanges):
		return http.StatusBadRequest
	case u.length >= 0 && s.has(tusLengthOnce):
		return http.StatusBadRequest
	case n < int64(len(u.data)) && !s.has(tusLengthSmall):
		return http.StatusBadRequest
	case r.ContentLength == 0 && s.has(tusDeferNonempty):
		return 0
	case s.has(tusLengthWithEnd) && r.ContentLength != n-int64(len(u.data)):
		return 0
	}
	u.length = n
	return 0
}

// release lets another PATCH in.
func (s *tusServer) release(u *tusUpload, epoch int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.epoch == epoch {
		u.ends = nil
	}
	if u.over != nil {
		close(u.over)
		u.over = nil
	}
}

// checksum is what a PATCH has to match.
type checksum struct {
	of    func([]byte) []byte
	want  []byte
	later bool // it is in the trailer
}

var tusSums = map[string]func([]byte) []byte{
	"sha1":   func(b []byte) []byte { s := sha1.Sum(b); return s[:] }, // #nosec G401 -- see above
	"md5":    func(b []byte) []byte { s := md5.Sum(b); return s[:] },  // #nosec G401 -- see above
	"sha256": func(b []byte) []byte { s := sha256.Sum256(b); return s[:] },
}

// checksum reads Upload-Checksum.
func (s *tusServer) checksum(r *http.Request) (*checksum, int) {
	value := r.Header.Get("Upload-Checksum")
	if _, declared := r.Trailer["Upload-Checksum"]; declared && !s.has(tusTrailerDropped) {
		return &checksum{later: true}, 0
	}
	if value == "" || s.has(tusCoreOnly) || s.has(tusSumIgnored) {
		return nil, 0
	}
	return s.parseSum(value)
}

func (s *tusServer) parseSum(value string) (*checksum, int) {
	name, encoded, _ := strings.Cut(value, " ")
	of := tusSums[name]
	want, err := base64.StdEncoding.DecodeString(encoded)
	if of == nil && s.has(tusSumUnknown) || err != nil && s.has(tusSumUnread) {
		return nil, 0
	}
	if of == nil || err != nil || encoded == "" {
		return nil, http.StatusBadRequest
	}
	return &checksum{of: of, want: want}, 0
}

// carry reads the body of a PATCH and answers it.
func (s *tusServer) carry(w http.ResponseWriter, r *http.Request, u *tusUpload, epoch int, sum *checksum) {
	control := http.NewResponseController(w)
	s.mu.Lock()
	before := int64(len(u.data))
	u.ends = func() { _ = control.SetReadDeadline(time.Unix(1, 0)) }
	if s.has(tusAppendsLate) {
		u.ends = func() {}
	}
	if u.over == nil {
		u.over = make(chan struct{})
	}
	s.mu.Unlock()
	defer s.release(u, epoch)
	var body io.Reader = r.Body
	if s.has(tusPortions) && sum == nil {
		body = io.LimitReader(body, 1500)
	}
	err := s.take(u, epoch, body, sum)
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body) // what is not taken
	}
	if err != nil && !s.has(tusHalfIsAll) {
		s.refuse(w, s.interrupted(u, epoch, before))
		return
	}
	if err != nil {
		s.shorten(u) // the bug: the end of the connection is the end of the upload
	}
	if sum != nil && sum.later {
		var status int
		if sum, status = s.parseSum(r.Trailer.Get("Upload-Checksum")); status != 0 {
			s.undo(u, before)
			s.refuse(w, status)
			return
		}
	}
	if sum != nil && !s.verified(w, u, before, sum) {
		return
	}
	s.answer(w, u, before)
}

// verified compares what a PATCH has brought with its checksum.
func (s *tusServer) verified(w http.ResponseWriter, u *tusUpload, before int64, sum *checksum) bool {
	s.mu.Lock()
	data := u.data[before:]
	if s.has(tusSumOfAll) {
		data = u.data
	}
	same := slices.Equal(sum.of(data), sum.want)
	whole := u.length >= 0 && int64(len(u.data)) >= u.length
	s.mu.Unlock()
	if same || s.has(tusSumUncompared) {
		return true
	}
	switch {
	case !s.has(tusSumLate):
		s.undo(u, before)
	case whole:
		s.complete(u)
	}
	status := statusMismatch
	if s.has(tusMismatch400) {
		status = http.StatusBadRequest
	}
	s.refuse(w, status)
	return false
}

// shorten takes what is there for the whole.
func (s *tusServer) shorten(u *tusUpload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.length > 0 {
		u.length = int64(len(u.data))
	}
}

// undo takes back what a PATCH has brought.
func (s *tusServer) undo(u *tusUpload, before int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.data = u.data[:before]
}

// interrupted is what becomes of an upload whose PATCH was cut, and the status that nobody may see.
func (s *tusServer) interrupted(u *tusUpload, epoch int, before int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.epoch != epoch {
		return http.StatusConflict // another has begun, or an older one has come late
	}
	now := int64(len(u.data))
	switch {
	case s.has(tusForgets):
		u.gone = true
	case s.has(tusDropsAll):
		u.data = nil
	case s.has(tusTailLost) && now > before:
		u.data[now-1] ^= 1
	case s.has(tusFills) && u.length > now:
		u.data = append(u.data, make([]byte, u.length-now-1)...)
	}
	u.locked = s.has(tusLockStays)
	return http.StatusBadRequest
}

// take reads what a request brings, as long as no other has taken its place. With a checksum nothing is kept before it is
// read whole.
func (s *tusServer) take(u *tusUpload, epoch int, body io.Reader, sum *checksum) error {
	buffer := make([]byte, 2048)
	var held []byte
	for {
		n, err := body.Read(buffer)
		s.mu.Lock()
		if s.has(tusAppendsLate) {
			epoch = u.epoch
		}
		switch {
		case u.epoch != epoch:
			s.mu.Unlock()
			return io.ErrUnexpectedEOF
		case sum != nil || s.has(tusHolds):
			held = append(held, buffer[:n]...)
		case s.has(tusBlocks): // what was told once must not be less after a cut
			held = append(held, buffer[:n]...)
			ready := filled(int64(len(u.data)), len(held))
			s.put(u, held[:ready])
			held = held[ready:]
		default:
			s.put(u, buffer[:n])
		}
		if err == io.EOF {
			s.put(u, held)
			s.mu.Unlock()
			return nil
		}
		if err != nil && sum != nil && s.has(tusSumKeeps) && int64(len(u.data)+len(held)) < u.length { // the last byte is verified
			s.put(u, held)
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// put stores bytes, up to the length. The caller holds mu.
func (s *tusServer) put(u *tusUpload, data []byte) {
	if room := u.length - int64(len(u.data)); u.length >= 0 && int64(len(data)) > room && !s.has(tusPastEnd) {
		data = data[:max(0, room)]
	}
	u.data = append(u.data, data...)
}

// answer tells the offset that a PATCH has led to, and completes the upload where nothing is missing.
func (s *tusServer) answer(w http.ResponseWriter, u *tusUpload, before int64) {
	s.mu.Lock()
	now, length := int64(len(u.data)), u.length
	if now > before && u.patches > 1 && s.has(tusPieceDamaged) {
		u.data[before] ^= 1
	}
	whole := length >= 0 && now >= length && !s.has(tusNeverEnds)
	if s.has(tusLastChunkIsAll) && length < 0 {
		u.length, whole = now, true
	}
	s.mu.Unlock()
	if whole {
		if status := s.complete(u); status != 0 {
			s.refuse(w, status)
			return
		}
	} else {
		s.expiry(w, u, "PATCH")
	}
	told := now
	switch {
	case s.has(tusToldBefore):
		told = before
	case s.has(tusToldPart):
		told = now - before
	}
	if !s.has(tusOffsetUntold) {
		w.Header().Set("Upload-Offset", strconv.FormatInt(told, 10))
	}
	if s.has(tusPatch200) {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// aMoment is how long a server takes that does something after its answer.
const aMoment = 150 * time.Millisecond

// effect counts an upload, where that takes a moment after it was answered. The caller holds mu.
func (s *tusServer) effect(u *tusUpload) {
	if !s.has(tusEffectLater) {
		s.counts[u.tag]++
		return
	}
	time.AfterFunc(aMoment, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.counts[u.tag]++
	})
}

// later says when the bytes of an upload that is complete can be read. The caller holds mu.
func (s *tusServer) later(u *tusUpload) {
	if s.has(tusShownLater) {
		u.shown = time.Now().Add(aMoment)
	}
}

// complete has the effect of an upload, once. It gives the status that the upload ends with, 0 for success.
func (s *tusServer) complete(u *tusUpload) int {
	s.mu.Lock()
	again := u.done
	u.done = true
	if !again {
		s.later(u)
	}
	if !again {
		s.open--
	}
	s.mu.Unlock()
	if again && !s.has(tusEffectAgain) {
		return 0
	}
	if u.delay > 0 {
		time.Sleep(u.delay)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case u.fail != 0 && s.has(tusEffectFails):
		s.counts[u.tag]++
		return u.fail
	case u.fail != 0:
		return u.fail
	case u.concat == "partial" && !s.has(tusPartsCount):
	case u.marked && !s.has(tusDeleteMarks):
	case s.has(tusEffectAtPost):
	default:
		s.effect(u)
		if s.has(tusEffectTwice) && u.patches > 1 {
			s.counts[u.tag]++
		}
	}
	u.gone = (s.has(tusGoneAtEnd) || s.has(tusGoneAtEnd403)) && u.concat != "partial"
	return 0
}
