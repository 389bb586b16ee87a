package matrix

import (
	"context"
	"net/url"

	"github.com/resumespec/resumespec/suite/exchange"
)

// Driver is what a protocol must tell the matrix. It builds requests and reads answers; the matrix
// sends, cuts, records and judges. A driver keeps no state: what it learns goes into the Operation.
type Driver interface {
	// Start gives the request that begins the upload.
	Start(op *Operation) exchange.Request
	// Learn takes from a response, interim or final, of any request of the operation what later
	// steps need.
	Learn(op *Operation, r *exchange.Response)
	// Offset gives the request that asks how much of the body the server has. The error says what
	// the server did not offer.
	Offset(op *Operation) (exchange.Request, error)
	// ReadOffset reads the answer to it, in bytes. The error says what was expected instead.
	ReadOffset(op *Operation, r *exchange.Response) (int64, error)
	// Resume gives the request that sends the body's bytes from (inclusive) to (exclusive), and that
	// ends the upload when to is the body's length.
	Resume(op *Operation, from, to int64) (Piece, error)
	// Conflict says whether the answer to a Resume means "not at that offset".
	Conflict(op *Operation, r *exchange.Response) bool
	// Outcome gives the request that replays the final response; ErrNotOffered where the server
	// cannot replay one.
	Outcome(op *Operation) (exchange.Request, error)
	// ReadOutcome reads the answer to it. The state says whether a final response was there.
	ReadOutcome(op *Operation, r *exchange.Response) (*exchange.Response, OutcomeState, error)
	// Downloads gives the URIs at which the final response's body can be read by ranges.
	Downloads(op *Operation) []*url.URL
}

// OutcomeState says what a server answered when it was asked for the final response.
type OutcomeState string

// The states.
const (
	Ready   OutcomeState = "ready"   // the final response is there
	Pending OutcomeState = "pending" // not yet: 202, 404, 409, 425, 503
	Broken  OutcomeState = "broken"  // neither
)

// Piece is a request that carries part of the body.
type Piece struct {
	Request exchange.Request
	Payload int64 // offset in the request's body at which the part begins, in bytes
	From    int64 // offset in the upload, inclusive
	To      int64 // offset in the upload, exclusive
}

// ErrNotOffered says what the server did not offer; a case that needs it is unsupported.
type ErrNotOffered string

func (e ErrNotOffered) Error() string { return string(e) }

// Operation is one upload: what the client wants and what it has learnt so far.
type Operation struct {
	Tag    string // the case's token, for {tag}
	Method string
	URL    *url.URL // effective request URI
	Fields exchange.Fields
	Body   []byte
	// Chunked sends the first request without Content-Length: its length is not known beforehand.
	Chunked bool

	// What the server told, by the driver's own names ("request-content").
	Handles map[string]*url.URL
	// Facts are other values that the driver keeps ("accept-patch").
	Facts map[string]string
	// Sent counts the bytes of the body that were forwarded to the server, at most: no offset may be above it.
	Sent int64
	// Known is the last offset that the server gave; it may never go down. -1: none yet.
	Known int64
	// Final is the final response to the first request, as far as it came.
	Final *exchange.Response
	// Failing says that the upload is meant to end in an error.
	Failing bool
	// Resource is the URI of the upload's own resource, nil while none is known or where the protocol has none.
	Resource *url.URL
	// prepared says that the request before the first was sent.
	prepared bool
}

// Len is the body's length in bytes.
func (op *Operation) Len() int64 { return int64(len(op.Body)) }

// Handle gives a URI that the server offered, nil when it did not.
func (op *Operation) Handle(name string) *url.URL { return op.Handles[name] }

// Preparer is a Driver whose uploads need a request of their own first: to allocate, or to learn how to write. The
// matrix sends it undisturbed, once for each operation.
type Preparer interface {
	Driver
	Prepare(op *Operation) exchange.Request
	// Prepared says, once the answer was learnt, what the server did not offer for the upload to begin.
	Prepared(op *Operation) error
}

// Inquirer is a Preparer that may have to ask once more before the upload can begin: where the answer to the first
// request did not say enough.
type Inquirer interface {
	Preparer
	// Inquire gives the question; false where there is none.
	Inquire(op *Operation) (exchange.Request, bool)
}

// Reporter is a Driver whose Outcome shows a report of its own and no copy of the final response: twins are then
// compared by their reports.
type Reporter interface {
	Driver
	Reports()
}

// Replayer is a Driver whose Outcome tells only that there is a final response: another request shows it.
type Replayer interface {
	Driver
	// Replay gives that request.
	Replay(op *Operation) exchange.Request
	// ReadReplay reads the answer to it.
	ReadReplay(op *Operation, r *exchange.Response) (*exchange.Response, error)
}

// Waiting is a Driver whose client waits, before it sends the first body, for an interim response of which later steps
// need what it says.
type Waiting interface {
	Driver
	// Ready says whether the interim responses so far hold it.
	Ready(op *Operation, interims []*exchange.Response) bool
}

// Concluding is a Driver whose uploads are not over when their last byte is in: a request says that they are, which may
// carry nothing.
type Concluding interface {
	Driver
	// Closed says whether the server has told that the upload is over.
	Closed(op *Operation) bool
}

// Binding is a Driver whose protocol binds the server to the offset that it gave: a client need not ask again.
type Binding interface {
	Driver
	Binding()
}

// Recommending is a Driver whose protocol asks less than that the request which completes an upload is answered as the
// one that began it would have been.
type Recommending interface {
	Driver
	// Recommends says whether it is recommended at least: another success is then a warning.
	Recommends() bool
}

// Framed is a Driver whose first request carries the upload's bytes inside a frame of its own.
type Framed interface {
	Driver
	// Lead gives the offset in the first request's body at which the upload's bytes begin.
	Lead(op *Operation) int64
}

// Measured is a Driver whose requests say in their head which bytes of the upload they carry. When these are in, the last
// chunk of a body in chunks tells nothing more: an upload that lacks it need not count as truncated.
type Measured interface {
	Driver
	Measured()
}

// clientFor gives the client that sends the operation's first request.
func clientFor(d Driver, op *Operation) Client {
	w, ok := d.(Waiting)
	if !ok {
		return prompt
	}
	return func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		return x.DoWhen(ctx, func(interims []*exchange.Response) bool { return w.Ready(op, interims) })
	}
}

// closed says whether nothing more needs to be sent for an upload of which every byte is there.
func closed(d Driver, op *Operation) bool {
	if _, ok := d.(Concluding); ok {
		return !unconcluded(d, op)
	}
	return !op.Chunked
}

// unconcluded says whether an upload still waits for the request that says that it is over.
func unconcluded(d Driver, op *Operation) bool {
	c, ok := d.(Concluding)
	return ok && !c.Closed(op)
}

func leadOf(d Driver, op *Operation) int64 {
	if f, ok := d.(Framed); ok {
		return f.Lead(op)
	}
	return 0
}

// Partial is a Driver that knows answers beyond 2xx which say that a part was taken.
type Partial interface {
	Driver
	Taken(op *Operation, r *exchange.Response) bool
}

// Telling is a Driver whose answers to a write tell how much of the upload the server has by now: it may have taken less
// than it was sent, and the client goes on from there.
type Telling interface {
	Driver
	// Told gives the offset in bytes; false where the answer tells none.
	Told(op *Operation, r *exchange.Response) (int64, bool)
}

// Absenting is a Driver that knows answers to the question for the offset, beyond 404 and 410, which say that the upload is
// not there.
type Absenting interface {
	Driver
	Absent(r *exchange.Response) bool
}

// absent says whether an answer to the question for the offset says that the upload is not there.
func absent(d Driver, r *exchange.Response) bool {
	a, ok := d.(Absenting)
	return r.Status == 404 || r.Status == 410 || ok && a.Absent(r)
}

// Locking is a Driver that knows answers which say that another request still holds the upload, so that a client has to
// ask again later.
type Locking interface {
	Driver
	Locked(r *exchange.Response) bool
}

// OpenEnded is a Driver that knows answers beyond 411 (Length Required) which say that a server takes no upload whose
// length is not known beforehand.
type OpenEnded interface {
	Driver
	RefusesOpen(status int) bool
}

// refusesOpen says whether an upload of unknown length was turned away before it could be cut.
func refusesOpen(d Driver, t *Trial) bool {
	status := t.Evidence.FinalStatus
	if o, ok := d.(OpenEnded); ok && !t.Evidence.Fired && o.RefusesOpen(status) {
		return true
	}
	return !t.Evidence.Fired && status == 411
}
