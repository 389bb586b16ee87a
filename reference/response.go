package reference

import (
	"io"
	"net/http"
	"time"
)

// response is the ResponseWriter of one request. It gives every piece of the response a deadline of
// its own, so that a client that stops reading does not hold the connection.
type response struct {
	http.ResponseWriter
	r      *http.Request
	head   func(r *http.Request, status int, h http.Header) int // the last word on a final response's head
	rc     *http.ResponseController
	idle   time.Duration
	always http.Header // fields of every final response, also where net/http would drop them
}

func newResponse(rw http.ResponseWriter, r *http.Request, head func(*http.Request, int, http.Header) int, idle time.Duration) *response {
	w := &response{rw, r, head, http.NewResponseController(rw), idle, http.Header{}}
	w.extend() // net/http leaves the deadline of the request before, also for the 100 that it sends itself
	return w
}

// Unwrap serves http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	if status >= 200 {
		for name, values := range w.always {
			w.Header()[name] = values
		}
		status = w.head(w.r, status, w.Header())
		if w.r.ProtoMajor > 1 {
			// No such field there (RFC 9113, 8.2.2): net/http would end the connection under everybody else's requests, where
			// the end of one stream is enough.
			w.Header().Del("Connection")
		}
	}
	w.extend()
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	w.extend()
	return w.ResponseWriter.Write(p)
}

// sendStep is how many bytes may be sent under one deadline.
const sendStep = 1 << 20

// ReadFrom keeps sendfile for content that comes from a file.
func (w *response) ReadFrom(src io.Reader) (total int64, err error) {
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: src, N: 1<<63 - 1}
	}
	for limited.N > 0 {
		w.extend()
		step := &io.LimitedReader{R: limited.R, N: min(limited.N, sendStep)}
		asked := step.N
		n, err := io.Copy(w.ResponseWriter, step)
		total += n
		limited.N -= n
		if err != nil || n < asked {
			return total, err
		}
	}
	return total, nil
}

// extend moves the deadline. Writers that know none (a test's recorder) do without.
func (w *response) extend() { _ = w.rc.SetWriteDeadline(time.Now().Add(w.idle)) }
