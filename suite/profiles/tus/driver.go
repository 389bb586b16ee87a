package tus

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// What an Operation learns: the URI of the upload, the status that its POST was answered with, and the length that HEAD
// has told.
const (
	uploadPlace = "upload"
	refusal     = "refusal"
	knownLength = "length"
)

// offsetType is the media type of a PATCH.
const offsetType = "application/offset+octet-stream"

// driver speaks the protocol.
type driver struct {
	offer announced // what the server says of itself
	hide  bool      // GET on an upload gives no bytes
	// more are further fields of the POST, for the operation.
	more func(*matrix.Operation) exchange.Fields
}

// resumable is the field that stands in every request but OPTIONS.
var resumable = exchange.Field{Name: "Tus-Resumable", Value: version}

func field(name, value string) exchange.Field { return exchange.Field{Name: name, Value: value} }

// Prepare gives the POST that creates. An upload whose length is not known beforehand defers it, where that is announced.
func (d *driver) Prepare(op *matrix.Operation) exchange.Request {
	length := field("Upload-Length", matrix.Itoa(op.Len()))
	if op.Chunked && d.offer.has(extDefer) {
		length = field("Upload-Defer-Length", "1")
	}
	return d.create(op, length)
}

// create gives a POST without a body, with the fields given.
func (d *driver) create(op *matrix.Operation, fields ...exchange.Field) exchange.Request {
	all := append(exchange.Fields{resumable}, fields...)
	if d.more != nil {
		all = append(all, d.more(op)...)
	}
	return exchange.Request{Method: "POST", Target: op.URL.RequestURI(), Fields: append(all, without(op.Fields, "Content-Type")...), HasBody: true}
}

// without gives the fields but for the named one.
func without(fields exchange.Fields, name string) exchange.Fields {
	return slices.DeleteFunc(slices.Clone(fields), func(f exchange.Field) bool { return strings.EqualFold(f.Name, name) })
}

// Prepared asks for an upload to write to.
func (d *driver) Prepared(op *matrix.Operation) error {
	if op.Chunked && !d.offer.has(extDefer) {
		return matrix.ErrNotOffered("the server does not announce " + extDefer + ": the length has to be known beforehand")
	}
	_, err := handle(op)
	return err
}

// handle gives the upload's URI.
func handle(op *matrix.Operation) (*url.URL, error) {
	u := op.Handle(uploadPlace)
	if u == nil {
		return nil, matrix.ErrNotOffered("the server created no upload: POST was answered " + op.Facts[refusal])
	}
	if !matrix.SameOrigin(u, op.URL) {
		return nil, matrix.ErrNotOffered("the upload is of another origin, to which nothing is sent: " + u.Redacted())
	}
	return u, nil
}

// Learn takes from the answer to the POST where the upload is. Any POST that creates something is answered with 201 and
// Location: what it leads to is an upload only where the server says that it speaks tus.
func (d *driver) Learn(op *matrix.Operation, r *exchange.Response) {
	if r.Interim() || op.Handle(uploadPlace) != nil {
		return
	}
	op.Facts[refusal] = strconv.Itoa(r.Status)
	location := r.Fields.Get("Location")
	if !d.offer.ok && !r.Fields.Has("Tus-Resumable") {
		op.Facts[refusal] += ", and nothing says that the server speaks tus"
		return
	}
	if r.Status != 201 || location == "" {
		return
	}
	if u, err := exchange.Resolve(op.URL.String(), location); err == nil {
		op.Handles[uploadPlace] = u
	}
}

// Start gives the PATCH that brings everything. It expects 100 (Continue), so that there is a moment before it.
func (d *driver) Start(op *matrix.Operation) exchange.Request {
	req := patchAt(op, matrix.Itoa(0), op.Body, field("Expect", "100-continue"))
	req.Chunked = op.Chunked
	return req
}

// patchAt gives the PATCH for an offset as it stands, "" for none, lawful or not.
func patchAt(op *matrix.Operation, offset string, data []byte, more ...exchange.Field) exchange.Request {
	u := op.Handle(uploadPlace)
	if u == nil {
		u = op.URL // nothing is created yet: for the length of a head only
	}
	fields := exchange.Fields{resumable, field("Content-Type", offsetType)}
	if offset != "" {
		fields = fields.With("Upload-Offset", offset)
	}
	return exchange.Request{Method: "PATCH", Target: u.RequestURI(), Fields: append(fields, more...), Body: data, HasBody: true}
}

// Measured says that the head of each PATCH tells which bytes it carries: with the length that was told at the creation,
// everything is there when they are.
func (d *driver) Measured() {}

// Offset asks with HEAD.
func (d *driver) Offset(op *matrix.Operation) (exchange.Request, error) {
	u, err := handle(op)
	if err != nil {
		return exchange.Request{}, err
	}
	return matrix.RequestTo("HEAD", u, resumable), nil
}

// ReadOffset reads Upload-Offset. Where the length was deferred, it learns whether it is known by now.
func (d *driver) ReadOffset(op *matrix.Operation, r *exchange.Response) (int64, error) {
	if r.Status/100 != 2 {
		return 0, fmt.Errorf("HEAD on the upload gave %d, not 200 or 204", r.Status)
	}
	if !r.Fields.Has("Upload-Offset") {
		return 0, fmt.Errorf("HEAD on the upload gave %d without Upload-Offset", r.Status)
	}
	op.Facts[knownLength] = r.Fields.Joined("Upload-Length")
	n, err := integer(r.Fields.Joined("Upload-Offset"))
	if err != nil {
		return 0, fmt.Errorf("HEAD on the upload gave the Upload-Offset %w", err)
	}
	return n, nil
}

// integer reads a non-negative integer: digits only.
func integer(value string) (int64, error) {
	n, err := strconv.ParseUint(value, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q, which is no non-negative integer", value)
	}
	return int64(n), nil // #nosec G115 -- at most 63 bits
}

// Resume sends a part. An upload whose length was deferred names it in the last one, unless HEAD has told it: set once, it
// need not be told again.
func (d *driver) Resume(op *matrix.Operation, from, to int64) (matrix.Piece, error) {
	if _, err := handle(op); err != nil {
		return matrix.Piece{}, err
	}
	var more []exchange.Field
	if op.Chunked && to == op.Len() && op.Facts[knownLength] == "" {
		more = append(more, field("Upload-Length", matrix.Itoa(op.Len())))
	}
	return matrix.Piece{Request: patchAt(op, matrix.Itoa(from), op.Body[from:to], more...), From: from, To: to}, nil
}

// Told reads the offset that an answer to a PATCH tells.
func (d *driver) Told(_ *matrix.Operation, r *exchange.Response) (int64, bool) {
	n, err := integer(r.Fields.Joined("Upload-Offset"))
	return n, err == nil
}

// Locked says that another request still holds the upload.
func (d *driver) Locked(r *exchange.Response) bool { return r.Status == 423 }

// Absent says that an upload is not there: beyond 404 and 410 HEAD may say so with 403 (HEAD).
func (d *driver) Absent(r *exchange.Response) bool { return r.Status == 403 }

// Conflict says that a PATCH came at the wrong offset, or where another is still at work. An upload that is meant to fail
// may end with these statuses for a reason of its own.
func (d *driver) Conflict(op *matrix.Operation, r *exchange.Response) bool {
	return !op.Failing && slices.Contains([]int{409, 423, 425}, r.Status)
}

// Outcome says that nothing shows the final response again.
func (d *driver) Outcome(*matrix.Operation) (exchange.Request, error) {
	return exchange.Request{}, matrix.ErrNotOffered("tus shows the final response to nobody again")
}

// ReadOutcome is never asked, as there is no Outcome.
func (d *driver) ReadOutcome(_ *matrix.Operation, r *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	return nil, matrix.Broken, fmt.Errorf("nothing shows the final response again; this is %d", r.Status)
}

// Downloads gives the upload itself, where GET on it gives its bytes.
func (d *driver) Downloads(op *matrix.Operation) []*url.URL {
	if u, err := handle(op); err == nil && !d.hide {
		return []*url.URL{u}
	}
	return nil
}
