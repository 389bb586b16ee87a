package reference

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Framing indicators of application/byteranges (Byte Range PATCH, The application/byteranges Media Type).
const (
	framingKnown         = 8
	framingIndeterminate = 10
)

// binaryParts reads application/byteranges: messages in the framing of RFC 9292, without control data and trailers, one
// after the other.
type binaryParts struct {
	r       *bufio.Reader
	read    func(fields map[string][]string) (Part, error)
	content *binaryContent
	n       int
}

func (b *binaryParts) next() (Part, error) {
	if b.content != nil && !b.content.ended() {
		return Part{}, errLong
	}
	switch _, err := b.r.Peek(1); {
	case err == io.EOF && b.n == 0:
		return Part{}, errPartSyntax
	case err != nil:
		return Part{}, err
	}
	if b.n++; b.n > maxParts {
		return Part{}, errParts
	}
	framing, err := readVarint(b.r)
	if err != nil {
		return Part{}, cutHead(err)
	}
	var fields map[string][]string
	switch framing {
	case framingKnown:
		fields, err = b.knownFields()
	case framingIndeterminate:
		fields, err = readFieldLines(&varintReader{b.r, maxPartHead}, true)
	default:
		err = errPartSyntax
	}
	if err != nil {
		return Part{}, cutHead(err)
	}
	p, err := b.read(fields)
	if err != nil {
		return p, err
	}
	b.content = &binaryContent{r: b.r, chunked: framing == framingIndeterminate}
	p.Body = b.content
	if framing == framingKnown {
		if b.content.left, err = readVarint(b.r); err != nil {
			return p, cutHead(err)
		}
		p.Size = b.content.left
	}
	return p, nil
}

// cutHead is a document that ends before the content of a part: it names no range.
func cutHead(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errPartSyntax
	}
	return err
}

func (b *binaryParts) knownFields() (map[string][]string, error) {
	n, err := readVarint(b.r)
	if err != nil {
		return nil, err
	}
	if n > maxPartHead {
		return nil, errPartSize
	}
	section := make([]byte, n)
	if _, err := io.ReadFull(b.r, section); err != nil {
		return nil, err
	}
	return readFieldLines(&varintReader{bufio.NewReader(bytes.NewReader(section)), 8 * maxPartHead}, false) // the section is bounded already
}

// readFieldLines reads field lines up to the end of r, or up to the terminator.
func readFieldLines(r *varintReader, terminated bool) (map[string][]string, error) {
	fields := map[string][]string{}
	for {
		n, err := r.varint()
		switch {
		case errors.Is(err, io.EOF) && !terminated, err == nil && n == 0 && terminated:
			return fields, nil
		case err != nil:
			return nil, err
		}
		name, err := r.text(n)
		if err != nil {
			return nil, err
		}
		if n, err = r.varint(); err != nil {
			return nil, cutHead(err)
		}
		value, err := r.text(n)
		if err != nil {
			return nil, err
		}
		name, value, ok := parseFieldLine(name + ":" + value)
		if !ok {
			return nil, errPartSyntax
		}
		fields[name] = append(fields[name], value)
	}
}

// varintReader reads a field section of limited size.
type varintReader struct {
	r    *bufio.Reader
	left int64
}

func (v *varintReader) varint() (int64, error) {
	if v.left -= 8; v.left < 0 {
		return 0, errPartSize
	}
	return readVarint(v.r)
}

func (v *varintReader) text(n int64) (string, error) {
	if v.left -= n; v.left < 0 {
		return "", errPartSize
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(v.r, b); err != nil {
		return "", cutHead(err)
	}
	return string(b), nil
}

// readVarint reads a variable-length integer of 1, 2, 4 or 8 bytes (RFC 9000, 16). io.EOF is the end before its first byte.
func readVarint(r io.ByteReader) (int64, error) {
	b, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	n := int64(b & 0x3f)
	for range 1<<(b>>6) - 1 {
		if b, err = r.ReadByte(); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		n = n<<8 | int64(b)
	}
	return n, nil
}

// binaryContent is the content of one message.
type binaryContent struct {
	r       *bufio.Reader
	chunked bool
	left    int64 // of the content, or of the chunk
	over    bool  // the terminator has come
}

// Read implements io.Reader. A document that ends before the content does is errShort.
func (c *binaryContent) Read(p []byte) (int, error) {
	if c.left == 0 && (!c.chunked || c.over) {
		return 0, io.EOF
	}
	if c.left == 0 {
		n, err := readVarint(c.r)
		if err != nil {
			return 0, cutContent(err)
		}
		c.left, c.over = n, n == 0
		if c.over {
			return 0, io.EOF
		}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil // it may come together with the last bytes; if there are too few, it comes again
	}
	return n, cutContent(err)
}

func cutContent(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errShort
	}
	return err
}

// ended tells whether the content was read to its end.
func (c *binaryContent) ended() bool {
	if c.left == 0 && c.chunked && !c.over {
		var none [1]byte
		n, _ := c.Read(none[:])
		return n == 0 && c.over
	}
	return c.left == 0
}
