package selftest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strings"
	"sync/atomic"
	"time"
)

// serveWrite takes a part.
func (s *uploadServer) serveWrite(w http.ResponseWriter, r *http.Request, u *held) {
	value, body, length, ok := s.partOf(w, r)
	if !ok {
		return
	}
	if r.ContentLength < 0 && s.has(upChunkedRefused) {
		w.WriteHeader(http.StatusLengthRequired)
		return
	}
	if s.has(upContinuedRefused) {
		_, _ = body.Read(nil) // asks for the body before the range is looked at
		w.WriteHeader(http.StatusContinue)
	}
	g, status := s.fits(u, value, length)
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	if g.positions && !s.store(w, r, u, g, body) {
		return
	}
	s.answerWrite(w, r, u, g)
}

// partOf gives what a PUT, or a PATCH in a frame, brings. The length is -1 where the request does not tell it.
func (s *uploadServer) partOf(w http.ResponseWriter, r *http.Request) (value string, body io.Reader, length int64, ok bool) {
	if r.Method == "PUT" {
		if s.has(upPatch) {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return "", nil, 0, false
		}
		return r.Header.Get("Content-Range"), r.Body, r.ContentLength, true
	}
	if r.Header.Get("Content-Type") != "message/byterange" {
		w.Header().Set("Accept-Patch", "message/byterange")
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return "", nil, 0, false
	}
	in := bufio.NewReader(r.Body)
	fields, err := textproto.NewReader(in).ReadMIMEHeader()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	head := 2
	for name, values := range fields {
		head += len(name) + len(": \r\n") + len(values[0])
	}
	length = r.ContentLength - int64(head)
	if r.ContentLength < 0 {
		length = -1
	}
	return fields.Get("Content-Range"), in, length, true
}

// fits holds a Content-Range against the upload, and gives the status that refuses it, 0 for none.
func (s *uploadServer) fits(u *held, value string, length int64) (ranged, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := parseRanged(value)
	if s.has(upUnitIgnored) && !ok {
		g, ok = parseRanged(strings.Replace(value, "lines", "bytes", 1))
	}
	have := int64(len(u.data))
	switch {
	case u.state != "" && s.has(upReopened) && ok && g.positions:
		u.state = ""
		return g, 0
	case u.state != "" && g.end == u.length && !s.has(upAgainRefused):
		return ranged{length: -1}, 0 // the last part again: as it was answered
	case u.state != "" || u.cancelled && !s.has(upCancelMarks):
		return g, map[bool]int{true: 410, false: 409}[s.has(upClosedAfter)]
	case value == "" && s.has(upRangeless):
		return ranged{have, have + length, -1, true}, 0
	case !ok, s.has(upOpenRefused) && g.length < 0 && u.length >= 0, s.has(upAskRefused) && !g.positions:
		return g, http.StatusBadRequest
	case g.positions && g.end > 4<<20: // it keeps a note of each byte
		return g, http.StatusRequestEntityTooLarge
	case g.length >= 0 && u.length >= 0 && g.length != u.length && !s.has(upTotalIgnored),
		u.length >= 0 && g.end > u.length && !s.has(upPastEnd):
		return g, http.StatusConflict
	case g.positions && length >= 0 && length != g.end-g.first && !s.has(upMismatchTaken) && (!s.has(upMismatchKept) || length > g.end-g.first),
		!g.positions && length > 0:
		return g, http.StatusBadRequest
	case s.inOrder() && g.positions && g.first > have && !s.has(upGapClosed) && !s.has(upAppends),
		s.has(upOverlapRefused) && g.positions && g.first < have:
		return g, http.StatusConflict
	case s.has(upLockAfterCut) && u.broken > 0, s.has(upLockWhileOpen) && u.open > 0:
		return g, http.StatusLocked
	}
	if g.length >= 0 && u.length < 0 {
		u.length = g.length
	}
	if !g.positions && s.has(upEndsEarly) && have > 0 {
		u.length = have
	}
	if g.positions && (s.has(upAppends) || s.has(upGapClosed) && g.first > have) {
		g.first, g.end = have, have+g.end-g.first
	}
	return g, 0
}

// store keeps what a part brings as it comes. It says whether all of it came and was kept.
func (s *uploadServer) store(w http.ResponseWriter, r *http.Request, u *held, g ranged, body io.Reader) bool {
	s.mu.Lock()
	u.epoch++
	u.open++
	epoch, at := u.epoch, g.first
	s.mu.Unlock()
	if s.has(upMixes) && epoch > 1 { // the first is the one that was cut
		defer u.rivals.join(r.Context())()
	}
	var late []byte
	buffer := make([]byte, 4<<10)
	if s.has(upMixes) {
		buffer = buffer[:256]
	}
	for {
		n, err := body.Read(buffer)
		n = int(min(int64(n), g.end-at-int64(len(late))))
		s.mu.Lock()
		late = append(late, buffer[:n]...)
		ready := s.ready(at, len(late), err == io.EOF)
		piece := late[:ready]
		late = late[ready:]
		taken := s.has(upSupersedes) && u.epoch == epoch || !s.has(upSupersedes) && (s.has(upMixes) || u.fits(at, piece))
		if taken && u.state == "" && (!u.cancelled || s.has(upCancelMarks)) {
			if !s.has(upMixes) || (at/256)%2 == 0 || u.fits(at, piece) { // of two writes each wins every second block
				u.put(at, piece)
			}
		}
		at += int64(len(piece))
		if err != nil || !taken {
			u.open--
		}
		if err != nil && err != io.EOF {
			s.cutOff(u, g, at)
		}
		s.ended.Broadcast()
		s.mu.Unlock()
		switch {
		case !taken:
			w.WriteHeader(http.StatusConflict)
			return false
		case err == io.EOF:
			s.padded(u, at, g.end)
			return true
		case err != nil:
			panic(http.ErrAbortHandler)
		}
	}
}

// ready tells how many of n bytes that have come for at may be seen: what was told once must not be less after a cut.
func (s *uploadServer) ready(at int64, n int, ended bool) int {
	switch {
	case ended:
		return n
	case s.has(upWholeParts):
		return 0
	case s.has(upBlocks):
		return filled(at, n)
	}
	return n
}

// filled tells how many of n bytes that have come for at fill blocks of 512 bytes.
func filled(at int64, n int) int { return int(max(0, (at+int64(n))/512*512-at)) }

// meeting makes two writes at once mix, whichever comes first: the second stores its bytes after the first, and the first is
// not over before that.
type meeting struct {
	came          *atomic.Int32
	first, second chan struct{} // closed when that one has stored its bytes
}

func newMeeting() meeting {
	return meeting{new(atomic.Int32), make(chan struct{}), make(chan struct{})}
}

// join waits for the turn of a write, and gives what is to be called when its bytes are stored.
func (m meeting) join(ctx context.Context) (stored func()) {
	switch m.came.Add(1) {
	case 1:
		return func() {
			close(m.first)
			select {
			case <-m.second:
			case <-ctx.Done(): // the client has given up
			}
		}
	case 2:
		<-m.first
		return func() { close(m.second) }
	}
	return func() {}
}

// padded believes the range of a part that had fewer bytes.
func (s *uploadServer) padded(u *held, at, end int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(upMismatchTaken) && at < end {
		u.put(at, make([]byte, end-at))
	}
}

// fits says whether bytes agree with what is there; put puts them there.
func (u *held) fits(at int64, piece []byte) bool {
	for i, b := range piece {
		if p := int(at) + i; p < len(u.data) && u.got[p] && u.data[p] != b {
			return false
		}
	}
	return true
}

func (u *held) put(at int64, piece []byte) {
	if end := int(at) + len(piece); end > len(u.data) && len(piece) > 0 {
		u.data = append(u.data, make([]byte, end-len(u.data))...)
		u.got = append(u.got, make([]bool, end-len(u.got))...)
	}
	copy(u.data[min(int(at), len(u.data)):], piece)
	for i := range piece {
		u.got[int(at)+i] = true
	}
}

// keep leaves only the first n bytes.
func (u *held) keep(n int) { u.data, u.got = u.data[:min(n, len(u.data))], u.got[:min(n, len(u.got))] }

// cutOff is what the server makes of a part that was cut; the caller holds mu.
func (s *uploadServer) cutOff(u *held, g ranged, at int64) {
	u.broken++
	switch {
	case s.has(upForgets):
		u.keep(0)
		delete(s.uploads, u.id)
	case s.has(upDropsAll):
		u.keep(0)
	case s.has(upFills):
		u.put(at, make([]byte, g.end-at))
		u.keep(int(g.end - 1))
	case s.has(upHalfIsAll):
		u.length = int64(len(u.data))
		s.completed(u)
	case s.has(upTailLost) && len(u.data) > 4 && u.state == "":
		u.data[len(u.data)-1] ^= 1
	}
}

// answerWrite answers a part that was taken, or a question, and completes the upload where everything is there.
func (s *uploadServer) answerWrite(w http.ResponseWriter, r *http.Request, u *held, g ranged) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch complete := s.whole(u, g); {
	case u.state == "" && complete:
		s.completed(u)
	case u.state == "":
		s.answerPart(w, u, g)
		return
	}
	h := w.Header()
	switch {
	case u.state == "failed":
		w.WriteHeader(u.fail)
	case s.has(upLast308):
		h.Set("Range", fmt.Sprintf("bytes=0-%d", len(u.data)-1))
		w.WriteHeader(http.StatusPermanentRedirect)
	case u.state == "processing":
		h.Set("Retry-After", "0")
		w.WriteHeader(http.StatusAccepted)
	case s.has(upNamesNothing):
		w.WriteHeader(http.StatusOK)
	case s.has(upShowsStatus):
		h.Set("Content-Location", s.ref(r, "/uploads/"+u.id))
		s.write(w, http.StatusOK, s.document(r, u))
	default:
		h.Set("Location", s.ref(r, u.result))
		w.WriteHeader(http.StatusCreated)
	}
}

// whole says whether everything is there.
func (s *uploadServer) whole(u *held, g ranged) bool {
	switch {
	case s.has(upWaitsForEnd) && g.positions, s.has(upNeverEnds) && !g.positions:
		return false
	case s.has(upLastIsAll) && g.end == u.length && g.positions:
		return true
	case s.has(upLastChunkIsAll) && g.length < 0 && u.length < 0:
		u.length = int64(len(u.data))
	case s.has(upEmptyNever) && u.length == 0:
		return false
	}
	return u.length >= 0 && total(u.got) == int64(len(u.got)) && int64(len(u.data)) >= u.length
}

// answerPart says what is kept.
func (s *uploadServer) answerPart(w http.ResponseWriter, u *held, _ ranged) {
	kept := 0
	for kept < len(u.got) && u.got[kept] {
		kept++
	}
	if s.has(upParts204) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if kept > 0 {
		last := kept - 1
		if s.has(upRangeIsLength) {
			last = kept
		}
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", last))
	}
	w.WriteHeader(http.StatusPermanentRedirect)
}

// completed ends an upload of which everything is there; the caller holds mu.
func (s *uploadServer) completed(u *held) {
	if u.fail != 0 {
		u.state = "failed"
		return
	}
	u.state = "processing"
	if s.has(upAsync) {
		u.delay = 20 * time.Millisecond
	}
	finish := func() {
		u.result = "/items/" + u.id
		stored := *u
		stored.data = bytes.Clone(u.data)
		s.items[u.result] = &stored
		u.state = "done"
		s.counts[u.tag]++
		if s.has(upEffectTwice) && u.epoch > 1 {
			s.counts[u.tag]++
		}
	}
	if u.delay == 0 {
		finish()
		return
	}
	time.AfterFunc(u.delay, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		finish()
	})
}
