package byterange

import (
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// The values of the preference "transaction".
const (
	persist = "transaction=persist"
	atomic  = "transaction=atomic"
)

// driver speaks the protocol: an upload is the creation of a document by segments. Its fields say how a request is made.
type driver struct {
	matrix.DocumentDriver
	media  string // of a patch
	prefer string // value of Prefer in the first request; "" sends none
	expect bool   // ask for 100 (Continue) before the first segment
	open   bool   // write application/byteranges as indeterminate-length messages in any case
}

// usual gives the driver of a client that follows the text.
func usual(media string) *driver { return &driver{media: media, prefer: persist, expect: true} }

// Start gives the first segment, which is the whole document where its length is known. An upload of unknown length
// begins with Content-Offset, and does not end by itself.
func (d *driver) Start(op *matrix.Operation) exchange.Request {
	fields := exchange.Fields{}
	if d.expect {
		fields = fields.With("Expect", "100-continue")
	}
	if d.prefer != "" {
		fields = fields.With("Prefer", d.prefer)
	}
	req := d.request(op, d.first(op), append(fields, onlyNew)...)
	req.Chunked = op.Chunked
	return req
}

// first gives the patch document of the first request.
func (d *driver) first(op *matrix.Operation) frame {
	p := ranged(0, op.Body, matrix.Itoa(op.Len()))
	if op.Chunked {
		p = offset("0", op.Body)
	}
	if d.media == applicationType && (d.open || op.Chunked) {
		return application(binaryStyle{open: true}, typed(op, p))
	}
	return framed(d.media, typed(op, p))
}

// onlyNew is the condition that the document is not there yet.
var onlyNew = exchange.Field{Name: "If-None-Match", Value: "*"}

// typed gives the part with the media type that the document is to have.
func typed(op *matrix.Operation, p part) part {
	if kind := op.Fields.Get("Content-Type"); kind != "" {
		return p.with("Content-Type", kind)
	}
	return p
}

// request gives a PATCH with a patch document. The operation's own Content-Type describes the document, and stands in
// the parts.
func (d *driver) request(op *matrix.Operation, f frame, more ...exchange.Field) exchange.Request {
	fields := slices.DeleteFunc(slices.Clone(op.Fields), func(own exchange.Field) bool {
		return strings.EqualFold(own.Name, "Content-Type")
	})
	fields = append(fields.With("Content-Type", f.contentType), more...)
	return exchange.Request{Method: op.Method, Target: op.URL.RequestURI(), Fields: fields, Body: f.body, HasBody: true}
}

// Lead gives where in the first request the upload's bytes begin.
func (d *driver) Lead(op *matrix.Operation) int64 { return d.first(op).at[0] }

// Resume sends a segment. An upload whose length the first request told names it in every segment; one of unknown length
// names it in the last. There is no condition on it: where HEAD found nothing, the server may yet be at work on the
// connection that was cut.
func (d *driver) Resume(op *matrix.Operation, from, to int64) (matrix.Piece, error) {
	complete := matrix.Itoa(op.Len())
	if op.Chunked && to < op.Len() {
		complete = "*"
	}
	p := ranged(from, op.Body[from:to], complete)
	if from == to {
		p = sized(op.Len())
	}
	f := framed(d.media, typed(op, p))
	req := d.request(op, f, exchange.Field{Name: "Prefer", Value: persist})
	return matrix.Piece{Request: req, Payload: f.at[0], From: from, To: to}, nil
}

// RefusesOpen says that a server turns away uploads of unknown length: it wants Content-Length (411), or knows no
// Content-Offset, and so no range (400, 422).
func (d *driver) RefusesOpen(status int) bool {
	return slices.Contains([]int{400, 411, 422, 501}, status)
}

// Outcome says that nothing shows the final response again.
func (d *driver) Outcome(*matrix.Operation) (exchange.Request, error) {
	return exchange.Request{}, matrix.ErrNotOffered("byte range PATCH shows the final response to nobody again")
}

// takes gives the media types that an Accept-Patch names and the suite can write, the one it likes best first.
func takes(acceptPatch string) []string {
	var named []string
	for item := range strings.SplitSeq(acceptPatch, ",") {
		media, _, _ := strings.Cut(item, ";")
		named = append(named, strings.ToLower(strings.TrimSpace(media)))
	}
	return slices.DeleteFunc(slices.Clone(mediaTypes), func(media string) bool { return !slices.Contains(named, media) })
}
