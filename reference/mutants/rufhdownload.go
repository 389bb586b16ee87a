package mutants

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/resumespec/resumespec/reference"
)

// rufhDownload: parts of what an upload became are wrong.
func rufhDownload() []Mutant {
	return []Mutant{
		{
			Name: "rufh-range-begins-late", Sentence: "The bytes of a range of what an upload became begin one too late.",
			Breaks: rufhCases("download.range"),
			Apply: viewing(results, func(r *http.Request, content io.ReadSeeker) io.ReadSeeker {
				if r.Header.Get("Range") == "" {
					return content
				}
				return &shifted{ReadSeeker: content, by: 1}
			}),
		},
		{
			Name: "rufh-range-counted-on", Sentence: "A range is counted from where the one before it began.",
			Breaks: rufhCases("download.repeat", "download.range"),
			Apply: func(s *reference.Seams) {
				var before sync.Map
				readingResult(func(r *http.Request, _ int64) {
					first, ok := open(r)
					if !ok || r.Header.Get("If-Range") != "" {
						return
					}
					if last, again := before.Swap(r.URL.Path, first); again {
						r.Header.Set("Range", fmt.Sprintf("bytes=%d-", first-last.(int64)))
					}
				})(s)
			},
		},
		{
			Name: "rufh-if-range-ignored", Sentence: "If-Range is ignored: a stale validator gets a part as well.",
			Breaks: rufhCases("download.if-range"),
			Apply:  readingResult(func(r *http.Request, _ int64) { r.Header.Del("If-Range") }),
		},
		{
			Name: "rufh-past-end-gets-last-byte", Sentence: "A range past the end is answered with the last byte.",
			Breaks: rufhCases("download.unsatisfiable"),
			Apply: readingResult(func(r *http.Request, size int64) {
				if first, ok := open(r); ok && first >= size {
					r.Header.Set("Range", fmt.Sprintf("bytes=%d-", size-1))
				}
			}),
		},
		{
			Name: "rufh-suffix-from-start", Sentence: "The last N bytes of what an upload became are taken for the first N.",
			Breaks: rufhCases("download.suffix"),
			Apply: readingResult(func(r *http.Request, _ int64) {
				if n, err := strconv.ParseInt(strings.TrimPrefix(r.Header.Get("Range"), "bytes=-"), 10, 64); err == nil {
					r.Header.Set("Range", fmt.Sprintf("bytes=0-%d", n-1))
				}
			}),
		},
	}
}

// readingResult changes what is asked for of what an upload became.
func readingResult(change func(r *http.Request, size int64)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Content.Asked
		s.Content.Asked = func(r *http.Request, size int64) {
			next(r, size)
			if at(r, results) {
				change(r, size)
			}
		}
	}
}
