package selftest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/textproto"
	"regexp"
	"strconv"
	"time"
)

// contentRange is the range of a PATCH; first is -1 for "bytes */N", total for an open length.
type contentRange struct{ first, last, total int64 }

var rangeForm = regexp.MustCompile(`^bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)$`)

func parseRange(value string) (contentRange, bool) {
	m := rangeForm.FindStringSubmatch(value)
	if m == nil {
		return contentRange{}, false
	}
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return -1
		}
		return n
	}
	c := contentRange{number(m[1]), number(m[2]), number(m[3])}
	return c, c.first <= c.last && (c.first >= 0 || c.total >= 0)
}

// patch serves PATCH on the request content.
func (x *call) patch(o *operation) *answer {
	if kind := x.r.Header.Get("Content-Type"); kind != "message/byterange" && !x.s.has(anyType) {
		_, _ = io.Copy(io.Discard, x.r.Body)
		return reply(415, "only message/byterange\n", "Accept-Patch", "message/byterange")
	}
	body := bufio.NewReader(x.r.Body)
	fields, err := textproto.NewReader(body).ReadMIMEHeader()
	if err != nil {
		return nil
	}
	wanted, ok := parseRange(fields.Get("Content-Range"))
	if !ok {
		wanted, ok = x.s.guessed(o, fields.Get("Content-Range"), fields.Get("Content-Length"))
	}
	if !ok {
		_, _ = io.Copy(io.Discard, body)
		return reply(400, "no valid Content-Range\n")
	}
	turn, refusal := x.admitted(o, wanted, body)
	if refusal != nil {
		_, _ = io.Copy(io.Discard, body)
		return refusal
	}
	return x.applied(o, turn, wanted, body)
}

// applied keeps what a PATCH that was admitted brings.
func (x *call) applied(o *operation, turn int, wanted contentRange, body io.Reader) *answer {
	before := o.length()
	err := x.receive(o, turn, body)
	if err == nil && wanted.first >= 0 && o.length()-before < wanted.last-wanted.first+1 && !o.s.has(overlapSameTaken) {
		err = errShort
	}
	switch {
	case errors.Is(err, errFenced):
		_, _ = io.Copy(io.Discard, body)
		return reply(409, "another request took the upload over\n")
	case err != nil:
		x.s.halfPatch(o, wanted)
		x.cut(o, turn, true, err)
		return nil
	}
	x.s.afterPatch(o, before)
	if !o.finish(turn, wanted.total, x) {
		return reply(409, "another request took the upload over\n")
	}
	o.mu.Lock()
	complete := o.complete
	o.acked = len(o.data)
	o.mu.Unlock()
	if !complete {
		return x.s.pieceTaken()
	}
	if x.s.has(patch204) {
		return reply(204, "")
	}
	return x.delivered(o)
}

// admitted looks at a PATCH's range and gives it its turn, or the answer that refuses it.
func (x *call) admitted(o *operation, wanted contentRange, body *bufio.Reader) (int, *answer) {
	if x.s.has(serialised) {
		o.settle(time.Second)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if x.s.has(openLengthMisread) && wanted.total < 0 {
		return 0, reply(400, "the complete length is missing\n")
	}
	n := int64(len(o.data))
	tolerant := x.s.tolerates(o, wanted, body)
	switch {
	case o.gone:
		return 0, reply(410, "gone\n")
	case o.complete && o.s.has(effectPerPatch) && wanted.last+1 == o.total:
		o.effect()
		return 0, reply(409, "the upload is complete\n")
	case o.complete:
		return 0, reply(409, "the upload is complete\n")
	case o.draining():
		return 0, reply(423, "the old connection is still there\n")
	case o.s.has(lockForever) && o.turn > 0:
		return 0, reply(423, "locked\n")
	case tolerant:
	case o.total >= 0 && wanted.total >= 0 && wanted.total != o.total:
		return 0, reply(400, "that is not the complete length\n")
	case wanted.total >= 0 && wanted.last >= wanted.total, o.total >= 0 && wanted.last >= o.total:
		return 0, reply(400, "the range runs past the end\n")
	case wanted.first >= 0 && wanted.first != n:
		return 0, reply(409, "the offset is "+strconv.FormatInt(n, 10)+"\n")
	case wanted.first < 0 && wanted.total != n:
		return 0, reply(409, "not all is here\n")
	}
	return o.take(), nil
}

// same says whether the next bytes of a PATCH are those that are there already, and takes them off.
// The caller holds the operation's mu.
func (o *operation) same(wanted contentRange, body *bufio.Reader) bool {
	overlap := int64(len(o.data)) - wanted.first
	if wanted.first < 0 || overlap <= 0 || overlap > 1024 {
		return false
	}
	begin, err := body.Peek(int(overlap))
	if err != nil || !bytes.Equal(begin, o.data[wanted.first:]) {
		return false
	}
	_, _ = body.Discard(int(overlap))
	return true
}
