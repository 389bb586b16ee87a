package faults

import "bytes"

// A scanner finds the borders of one HTTP/1.1 message (RFC 9112) in a stream that arrives in pieces
// of any size. It keeps one line of at most lineKeep bytes, whatever the peer sends.
type scanner struct {
	response bool
	method   string // of the request; a response scanner is told it, because HEAD and CONNECT change the framing

	state   scanState
	line    [lineKeep]byte // the current line so far, without what does not fit
	kept    int            // bytes in line
	long    bool           // the current line is longer than line
	started bool           // the start line is complete

	status  int // of the response head being read, 0 before it is known
	fields  framingFields
	hasBody bool
	length  int64 // payload bytes of the body; -1 when only its end will tell
	remain  int64 // payload bytes to come, of the body or of the current chunk

	complete bool   // the message has ended
	bad      string // why the stream is not understood any more; empty while it is
}

// lineKeep is the number of bytes of a line that are looked at. Only the start line, Content-Length,
// Transfer-Encoding and chunk sizes matter, and a sensible one of these is much shorter.
const lineKeep = 256

type scanState uint8

const (
	stateStart     scanState = iota // before the status code of a response is known
	stateHead                       // start line and fields
	stateLength                     // body with a Content-Length
	stateClose                      // body that ends with the connection
	stateChunkSize                  // chunk-size line with its extensions
	stateChunkData
	stateChunkEnd // the line end after the chunk data
	stateTrailer
	stateRest // after the message, or not understood
)

// A part says to what a run of bytes belongs.
type part uint8

const (
	partStart   part = iota // of a response head that is not yet known to be interim or final
	partHead                // head of the request or of the final response
	partInterim             // head of an interim response
	partFraming             // chunk sizes, their line ends, the trailer section
	partBody                // payload
	partRest                // behind the message, or not understood
)

// A segment is a run of bytes of one part. ended says that the part is complete with its last byte:
// the status is known (partStart) or the head is whole (partHead, partInterim).
type segment struct {
	n     int
	part  part
	ended bool
}

func newRequestScanner() scanner  { return scanner{state: stateHead, length: -1} }
func newResponseScanner() scanner { return scanner{response: true, length: -1} }

// next reads the first segment of p, which must not be empty. It always takes at least one byte.
func (s *scanner) next(p []byte) segment {
	switch s.state {
	case stateStart:
		return s.nextStart(p)
	case stateHead:
		return s.nextHead(p)
	case stateLength, stateChunkData:
		return s.nextCounted(p)
	case stateClose:
		return segment{n: len(p), part: partBody}
	case stateChunkSize, stateChunkEnd, stateTrailer:
		return s.nextFraming(p)
	}
	return segment{n: len(p), part: partRest}
}

// statusPattern is the form of a status line up to the status code; '0' stands for any digit.
const statusPattern = "HTTP/0.0 000"

func (s *scanner) nextStart(p []byte) segment {
	for i, c := range p {
		want := statusPattern[s.kept]
		if want == '0' && (c < '0' || c > '9') || want != '0' && c != want {
			s.fail("the server did not answer in HTTP/1.1")
			return segment{n: i + 1, part: partStart, ended: true}
		}
		s.line[s.kept] = c
		s.kept++
		if s.kept == len(statusPattern) {
			d := s.line[9:12]
			s.status = int(d[0]-'0')*100 + int(d[1]-'0')*10 + int(d[2]-'0')
			s.state = stateHead
			return segment{n: i + 1, part: partStart, ended: true}
		}
	}
	return segment{n: len(p), part: partStart}
}

// interim says that the response head being read is one after which another head follows. 101 is
// not: after it the connection speaks something else (RFC 9110, 15.2.2).
func (s *scanner) interim() bool { return s.status/100 == 1 && s.status != 101 }

func (s *scanner) nextHead(p []byte) segment {
	seg := segment{part: partHead}
	if s.response && s.interim() {
		seg.part = partInterim
	}
	for seg.n < len(p) {
		if c := p[seg.n]; !s.response && !s.started && s.kept == 0 && !isToken(c) && c != '\r' && c != '\n' {
			if seg.n > 0 {
				return seg // of empty lines; the next call comes to this byte
			}
			s.fail("the client did not speak HTTP/1.1")
			return segment{n: len(p), part: partRest}
		}
		k, whole := s.readLine(p[seg.n:])
		seg.n += k
		if !whole {
			return seg
		}
		if s.endLine() || s.bad != "" {
			seg.ended = s.bad == ""
			return seg
		}
	}
	return seg
}

// readLine takes bytes up to and with the next LF and says whether there was one.
func (s *scanner) readLine(p []byte) (n int, whole bool) {
	n = bytes.IndexByte(p, '\n') + 1
	whole = n > 0
	if !whole {
		n = len(p)
	}
	k := copy(s.line[s.kept:], p[:n])
	s.kept += k
	s.long = s.long || k < n
	return n, whole
}

// takeLine gives the line without its line end, and starts a new one. A lone LF ends a line as well
// as CRLF does (RFC 9112, 2.2). The bytes are good until the next read.
func (s *scanner) takeLine() (line []byte, long bool) {
	line, long = s.line[:s.kept], s.long
	s.kept, s.long = 0, false
	if !long {
		line = bytes.TrimSuffix(line, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	return line, long
}

// endLine handles a whole line of a head and says whether the head is complete with it.
func (s *scanner) endLine() bool {
	line, long := s.takeLine()
	switch {
	case !s.started:
		if len(line) == 0 {
			return false // empty lines before a request line are ignored (RFC 9112, 2.2)
		}
		s.started = true
		if !s.response {
			s.requestLine(line)
		}
		return false
	case len(line) > 0:
		s.fields.add(line, long)
		return false
	}
	s.endHead()
	return true
}

func (s *scanner) requestLine(line []byte) {
	method, rest, found := bytes.Cut(line, []byte(" "))
	if !found {
		s.fail("the client did not speak HTTP/1.1")
		return
	}
	s.method = string(method)
	if s.method == "PRI" && bytes.HasSuffix(rest, []byte("HTTP/2.0")) {
		s.fail("the client speaks HTTP/2")
	}
}

// endHead finds out how long the body is (RFC 9112, 6.3) and what follows.
func (s *scanner) endHead() {
	fields := s.fields
	s.fields, s.started = framingFields{}, false
	switch {
	case s.response && s.interim():
		s.state = stateStart
		return
	case s.response && (s.status == 101 || s.method == "CONNECT" && s.status/100 == 2):
		s.finish()
		return
	case s.response && (s.method == "HEAD" || s.status == 204 || s.status == 304):
		s.length = 0
		s.finish()
		return
	case fields.bad:
		s.fail("the message length is not clear from its fields")
		return
	}
	s.hasBody = true
	switch {
	case fields.coded && fields.chunked:
		s.state = stateChunkSize
	case fields.coded && !s.response:
		s.fail("the request has a transfer coding other than chunked at its end")
	case fields.coded, !fields.sized && s.response:
		s.state = stateClose
	case !fields.sized:
		s.hasBody, s.length = false, 0
		s.finish()
	case fields.length == 0:
		s.length = 0
		s.finish()
	default:
		s.state, s.length, s.remain = stateLength, fields.length, fields.length
	}
}

func (s *scanner) nextCounted(p []byte) segment {
	n := int(min(int64(len(p)), s.remain))
	s.remain -= int64(n)
	if s.remain == 0 {
		if s.state == stateLength {
			s.finish()
		} else {
			s.state = stateChunkEnd
		}
	}
	return segment{n: n, part: partBody}
}

func (s *scanner) nextFraming(p []byte) segment {
	n, whole := s.readLine(p)
	seg := segment{n: n, part: partFraming}
	if !whole {
		return seg
	}
	line, long := s.takeLine()
	switch s.state {
	case stateChunkEnd:
		s.state = stateChunkSize
		if len(line) > 0 {
			s.fail("chunk data is longer than its chunk size")
		}
	case stateTrailer:
		if len(line) == 0 && !long {
			s.finish()
		}
	default:
		size, ok := chunkSize(line)
		switch {
		case !ok:
			s.fail("a chunk size is not a hexadecimal number")
		case size == 0:
			s.state = stateTrailer
		default:
			s.state, s.remain = stateChunkData, size
		}
	}
	return seg
}

func (s *scanner) finish() { s.state, s.complete = stateRest, true }

func (s *scanner) fail(why string) { s.state, s.bad = stateRest, why }
