package mutants

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// rangeQuery: PUT with a range in the query, as the Link-Template says.
func rangeQuery() []Mutant {
	return append([]Mutant{
		{
			Name: "query-template-missing", Sentence: "OPTIONS does not give the template.",
			Breaks: querying("offer.options"),
			Apply: documentField(func(r *http.Request, h http.Header) {
				if r.Method == http.MethodOptions {
					h.Del("Link-Template")
				}
			}),
		},
		{
			Name: "query-template-not-on-head", Sentence: "GET and HEAD do not give the template.",
			Breaks: querying("offer.head", "offer.get"),
			Apply: documentField(func(r *http.Request, h http.Header) {
				if r.Method != http.MethodOptions {
					h.Del("Link-Template")
				}
			}),
		},
		{
			Name: "query-template-bare", Sentence: "The template is not a string of a structured field.",
			Breaks: querying("offer.syntax", "offer.template"), Apply: template(func(t string) string { return strings.ReplaceAll(t, `"`, "") }),
		},
		{
			Name: "query-template-angle", Sentence: "The template stands in angle brackets, as in Link.",
			Breaks: querying("offer.syntax", "offer.template"),
			Apply:  template(func(t string) string { return strings.Replace(strings.Replace(t, `"`, "<", 1), `"`, ">", 1) }),
		},
		{
			Name: "query-template-open", Sentence: "The template has an expression that does not end.",
			Breaks: querying("offer.syntax", "offer.template"), Apply: template(func(t string) string { return strings.Replace(t, "}", "", 1) }),
		},
		{
			Name: "query-template-without-relation", Sentence: "The template has no relation.",
			Breaks: querying("offer.template"),
			Apply: template(func(t string) string {
				t, _, _ = strings.Cut(t, ";")
				return t
			}),
		},
		{
			Name: "query-template-of-another", Sentence: "The template is that of another document.",
			Breaks: querying("offer.template", "query.no-overwrite", "range.middle"), Apply: template(func(t string) string { return strings.Replace(t, "{", "-2{", 1) }),
		},
		{
			Name: "query-template-not-understood", Sentence: "The template names a parameter that the server ignores: a range overwrites the document.",
			Breaks: querying("query.no-overwrite", "offer.template"),
			Apply: func(s *reference.Seams) {
				template(func(t string) string { return strings.Replace(t, "range,length", "bytes", 1) })(s)
				s.Document.Query = func(url.Values) error { return nil }
			},
		},
		{
			Name: "query-ignored", Sentence: "The range is announced and ignored: it becomes the whole document.",
			Breaks: querying("query.no-overwrite"),
			Apply:  rewritten(ranging, func(r *http.Request) { requery(r, func(q url.Values) { q.Del("range"); q.Del("length") }) }),
		},
		{
			Name: "query-malformed-is-whole", Sentence: "A malformed range is ignored: the document is overwritten.",
			Breaks: querying("refuse.malformed"),
			Apply: func(s *reference.Seams) {
				next := s.Document.PutRange
				s.Document.PutRange = func(r *http.Request, q url.Values) (reference.ContentRange, bool, error) {
					c, named, err := next(r, q)
					return c, named && err == nil, nil
				}
			},
		},
		{
			Name: "query-malformed-is-server-error", Sentence: "A malformed range is answered with 500.",
			Breaks: querying("refuse.malformed"),
			Apply: documentHead(func(r *http.Request, status int, _ http.Header) int {
				if ranging(r) && status == http.StatusBadRequest {
					return http.StatusInternalServerError
				}
				return status
			}),
		},
		{
			Name: "query-reversed-swapped", Sentence: "A range whose end is before its beginning is turned round.",
			Breaks: querying("refuse.reversed"),
			Apply: rewritten(ranging, func(r *http.Request) {
				requery(r, func(q url.Values) {
					first, last, ok := strings.Cut(q.Get("range"), "-")
					if ok && (len(last) < len(first) || len(last) == len(first) && last < first) {
						q.Set("range", last+"-"+first)
					}
				})
			}),
		},
		{
			Name: "query-last-of-repeated", Sentence: "Of a range that is there twice the last is taken.",
			Breaks: querying("refuse.repeated"),
			Apply: rewritten(ranging, func(r *http.Request) {
				requery(r, func(q url.Values) { q["range"] = q["range"][len(q["range"])-1:] })
			}),
		},
		{
			Name: "query-overlong-taken", Sentence: "A range past the complete length that it names is written.",
			Breaks: querying("refuse.past-end", "refuse.overlong"),
			Apply: func(s *reference.Seams) {
				rewritten(ranging, func(r *http.Request) {
					requery(r, func(q url.Values) {
						_, last, _ := strings.Cut(q.Get("range"), "-")
						end, err := strconv.ParseInt(last, 10, 32)
						length, failed := strconv.ParseInt(q.Get("length"), 10, 32)
						if err == nil && failed == nil && end >= length {
							q.Set("length", strconv.FormatInt(end+1, 10))
						}
					})
				})(s)
			},
		},
		{
			Name: "query-effect-per-range", Sentence: "Each range counts as a document that has become complete.",
			Breaks: querying("range.create"),
			Apply: func(s *reference.Seams) {
				var ranges atomic.Int64
				next := s.Document.InPlace
				s.Document.InPlace = func(w reference.Write, p reference.Part, v store.View) bool {
					if ranging(w.Request) && p.Range.Last+1 < p.Range.Complete {
						ranges.Add(1)
					}
					return next(w, p, v)
				}
				s.Document.Counted = func(_ string, n int) int { return n + int(ranges.Load()) }
			},
		},
	}, rangedPut("query", querying, "offer.template", ranging)...)
}

// template makes a mutant that gives another template.
func template(change func(string) string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Document.Template
		s.Document.Template = func(name string) string { return change(next(name)) }
	}
}
