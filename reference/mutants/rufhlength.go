package mutants

import (
	"net/http"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// rufhLength: lengths, limits and digests are not kept to.
func rufhLength() []Mutant {
	return []Mutant{
		{
			Name: "rufh-length-contradicted", Sentence: "Of two lengths in one request that contradict each other one is taken.",
			Breaks: rufhCases("length.indicators"),
			Apply: rufhMeasuring(func(a reference.Append, offset, length int64, err error) (int64, error) {
				if err != nil {
					length = offset + a.Content
				}
				return length, nil
			}),
		},
		{
			Name: "rufh-length-forgotten", Sentence: "Upload-Length is not recorded.",
			Breaks: rufhCases("length.recorded", "offset.length"),
			Apply: rufhMeasuring(func(a reference.Append, _, length int64, err error) (int64, error) {
				if err == nil && a.Fields.Length != nil && !a.Fields.Completes() {
					return -1, nil
				}
				return length, err
			}),
		},
		{
			Name: "rufh-length-changes", Sentence: "An append may name another length than the one that is recorded.",
			Breaks: rufhCases("length.requests"),
			Apply: rufhMeasuring(func(a reference.Append, _, length int64, err error) (int64, error) {
				if !a.Creates {
					return -1, nil
				}
				return length, err
			}),
		},
		{
			Name: "rufh-length-completes-short", Sentence: "An upload that ends before its length is complete.",
			Breaks: rufhCases("length.short"),
			Apply:  func(s *reference.Seams) { wholeBy(s, func(*store.Operation) bool { return true }) },
		},
		{
			Name: "rufh-overflow-stays", Sentence: "An upload that brought more than its length is still there.",
			Breaks: rufhCases("length.overflow-gone"),
			Apply: func(s *reference.Seams) {
				s.Rufh.Deactivates = func(_ reference.Draft, op *store.Operation, _ error) bool { return op.Transient }
			},
		},
		{
			Name: "rufh-overflow-cut", Sentence: "Of a chunked content that goes past the length what fits is taken.",
			Breaks: rufhCases("length.overflow-chunked"),
			Apply: func(s *reference.Seams) {
				next := s.Body.Ended
				s.Body.Ended = func(in reference.Intake) error {
					if about(in.Err, "more bytes than the length of the upload") {
						return nil
					}
					return next(in)
				}
			},
		},
		{
			Name: "rufh-overflow-announced", Sentence: "Of a content whose announced length goes past that of the upload what fits is taken.",
			Breaks: rufhCases("length.overflow"),
			Apply: func(s *reference.Seams) {
				rufhFitting(func(a *reference.Append, up store.Progress) {
					if up.Length >= 0 && a.Content > up.Length-up.Offset && !a.Fields.Completes() {
						a.Content = -1
					}
				})(s)
				next := s.Body.Ended
				s.Body.Ended = func(in reference.Intake) error {
					if about(in.Err, "more bytes than the length of the upload") && in.Want >= 0 {
						return nil
					}
					return next(in)
				}
			},
		},
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
			Name: "rufh-limit-malformed", Sentence: "Upload-Limit is not a Dictionary.",
			Breaks: rufhCases("limit.dictionary"),
			Apply:  rufhLimiting(func(*store.Operation, string) string { return "max-size: 1000000000" }),
		},
		{
			Name: "rufh-limit-wrong-type", Sentence: "A limit is a String.",
			Breaks: rufhCases("limit.types"),
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
			Breaks: rufhCases("limit.413"),
			Apply: field(rufhFiles, func(_ *http.Request, status int, h http.Header) {
				if status == http.StatusRequestEntityTooLarge {
					h.Del("Upload-Limit")
				}
			}),
		},
		{
			Name: "rufh-content-digest-ignored", Sentence: "A content whose Content-Digest does not match is taken.",
			Breaks: rufhCases("digest.content"),
			Apply:  func(s *reference.Seams) { s.Rufh.Same = func(_, _ reference.Digests) bool { return true } },
		},
		{
			Name: "rufh-repr-digest-ignored", Sentence: "A representation whose Repr-Digest does not match is processed.",
			Breaks: rufhCases("digest.representation"),
			Apply: func(s *reference.Seams) {
				s.Rufh.Intact = func(*store.Operation, reference.Digests) bool { return true }
			},
		},
		{
			Name: "rufh-want-digest-ignored", Sentence: "Want-Repr-Digest is ignored.",
			Breaks: rufhCases("digest.wanted"),
			Apply:  field(rufhFiles, func(_ *http.Request, _ int, h http.Header) { h.Del("Repr-Digest") }),
		},
		{
			Name: "rufh-want-digest-wrong", Sentence: "The Repr-Digest that is told is that of something else.",
			Breaks: rufhCases("digest.wanted-right"),
			Apply: field(rufhFiles, func(_ *http.Request, _ int, h http.Header) {
				if h.Get("Repr-Digest") != "" {
					h.Set("Repr-Digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")
				}
			}),
		},
	}
}

// wholeBy lets resumable uploads be complete before their length.
func wholeBy(s *reference.Seams, which func(*store.Operation) bool) {
	next := s.Store.Whole
	s.Store.Whole = func(op *store.Operation, offset, length int64) bool {
		return op.Protocol == rufhProtocol && which(op) || next(op, offset, length)
	}
}

// rufhMeasuring changes the length that a request shows.
func rufhMeasuring(change func(a reference.Append, offset, length int64, err error) (int64, error)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Rufh.Length
		s.Rufh.Length = func(a reference.Append, offset int64) (int64, error) {
			length, err := next(a, offset)
			return change(a, offset, length, err)
		}
	}
}

// rufhLimiting changes the limits that are told.
func rufhLimiting(change func(op *store.Operation, value string) string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Rufh.Limit
		s.Rufh.Limit = func(d reference.Draft, op *store.Operation) string { return change(op, next(d, op)) }
	}
}
