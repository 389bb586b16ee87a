package mutants

import (
	"context"
	"net/http"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// effect: it does not happen exactly once.
func effect() []Mutant {
	return []Mutant{
		{
			Name: "effect-twice-after-patch", Sentence: "The effect of an upload that was completed by PATCH happens twice.",
			Breaks: cases("upload.patch-completes", "upload.offsets", "upload.many-pieces", "upload.interrupted-again", "response.after-patch"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				patched := completedByPatch(s)
				outcomes(s, func(op *store.Operation, resp *store.Response) *store.Response {
					if patched(op) {
						again(op)
					}
					return resp
				})
			},
		},
		{
			Name: "effect-twice-unasked", Sentence: "The effect of an upload that did not ask for resumption happens twice.",
			Breaks: cases("offer.not-asked"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				outcomes(s, func(op *store.Operation, resp *store.Response) *store.Response {
					if !op.Resume {
						again(op)
					}
					return resp
				})
			},
		},
		{
			Name: "effect-twice-unexpected", Sentence: "The effect of an upload that did not expect a 100 happens twice.",
			Breaks: cases("offer.no-expect"),
			Apply: func(s *reference.Seams) {
				var unexpected marks
				next, again := s.Offer.Interims, repeatedly(s)
				s.Offer.Interims = func(r *http.Request, op *store.Operation) []reference.Interim {
					if !expects(r) && op.Resume {
						unexpected.set(op)
					}
					return next(r, op)
				}
				outcomes(s, func(op *store.Operation, resp *store.Response) *store.Response {
					if unexpected.has(op) {
						again(op)
					}
					return resp
				})
			},
		},
		{
			Name: "effect-per-read", Sentence: "Each read of the response message has the effect again.",
			Breaks: cases("response.once", "upload.concurrent"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				finals(s, messages, func(_ *http.Request, op *store.Operation, resp *store.Response) (*store.Response, bool) {
					again(op)
					return resp, true
				})
			},
		},
		{
			Name: "effect-of-failure", Sentence: "A request that is answered with an error has its effect all the same.",
			Breaks: cases("response.error"),
			Apply: func(s *reference.Seams) {
				effect := s.Effect.Make
				outcomes(s, func(op *store.Operation, resp *store.Response) *store.Response {
					if op.Job.Fail != 0 {
						_, _ = effect(op)
					}
					return resp
				})
			},
		},
		{
			Name: "effect-without-patch", Sentence: "A PATCH stores the missing bytes, and nothing becomes of them.",
			Breaks: cases("upload.patch-completes", "offer.default-is-save"),
			Apply: lasting(func(r *http.Request, next context.Context) context.Context {
				if r == nil || r.Method != http.MethodPatch {
					return next
				}
				return ended()
			}),
		},
		{
			Name: "work-ends-with-connection", Sentence: "Processing is broken off when the connection ends.",
			Breaks: cases("response.slow", "response.not-yet"),
			Apply: lasting(func(r *http.Request, next context.Context) context.Context {
				if r == nil {
					return next
				}
				return r.Context()
			}),
		},
	}
}

func lasting(lifetime func(r *http.Request, next context.Context) context.Context) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Effect.Lifetime
		s.Effect.Lifetime = func(r *http.Request) context.Context { return lifetime(r, next(r)) }
	}
}

// ended is a context that has ended.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// outcomes changes final responses when they are made.
func outcomes(s *reference.Seams, change func(*store.Operation, *store.Response) *store.Response) {
	next := s.Effect.Outcome
	s.Effect.Outcome = func(op *store.Operation) (*store.Response, error) {
		resp, err := next(op)
		if err != nil {
			return nil, err
		}
		return change(op, resp), nil
	}
}

// completedByPatch tells of an operation that is processed whether a PATCH completed it.
func completedByPatch(s *reference.Seams) func(*store.Operation) bool {
	var interrupted marks
	keep(s, func(in reference.Intake, n int64) int64 {
		interrupted.set(in.Op)
		return n
	})
	return interrupted.has
}
