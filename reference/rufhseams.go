package reference

import (
	"context"
	"net/http"

	"github.com/resumespec/resumespec/reference/store"
)

// RufhSeams are about resumable uploads (draft-ietf-httpbis-resumable-upload).
type RufhSeams struct {
	// Draft chooses the text that a request speaks.
	Draft func(*http.Request) Draft
	// Fields reads the fields of the state.
	Fields func(Draft, http.Header) UploadFields
	// Type tells whether an append has the media type of one.
	Type func(Draft, http.Header) bool
	// Offers tells whether a representation is given an upload resource.
	Offers func(Append) bool
	// Limits are those that are kept to and told.
	Limits func() UploadLimits
	// Limit is the value of Upload-Limit for an upload, or for one that might be begun (nil).
	Limit func(Draft, *store.Operation) string
	// Announced are the interim responses that name the upload resource.
	Announced func(Draft, *http.Request, *store.Operation) []Interim
	// Progress are the interim responses that tell an offset.
	Progress func(Append, *store.Operation, int64) []Interim
	// Settle waits until what was sent before now is kept, and ends who still writes; it is for who asks for the offset.
	Settle func(context.Context, *store.Operation) store.Progress
	// TakeOver does so for who appends.
	TakeOver func(context.Context, *store.Operation) store.Progress
	// Shown is the offset that is told when kept bytes are durable.
	Shown func(r *http.Request, op *store.Operation, kept int64) int64
	// Completed tells whether an upload is told as complete.
	Completed func(Draft, store.Progress) bool
	// Fits decides by the head whether the bytes of a request fit the upload. It is asked again whenever that may have changed.
	Fits func(Append, store.Progress) error
	// Length is the complete length that a request that begins at an offset shows, -1 for none.
	Length func(a Append, offset int64) (int64, error)
	// Same tells whether the digests of a content are those that were announced.
	Same func(computed, announced Digests) bool
	// Intact tells whether a representation is what Repr-Digest said of it.
	Intact func(*store.Operation, Digests) bool
	// Deactivates tells whether an upload cannot go on after an error.
	Deactivates func(Draft, *store.Operation, error) bool
	// Final is the final response as it is sent.
	Final func(Append, *store.Operation, *store.Response) *store.Response
}

// rufhDecisions are the right ones.
func (s *Server) rufhDecisions() RufhSeams {
	return RufhSeams{
		Draft: s.draftOf, Fields: uploadFields, Type: isPartialUpload, Offers: s.offersUpload,
		Limits: func() UploadLimits { return s.opts.Uploads }, Limit: s.uploadLimit,
		Announced: s.announced, Progress: s.progressed,
		Settle: func(ctx context.Context, op *store.Operation) store.Progress {
			return s.yieldTo(ctx, op, func() []*peer { return append(s.arrivals.peers(), s.doors.waiting(op)...) })
		},
		TakeOver: func(ctx context.Context, op *store.Operation) store.Progress {
			return s.yieldTo(ctx, op, func() []*peer { return nil })
		},
		Shown:     func(_ *http.Request, _ *store.Operation, kept int64) int64 { return kept },
		Completed: completed, Fits: s.appendFits, Length: Append.length,
		Same:   Digests.agrees,
		Intact: intact, Deactivates: deactivates, Final: finalFields,
	}
}
