package selftest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// rangePart is one part of a patch: where it goes, and its bytes.
type rangePart struct {
	at       int64
	n        int64 // length of the range in bytes, -1: to the end of the part
	complete int64 // -1: open
	sized    bool  // it only names the complete length
	kind     string
	body     io.Reader
	frame    int // bytes of the frame before it
}

// change is a PATCH or PUT while it is applied.
type change struct {
	s       *rangeServer
	r       *http.Request
	path    string
	streams bool // each byte is kept as it comes
	doc     *rangeDoc
	created bool
	turn    int
	end     int64 // of what is held
}

// all reads and applies every part.
func (c *change) all(parts func() (*rangePart, error)) error {
	var held []*rangePart
	for {
		p, err := parts()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = c.fits(p)
		}
		if err == nil && c.streams {
			err = c.stream(p)
		} else if err == nil {
			err = c.hold(p)
			held = append(held, p)
		}
		if err != nil && c.s.has(partsAsRead) {
			_ = c.apply(held) // those before it
		}
		if c.s.has(partsMixed) && len(held) == 2 {
			p.at = held[0].at
			_ = c.apply(held)
		}
		if err != nil && c.s.has(refusalDrops) {
			c.drop()
		}
		if err != nil {
			return err
		}
		if c.s.has(firstPartOnly) {
			break
		}
	}
	if c.streams {
		return nil
	}
	if len(held) == 0 && !c.s.has(noPartsTaken) {
		return refusal(400)
	}
	return c.apply(held)
}

// drop throws a document away that is not complete.
func (c *change) drop() {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if d := c.s.docs[c.path]; d != nil && !d.complete {
		delete(c.s.docs, c.path)
	}
}

// fits says whether a part may be written where it says.
func (c *change) fits(p *rangePart) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	d := c.s.docs[c.path]
	there := int64(0)
	if d != nil {
		there = int64(len(d.data))
	}
	open, there := d == nil || !d.complete, max(there, c.end)
	switch {
	case p.complete > 1<<40 || p.at > 1<<40:
		if c.s.has(hugeTaken) && !p.sized && p.at < 1<<40 {
			return nil
		}
		if c.s.has(huge413) {
			return refusal(413)
		}
		return refusal(400)
	case d != nil && !d.complete && d.length >= 0 && p.complete >= 0 && p.complete != d.length && !c.s.has(otherLengthTaken):
		return refusal(409)
	case !open && c.s.has(repeatedRefused):
		return refusal(409)
	case p.sized && !open && c.s.has(sizeRefused):
		return refusal(422)
	case !open && p.n >= 0 && p.at+p.n > there && c.s.has(growthRefused):
		return refusal(422)
	case p.sized || p.at <= there:
		if open && !p.sized && p.at < there && c.s.has(overlapRefused) {
			return refusal(409)
		}
		return nil
	case open && p.complete >= 0 && c.s.has(sparse):
		return nil
	case c.s.has(gapTaken) || c.s.has(gapGarbage) || c.s.has(offsetIgnored):
		return nil
	case c.s.has(gap416):
		return refusal(416)
	}
	return refusal(409)
}

// hold reads a part whole. One that does not have the length of its range has been interrupted.
func (c *change) hold(p *rangePart) error {
	data, err := io.ReadAll(io.LimitReader(p.body, 1<<21))
	if err != nil {
		return err
	}
	switch {
	case p.n >= 0 && int64(len(data)) < p.n:
		if !c.s.has(shortFilled) {
			return io.ErrUnexpectedEOF
		}
		data = append(data, make([]byte, p.n-int64(len(data)))...)
	case p.n >= 0 && int64(len(data)) > p.n && c.s.has(longCut):
		data = data[:p.n]
	case p.n < 0 && p.complete >= 0 && p.at+int64(len(data)) > p.complete && !c.s.has(pastLength):
		return refusal(400)
	case p.n >= 0 && int64(len(data)) > p.n:
		if !c.s.has(longWritten) && !c.s.has(lengthIgnored) && !(p.sized && c.s.has(sizedBodyDropped)) {
			return refusal(400)
		}
	}
	p.body = bytes.NewReader(data)
	c.end = max(c.end, p.at+int64(len(data)))
	return nil
}

// apply writes parts that were held.
func (c *change) apply(parts []*rangePart) error {
	for _, p := range parts {
		if err := c.stream(p); err != nil {
			return err
		}
	}
	return nil
}

// stream writes a part as it comes.
func (c *change) stream(p *rangePart) error {
	c.open(p)
	if p.sized {
		c.size(p)
		return nil
	}
	buf, at := make([]byte, 4096), p.at
	if c.s.has(clearedFirst) && p.n >= 0 {
		c.put(at, make([]byte, p.n))
	}
	limited := p.body
	if p.n >= 0 && !c.s.has(longWritten) {
		limited = io.LimitReader(p.body, p.n)
	}
	for {
		n, err := limited.Read(buf)
		if !c.put(at, buf[:n]) {
			return refusal(409) // another request has taken its turn
		}
		at += int64(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if p.n >= 0 && at-p.at < p.n {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// open finds or makes the document, and takes the turn to write.
func (c *change) open(p *rangePart) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	d := c.s.docs[c.path]
	if d == nil {
		d = &rangeDoc{length: -1}
		c.s.docs[c.path] = d
		c.created = true
		c.s.touch(d)
	}
	c.doc = d
	if d.writer > c.turn {
		return // put says so
	}
	d.writer = c.turn
	d.frame += p.frame
	if !d.complete && p.complete >= 0 {
		d.length = p.complete
	}
	if p.kind != "" {
		d.kind = p.kind
	}
	if c.s.has(outerType) {
		d.kind = c.r.Header.Get("Content-Type")
	}
}

// size applies the form */L.
func (c *change) size(p *rangePart) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	d := c.doc
	if !d.complete {
		if c.s.has(endAnyway) {
			d.length = int64(len(d.data))
		}
		if c.s.has(endFills) {
			d.grow(p.complete, 0)
		}
		return
	}
	c.s.touch(d)
	if there := int64(len(d.data)); p.complete < there {
		d.cut = bytes.Clone(d.data[p.complete:])
		d.data, d.in = d.data[:p.complete], d.in[:p.complete]
		if c.s.has(truncateEmpties) {
			d.data, d.in = nil, nil
		}
		return
	}
	garbage := byte(0)
	if c.s.has(allocateGarbage) {
		garbage = 'x'
	}
	was := len(d.data)
	d.grow(p.complete, garbage)
	if c.s.has(truncatedBack) {
		copy(d.data[was:], d.cut)
	}
}

func (d *rangeDoc) grow(to int64, with byte) {
	for int64(len(d.data)) < to {
		d.data, d.in = append(d.data, with), append(d.in, true)
	}
}

// put writes bytes. It says false when another request has taken the turn.
func (c *change) put(at int64, data []byte) bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	d := c.doc
	if d.writer != c.turn {
		return false
	}
	if len(data) == 0 {
		return true
	}
	if c.s.has(offsetIgnored) {
		at = int64(len(d.data))
	}
	if !c.s.has(tagStays) {
		c.s.touch(d)
	}
	filler := byte(0)
	if c.s.has(gapGarbage) {
		filler = 'x'
	}
	for int64(len(d.data)) < at {
		d.data, d.in = append(d.data, filler), append(d.in, c.s.has(holesCount))
	}
	for i, b := range data {
		if where := at + int64(i); where < int64(len(d.data)) {
			d.data[where], d.in[where] = b, true
		} else {
			d.data, d.in = append(d.data, b), append(d.in, true)
		}
	}
	if c.s.has(endsWithPart) && d.complete {
		d.data, d.in = d.data[:at+int64(len(data))], d.in[:at+int64(len(data))]
	}
	return true
}

// over gives the status of a change that was read to its end.
func (c *change) over() (int, error) {
	c.s.mu.Lock()
	d := c.doc
	if d == nil {
		c.s.mu.Unlock()
		return http.StatusNoContent, nil
	}
	whole := d.complete
	all := d.length >= 0 && int64(len(d.data)) >= d.length && !slices.Contains(d.in, false) ||
		c.s.has(eachIsWhole) || c.s.has(putHalf) && c.r.Method == http.MethodPut
	c.s.mu.Unlock()
	if !all || whole && !c.s.has(effectEachTime) {
		return c.s.segmentStatus(whole), nil
	}
	if status := c.s.finish(d, c.r); status != 0 {
		return 0, refusal(status)
	}
	if c.created {
		return http.StatusCreated, nil
	}
	return http.StatusOK, nil
}

func (s *rangeServer) segmentStatus(over bool) int {
	switch {
	case over:
		return http.StatusNoContent
	case s.has(segment299):
		return 299
	case s.has(segment202):
		return http.StatusAccepted
	case s.has(segment200):
		return http.StatusOK
	}
	return http.StatusNoContent
}

// number reads digits and nothing else.
func number(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
