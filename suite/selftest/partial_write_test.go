package selftest

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// partWrite is a write at work.
type partWrite struct {
	id   int
	path string
	d    *partDoc
	old  []byte // the document before it, for a server that writes it back as a whole
}

// begin gives a write its turn, or the status with which it is refused.
func (s *partServer) begin(path string, p span) (w *partWrite, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.docs[path]
	there := int64(0)
	if d != nil {
		there = int64(len(d.data))
	}
	switch {
	case p.first > there && !s.has(gapWritten) && !s.has(gapSparse) && !s.has(partAppends):
		return nil, 409
	case s.has(gapSparse) && p.last >= 1<<21: // it keeps a note of each byte
		return nil, 413
	case s.has(gapSparse) && d != nil && d.length > 0 && (p.last >= d.length || p.complete > d.length):
		return nil, 409
	case s.has(growthRefused2) && d != nil && d.complete && p.last >= there:
		return nil, 416
	case s.has(partOverlapRefused) && d != nil && !d.complete && p.first < there:
		return nil, 409
	case s.has(partBusy) && s.writing(path) && d != nil:
		return nil, 423
	}
	s.serial++
	if d == nil {
		d = &partDoc{etag: s.serial, modified: time.Now()}
		s.docs[path] = d
	}
	d.writer = s.serial
	if s.has(gapSparse) && !d.complete {
		d.length = max(d.length, p.complete)
	}
	s.busy[s.serial] = path
	w = &partWrite{id: s.serial, path: path, d: d, old: append([]byte{}, d.data...)}
	if s.has(rangeCleared) {
		for i := p.first; i <= p.last && i < int64(len(d.data)); i++ {
			d.data[i] = 0
		}
	}
	return w, 0
}

// over ends the turn of a write.
func (s *partServer) over(w *partWrite) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, w.id)
	s.idle.Broadcast()
}

// receive writes what comes where it belongs, as it comes.
func (x *partCall) receive(path string, p span, w *partWrite) *answer {
	s, at := x.s, p.first
	var err error
	var kept []byte // of a server that writes at the end
	buffer := make([]byte, 4<<10)
	for err == nil {
		var n int
		n, err = x.r.Body.Read(buffer)
		if s.has(partBuffers) {
			kept = append(kept, buffer[:n]...)
			at += int64(n)
			continue
		}
		if s.has(lastExcluded) {
			n = int(min(int64(n), p.last+1-at))
		}
		if int64(n) > p.last+1-at && !s.has(lengthIgnored2) && !s.has(lastExcluded) && !s.has(numbersWrap) && !s.has(reversedSwapped) {
			s.store(w, p, at, buffer[:p.last+1-at])
			return reply(400, "longer than its range\n")
		}
		if status := s.store(w, p, at, buffer[:n]); status != 0 {
			return reply(status, "another write has taken over\n")
		}
		at += int64(n)
	}
	if !errors.Is(err, io.EOF) {
		s.cut(w, p)
		return nil
	}
	if s.has(partBuffers) {
		if at > p.last+1 {
			return reply(400, "longer than its range\n")
		}
		if status := s.store(w, p, p.first, kept); status != 0 {
			return reply(status, "another write has taken over\n")
		}
	}
	if at <= p.last && !s.has(lengthIgnored2) {
		return reply(400, "shorter than its range\n")
	}
	return x.finish(path, p, w)
}

// store writes a piece, and gives a status where that must not be.
func (s *partServer) store(w *partWrite, p span, at int64, piece []byte) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := w.d
	if d.writer != w.id && !s.has(partUnfenced) || s.docs[w.path] != d {
		return 409
	}
	if len(piece) == 0 {
		return 0
	}
	switch {
	case s.has(partAppends):
		d.data = append(d.data, piece...)
	case s.has(partReplaces):
		d.data = append(d.data[:min(at-p.first, int64(len(d.data)))], piece...)
	default:
		more := make([]byte, max(0, at+int64(len(piece))-int64(len(d.data))))
		if s.has(gapGarbage2) {
			more = bytes.Repeat([]byte{0xAA}, len(more))
		}
		d.data = append(d.data, more...)
		copy(d.data[at:], piece)
		if s.has(gapSparse) {
			d.came(at, int64(len(piece)))
		}
	}
	if s.has(endsWithRange) {
		d.data = d.data[:min(int64(len(d.data)), at+int64(len(piece)))]
	}
	if s.has(borderDropped) && at+int64(len(piece)) > 64<<10 && at < 64<<10 {
		d.data[64<<10] ^= 1
	}
	if !s.has(tagKept) {
		s.serial++
		d.etag = s.serial
	}
	d.modified = time.Now()
	return 0
}

// cut is told of a write that was broken off.
func (s *partServer) cut(w *partWrite, p span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := w.d
	switch {
	case s.docs[w.path] != d || d.writer != w.id:
	case s.has(cutDropsAll) && !d.complete && len(w.old) > 0:
		delete(s.docs, w.path)
	case s.has(cutEndsDocument):
		d.complete = true
	case s.has(cutFilled):
		for int64(len(d.data)) <= p.last {
			d.data = append(d.data, 0)
		}
	}
	if s.has(cutCounts) && !d.complete && s.docs[w.path] == d {
		s.counts[strings.TrimPrefix(w.path, "/documents/")]++
	}
}

// finish ends a write that came whole.
func (x *partCall) finish(path string, p span, w *partWrite) *answer {
	s, query := x.s, x.r.URL.Query()
	s.mu.Lock()
	d := w.d
	d.writes++
	if s.has(growthDropped) && d.complete && p.first >= int64(len(w.old)) {
		d.data = w.old
	}
	if s.has(wroteBack) && d.complete {
		whole := append([]byte{}, w.old...)
		for int64(len(whole)) <= p.last {
			whole = append(whole, 0)
		}
		copy(whole[p.first:], d.data[p.first:p.last+1])
		d.data = whole
	}
	if d.kind == "" {
		d.kind = x.r.Header.Get("Content-Type")
	}
	whole := p.complete == int64(len(d.data)) || p.complete < 0 && !s.has(openStays)
	if d.length > 0 {
		whole = int64(len(d.shown())) == d.length
	}
	if s.has(eachCompletes) {
		whole = true
	}
	first := whole && !d.claimed
	again := d.complete && s.has(effectAgain)
	d.claimed = d.claimed || whole
	s.mu.Unlock()
	if !first && !again {
		return reply(map[bool]int{true: 202, false: 204}[s.has(part202)], "")
	}
	if again {
		s.count(query.Get("tag"))
		return reply(204, "")
	}
	if wait, err := time.ParseDuration(query.Get("delay")); err == nil && !x.process(wait) {
		return nil
	}
	if status, err := strconv.Atoi(query.Get("fail")); err == nil {
		if s.has(failedCounts) {
			s.count(query.Get("tag"))
		}
		s.mu.Lock()
		delete(s.docs, path)
		s.mu.Unlock()
		return reply(status, "as was asked for\n")
	}
	s.mu.Lock()
	d.complete = true
	s.mu.Unlock()
	s.count(query.Get("tag"))
	if s.has(effectTwice2) {
		s.count(query.Get("tag"))
	}
	return reply(201, "stored\n", "Location", path)
}

// process takes its time; false where that was ended by the end of the connection.
func (x *partCall) process(wait time.Duration) bool {
	if !x.s.has(endsWithConnection) {
		select {
		case <-time.After(wait):
			return true
		case <-x.s.quit:
			return false
		}
	}
	_ = x.c.SetReadDeadline(time.Now().Add(2 * time.Second)) // so that the end is not missed on a busy machine
	defer func() { _ = x.c.SetReadDeadline(time.Time{}) }()
	_, err := x.c.Read(make([]byte, 1))
	return !errors.Is(err, io.EOF) && (err == nil || isTimeout(err))
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

func (s *partServer) count(tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[tag]++
}

// whole answers a PUT of the whole document.
func (x *partCall) whole(path string, waits bool) *answer {
	s := x.s
	if waits {
		x.proceed()
	}
	data, err := io.ReadAll(x.r.Body)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.docs[path]
	if old != nil && s.has(wholeOverBeginning) {
		data = append(data, old.data[min(len(data), len(old.data)):]...)
	}
	s.serial++
	s.docs[path] = &partDoc{data: data, complete: true, claimed: true, etag: s.serial, modified: time.Now(), kind: x.r.Header.Get("Content-Type")}
	s.counts[x.r.URL.Query().Get("tag")]++
	if old == nil {
		return reply(201, "stored\n", "Location", path)
	}
	return reply(204, "")
}
