package mutants

import (
	"io"
	"net/http"
	"strings"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// uploadWrite: parts are taken that should be refused, or refused that should be taken.
func uploadWrite() []Mutant {
	return []Mutant{
		{
			Name: "part-without-range", Sentence: "A part without Content-Range is appended.",
			Breaks: uploadCases("write.no-range"),
			Apply:  guessing(func(given bool) bool { return !given }),
		},
		{
			Name: "part-malformed-range", Sentence: "A part whose Content-Range cannot be read is appended.",
			Breaks: uploadCases("write.bad-range"),
			Apply:  guessing(func(given bool) bool { return given }),
		},
		{
			Name: "part-any-unit", Sentence: "The unit of a Content-Range is not looked at.",
			Breaks: uploadCases("write.bad-range"),
			Apply: respelling(func(value string) string {
				if _, rest, ok := strings.Cut(value, " "); ok {
					return "bytes " + rest
				}
				return value
			}),
		},
		{
			Name: "part-any-length", Sentence: "A complete length that contradicts the one that is known is not looked at.",
			Breaks: uploadCases("write.bad-total"),
			Apply: respelling(func(value string) string {
				if positions, _, ok := strings.Cut(value, "/"); ok && !strings.HasSuffix(positions, "*") {
					return positions + "/*"
				}
				return value
			}),
		},
		{
			Name: "part-past-end-cut", Sentence: "Of a part that goes past the complete length what fits is taken.",
			Breaks: uploadCases("write.bad-range", "write.past-end"),
			Apply:  excess,
		},
		{
			Name: "part-length-unchecked", Sentence: "A part whose Content-Length does not match its range is taken as far as it goes.",
			Breaks: uploadCases("write.mismatch"),
			Apply: func(s *reference.Seams) {
				next := s.Patch.Range
				s.Patch.Range = func(op *store.Operation, fields map[string][]string) (reference.ContentRange, error) {
					delete(fields, "content-length")
					return next(op, fields)
				}
			},
		},
		{
			Name: "part-gap-closed", Sentence: "A part behind a gap is appended to what is kept.",
			Breaks: uploadCases("write.gap"),
			Apply: func(s *reference.Seams) {
				next := s.Patch.Fits
				s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
					if !op.Sparse && c.First > up.Offset {
						return nil
					}
					return next(op, c, up)
				}
				parting(func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
					if gap := c.First - up.Offset; gap > 0 && up.Length < 0 {
						c.First, c.Last = c.First-gap, c.Last-gap
					}
					return c, body
				})(s)
			},
		},
		{
			Name: "part-differs-unseen", Sentence: "A part that brings other bytes than those that are kept is taken.",
			Breaks: uploadCases("write.overlap"),
			Apply:  func(s *reference.Seams) { s.Patch.Same = func([]byte, []byte) bool { return true } },
		},
		{
			Name: "part-asks-not", Sentence: "A part that asks what is kept is refused.",
			Breaks: uploadCases("write.ends", "write.ask"),
			Apply: func(s *reference.Seams) {
				next := s.Patch.Fits
				s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
					if c.Ends() {
						return store.ErrLength
					}
					return next(op, c, up)
				}
			},
		},
		{
			Name: "part-refused-clears", Sentence: "After a part that does not fit only the first byte is told as kept.",
			Breaks: uploadCases("write.gap"),
			Apply: func(s *reference.Seams) {
				var refused marks
				next := s.Patch.Fits
				s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
					err := next(op, c, up)
					if err != nil {
						refused.set(op)
					}
					return err
				}
				tellingLess(s, &refused, 1)
			},
		},
		{
			Name: "part-taken-and-refused", Sentence: "A part that does not complete the upload is kept, and answered with 400.",
			Breaks: uploadCases("status.received", "upload.many-pieces", "write.kept-range"),
			Apply: head(func(r *http.Request, status int, h http.Header) int {
				if putting(r) && status == http.StatusPermanentRedirect {
					h.Del("Range")
					return http.StatusBadRequest
				}
				return status
			}),
		},
		{
			Name: "part-of-open-length-refused", Sentence: "A part that does not name the complete length is refused.",
			Breaks: uploadCases("write.open-length", "upload.unknown-length"),
			Apply: func(s *reference.Seams) {
				next := s.Patch.Fits
				s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
					if c.Complete < 0 {
						return store.ErrLength
					}
					return next(op, c, up)
				}
			},
		},
	}
}

// respelling changes the text of a Content-Range before it is read.
func respelling(change func(string) string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Patch.Range
		s.Patch.Range = func(op *store.Operation, fields map[string][]string) (reference.ContentRange, error) {
			if values := fields["content-range"]; op.Upload && len(values) == 1 {
				fields["content-range"] = []string{change(values[0])}
			}
			return next(op, fields)
		}
	}
}

// tellingLess tells of some incomplete uploads that n bytes are kept at most.
func tellingLess(s *reference.Seams, which *marks, n int64) {
	next := s.Upload.Shown
	s.Upload.Shown = func(op *store.Operation, kept store.Extents) store.Extents {
		if which.has(op) && op.State() == store.Receiving {
			kept = kept.Cut(n)
		}
		return next(op, kept)
	}
}
