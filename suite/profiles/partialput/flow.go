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
	*matrix.Flow
	Way Way
	// Plain makes documents with a PUT of the whole where a case wants one that is there: ranges are taken only by
	// documents that are.
	Plain bool
}

// New gives a flow with the profile's own driver and way.
func New(s *matrix.Session, profile string, d matrix.Driver, way Way) *Flow {
	return &Flow{Flow: matrix.NewFlow(s, profile, d), Way: way}
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

// Other gives n bytes that are in no document of the case. Which makes them differ from call to call.
func (f *Flow) Other(n int, which uint64) []byte { return matrix.Bytes(n, f.Salt+which) }

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

// Accepted asks for a 2xx.
func (f *Flow) Accepted(r *exchange.Response, what string) {
	if r.Status/100 != 2 {
		f.Broken("2xx for "+what, "%d", r.Status)
	}
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

// Head asks for the document without its bytes.
func (f *Flow) Head(op *matrix.Operation) *exchange.Response {
	return f.Do("HEAD on the document", matrix.RequestTo("HEAD", op.URL))
}

// Get reads the document. A server may break its answer off rather than mix what was there with what a write brings
// meanwhile: then it is asked again.
func (f *Flow) Get(op *matrix.Operation) *exchange.Response {
	req := matrix.RequestTo("GET", op.URL)
	for range 3 {
		r, err := f.Try(req)
		if err == nil {
			return r
		}
		if kind := exchange.KindOf(err); kind != exchange.Closed && kind != exchange.Reset || !f.Wait(f.Patient()/100) {
			break
		}
		f.Note("GET on the document was broken off, and asked again")
	}
	return f.Do("GET on the document", req)
}

// Content gives the bytes that the document shows; there says whether it is there.
func (f *Flow) Content(op *matrix.Operation) (body []byte, there bool) {
	r := f.Get(op)
	switch {
	case r.Status == 404 || r.Status == 410 || r.Status == 204:
		return nil, r.Status == 204
	case r.Status == 405:
		f.Unsupported("GET on the document is refused with 405: its bytes cannot be seen")
	case r.Status/100 != 2:
		f.Broken("GET on the document to show its bytes", "%d", r.Status)
	}
	return r.Body, true
}

// Holds asks that the document shows these bytes.
func (f *Flow) Holds(op *matrix.Operation, want []byte, when string) {
	got, there := f.Content(op)
	if !there && len(want) > 0 {
		f.Harmful("a document of "+Itoa(int64(len(want)))+" bytes "+when, "none is there")
	}
	f.SameBytes("document "+when, got, want)
}

// Nothing asks that no document is there, or an empty one.
func (f *Flow) Nothing(op *matrix.Operation, when string) {
	if got, _ := f.Content(op); len(got) > 0 {
		f.Harmful("no document "+when, "one of %d bytes", len(got))
	}
}

// Replaced gives the document with other bytes at an offset, and longer where they run past its end.
func Replaced(document []byte, at int64, data []byte) []byte {
	result := slices.Clone(document)
	for int64(len(result)) < at+int64(len(data)) {
		result = append(result, 0)
	}
	copy(result[at:], data)
	return result
}

// Since asks that a document is what it was, but for a run of new bytes that begins where a part does: all of them up to
// some byte, and none after it. The most that may be new is what was sent. It gives how many are.
func (f *Flow) Since(got, before []byte, p Part, sent int64, when string) int64 {
	n := int64(0)
	for n < int64(len(p.Data)) && p.At+n < int64(len(got)) && got[p.At+n] == p.Data[n] {
		n++
	}
	for n > 0 && p.At+n <= int64(len(before)) && before[p.At+n-1] == p.Data[n-1] {
		n-- // such a byte may be the old one
	}
	if n > sent {
		f.HarmfulAt(p.At+sent, "document "+when, "at most the "+Itoa(sent)+" bytes that were sent", "%d of the new ones", n)
	}
	f.SameBytes("document "+when, got, Replaced(before, p.At, p.Data[:n]))
	return n
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

// Itoa gives a number as text.
func Itoa(n int64) string { return strconv.FormatInt(n, 10) }
