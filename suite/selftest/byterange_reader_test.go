package selftest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
)

// reader gives a function that reads a request part by part; io.EOF after the last.
func (s *rangeServer) reader(r *http.Request) (func() (*rangePart, error), error) {
	if r.Method == http.MethodPut {
		return s.putReader(r)
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if s.has(boundaryAsWritten) {
		_, after, _ := strings.Cut(r.Header.Get("Content-Type"), "boundary=")
		params["boundary"] = after
	}
	if err == nil && !strings.Contains(strings.ToLower(s.accepts()), kind) {
		kind = ""
	}
	in := bufio.NewReader(r.Body)
	switch kind {
	case "message/byterange":
		return once(func() (*rangePart, error) { return s.messagePart(r, in) }), nil
	case "multipart/byteranges":
		if params["boundary"] == "" && s.has(boundaryGuessed) {
			first, _ := in.ReadString('\n')
			params["boundary"] = strings.Trim(first, "-\r\n")
			in = bufio.NewReader(io.MultiReader(strings.NewReader(first), in))
		}
		if params["boundary"] == "" {
			return nil, refusal(400)
		}
		return s.multipartReader(multipart.NewReader(in, params["boundary"]), r.ContentLength), nil
	case "application/byteranges":
		return func() (*rangePart, error) { return s.binaryPart(in) }, nil
	}
	if s.has(anyTypeTaken) && !s.has(patchUnknown) {
		return once(func() (*rangePart, error) { return s.messagePart(r, in) }), nil
	}
	if s.has(patchUnknown) {
		return nil, refusal(405)
	}
	return nil, refusal(415)
}

// once gives the result of f, and then io.EOF.
func once(f func() (*rangePart, error)) func() (*rangePart, error) {
	over := false
	return func() (*rangePart, error) {
		if over {
			return nil, io.EOF
		}
		over = true
		return f()
	}
}

func (s *rangeServer) putReader(r *http.Request) (func() (*rangePart, error), error) {
	if s.has(putRefused) {
		return nil, refusal(405)
	}
	n := r.ContentLength
	if s.has(putHalf) {
		n = -1
	}
	return once(func() (*rangePart, error) {
		return &rangePart{n: n, complete: n, kind: r.Header.Get("Content-Type"), body: s.halved(r.Body)}, nil
	}), nil
}

// halved takes the end of the connection for that of the body, where that is the bug.
func (s *rangeServer) halved(body io.Reader) io.Reader {
	if !s.has(putHalf) {
		return body
	}
	return believing{body}
}

type believing struct{ io.Reader }

// Read takes every error for the end.
func (b believing) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// messagePart reads a message/byterange.
func (s *rangeServer) messagePart(r *http.Request, in *bufio.Reader) (*rangePart, error) {
	fields, size, err := s.fieldLines(in)
	if err != nil {
		return nil, err
	}
	p, err := s.part(fields, in)
	if err == nil {
		p.frame = size
		if s.has(unmeasuredEmpty) && fields.Get("Content-Length") == "" && r.ContentLength >= 0 {
			p.body = strings.NewReader("")
		}
	}
	return p, err
}

// fieldLines reads up to the first empty line, and gives the bytes that it took.
func (s *rangeServer) fieldLines(in *bufio.Reader) (textproto.MIMEHeader, int, error) {
	fields, size := textproto.MIMEHeader{}, 0
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, 0, io.ErrUnexpectedEOF
		}
		size += len(line)
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return fields, size, nil
		}
		name, value, found := strings.Cut(line, ":")
		if !found || name == "" || size > 16<<10 {
			return nil, 0, refusal(400)
		}
		if s.has(fieldsByCase) && name != textproto.CanonicalMIMEHeaderKey(name) {
			continue
		}
		fields.Add(name, strings.Trim(value, " \t"))
	}
}

func (s *rangeServer) multipartReader(in *multipart.Reader, length int64) func() (*rangePart, error) {
	return func() (*rangePart, error) {
		raw, err := in.NextRawPart()
		if err != nil {
			if err == io.EOF || s.has(noPartsTaken) { // one that is wrapped is no orderly end
				return nil, io.EOF
			}
			return nil, truncated(err)
		}
		var body io.Reader = raw
		if s.has(partsTrimmed) {
			data, err := io.ReadAll(raw)
			if err != nil {
				return nil, err
			}
			body = bytes.NewReader(bytes.TrimRight(data, "\r\n"))
		}
		if s.has(partsBuffered) && length > 0 {
			data, err := io.ReadAll(raw)
			body = io.MultiReader(bytes.NewReader(data), strings.NewReader("\r\n--"))
			if err == nil {
				body = bytes.NewReader(data)
			}
		}
		return s.part(raw.Header, body)
	}
}

// binaryPart reads one message of an application/byteranges.
func (s *rangeServer) binaryPart(in *bufio.Reader) (*rangePart, error) {
	indicator, err := s.integer(in)
	if err != nil {
		return nil, err // io.EOF where the messages end
	}
	if s.has(indicatorUnread) && indicator != 10 {
		indicator = 8
	}
	fields := textproto.MIMEHeader{}
	switch indicator {
	case 8:
		length, err := s.integer(in)
		if err != nil || length > 16<<10 {
			return nil, truncated(err)
		}
		section := bufio.NewReader(io.LimitReader(in, int64(length))) // #nosec G115 -- at most 16 KiB
		for {
			if _, err := section.Peek(1); err != nil {
				break
			}
			if err := s.fieldLine(section, fields, 0); err != nil {
				return nil, err
			}
		}
		n, err := s.integer(in)
		if err != nil {
			return nil, truncated(err)
		}
		if s.has(contentLimited) {
			n = min(n, 64<<10)
		}
		return s.part(fields, exactly{&io.LimitedReader{R: in, N: int64(n)}}) // #nosec G115 -- the server's own test
	case 10:
		for {
			n, err := s.integer(in)
			if err != nil {
				return nil, truncated(err)
			}
			if n == 0 {
				break
			}
			if err := s.fieldLine(in, fields, n); err != nil {
				return nil, err
			}
		}
		return s.part(fields, &chunkReader{s: s, in: in})
	}
	return nil, refusal(400)
}

func truncated(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// exactly reads what is announced; less of it is an interruption.
type exactly struct{ *io.LimitedReader }

// Read reads.
func (e exactly) Read(p []byte) (int, error) {
	n, err := e.LimitedReader.Read(p)
	if errors.Is(err, io.EOF) && e.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// fieldLine reads a field line whose name has the length n, or tells it itself.
func (s *rangeServer) fieldLine(in *bufio.Reader, fields textproto.MIMEHeader, n uint64) (err error) {
	if n == 0 {
		if n, err = s.integer(in); err != nil {
			return truncated(err)
		}
	}
	if n == 0 || n > 1000 {
		return refusal(400)
	}
	name := make([]byte, n)
	if _, err := io.ReadFull(in, name); err != nil {
		return truncated(err)
	}
	length, err := s.integer(in)
	if err != nil || length > 8000 {
		return truncated(err)
	}
	value := make([]byte, length)
	if _, err := io.ReadFull(in, value); err != nil {
		return truncated(err)
	}
	fields.Add(string(name), string(value))
	return nil
}

// integer reads a variable-length integer (RFC 9000, 16).
func (s *rangeServer) integer(in *bufio.Reader) (uint64, error) {
	first, err := in.ReadByte()
	if err != nil {
		return 0, err
	}
	if s.has(shortIntegers) && first>>6 == 3 {
		return 0, refusal(400)
	}
	var b [8]byte
	b[8-1<<(first>>6)] = first & 0x3f
	if _, err := io.ReadFull(in, b[8-1<<(first>>6)+1:]); err != nil {
		return 0, truncated(err)
	}
	return binary.BigEndian.Uint64(b[:]), nil
}

// chunkReader reads indeterminate-length content.
type chunkReader struct {
	s    *rangeServer
	in   *bufio.Reader
	left uint64
	over bool
}

// Read reads.
func (c *chunkReader) Read(p []byte) (int, error) {
	for c.left == 0 {
		if c.over {
			return 0, io.EOF
		}
		n, err := c.s.integer(c.in)
		if err != nil {
			return 0, truncated(err)
		}
		if c.left = n; n == 0 {
			c.over = true
		}
		if c.s.has(firstChunkOnly) {
			c.over = true
		}
	}
	n, err := c.in.Read(p[:min(uint64(len(p)), c.left)])
	c.left -= uint64(n) // #nosec G115 -- not negative
	return n, err
}

// part reads where a part goes.
func (s *rangeServer) part(fields textproto.MIMEHeader, body io.Reader) (*rangePart, error) {
	p := &rangePart{n: -1, complete: -1, kind: fields.Get("Content-Type"), body: body, frame: 20}
	if s.has(unknownFieldRefused) && fields.Get("X-Resumespec-Unknown") != "" {
		return nil, refusal(400)
	}
	ranges, offsets := fields["Content-Range"], fields["Content-Offset"]
	if s.has(offsetUnknown) {
		offsets = nil
	}
	var err error
	switch {
	case len(ranges)+len(offsets) > 1 && !s.has(firstRangeTaken):
		return nil, refusal(400)
	case len(ranges) > 0:
		err = s.contentRange(p, ranges[0])
	case len(offsets) > 0:
		err = s.contentOffset(p, offsets[0])
	case s.has(rangelessTaken):
		p.at = 0
	case s.has(rangeless409):
		return nil, refusal(409)
	default:
		return nil, refusal(422)
	}
	if err != nil {
		return nil, err
	}
	return p, s.measure(p, fields)
}

// measure holds the Content-Length of a part against its range.
func (s *rangeServer) measure(p *rangePart, fields textproto.MIMEHeader) error {
	value := fields.Get("Content-Length")
	if value == "" {
		return nil
	}
	n, ok := number(value)
	want := p.n
	if p.sized {
		want = 0
		if n > 0 && s.has(sizedBodyDropped) {
			return nil
		}
	}
	if s.has(lengthIgnored) {
		if !p.sized && ok {
			p.n = -1
		}
		return nil
	}
	if !ok || want >= 0 && n != want {
		return refusal(400)
	}
	return nil
}

// contentRange reads a Content-Range (RFC 9110, 14.4).
func (s *rangeServer) contentRange(p *rangePart, value string) error {
	unit, rest, _ := strings.Cut(value, " ")
	positions, complete, found := strings.Cut(rest, "/")
	if s.has(rangeGuess) {
		_, _ = fmt.Sscanf(rest, "%d-%d", &p.at, &p.n)
		p.n = -1
		return nil
	}
	if unit != "bytes" && !s.has(unitUnread) || !found {
		return refusal(400)
	}
	if complete != "*" {
		n, ok := number(complete)
		if !ok {
			return refusal(400)
		}
		p.complete = n
	}
	if positions == "*" && p.complete >= 0 {
		p.sized, p.n = true, 0
		return nil
	}
	from, to, _ := strings.Cut(positions, "-")
	first, ok := number(from)
	last, also := number(to)
	if !ok || !also || last < first || p.complete >= 0 && last >= p.complete {
		return refusal(400)
	}
	p.at, p.n = first, last-first+1
	if s.has(lastExclusive) {
		p.n--
	}
	if s.has(openRefused) && p.complete < 0 {
		return refusal(400)
	}
	return nil
}

// contentOffset reads a Content-Offset: an sf-integer with parameters (RFC 8941).
func (s *rangeServer) contentOffset(p *rangePart, value string) error {
	items := strings.Split(value, ";")
	digits := items[0]
	if s.has(offsetGuess) {
		digits, _, _ = strings.Cut(digits, ".")
	}
	at, ok := number(digits)
	if !ok || len(digits) > 15 {
		return refusal(400)
	}
	p.at = at
	for _, item := range items[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		switch name {
		case "unit":
			if value != "bytes" {
				return refusal(400)
			}
		case "complete-length":
			if p.complete, ok = number(value); !ok {
				return refusal(400)
			}
		}
	}
	if s.has(offsetEnds) && p.complete < 0 {
		data, err := io.ReadAll(p.body)
		if err != nil {
			return err
		}
		p.body, p.complete = bytes.NewReader(data), at+int64(len(data))
	}
	return nil
}
