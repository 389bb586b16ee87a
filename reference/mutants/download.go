package mutants

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/resumespec/resumespec/reference"
)

// download: parts of a response are wrong.
func download() []Mutant {
	return []Mutant{
		{
			Name: "range-begins-late", Sentence: "The bytes of a range begin one too late.",
			Breaks: cases("download.range", "download.repeat", "download.if-range"),
			Apply:  beginningLate(responses),
		},
		{
			Name: "range-ends-early", Sentence: "The last position of a range is taken for its end, and one byte is missing.",
			Breaks: cases("download.range", "download.repeat", "download.if-range"),
			Apply: asking(responses, func(r *http.Request, size int64) {
				if first, ok := open(r); ok && first < size-1 {
					r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", first, size-2))
				}
			}),
		},
		{
			Name: "range-wrong-total", Sentence: "Content-Range tells a wrong complete length.",
			Breaks: cases("download.range", "download.repeat", "download.if-range"),
			Apply: field(responses, func(_ *http.Request, status int, h http.Header) {
				if status == http.StatusPartialContent {
					h.Set("Content-Range", strings.Replace(h.Get("Content-Range"), "/", "/1", 1))
				}
			}),
		},
		{
			Name: "range-unnamed", Sentence: "A 206 has no Content-Range.",
			Breaks: cases("download.range", "download.repeat", "download.if-range"),
			Apply: field(responses, func(_ *http.Request, status int, h http.Header) {
				if status == http.StatusPartialContent {
					h.Del("Content-Range")
				}
			}),
		},
		{
			Name: "range-answered-200", Sentence: "The rest of the body comes with 200, as if it were the whole.",
			Breaks: cases("download.range", "download.repeat", "download.if-range"),
			Apply: head(func(r *http.Request, status int, _ http.Header) int {
				if at(r, responses) && status == http.StatusPartialContent {
					return http.StatusOK
				}
				return status
			}),
		},
		{
			Name: "range-counted-on", Sentence: "A range is counted from where the one before it began.",
			Breaks: cases("download.repeat"),
			Apply:  countingOn(responses),
		},
		{
			Name: "if-range-ignored", Sentence: "If-Range is ignored: a stale validator gets a part as well.",
			Breaks: cases("download.if-range"),
			Apply:  unvalidated(responses),
		},
		{
			Name: "past-end-gets-last-byte", Sentence: "A range past the end is answered with the last byte.",
			Breaks: cases("download.unsatisfiable"),
			Apply:  lastAtLeast(responses),
		},
		{
			Name: "past-end-unnamed", Sentence: "A 416 has no Content-Range.",
			Breaks: cases("download.unsatisfiable"),
			Apply: field(responses, func(_ *http.Request, status int, h http.Header) {
				if status == http.StatusRequestedRangeNotSatisfiable {
					h.Del("Content-Range")
				}
			}),
		},
		{
			Name: "suffix-from-start", Sentence: "The last N bytes are taken for the first N.",
			Breaks: cases("download.suffix"),
			Apply:  suffixFromStart(responses),
		},
		{
			Name: "several-ranges-shifted", Sentence: "Of several ranges each part has the bytes that follow its own.",
			Breaks: cases("download.multi"),
			Apply: viewing(responses, func(r *http.Request, content io.ReadSeeker) io.ReadSeeker {
				if strings.Contains(r.Header.Get("Range"), ",") {
					return &shifted{ReadSeeker: content, by: 1}
				}
				return content
			}),
		},
		{
			Name: "content-head-short", Sentence: "HEAD on the content location tells one byte less than GET gives.",
			Breaks: cases("download.head"),
			Apply: field(responses, func(r *http.Request, _ int, h http.Header) {
				if n, err := strconv.Atoi(h.Get("Content-Length")); err == nil && r.Method == http.MethodHead {
					h.Set("Content-Length", strconv.Itoa(n-1))
				}
			}),
		},
		{
			Name: "content-head-unmeasured", Sentence: "HEAD on the content location has no Content-Length.",
			Breaks: cases("download.head"),
			Apply: field(responses, func(r *http.Request, _ int, h http.Header) {
				if r.Method == http.MethodHead {
					h.Del("Content-Length")
				}
			}),
		},
		{
			Name: "content-of-another", Sentence: "The content location holds the response of the first operation.",
			Breaks: cases("download.range", "download.repeat"),
			Apply:  firstOnes(responses),
		},
		{
			Name: "content-cut-short", Sentence: "The content location holds what fits in 16 KiB of the response body.",
			Breaks: cases("download.range", "download.repeat"),
			Apply: viewing(responses, func(_ *http.Request, content io.ReadSeeker) io.ReadSeeker {
				data, _ := io.ReadAll(io.LimitReader(content, 16<<10)) // of memory
				return bytes.NewReader(data)
			}),
		},
		{
			Name: "message-range-of-body", Sentence: "A range of the response message is taken from its body.",
			Breaks: cases("download.message"),
			Apply: viewing(messages, func(r *http.Request, content io.ReadSeeker) io.ReadSeeker {
				if r.Header.Get("Range") == "" {
					return content
				}
				data, _ := io.ReadAll(content) // of memory
				_, text, _ := bytes.Cut(data, []byte("\r\n\r\n"))
				return bytes.NewReader(append(text, make([]byte, len(data)-len(text))...))
			}),
		},
	}
}

// asking changes what is asked for of one kind of content.
func asking(prefix string, change func(r *http.Request, size int64)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Content.Asked
		s.Content.Asked = func(r *http.Request, size int64) {
			next(r, size)
			if at(r, prefix) {
				change(r, size)
			}
		}
	}
}

// beginningLate gives the bytes of a range from one too late.
func beginningLate(prefix string) func(*reference.Seams) {
	return viewing(prefix, func(r *http.Request, content io.ReadSeeker) io.ReadSeeker {
		if r.Header.Get("Range") == "" {
			return content
		}
		return &shifted{ReadSeeker: content, by: 1}
	})
}

// countingOn counts a range from where the one before it began.
func countingOn(prefix string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		var before sync.Map
		asking(prefix, func(r *http.Request, _ int64) {
			first, ok := open(r)
			if !ok || r.Header.Get("If-Range") != "" {
				return
			}
			if last, again := before.Swap(r.URL.Path, first); again {
				r.Header.Set("Range", fmt.Sprintf("bytes=%d-", first-last.(int64)))
			}
		})(s)
	}
}

// unvalidated ignores If-Range.
func unvalidated(prefix string) func(*reference.Seams) {
	return asking(prefix, func(r *http.Request, _ int64) { r.Header.Del("If-Range") })
}

// lastAtLeast answers a range past the end with the last byte.
func lastAtLeast(prefix string) func(*reference.Seams) {
	return asking(prefix, func(r *http.Request, size int64) {
		if first, ok := open(r); ok && first >= size {
			r.Header.Set("Range", fmt.Sprintf("bytes=%d-", size-1))
		}
	})
}

// suffixFromStart takes the last N bytes for the first N.
func suffixFromStart(prefix string) func(*reference.Seams) {
	return asking(prefix, func(r *http.Request, _ int64) {
		if n, err := strconv.ParseInt(strings.TrimPrefix(r.Header.Get("Range"), "bytes=-"), 10, 64); err == nil {
			r.Header.Set("Range", fmt.Sprintf("bytes=0-%d", n-1))
		}
	})
}

// open gives the first position of a range that goes to the end.
func open(r *http.Request) (first int64, ok bool) {
	spec, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	spec, ends := strings.CutSuffix(spec, "-")
	first, err := strconv.ParseInt(spec, 10, 64)
	return first, ok && ends && err == nil
}
