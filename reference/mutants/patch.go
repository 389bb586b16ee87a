package mutants

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// patch: what must be refused is taken, or the other way round.
func patch() []Mutant {
	return []Mutant{
		{
			Name: "gap-closed-up", Sentence: "A PATCH that begins beyond the offset is appended at the offset.",
			Breaks: cases("upload.gap"),
			Apply: parting(func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
				if c.First > up.Offset {
					c.First, c.Last = up.Offset, up.Offset+c.Length()-1
				}
				return c, body
			}),
		},
		{
			Name: "gap-filled", Sentence: "A PATCH that begins beyond the offset is taken, and the gap filled with zeros.",
			Breaks: cases("upload.gap"),
			Apply: parting(func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
				if missing := c.First - up.Offset; missing > 0 {
					c.First = up.Offset
					body = io.MultiReader(&zeros{missing}, body)
				}
				return c, body
			}),
		},
		{
			Name: "gap-is-server-error", Sentence: "A PATCH that does not fit what is kept is answered with 500.",
			Breaks: cases("upload.gap", "upload.overlap"),
			Apply: head(func(r *http.Request, status int, _ http.Header) int {
				if r.Method == http.MethodPatch && status == http.StatusConflict {
					return http.StatusInternalServerError
				}
				return status
			}),
		},
		{
			Name: "gap-moves-offset", Sentence: "A PATCH that is refused for its gap moves the offset that HEAD tells.",
			Breaks: cases("upload.gap"),
			Apply: func(s *reference.Seams) {
				var moved marks
				next := s.Patch.Fits
				s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
					if c.First > up.Offset && up.State == store.Receiving {
						moved.set(op)
					}
					return next(op, c, up)
				}
				showing(func(op *store.Operation, kept int64) int64 {
					if moved.has(op) && op.State() == store.Receiving {
						return kept + 1
					}
					return kept
				})(s)
			},
		},
		{
			Name: "overlap-not-compared", Sentence: "A PATCH over other bytes is taken, and what overlaps is dropped.",
			Breaks: cases("upload.overlap"),
			Apply:  func(s *reference.Seams) { s.Patch.Same = func([]byte, []byte) bool { return true } },
		},
		{
			Name: "overlap-shifted", Sentence: "A PATCH that overlaps is appended at the offset, and so shifted.",
			Breaks: cases("upload.overlap", "upload.interrupted-again"),
			Apply: parting(func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
				if !c.Ends() && c.First < up.Offset && up.State == store.Receiving {
					c.First = up.Offset
					body = io.LimitReader(body, c.Length())
				}
				return c, body
			}),
		},
		{
			Name: "total-not-read", Sentence: "The complete length that a PATCH names is not looked at.",
			Breaks: cases("upload.bad-total"),
			Apply: parting(func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
				if up.Length >= 0 && !c.Ends() && c.Last < up.Length {
					c.Complete = up.Length
				}
				return c, body
			}),
		},
		{
			Name: "excess-cut-off", Sentence: "What a PATCH brings beyond the complete length is cut off, and the rest taken.",
			Breaks: cases("upload.past-end"),
			Apply:  excess,
		},
		{
			Name: "bad-range-guessed", Sentence: "A PATCH with a malformed Content-Range is taken for what is missing.",
			Breaks: cases("upload.bad-range"),
			Apply:  guessing(func(given bool) bool { return given }),
		},
		{
			Name: "no-range-appended", Sentence: "A PATCH without Content-Range is appended.",
			Breaks: cases("upload.no-range"),
			Apply:  guessing(func(given bool) bool { return !given }),
		},
		{
			Name: "any-type-taken", Sentence: "The media type of a PATCH is not looked at.",
			Breaks: cases("upload.bad-type"),
			Apply:  func(s *reference.Seams) { s.Patch.Accepts = func(http.Header) bool { return true } },
		},
		{
			Name: "bad-type-is-server-error", Sentence: "A PATCH of an unknown media type is answered with 501.",
			Breaks: cases("upload.bad-type"),
			Apply: head(func(r *http.Request, status int, _ http.Header) int {
				if r.Method == http.MethodPatch && status == http.StatusUnsupportedMediaType {
					return http.StatusNotImplemented
				}
				return status
			}),
		},
		{
			Name: "bad-type-moves-offset", Sentence: "A PATCH that is refused for its type makes HEAD tell one byte more.",
			Breaks: cases("upload.bad-type"),
			Apply: func(s *reference.Seams) {
				var moved marks
				next, find := s.Patch.Accepts, s.Access.Find
				s.Access.Find = func(r *http.Request, id string) (*store.Operation, bool) {
					op, ok := find(r, id)
					if ok && r.Method == http.MethodPatch && !next(r.Header) {
						moved.set(op)
					}
					return op, ok
				}
				showing(func(op *store.Operation, kept int64) int64 {
					if moved.has(op) && op.State() == store.Receiving {
						return kept + 1
					}
					return kept
				})(s)
			},
		},
		{
			Name: "first-piece-ends", Sentence: "The first PATCH is taken for the last.",
			Breaks: cases("upload.many-pieces", "upload.unknown-length"),
			Apply: func(s *reference.Seams) {
				var patched marks
				next, whole := s.Patch.Part, s.Store.Whole
				s.Patch.Part = func(op *store.Operation, c reference.ContentRange, body io.Reader) (reference.ContentRange, io.Reader) {
					if c.Length() > 256 { // less is only a probe
						patched.set(op)
					}
					return next(op, c, body)
				}
				s.Store.Whole = func(op *store.Operation, offset, length int64) bool {
					return patched.has(op) || whole(op, offset, length)
				}
			},
		},
		{
			Name: "piece-dropped", Sentence: "A PATCH that does not complete the upload is answered 204 and dropped.",
			Breaks: cases("upload.many-pieces", "upload.unknown-length"),
			Apply: func(s *reference.Seams) {
				parting(func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
					if c.First == up.Offset && c.Last+1 != up.Length && c.Last+1 != c.Complete && c.Length() > 256 {
						return c, &zeros{0}
					}
					return c, body
				})(s)
				end := s.Body.Ended
				s.Body.Ended = func(in reference.Intake) error {
					if patching(in) && in.Err == nil {
						return nil
					}
					return end(in)
				}
			},
		},
		{
			Name: "piece-taken-and-refused", Sentence: "A PATCH that does not complete the upload is kept, and answered with 400.",
			Breaks: cases("upload.many-pieces", "upload.unknown-length", "upload.isolated"),
			Apply: head(func(r *http.Request, status int, _ http.Header) int {
				if r.Method == http.MethodPatch && status == http.StatusNoContent {
					return http.StatusBadRequest
				}
				return status
			}),
		},
	}
}

// parting changes the range and the bytes of a PATCH.
func parting(change func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		s.Patch.Part = func(op *store.Operation, c reference.ContentRange, body io.Reader) (reference.ContentRange, io.Reader) {
			return change(c, op.Progress(), body)
		}
	}
}

type fitter func(c reference.ContentRange, up store.Progress) error

// fitting changes which PATCH fits.
func fitting(fits func(c reference.ContentRange, up store.Progress, next fitter) error) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Patch.Fits
		s.Patch.Fits = func(op *store.Operation, c reference.ContentRange, up store.Progress) error {
			return fits(c, up, func(c reference.ContentRange, up store.Progress) error { return next(op, c, up) })
		}
	}
}

// guessing makes a range of the part's length where there is none that can be read.
func guessing(guess func(given bool) bool) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Patch.Range
		s.Patch.Range = func(op *store.Operation, fields map[string][]string) (reference.ContentRange, error) {
			c, err := next(op, fields)
			_, given := fields["content-range"]
			if err == nil || !guess(given) {
				return c, err
			}
			n, bad := strconv.ParseInt(fields["content-length"][0], 10, 64)
			if bad != nil {
				return c, errors.Join(err, bad)
			}
			from := op.Progress().Offset
			return reference.ContentRange{First: from, Last: from + n - 1, Complete: -1}, nil
		}
	}
}

// excess cuts off what goes beyond the complete length.
func excess(s *reference.Seams) {
	next := s.Patch.Range
	s.Patch.Range = func(op *store.Operation, fields map[string][]string) (reference.ContentRange, error) {
		c, err := next(op, fields)
		if err == nil || len(fields["content-range"]) == 0 {
			return c, err
		}
		// A range that goes past its own complete length is malformed; without that length it is not.
		positions, _, _ := strings.Cut(fields["content-range"][0], "/")
		open := maps.Clone(fields)
		open["content-range"] = []string{positions + "/*"}
		if c, bad := next(op, open); bad == nil {
			return c, nil
		}
		return c, err
	}
	parting(func(c reference.ContentRange, up store.Progress, body io.Reader) (reference.ContentRange, io.Reader) {
		if up.Length >= 0 && !c.Ends() && c.Last >= up.Length && c.First < up.Length {
			c.Last = up.Length - 1
			body = io.LimitReader(body, c.Length())
		}
		return c, body
	})(s)
}
