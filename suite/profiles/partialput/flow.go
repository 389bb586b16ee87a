package partialput

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// Small is the length in bytes of the documents of cases that do not cut.
const Small = 1000

// Flow is the flow of the matrix for a document that is written in ranges.
type Flow struct {
	matrix.DocumentFlow
	Way Way
	// Plain makes documents with a PUT of the whole where a case wants one that is there: ranges are taken only by
	// documents that are.
	Plain bool
}

// New gives a flow with the profile's own driver and way.
func New(s *matrix.Session, profile string, d matrix.Driver, way Way) *Flow {
	return &Flow{DocumentFlow: matrix.NewDocumentFlow(s, profile, d), Way: way}
}

// Document gives a document of n bytes that is complete.
func (f *Flow) Document(n int) *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), n)
	if f.Plain {
		f.Accepted(f.Do("the creation of a document", Whole(op)), "the creation of a document by a PUT of the whole")
		f.Ready(op)
	} else {
		f.Success(f.Upload(f.D, op), "the creation of a document")
	}
	f.Holds(op, op.Body, "after its creation")
	return op
}

// Made gives a document of n bytes that is made by a PUT of the whole, or, where there is none, by a range that is all of
// it, and the status of the last answer: 2xx where it is there.
func (f *Flow) Made(n int) (op *matrix.Operation, status int) {
	op = f.OpAs(matrix.NewTag(), n)
	status = f.Do("the creation of a document", Whole(op)).Status
	if status/100 == 2 {
		f.Ready(op)
		return op, status
	}
	f.Ready(op)
	return op, f.Write(op, Part{Data: op.Body, Complete: op.Len()}).Status
}

// Begun gives a document of n bytes of which the first are there, and no more.
func (f *Flow) Begun(n, there int) *matrix.Operation {
	f.Creates()
	op := f.OpAs(matrix.NewTag(), n)
	f.Ready(op)
	f.Accepted(f.Write(op, Part{Data: op.Body[:there], Complete: int64(n)}), "the first part of a document")
	op.Sent = int64(there)
	return op
}

// Creates ends the case as unsupported where no document can be begun by a range.
func (f *Flow) Creates() {
	if f.Plain {
		f.Unsupported("ranges are taken only by documents that are there")
	}
}

// Ready asks what the protocol wants to know of a document before a range of it can be written, where that was not asked.
// The case ends as unsupported when the document then offers no way to.
func (f *Flow) Ready(op *matrix.Operation) {
	d, asks := f.D.(matrix.Preparer)
	if !asks || d.Prepared(op) == nil {
		return
	}
	d.Learn(op, f.Do("the question for what a document offers", d.Prepare(op)))
	if err := d.Prepared(op); err != nil {
		f.Unsupported("%v", err)
	}
}

// Middle gives a part in the middle of a document of 1000 bytes: 300-399. Which makes its bytes differ from call to call.
func (f *Flow) Middle(which uint64) Part {
	return Part{At: 300, Data: f.Other(100, which), Complete: Small}
}

// Put gives the request that writes a part.
func (f *Flow) Put(op *matrix.Operation, p Part) exchange.Request {
	req, err := f.Way.Put(op, p)
	if err != nil {
		f.Unsupported("%v", err)
	}
	return req
}

// Write writes a part of the operation's document.
func (f *Flow) Write(op *matrix.Operation, p Part) *exchange.Response {
	return f.Do("the write of a range", f.Put(op, p))
}

// Refused asks for a 4xx, and for one of the statuses where some are given. 501 (Not Implemented) says as much, and that
// the server is to blame.
func (f *Flow) Refused(r *exchange.Response, what string, statuses ...int) {
	switch {
	case r.Status == 501 && len(statuses) == 0:
		f.Warn(what+" to be refused with a 4xx", "501")
	case r.Status/100 != 4:
		f.Broken(what+" to be refused with a 4xx", "%d", r.Status)
	case len(statuses) > 0 && !slices.Contains(statuses, r.Status):
		f.Broken(fmt.Sprintf("%s to be refused with one of %v", what, statuses), "%d", r.Status)
	}
}

// Holds asks that the document shows these bytes. One without any need not be there.
func (f *Flow) Holds(op *matrix.Operation, want []byte, when string) {
	if len(want) > 0 {
		f.DocumentFlow.Holds(op, want, when)
		return
	}
	got, _ := f.Content(op)
	f.SameBytes("document "+when, got, want)
}

// Since asks that a document is what it was, but for a run of new bytes that begins where a part does.
func (f *Flow) Since(got, before []byte, p Part, sent int64, when string) int64 {
	return f.DocumentFlow.Since(got, before, p.At, p.Data, sent, when)
}

// Again sends a request until it is taken, twice at most: the server may still be at work on the one that was cut.
func (f *Flow) Again(op *matrix.Operation, req exchange.Request, what string) {
	r := f.Do("the write of a range", req)
	if f.D.Conflict(op, r) {
		f.Warn(what+" to be taken at once", "%d", r.Status)
		f.Wait(f.Patient() / 10)
		r = f.Do("the write of a range", req)
	}
	f.Accepted(r, what)
}

// Seen asks for a document or a place with a method that changes nothing, and tells what came.
func Seen(s *matrix.Session, method string, u *url.URL) (r *exchange.Response, told string) {
	r, err := s.Try(matrix.RequestTo(method, u))
	what := method + " " + u.RequestURI() + ": "
	if err != nil {
		return nil, what + err.Error()
	}
	return r, what + r.Proto + " " + strconv.Itoa(r.Status) + " " + r.Reason
}
