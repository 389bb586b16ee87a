package exchange

import (
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
)

// framing says how a body ends.
type framing int

const (
	noBody framing = iota
	byLength
	byChunks
	byClose
)

// framing finds out how the body of a final response ends (RFC 9112, 6.3). What would let two readers
// see different messages (both fields, differing lengths, chunks in HTTP/1.0) is a syntax error.
func (p *parser) framing(resp *Response) (framing, int64, error) {
	if p.method == "HEAD" || resp.Status == 204 || resp.Status == 304 {
		return noBody, 0, nil
	}
	length, lengths := int64(-1), resp.Fields.Values("Content-Length")
	for value := range strings.SplitSeq(strings.Join(lengths, ","), ",") {
		if len(lengths) == 0 {
			break
		}
		n, err := parseDecimal(trimOWS(value))
		if err != nil {
			return 0, 0, p.syntax("Content-Length %q", value)
		}
		if length >= 0 && n != length {
			return 0, 0, p.syntax("Content-Length both %d and %d", length, n)
		}
		length = n
	}
	if resp.Fields.Has("Transfer-Encoding") {
		return p.transferCoding(resp, length)
	}
	if length >= 0 {
		return byLength, length, nil
	}
	return byClose, 0, nil
}

func (p *parser) transferCoding(resp *Response, length int64) (framing, int64, error) {
	codings := resp.Fields.Joined("Transfer-Encoding")
	if length >= 0 {
		return 0, 0, p.syntax("both Content-Length and Transfer-Encoding")
	}
	if resp.Proto == "HTTP/1.0" {
		return 0, 0, p.syntax("Transfer-Encoding %q in an HTTP/1.0 response", codings)
	}
	chunked, last := 0, false
	for coding := range strings.SplitSeq(codings, ",") {
		if coding = trimOWS(coding); coding == "" {
			continue // an empty list element counts for nothing (RFC 9110, 5.6.1.2)
		}
		if last = strings.EqualFold(coding, "chunked"); last {
			chunked++
		}
	}
	switch {
	case chunked == 0:
		return byClose, 0, nil
	case chunked == 1 && last:
		return byChunks, 0, nil
	}
	return 0, 0, p.syntax("chunked is not the last transfer coding: %q", codings)
}

// body reads the body of a final response into it. On an error the response holds what came.
func (p *parser) body(resp *Response) error {
	p.op = opFinal
	how, length, err := p.framing(resp)
	if err != nil {
		return err
	}
	p.src.enter(classBody, "body")
	switch how {
	case byLength:
		err = p.payload(resp, length)
	case byChunks:
		err = p.chunks(resp)
	case byClose:
		// Only an orderly end counts; a reset here would otherwise pass for a whole body.
		err = p.payload(resp, math.MaxInt64)
		if errors.Is(err, io.EOF) && KindOf(err) == Closed {
			err = nil
		}
	}
	resp.Complete = err == nil
	p.src.border("")
	return err
}

// payload reads n payload bytes, at most as many as the limit of the body leaves.
func (p *parser) payload(resp *Response, n int64) error {
	for n > 0 {
		b, err := p.src.peek()
		if err != nil {
			return p.fail(err)
		}
		room := p.limits.Body - resp.BodyBytes
		if room == 0 {
			return p.limit("body larger than %d bytes", p.limits.Body)
		}
		part := p.src.take(int(min(n, room, int64(len(b)))))
		resp.Body = append(resp.Body, part...)
		resp.BodyBytes += int64(len(part))
		n -= int64(len(part))
	}
	return nil
}

// chunkLine bounds one chunk-size line with its extensions, in bytes.
const chunkLine = 4 << 10

// chunks reads a chunked body with its trailer section (RFC 9112, 7.1). All chunk extensions together
// may be as long as a head: they cost the sender little and carry nothing.
func (p *parser) chunks(resp *Response) error {
	extensions := int64(0)
	for {
		var raw []byte
		p.part = "chunk-size line"
		line, err := p.line(&raw, min(chunkLine, p.limits.Head))
		if err != nil {
			return err
		}
		size, extension, extended := strings.Cut(string(line), ";")
		n, err := parseHex(strings.TrimRight(size, " \t"))
		if err != nil {
			return p.syntax("chunk size %s", quote(line))
		}
		if extended {
			extensions += int64(len(extension)) + 1
		}
		if extensions > p.limits.Head {
			return p.limit("chunk extensions larger than %d bytes", p.limits.Head)
		}
		if n == 0 {
			break
		}
		if err := p.payload(resp, n); err != nil {
			return err
		}
		if err := p.chunkEnd(); err != nil {
			return err
		}
	}
	var raw []byte
	var err error
	p.part = "trailer section"
	resp.Trailers, err = p.fields(&raw, p.limits.Head)
	return err
}

// chunkEnd reads the line end after the data of a chunk, byte by byte: data longer than announced
// must be told at its first byte, not after a whole line of it.
func (p *parser) chunkEnd() error {
	for range 2 {
		b, err := p.src.peek()
		if err != nil {
			return p.fail(err)
		}
		if b[0] != '\r' && b[0] != '\n' {
			return p.syntax("chunk data longer than announced")
		}
		if p.src.take(1)[0] == '\n' {
			return nil
		}
	}
	return p.syntax("no line end after chunk data")
}

var errNumber = errors.New("not a number")

// parseDecimal parses 1*DIGIT, without sign, that fits 63 bits.
func parseDecimal(s string) (int64, error) {
	if !digits(s) {
		return 0, errNumber
	}
	return strconv.ParseInt(s, 10, 64)
}

// parseHex parses 1*HEXDIG that fits 63 bits.
func parseHex(s string) (int64, error) {
	if s == "" || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return 0, errNumber
	}
	return strconv.ParseInt(s, 16, 64)
}
