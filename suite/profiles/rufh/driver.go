package rufh

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// What an Operation learns: the URI of what the upload became, by this name (that of the upload resource is the
// operation's own),
const resultPlace = "result"

// and facts.
const (
	over     = "over"     // "yes", where the server said that the upload is complete
	sending  = "sending"  // what the last request was: one of the words below
	limits   = "limits"   // the Upload-Limit that was told last
	creating = "creation" // asks for an upload resource, and ends nothing
	partly   = "part"     // an append that leaves the upload open
	wholly   = "rest"     // a request that ends the upload
)

// driver speaks one version of the protocol. Its uploads begin as an optimistic creation: one request with all of the
// content, whose 104 names the upload resource.
type driver struct {
	v version
	// readback says which field of a final response names what the upload became; Location, else Content-Location, where
	// it does not say Content-Location.
	readback string
}

// Start gives the creation with the whole content.
func (d *driver) Start(op *matrix.Operation) exchange.Request {
	op.Resource, op.Known = nil, -1
	delete(op.Facts, over)
	req := d.creation(op, op.Body, true)
	if !op.Chunked {
		req.Fields = append(req.Fields, d.lengthOf(op)...)
	}
	req.Fields = req.Fields.With("Expect", "100-continue")
	req.Chunked = op.Chunked
	op.Facts[sending] = wholly
	return req
}

// creation gives the request that creates an upload with the content, which ends the upload or leaves it open.
func (d *driver) creation(op *matrix.Operation, content []byte, complete bool) exchange.Request {
	fields := append(slices.Clone(op.Fields), d.v.common()...)
	return exchange.Request{
		Method: op.Method, Target: op.URL.RequestURI(), Body: content, HasBody: true,
		Fields: fields.With(d.v.complete, d.v.state(complete)),
	}
}

// lengthOf gives the field that tells the length of the upload, where the version has one.
func (d *driver) lengthOf(op *matrix.Operation) exchange.Fields {
	if !d.v.length {
		return nil
	}
	return exchange.Fields{{Name: "Upload-Length", Value: matrix.Itoa(op.Len())}}
}

// Ready waits for the 104 that names the upload resource.
func (d *driver) Ready(_ *matrix.Operation, interims []*exchange.Response) bool {
	return slices.ContainsFunc(interims, d.announces)
}

// announces says whether an interim response names an upload resource.
func (d *driver) announces(r *exchange.Response) bool {
	location := r.Fields.Get("Location")
	return d.v.speaks(r) && location != "" && exchange.ParseURIReference(location) == nil
}

// Learn takes from a 104 where the upload resource is and what was acknowledged, and from a final response whether the
// upload is over and what it became.
func (d *driver) Learn(op *matrix.Operation, r *exchange.Response) {
	if r.Interim() && !d.v.speaks(r) {
		return
	}
	if value := r.Fields.Joined("Upload-Limit"); value != "" && d.v.length {
		op.Facts[limits] = value
	}
	complete, marked := d.v.completeness(r)
	switch {
	case r.Interim():
		d.interim(op, r)
	case marked && !complete, op.Facts[sending] != wholly && !complete:
		d.answered(op, r)
	case marked, r.Status/100 == 2:
		op.Facts[over] = "yes"
		d.final(op, r)
	}
}

// interim learns from a 104. What it acknowledges is kept (the offset never decreases).
func (d *driver) interim(op *matrix.Operation, r *exchange.Response) {
	if r.Fields.Has("Location") && op.Facts[sending] != partly && op.Resource == nil {
		op.Resource = resolved(op.URL, r.Fields.Get("Location"))
	}
	if n, ok := integer(r.Fields.Values("Upload-Offset")); ok {
		op.Known = max(op.Known, n)
	}
}

// answered learns from a response of the upload itself.
func (d *driver) answered(op *matrix.Operation, r *exchange.Response) {
	delete(op.Facts, over)
	if op.Resource == nil && r.Status/100 == 2 {
		op.Resource = resolved(op.URL, r.Fields.Get("Location"))
	}
}

// final learns from the final response what the upload became: Location, unless it leads to the upload resource, as the
// older versions have it; else Content-Location.
func (d *driver) final(op *matrix.Operation, r *exchange.Response) {
	names := []string{"Location", "Content-Location"}
	if d.readback == "content-location" {
		names = names[1:]
	}
	for _, name := range names {
		u := resolved(op.URL, r.Fields.Get(name))
		own := op.Resource != nil && u != nil && u.String() == op.Resource.String()
		if u != nil && !own && op.Handle(resultPlace) == nil && matrix.SameOrigin(u, op.URL) {
			op.Handles[resultPlace] = u
		}
	}
}

// resolved gives the URI of a reference, nil where it is none.
func resolved(base *url.URL, ref string) *url.URL {
	u, err := exchange.Resolve(base.String(), ref)
	if ref == "" || err != nil {
		return nil
	}
	return u
}

// resource gives the URI of the upload resource.
func (d *driver) resource(op *matrix.Operation) (*url.URL, error) {
	switch {
	case op.Resource == nil:
		return nil, matrix.ErrNotOffered("the server named no upload resource")
	case !matrix.SameOrigin(op.Resource, op.URL):
		return nil, matrix.ErrNotOffered("the upload resource is of another origin, to which nothing is sent: " + op.Resource.Redacted())
	}
	return op.Resource, nil
}

// Offset asks with HEAD on the upload resource.
func (d *driver) Offset(op *matrix.Operation) (exchange.Request, error) {
	u, err := d.resource(op)
	if err != nil {
		return exchange.Request{}, err
	}
	return matrix.RequestTo("HEAD", u, d.v.common()...), nil
}

// ReadOffset reads the Upload-Offset of a successful answer.
func (d *driver) ReadOffset(_ *matrix.Operation, r *exchange.Response) (int64, error) {
	if r.Status == 307 || r.Status == 308 {
		return 0, matrix.ErrNotOffered(fmt.Sprintf("the upload resource is elsewhere (%d), and a client need not follow", r.Status))
	}
	if r.Status/100 != 2 {
		return 0, fmt.Errorf("HEAD on the upload resource gave %d", r.Status)
	}
	n, ok := integer(r.Fields.Values("Upload-Offset"))
	if !ok {
		return 0, fmt.Errorf("HEAD on the upload resource gave %d with Upload-Offset: %q", r.Status, r.Fields.Joined("Upload-Offset"))
	}
	return n, nil
}

// Resume appends a part, within the limits that the server told.
func (d *driver) Resume(op *matrix.Operation, from, to int64) (matrix.Piece, error) {
	if _, err := d.resource(op); err != nil {
		return matrix.Piece{}, err
	}
	last := to == op.Len()
	if err := d.allowed(op, to-from, last); err != nil {
		return matrix.Piece{}, err
	}
	op.Facts[sending] = partly
	if last {
		op.Facts[sending] = wholly
	}
	return matrix.Piece{Request: d.append(op, from, op.Body[from:to], last), From: from, To: to}, nil
}

// allowed says why a client that knows the limits must not send a part.
func (d *driver) allowed(op *matrix.Operation, n int64, last bool) error {
	told := limitsOf(op.Facts[limits])
	if least, ok := told["min-append-size"]; ok && n < least && !last {
		return matrix.ErrNotOffered(fmt.Sprintf("min-append-size=%d forbids a part of %d bytes", least, n))
	}
	if most, ok := told["max-append-size"]; ok && n > most {
		return matrix.ErrNotOffered(fmt.Sprintf("max-append-size=%d forbids a part of %d bytes", most, n))
	}
	return nil
}

// limitsOf reads the limits of an Upload-Limit; none where one of them is no Integer, which makes the field void.
func limitsOf(value string) map[string]int64 {
	members, err := dictionary([]string{value})
	if err != nil {
		return nil
	}
	told := map[string]int64{}
	for _, key := range knownLimits {
		if item, there := members[key]; there {
			n, ok := bareInteger(item)
			if !ok {
				return nil
			}
			told[key] = n
		}
	}
	return told
}

// knownLimits are the keys that some version defines.
var knownLimits = []string{"max-size", "min-size", "max-append-size", "min-append-size", "max-age", "expires"}

// append gives the PATCH for an offset as it stands.
func (d *driver) append(op *matrix.Operation, offset int64, content []byte, complete bool) exchange.Request {
	fields := append(d.v.common(),
		exchange.Field{Name: "Upload-Offset", Value: matrix.Itoa(offset)},
		exchange.Field{Name: d.v.complete, Value: d.v.state(complete)})
	if d.v.media != "" {
		fields = fields.With("Content-Type", d.v.media)
	}
	u := op.Resource
	if u == nil {
		u = op.URL // for the length of a head only
	}
	return exchange.Request{Method: "PATCH", Target: u.RequestURI(), Fields: fields, Body: content, HasBody: true}
}

// Conflict says that an append came at the wrong offset, or that the upload is in use.
func (d *driver) Conflict(op *matrix.Operation, r *exchange.Response) bool {
	complete, marked := d.v.completeness(r)
	return (r.Status == 409 || r.Status == 423) && !(marked && complete) && !(op.Failing && !marked)
}

// Closed says whether the server said that the upload is complete.
func (d *driver) Closed(op *matrix.Operation) bool { return op.Facts[over] != "" }

// Binding says that an offset that was told must be accepted.
func (d *driver) Binding() {}

// Recommends says whether the last append is to be answered as the whole upload would have been.
func (d *driver) Recommends() bool { return d.v.matching }

// Outcome is not offered by a server that shows nothing of an upload that is over.
func (d *driver) Outcome(*matrix.Operation) (exchange.Request, error) {
	return exchange.Request{}, matrix.ErrNotOffered("the server forgets an upload that is over")
}

// ReadOutcome is never asked.
func (d *driver) ReadOutcome(*matrix.Operation, *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	return nil, matrix.Broken, matrix.ErrNotOffered("the server forgets an upload that is over")
}

// readState reads whether an upload is over from the answer to HEAD on its resource, and gives a report of it. One that
// is not there any more is over, too.
func (d *driver) readState(op *matrix.Operation, r *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	if r.Status == 404 || r.Status == 410 {
		return report(404, "gone", 0), matrix.Ready, nil
	}
	n, err := d.ReadOffset(op, r)
	if err != nil {
		return nil, matrix.Broken, err
	}
	complete, known := d.v.completeness(r)
	switch {
	case !known:
		return nil, matrix.Broken, fmt.Errorf("HEAD on the upload resource gave %d with %s", r.Status, d.v.told(r))
	case !complete:
		return nil, matrix.Pending, nil
	}
	return report(200, "complete", n), matrix.Ready, nil
}

// report is what the state of an upload amounts to, as a response that twins are compared by.
func report(status int, state string, offset int64) *exchange.Response {
	body, _ := json.Marshal(map[string]string{"state": state, "offset": matrix.Itoa(offset)}) // texts cannot fail
	return &exchange.Response{
		Proto: "HTTP/1.1", Status: status, Fields: exchange.Fields{{Name: "Content-Type", Value: "application/json"}}, Body: body, Complete: true,
	}
}

// Downloads gives what the upload became.
func (d *driver) Downloads(op *matrix.Operation) []*url.URL {
	if u := op.Handle(resultPlace); u != nil {
		return []*url.URL{u}
	}
	return nil
}
