package mutants

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/store"
)

// Names of the fields.
const (
	requestContent  = "Request-Content-Location"
	responseMessage = "Response-Message-Location"
	contentLocation = "Content-Location"
)

// offer: the 100 and its locations are wrong, or the requests that get none.
func offer() []Mutant {
	return []Mutant{
		{
			Name: "offer-with-final-only", Sentence: "The 100 is bare; the locations come with the final response only.",
			Breaks: cases("offer.continue", "offer.request-content-location", "offer.response-message-location", "offer.content-location"),
			Apply:  interims(func(*http.Request, []reference.Interim) []reference.Interim { return nil }),
		},
		{
			Name: "offer-after-body", Sentence: "The operation begins only when its body is in; the 100 before that is bare.",
			Breaks: cases("offer.continue", "offer.request-content-location", "offer.response-message-location", "offer.content-location"),
			Apply:  wrapped(buffered),
		},
		{
			Name: "offer-no-request-content", Sentence: "No Request-Content-Location is sent: nothing tells where to go on.",
			Breaks: cases("offer.request-content-location"),
			Apply:  locations(func(h http.Header) { h.Del(requestContent) }),
		},
		{
			Name: "offer-no-response-message", Sentence: "No Response-Message-Location is sent: nothing tells where the response is.",
			Breaks: cases("offer.response-message-location"),
			Apply:  locations(func(h http.Header) { h.Del(responseMessage) }),
		},
		{
			Name: "offer-no-content", Sentence: "No Content-Location is sent before the final response.",
			Breaks: cases("offer.content-location"),
			Apply:  locations(func(h http.Header) { h.Del(contentLocation) }),
		},
		{
			Name: "offer-space-in-location", Sentence: "A location has a space in it.",
			Breaks: cases("offer.uri-reference", "offer.response-message-location"),
			Apply:  locations(func(h http.Header) { h.Set(responseMessage, "/messages of/"+h.Get(responseMessage)) }),
		},
		{
			Name: "offer-two-locations", Sentence: "One response has two different request content locations.",
			Breaks: cases("offer.uri-reference"),
			Apply: locations(func(h http.Header) {
				if h.Get(requestContent) != "" {
					h[requestContent] = []string{"/requests/other", h.Get(requestContent)}
				}
			}),
		},
		{
			Name: "offer-dead-location", Sentence: "The Content-Location of the 100 leads to nothing.",
			Breaks: cases("offer.uri-reference", "download.range"),
			Apply:  locations(func(h http.Header) { h.Set(contentLocation, "/response"+h.Get(contentLocation)) }),
		},
		{
			Name: "offer-applied-other", Sentence: "Preference-Applied says ignore-incomplete where the incomplete body is saved.",
			Breaks: cases("offer.applied"),
			Apply:  locations(func(h http.Header) { h.Set("Preference-Applied", "resume=ignore-incomplete") }),
		},
		{
			Name: "offer-counted-locations", Sentence: "Locations are made from a counter.",
			Breaks: cases("offer.unguessable", "restart.intact"),
			Apply: func(s *reference.Seams) {
				var n atomic.Uint64
				s.Store.ID = func(store.Kind) string { return written(n.Add(1)) }
			},
		},
		{
			Name: "offer-timed-locations", Sentence: "Locations are made from the clock.",
			Breaks: cases("offer.unguessable"),
			Apply: func(s *reference.Seams) {
				s.Store.ID = func(store.Kind) string { return written(uint64(time.Now().UnixNano())) }
			},
		},
		{
			Name: "offer-short-locations", Sentence: "Locations carry 40 random bits.",
			Breaks: cases("offer.unguessable"),
			Apply: func(s *reference.Seams) {
				s.Store.ID = func(store.Kind) string { return written(rand.Uint64N(1 << 40)) }
			},
		},
		{
			Name: "offer-one-location", Sentence: "Every upload gets the same request content location.",
			Breaks: cases("offer.unguessable", "upload.isolated"),
			Apply: func(s *reference.Seams) {
				next := s.Store.ID
				s.Store.ID = func(kind store.Kind) string {
					if kind == store.KindRequest {
						return written(0)
					}
					return next(kind)
				}
			},
		},
		{
			Name: "offer-expect-needed", Sentence: "An upload that prefers resumption and does not expect a 100 is refused.",
			Breaks: cases("offer.no-expect"),
			Apply:  refuse(http.StatusBadRequest, func(r *http.Request) bool { return uploading(r) && prefers(r) && !expects(r) }),
		},
		{
			Name: "offer-prefer-needed", Sentence: "An upload that does not prefer resumption is refused.",
			Breaks: cases("offer.not-asked", "offer.no-expect"),
			Apply:  refuse(http.StatusBadRequest, func(r *http.Request) bool { return uploading(r) && !prefers(r) }),
		},
		{
			Name: "offer-interim-to-http10", Sentence: "A client that speaks HTTP/1.0 gets the 100 as well.",
			Breaks: cases("offer.http10"),
			Apply: func(s *reference.Seams) {
				next, where := s.Offer.Interims, s.Offer.Locations
				s.Offer.Interims = func(r *http.Request, op *store.Operation) []reference.Interim {
					if !r.ProtoAtLeast(1, 1) {
						return []reference.Interim{{Status: http.StatusContinue, Fields: where(op)}}
					}
					return next(r, op)
				}
			},
		},
		{
			Name: "offer-continue-before-refusal", Sentence: "A request that is refused for its head gets a 100 first.",
			Breaks: cases("offer.refusal"),
			Apply: wrapped(func(next http.Handler) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(&eager{w, r}, r) }
			}),
		},
	}
}

// written writes a number in the form of an identifier.
func written(n uint64) string {
	const digits = "abcdefghijklmnopqrstuvwxyz234567"
	id := make([]byte, store.IDLength)
	for i := range id {
		id[len(id)-1-i] = digits[n%32]
		n /= 32
	}
	return string(id)
}

func interims(change func(*http.Request, []reference.Interim) []reference.Interim) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Offer.Interims
		s.Offer.Interims = func(r *http.Request, op *store.Operation) []reference.Interim { return change(r, next(r, op)) }
	}
}

// locations changes the fields of operations for which there are any.
func locations(change func(http.Header)) func(*reference.Seams) {
	return func(s *reference.Seams) {
		next := s.Offer.Locations
		s.Offer.Locations = func(op *store.Operation) http.Header {
			h := next(op)
			if len(h) > 0 {
				change(h)
			}
			return h
		}
	}
}

// buffered reads the body of an upload before it begins the operation.
func buffered(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !uploading(r) {
			next.ServeHTTP(w, r)
			return
		}
		data, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(data))
		next.ServeHTTP(w, r)
	}
}

// eager sends a 100 before each refusal.
type eager struct {
	http.ResponseWriter
	r *http.Request
}

// WriteHeader sends a head.
func (w *eager) WriteHeader(status int) {
	if status >= 400 && expects(w.r) {
		kept := w.Header().Clone()
		clear(w.Header())
		w.ResponseWriter.WriteHeader(http.StatusContinue)
		for name, values := range kept {
			w.Header()[name] = values
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap serves http.ResponseController.
func (w *eager) Unwrap() http.ResponseWriter { return w.ResponseWriter }
