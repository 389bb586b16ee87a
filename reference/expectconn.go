package reference

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
)

// net/http answers any Expect but 100-continue with 417 before a handler sees it. So the field is given another name, of
// the same length, on its way from the connection: nothing else of the stream is changed, and nothing is moved.

// fieldHandedOn is the name under which a line of Expect is handed on that names Range.
const fieldHandedOn = "Xpect0"

// rangeListener accepts connections whose requests may expect Range.
type rangeListener struct{ net.Listener }

// Accept wraps a connection. One with TLS stays as it is: net/http has to see that it is one.
func (l rangeListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if _, secure := c.(*tls.Conn); secure || err != nil {
		return c, err
	}
	return &rangeConn{Conn: c}, nil
}

// rangeConn renames the lines of Expect that name Range.
type rangeConn struct {
	net.Conn
	scan  headScanner
	held  []byte // read, and not to be handed on before the line is complete
	ready []byte // to be handed on before anything else
}

// Read implements net.Conn.
func (c *rangeConn) Read(p []byte) (int, error) {
	for {
		if len(c.ready) > 0 {
			n := copy(p, c.ready)
			c.ready = c.ready[n:]
			return n, nil
		}
		n, err := c.Conn.Read(p)
		if n = c.hold(p[:n]); n > 0 {
			return n, err
		}
		if errors.Is(err, io.EOF) && len(c.held) > 0 {
			c.ready, c.held = c.held, nil // the head ends here
			continue
		}
		if err != nil && len(c.ready) == 0 || len(p) == 0 {
			return 0, err
		}
	}
}

// hold scans what was read, and returns how much of it may be handed on at once. The rest is held back, or ready.
func (c *rangeConn) hold(b []byte) int {
	keep := c.scan.feed(b, c.held)
	if len(c.held) == 0 {
		c.held = append(c.held, b[len(b)-keep:]...)
		return len(b) - keep
	}
	if c.scan.holding && keep == len(b) {
		c.held = append(c.held, b...)
		return 0
	}
	c.ready = slices.Concat(c.held, b[:len(b)-keep])
	c.held = append(c.held[:0], b[len(b)-keep:]...)
	return 0
}

// NetConn is the connection below.
func (c *rangeConn) NetConn() net.Conn { return c.Conn }

// ReadFrom keeps sendfile.
func (c *rangeConn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

// CloseWrite lets net/http end a connection without losing the response.
func (c *rangeConn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// headScanner finds the heads of requests in a stream (RFC 9112). It is strict: at the first thing that two parsers might
// read in two ways it goes blind, for good, and changes nothing any more.
type headScanner struct {
	state   scanState
	line    []byte // the line so far, where it began in an earlier piece
	left    int64  // bytes of content to skip
	holding bool   // the line may be one of Expect
	length  int64  // Content-Length, -1 for none
	chunked bool
}

type scanState int

const (
	scanRequestLine scanState = iota
	scanFields
	scanContent
	scanChunkSize
	scanChunk
	scanTrailer
	scanBlind
)

// maxScanLine bounds a line, in bytes; a longer one makes the scanner blind.
const maxScanLine = 8 << 10

// feed scans the next piece of the stream. A line of Expect is renamed in place: in b, or in held where it began. It
// returns how many bytes at the end of b must be held back until more is there.
func (s *headScanner) feed(b, held []byte) (keep int) {
	for at := 0; at < len(b); {
		switch s.state {
		case scanBlind:
			s.holding = false
			return 0
		case scanContent, scanChunk:
			n := min(s.left, int64(len(b)-at))
			at += int(n)
			if s.left -= n; s.left == 0 {
				s.contentEnded()
			}
		default:
			end := bytes.IndexByte(b[at:], '\n')
			if end < 0 {
				return s.partial(b[at:])
			}
			s.whole(b[at:at+end+1], held)
			at += end + 1
		}
	}
	return 0
}

// partial keeps a line that does not end here, and tells how much of it is to be held back.
func (s *headScanner) partial(b []byte) (keep int) {
	if len(s.line)+len(b) > maxScanLine {
		s.state, s.holding = scanBlind, false
		return 0
	}
	s.line = append(s.line, b...)
	s.holding = s.state == scanFields && mayBeExpect(s.line)
	if s.holding {
		return len(b)
	}
	return 0
}

// mayBeExpect tells whether a line begins with "Expect:" as far as it goes.
func mayBeExpect(line []byte) bool {
	const name = "expect:"
	n := min(len(line), len(name))
	return strings.EqualFold(string(line[:n]), name[:n])
}

// whole takes a line that ends in b.
func (s *headScanner) whole(b, held []byte) {
	line := b
	if len(s.line) > 0 {
		s.line = append(s.line, b...)
		line = s.line
	}
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || len(line) > maxScanLine || bytes.ContainsAny(text, "\r\x00") {
		s.state = scanBlind
	} else if s.take(string(text)) {
		if s.holding {
			copy(held, fieldHandedOn)
		} else {
			copy(b, fieldHandedOn)
		}
	}
	s.line, s.holding = s.line[:0], false
}

// take interprets a line, and tells whether it is to be renamed.
func (s *headScanner) take(line string) (rename bool) {
	switch s.state {
	case scanRequestLine:
		s.requestLine(line)
	case scanFields:
		return s.field(line)
	case scanChunkSize:
		s.chunkSize(line)
	case scanTrailer:
		if line == "" {
			s.state = scanRequestLine
		} else if _, _, ok := parseFieldLine(line); !ok {
			s.state = scanBlind
		}
	}
	return false
}

func (s *headScanner) requestLine(line string) {
	method, rest, ok1 := strings.Cut(line, " ")
	_, version, ok2 := strings.Cut(rest, " ")
	s.state, s.length, s.chunked = scanFields, -1, false
	if !ok1 || !ok2 || !isToken(method) || method == http.MethodConnect || version != "HTTP/1.1" && version != "HTTP/1.0" {
		s.state = scanBlind
	}
}

// field takes a field line, or the empty line that ends the head.
func (s *headScanner) field(line string) (rename bool) {
	if line == "" {
		s.headEnded()
		return false
	}
	name, value, ok := parseFieldLine(line)
	switch {
	case !ok:
		s.state = scanBlind
	case name == "expect":
		all := members(value)
		return slices.Contains(all, expectRange) && !slices.Contains(all, expect100)
	case name == "content-length":
		if s.length >= 0 {
			s.state = scanBlind
		} else if s.length, ok = parseDigits(value); !ok {
			s.state = scanBlind
		}
	case name == "transfer-encoding":
		if s.chunked || !strings.EqualFold(value, "chunked") {
			s.state = scanBlind
		}
		s.chunked = true
	}
	return false
}

func (s *headScanner) headEnded() {
	switch {
	case s.chunked && s.length >= 0:
		s.state = scanBlind
	case s.chunked:
		s.state = scanChunkSize
	case s.length > 0:
		s.state, s.left = scanContent, s.length
	default:
		s.state = scanRequestLine
	}
}

func (s *headScanner) contentEnded() {
	if s.state == scanChunk {
		s.state = scanChunkSize
		return
	}
	s.state = scanRequestLine
}

// maxChunk bounds a chunk, in bytes, so that its length with its line end fits.
const maxChunk = 1 << 60

func (s *headScanner) chunkSize(line string) {
	digits, _, _ := strings.Cut(line, ";")
	n, ok := parseHex(digits)
	switch {
	case !ok || n > maxChunk:
		s.state = scanBlind
	case n == 0:
		s.state = scanTrailer
	default:
		s.state, s.left = scanChunk, n+2
	}
}

// parseHex reads 1*HEXDIG of up to 15 digits.
func parseHex(s string) (n int64, ok bool) {
	if s == "" || len(s) > 15 {
		return 0, false
	}
	for i := range len(s) {
		d := strings.IndexByte("0123456789abcdef", s[i]|0x20)
		if d < 0 || s[i] < '0' {
			return 0, false
		}
		n = n<<4 | int64(d)
	}
	return n, true
}
