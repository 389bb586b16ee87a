package partialput

import (
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
type Driver struct {
	matrix.DocumentDriver
	Way Way
}

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

// Resume sends a part, which tells the complete length.
func (d Driver) Resume(op *matrix.Operation, from, to int64) (matrix.Piece, error) {
	req, err := d.Way.Put(op, Part{At: from, Data: op.Body[from:to], Complete: op.Len()})
	return matrix.Piece{Request: req, From: from, To: to}, err
}

// Outcome says that nothing shows the final response again.
func (d Driver) Outcome(*matrix.Operation) (exchange.Request, error) {
	return exchange.Request{}, matrix.ErrNotOffered("a PUT of a range shows its final response to nobody again")
}
