package mutants

import (
	"net/http"
	"sync"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// uploadLife: restarts, cancelled uploads, and uploads that are begun again.
func uploadLife() []Mutant {
	return []Mutant{
		{
			Name: "restart-drops-parts", Sentence: "A restart forgets which bytes of an upload are kept.",
			Breaks: uploadCases("restart.kept", "restart.intact"),
			Apply: func(s *reference.Seams) {
				s.Store.Restored = func(op *store.Operation, kept store.Extents) store.Extents {
					if op.Upload {
						return nil
					}
					return kept
				}
			},
		},
		{
			Name: "restart-hides-gaps", Sentence: "After a restart everything before the last byte that has come is taken for kept.",
			Breaks: uploadCases("parallel.restart"),
			Apply: func(s *reference.Seams) {
				s.Store.Restored = func(_ *store.Operation, kept store.Extents) store.Extents { return joined(kept) }
			},
		},
		{
			Name: "cancel-ignored", Sentence: "DELETE on the status resource is answered as a success and changes nothing.",
			Breaks: uploadCases("cancel.no-effect", "cancel.gone"),
			Apply: func(s *reference.Seams) {
				next := s.Message.Close
				s.Message.Close = func(op *store.Operation) error {
					if op.Upload {
						return nil
					}
					return next(op)
				}
			},
		},
		{
			Name: "cancel-leaves-content", Sentence: "An upload that was cancelled still takes parts, and has its effect.",
			Breaks: uploadCases("cancel.no-effect", "cancel.gone"),
			Apply: func(s *reference.Seams) {
				var cancelled marks
				next := s.Message.Close
				s.Message.Close = func(op *store.Operation) error {
					if !op.Upload {
						return next(op)
					}
					cancelled.set(op)
					return nil
				}
				admittingUploads(func(r *http.Request, op *store.Operation) bool { return !onStatus(r) || !cancelled.has(op) })(s)
			},
		},
		{
			Name: "cancel-by-strangers", Sentence: "Who knows the URI may cancel the upload of another user.",
			Breaks: uploadCases("privacy.other-user"),
			Apply:  admitting(statuses, http.MethodDelete),
		},
		{
			Name: "cancel-not-allowed", Sentence: "An upload cannot be cancelled.",
			Breaks: uploadCases("cancel.gone"),
			Apply:  refuse(http.StatusMethodNotAllowed, func(r *http.Request) bool { return r.Method == http.MethodDelete && onStatus(r) }),
		},
		{
			Name: "repost-key-of-all", Sentence: "An Idempotency-Key leads to the upload of whichever user has used it first.",
			Breaks: uploadCases("privacy.same-key"),
			Apply: func(s *reference.Seams) {
				var byKey sync.Map
				statusing(s, func(r *http.Request, op *store.Operation, _ *reference.UploadStatus) {
					if begins(r) && op.Key != "" {
						byKey.LoadOrStore(op.Key, op)
					}
				})
				next := s.Upload.Known
				s.Upload.Known = func(rec store.Record) (*store.Operation, bool) {
					if op, ok := byKey.Load(rec.Key); ok {
						return op.(*store.Operation), true
					}
					return next(rec)
				}
			},
		},
		{
			Name: "repost-clears", Sentence: "After a POST that is repeated with its Idempotency-Key nothing is told as kept.",
			Breaks: uploadCases("create.same-key"),
			Apply: func(s *reference.Seams) {
				var again marks
				next := s.Upload.Known
				s.Upload.Known = func(rec store.Record) (*store.Operation, bool) {
					op, ok := next(rec)
					if ok {
						again.set(op)
					}
					return op, ok
				}
				tellingLess(s, &again, 0)
			},
		},
		{
			Name: "repost-twin-counts", Sentence: "An upload counts when it is begun, so that one whose answer was lost counts twice.",
			Breaks: uploadCases("offer.no-effect", "create.lost"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				statusing(s, func(r *http.Request, op *store.Operation, _ *reference.UploadStatus) {
					if begins(r) {
						again(op)
					}
				})
			},
		},
	}
}
