package mutants

import (
	"net/http"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// rufhLife: cancelled uploads, other users, and restarts.
func rufhLife() []Mutant {
	return []Mutant{
		{
			Name: "rufh-cancel-ignored", Sentence: "DELETE on the upload resource is answered as a success and changes nothing.",
			Breaks: rufhCases("cancel.gone"),
			Apply:  rufhClosing(func(*store.Operation) error { return nil }),
		},
		{
			Name: "rufh-cancel-keeps-request", Sentence: "A request that is at work goes on when the upload is cancelled, and completes it.",
			Breaks: rufhCases("cancel.in-flight"),
			Apply: func(s *reference.Seams) {
				var cancelled marks
				rufhClosing(func(op *store.Operation) error {
					cancelled.set(op)
					return nil
				})(s)
				next := s.Access.Allowed
				s.Access.Allowed = func(r *http.Request, op *store.Operation, user string) bool {
					return next(r, op, user) && !cancelled.has(op)
				}
			},
		},
		{
			Name: "rufh-cancel-not-allowed", Sentence: "An upload cannot be cancelled.",
			Breaks: rufhCases("cancel.gone"),
			Apply:  refuse(http.StatusMethodNotAllowed, func(r *http.Request) bool { return r.Method == http.MethodDelete && at(r, fileURIs) }),
		},
		{
			Name: "rufh-cancel-by-strangers", Sentence: "Who knows the URI may cancel the upload of another user.",
			Breaks: rufhCases("privacy.other-user"),
			Apply:  admitting(fileURIs, http.MethodDelete),
		},
		{
			Name: "rufh-offset-for-strangers", Sentence: "Who knows the URI may read the offset of another user's upload.",
			Breaks: rufhCases("privacy.other-user"),
			Apply:  admitting(fileURIs, http.MethodHead),
		},
		{
			Name: "rufh-append-by-strangers", Sentence: "Who knows the URI may append to the upload of another user.",
			Breaks: rufhCases("privacy.other-user"),
			Apply:  admitting(fileURIs, http.MethodPatch),
		},
		{
			Name: "rufh-restart-forgets", Sentence: "A restart forgets the bytes of uploads that are incomplete.",
			Breaks: rufhCases("restart.kept"),
			Apply: func(s *reference.Seams) {
				s.Store.Restored = func(op *store.Operation, kept store.Extents) store.Extents {
					if op.Protocol == rufhProtocol {
						return nil
					}
					return kept
				}
			},
		},
		{
			Name: "rufh-restart-loses-upload", Sentence: "After a restart the upload resources are not there any more.",
			Breaks: rufhCases("restart.kept"),
			Apply: func(s *reference.Seams) {
				var restored marks
				next, allowed := s.Store.Restored, s.Access.Allowed
				s.Store.Restored = func(op *store.Operation, kept store.Extents) store.Extents {
					restored.set(op)
					return next(op, kept)
				}
				s.Access.Allowed = func(r *http.Request, op *store.Operation, user string) bool {
					return allowed(r, op, user) && (op.Protocol != rufhProtocol || !restored.has(op))
				}
			},
		},
		{
			Name: "rufh-cancel-200", Sentence: "An upload that is cancelled is answered with 200.",
			Breaks: rufhCases("cancel.status-204"),
			Apply: head(func(r *http.Request, status int, _ http.Header) int {
				if r.Method == http.MethodDelete && at(r, fileURIs) && status == http.StatusNoContent {
					return http.StatusOK
				}
				return status
			}),
		},
	}
}

// rufhClosing cancels resumable uploads otherwise.
func rufhClosing(change func(*store.Operation) error) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Message.Close
		s.Message.Close = func(op *store.Operation) error {
			if op.Protocol == rufhProtocol {
				return change(op)
			}
			return next(op)
		}
	}
}
