package reference

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/dunglas/httpsfv"
)

// Part is one range of a document and the bytes for it (Byte Range PATCH, Modifying a Content Range with PATCH).
type Part struct {
	Range ContentRange
	Open  bool      // no last position: Range.First is known only (Content-Offset)
	Type  string    // Content-Type of the document, "" where the part names none
	Size  int64     // bytes of Body where they are known beforehand, -1 where not
	Body  io.Reader // io.EOF at its end, errShort where the document ends before
}

// Want is how many bytes the part announces; -1 where that is not known.
func (p Part) Want() int64 {
	if p.Open {
		return -1
	}
	return p.Range.Length()
}

// Last is the last position that the part may write to, -1 where that is not known.
func (p Part) Last() int64 {
	if p.Open || p.Range.Ends() {
		return -1
	}
	return p.Range.Last
}

// partReader gives the parts of a patch one by one; io.EOF after the last one. The body of a part is read before the next.
type partReader interface {
	next() (Part, error)
}

// mediaTypes of a patch.
const (
	mediaMultipart = "multipart/byteranges"
	mediaBinary    = "application/byteranges"
)

const acceptPatch = mediaByterange + ", " + mediaMultipart + ", " + mediaBinary

// maxParts bounds the parts of one patch.
const maxParts = 1 << 12

var (
	errParts  = errors.New("too many parts")
	errType   = errors.New("not a patch that is known here")
	errCoding = errors.New("content codings are not supported")
)

// partsOf chooses the reader by the media type of the patch.
func (s *Server) partsOf(h http.Header, body *bufio.Reader, total int64) (r partReader, several bool, err error) {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || h.Get("Content-Encoding") != "" {
		return nil, false, errType
	}
	read := s.seams.Document.Part
	switch media {
	case mediaByterange:
		return &messageParts{body: body, total: total, read: read}, false, nil
	case mediaMultipart:
		boundary := params["boundary"]
		if boundary == "" || len(boundary) > 70 || strings.HasSuffix(boundary, " ") {
			return nil, false, errPartSyntax // RFC 2046, 5.1.1
		}
		return &multiParts{r: multipart.NewReader(body, boundary), read: read}, true, nil
	case mediaBinary:
		return &binaryParts{r: body, read: read}, true, nil
	default:
		return nil, false, errType
	}
}

// partOf reads what the fields of a part say; their names are in lower case.
func partOf(fields map[string][]string) (p Part, err error) {
	p.Size = -1
	if types := fields["content-type"]; len(types) > 0 {
		p.Type = types[0]
	}
	for _, coding := range fields["content-encoding"] {
		if !strings.EqualFold(coding, "identity") {
			return p, errCoding // as in a PUT
		}
	}
	offsets := fields["content-offset"]
	if len(offsets) == 0 {
		p.Range, err = rangeOf(fields)
		return p, err
	}
	if len(fields["content-range"]) > 0 {
		return p, errRangeTwice
	}
	if p.Range, err = parseContentOffset(offsets); err != nil {
		return p, err
	}
	p.Open = true
	for _, value := range fields["content-length"] {
		n, ok := parseDigits(value)
		if !ok || n > maxDigits-p.Range.First {
			return p, errPartSyntax
		}
		if !p.Open && n != p.Range.Length() {
			return p, errPartLength
		}
		if n > 0 { // the end is known after all
			p.Open, p.Range.Last = false, p.Range.First+n-1
		}
		if p.Range.Complete >= 0 && p.Range.Last >= p.Range.Complete {
			return p, errRangeSyntax
		}
	}
	return p, nil
}

// maxDigits keeps a sum of two numbers from a client within an int64.
const maxDigits = 1 << 62

// parseContentOffset reads a Structured Field Item: an Integer with the parameters unit and complete-length (Byte Range
// PATCH, The Content-Offset Field).
func parseContentOffset(lines []string) (ContentRange, error) {
	item, err := httpsfv.UnmarshalItem(lines)
	if err != nil {
		return ContentRange{}, errRangeSyntax
	}
	first, ok := item.Value.(int64)
	if !ok || first < 0 {
		return ContentRange{}, errRangeSyntax
	}
	c := ContentRange{First: first, Last: -1, Complete: -1}
	if unit, given := item.Params.Get("unit"); given {
		switch unit {
		case httpsfv.Token(unitBytes), unitBytes:
		default:
			return c, errRangeUnit
		}
	}
	if complete, given := item.Params.Get("complete-length"); given {
		n, ok := complete.(int64)
		if !ok || n < first {
			return c, errRangeSyntax
		}
		c.Complete = n
	}
	return c, nil
}

const unitBytes = "bytes"

// messageParts reads message/byterange: one part.
type messageParts struct {
	body  *bufio.Reader
	total int64 // bytes of the whole patch, -1 where that is not known
	read  func(fields map[string][]string) (Part, error)
	done  bool
}

func (m *messageParts) next() (Part, error) {
	if m.done {
		return Part{}, io.EOF
	}
	m.done = true
	head, err := readPartHead(m.body)
	if err != nil {
		return Part{}, err
	}
	p, err := m.read(head.fields)
	p.Body = m.body
	if m.total >= 0 {
		p.Size = m.total - head.size
	}
	return p, err
}

// multiParts reads multipart/byteranges.
type multiParts struct {
	r    *multipart.Reader
	read func(fields map[string][]string) (Part, error)
	n    int
}

func (m *multiParts) next() (Part, error) {
	part, err := m.r.NextRawPart()
	switch {
	case errors.Is(err, io.EOF) && m.n == 0:
		return Part{}, errPartSyntax
	case errors.Is(err, io.EOF):
		return Part{}, io.EOF
	case errors.Is(err, errInterrupted):
		return Part{}, err
	case err != nil:
		return Part{}, errPartSyntax // a boundary that is not there, or fields that cannot be read
	}
	if m.n++; m.n > maxParts {
		return Part{}, errParts
	}
	fields := map[string][]string{}
	for name, values := range part.Header {
		name = strings.ToLower(name)
		if !isToken(name) {
			return Part{}, errPartSyntax
		}
		fields[name] = append(fields[name], values...)
	}
	p, err := m.read(fields)
	p.Body = wholePart{part}
	return p, err
}

// wholePart tells a part that is cut off from one that has ended.
type wholePart struct{ r io.Reader }

func (w wholePart) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, errInterrupted) {
		err = errShort
	}
	return n, err
}

// single is a part that the request itself describes.
type single struct {
	part Part
	done bool
}

func (s *single) next() (Part, error) {
	if s.done {
		return Part{}, io.EOF
	}
	s.done = true
	return s.part, nil
}
