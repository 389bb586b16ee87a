package resume

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// The names of the three header fields, which are also the names of what an Operation learns.
const (
	requestContent  = "Request-Content-Location"
	responseMessage = "Response-Message-Location"
	contentLocation = "Content-Location"
)

// offers lists them in the order of the source.
var offers = []string{requestContent, responseMessage, contentLocation}

// acceptPatch is the fact that keeps what the server said it takes in a PATCH.
const acceptPatch = "Accept-Patch"

// byterange is the media type of a PATCH that carries one part (draft-ietf-httpapi-patch-byterange).
const byterange = "message/byterange"

// driver speaks the protocol. Its fields say how the first request asks for resumption.
type driver struct {
	prefer []string // values of the Prefer field lines
	expect bool     // ask for 100 (Continue)
	patch  string   // media type for PATCH, "" for what the server accepts
}

// Start gives the request of the workflow: an upload that expects 100 (Continue) and prefers resume.
func (d *driver) Start(op *matrix.Operation) exchange.Request {
	fields := append(exchange.Fields{}, op.Fields...)
	if d.expect {
		fields = fields.With("Expect", "100-continue")
	}
	for _, value := range d.prefer {
		fields = fields.With("Prefer", value)
	}
	return exchange.Request{
		Method: op.Method, Target: op.URL.RequestURI(), Fields: fields,
		Body: op.Body, HasBody: true, Chunked: op.Chunked,
	}
}

// Learn takes the union of what all responses offer; the last value wins. A Content-Location counts
// in interim responses only: elsewhere it means what RFC 9110, 8.7 says.
func (d *driver) Learn(op *matrix.Operation, r *exchange.Response) {
	for _, name := range offers {
		if name == contentLocation && !r.Interim() {
			continue
		}
		if value := r.Fields.Get(name); value != "" {
			if u, err := exchange.Resolve(op.URL.String(), value); err == nil {
				op.Handles[name] = u
			}
		}
	}
	if r.Fields.Has(acceptPatch) {
		op.Facts[acceptPatch] = r.Fields.Joined(acceptPatch)
	}
}

// handle gives a URI that the server offered within the target's origin.
func handle(op *matrix.Operation, name string) (*url.URL, error) {
	u := op.Handle(name)
	if u == nil {
		return nil, matrix.ErrNotOffered("the server offered no " + name + " in any interim response")
	}
	if !matrix.SameOrigin(u, op.URL) {
		return nil, matrix.ErrNotOffered(name + " leads to another origin, to which nothing is sent: " + u.Redacted())
	}
	return u, nil
}

// Offset asks with HEAD on the request-content resource.
func (d *driver) Offset(op *matrix.Operation) (exchange.Request, error) {
	u, err := handle(op, requestContent)
	if err != nil {
		return exchange.Request{}, err
	}
	return matrix.RequestTo("HEAD", u), nil
}

// ReadOffset reads the Content-Length of a 2xx.
func (d *driver) ReadOffset(_ *matrix.Operation, r *exchange.Response) (int64, error) {
	if r.Status/100 != 2 {
		return 0, fmt.Errorf("HEAD on the request-content resource gave %d, not 2xx", r.Status)
	}
	value := r.Fields.Get("Content-Length")
	if value == "" {
		return 0, fmt.Errorf("HEAD on the request-content resource gave %d without Content-Length", r.Status)
	}
	n, err := strconv.ParseUint(value, 10, 63) // digits only: a sign makes it no Content-Length (RFC 9110, 8.6)
	if err != nil {
		return 0, fmt.Errorf("HEAD on the request-content resource gave the Content-Length %q", value)
	}
	return int64(n), nil // #nosec G115 -- 63 bits
}

// Resume sends a part with PATCH. An upload whose length the first request told names it in every
// part; one of unknown length names it in the last.
func (d *driver) Resume(op *matrix.Operation, from, to int64) (matrix.Piece, error) {
	complete := strconv.FormatInt(op.Len(), 10)
	if op.Chunked && to < op.Len() {
		complete = "*"
	}
	contentRange := fmt.Sprintf("bytes %d-%d/%s", from, to-1, complete)
	if from == to {
		contentRange = "bytes */" + complete
	}
	piece, err := d.part(op, contentRange, op.Body[from:to])
	piece.From, piece.To = from, to
	return piece, err
}

// part gives the PATCH for a Content-Range as it stands, lawful or not.
func (d *driver) part(op *matrix.Operation, contentRange string, data []byte) (matrix.Piece, error) {
	u, err := handle(op, requestContent)
	if err != nil {
		return matrix.Piece{}, err
	}
	media, err := d.media(op)
	if err != nil {
		return matrix.Piece{}, err
	}
	body, payload := encode(media, contentRange, data)
	req := matrix.RequestTo("PATCH", u, exchange.Field{Name: "Content-Type", Value: contentType(media)})
	req.Body, req.HasBody = body, true
	return matrix.Piece{Request: req, Payload: payload}, nil
}

// media chooses the media type of a PATCH: the configured one, else the first that the server accepts
// and the suite can write, else message/byterange.
func (d *driver) media(op *matrix.Operation) (string, error) {
	if d.patch != "" {
		return d.patch, nil
	}
	accepted := op.Facts[acceptPatch]
	if accepted == "" {
		return byterange, nil
	}
	for _, item := range strings.Split(accepted, ",") {
		media, _, _ := strings.Cut(item, ";")
		media = strings.ToLower(strings.TrimSpace(media))
		if media == byterange || media == "multipart/byteranges" {
			return media, nil
		}
	}
	return "", matrix.ErrNotOffered("Accept-Patch names no media type that the suite can write: " + accepted)
}

const boundary = "resumespec-part"

func contentType(media string) string {
	if media == "multipart/byteranges" {
		return media + "; boundary=" + boundary
	}
	return media
}

// encode gives the PATCH body that carries data, and the offset at which data begins in it.
func encode(media, contentRange string, data []byte) ([]byte, int64) {
	var b bytes.Buffer
	if media == "multipart/byteranges" {
		b.WriteString("--" + boundary + "\r\n")
	}
	if contentRange != "" {
		b.WriteString("Content-Range: " + contentRange + "\r\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(data)) + "\r\n\r\n")
	payload := int64(b.Len())
	b.Write(data)
	if media == "multipart/byteranges" {
		b.WriteString("\r\n--" + boundary + "--\r\n")
	}
	return b.Bytes(), payload
}

// Conflict says that a write came at the wrong offset. An upload that is meant to fail may end with
// these statuses for a reason of its own.
func (d *driver) Conflict(op *matrix.Operation, r *exchange.Response) bool {
	return !op.Failing && (r.Status == 409 || r.Status == 412 || r.Status == 416 || r.Status == 423 || r.Status == 425)
}

// Outcome asks with GET on the response-message resource. A server may know the preference to wait (RFC
// 7240, 4.3) and hold its answer back for a moment; to the others it means nothing.
func (d *driver) Outcome(op *matrix.Operation) (exchange.Request, error) {
	u, err := handle(op, responseMessage)
	if err != nil {
		return exchange.Request{}, err
	}
	return matrix.RequestTo("GET", u, exchange.Field{Name: "Prefer", Value: "wait=1"}), nil
}

// pending are the answers that say "not yet".
var pending = map[int]bool{202: true, 204: true, 404: true, 409: true, 425: true, 503: true}

// ReadOutcome reads a message/http document.
func (d *driver) ReadOutcome(op *matrix.Operation, r *exchange.Response) (*exchange.Response, matrix.OutcomeState, error) {
	switch {
	case pending[r.Status]:
		return nil, matrix.Pending, nil
	case r.Status != 200 && r.Status != 203:
		return nil, matrix.Broken, fmt.Errorf("GET on the response message gave %d", r.Status)
	}
	message, _, err := exchange.ParseMessageHTTP(r.Body, op.Method)
	if err != nil {
		return nil, matrix.Broken, fmt.Errorf("GET on the response message gave %d with no HTTP message in it: %w", r.Status, err)
	}
	return message, matrix.Ready, nil
}

// Downloads gives the Content-Location of the interim responses and that of the final one.
func (d *driver) Downloads(op *matrix.Operation) []*url.URL {
	var places []*url.URL
	if u, err := handle(op, contentLocation); err == nil {
		places = append(places, u)
	}
	if op.Final == nil || op.Final.Fields.Get(contentLocation) == "" {
		return places
	}
	u, err := exchange.Resolve(op.URL.String(), op.Final.Fields.Get(contentLocation))
	if err != nil || !matrix.SameOrigin(u, op.URL) {
		return places
	}
	if len(places) == 0 || places[0].String() != u.String() {
		places = append(places, u)
	}
	return places
}
