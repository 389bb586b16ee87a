package mutants

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// before100: what the client had no leave to send yet changes something.
func before100() []Mutant {
	return []Mutant{
		{
			Name: "effect-with-head", Sentence: "The effect happens when the head of a request is in.",
			Breaks: cases("before100.state-unchanged", "before100.lost", "before100.reissue", "before100.repeated", "upload.not-complete"),
			Apply: func(s *reference.Seams) {
				next, effect := s.Offer.Interims, s.Effect.Make
				s.Offer.Interims = func(r *http.Request, op *store.Operation) []reference.Interim {
					_, _ = effect(op) // one that fails is tried again when the body is in
					return next(r, op)
				}
			},
		},
		{
			Name: "nothing-is-a-body", Sentence: "An upload that is interrupted before its first byte is taken for one with an empty body.",
			Breaks: cases("before100.lost", "before100.state-unchanged", "before100.reissue", "before100.repeated", "upload.offsets"),
			Apply:  truncated(func(in reference.Intake) bool { return in.Err != nil && in.Got == 0 && !patching(in) }),
		},
		{
			Name: "reissue-refused", Sentence: "A request that was begun before is refused when it is issued again.",
			Breaks: cases("before100.reissue", "before100.lost", "before100.repeated", "upload.ignore-incomplete"),
			Apply: func(s *reference.Seams) {
				var begun sync.Map
				refuse(http.StatusConflict, func(r *http.Request) bool {
					if !uploading(r) || !expects(r) || r.Header.Get("Idempotency-Key") != "" {
						return false
					}
					_, again := begun.LoadOrStore(r.URL.RawQuery, true)
					return again
				})(s)
			},
		},
		{
			Name: "interrupted-head-keeps-slot", Sentence: "Each request that is interrupted keeps one of forty slots for ever.",
			Breaks: cases("before100.repeated"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				var taken atomic.Int64
				return func(w http.ResponseWriter, r *http.Request) {
					if taken.Load() >= 40 {
						w.WriteHeader(http.StatusServiceUnavailable)
						return
					}
					whole := false
					defer func() {
						if !whole {
							taken.Add(1)
						}
					}()
					next.ServeHTTP(w, r)
					whole = true
				}
			}),
		},
		{
			Name: "half-head-keeps-lock", Sentence: "A connection that ends within the head of a request leaves a lock on the target.",
			Breaks: cases("before100.head-cut", "before100.state-unchanged"),
			Apply: func(s *reference.Seams) {
				var halves, served sync.Map
				var locked atomic.Bool
				s.HTTP.Server = func(server *http.Server) {
					next := server.Handler
					server.ConnState = func(c net.Conn, state http.ConnState) {
						switch state {
						case http.StateActive:
							halves.Store(c.RemoteAddr().String(), true)
						case http.StateClosed:
							key := c.RemoteAddr().String()
							_, half := halves.LoadAndDelete(key)
							if _, whole := served.LoadAndDelete(key); half && !whole {
								locked.Store(true)
							}
						case http.StateNew, http.StateIdle, http.StateHijacked:
						}
					}
					server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						served.Store(r.RemoteAddr, true)
						if uploading(r) && locked.Load() {
							w.WriteHeader(http.StatusLocked)
							return
						}
						next.ServeHTTP(w, r)
					})
				}
			},
		},
	}
}
