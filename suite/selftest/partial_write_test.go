package selftest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// span is where a PUT writes; first is -1 for the whole document.
type span struct {
	first, last int64
	complete    int64 // -1: not told
}

var wholeSpan = span{-1, -1, -1}

func (p span) len() int64 { return p.last - p.first + 1 }

// partRefusal is an answer other than 2xx with which the reading of a head ends.
type partRefusal int

func (r partRefusal) Error() string { return strconv.Itoa(int(r)) }

// expectations gives the members of Expect, in lower case.
func (x *partCall) expectations() (all []string) {
	lines := x.r.Header.Values("Expect")
	if x.s.has(expectFirstLine) {
		lines = lines[:min(1, len(lines))]
	}
	text := strings.Join(lines, ",")
	if x.s.has(expectAsWhole) {
		return []string{strings.ToLower(text)}
	}
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one != "" {
			if !x.s.has(expectByCase) {
				one = strings.ToLower(one)
			} else if one == "Range" {
				one = "range"
			}
			all = append(all, one)
		}
	}
	return all
}

func in(all []string, one string) bool {
	for _, other := range all {
		if other == one {
			return true
		}
	}
	return false
}

// span finds the range that a PUT names.
func (x *partCall) span(isPart bool) (span, error) {
	s, expects := x.s, x.expectations()
	announced := in(expects, "range") && !s.has(partIgnorant) && !s.has(partPolite)
	switch {
	case s.has(partPolite) && in(expects, "range"):
		return span{}, partRefusal(417)
	case s.has(partRefuses400) && in(expects, "range"):
		return span{}, partRefusal(400)
	case s.has(unknownRefused) && len(expects) > 0 && x.unknown(expects):
		return span{}, partRefusal(417)
	case s.has(unknownIgnoresAll) && x.unknown(expects):
		announced = false
	case s.has(expectOldIgnored) && !x.r.ProtoAtLeast(1, 1):
		announced = false
	}
	if s.has(rangeUnexpected) && x.r.Header.Get("Range") != "" {
		announced = true
	}
	if announced {
		return x.fieldSpan(x.r.Header.Values("Range"))
	}
	if isPart && !s.has(queryIgnored) && !(s.has(lastingOnce) && x.written()) {
		return x.uriSpan()
	}
	return wholeSpan, nil
}

// written says whether the document was written to by a range already.
func (x *partCall) written() bool {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	d := x.s.docs[x.r.URL.Path]
	return d != nil && d.writes > 1
}

func (x *partCall) unknown(expects []string) bool {
	for _, one := range expects {
		if one != "range" && one != "100-continue" {
			return true
		}
	}
	return false
}

var (
	literalForm = regexp.MustCompile(`^([A-Za-z]+) (\d+)-(\d+)/(\d+|\*)$`)
	equalsForm  = regexp.MustCompile(`^([A-Za-z]+)=(\d+)-(\d+)$`)
	looseForm   = regexp.MustCompile(`(\d+)\D+(\d+)`)
)

// fieldSpan reads Range.
func (x *partCall) fieldSpan(lines []string) (span, error) {
	s := x.s
	bad := error(partRefusal(400))
	if s.has(malformedIgnored) {
		bad = nil
	}
	if len(lines) == 0 {
		if s.has(noRangeWhole) {
			return wholeSpan, nil
		}
		return wholeSpan, partRefusal(400)
	}
	text := lines[0]
	if len(lines) > 1 && !s.has(firstOfSeveral) {
		return wholeSpan, bad
	}
	if s.has(firstOfSeveral) {
		text = firstOf(text)
	}
	m := literalForm.FindStringSubmatch(text)
	if m == nil {
		if m = equalsForm.FindStringSubmatch(text); m != nil && !s.has(equalsUnknown) {
			m = append(m, "*")
		} else {
			m = nil
		}
	}
	if m == nil && s.has(rangeLoose) {
		if loose := looseForm.FindStringSubmatch(text); loose != nil {
			m = []string{text, "bytes", loose[1], loose[2], "*"}
		}
	}
	if m == nil {
		return wholeSpan, bad
	}
	if unit := m[1]; !strings.EqualFold(unit, "bytes") && !s.has(anyUnit) || s.has(unitByCase) && unit != "bytes" {
		if s.has(unitIgnored) {
			return wholeSpan, nil
		}
		return wholeSpan, partRefusal(416)
	}
	if m[4] == "*" && s.has(openRefused2) && !strings.Contains(text, "=") {
		return wholeSpan, partRefusal(400)
	}
	return x.checked(m[2], m[3], m[4])
}

// firstOf takes the first range of a list.
func firstOf(text string) string {
	if head, _, found := strings.Cut(text, ","); found {
		return strings.TrimSpace(head)
	}
	return text
}

// uriSpan reads the range in the URI.
func (x *partCall) uriSpan() (span, error) {
	s := x.s
	all, length := s.shape().spans(x.r.URL)
	bad := error(partRefusal(400))
	if s.has(malformedIgnored) {
		bad = nil
	}
	if s.has(queryRaw) && strings.Contains(x.r.URL.RawQuery, "%2D") {
		return wholeSpan, nil
	}
	switch {
	case len(all) > 1 && s.has(firstOfSeveral):
	case len(all) > 1 && s.has(lastOfSeveral):
		all = all[len(all)-1:]
	case len(all) != 1:
		return wholeSpan, partRefusal(400)
	}
	m := regexp.MustCompile(`^(\d+)-(\d+)$`).FindStringSubmatch(all[0])
	if m == nil && s.has(rangeLoose) {
		m = looseForm.FindStringSubmatch(all[0])
	}
	if m == nil {
		return wholeSpan, bad
	}
	if length == "" {
		length = "*"
	}
	if _, err := strconv.ParseInt(length, 10, 64); err != nil && length != "*" && s.has(badLengthZero) {
		length = "*"
	}
	return x.checked(m[1], m[2], length)
}

// checked makes a span of positions and of a complete length.
func (x *partCall) checked(first, last, complete string) (p span, err error) {
	s := x.s
	number := func(text string) int64 {
		n, e := strconv.ParseInt(text, 10, 64)
		switch {
		case e != nil && s.has(numbersWrap) && strings.Trim(text, "0123456789") == "":
			tail := text[max(0, len(text)-2):]
			n, _ = strconv.ParseInt(tail, 10, 64)
		case e != nil || n < 0:
			err = partRefusal(400)
		}
		return n
	}
	p = span{number(first), number(last), -1}
	if complete != "*" {
		p.complete = number(complete)
	}
	switch {
	case err != nil:
		return p, err
	case p.last < p.first && s.has(reversedSwapped):
		p.first, p.last = p.last, p.first
	case p.last < p.first:
		return p, partRefusal(416)
	case p.complete >= 0 && p.last >= p.complete && !s.has(pastEndWritten):
		return p, partRefusal(416)
	}
	if s.has(lastExcluded) {
		p.last = max(p.first, p.last-1)
	}
	if s.has(fromOne) {
		p.first, p.last = max(0, p.first-1), max(0, p.last-1)
	}
	return p, nil
}

// put answers a PUT: what its head says is looked at first.
func (x *partCall) put(path string, isPart bool) *answer {
	s, waits := x.s, in(x.expectations(), "100-continue") && (x.r.ProtoAtLeast(1, 1) || x.s.has(partInterimToOld))
	if waits && s.has(partContinueFirst) {
		x.proceed()
		waits = false
	}
	if s.has(partEmptiedAtHead) {
		s.emptied(path)
	}
	p, err := x.span(isPart)
	if err != nil {
		return x.refuse(err)
	}
	if status := x.condition(path); status != 0 {
		return x.refuse(partRefusal(status))
	}
	n := x.r.ContentLength
	if p.first >= 0 && n >= 0 && n != p.len() && !s.has(lengthIgnored2) && !s.has(lastExcluded) && !s.has(reversedSwapped) && !s.has(numbersWrap) {
		return x.refuse(partRefusal(400))
	}
	if n < 0 && s.has(partNoChunks) {
		return x.refuse(partRefusal(411))
	}
	if p.first < 0 {
		if s.has(partNoWhole) {
			return x.refuse(partRefusal(405))
		}
		return x.whole(path, waits)
	}
	w, refused := s.begin(path, p)
	if refused != 0 {
		return x.refuse(partRefusal(refused))
	}
	defer s.over(w)
	if waits && !s.has(partNever100) {
		x.proceed()
	}
	return x.receive(path, p, w)
}

func (x *partCall) proceed() { _, _ = io.WriteString(x.c, "HTTP/1.1 100 Continue\r\n\r\n") }

// refuse refuses a PUT without its body, which a client may have sent.
func (x *partCall) refuse(err error) *answer {
	var status partRefusal
	errors.As(err, &status)
	if x.s.has(refusedWith501) && status == 416 {
		status = 501
	}
	return reply(int(status), "refused\n")
}

// emptied empties a document before anything is known of what will come.
func (s *partServer) emptied(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.docs[path]; d != nil {
		d.data = nil
	}
}

// condition gives the status that a precondition asks for (RFC 9110, 13); 0 where it holds.
func (x *partCall) condition(path string) int {
	s := x.s
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.docs[path]
	tag := ""
	if d != nil {
		tag = fmt.Sprintf(`"v%d"`, d.etag)
	}
	has := func(list string) bool {
		for _, one := range strings.Split(list, ",") {
			if one = strings.TrimSpace(one); d != nil && (one == "*" || one == tag) {
				return true
			}
		}
		return s.has(matchWholeField) && list == tag
	}
	if list := x.r.Header.Get("If-Match"); list != "" && !s.has(matchIgnored) {
		if s.has(matchWholeField) && list != tag && list != "*" || !has(list) {
			return 412
		}
	}
	if list := x.r.Header.Get("If-None-Match"); list != "" && has(list) && !s.has(noneMatchIgnored) {
		return 412
	}
	since, err := http.ParseTime(x.r.Header.Get("If-Unmodified-Since"))
	if err == nil && d != nil && d.modified.Truncate(time.Second).After(since) && !s.has(unmodifiedIgnored) {
		return 412
	}
	return 0
}

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
		d.data[64<<10] = 0
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
