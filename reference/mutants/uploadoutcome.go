package mutants

import (
	"context"
	"errors"
	"net/http"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// uploadOutcome: the answer to the last part, the effect, and the result.
func uploadOutcome() []Mutant {
	return []Mutant{
		{
			Name: "part-last-308", Sentence: "The last part is answered as if more had to come.",
			Breaks: uploadCases("complete.answer"),
			Apply: head(func(r *http.Request, status int, h http.Header) int {
				if !putting(r) || status != http.StatusCreated {
					return status
				}
				h.Del("Location")
				h.Del("Content-Location")
				return http.StatusPermanentRedirect
			}),
		},
		{
			Name: "part-last-names-nothing", Sentence: "The answer to the last part does not name the result.",
			Breaks: uploadCases("complete.answer"),
			Apply: head(func(r *http.Request, status int, h http.Header) int {
				if putting(r) {
					h.Del("Location")
					h.Del("Content-Location")
				}
				return status
			}),
		},
		{
			Name: "part-last-again-refused", Sentence: "The last part is refused when it is sent again because its answer was lost.",
			Breaks: uploadCases("complete.again"),
			Apply: func(s *reference.Seams) {
				next := s.Patch.Fits
				s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
					if op.Upload && up.State != store.Receiving {
						return store.ErrComplete
					}
					return next(op, c, up)
				}
			},
		},
		{
			Name: "part-last-again-effect", Sentence: "The last part has the effect again when it is sent again.",
			Breaks: uploadCases("write.after-done", "complete.again", "response.once"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				next := s.Patch.Fits
				s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
					err := next(op, c, up)
					if err == nil && op.Upload && up.State == store.Done {
						again(op)
					}
					return err
				}
			},
		},
		{
			Name: "upload-effect-per-part", Sentence: "Each part that is kept counts as an upload.",
			Breaks: uploadCases("offer.no-effect", "upload.not-complete"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				next := s.Upload.Shown
				s.Upload.Shown = func(op *store.Operation, kept store.Extents) store.Extents {
					if op.State() == store.Receiving && len(kept) > 0 {
						again(op)
					}
					return next(op, kept)
				}
			},
		},
		{
			Name: "upload-effect-never", Sentence: "The bytes of an upload are all kept, and nothing becomes of them.",
			Breaks: uploadCases("offer.place", "complete.by-itself"),
			Apply: func(s *reference.Seams) {
				next := s.Effect.Outcome
				s.Effect.Outcome = func(op *store.Operation) (*store.Response, error) {
					if op.Upload {
						return nil, errors.New("the effect is left out")
					}
					return next(op)
				}
			},
		},
		{
			Name: "upload-effect-with-connection", Sentence: "Processing is broken off when the connection of the last part ends.",
			Breaks: uploadCases("complete.by-itself", "response.slow"),
			Apply: lasting(func(r *http.Request, next context.Context) context.Context {
				if r == nil || !putting(r) {
					return next
				}
				return r.Context()
			}),
		},
		{
			Name: "result-range-shifted", Sentence: "A range of the result begins one byte too late.",
			Breaks: uploadCases("download.range"),
			Apply:  beginningLate(results),
		},
		{
			Name: "result-range-unlabelled", Sentence: "A range of the result is sent without Content-Range.",
			Breaks: uploadCases("download.range"),
			Apply:  field(results, func(_ *http.Request, _ int, h http.Header) { h.Del("Content-Range") }),
		},
		{
			Name: "result-untagged", Sentence: "The result has neither an entity tag nor a date, so that a download cannot be completed safely.",
			Breaks: uploadCases("complete.validator"),
			Apply: field(results, func(_ *http.Request, _ int, h http.Header) {
				h.Del("ETag")
				h.Del("Last-Modified")
			}),
		},
	}
}
