package mutants

import (
	"net/http"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// privacy: others see or change what is not theirs.
func privacy() []Mutant {
	return []Mutant{
		{
			Name: "stranger-sees-offset", Sentence: "Who knows the location may HEAD the request content of another user.",
			Breaks: cases("privacy.other-user"),
			Apply:  admitting(requests, http.MethodHead),
		},
		{
			Name: "stranger-reads-content", Sentence: "Who knows the location may GET the request content of another user.",
			Breaks: cases("privacy.other-user"),
			Apply:  admitting(requests, http.MethodGet),
		},
		{
			Name: "stranger-patches", Sentence: "Who knows the location may PATCH the request content of another user.",
			Breaks: cases("privacy.other-user"),
			Apply:  admitting(requests, http.MethodPatch),
		},
		{
			Name: "stranger-cancels", Sentence: "Who knows the location may DELETE the upload of another user.",
			Breaks: cases("privacy.other-user"),
			Apply:  admitting(requests, http.MethodDelete),
		},
		{
			Name: "stranger-reads-message", Sentence: "Who knows the location may GET the response message of another user.",
			Breaks: cases("privacy.other-user"),
			Apply:  admitting(messages, http.MethodGet),
		},
		{
			Name: "stranger-reads-response", Sentence: "Who knows the location may GET the response content of another user.",
			Breaks: cases("privacy.other-user"),
			Apply:  admitting(responses, http.MethodGet),
		},
		{
			Name: "cache-public", Sentence: "The resources of an operation may be kept by shared caches.",
			Breaks: cases("privacy.not-cached"),
			Apply: head(func(r *http.Request, status int, h http.Header) int {
				if at(r, requests) || at(r, messages) || at(r, responses) {
					h.Set("Cache-Control", "public, max-age=60")
				}
				return status
			}),
		},
		{
			Name: "cache-unsaid", Sentence: "The response message does not say whether it may be cached.",
			Breaks: cases("privacy.not-cached"),
			Apply:  field(messages, func(_ *http.Request, _ int, h http.Header) { h.Del("Cache-Control") }),
		},
	}
}

// admitting lets every user use one method on the resources of one kind.
func admitting(prefix, method string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Access.Allowed
		s.Access.Allowed = func(r *http.Request, op *store.Operation, user string) bool {
			return at(r, prefix) && r.Method == method || next(r, op, user)
		}
	}
}
