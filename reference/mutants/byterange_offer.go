package mutants

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

var errMade = errors.New("refused by mistake")

// byterangeOffer: what a document tells of itself, and the preconditions of a write.
func byterangeOffer() []Mutant {
	return []Mutant{
		{
			Name: "byterange-not-announced", Sentence: "OPTIONS on a document does not name the patch formats.",
			Breaks: byterange("offer.accept-patch"),
			Apply: documentField(func(r *http.Request, h http.Header) {
				if r.Method == http.MethodOptions {
					h.Del("Accept-Patch")
				}
			}),
		},
		{
			Name: "byterange-unknown-type-unhelpful", Sentence: "A PATCH of an unknown media type is refused without naming those that are known.",
			Breaks: byterange("offer.unknown-type"),
			Apply: documentHead(func(_ *http.Request, status int, h http.Header) int {
				if status == http.StatusUnsupportedMediaType {
					h.Del("Accept-Patch")
				}
				return status
			}),
		},
		{
			Name: "byterange-announced-not-taken", Sentence: "A patch format that is announced is refused.",
			Breaks: byterange("media.application"),
			Apply: refuse(http.StatusUnsupportedMediaType, func(r *http.Request) bool {
				return patched(r) && has(r, "Content-Type", "application/byteranges")
			}),
		},
		{
			Name: "byterange-continue-before-look", Sentence: "The 100 is sent before the head was looked at, also for a PATCH that is refused.",
			Breaks: byterange("offer.refusal"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if at(r, documents) && expects(r) {
						w.WriteHeader(http.StatusContinue)
					}
					next.ServeHTTP(w, r)
				}
			}),
		},
		{
			Name: "byterange-if-match-ignored", Sentence: "If-Match is not looked at.",
			Breaks: byterange("precondition.if-match-stale", "precondition.etag"), Apply: unconditioned("If-Match"),
		},
		{
			Name: "byterange-if-none-match-ignored", Sentence: "If-None-Match is not looked at.",
			Breaks: byterange("create.if-none-match"), Apply: unconditioned("If-None-Match"),
		},
		{
			Name: "byterange-if-unmodified-ignored", Sentence: "If-Unmodified-Since is not looked at.",
			Breaks: byterange("precondition.if-unmodified-since"), Apply: unconditioned("If-Unmodified-Since"),
		},
		{
			Name: "byterange-fresh-tag-refused", Sentence: "If-Match is answered with 412, also with the right entity tag.",
			Breaks: byterange("precondition.if-match-fresh"),
			Apply: func(s *reference.Seams) {
				next := s.Document.Conditions
				s.Document.Conditions = func(r *http.Request, v store.View) error {
					if r.Header.Get("If-Match") != "" {
						r = r.Clone(r.Context())
						r.Header.Set("If-Match", `"another"`)
					}
					return next(r, v)
				}
			},
		},
		{
			Name: "byterange-late-412", Sentence: "A write whose precondition fails is answered with 412, and carried out.",
			Breaks: byterange("precondition.if-match-stale", "create.if-none-match", "precondition.if-unmodified-since"),
			Apply: func(s *reference.Seams) {
				var failed requestMarks
				next := s.Document.Conditions
				s.Document.Conditions = func(r *http.Request, v store.View) error {
					if next(r, v) != nil {
						failed.set(r)
					}
					return nil
				}
				documentHead(func(r *http.Request, status int, _ http.Header) int {
					if failed.has(r) {
						return http.StatusPreconditionFailed
					}
					return status
				})(s)
			},
		},
		{
			Name: "byterange-create-needs-nothing-there", Sentence: "If-None-Match: * fails on a document that is not there.",
			Breaks: byterange("offer.patch"),
			Apply: func(s *reference.Seams) {
				next := s.Document.Conditions
				s.Document.Conditions = func(r *http.Request, v store.View) error {
					if v.Document == nil && r.Header.Get("If-None-Match") == "*" {
						return next(staleMatch(r), v)
					}
					return next(r, v)
				}
			},
		},
		{
			Name: "byterange-tag-stays", Sentence: "The entity tag of a document stays when its bytes change.",
			Breaks: byterange("precondition.validator", "precondition.etag", "precondition.if-match-fresh", "download.if-range"),
			Apply: documentField(func(_ *http.Request, h http.Header) {
				if tag, _, ok := strings.Cut(h.Get("ETag"), "-"); ok {
					h.Set("ETag", tag+`"`)
				}
			}),
		},
		{
			Name: "byterange-no-tag", Sentence: "A document has no entity tag.",
			Breaks: byterange("precondition.validator"),
			Apply:  documentField(func(_ *http.Request, h http.Header) { h.Del("ETag") }),
		},
	}
}

// staleMatch is a request whose If-Match fails.
func staleMatch(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	r.Header.Set("If-Match", `"another"`)
	return r
}

// byterangeDownload: what is read of a document, in whole and in part.
func byterangeDownload() []Mutant {
	return []Mutant{
		{
			Name: "byterange-range-one-late", Sentence: "The bytes of a range of a document are those one position further on.",
			Breaks: byterange("download.range"), Apply: rangeFrom(func(first int) int { return first + 1 }),
		},
		{
			Name: "byterange-range-ignored", Sentence: "A range of a document is answered with all of it.",
			Breaks: byterange("download.range"), Apply: documentRequest(func(r *http.Request) { r.Header.Del("Range") }),
		},
		{
			Name: "byterange-if-range-ignored", Sentence: "If-Range is not looked at: old and new bytes are mixed.",
			Breaks: byterange("download.if-range"), Apply: documentRequest(func(r *http.Request) { r.Header.Del("If-Range") }),
		},
		{
			Name: "byterange-type-lost", Sentence: "The media type of a document is not kept.",
			Breaks: byterange("part.content-type"),
			Apply: documentField(func(r *http.Request, h http.Header) {
				if r.Method == http.MethodGet || r.Method == http.MethodHead {
					h.Set("Content-Type", "application/octet-stream")
				}
			}),
		},
	}
}

// documentRequest makes a mutant that reads a document for another request.
func documentRequest(change func(*http.Request)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Content.Asked
		s.Content.Asked = func(r *http.Request, size int64) {
			if at(r, documents) {
				change(r)
			}
			next(r, size)
		}
	}
}

// rangeFrom makes one for which a range begins elsewhere.
func rangeFrom(change func(first int) int) func(*reference.Seams) {
	return documentRequest(func(r *http.Request) {
		first, last, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
		if n, err := strconv.Atoi(first); ok && err == nil {
			r.Header.Set("Range", "bytes="+strconv.Itoa(change(n))+"-"+last)
		}
	})
}
