package mutants

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// expectRange: PUT with Expect: Range.
func expectRange() []Mutant {
	return append([]Mutant{
		{
			Name: "expect-ignored", Sentence: "Expect: Range is ignored: the range becomes the whole document.",
			Breaks: expecting("offer.no-overwrite"),
			Apply: rewritten(hoping, func(r *http.Request) {
				r.Header.Del("Expect")
				r.Header.Del("Xpect0")
				r.Header.Del("Range")
			}),
		},
		{
			Name: "expect-announced-not-met", Sentence: "Expect: Range is announced, and refused with 417.",
			Breaks: expecting("offer.understood", "offer.accept-expect"), Apply: refuse(http.StatusExpectationFailed, hoping),
		},
		{
			Name: "expect-refused-and-written", Sentence: "A range with an unknown expectation is answered with 417, and written.",
			Breaks: expecting("expect.unknown"),
			Apply: func(s *reference.Seams) {
				next := s.HTTP.Meets
				var failed requestMarks
				s.HTTP.Meets = func(r *http.Request) bool {
					if !next(r) {
						failed.set(r)
					}
					return true
				}
				documentHead(func(r *http.Request, status int, _ http.Header) int {
					if failed.has(r) {
						return http.StatusExpectationFailed
					}
					return status
				})(s)
			},
		},
		{
			Name: "expect-literal-unknown", Sentence: "Range in the form \"bytes 0-99/100\" is refused.",
			Breaks: expecting("range.literal", "offer.understood"),
			Apply:  refuse(http.StatusBadRequest, func(r *http.Request) bool { return hoping(r) && !has(r, "Range", "=") }),
		},
		{
			Name: "expect-standard-unknown", Sentence: "Range in the form \"bytes=0-99\" is refused.",
			Breaks: expecting("range.equals"),
			Apply:  refuse(http.StatusBadRequest, func(r *http.Request) bool { return hoping(r) && has(r, "Range", "=") }),
		},
		{
			Name: "expect-case-matters", Sentence: "The member Range is found in one spelling only.",
			Breaks: expecting("expect.forms"),
			Apply: refuse(http.StatusExpectationFailed, func(r *http.Request) bool {
				return hoping(r) && !strings.Contains(r.Header.Get("Expect")+r.Header.Get("Xpect0"), "Range")
			}),
		},
		{
			Name: "expect-both-refused", Sentence: "100-continue and Range together are refused.",
			Breaks: expecting("expect.continue"),
			Apply:  refuse(http.StatusExpectationFailed, func(r *http.Request) bool { return hoping(r) && has(r, "Expect", "100-continue") }),
		},
		{
			Name: "expect-continue-before-look", Sentence: "The 100 is sent before the range was looked at.",
			Breaks: expecting("expect.refused-at-once", "expect.http10"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if hoping(r) && has(r, "Expect", "100-continue") {
						w.WriteHeader(http.StatusContinue)
					}
					next.ServeHTTP(w, r)
				}
			}),
		},
		{
			Name: "expect-unit-ignored", Sentence: "The unit of the range is not looked at.",
			Breaks: expecting("refuse.unknown-unit"),
			Apply: rewritten(hoping, func(r *http.Request) {
				value := r.Header.Get("Range")
				if i := strings.IndexAny(value, " ="); i > 0 {
					r.Header.Set("Range", "bytes"+value[i:])
				}
			}),
		},
		{
			Name: "expect-first-of-several", Sentence: "Of several ranges the first is written.",
			Breaks: expecting("refuse.several"),
			Apply: func(s *reference.Seams) {
				rewritten(hoping, func(r *http.Request) {
					value, _, _ := strings.Cut(r.Header.Get("Range"), ",")
					r.Header.Set("Range", value)
				})(s)
				anyLength(hoping)(s)
			},
		},
		{
			Name: "expect-two-lines-taken", Sentence: "Of two Range fields the first is taken.",
			Breaks: expecting("refuse.several"),
			Apply:  rewritten(hoping, func(r *http.Request) { r.Header.Set("Range", r.Header.Get("Range")) }),
		},
	}, rangedPut("expect", expecting, "offer.understood", hoping)...)
}

// rangedPut are the bugs that both ways of a PUT with a range may have. offer is the case that fails too where no range is
// written as it should.
func rangedPut(prefix string, ids func(...string) []string, offer string, which func(*http.Request) bool) []Mutant {
	mine := func(w reference.Write) bool { return which(w.Request) }
	return []Mutant{
		{
			Name: prefix + "-last-exclusive", Sentence: "The last position of the range is taken for the one after it.",
			Breaks: ids("range.middle", offer),
			Apply: ranged(func(r *http.Request, _ url.Values, c reference.ContentRange, named bool, err error) (reference.ContentRange, bool, error) {
				if which(r) && c.Last > c.First {
					c.Last--
				}
				return c, named, err
			}),
		},
		{
			Name: prefix + "-counts-from-one", Sentence: "Positions are counted from 1.",
			Breaks: ids("range.middle", offer),
			Apply: taking(func(w reference.Write, p reference.Part, _ store.View) reference.Part {
				if mine(w) && p.Range.First > 0 {
					return moved(p, p.Range.First-1)
				}
				return p
			}),
		},
		{
			Name: prefix + "-written-at-start", Sentence: "Each range is written from the first byte on.",
			Breaks: ids("range.middle", offer),
			Apply: taking(func(w reference.Write, p reference.Part, _ store.View) reference.Part {
				if mine(w) && p.Range.First > 0 {
					return moved(p, 0)
				}
				return p
			}),
		},
		{
			Name: prefix + "-length-not-kept", Sentence: "The complete length is not looked at: a document is complete with its first range.",
			Breaks: ids("range.create"),
			Apply: taking(func(w reference.Write, p reference.Part, v store.View) reference.Part {
				if mine(w) && (v.Document == nil || done(v)) {
					p.Range.Complete = -1
				}
				return p
			}),
		},
		{
			Name: prefix + "-body-length-ignored", Sentence: "A content that is longer than its range is cut off, and a shorter one taken.",
			Breaks: ids("refuse.length"),
			Apply:  anyLength(which),
		},
		{
			Name: prefix + "-past-end-taken", Sentence: "A range past the complete length that is known is appended.",
			Breaks: ids("range.past-length"),
			Apply: func(s *reference.Seams) {
				taking(func(w reference.Write, p reference.Part, v store.View) reference.Part {
					if mine(w) && v.Length >= 0 && creating(v) && p.Range.First >= v.Length {
						return moved(p, v.Size)
					}
					return p
				})(s)
			},
		},
		{
			Name: prefix + "-gap-filled", Sentence: "A range beyond the end is taken, and the gap filled with zeros.",
			Breaks: ids("range.gap"),
			Apply:  zeroGap(mine),
		},
		{
			Name: prefix + "-cut-drops-all", Sentence: "Nothing stays of a range that is cut.",
			Breaks: ids("upload.kept"),
			Apply: placing(func(w reference.Write, _ reference.Part, _ store.View, right bool) bool {
				return right && !mine(w)
			}),
		},
		{
			Name: prefix + "-length-announced", Sentence: "HEAD tells the complete length of a document of which a part is there.",
			Breaks: ids("range.create", "upload.offset-lawful"),
			Apply:  visible(func(v store.View) int64 { return max(v.Size, v.Length) }),
		},
		{
			Name: prefix + "-truncated-counts", Sentence: "A range that is cut counts as a document that has become complete.",
			Breaks: ids("upload.not-complete"),
			Apply:  counting(func(in reference.Intake) bool { return in.Err != nil && which(in.Request) }),
		},
		{
			Name: prefix + "-failure-counts", Sentence: "A document whose processing failed counts as one that has become complete.",
			Breaks: ids("response.failed"),
			Apply:  failureCounts,
		},
		{
			Name: prefix + "-work-ends-with-connection", Sentence: "Processing is broken off when the connection of the last range ends.",
			Breaks: ids("response.processed"),
			Apply: lasting(func(r *http.Request, next context.Context) context.Context {
				if r == nil || !which(r) {
					return next
				}
				return r.Context()
			}),
		},
		{
			Name: prefix + "-if-match-ignored", Sentence: "If-Match is not looked at with a range.",
			Breaks: ids("precondition.if-match-stale"),
			Apply: func(s *reference.Seams) {
				next := s.Document.Conditions
				s.Document.Conditions = func(r *http.Request, v store.View) error {
					if which(r) {
						r = r.Clone(r.Context())
						r.Header.Del("If-Match")
					}
					return next(r, v)
				}
			},
		},
		{
			Name: prefix + "-repeated-refused", Sentence: "The range that completed a document is refused when it is brought again.",
			Breaks: ids("response.repeat", "range.again"),
			Apply: func(s *reference.Seams) {
				next := s.Document.Repeated
				s.Document.Repeated = func(r *http.Request, v store.View) *store.Response {
					if which(r) {
						return &store.Response{Status: http.StatusConflict}
					}
					return next(r, v)
				}
			},
		},
	}
}

// anyLength makes a mutant that takes a content that is not as long as its range.
func anyLength(which func(*http.Request) bool) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Document.PutRange
		s.Document.PutRange = func(r *http.Request, q url.Values) (reference.ContentRange, bool, error) {
			if which(r) {
				r = r.Clone(r.Context())
				r.ContentLength = -1
			}
			return next(r, q)
		}
		taken := s.Document.Taken
		s.Document.Taken = func(w reference.Write, p reference.Part, v store.View) reference.Part {
			if p = taken(w, p, v); which(w.Request) && p.Size != p.Range.Length() {
				p.Range.Last = min(p.Range.Last, p.Range.First+max(p.Size, 1)-1)
				p.Body, p.Size = io.LimitReader(p.Body, p.Range.Length()), -1
			}
			return p
		}
	}
}
