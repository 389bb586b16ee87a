package mutants

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// rufhLength: lengths and digests are not kept to.
func rufhLength() []Mutant {
	return []Mutant{
		{
			Name: "rufh-length-contradicted", Sentence: "Of two lengths in one request that contradict each other one is taken.",
			Breaks: rufhCases("length.creation"),
			Apply: rufhMeasuring(func(a reference.Append, offset, length int64, err error) (int64, error) {
				if err != nil {
					length = offset + a.Content
				}
				return length, nil
			}),
		},
		{
			Name: "rufh-length-forgotten", Sentence: "Upload-Length is not recorded.",
			Breaks: rufhCases("state.length"),
			Apply: rufhMeasuring(func(a reference.Append, _, length int64, err error) (int64, error) {
				if err == nil && a.Fields.Length != nil && !a.Fields.Completes() {
					return -1, nil
				}
				return length, err
			}),
		},
		{
			Name: "rufh-length-changes", Sentence: "An append may name another length than the one that is recorded.",
			Breaks: rufhCases("length.changed", "length.late", "state.length-of-append"),
			Apply: rufhMeasuring(func(a reference.Append, _, length int64, err error) (int64, error) {
				if !a.Creates {
					return -1, nil
				}
				return length, err
			}),
		},
		{
			Name: "rufh-length-completes-short", Sentence: "An upload that ends before its length is complete.",
			Breaks: rufhCases("length.final"),
			Apply:  func(s *reference.Seams) { wholeBy(s, func(*store.Operation) bool { return true }) },
		},
		{
			Name: "rufh-overflow-stays", Sentence: "An upload that brought more than its length is still there.",
			Breaks: rufhCases("length.invalid"),
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
			Name: "rufh-content-digest-ignored", Sentence: "A content whose Content-Digest does not match is taken.",
			Breaks: rufhCases("digest.content-wrong", "digest.content-wrong-creation"),
			Apply:  func(s *reference.Seams) { s.Rufh.Same = func(_, _ reference.Digests) bool { return true } },
		},
		{
			Name: "rufh-repr-digest-ignored", Sentence: "A representation whose Repr-Digest does not match is processed.",
			Breaks: rufhCases("digest.representation-wrong"),
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
			Breaks: rufhCases("digest.wanted"),
			Apply: field(rufhFiles, func(_ *http.Request, _ int, h http.Header) {
				if h.Get("Repr-Digest") != "" {
					h.Set("Repr-Digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")
				}
			}),
		},
		{
			Name: "rufh-length-own-problem", Sentence: "The problem of inconsistent lengths has a type of its own.",
			Breaks: rufhCases("length.problem"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(&renaming{w}, r) }
			}),
		},
		{
			Name: "rufh-length-huge-breaks", Sentence: "A length of more than twelve digits is an error of the server.",
			Breaks: rufhCases("length.huge"),
			Apply: refuse(http.StatusInternalServerError, func(r *http.Request) bool {
				return at(r, rufhFiles) && len(r.Header.Get("Upload-Length")) > 12
			}),
		},
		{
			Name: "rufh-repr-digest-of-part", Sentence: "The Repr-Digest of an upload in parts is held against the last of them.",
			Breaks: rufhCases("digest.representation"),
			Apply: func(s *reference.Seams) {
				var appended marks
				takeOver, intact := s.Rufh.TakeOver, s.Rufh.Intact
				s.Rufh.TakeOver = func(ctx context.Context, op *store.Operation) store.Progress {
					if op.Progress().Offset > 0 {
						appended.set(op)
					}
					return takeOver(ctx, op)
				}
				s.Rufh.Intact = func(op *store.Operation, computed reference.Digests) bool {
					return intact(op, computed) && (op.Job.Digest == "" || !appended.has(op))
				}
			},
		},
		{
			Name: "rufh-digest-unknown-refused", Sentence: "A digest of an algorithm that is not known is refused.",
			Breaks: rufhCases("digest.unknown"),
			Apply: refuse(http.StatusBadRequest, func(r *http.Request) bool {
				digest := r.Header.Get("Repr-Digest")
				return at(r, rufhFiles) && digest != "" && !strings.HasPrefix(digest, "sha-")
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

// renaming gives the problem type of inconsistent lengths another name, of the same length.
type renaming struct{ http.ResponseWriter }

// Write implements http.ResponseWriter.
func (w *renaming) Write(p []byte) (int, error) {
	return w.ResponseWriter.Write(bytes.ReplaceAll(p, []byte("inconsistent-upload-length"), []byte("contradictory-upload-sizes")))
}

// Unwrap serves http.ResponseController.
func (w *renaming) Unwrap() http.ResponseWriter { return w.ResponseWriter }
