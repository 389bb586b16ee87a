package birch

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

// errChunk: the chunked coding is malformed.
var errChunk = errors.New("birch: malformed chunk")

// body decodes the content of a request. It gives io.EOF at the end that the framing announced and nowhere else.
type body struct {
	br      *bufio.Reader
	chunked bool
	started bool
	left    int64 // of the body, or of the present chunk
	err     error
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.left == 0 {
		if b.err = io.EOF; b.chunked {
			b.err = b.next()
		}
		if b.err != nil {
			return 0, b.err
		}
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.br.Read(p)
	b.left -= int64(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		b.err = err
	}
	return n, err
}

// next goes to the data of the next chunk; io.EOF when the last chunk and the trailer section were read.
func (b *body) next() error {
	if b.started {
		for _, want := range []byte("\r\n") {
			c, err := b.br.ReadByte()
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				return err
			}
			if c != want {
				return errChunk
			}
		}
	}
	b.started = true
	budget := 4 << 10
	line, err := readLine(b.br, &budget)
	if err == errLong {
		return errChunk
	} else if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";") // extensions are ignored
	size = strings.TrimRight(size, " \t")
	if size == "" || strings.ContainsAny(size, "+-_") {
		return errChunk
	}
	n, err := strconv.ParseInt(size, 16, 64)
	if err != nil {
		return errChunk
	}
	if n > 0 {
		b.left = n
		return nil
	}
	budget = headLimit
	switch _, err := readFields(b.br, &budget); err {
	case nil:
		return io.EOF
	case errLong, errField:
		return errChunk
	default:
		return err
	}
}
