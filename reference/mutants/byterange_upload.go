package mutants

import (
	"net/http"
	"sync/atomic"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// byterangeUpload: a document that is created in segments.
func byterangeUpload() []Mutant {
	return []Mutant{
		{
			Name: "byterange-length-announced", Sentence: "HEAD tells the complete length of a document of which a part is there.",
			Breaks: byterange("create.segments", "media.message-cut"),
			Apply:  visible(func(v store.View) int64 { return max(v.Size, v.Length) }),
		},
		{
			Name: "byterange-length-one-low", Sentence: "HEAD tells one byte less than is there, and what begins there is refused.",
			Breaks: byterange("create.segments", "media.message-cut"),
			Apply: func(s *reference.Seams) {
				visible(func(v store.View) int64 { return max(v.Size-1, 0) })(s)
				next := s.Document.Fits
				s.Document.Fits = func(w reference.Write, p reference.Part, v store.View) error {
					if creating(v) && p.Range.First == v.Size-1 {
						return errMade
					}
					return next(w, p, v)
				}
				refusedAs(errMade, http.StatusConflict)(s)
			},
		},
		{
			Name: "byterange-length-zero", Sentence: "HEAD tells 0 until a document is complete.",
			Breaks: byterange("create.segments", "part.refused-midway", "upload.kept"), Apply: visible(func(store.View) int64 { return 0 }),
		},
		{
			Name: "byterange-cut-drops-all", Sentence: "A cut PATCH leaves nothing of what it brought to a new document.",
			Breaks: byterange("upload.kept", "part.past-length"),
			Apply: placing(func(w reference.Write, _ reference.Part, v store.View, right bool) bool {
				return right && (w.Request.Method != http.MethodPatch || done(v))
			}),
		},
		{
			Name: "byterange-written-one-late", Sentence: "A PATCH that does not begin at 0 is written one position further on.",
			Breaks: byterange("part.range", "media.message-cut"),
			Apply: taking(func(w reference.Write, p reference.Part, v store.View) reference.Part {
				if patched(w.Request) && p.Range.First > 0 && !p.Range.Ends() && done(v) {
					return moved(p, p.Range.First+1)
				}
				return p
			}),
		},
		{
			Name: "byterange-written-at-start", Sentence: "Each PATCH is written from the first byte on.",
			Breaks: byterange("part.range", "media.message-cut"),
			Apply: taking(func(w reference.Write, p reference.Part, _ store.View) reference.Part {
				if patched(w.Request) && p.Range.First > 0 {
					return moved(p, 0)
				}
				return p
			}),
		},
		{
			Name: "byterange-complete-at-once", Sentence: "A document is complete with its first byte.",
			Breaks: byterange("create.segments", "part.refused-midway"),
			Apply: func(s *reference.Seams) {
				s.Store.Filled = func(kept store.Extents, length int64) bool { return length >= 0 && (length == 0 || kept.Bytes() > 0) }
			},
		},
		{
			Name: "byterange-last-segment-lost", Sentence: "The last of several segments is said to be taken, and is not.",
			Breaks: byterange("create.segments", "media.message-cut"),
			Apply: func(s *reference.Seams) {
				next := s.Document.Fits
				s.Document.Fits = func(w reference.Write, p reference.Part, v store.View) error {
					if creating(v) && !p.Range.Ends() && p.Range.Complete >= 0 && p.Range.Last+1 == p.Range.Complete {
						return errMade
					}
					return next(w, p, v)
				}
				refusedAs(errMade, http.StatusNoContent)(s)
			},
		},
		{
			Name: "byterange-effect-twice", Sentence: "A document that has become complete counts twice.",
			Breaks: byterange("create.segments", "media.message-cut"),
			Apply:  func(s *reference.Seams) { s.Document.Counted = func(_ string, n int) int { return 2 * n } },
		},
		{
			Name: "byterange-cut-counts", Sentence: "A segment counts as a document that has become complete.",
			Breaks: byterange("create.segments", "media.multipart-cut"),
			Apply: func(s *reference.Seams) {
				var segments atomic.Int64
				next := s.Document.InPlace
				s.Document.InPlace = func(w reference.Write, p reference.Part, v store.View) bool {
					if p.Range.Complete >= 0 && p.Range.Last+1 < p.Range.Complete {
						segments.Add(1)
					}
					return next(w, p, v)
				}
				s.Document.Counted = func(_ string, n int) int { return n + int(segments.Load()) }
			},
		},
		{
			Name: "byterange-truncated-counts", Sentence: "A PATCH that is cut counts as a document that has become complete.",
			Breaks: byterange("upload.not-complete", "prefer.not-asked"),
			Apply:  counting(func(in reference.Intake) bool { return in.Err != nil && patched(in.Request) }),
		},
		{
			Name: "byterange-stalled-locks", Sentence: "While an old connection is open no other may write to the document.",
			Breaks: byterange("upload.stalled-connection", "media.message-cut"),
			Apply: func(s *reference.Seams) {
				next := s.Document.Fits
				s.Document.Fits = func(w reference.Write, p reference.Part, v store.View) error {
					if len(v.Sections) > 0 {
						return errMade
					}
					return next(w, p, v)
				}
				refusedAs(errMade, http.StatusConflict)(s)
			},
		},
		{
			Name: "byterange-repeated-refused", Sentence: "What completed a document and is brought again is refused.",
			Breaks: byterange("response.repeat", "create.repeat"),
			Apply: func(s *reference.Seams) {
				s.Document.Repeated = func(*http.Request, store.View) *store.Response {
					return &store.Response{Status: http.StatusConflict}
				}
			},
		},
		{
			Name: "byterange-repeated-counts", Sentence: "What completed a document and is brought again counts again.",
			Breaks: byterange("response.repeat", "create.repeat"),
			Apply: func(s *reference.Seams) {
				var again atomic.Int64
				next := s.Document.Repeated
				s.Document.Repeated = func(r *http.Request, v store.View) *store.Response {
					again.Add(1)
					return next(r, v)
				}
				s.Document.Counted = func(_ string, n int) int { return n + int(again.Load()) }
			},
		},
		{
			Name: "byterange-error-forgotten", Sentence: "A document whose processing failed is said to be made when its last segment is brought again.",
			Breaks: byterange("response.failed"),
			Apply: func(s *reference.Seams) {
				s.Document.Repeated = func(_ *http.Request, v store.View) *store.Response {
					if v.Response.Status >= http.StatusBadRequest {
						return &store.Response{Status: http.StatusCreated}
					}
					return v.Response
				}
			},
		},
		{
			Name: "byterange-segment-is-error", Sentence: "A segment that is taken is answered with 500.",
			Breaks: byterange("create.segments"),
			Apply: func(s *reference.Seams) {
				s.Document.Status = func(_ *http.Request, v store.View) int {
					if creating(v) {
						return http.StatusInternalServerError
					}
					return http.StatusNoContent
				}
			},
		},
		{
			Name: "byterange-restart-forgets", Sentence: "A restart forgets the bytes of a document that is not complete.",
			Breaks: byterange("restart.kept"),
			Apply: func(s *reference.Seams) {
				s.Store.Recovered = func(store.Extents) store.Extents { return nil }
			},
		},
		{
			Name: "byterange-restart-by-blocks", Sentence: "A restart keeps whole blocks of 4,096 bytes only.",
			Breaks: byterange("restart.kept"),
			Apply: func(s *reference.Seams) {
				s.Store.Recovered = func(kept store.Extents) store.Extents { return kept.Cut(kept.End() &^ 4095) }
			},
		},
	}
}

// refusedAs makes a mutant that answers an error of its own with a status.
func refusedAs(which error, status int) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Document.Refused
		s.Document.Refused = func(r *http.Request, err error, right int) int {
			if err == which { //nolint:errorlint // its own, and never wrapped
				return status
			}
			return next(r, err, right)
		}
	}
}
