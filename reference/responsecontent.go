package reference

import (
	"context"
	"net/http"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// getMessage answers GET and HEAD on the response message (resume-request,
// Response-Message-Location): the final response as message/http, the same each time.
func (s *Server) getMessage(x *exchange) {
	resp := s.finished(x)
	if resp == nil {
		return
	}
	h := x.w.Header()
	h.Set("Content-Type", "message/http")
	h.Set("ETag", etag("message-"+x.op.Item))
	h.Set("X-Content-Type-Options", "nosniff")
	s.serveSegments(x, messageOf(resp))
}

// getResponseContent answers GET and HEAD on the Content-Location of the 100: the body of the final
// response, for a client that got only a part of it.
func (s *Server) getResponseContent(x *exchange) {
	resp := s.finished(x)
	if resp == nil {
		return
	}
	h := x.w.Header()
	h.Set("Content-Type", http.Header(resp.Header).Get("Content-Type"))
	h.Set("ETag", http.Header(resp.Header).Get("ETag"))
	h.Set("X-Content-Type-Options", "nosniff")
	s.serveSegments(x, bodyOf(resp))
}

// finished returns the final response. While there is none it answers 503 with Retry-After, and
// returns nil: 404 could be taken for an operation that was lost, and be repeated.
func (s *Server) finished(x *exchange) *store.Response {
	s.settleAll(x.r.Context(), x.op)
	s.waitPreference(x)
	if resp, ok := s.seams.Message.Final(x.r, x.op); ok {
		return resp
	}
	p := x.op.Progress()
	if p.State == store.Closed {
		s.refuse(x, problem{Status: http.StatusNotFound})
		return nil
	}
	x.w.Header().Set("Retry-After", "1")
	answer := problem{Status: http.StatusServiceUnavailable, Title: "Not Yet", Detail: "The request is being processed."}
	if p.State == store.Receiving {
		answer.Detail, answer.Offset = "The request content is incomplete.", &p.Offset
	}
	s.refuse(x, answer)
	return nil
}

// maxWait bounds "Prefer: wait" (RFC 7240, 4.3).
const maxWait = 30 * time.Second

// waitPreference waits for the final response as long as the client prefers.
func (s *Server) waitPreference(x *exchange) {
	seconds, ok := parseDigits(parsePrefer(x.r.Header.Values("Prefer"))["wait"])
	if !ok || seconds == 0 {
		return
	}
	wait := min(time.Duration(min(seconds, 3600))*time.Second, maxWait)
	ctx, cancel := context.WithTimeout(x.r.Context(), wait)
	defer cancel()
	select {
	case <-x.op.Done():
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
}
