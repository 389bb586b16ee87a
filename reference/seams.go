package reference

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/resumespec/resumespec/reference/store"
)

// Seams are the decisions of the server, each under a name, so that a mutant can replace or wrap one of
// them and leave all else as it is:
//
//	next := s.Offset.Shown
//	s.Offset.Shown = func(op *store.Operation, kept int64) int64 { return next(op, kept) - 1 }
//
// They are set once, before the server starts, and called by any number of requests at once.
type Seams struct {
	HTTP    HTTPSeams
	Prefer  PreferSeams
	Access  AccessSeams
	Offer   OfferSeams
	Offset  OffsetSeams
	Body    BodySeams
	Patch   PatchSeams
	Effect  EffectSeams
	Message MessageSeams
	Content ContentSeams
	Upload  UploadSeams
	Store   store.Seams

	Document DocumentSeams
	Tus      TusSeams
	Rufh     RufhSeams
}

// DocumentSeams are about documents and how they are written to.
type DocumentSeams struct {
	// Template is the Link-Template of the document of a name.
	Template func(name string) string
	// Settle waits until what was sent before now is kept.
	Settle func(context.Context, store.Place) store.View
	// Shown is how many bytes a reader sees.
	Shown func(store.View) int64
	// Conditions evaluates preconditions: nil, or an error.
	Conditions func(*http.Request, store.View) error
	// Transaction tells what is preferred of an interrupted request.
	Transaction func(prefs map[string]string) Transaction
	// Applied is what Preference-Applied tells, "" for nothing.
	Applied func(Write, store.View) string
	// InPlace tells whether a write takes effect as its bytes come, by its first part.
	InPlace func(Write, Part, store.View) bool
	// Part reads the fields of a part of a patch, whose names are in lower case.
	Part func(fields map[string][]string) (Part, error)
	// PutRange finds the range that a PUT names; false where it is the whole document.
	PutRange func(*http.Request, url.Values) (ContentRange, bool, error)
	// Query tells whether the query of a write is one: nil, or what is wrong.
	Query func(url.Values) error
	// Taken is what is made of a part.
	Taken func(Write, Part, store.View) Part
	// Fits tells whether a part fits what is there. It is asked again whenever that may have changed.
	Fits func(Write, Part, store.View) error
	// Ended tells whether the body of a part has ended as it should: nil, or what is wrong.
	Ended func(Intake) error
	// Refused is the status of a write that failed for err.
	Refused func(r *http.Request, err error, status int) int
	// Counted is the number that is told of n documents that have become complete.
	Counted func(tag string, n int) int
	// Status is that of a write by which the document is not complete.
	Status func(*http.Request, store.View) int
	// Repeated is the response to what brings again that by which the document was complete.
	Repeated func(*http.Request, store.View) *store.Response
	// Outcome makes the final response for a document that has become complete.
	Outcome func(*store.Document) (*store.Response, error)
}

// HTTPSeams are about what surrounds every request.
type HTTPSeams struct {
	// Server has the last word on the HTTP server: its handler and its hooks.
	Server func(*http.Server)
	// Meets tells whether the server does what a request expects of it.
	Meets func(*http.Request) bool
	// Head has the last word on status and fields of a final response. It returns the status.
	Head func(r *http.Request, status int, h http.Header) int
}

// PreferSeams are about what the client prefers (RFC 7240).
type PreferSeams struct {
	// Parse reads the lines of Prefer: names in lower case, values unquoted.
	Parse func(lines []string) map[string]string
	// Resume tells what of resumption is asked for.
	Resume func(prefs map[string]string) Resumption
}

// AccessSeams are about who may do what.
type AccessSeams struct {
	// Find finds the operation to which the URI of a request belongs.
	Find func(r *http.Request, id string) (*store.Operation, bool)
	// Allowed tells whether the resources of an operation are there for this user.
	Allowed func(r *http.Request, op *store.Operation, user string) bool
}

// OfferSeams are about what the client is told while it uploads.
type OfferSeams struct {
	// Locations are the fields that lead to the resources of an operation.
	Locations func(*store.Operation) http.Header
	// Interims are the interim responses that come before the body is read.
	Interims func(*http.Request, *store.Operation) []Interim
	// Acknowledged is the number that Acknowledge tells when durable bytes are.
	Acknowledged func(op *store.Operation, durable int64) int64
}

// OffsetSeams are about how much has arrived.
type OffsetSeams struct {
	// Settle waits until what was sent before now is kept.
	Settle func(context.Context, *store.Operation) store.Progress
	// Shown is the offset that is told when kept bytes are durable.
	Shown func(op *store.Operation, kept int64) int64
}

// BodySeams are about a body that ends, of an upload and of a PATCH.
type BodySeams struct {
	// Ended tells whether a body has ended as it should: nil, or what is wrong.
	Ended func(Intake) error
	// Kept is how many of the n bytes kept stay when it has not; -1 forgets the operation.
	Kept func(in Intake, n int64) int64
}

// PatchSeams are about which PATCH, and which part of an upload, is carried out, and how.
type PatchSeams struct {
	// Accepts tells by the fields of the request whether the patch is in a known format.
	Accepts func(http.Header) bool
	// Range reads the part fields, whose names are in lower case; of a PUT its own fields.
	Range func(op *store.Operation, fields map[string][]string) (ContentRange, error)
	// Part is what is made of a part whose range is c: the range to which it is applied, and its bytes.
	Part func(op *store.Operation, c ContentRange, body io.Reader) (ContentRange, io.Reader)
	// Fits tells whether a range fits what is kept. It is asked again whenever that may have changed.
	Fits func(op *store.Operation, c ContentRange, up store.Progress) error
	// Same tells whether bytes that are brought again are those that are kept.
	Same func(kept, brought []byte) bool
}

// EffectSeams are about what a complete body brings about.
type EffectSeams struct {
	// Lifetime is how long processing may go on that the request r (nil: a restart) has set off.
	Lifetime func(r *http.Request) context.Context
	// Make makes the item: the effect.
	Make func(*store.Operation) (*store.Item, error)
	// Outcome has the effect, if the operation is to succeed, and makes the final response.
	Outcome func(*store.Operation) (*store.Response, error)
}

// MessageSeams are about the final response after its connection.
type MessageSeams struct {
	// Final gives the final response that the request r asks for; false while there is none.
	Final func(r *http.Request, op *store.Operation) (*store.Response, bool)
	// Close forgets an operation.
	Close func(*store.Operation) error
}

// ContentSeams are about reading content, in whole and in part.
type ContentSeams struct {
	// Asked takes from a request for content of size bytes what must not be heeded.
	Asked func(r *http.Request, size int64)
	// View is the content as it is read.
	View func(r *http.Request, content io.ReadSeeker) io.ReadSeeker
}

// UploadSeams are about uploads that a request of their own began.
type UploadSeams struct {
	// Known finds the upload that the same request began before.
	Known func(store.Record) (*store.Operation, bool)
	// Shown is what is told of a body of which kept is durable.
	Shown func(op *store.Operation, kept store.Extents) store.Extents
	// Rivals are the writers from which a part that brings r takes over.
	Rivals func(op *store.Operation, r store.Extent) store.Progress
	// Status has the last word on the status document.
	Status func(r *http.Request, op *store.Operation, status UploadStatus) UploadStatus
}

// decisions are the right ones, but for those that Options.Seams replaces.
func (s *Server) decisions() Seams {
	seams := Seams{
		Store: store.Decisions(),
		HTTP: HTTPSeams{
			Server: func(*http.Server) {},
			Meets:  meets,
			Head:   func(_ *http.Request, status int, _ http.Header) int { return status },
		},
		Prefer:  PreferSeams{Parse: parsePrefer, Resume: resumeOf},
		Access:  AccessSeams{Find: s.find, Allowed: func(_ *http.Request, op *store.Operation, user string) bool { return op.Owner == user }},
		Offer:   OfferSeams{Locations: resumeFields, Interims: s.offers, Acknowledged: func(_ *store.Operation, durable int64) int64 { return durable }},
		Offset:  OffsetSeams{Settle: s.settleAll, Shown: func(_ *store.Operation, kept int64) int64 { return kept }},
		Body:    BodySeams{Ended: ended, Kept: kept},
		Effect:  EffectSeams{Lifetime: func(*http.Request) context.Context { return s.ctx }, Make: s.makeItem, Outcome: s.outcome},
		Message: MessageSeams{Final: func(_ *http.Request, op *store.Operation) (*store.Response, bool) { return op.Response() }, Close: (*store.Operation).Cancel},
		Content: ContentSeams{Asked: knownRange, View: func(_ *http.Request, content io.ReadSeeker) io.ReadSeeker { return content }},
		Patch: PatchSeams{
			Accepts: isByterange,
			Range:   func(_ *store.Operation, fields map[string][]string) (ContentRange, error) { return rangeOf(fields) },
			Part:    func(_ *store.Operation, c ContentRange, body io.Reader) (ContentRange, io.Reader) { return c, body },
			Fits:    fitsIn,
			Same:    bytes.Equal,
		},
		Upload: UploadSeams{
			Known:  s.knownUpload,
			Shown:  func(_ *store.Operation, kept store.Extents) store.Extents { return kept },
			Rivals: (*store.Operation).Within,
			Status: func(_ *http.Request, _ *store.Operation, status UploadStatus) UploadStatus { return status },
		},
	}
	seams.Document = DocumentSeams{
		Template: rangeTemplate, Settle: s.settleDocument, Conditions: conditions, Transaction: transactionOf,
		Applied: appliedPreference, InPlace: inPlace, Part: partOf, PutRange: putRange, Fits: fitsDocument, Ended: ended,
		Outcome:  s.documentOutcome,
		Shown:    func(v store.View) int64 { return v.Size },
		Query:    knownQuery,
		Taken:    func(_ Write, p Part, _ store.View) Part { return p },
		Refused:  func(_ *http.Request, _ error, status int) int { return status },
		Counted:  func(_ string, n int) int { return n },
		Status:   func(*http.Request, store.View) int { return http.StatusNoContent },
		Repeated: func(_ *http.Request, v store.View) *store.Response { return v.Response },
	}
	seams.Tus = s.tusDecisions()
	seams.Rufh = s.rufhDecisions()
	if s.opts.Seams != nil {
		s.opts.Seams(&seams)
	}
	return seams
}
