package expectrange

import (
	"fmt"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// expectation is the member of Expect that announces a range.
const expectation = "Range"

// way names the range in Range, and announces it in Expect. Its fields say in which form.
type way struct {
	equals bool // "bytes=0-99" instead of "bytes 0-99/100"
}

// Put gives the request that writes a part.
func (w way) Put(op *matrix.Operation, p partialput.Part) (exchange.Request, error) {
	if len(p.Data) == 0 {
		return exchange.Request{}, matrix.ErrNotOffered("no range has no bytes")
	}
	expect := expectation
	if p.Wait {
		expect += ", 100-continue"
	}
	req := raw(op, expect, w.spec(p), p.Data)
	req.Fields = append(req.Fields, p.Fields...)
	return req, nil
}

// spec gives the value of Range.
func (w way) spec(p partialput.Part) string {
	switch {
	case w.equals:
		return fmt.Sprintf("bytes=%d-%d", p.At, p.Last())
	case p.Complete == partialput.Untold:
		return fmt.Sprintf("bytes %d-%d/*", p.At, p.Last())
	}
	return fmt.Sprintf("bytes %d-%d/%d", p.At, p.Last(), p.Complete)
}

// raw gives a PUT with these values of Expect and of Range, lawful or not; "" stands for no such field.
func raw(op *matrix.Operation, expect, spec string, data []byte) exchange.Request {
	req := partialput.Whole(op)
	req.Body, req.Fields = data, append(exchange.Fields{}, op.Fields...)
	if expect != "" {
		req.Fields = req.Fields.With("Expect", expect)
	}
	if spec != "" {
		req.Fields = req.Fields.With("Range", spec)
	}
	return req
}

// understands says whether an Accept-Expect names the expectation.
func understands(acceptExpect string) bool {
	for item := range strings.SplitSeq(acceptExpect, ",") {
		if strings.EqualFold(strings.TrimSpace(item), expectation) {
			return true
		}
	}
	return false
}
