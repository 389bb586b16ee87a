package mutants

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// byterangePart: how the parts of a patch are read.
func byterangePart() []Mutant {
	return []Mutant{
		{
			Name: "byterange-part-length-ignored", Sentence: "A Content-Length that contradicts the range is not looked at.",
			Breaks: byterange("part.length-mismatch"),
			Apply:  fielding(func(fields map[string][]string) { delete(fields, "content-length") }),
		},
		{
			Name: "byterange-content-offset-unknown", Sentence: "Content-Offset is not known: the part is refused.",
			Breaks: byterange("part.content-offset"),
			Apply:  fielding(func(fields map[string][]string) { delete(fields, "content-offset") }),
		},
		{
			Name: "byterange-content-offset-zero", Sentence: "Content-Offset is taken for 0.",
			Breaks: byterange("part.content-offset"),
			Apply: fielding(func(fields map[string][]string) {
				if len(fields["content-offset"]) > 0 {
					fields["content-offset"] = []string{"0"}
				}
			}),
		},
		{
			Name: "byterange-offset-unit-ignored", Sentence: "The unit of Content-Offset is not looked at.",
			Breaks: byterange("part.unknown-unit"),
			Apply: fielding(func(fields map[string][]string) {
				for i, value := range fields["content-offset"] {
					fields["content-offset"][i], _, _ = strings.Cut(value, ";unit")
				}
			}),
		},
		{
			Name: "byterange-offset-length-ignored", Sentence: "The complete length of Content-Offset is not looked at.",
			Breaks: byterange("part.past-length", "create.content-offset"),
			Apply: taking(func(_ reference.Write, p reference.Part, _ store.View) reference.Part {
				if p.Open {
					p.Range.Complete = -1
				}
				return p
			}),
		},
		{
			Name: "byterange-unit-ignored", Sentence: "The unit of Content-Range is not looked at.",
			Breaks: byterange("part.unknown-unit"),
			Apply: fielding(func(fields map[string][]string) {
				for i, value := range fields["content-range"] {
					if _, rest, ok := strings.Cut(value, " "); ok {
						fields["content-range"][i] = "bytes " + rest
					}
				}
			}),
		},
		{
			Name: "byterange-no-range-is-start", Sentence: "A part without a range is written from the first byte on.",
			Breaks: byterange("part.no-range"),
			Apply: fielding(func(fields map[string][]string) {
				if len(fields["content-range"])+len(fields["content-offset"]) == 0 {
					fields["content-offset"] = []string{"0"}
				}
			}),
		},
		{
			Name: "byterange-first-of-two-ranges", Sentence: "Of two Content-Range fields the first is taken.",
			Breaks: byterange("part.two-ranges"),
			Apply: fielding(func(fields map[string][]string) {
				if ranges := fields["content-range"]; len(ranges) > 1 {
					fields["content-range"] = ranges[:1]
				}
			}),
		},
		{
			Name: "byterange-unknown-fields-refused", Sentence: "A part field that is not known makes the patch malformed.",
			Breaks: byterange("part.unknown-field"),
			Apply: func(s *reference.Seams) {
				known := []string{"content-range", "content-offset", "content-length", "content-type", "content-encoding"}
				next := s.Document.Part
				s.Document.Part = func(fields map[string][]string) (reference.Part, error) {
					for name := range fields {
						if !slices.Contains(known, name) {
							return reference.Part{}, errMade
						}
					}
					return next(fields)
				}
				refusedAs(errMade, http.StatusBadRequest)(s)
			},
		},
		{
			Name: "byterange-part-type-ignored", Sentence: "The Content-Type of a part does not become that of the document.",
			Breaks: byterange("part.content-type"),
			Apply:  fielding(func(fields map[string][]string) { delete(fields, "content-type") }),
		},
		{
			Name: "byterange-patch-type-kept", Sentence: "A document gets the media type of the patch.",
			Breaks: byterange("part.content-type"),
			Apply: taking(func(w reference.Write, p reference.Part, _ store.View) reference.Part {
				if patched(w.Request) {
					p.Type = w.Request.Header.Get("Content-Type")
				}
				return p
			}),
		},
		{
			Name: "byterange-short-part-filled", Sentence: "A part body that is shorter than its range is filled up with zeros.",
			Breaks: byterange("part.short"),
			Apply: taking(func(w reference.Write, p reference.Part, _ store.View) reference.Part {
				if patched(w.Request) && !p.Open && !p.Range.Ends() && p.Size >= 0 && p.Size < p.Range.Length() {
					p.Body, p.Size = io.LimitReader(shorter(p), p.Range.Length()), -1
				}
				return p
			}),
		},
		{
			Name: "byterange-long-part-cut", Sentence: "What a part body has beyond its range is dropped, and the rest taken.",
			Breaks: byterange("part.long"),
			Apply: taking(func(_ reference.Write, p reference.Part, _ store.View) reference.Part {
				if !p.Open && !p.Range.Ends() {
					p.Body, p.Size = io.LimitReader(p.Body, p.Range.Length()), -1
				}
				return p
			}),
		},
		{
			Name: "byterange-truncate-ignored", Sentence: "The unsatisfied-range form does not change a document that is complete.",
			Breaks: byterange("size.truncate", "size.allocate"),
			Apply: taking(func(_ reference.Write, p reference.Part, v store.View) reference.Part {
				if p.Range.Ends() && done(v) {
					p.Range.Complete = v.Size
				}
				return p
			}),
		},
		{
			Name: "byterange-multipart-second-late", Sentence: "The second part of a patch is written one position further on.",
			Breaks: byterange("write.parts"),
			Apply: func(s *reference.Seams) {
				var seen requestMarks
				taking(func(w reference.Write, p reference.Part, _ store.View) reference.Part {
					if w.Several && !p.Range.Ends() {
						if seen.has(w.Request) {
							return moved(p, p.Range.First+1)
						}
						seen.set(w.Request)
					}
					return p
				})(s)
			},
		},
	}
}

// byterangeRefuse: what must be refused, and holes.
func byterangeRefuse() []Mutant {
	return []Mutant{
		{
			Name: "byterange-gap-taken", Sentence: "A part that begins beyond the end of a complete document is written there.",
			Breaks: byterange("size.gap"),
			Apply: placed(func(_ reference.Write, p reference.Part, v store.View) bool {
				return done(v) && p.Range.First > v.Size && p.Range.Complete < 0
			}),
		},
		{
			Name: "byterange-gap-appended", Sentence: "A part that begins beyond the end is appended.",
			Breaks: byterange("create.out-of-order", "size.gap"),
			Apply: taking(func(w reference.Write, p reference.Part, v store.View) reference.Part {
				if patched(w.Request) && p.Range.First > v.Size {
					return moved(p, v.Size)
				}
				return p
			}),
		},
		{
			Name: "byterange-gap-is-server-error", Sentence: "A part that begins beyond the end is answered with 500.",
			Breaks: byterange("size.gap"),
			Apply: documentHead(func(r *http.Request, status int, _ http.Header) int {
				if patched(r) && status == http.StatusConflict {
					return http.StatusInternalServerError
				}
				return status
			}),
		},
		{
			Name: "byterange-huge-is-413", Sentence: "A complete length that is too large is answered with 413.",
			Breaks: byterange("size.huge"), Apply: huge(http.StatusRequestEntityTooLarge),
		},
		{
			Name: "byterange-huge-is-server-error", Sentence: "A complete length that is too large is answered with 500.",
			Breaks: byterange("size.huge"), Apply: huge(http.StatusInternalServerError),
		},
		{
			Name: "byterange-holes-show-rubbish", Sentence: "Bytes that were never written are read as something else than zeros.",
			Breaks: byterange("create.out-of-order", "size.allocate"),
			Apply: func(s *reference.Seams) {
				next := s.Store.Holes
				s.Store.Holes = func(kept store.Extents, p []byte, off int64) {
					next(kept, p, off)
					for i := range p {
						if at := off + int64(i); kept.Within(at, at+1) == 0 {
							p[i] = 0xAA
						}
					}
				}
			},
		},
		{
			Name: "byterange-complete-with-holes", Sentence: "A document is complete when its last byte was written, whatever is missing.",
			Breaks: byterange("create.out-of-order"),
			Apply: func(s *reference.Seams) {
				s.Store.Filled = func(kept store.Extents, length int64) bool { return length >= 0 && kept.End() == length }
			},
		},
		{
			Name: "byterange-end-fills", Sentence: "The unsatisfied-range form ends an upload of which bytes are missing, and fills them with zeros.",
			Breaks: byterange("create.end-early", "create.segments"),
			Apply: func(s *reference.Seams) {
				placed(func(_ reference.Write, p reference.Part, v store.View) bool { return p.Range.Ends() && creating(v) })(s)
				s.Store.Filled = func(kept store.Extents, length int64) bool {
					return length >= 0 && kept.Within(0, length) >= length/2
				}
			},
		},
		{
			Name: "byterange-other-length-taken", Sentence: "A complete length that differs from the one before is taken.",
			Breaks: byterange("create.other-length"),
			Apply: taking(func(_ reference.Write, p reference.Part, v store.View) reference.Part {
				if creating(v) && v.Length >= 0 && p.Range.Last < v.Length {
					p.Range.Complete = v.Length
				}
				return p
			}),
		},
	}
}

func huge(status int) func(*reference.Seams) {
	return func(s *reference.Seams) {
		s.Document.Refused = func(_ *http.Request, err error, right int) int {
			if errors.Is(err, reference.ErrHuge) {
				return status
			}
			return right
		}
	}
}

// byterangeTransaction: what stays of a patch that is cut.
func byterangeTransaction() []Mutant {
	return []Mutant{
		{
			Name: "byterange-atomic-not-kept", Sentence: "transaction=atomic is said to be applied, and what came of a cut request stays.",
			Breaks: byterange("prefer.atomic"),
			Apply: placing(func(w reference.Write, _ reference.Part, _ store.View, right bool) bool {
				return right || w.Transaction == reference.TransactionAtomic && !w.Whole
			}),
		},
		{
			Name: "byterange-persist-not-kept", Sentence: "transaction=persist is said to be applied, and nothing stays of a cut request.",
			Breaks: byterange("prefer.applied", "upload.kept"),
			Apply: placing(func(w reference.Write, _ reference.Part, _ store.View, right bool) bool {
				return right && w.Transaction != reference.TransactionPersist
			}),
		},
		{
			Name: "byterange-applied-not-told", Sentence: "Preference-Applied is not there.",
			Breaks: byterange("prefer.applied"),
			Apply: func(s *reference.Seams) {
				s.Document.Applied = func(reference.Write, store.View) string { return "" }
			},
		},
		{
			Name: "byterange-applied-always", Sentence: "Preference-Applied is there for preferences that nobody defined.",
			Breaks: byterange("prefer.forms", "prefer.applied"),
			Apply: func(s *reference.Seams) {
				next := s.Document.Applied
				s.Document.Applied = func(w reference.Write, v store.View) string {
					if w.Request.Header.Get("Prefer") != "" && w.Transaction == reference.TransactionAny {
						return "transaction=persist"
					}
					return next(w, v)
				}
			},
		},
		{
			Name: "byterange-parts-one-by-one", Sentence: "The parts of a patch take effect as they come: a cut leaves the first ones.",
			Breaks: byterange("write.parts-refused", "prefer.atomic-parts"),
			Apply: placing(func(w reference.Write, _ reference.Part, _ store.View, right bool) bool {
				return right || w.Several
			}),
		},
		{
			Name: "byterange-too-many-parts", Sentence: "A patch of more than one part is refused.",
			Breaks: byterange("write.parts"),
			Apply: func(s *reference.Seams) {
				var seen requestMarks
				next := s.Document.Fits
				s.Document.Fits = func(w reference.Write, p reference.Part, v store.View) error {
					if w.Several && v.Document != nil && seen.has(w.Request) {
						return errMade
					}
					seen.set(w.Request)
					return next(w, p, v)
				}
				refusedAs(errMade, http.StatusUnprocessableEntity)(s)
			},
		},
	}
}
