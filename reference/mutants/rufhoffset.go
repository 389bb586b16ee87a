package mutants

import (
	"context"
	"net/http"
	"strconv"
	"sync"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// rufhOffset: what is told of an upload is not so.
func rufhOffset() []Mutant {
	return []Mutant{
		{
			Name: "rufh-offset-too-high", Sentence: "The offset that is told is one higher than what is kept.",
			Breaks: rufhCases("state.offset", "create.open", "create.partial"),
			Apply:  rufhShowing(func(_ *http.Request, kept int64) int64 { return kept + 1 }),
		},
		{
			Name: "rufh-offset-too-low", Sentence: "The offset that is told to who asks is one lower than what is kept, and is not accepted then.",
			Breaks: rufhCases("state.offset", "create.partial"),
			Apply: rufhShowing(func(r *http.Request, kept int64) int64 {
				if r.Method == http.MethodHead || r.Method == http.MethodGet {
					return max(0, kept-1)
				}
				return kept
			}),
		},
		{
			Name: "rufh-offset-stale", Sentence: "The offset stays as it was when it was first asked for.",
			Breaks: rufhCases("state.offset"),
			Apply: func(s *reference.Seams) {
				var first sync.Map
				s.Rufh.Shown = func(r *http.Request, op *store.Operation, kept int64) int64 {
					if r.Method != http.MethodHead && r.Method != http.MethodGet {
						return kept
					}
					told, _ := first.LoadOrStore(op, kept)
					return told.(int64)
				}
			},
		},
		{
			Name: "rufh-offset-outdated", Sentence: "While an older request still brings bytes, its offset is told, and the bytes are taken after that.",
			Breaks: rufhCases("upload.offset-accepted"),
			Apply: func(s *reference.Seams) {
				s.Rufh.Settle = func(_ context.Context, op *store.Operation) store.Progress { return op.Progress() }
			},
		},
		{
			Name: "rufh-state-no-complete", Sentence: "The offset is told without the completeness.",
			Breaks: rufhCases("state.complete"),
			Apply:  retrieved(func(h http.Header) { h.Del("Upload-Complete") }),
		},
		{
			Name: "rufh-state-no-length", Sentence: "The offset is told without the length, though that is known.",
			Breaks: rufhCases("state.length"),
			Apply:  retrieved(func(h http.Header) { h.Del("Upload-Length") }),
		},
		{
			Name: "rufh-state-no-limit", Sentence: "The offset is told without the limits.",
			Breaks: rufhCases("state.limit"),
			Apply:  retrieved(func(h http.Header) { h.Del("Upload-Limit") }),
		},
		{
			Name: "rufh-state-cached", Sentence: "The offset may be kept by caches.",
			Breaks: rufhCases("state.no-store"),
			Apply:  retrieved(func(h http.Header) { h.Set("Cache-Control", "max-age=60") }),
		},
		{
			Name: "rufh-state-no-get", Sentence: "GET does not tell the offset.",
			Breaks: rufhCases("state.get"),
			Apply:  refuse(http.StatusMethodNotAllowed, func(r *http.Request) bool { return r.Method == http.MethodGet && at(r, fileURIs) }),
		},
		{
			Name: "rufh-state-redirected", Sentence: "Who asks for the offset is redirected with 302.",
			Breaks: rufhCases("offer.uri-reference", "state.offset"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodHead && at(r, fileURIs) && r.URL.RawQuery == "" {
						w.Header().Set("Location", r.URL.Path+"?again")
						w.WriteHeader(http.StatusFound)
						return
					}
					next.ServeHTTP(w, r)
				}
			}),
		},
		{
			Name: "rufh-complete-by-length", Sentence: "An upload whose bytes are all there is told as complete, though no request has said so.",
			Breaks: rufhCases("state.complete", "append.not-by-length"),
			Apply: func(s *reference.Seams) {
				next := s.Rufh.Completed
				s.Rufh.Completed = func(d reference.Draft, up store.Progress) bool {
					return up.Offset == up.Length || next(d, up)
				}
			},
		},
		{
			Name: "rufh-complete-never", Sentence: "An upload is told as incomplete when it is complete.",
			Breaks: rufhCases("state.complete", "state.after"),
			Apply: func(s *reference.Seams) {
				s.Rufh.Completed = func(reference.Draft, store.Progress) bool { return false }
			},
		},
		{
			Name: "rufh-progress-ahead", Sentence: "A 104 tells all that was announced as kept.",
			Breaks: rufhCases("create.progress", "append.progress-kept"),
			Apply: rufhProgressing(func(a reference.Append, _ *store.Operation, offset int64, h http.Header) {
				h.Set("Upload-Offset", strconv.FormatInt(max(offset, a.Content), 10))
			}),
		},
		{
			Name: "rufh-progress-decreases", Sentence: "Each 104 is followed by one that tells a lower offset.",
			Breaks: rufhCases("create.progress", "append.progress-kept"),
			Apply: func(s *reference.Seams) {
				next := s.Rufh.Progress
				s.Rufh.Progress = func(a reference.Append, op *store.Operation, offset int64) []reference.Interim {
					return append(next(a, op, offset), next(a, op, offset/2)...)
				}
			},
		},
		{
			Name: "rufh-progress-located", Sentence: "The 104s of an append name the upload resource.",
			Breaks: rufhCases("append.no-location"),
			Apply: rufhProgressing(func(a reference.Append, op *store.Operation, _ int64, h http.Header) {
				if !a.Creates {
					h.Set("Location", fileURIs+op.RequestContent)
				}
			}),
		},
		{
			Name: "rufh-progress-unsaid", Sentence: "No 104 tells how far an append has come.",
			Breaks: rufhCases("append.progress"),
			Apply: func(s *reference.Seams) {
				next := s.Rufh.Progress
				s.Rufh.Progress = func(a reference.Append, op *store.Operation, offset int64) []reference.Interim {
					if !a.Creates {
						return nil
					}
					return next(a, op, offset)
				}
			},
		},
		{
			Name: "rufh-state-invented", Sentence: "An upload resource that was never there is told as one at the start.",
			Breaks: rufhCases("state.unknown"),
			Apply: func(s *reference.Seams) {
				var known sync.Map // by their path
				next := s.Rufh.Announced
				s.Rufh.Announced = func(d reference.Draft, r *http.Request, op *store.Operation) []reference.Interim {
					known.Store(fileURIs+op.RequestContent, true)
					return next(d, r, op)
				}
				head(func(r *http.Request, status int, h http.Header) int {
					if _, is := known.Load(r.URL.Path); is || r.Method != http.MethodHead || !at(r, fileURIs) || status != http.StatusNotFound {
						return status
					}
					h.Set("Upload-Offset", "0")
					h.Del("Content-Length")
					h.Del("Content-Type")
					return http.StatusNoContent
				})(s)
			},
		},
	}
}

// rufhShowing changes the offset of an upload that is told.
func rufhShowing(change func(r *http.Request, kept int64) int64) func(*reference.Seams) {
	return func(s *reference.Seams) {
		s.Rufh.Shown = func(r *http.Request, op *store.Operation, kept int64) int64 {
			if op.State() != store.Receiving {
				return kept
			}
			return change(r, kept)
		}
	}
}
