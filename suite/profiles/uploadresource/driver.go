package uploadresource

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// What an Operation learns: URIs, by these names,
const (
	statusPlace = "status resource"
	uploadPlace = "upload URI"
	resultPlace = "result"
)

// and values, by the fields that hold them.
const (
	acceptPatch = "Accept-Patch"
	allow       = "Allow"
)

// guessed is the fact that nothing has said yet that the Location of the answer to the POST is more than a document.
const guessed = "guessed"

// byterange is the media type of a PATCH that carries one part (draft-ietf-httpapi-patch-byterange).
const byterange = "message/byterange"

// driver speaks the protocol.
type driver struct {
	// post gives the body of the POST that allocates, nil for none. Without it the length and the media type are told.
	post  func(*matrix.Operation) []byte
	patch string // media type to write with PATCH whatever the target says, "" for what it does say
}

// Prepare gives the POST that allocates.
func (d *driver) Prepare(op *matrix.Operation) exchange.Request {
	post := announcement
	if d.post != nil {
		post = d.post
	}
	body := post(op)
	fields := without(op.Fields, "Content-Type")
	if body != nil {
		fields = fields.With("Content-Type", "application/json")
	}
	return exchange.Request{Method: op.Method, Target: op.URL.RequestURI(), Fields: fields, Body: body, HasBody: true}
}

// announcement tells what will be uploaded: its media type, and its length unless that is not known beforehand.
func announcement(op *matrix.Operation) []byte {
	var members struct {
		Length *int64 `json:"length,omitempty"`
		Type   string `json:"type,omitempty"`
	}
	members.Type = op.Fields.Get("Content-Type")
	if length := op.Len(); !op.Chunked {
		members.Length = &length
	}
	body, _ := json.Marshal(members) // a number and a text cannot fail
	return body
}

// without gives the fields but for the named ones.
func without(fields exchange.Fields, names ...string) exchange.Fields {
	return slices.DeleteFunc(slices.Clone(fields), func(f exchange.Field) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(f.Name, name) })
	})
}

// Prepared asks for a status resource and a place to write to.
func (d *driver) Prepared(op *matrix.Operation) error {
	for _, name := range []string{statusPlace, uploadPlace} {
		if _, err := handle(op, name); err != nil {
			return err
		}
	}
	return nil
}

// handle gives a URI that the server named within the target's origin.
func handle(op *matrix.Operation, name string) (*url.URL, error) {
	u := op.Handle(name)
	if u == nil {
		return nil, matrix.ErrNotOffered("the server named no " + name)
	}
	if !matrix.SameOrigin(u, op.URL) {
		return nil, matrix.ErrNotOffered("the " + name + " is of another origin, to which nothing is sent: " + u.Redacted())
	}
	return u, nil
}

// Start gives the write of the whole body. It expects 100 (Continue), so that there is a moment before it.
func (d *driver) Start(op *matrix.Operation) exchange.Request {
	req := d.write(op, whole(op), op.Body).Request
	req.Fields = req.Fields.With("Expect", "100-continue")
	req.Chunked = op.Chunked
	return req
}

// Lead is the length of what a PATCH says before the upload's own bytes.
func (d *driver) Lead(op *matrix.Operation) int64 {
	return d.write(op, whole(op), nil).Payload
}

// whole gives the Content-Range of the whole body.
func whole(op *matrix.Operation) string {
	if op.Chunked {
		return contentRange(0, op.Len(), unknown)
	}
	return contentRange(0, op.Len(), op.Len())
}

// contentRange gives the field for the bytes from (inclusive) to (exclusive); none at all ask, or end the upload.
func contentRange(from, to, complete int64) string {
	length := "*"
	if complete != unknown {
		length = fmt.Sprint(complete)
	}
	if from == to {
		return "bytes */" + length
	}
	return fmt.Sprintf("bytes %d-%d/%s", from, to-1, length)
}

// Learn takes from the answer to the POST where the status resource is and where to write, and from the answer to a
// write where the result is.
func (d *driver) Learn(op *matrix.Operation, r *exchange.Response) {
	switch {
	case r.Interim():
	case op.Handle(statusPlace) == nil:
		allocated(op, r)
	case op.Facts[guessed] != "":
		confirmed(op, r)
	case r.Status == 200 || r.Status == 201:
		written(op, r)
	}
}

// allocated learns from the answer to the POST.
func allocated(op *matrix.Operation, r *exchange.Response) {
	if r.Status/100 != 2 {
		return
	}
	learn(op, statusPlace, op.URL, r.Fields.Get("Location"))
	if op.Handle(statusPlace) == nil {
		return
	}
	for _, name := range []string{acceptPatch, allow} {
		op.Facts[name] = r.Fields.Joined(name)
	}
	for _, l := range parseLinks(r.Fields.Values("Link")) {
		if slices.Contains(l.rels, "upload") && op.Handle(uploadPlace) == nil {
			learnOther(op, uploadPlace, op.URL, l.target)
		}
	}
	if doc, err := parseInstructions(r.Body); err == nil && op.Handle(uploadPlace) == nil {
		learn(op, uploadPlace, baseOf(op.URL, r), doc)
	}
	if op.Handle(uploadPlace) != nil {
		return
	}
	op.Handles[uploadPlace] = op.Handle(statusPlace)
	if _, err := parseDocument(r.Body); err != nil {
		op.Facts[guessed] = "yes"
	}
}

// Inquire asks whether the Location is a status resource: any POST that creates something is answered with 201 and
// Location, and what it leads to is not to be written over.
func (d *driver) Inquire(op *matrix.Operation) (exchange.Request, bool) {
	if op.Facts[guessed] == "" {
		return exchange.Request{}, false
	}
	req, err := d.Offset(op)
	return req, err == nil
}

// confirmed learns from the answer to that question.
func confirmed(op *matrix.Operation, r *exchange.Response) {
	delete(op.Facts, guessed)
	if _, err := readStatus(r); err != nil {
		delete(op.Handles, uploadPlace)
	}
}

// parseInstructions gives the member upload of a JSON object.
func parseInstructions(body []byte) (string, error) {
	var members struct {
		Upload string `json:"upload"`
	}
	err := json.Unmarshal(body, &members)
	return members.Upload, err
}

// baseOf gives the base of the references in a response's body (RFC 3986, 5.1).
func baseOf(request *url.URL, r *exchange.Response) *url.URL {
	if u, err := exchange.Resolve(request.String(), r.Fields.Get("Content-Location")); err == nil {
		return u
	}
	return request
}

// written learns from the answer to a write. An answer that shows the status resource says nothing of the result but
// what the document says.
func written(op *matrix.Operation, r *exchange.Response) {
	if _, err := parseDocument(r.Body); err == nil && r.Status == 200 || op.Handle(resultPlace) != nil {
		return
	}
	for _, name := range []string{"Location", "Content-Location"} {
		if op.Handle(resultPlace) == nil {
			learnOther(op, resultPlace, op.Handle(uploadPlace), r.Fields.Get(name))
		}
	}
}

// learn keeps the URI of a reference; "" and what does not resolve is none.
func learn(op *matrix.Operation, name string, base *url.URL, ref string) {
	if ref == "" {
		return
	}
	if u, err := exchange.Resolve(base.String(), ref); err == nil {
		op.Handles[name] = u
	}
}

// learnOther is learn for a URI that must not be one of the upload's own resources or the target.
func learnOther(op *matrix.Operation, name string, base *url.URL, ref string) {
	u, err := exchange.Resolve(base.String(), ref)
	if ref == "" || err != nil {
		return
	}
	bare := *op.URL
	bare.RawQuery = ""
	own := []*url.URL{op.URL, &bare, op.Handle(uploadPlace)}
	if name == resultPlace {
		own = append(own, op.Handle(statusPlace))
	}
	if !slices.ContainsFunc(own, func(o *url.URL) bool { return o != nil && o.String() == u.String() }) {
		op.Handles[name] = u
	}
}

// Offset asks with GET on the status resource.
func (d *driver) Offset(op *matrix.Operation) (exchange.Request, error) {
	u, err := handle(op, statusPlace)
	if err != nil {
		return exchange.Request{}, err
	}
	return matrix.RequestTo("GET", u), nil
}

// ReadOffset gives the end of what was received without a hole. An upload of which everything is there need not list
// it any more.
func (d *driver) ReadOffset(op *matrix.Operation, r *exchange.Response) (int64, error) {
	doc, err := readStatus(r)
	if err != nil {
		return 0, err
	}
	learnDocument(op, doc)
	switch {
	case doc.listed:
		return doc.prefix(), nil
	case doc.state == processing || doc.state == done:
		return op.Len(), nil
	case doc.state == waiting:
		return 0, nil
	}
	return 0, fmt.Errorf("the status document says %s and has no member received", doc.state)
}

// learnDocument keeps what the status document names.
func learnDocument(op *matrix.Operation, doc document) {
	if base := op.Handle(statusPlace); base != nil && doc.state == done {
		learn(op, resultPlace, base, doc.result)
	}
}

// Resume sends a part. Where the length was told beforehand every part names it; else the last one does.
func (d *driver) Resume(op *matrix.Operation, from, to int64) (matrix.Piece, error) {
	if _, err := handle(op, uploadPlace); err != nil {
		return matrix.Piece{}, err
	}
	complete := op.Len()
	if op.Chunked && to < op.Len() {
		complete = unknown
	}
	piece := d.write(op, contentRange(from, to, complete), op.Body[from:to])
	piece.From, piece.To = from, to
	return piece, d.writable()
}

// writable says why a part cannot be written.
func (d *driver) writable() error {
	if d.patch != "" && d.patch != byterange {
		return matrix.ErrNotOffered("the suite writes no " + d.patch + " in this profile, only " + byterange)
	}
	return nil
}

// write gives the request for a Content-Range as it stands, lawful or not.
func (d *driver) write(op *matrix.Operation, contentRange string, data []byte) matrix.Piece {
	u := op.Handle(uploadPlace)
	if u == nil {
		u = op.URL // nothing is allocated yet: for the length of a head only
	}
	fields := without(op.Fields, "Idempotency-Key") // which is the POST's
	if !d.patches(op) {
		if contentRange != "" {
			fields = fields.With("Content-Range", contentRange)
		}
		return matrix.Piece{Request: exchange.Request{
			Method: "PUT", Target: u.RequestURI(), Fields: fields, Body: data, HasBody: true,
		}}
	}
	head := ""
	if contentRange != "" {
		head = "Content-Range: " + contentRange + "\r\n"
	}
	head += "\r\n"
	return matrix.Piece{Payload: int64(len(head)), Request: exchange.Request{
		Method: "PATCH", Target: u.RequestURI(), Fields: without(fields, "Content-Type").With("Content-Type", byterange),
		Body: append([]byte(head), data...), HasBody: true,
	}}
}

// patches says whether the upload is written with PATCH: Accept-Patch says that it may, and Allow that PUT may not.
func (d *driver) patches(op *matrix.Operation) bool {
	if d.patch != "" {
		return true
	}
	named := func(fact, word string) bool {
		return strings.Contains(strings.ToLower(op.Facts[fact]), word)
	}
	return named(acceptPatch, byterange) && !named(allow, "put")
}

// Conflict says that a write came at the wrong offset. An upload that is meant to fail may end with these statuses for
// a reason of its own.
func (d *driver) Conflict(op *matrix.Operation, r *exchange.Response) bool {
	return !op.Failing && slices.Contains([]int{409, 412, 416, 423, 425}, r.Status)
}

// Taken takes 308 for "go on", as the deployed form has it.
func (d *driver) Taken(_ *matrix.Operation, r *exchange.Response) bool { return r.Status == 308 }

// Reports says that the outcome is a report: the status document.
func (d *driver) Reports() {}

// Outcome asks with GET on the status resource.
func (d *driver) Outcome(op *matrix.Operation) (exchange.Request, error) { return d.Offset(op) }

// pending are the answers without a status document that say "not yet".
var pending = []int{202, 204, 404, 409, 425, 503}

// ReadOutcome reads the status document of an upload that is over.
func (d *driver) ReadOutcome(op *matrix.Operation, r *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	doc, err := readStatus(r)
	switch {
	case err != nil && slices.Contains(pending, r.Status):
		return nil, matrix.Pending, nil
	case err != nil:
		return nil, matrix.Broken, err
	case !doc.over():
		return nil, matrix.Pending, nil
	}
	learnDocument(op, doc)
	return report(doc), matrix.Ready, nil
}

// Downloads gives the result.
func (d *driver) Downloads(op *matrix.Operation) []*url.URL {
	if u, err := handle(op, resultPlace); err == nil {
		return []*url.URL{u}
	}
	return nil
}
