package mutants

import (
	"context"
	"net/http"
	"sync"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// rufhAppend: appends are taken that should be refused, or answered wrongly.
func rufhAppend() []Mutant {
	return []Mutant{
		{
			Name: "rufh-append-anywhere", Sentence: "An append is taken at whichever offset it names.",
			Breaks: rufhCases("refuse.offset-low", "refuse.offset-high"),
			Apply: rufhFitting(func(a *reference.Append, up store.Progress) {
				if a.Fields.Offset != nil {
					a.Fields.Offset = &up.Offset
				}
			}),
		},
		{
			Name: "rufh-append-without-offset", Sentence: "An append that names no offset is taken.",
			Breaks: rufhCases("refuse.no-offset"),
			Apply: func(s *reference.Seams) {
				next := s.Rufh.Fields
				s.Rufh.Fields = func(d reference.Draft, h http.Header) reference.UploadFields {
					f := next(d, h)
					if f.Offset == nil {
						f.Offset = new(int64)
						*f.Offset = -1
					}
					return f
				}
				rufhFitting(func(a *reference.Append, up store.Progress) {
					if a.Fields.Offset != nil && *a.Fields.Offset < 0 {
						a.Fields.Offset = &up.Offset
					}
				})(s)
			},
		},
		{
			Name: "rufh-conflict-untold", Sentence: "The refusal of an append at another offset does not tell the right one.",
			Breaks: rufhCases("refuse.offset-told"),
			Apply:  rufhConflicting(func(_ *http.Request, h http.Header) { h.Del("Upload-Offset") }),
		},
		{
			Name: "rufh-conflict-echoed", Sentence: "The refusal of an append at another offset tells the offset of the request.",
			Breaks: rufhCases("refuse.offset-told"),
			Apply:  rufhConflicting(func(r *http.Request, h http.Header) { h.Set("Upload-Offset", r.Header.Get("Upload-Offset")) }),
		},
		{
			Name: "rufh-conflict-complete", Sentence: "The refusal of an append at another offset does not say that the upload is incomplete.",
			Breaks: rufhCases("refuse.incomplete-told"),
			Apply:  rufhConflicting(func(_ *http.Request, h http.Header) { h.Del("Upload-Complete") }),
		},
		{
			Name: "rufh-conflict-412", Sentence: "An append at another offset is refused with 412.",
			Breaks: rufhCases("refuse.offset-low", "refuse.offset-high"),
			Apply: head(func(r *http.Request, status int, _ http.Header) int {
				if rufhAppending(r) && status == http.StatusConflict {
					return http.StatusPreconditionFailed
				}
				return status
			}),
		},
		{
			Name: "rufh-conflict-deactivates", Sentence: "An append that is refused takes the upload with it.",
			Breaks: rufhCases("refuse.offset-low", "refuse.offset-high"),
			Apply: func(s *reference.Seams) {
				next := s.Rufh.Deactivates
				s.Rufh.Deactivates = func(d reference.Draft, op *store.Operation, err error) bool {
					return about(err, "does not match offset") || next(d, op, err)
				}
			},
		},
		{
			Name: "rufh-append-complete-unsaid", Sentence: "The response to an append that does not complete the upload says nothing of the completeness.",
			Breaks: rufhCases("append.told"),
			Apply: field(fileURIs, func(r *http.Request, status int, h http.Header) {
				if rufhAppending(r) && status == http.StatusNoContent {
					h.Del("Upload-Complete")
				}
			}),
		},
		{
			Name: "rufh-final-unsaid", Sentence: "The final response to an append does not say that it is one.",
			Breaks: rufhCases("append.final-told"),
			Apply: rufhFinishing(func(a reference.Append, _ *store.Operation, resp *store.Response) {
				if !a.Creates {
					http.Header(resp.Header).Del("Upload-Complete")
				}
			}),
		},
		{
			Name: "rufh-final-incomplete", Sentence: "The final response says that the upload is incomplete where processing has failed.",
			Breaks: rufhCases("append.final-told"),
			Apply: rufhFinishing(func(_ reference.Append, _ *store.Operation, resp *store.Response) {
				if resp.Status >= 400 {
					http.Header(resp.Header).Set("Upload-Complete", "?0")
				}
			}),
		},
		{
			Name: "rufh-final-of-append", Sentence: "An append that completes the upload gets 200 and nothing of what the target answers.",
			Breaks: rufhCases("append.final-response"),
			Apply: rufhFinishing(func(a reference.Append, _ *store.Operation, resp *store.Response) {
				if !a.Creates {
					*resp = store.Response{Status: http.StatusOK, Header: map[string][]string{"Upload-Complete": {"?1"}, "Content-Length": {"0"}}}
				}
			}),
		},
		{
			Name: "rufh-final-repeats-effect", Sentence: "Who asks for the final response again has the representation processed again.",
			Breaks: rufhCases("complete.replay"),
			Apply: func(s *reference.Seams) {
				again := repeatedly(s)
				var sent tally
				rufhFinishing(func(_ reference.Append, op *store.Operation, _ *store.Response) {
					if sent.next(op) > 1 {
						again(op)
					}
				})(s)
			},
		},
		{
			Name: "rufh-complete-takes-more", Sentence: "An append that brings bytes to a complete upload is answered as if it had taken them.",
			Breaks: rufhCases("complete.no-append"),
			Apply: func(s *reference.Seams) {
				var over sync.Map // upload resources, by their path
				rufhFinishing(func(_ reference.Append, op *store.Operation, _ *store.Response) {
					over.Store(fileURIs+op.RequestContent, true)
				})(s)
				wrapped(func(next http.Handler) http.HandlerFunc {
					return func(w http.ResponseWriter, r *http.Request) {
						if _, is := over.Load(r.URL.Path); is && rufhAppending(r) && r.ContentLength > 0 {
							w = &lenient{w}
						}
						next.ServeHTTP(w, r)
					}
				})(s)
			},
		},
		{
			Name: "rufh-cut-completes", Sentence: "An upload whose last request is cut is complete with what has come.",
			Breaks: rufhCases("upload.not-complete"),
			Apply: func(s *reference.Seams) {
				var cut marks
				wholeBy(s, cut.has)
				next := s.Body.Ended
				s.Body.Ended = func(in reference.Intake) error {
					if in.Op.Protocol == rufhProtocol && in.Got > 0 && about(in.Err, "interrupted") && completeness(in.Request.Header) == "?1" {
						cut.set(in.Op)
						return nil
					}
					return next(in)
				}
			},
		},
		{
			Name: "rufh-cut-forgets", Sentence: "An upload that is cut is not there any more.",
			Breaks: rufhCases("upload.offset-lawful"),
			Apply:  rufhKeeping(func(reference.Intake, int64) int64 { return -1 }),
		},
		{
			Name: "rufh-cut-drops", Sentence: "Nothing is kept of a request that is cut.",
			Breaks: rufhCases("upload.kept"),
			Apply:  rufhKeeping(func(in reference.Intake, n int64) int64 { return max(0, n-in.Got) }),
		},
		{
			Name: "rufh-cut-decreases", Sentence: "When an append is cut, half of what was kept before is lost as well.",
			Breaks: rufhCases("upload.never-decreases", "append.progress-kept"),
			Apply: rufhKeeping(func(in reference.Intake, n int64) int64 {
				if in.Request.Method != http.MethodPatch {
					return n
				}
				return (n - in.Got) / 2
			}),
		},
		{
			Name: "rufh-stalled-blocks", Sentence: "As long as an older append is stalled, no other is taken.",
			Breaks: rufhCases("upload.offset-accepted"),
			Apply: func(s *reference.Seams) {
				keep := func(_ context.Context, op *store.Operation) store.Progress { return op.Progress() }
				s.Rufh.Settle, s.Rufh.TakeOver = keep, keep
			},
		},
		{
			Name: "rufh-append-late-look", Sentence: "An append gets its 100 before it is looked at.",
			Breaks: rufhCases("refuse.early"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if rufhAppending(r) && expects(r) {
						w.WriteHeader(http.StatusContinue)
					}
					next.ServeHTTP(w, r)
				}
			}),
		},
		{
			Name: "rufh-complete-again", Sentence: "An append that comes when the upload is complete has it processed again.",
			Breaks: rufhCases("complete.no-append", "complete.lost"),
			Apply: func(s *reference.Seams) {
				again, next := repeatedly(s), s.Rufh.TakeOver
				s.Rufh.TakeOver = func(ctx context.Context, op *store.Operation) store.Progress {
					up := next(ctx, op)
					if up.State == store.Done || up.State == store.Complete {
						again(op)
					}
					return up
				}
			},
		},
		{
			Name: "rufh-final-changes", Sentence: "Who asks for the final response for the third time gets another one.",
			Breaks: rufhCases("complete.replay", "response.stable"),
			Apply: func(s *reference.Seams) {
				var sent tally
				rufhFinishing(func(_ reference.Append, op *store.Operation, resp *store.Response) {
					if sent.next(op) > 2 {
						http.Header(resp.Header).Set("Content-Type", "text/plain")
					}
				})(s)
			},
		},
		{
			Name: "rufh-replay-anywhere", Sentence: "The final response is sent again without a look at the offset.",
			Breaks: rufhCases("complete.replay-low"),
			Apply: rufhFitting(func(a *reference.Append, up store.Progress) {
				if up.State != store.Receiving && a.Content == 0 && a.Fields.Completes() {
					a.Fields.Offset = &up.Offset
				}
			}),
		},
	}
}

// lenient makes a 204 of a refusal.
type lenient struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (l *lenient) WriteHeader(status int) {
	if status == http.StatusBadRequest {
		l.Header().Del("Content-Length")
		l.Header().Del("Content-Type")
		status = http.StatusNoContent
	}
	l.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (l *lenient) Write(p []byte) (int, error) {
	_, _ = l.ResponseWriter.Write(p) // a 204 has none
	return len(p), nil
}

// Unwrap serves http.ResponseController.
func (l *lenient) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// rufhKeeping decides otherwise how many of the n bytes kept of a resumable upload stay when a request was cut.
func rufhKeeping(kept func(in reference.Intake, n int64) int64) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Body.Kept
		s.Body.Kept = func(in reference.Intake, n int64) int64 {
			if in.Op.Protocol != rufhProtocol {
				return next(in, n)
			}
			return kept(in, n)
		}
	}
}
