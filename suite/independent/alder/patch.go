package alder

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const maxPatchHead = 16 << 10

// byteRange is a Content-Range: first-last/length, where length is -1 for "*"; or */length, where first is -1.
type byteRange struct{ first, last, length int64 }

// malformed is a defect of the patch document, not of the connection.
type malformed string

func (m malformed) Error() string { return string(m) }

// patchContent adds to the request content, or ends it.
func (c *call) patchContent(o *operation) {
	h := c.r.Header
	if v := h.Get("If-Match"); v != "" && strings.TrimSpace(v) != "*" || strings.TrimSpace(h.Get("If-None-Match")) == "*" {
		c.say(http.StatusPreconditionFailed, "the resource exists and has no entity tag")
		return
	}
	if t, _, err := mime.ParseMediaType(h.Get("Content-Type")); err != nil || t != patchFormat {
		c.w.Header().Set("Accept-Patch", patchFormat)
		c.say(http.StatusUnsupportedMediaType, "the patch has to be "+patchFormat)
		return
	}
	if v := h.Get("Content-Encoding"); v != "" && !strings.EqualFold(v, "identity") {
		c.w.Header().Set("Accept-Patch", patchFormat)
		c.w.Header().Set("Accept-Encoding", "identity")
		c.say(http.StatusUnsupportedMediaType, "the patch has to be without content coding")
		return
	}
	if o.isGone() {
		c.say(http.StatusGone, errGone.Error())
		return
	}

	c.began = true
	complete, err := c.applyPatch(o)
	var bad malformed
	switch {
	case err == nil && complete:
		c.bodyDone()
		c.deliver(o)
	case err == nil:
		c.bodyDone()
		c.w.WriteHeader(http.StatusNoContent)
	case errors.As(err, &bad):
		c.say(http.StatusBadRequest, err.Error())
	case err == errConflict || err == errDifferent || err == errSuperseded:
		c.say(http.StatusConflict, err.Error())
	case err == errTooLarge:
		c.say(http.StatusRequestEntityTooLarge, err.Error())
	case err == errGone:
		c.say(http.StatusGone, err.Error())
	default:
		c.abort() // the connection is at fault
	}
}

// applyPatch reports whether the upload is complete with this PATCH.
func (c *call) applyPatch(o *operation) (bool, error) {
	body := bufio.NewReaderSize(c.r.Body, 32<<10)
	rg, err := readPatchHead(body)
	if err != nil {
		return false, err
	}
	if rg.first < 0 {
		if err := atEnd(body); err != nil {
			return false, err
		}
		return true, o.close(rg.length)
	}
	me, err := o.resume(rg, c.wake)
	if err != nil {
		return false, err
	}
	last, err := o.copy(me, body, rg.last-rg.first+1)
	if err == nil {
		err = atEnd(body)
	}
	var complete bool
	if err == nil {
		complete, err = o.commit(me, last)
	}
	if err != nil {
		if e := o.interrupt(me); e != nil {
			err = e
		}
	}
	return complete, err
}

// copy keeps n bytes as they come in, but for the last one: that is returned, to be kept when the request came to its
// regular end. Otherwise all bytes could be there, and the upload not be complete.
func (o *operation) copy(w *writer, body io.Reader, n int64) ([]byte, error) {
	p := make([]byte, 32<<10)
	for {
		if err := o.arm(w); err != nil {
			return nil, err
		}
		m, err := body.Read(p[:min(n, int64(len(p)))])
		n -= int64(m)
		keep := p[:m]
		if n == 0 {
			keep = p[:m-1]
		}
		if e := o.append(w, keep); e != nil {
			return nil, e
		}
		switch {
		case n == 0:
			return p[m-1 : m], o.arm(w)
		case err == io.EOF:
			return nil, malformed("the patch is shorter than its range")
		case err != nil:
			return nil, err
		}
	}
}

// atEnd demands the regular end of the request.
func atEnd(body io.Reader) error {
	var p [1]byte
	for {
		n, err := body.Read(p[:])
		switch {
		case n > 0:
			return malformed("the patch is longer than its range")
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// readPatchHead reads up to the empty line.
func readPatchHead(body *bufio.Reader) (byteRange, error) {
	var rg byteRange
	var found bool
	length, size := int64(-1), 0
	for {
		line, err := body.ReadSlice('\n')
		size += len(line)
		switch {
		case err == bufio.ErrBufferFull || size > maxPatchHead:
			return rg, malformed("the head of the patch is too large")
		case err == io.EOF:
			return rg, malformed("the patch ends before its empty line")
		case err != nil:
			return rg, err
		}
		line = bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))
		if len(line) == 0 {
			break
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return rg, malformed("a field line of the patch is malformed")
		}
		value = strings.Trim(value, " \t")
		switch {
		case strings.EqualFold(name, "Content-Range"):
			if found {
				return rg, malformed("the patch has more than one Content-Range")
			}
			if rg, found = parseContentRange(value); !found {
				return rg, malformed("Content-Range is malformed")
			}
		case strings.EqualFold(name, "Content-Length"):
			n, ok := parseNumber(value)
			if !ok || length >= 0 && n != length {
				return rg, malformed("Content-Length is malformed")
			}
			length = n
		}
	}
	if !found {
		return rg, malformed("the patch has no Content-Range")
	}
	covered := int64(0)
	if rg.first >= 0 {
		covered = rg.last - rg.first + 1
	}
	if length >= 0 && length != covered {
		return rg, malformed("Content-Length is not the length of the range")
	}
	return rg, nil
}

func parseContentRange(s string) (rg byteRange, ok bool) {
	unit, s, ok := strings.Cut(s, " ")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return rg, false
	}
	span, length, ok := strings.Cut(s, "/")
	if !ok {
		return rg, false
	}
	if span == "*" {
		rg.first, rg.last = -1, -1
		rg.length, ok = parseNumber(length)
		return rg, ok
	}
	first, last, ok := strings.Cut(span, "-")
	if !ok {
		return rg, false
	}
	var ok1, ok2 bool
	rg.first, ok1 = parseNumber(first)
	rg.last, ok2 = parseNumber(last)
	if !ok1 || !ok2 || rg.last < rg.first {
		return rg, false
	}
	if length == "*" {
		rg.length = -1
		return rg, true
	}
	rg.length, ok = parseNumber(length)
	return rg, ok && rg.length > rg.last
}

func parseNumber(s string) (int64, bool) {
	if s == "" || len(s) > 18 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

var _ http.Handler = (*Server)(nil)
