package partialput

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// Part is a range of a document and its bytes.
type Part struct {
	At       int64  // offset of the first byte in the document
	Data     []byte // the bytes
	Complete int64  // complete length of the document in bytes; Untold where the request does not say
	Wait     bool   // ask for 100 (Continue) before the body
	// Fields stand in the request beside those of the upload.
	Fields exchange.Fields
}

// Untold stands for a complete length that is not told.
const Untold = -1

// Last is the offset of the last byte; the range of an empty part has none.
func (p Part) Last() int64 { return p.At + int64(len(p.Data)) - 1 }

// Way is how a protocol says in a PUT which range of a document its body is.
type Way interface {
	// Put gives the request. The error says what the server does not offer.
	Put(op *matrix.Operation, p Part) (exchange.Request, error)
}

// Driver speaks such a protocol: an upload is the creation of a document by parts.
type Driver struct{ Way Way }

// Measured says that the head of each request tells which bytes it carries.
func (d Driver) Measured() {}

// Start gives the whole document as one part, after leave to send it.
func (d Driver) Start(op *matrix.Operation) exchange.Request {
	req, err := d.Way.Put(op, Part{Data: op.Body, Complete: op.Len(), Wait: true})
	if err != nil { // it was not prepared: only its form is asked for, and it is the same document
		return Whole(op)
	}
	return req
}

// Whole gives the request that writes the whole document, as every HTTP client knows it (RFC 9110, 9.3.4).
func Whole(op *matrix.Operation) exchange.Request {
	return exchange.Request{Method: op.Method, Target: op.URL.RequestURI(), Fields: op.Fields, Body: op.Body, HasBody: true}
}

// Learn takes nothing from responses: the document's URL is the client's own.
func (d Driver) Learn(*matrix.Operation, *exchange.Response) {}

// Offset asks with HEAD on the document.
func (d Driver) Offset(op *matrix.Operation) (exchange.Request, error) {
	return matrix.RequestTo("HEAD", op.URL), nil
}

// ReadOffset reads the Content-Length of a 2xx. A document that is not there has 0 bytes.
func (d Driver) ReadOffset(_ *matrix.Operation, r *exchange.Response) (int64, error) {
	value := r.Fields.Get("Content-Length")
	switch {
	case r.Status == 404 || r.Status == 410:
		return 0, nil
	case r.Status/100 != 2:
		return 0, fmt.Errorf("HEAD on the document gave %d, not 2xx or 404", r.Status)
	case r.Status == 204 && value == "":
		return 0, nil
	case value == "":
		return 0, fmt.Errorf("HEAD on the document gave %d without Content-Length", r.Status)
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("HEAD on the document gave the Content-Length %q", value)
	}
	return n, nil
}

// Resume sends a part, which tells the complete length.
func (d Driver) Resume(op *matrix.Operation, from, to int64) (matrix.Piece, error) {
	req, err := d.Way.Put(op, Part{At: from, Data: op.Body[from:to], Complete: op.Len()})
	return matrix.Piece{Request: req, From: from, To: to}, err
}

// Conflict says that a write came at the wrong offset, or where another is still at work. An upload that is meant to fail
// may end with these statuses for a reason of its own.
func (d Driver) Conflict(op *matrix.Operation, r *exchange.Response) bool {
	return !op.Failing && slices.Contains(conflicts, r.Status)
}

var conflicts = []int{409, 412, 416, 423, 425}

// Outcome says that nothing shows the final response again.
func (d Driver) Outcome(*matrix.Operation) (exchange.Request, error) {
	return exchange.Request{}, matrix.ErrNotOffered("a PUT of a range shows its final response to nobody again")
}

// ReadOutcome is never asked, as there is no Outcome.
func (d Driver) ReadOutcome(_ *matrix.Operation, r *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	return nil, matrix.Broken, fmt.Errorf("nothing shows the final response again; this is %d", r.Status)
}

// Downloads gives the document itself.
func (d Driver) Downloads(op *matrix.Operation) []*url.URL { return []*url.URL{op.URL} }
