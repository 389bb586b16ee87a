package exchange

import (
	"io"
	"time"
)

// source gives the bytes of a connection one buffer at a time, tells the recorder of each byte as
// what it turned out to be, and counts.
type source struct {
	r     io.Reader
	rec   *recorder // nil: nobody takes a transcript
	buf   []byte
	have  []byte // what came and was not yet taken
	at    time.Duration
	err   error // came together with the bytes in have
	class class
	note  string
	taken int64
}

const readSize = 16 << 10

func newSource(r io.Reader, rec *recorder) *source {
	return &source{r: r, rec: rec, buf: make([]byte, readSize)}
}

// peek gives the bytes that are there, at least one, waiting for them if need be.
func (s *source) peek() ([]byte, error) {
	for len(s.have) == 0 {
		if s.err != nil {
			return nil, s.err
		}
		n, err := s.r.Read(s.buf)
		s.have, s.err, s.at = s.buf[:n], err, s.now()
	}
	return s.have, nil
}

// take removes the first n of the bytes that peek gave. They stay valid until the next peek.
func (s *source) take(n int) []byte {
	b := s.have[:n]
	s.have = s.have[n:]
	s.taken += int64(n)
	if s.rec != nil && n > 0 {
		s.rec.received(s.class, s.note, b, s.at)
	}
	return b
}

// enter says what the bytes from here on are.
func (s *source) enter(c class, note string) { s.class, s.note = c, note }

// border ends the run of bytes and names it in the transcript.
func (s *source) border(note string) {
	if s.rec != nil {
		s.rec.border(inward, note)
	}
}

func (s *source) now() time.Duration {
	if s.rec == nil {
		return 0
	}
	return s.rec.now()
}
