package reference

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// mediaByterange is the patch format for completing an upload.
const mediaByterange = "message/byterange"

// maxPartHead bounds the part fields, in bytes.
const maxPartHead = 16 << 10

// partHead is what the part fields of a message/byterange document say.
type partHead struct {
	fields map[string][]string // by name in lower case
	size   int64               // bytes of the head itself, the empty line included
}

var (
	errPartSyntax = errors.New("malformed part fields")
	errPartSize   = errors.New("part fields are too long")
	errNoRange    = errors.New("no Content-Range among the part fields")
	errPartLength = errors.New("Content-Length does not match Content-Range")
	errRangeTwice = errors.New("more than one Content-Range")
)

// readPartHead reads part fields up to the empty line (Byte Range PATCH, The message/byterange Media
// Type). Unknown fields are ignored. What follows in r is the part body.
func readPartHead(r *bufio.Reader) (partHead, error) {
	p := partHead{fields: map[string][]string{}}
	for {
		line, err := r.ReadSlice('\n')
		p.size += int64(len(line))
		switch {
		case errors.Is(err, bufio.ErrBufferFull) || p.size > maxPartHead:
			return p, errPartSize
		case err == io.EOF:
			return p, errPartSyntax // a whole document that has no empty line
		case err != nil:
			return p, err
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) == 0 {
			return p, nil
		}
		name, value, ok := parseFieldLine(string(line))
		if !ok {
			return p, errPartSyntax
		}
		p.fields[name] = append(p.fields[name], value)
	}
}

// parseFieldLine reads one field line (RFC 9112, 5): no space before the colon, no folding.
func parseFieldLine(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, ":")
	if !ok || !isToken(name) || strings.ContainsAny(value, "\x00\r") {
		return "", "", false
	}
	return strings.ToLower(name), trimOWS(value), true
}

// rangeOf reads the range of a part from its fields.
func rangeOf(fields map[string][]string) (c ContentRange, err error) {
	switch ranges := fields["content-range"]; len(ranges) {
	case 0:
		return c, errNoRange
	case 1:
		if c, err = parseContentRange(ranges[0]); err != nil {
			return c, err
		}
	default:
		return c, errRangeTwice
	}
	for _, value := range fields["content-length"] {
		n, ok := parseDigits(value)
		if !ok {
			return c, errPartSyntax
		}
		if n != c.Length() {
			return c, errPartLength
		}
	}
	return c, nil
}
