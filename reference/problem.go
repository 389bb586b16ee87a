package reference

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/resumespec/resumespec/reference/store"
)

// problem is the body of an error response (RFC 9457).
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
	Offset *int64 `json:"offset,omitempty"` // bytes kept, where a PATCH did not fit
	Length *int64 `json:"length,omitempty"` // complete length, where it is known

	// Of the problem types of resumable uploads (draft-ietf-httpbis-resumable-upload, Problem Types).
	Type     string `json:"type,omitempty"`
	Expected *int64 `json:"expected-offset,omitempty"`
	Provided *int64 `json:"provided-offset,omitempty"`
}

const mediaProblem = "application/problem+json"

func (p problem) encode() []byte {
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	data, _ := json.Marshal(p) // strings and numbers only
	return append(data, '\n')
}

// refuse answers with an error of its own, not the outcome of an operation.
func (s *Server) refuse(x *exchange, p problem) {
	body := p.encode()
	h := x.w.Header()
	h.Set("Content-Type", mediaProblem)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	x.w.WriteHeader(p.Status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(body) // the client may be gone
	}
}

// problemOf says what an error of the store means to a client.
func problemOf(err error) problem {
	for _, t := range []struct {
		err error
		p   problem
	}{
		{store.ErrBytes, problem{Status: http.StatusInsufficientStorage, Detail: "The quota of stored bytes is used up."}},
		{store.ErrOperations, problem{Status: http.StatusTooManyRequests, Detail: "Too many operations are open; close some with DELETE on their response messages."}},
		{store.ErrFenced, problem{Status: http.StatusConflict, Detail: "A newer request has taken over the upload."}},
		{store.ErrBusy, problem{Status: http.StatusConflict, Detail: "Another request is writing to the upload."}},
		{store.ErrComplete, problem{Status: http.StatusConflict, Detail: "The upload is complete."}},
		{store.ErrClosed, problem{Status: http.StatusNotFound, Detail: "The operation is closed."}},
		{store.ErrLength, problem{Status: http.StatusUnprocessableEntity, Detail: "Contradicts the complete length."}},
		{store.ErrPastEnd, problem{Status: http.StatusUnprocessableEntity, Detail: "Goes past the complete length."}},
		{store.ErrScattered, problem{Status: http.StatusConflict, Detail: "Too many separate ranges are kept; fill the gaps between them first."}},
		{errTooLarge, problem{Status: http.StatusRequestEntityTooLarge, Detail: "The request content is longer than this server takes."}},
	} {
		if errors.Is(err, t.err) {
			return t.p
		}
	}
	return problem{Status: http.StatusInternalServerError}
}

var errTooLarge = errors.New("the request content is too large")
