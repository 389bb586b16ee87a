package mutants

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync/atomic"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// rufhLimit: limits are told wrongly, or not kept to.
func rufhLimit() []Mutant {
	return []Mutant{
		{
			Name: "rufh-options-silent", Sentence: "OPTIONS does not tell the limits.",
			Breaks: rufhCases("limit.options"),
			Apply: field(rufhFiles, func(r *http.Request, _ int, h http.Header) {
				if r.Method == http.MethodOptions {
					h.Del("Upload-Limit")
				}
			}),
		},
		{
			Name: "rufh-options-wider", Sentence: "OPTIONS tells a maximum size that is larger than that of an upload.",
			Breaks: rufhCases("limit.options-wide", "limit.max-size"),
			Apply: field(rufhFiles, func(r *http.Request, _ int, h http.Header) {
				if r.Method == http.MethodOptions {
					h.Set("Upload-Limit", "max-size=999999999999999")
				}
			}),
		},
		{
			Name: "rufh-limit-malformed", Sentence: "Upload-Limit is not a Dictionary.",
			Breaks: rufhCases("limit.form"),
			Apply:  rufhLimiting(func(*store.Operation, string) string { return "max-size: 1000000000" }),
		},
		{
			Name: "rufh-limit-wrong-type", Sentence: "A limit is a String.",
			Breaks: rufhCases("limit.form"),
			Apply:  rufhLimiting(func(*store.Operation, string) string { return `max-size="1000000000"` }),
		},
		{
			Name: "rufh-limit-shrinks", Sentence: "The maximum size that is told shrinks when the upload has begun.",
			Breaks: rufhCases("limit.stable"),
			Apply: rufhLimiting(func(op *store.Operation, value string) string {
				if op != nil && op.Progress().Offset > 0 {
					return "max-size=1, max-age=3600"
				}
				return value
			}),
		},
		{
			Name: "rufh-413-without-limit", Sentence: "The refusal of a representation that is too large does not tell the limits.",
			Breaks: rufhCases("limit.with-413"),
			Apply: field(rufhFiles, func(_ *http.Request, status int, h http.Header) {
				if status == http.StatusRequestEntityTooLarge {
					h.Del("Upload-Limit")
				}
			}),
		},
		{
			Name: "rufh-asterisk-malformed", Sentence: "OPTIONS * tells limits in another form.",
			Breaks: rufhCases("limit.asterisk"),
			Apply: func(s *reference.Seams) {
				s.HTTP.Server = func(server *http.Server) {
					next := server.Handler
					server.DisableGeneralOptionsHandler = true
					server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.RequestURI == "*" {
							w.Header().Set("Upload-Limit", "max-size=10GB")
							w.WriteHeader(http.StatusNoContent)
							return
						}
						next.ServeHTTP(w, r)
					})
				}
			},
		},
		{
			Name: "rufh-max-size-off-by-one", Sentence: "A representation of max-size is refused for its length.",
			Breaks: rufhCases("limit.max-size"),
			Apply: func(s *reference.Seams) {
				rufhFitting(func(a *reference.Append, _ store.Progress) {
					if most := s.Rufh.Limits().MaxSize; a.Fields.Length != nil && *a.Fields.Length == most {
						most++
						a.Fields.Length = &most
					}
				})(s)
			},
		},
		{
			Name: "rufh-max-append-off-by-one", Sentence: "An append of max-append-size is refused.",
			Breaks: rufhCases("limit.max-append-size"),
			Apply: func(s *reference.Seams) {
				rufhFitting(func(a *reference.Append, _ store.Progress) {
					if !a.Creates && a.Content == s.Rufh.Limits().MaxAppend {
						a.Content++
					}
				})(s)
			},
		},
		{
			Name: "rufh-min-append-off-by-one", Sentence: "An append of min-append-size is refused.",
			Breaks: rufhCases("limit.min-append-size"),
			Apply: func(s *reference.Seams) {
				leastAppend(s, 100)
				rufhFitting(func(a *reference.Append, _ store.Progress) {
					if !a.Creates && a.Content == 100 {
						a.Content--
					}
				})(s)
			},
		},
		{
			Name: "rufh-min-append-final", Sentence: "The last append is refused because it is smaller than min-append-size.",
			Breaks: rufhCases("limit.min-append-final"),
			Apply: func(s *reference.Seams) {
				leastAppend(s, 100)
				rufhFitting(func(a *reference.Append, _ store.Progress) {
					if !a.Creates && a.Content > 0 && a.Content < 100 {
						a.Fields.Complete = new(bool)
					}
				})(s)
			},
		},
		{
			Name: "rufh-lifetime-shrinks", Sentence: "The lifetime that is told is shorter by a minute each time.",
			Breaks: rufhCases("limit.max-age"),
			Apply: func(s *reference.Seams) {
				var asked atomic.Int64
				lifetime := regexp.MustCompile(`(max-age|expires)=(\d+)`)
				rufhLimiting(func(op *store.Operation, value string) string {
					return lifetime.ReplaceAllStringFunc(value, func(told string) string {
						part := lifetime.FindStringSubmatch(told)
						n, err := strconv.ParseInt(part[2], 10, 64)
						if err != nil || op == nil {
							return told
						}
						return fmt.Sprintf("%s=%d", part[1], max(1, n-60*asked.Add(1)))
					})
				})(s)
			},
		},
	}
}

// leastAppend sets min-append-size.
func leastAppend(s *reference.Seams, least int64) {
	next := s.Rufh.Limits
	s.Rufh.Limits = func() reference.UploadLimits {
		l := next()
		l.MinAppend = least
		return l
	}
}

// rufhLimiting changes the limits that are told.
func rufhLimiting(change func(op *store.Operation, value string) string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Rufh.Limit
		s.Rufh.Limit = func(d reference.Draft, op *store.Operation) string { return change(op, next(d, op)) }
	}
}
