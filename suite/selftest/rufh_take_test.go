package selftest

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// begin takes the turn to write to an upload, and ends the request that had it before. end may be called again.
func (s *rufhServer) begin(w http.ResponseWriter, u *resumable, writes bool) (turn int, end func()) {
	s.mu.Lock()
	for (s.has(ruLocks) || s.spoils()) && u.idle != nil {
		idle := u.idle
		s.mu.Unlock()
		<-idle
		s.mu.Lock()
	}
	if idle, fed := u.idle, u.fed; idle != nil && !s.has(ruMixes) {
		s.mu.Unlock()
		select { // what has arrived of the older request is not lost
		case <-idle:
		case <-fed:
		case <-time.After(time.Second): // nothing has
		}
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
	u.idle, u.fed = idle, make(chan struct{})
	turn = u.turn
	return turn, sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if u.turn == turn {
			u.abort = nil
		}
		if u.idle == idle {
			u.idle = nil
		}
		close(idle)
	})
}

var errSuperseded = errors.New("a newer request has the upload")

// take appends the content of a request in its turn, which then ends. It answers, and says false, where that did not come
// whole or was not taken.
func (s *rufhServer) take(q *asking, u *resumable, from int64, turn int, end func()) bool {
	defer end()
	u.parts++
	if s.has(ruMixes) && q.r.Method == "PATCH" {
		return s.takeMixed(u, q.r)
	}
	digest := q.r.Header.Get("Content-Digest")
	checked := strings.HasPrefix(digest, "sha-256=") && q.version >= 6 && !s.has(ruDigestIgnored)
	before := s.size(u)
	var part, held []byte
	buf := make([]byte, 8<<10)
	told := int64(0)
	for {
		n, err := q.r.Body.Read(buf)
		if n > 0 && len(part) == 0 {
			s.mu.Lock()
			if u.turn == turn {
				close(u.fed)
			}
			s.mu.Unlock()
		}
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

// mixture is the content of an append that waits for another one.
type mixture struct {
	part []byte
	met  chan struct{} // closed when both are written
}

// takeMixed lets an append wait for another one at the same upload, which writes both in halves, in turns.
func (s *rufhServer) takeMixed(u *resumable, r *http.Request) bool {
	part, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	other := u.rival
	if other != nil {
		u.rival = nil
		u.data = slices.Concat(u.data, other.part[:len(other.part)/2], part[:len(part)/2], other.part[len(other.part)/2:], part[len(part)/2:])
		close(other.met)
	} else {
		other = &mixture{part, make(chan struct{})}
		u.rival = other
	}
	s.mu.Unlock()
	select {
	case <-other.met:
	case <-r.Context().Done(): // the client gives up: nobody came
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
	if at-told < step || q.version < 5 || s.has(ruSilent) || s.has(ruDraftOnly) && q.version == 9 || s.has(ruNoProgress) && !creation || s.has(ruKeepsNone) {
		return told
	}
	fields := map[string]string{"Upload-Offset": s.adorned(strconv.Itoa(s.size(u)))}
	if s.has(ruAckMore) {
		fields["Upload-Offset"] = strconv.FormatInt(at+1<<20, 10)
	}
	if s.has(ruRepeats) && creation || s.has(ruAppendLocation) && !creation {
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
