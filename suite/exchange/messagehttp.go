package exchange

import (
	"bytes"
	"errors"
	"fmt"
)

// ParseMessageHTTP reads a response from a message/http document (RFC 9112, 10.1): interim responses if
// there are any, and the final one with what follows its head as its body. method is that of the
// request it answers; after HEAD there is no body. A body that is missing or cut short, judged by its
// own framing, is no error: Complete is false then, and BodyBytes says how much is there. Errors are
// *Error of the kind Syntax (no response, an unfinished head, bytes after its end) or Limit.
func ParseMessageHTTP(b []byte, method string) (resp *Response, interims []*Response, err error) {
	limits := defaults
	limits.Body = int64(len(b)) + 1
	p := &parser{src: newSource(bytes.NewReader(b), nil), limits: limits, method: method}
	for {
		if resp, err = p.head(); err != nil {
			return nil, interims, inDocument(err)
		}
		if !resp.Interim() {
			break
		}
		if len(interims) == limits.Interims {
			return nil, interims, p.limit("more than %d interim responses", limits.Interims)
		}
		resp.Complete = true
		interims = append(interims, resp)
	}
	if err = p.body(resp); err != nil && KindOf(err) != Closed {
		return resp, interims, err
	}
	if rest := int64(len(b)) - p.src.taken; rest > 0 {
		resp.Complete = false
		return resp, interims, p.syntax("%d bytes after the end of the message", rest)
	}
	return resp, interims, nil
}

// inDocument words the end of the bytes for a document: no connection was closed here.
func inDocument(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == Closed {
		return &Error{Kind: Syntax, Op: e.Op, Byte: e.Byte, Err: fmt.Errorf("the document ends before the head of a final response does")}
	}
	return err
}
