package mutants

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// message: the response message is not the final response.
func message() []Mutant {
	return []Mutant{
		{
			Name: "message-of-another", Sentence: "The response message is that of the first operation.",
			Breaks: cases("response.available"),
			Apply:  firstOnes(messages),
		},
		{
			Name: "message-half-body", Sentence: "The response message has half of its body.",
			Breaks: cases("response.available"),
			Apply: copying(func(resp *store.Response) {
				resp.Body = resp.Body[:len(resp.Body)/2]
			}),
		},
		{
			Name: "message-empty-body", Sentence: "The response message says that the body is empty.",
			Breaks: cases("response.available"),
			Apply: copying(func(resp *store.Response) {
				resp.Body = nil
				http.Header(resp.Header).Set("Content-Length", "0")
			}),
		},
		{
			Name: "message-status-200", Sentence: "The response message has the status 200 whatever the outcome was.",
			Breaks: cases("response.available", "response.error"),
			Apply:  copying(func(resp *store.Response) { resp.Status = http.StatusOK }),
		},
		{
			Name: "message-without-fields", Sentence: "The response message has lost its fields.",
			Breaks: cases("response.available"),
			Apply: copying(func(resp *store.Response) {
				resp.Header = http.Header{"Content-Length": resp.Header["Content-Length"]}
			}),
		},
		{
			Name: "message-body-only", Sentence: "The response message is the body of the response, without status line and fields.",
			Breaks: cases("response.available", "offer.uri-reference"),
			Apply: func(s *reference.Seams) {
				viewing(messages, func(_ *http.Request, content io.ReadSeeker) io.ReadSeeker {
					data, _ := io.ReadAll(content) // of memory
					_, text, _ := strings.Cut(string(data), "\r\n\r\n")
					return strings.NewReader(text)
				})(s)
			},
		},
		{
			Name: "message-plain-type", Sentence: "The response message is labelled application/octet-stream.",
			Breaks: cases("response.available"),
			Apply:  field(messages, func(_ *http.Request, _ int, h http.Header) { h.Set("Content-Type", "application/octet-stream") }),
		},
		{
			Name: "message-of-success-only", Sentence: "Only the responses of requests that succeed are kept.",
			Breaks: cases("response.error"),
			Apply: func(s *reference.Seams) {
				finals(s, messages, func(_ *http.Request, _ *store.Operation, resp *store.Response) (*store.Response, bool) {
					return resp, resp.Status < 400
				})
			},
		},
		{
			Name: "message-of-4xx-as-5xx", Sentence: "Every error is kept as 500.",
			Breaks: cases("response.error"),
			Apply: copying(func(resp *store.Response) {
				if resp.Status >= 400 {
					resp.Status = http.StatusInternalServerError
				}
			}),
		},
		{
			Name: "message-early-success", Sentence: "The response message is a success before the body is in.",
			Breaks: cases("response.not-yet", "upload.not-complete"),
			Apply:  early(store.Receiving, http.StatusCreated),
		},
		{
			Name: "message-early-error", Sentence: "The response message is an error before the body is in.",
			Breaks: cases("response.not-yet", "upload.not-complete"),
			Apply:  early(store.Receiving, http.StatusBadRequest),
		},
		{
			Name: "message-early-while-processing", Sentence: "The response message is a success while the request is still being processed.",
			Breaks: cases("response.not-yet"),
			Apply:  early(store.Complete, http.StatusCreated),
		},
		{
			Name: "message-once", Sentence: "The response message can be read once.",
			Breaks: cases("response.stable", "response.once"),
			Apply: func(s *reference.Seams) {
				var reads tally
				finals(s, messages, func(r *http.Request, op *store.Operation, resp *store.Response) (*store.Response, bool) {
					return resp, r.Method != http.MethodGet || reads.next(op) == 1
				})
			},
		},
		{
			Name: "message-made-anew", Sentence: "The response message has other fields at each read.",
			Breaks: cases("response.stable"),
			Apply: func(s *reference.Seams) {
				var n atomic.Int64
				copying(func(resp *store.Response) {
					http.Header(resp.Header).Set("X-Request-Id", strconv.FormatInt(n.Add(1), 10))
				})(s)
			},
		},
		{
			Name: "message-of-patch", Sentence: "After a PATCH the response message is the answer to a PATCH, 204.",
			Breaks: cases("response.after-patch"),
			Apply: func(s *reference.Seams) {
				patched := completedByPatch(s)
				finals(s, messages, func(_ *http.Request, op *store.Operation, resp *store.Response) (*store.Response, bool) {
					if !patched(op) {
						return resp, true
					}
					return &store.Response{Status: http.StatusNoContent, Header: http.Header{}}, true
				})
			},
		},
		{
			Name: "message-not-after-patch", Sentence: "The response is kept only where the first request ends it, not a PATCH.",
			Breaks: cases("response.after-patch"),
			Apply: func(s *reference.Seams) {
				patched := completedByPatch(s)
				finals(s, messages, func(_ *http.Request, op *store.Operation, resp *store.Response) (*store.Response, bool) {
					return resp, !patched(op)
				})
			},
		},
		{
			Name: "message-of-16-kib", Sentence: "The response message keeps the first 16 KiB of a response body, as if that were all.",
			Breaks: cases("download.message"),
			Apply: copying(func(resp *store.Response) {
				const most = 16 << 10
				if resp.Pad > most {
					resp.Pad = most
					http.Header(resp.Header).Set("Content-Length", strconv.FormatInt(int64(len(resp.Body)+len(resp.Tail))+most, 10))
				}
			}),
		},
		{
			Name: "message-delete-ignored", Sentence: "DELETE on the response message is answered as a success and changes nothing.",
			Breaks: cases("response.delete"),
			Apply:  func(s *reference.Seams) { s.Message.Close = func(*store.Operation) error { return nil } },
		},
	}
}

type final func(*http.Request, *store.Operation, *store.Response) (*store.Response, bool)

// finals changes the final responses that the resources of one kind show.
func finals(s *reference.Seams, prefix string, change final) {
	next := s.Message.Final
	s.Message.Final = func(r *http.Request, op *store.Operation) (*store.Response, bool) {
		resp, ok := next(r, op)
		if !ok || !at(r, prefix) {
			return resp, ok
		}
		return change(r, op, resp)
	}
}

// copying spoils the copy that the response message is.
func copying(spoil func(*store.Response)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		finals(s, messages, func(_ *http.Request, _ *store.Operation, resp *store.Response) (*store.Response, bool) {
			spoilt := *resp
			spoilt.Header = http.Header(resp.Header).Clone()
			spoil(&spoilt)
			return &spoilt, true
		})
	}
}

// early makes up a final response in a state that has none.
func early(state store.State, status int) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Message.Final
		s.Message.Final = func(r *http.Request, op *store.Operation) (*store.Response, bool) {
			if at(r, messages) && op.State() == state {
				return &store.Response{Status: status, Header: http.Header{"Content-Length": {"0"}}}, true
			}
			return next(r, op)
		}
	}
}

// firstOnes gives the first response that was made to all who ask at the resources of one kind.
func firstOnes(prefix string) func(*reference.Seams) {
	return func(s *reference.Seams) {
		var first atomic.Pointer[store.Response]
		outcomes(s, func(_ *store.Operation, resp *store.Response) *store.Response {
			first.CompareAndSwap(nil, resp)
			return resp
		})
		finals(s, prefix, func(*http.Request, *store.Operation, *store.Response) (*store.Response, bool) {
			return first.Load(), true
		})
	}
}
