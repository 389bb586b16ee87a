package reference

import (
	"context"
	"io"
	"net/http"

	"github.com/resumespec/resumespec/reference/store"
)

// TusSeams are about uploads by tus.
type TusSeams struct {
	// Method is the method that a request is meant to have; false where it names none.
	Method func(*http.Request) (string, bool)
	// Speaks tells whether the version that a request names is spoken; upload: it is about one that was created.
	Speaks func(r *http.Request, upload bool) bool
	// Options are the fields of the answer to OPTIONS.
	Options func(*http.Request) http.Header
	// Settle waits until what was sent before now is kept.
	Settle func(context.Context, *store.Operation) store.Progress
	// Expired tells whether an upload has expired.
	Expired func(*http.Request, *store.Operation) bool
	// Terminate forgets an upload.
	Terminate func(*store.Operation) error
	// Told is the offset that is told when kept bytes are durable that r has brought.
	Told func(r *http.Request, op *store.Operation, kept int64) int64

	// Creation reads the fields of a POST.
	Creation func(r *http.Request, owner string) (TusCreation, error)
	// Metadata reads Upload-Metadata.
	Metadata func(value string) (map[string]string, error)

	// Patch reads the fields of a PATCH.
	Patch func(*http.Request, *store.Operation) (TusWrite, error)
	// Fits tells whether what a request brings fits what is kept.
	Fits func(*store.Operation, TusWrite, store.Progress) error
	// Acquire takes the right to append at an offset.
	Acquire func(op *store.Operation, offset int64, p store.Peer) (*store.Writer, error)
	// Kept is how many bytes stay after a request that began at an offset and failed for err, or did not (nil); -1: all.
	Kept func(op *store.Operation, offset int64, err error) int64

	// Checksum reads Upload-Checksum.
	Checksum func(value string) (Checksum, error)
	// Matches tells whether content has a checksum.
	Matches func(c Checksum, content io.Reader) (bool, error)

	// Part tells whether a user may make an upload part of a final one.
	Part func(r *http.Request, op *store.Operation, owner string) bool
	// Order gives the parts of a final upload, in order.
	Order func(*store.Operation) []string
	// Whole tells whether all bytes of a partial upload are there.
	Whole func(part *store.Operation) bool
	// Joined tells whether the bytes of an upload are those that it is made of.
	Joined func(*store.Operation, store.Progress) bool
}

func (s *Server) tusDecisions() TusSeams {
	return TusSeams{
		Method: tusMethod, Speaks: speaksTus, Options: s.tusOptions, Settle: s.settleTus, Terminate: s.terminate,
		Creation: s.creationFields, Metadata: checkMetadata,
		Patch: s.patchFields, Kept: keptOf,
		Checksum: parseChecksum, Matches: matchesChecksum,
		Part: s.isPart, Whole: wholeOf, Joined: joined,
		Expired: func(_ *http.Request, op *store.Operation) bool { return op.Expired(s.opts.KeepIncomplete) },
		Told:    func(_ *http.Request, _ *store.Operation, kept int64) int64 { return kept },
		Fits:    func(_ *store.Operation, w TusWrite, up store.Progress) error { return fitsTus(w, up) },
		Acquire: (*store.Operation).AcquireAt,
		Order:   func(op *store.Operation) []string { return op.Parts },
	}
}

// settleTus waits for who writes, and for requests that have arrived. The URI of an upload is known to who writes it, as that
// of a document is. To a final upload no connection writes.
func (s *Server) settleTus(ctx context.Context, op *store.Operation) store.Progress {
	if len(op.Parts) > 0 {
		return op.Progress()
	}
	p, _ := settleWriters(ctx, op.Progress, drainGrace, drainLimit, func() []*peer {
		return append(s.arrivals.peers(), s.doors.waiting(op)...)
	})
	return p
}
