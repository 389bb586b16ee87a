package mutants

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// byterange gives the IDs of cases of the profile byterange.
func byterange(names ...string) []string { return profile("byterange", names) }

// expecting gives the IDs of cases of the profile expect-range.
func expecting(names ...string) []string { return profile("expect-range", names) }

// querying gives the IDs of cases of the profile range-query.
func querying(names ...string) []string { return profile("range-query", names) }

const documents = "/documents/"

// Kinds of request to a document.
func patched(r *http.Request) bool { return at(r, documents) && r.Method == http.MethodPatch }
func ranging(r *http.Request) bool { return at(r, documents) && r.URL.Query().Has("range") }
func hoping(r *http.Request) bool {
	return at(r, documents) && r.Method == http.MethodPut && r.Header.Get("Range") != ""
}

// documentHead makes a mutant that changes the heads of final responses about documents.
func documentHead(change func(r *http.Request, status int, h http.Header) int) func(*reference.Seams) {
	return head(func(r *http.Request, status int, h http.Header) int {
		if at(r, documents) {
			return change(r, status, h)
		}
		return status
	})
}

// documentField makes one that changes their fields.
func documentField(change func(r *http.Request, h http.Header)) func(*reference.Seams) {
	return documentHead(func(r *http.Request, status int, h http.Header) int {
		change(r, h)
		return status
	})
}

// creating tells whether a document is there that is not complete.
func creating(v store.View) bool { return v.Document != nil && v.State == store.Receiving }

// done tells whether a document is there that is complete.
func done(v store.View) bool { return v.Document != nil && v.State == store.Done }

// visible makes a mutant that shows another number of bytes of a document that is being created.
func visible(change func(v store.View) int64) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Document.Shown
		s.Document.Shown = func(v store.View) int64 {
			if creating(v) {
				return change(v)
			}
			return next(v)
		}
	}
}

// taking makes a mutant that takes a part for another.
func taking(change func(w reference.Write, p reference.Part, v store.View) reference.Part) func(*reference.Seams) {
	return func(s *reference.Seams) { s.Document.Taken = change }
}

// moved is a part whose range begins elsewhere.
func moved(p reference.Part, first int64) reference.Part {
	if !p.Open {
		p.Range.Last += first - p.Range.First
	}
	p.Range.First = first
	return p
}

// placed makes a mutant for which some parts fit that do not.
func placed(wrong func(w reference.Write, p reference.Part, v store.View) bool) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Document.Fits
		s.Document.Fits = func(w reference.Write, p reference.Part, v store.View) error {
			if wrong(w, p, v) {
				return nil
			}
			return next(w, p, v)
		}
	}
}

// fielding makes a mutant that reads the fields of a part after they were changed.
func fielding(change func(fields map[string][]string)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Document.Part
		s.Document.Part = func(fields map[string][]string) (reference.Part, error) {
			change(fields)
			return next(fields)
		}
	}
}

// placing makes a mutant that decides otherwise whether a write takes effect as its bytes come.
func placing(change func(w reference.Write, p reference.Part, v store.View, right bool) bool) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Document.InPlace
		s.Document.InPlace = func(w reference.Write, p reference.Part, v store.View) bool {
			return change(w, p, v, next(w, p, v))
		}
	}
}

// ranged makes a mutant that reads the range of a PUT otherwise.
func ranged(change func(r *http.Request, q url.Values, c reference.ContentRange, named bool, err error) (reference.ContentRange, bool, error)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Document.PutRange
		s.Document.PutRange = func(r *http.Request, q url.Values) (reference.ContentRange, bool, error) {
			c, named, err := next(r, q)
			return change(r, q, c, named, err)
		}
	}
}

// rewritten makes a mutant that sees another request than the client has sent.
func rewritten(which func(*http.Request) bool, change func(*http.Request)) func(*reference.Seams) {
	return wrapped(func(next http.Handler) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if which(r) {
				change(r)
			}
			next.ServeHTTP(w, r)
		}
	})
}

// requery changes the query of a request.
func requery(r *http.Request, change func(url.Values)) {
	q := r.URL.Query()
	change(q)
	r.URL.RawQuery = q.Encode()
}

// unconditioned makes a mutant that does not look at some fields when it evaluates preconditions.
func unconditioned(fields ...string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Document.Conditions
		s.Document.Conditions = func(r *http.Request, v store.View) error {
			other := r.Clone(r.Context())
			for _, f := range fields {
				other.Header.Del(f)
			}
			return next(other, v)
		}
	}
}

// requestMarks remembers requests.
type requestMarks struct{ all sync.Map }

func (m *requestMarks) set(r *http.Request) { m.all.Store(r, true) }

func (m *requestMarks) has(r *http.Request) bool {
	_, ok := m.all.Load(r)
	return ok
}

// repeated is an endless body of one byte.
type repeated byte

func (b repeated) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte{byte(b)}, len(p)))
	return len(p), nil
}

// shorter gives what there is of a body, and fills up what is missing.
func shorter(p reference.Part) io.Reader { return io.MultiReader(p.Body, repeated(0)) }

// zeroGap makes a mutant that fills a gap with zeros.
func zeroGap(which func(reference.Write) bool) func(*reference.Seams) {
	return taking(func(w reference.Write, p reference.Part, v store.View) reference.Part {
		if missing := p.Range.First - v.Size; missing > 0 && which(w) && !p.Range.Ends() {
			p.Range.First, p.Size = v.Size, -1
			p.Body = io.MultiReader(io.LimitReader(repeated(0), missing), p.Body)
		}
		return p
	})
}

func has(r *http.Request, name, member string) bool {
	return strings.Contains(strings.ToLower(strings.Join(r.Header.Values(name), ",")), member)
}

// counting makes a mutant for which some bodies count as documents that have become complete, by how they ended.
func counting(which func(reference.Intake) bool) func(*reference.Seams) {
	return func(s *reference.Seams) {
		var wrong atomic.Int64
		next := s.Document.Ended
		s.Document.Ended = func(in reference.Intake) error {
			if which(in) {
				wrong.Add(1)
			}
			return next(in)
		}
		s.Document.Counted = func(_ string, n int) int { return n + int(wrong.Load()) }
	}
}

// failureCounts lets documents count whose processing failed.
func failureCounts(s *reference.Seams) {
	var failed atomic.Int64
	next := s.Document.Outcome
	s.Document.Outcome = func(d *store.Document) (*store.Response, error) {
		if d.View().Job.Fail != 0 {
			failed.Add(1)
		}
		return next(d)
	}
	s.Document.Counted = func(_ string, n int) int { return n + int(failed.Load()) }
}
