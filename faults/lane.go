package faults

import "fmt"

// A lane is one direction of a splice. All of it is guarded by the mutex of its splice; positions
// are bytes from the start of the stream.
type lane struct {
	splice *splice
	scan   scanner
	source *end // where the bytes come from
	sink   *end // where they go

	received int64  // taken from the source
	pos      int64  // scanned
	allow    int64  // may be forwarded; what lies between allow and pos is held
	written  int64  // really given to the sink's socket
	lost     int64  // of these, at most, dropped by an RST
	held     []byte // the bytes from allow to pos

	headStart int64 // of the request, or of the response head being read
	headEnd   int64 // of the request or the final response, -1 before it is seen
	body      int64 // payload bytes that may be forwarded
	whole     int64 // end of the message, -1 before it is seen

	inContinue bool // the head being read is the 100 in which the cut lies
	finalHead  bool // the head being read is the final one
	interim    []interimHead

	broken  bool // the sink's socket took no more
	hurried bool // its write may not wait: the other lane was cut
	natural bool // the source ended by itself, not by the cut
	ended   bool // the sink's socket was told that the lane has ended
}

type interimHead struct {
	status int
	end    int64
}

// take decides what of p may be forwarded now. mine says that the cut was reached by it.
func (ln *lane) take(p []byte) (out []byte, mine bool) {
	s := ln.splice
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sealed || ln.broken {
		return nil, false
	}
	before := ln.allow
	ln.received += int64(len(p))
	for rest := p; len(rest) > 0 && !s.sealed; {
		seg := ln.scan.next(rest)
		ln.pos += int64(seg.n)
		rest = rest[seg.n:]
		if ln == &s.up {
			ln.requestSegment(seg)
		} else {
			ln.responseSegment(seg)
		}
		if ln.scan.complete && ln.whole < 0 && seg.part != partRest {
			ln.messageEnd()
		}
		if ln.scan.bad != "" && !s.sealed {
			s.miss(ln.scan.bad)
			ln.allow = ln.pos
		}
	}
	return ln.emit(p, int(ln.allow-before)), s.sealed
}

// emit gives the first n bytes of what is held followed by p, and holds the rest.
func (ln *lane) emit(p []byte, n int) []byte {
	if len(ln.held) > 0 {
		p = append(ln.held[:len(ln.held):len(ln.held)], p...)
		ln.held = nil
	}
	if n < len(p) && !ln.splice.sealed {
		ln.held = append([]byte(nil), p[n:]...)
	}
	return p[:n]
}

// flush gives what is still held when the source has ended before the cut could be reached.
func (ln *lane) flush() []byte {
	held := ln.held
	ln.held, ln.allow = nil, ln.pos
	return held
}

func (ln *lane) requestSegment(seg segment) {
	s := ln.splice
	switch seg.part {
	case partHead:
		if s.armed && s.cut.Place == RequestHead {
			ln.cutHead("request head", seg.ended, false)
		} else {
			ln.allow = ln.pos
		}
		if seg.ended {
			ln.headEnd = ln.pos
			s.down.scan.method = ln.scan.method
			ln.bodyStart("request")
		}
	case partBody, partFraming:
		if s.armed && s.cut.Place == RequestBody {
			ln.cutBody(seg, true)
		} else {
			ln.passBody(seg)
		}
	default:
		ln.allow = ln.pos
	}
}

func (ln *lane) responseSegment(seg segment) {
	s := ln.splice
	hold := s.armed && (s.cut.Place == Continue || s.cut.Place == ResponseHead)
	switch seg.part {
	case partStart:
		if hold && !seg.ended {
			return
		}
		if seg.ended && ln.scan.bad == "" {
			ln.statusKnown()
			return
		}
		ln.allow = ln.pos
	case partInterim:
		ln.pass(ln.inContinue, "100", seg.ended)
		if seg.ended {
			ln.interim = append(ln.interim, interimHead{ln.scan.status, ln.pos})
			ln.headStart, ln.inContinue = ln.pos, false
		}
	case partHead:
		ln.pass(s.armed && s.cut.Place == ResponseHead, "final response head", seg.ended)
		if seg.ended {
			ln.headEnd = ln.pos
			ln.bodyStart("response")
		}
	case partBody, partFraming:
		if s.armed && s.cut.Place == ResponseBody {
			ln.cutBody(seg, false)
		} else {
			ln.passBody(seg)
		}
	default:
		ln.allow = ln.pos
	}
}

// statusKnown decides about a response head as soon as its status code is there.
func (ln *lane) statusKnown() {
	s := ln.splice
	status := ln.scan.status
	if ln.scan.interim() {
		ln.inContinue = s.armed && s.cut.Place == Continue && status == 100
		ln.pass(ln.inContinue, "100", false)
		return
	}
	ln.finalHead = true
	s.finalStatus = status
	switch {
	case !s.armed:
	case s.cut.Place == Continue:
		s.miss(fmt.Sprintf("the server sent a final response (%d) before any 100", status))
	case s.cut.inRequest():
		s.miss(fmt.Sprintf("the server sent a final response (%d) before the cut in the request was reached", status))
	}
	ln.pass(s.armed && s.cut.Place == ResponseHead, "final response head", false)
}

// pass lets head bytes through, or up to the cut when it lies in this head.
func (ln *lane) pass(cutHere bool, name string, ended bool) {
	if cutHere {
		ln.cutHead(name, ended, ln.inContinue)
	} else {
		ln.allow = ln.pos
	}
}

// cutHead lets the bytes of the head that starts at headStart through up to the cut. nextByte says
// that the cut waits for the byte behind it.
func (ln *lane) cutHead(name string, ended, nextByte bool) {
	s := ln.splice
	size, offset := ln.pos-ln.headStart, s.cut.Offset
	if s.cut.FromEnd {
		if !ended {
			ln.allow = max(ln.allow, ln.pos-offset)
			return
		}
		if size >= offset {
			ln.allow = ln.pos - offset
			s.seal(ln)
			return
		}
	}
	need := max(offset, 1)
	if nextByte && !ended {
		need = offset + 1
	}
	if !s.cut.FromEnd && size >= need {
		ln.allow = ln.headStart + offset
		s.seal(ln)
		return
	}
	ln.allow = ln.pos
	if ended {
		s.miss(fmt.Sprintf("the %s has only %d bytes", name, size))
	}
}

// bodyStart runs when a head (not an interim one) is complete: it turns a cut counted from the end
// into one counted from the start.
func (ln *lane) bodyStart(message string) {
	s := ln.splice
	if !s.armed || s.cut.Place != RequestBody && message == "request" ||
		s.cut.Place != ResponseBody && message == "response" {
		return
	}
	s.offset = s.cut.Offset
	if s.cut.FromEnd {
		switch length := ln.scan.length; {
		case length < 0 && ln.scan.hasBody:
			s.miss(fmt.Sprintf("a cut counted from the end needs a Content-Length, and the %s has none", message))
			return
		case length < s.offset:
			s.miss(fmt.Sprintf("the %s body has only %d bytes", message, max(length, 0)))
			return
		default:
			s.offset = length - s.offset
		}
	}
	if s.offset == 0 && (message == "response" || ln.scan.complete && ln.scan.hasBody) {
		s.seal(ln)
	}
}

// cutBody lets payload through up to the cut. Chunk framing goes with the payload before it, except
// that nothing at all of a request body passes a cut at its byte 0.
func (ln *lane) cutBody(seg segment, request bool) {
	s := ln.splice
	if s.offset == 0 && request {
		s.seal(ln)
		return
	}
	if left := s.offset - ln.body; seg.part == partBody && left <= int64(seg.n) {
		ln.body += left
		ln.allow = ln.pos - int64(seg.n) + left
		s.seal(ln)
		return
	}
	ln.passBody(seg)
}

func (ln *lane) passBody(seg segment) {
	ln.allow = ln.pos
	if seg.part == partBody {
		ln.body += int64(seg.n)
	}
}

// messageEnd runs when the message is complete.
func (ln *lane) messageEnd() {
	s := ln.splice
	ln.whole = ln.pos
	if !s.armed {
		return
	}
	request := ln == &s.up
	switch {
	case request && s.cut.Place == RequestEnd:
		s.seal(ln)
	case request && s.cut.Place == RequestBody && !ln.scan.hasBody:
		s.miss("the request has no body")
	case request && s.cut.Place == RequestBody:
		s.miss(fmt.Sprintf("the request body ended after %d bytes", ln.body))
	case !request && s.cut.Place == ResponseBody && !ln.scan.hasBody:
		s.miss("the response has no body")
	case !request && s.cut.Place == ResponseBody:
		s.miss(fmt.Sprintf("the response body ended after %d bytes", ln.body))
	}
}

// settled says that nothing of what may be forwarded is still on its way to the sink's socket.
func (ln *lane) settled() bool { return ln.written >= ln.allow || ln.broken }

// flow counts what was really written. Payload counts as the last bytes that are missing, when the
// socket took fewer than were allowed.
func (ln *lane) flow() Flow {
	f := Flow{Received: ln.received, Forwarded: ln.written}
	if ln.headEnd >= 0 {
		f.HeadBytes = max(0, min(ln.written, ln.headEnd)-ln.headStart)
	} else if ln == &ln.splice.up || ln.finalHead {
		f.HeadBytes = max(0, ln.written-ln.headStart)
	}
	f.BodyBytes = max(0, ln.body-(ln.allow-ln.written))
	return f
}
