package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
)

// Part is one part of a multipart/byteranges body.
type Part struct {
	First    int64 // position of its first byte
	Last     int64 // position of its last byte
	Complete int64 // length of the whole representation in bytes, -1 when not told
	Type     string
	Body     []byte
}

// maxParts bounds the parts of one body.
const maxParts = 1000

// ParseMultipartByteranges parses a body of the media type multipart/byteranges (RFC 9110, 14.6). It
// demands of every part a valid Content-Range and as many bytes as that says, and the closing
// delimiter after the last. On an error it gives the parts before the one at fault.
func ParseMultipartByteranges(contentType string, body []byte) ([]Part, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, fmt.Errorf("media type %q: %w", shorten(contentType), err)
	}
	if kind != "multipart/byteranges" || params["boundary"] == "" {
		return nil, fmt.Errorf("media type %q: not multipart/byteranges with a boundary", shorten(contentType))
	}
	var parts []Part
	for r := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
		// Raw: NextPart would undo a quoted-printable coding, which HTTP does not have.
		raw, err := r.NextRawPart()
		switch {
		case errors.Is(err, io.EOF) && len(parts) > 0:
			return parts, nil
		case errors.Is(err, io.EOF):
			return nil, errors.New("multipart/byteranges: no part")
		case err != nil:
			return parts, fmt.Errorf("multipart/byteranges: part %d: %w", len(parts)+1, err)
		case len(parts) == maxParts:
			return parts, fmt.Errorf("multipart/byteranges: more than %d parts", maxParts)
		}
		part, err := parsePart(raw)
		if err != nil {
			return parts, fmt.Errorf("multipart/byteranges: part %d: %w", len(parts)+1, err)
		}
		parts = append(parts, part)
	}
}

func parsePart(raw *multipart.Part) (Part, error) {
	if n := len(raw.Header.Values("Content-Range")); n != 1 {
		return Part{}, fmt.Errorf("%d Content-Range fields, not one", n)
	}
	first, last, complete, unsatisfied, err := ParseContentRange(raw.Header.Get("Content-Range"))
	if err != nil {
		return Part{}, err
	}
	if unsatisfied {
		return Part{}, errors.New("the Content-Range of a part gives no range")
	}
	body, err := io.ReadAll(raw)
	if err != nil {
		return Part{}, err
	}
	if int64(len(body)) != last-first+1 {
		return Part{}, fmt.Errorf("bytes %d-%d has %d bytes", first, last, len(body))
	}
	return Part{first, last, complete, raw.Header.Get("Content-Type"), body}, nil
}
