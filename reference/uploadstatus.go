package reference

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// UploadStatus is the status document of an upload (profile upload-resource).
type UploadStatus struct {
	State     string            `json:"state"`            // waiting, receiving, processing, done, failed
	Length    *int64            `json:"length"`           // complete length in bytes, null while unknown
	Received  [][2]int64        `json:"received"`         // first and last byte of each range that is kept
	Remaining *int64            `json:"remaining"`        // bytes still to come, null while unknown
	Errors    []json.RawMessage `json:"errors"`           // problem details (RFC 9457)
	Result    string            `json:"result,omitempty"` // URI-reference, when done
	Upload    string            `json:"upload"`           // URI-reference of what the parts are PUT to
	Parallel  bool              `json:"parallel"`         // parts may come in any order and at once
}

// States of an upload.
const (
	stateWaiting    = "waiting"
	stateReceiving  = "receiving"
	stateProcessing = "processing"
	stateDone       = "done"
	stateFailed     = "failed"
)

// getUpload answers GET and HEAD on the status resource. What it tells as received is durable before.
func (s *Server) getUpload(x *exchange) {
	s.waitPreference(x)
	p := s.seams.Offset.Settle(x.r.Context(), x.op)
	observe(p)
	s.sendStatus(x, http.StatusOK)
}

// sendStatus answers with the status document of x.op.
func (s *Server) sendStatus(x *exchange, status int) {
	doc, err := s.statusOf(x)
	if x.op.State() == store.Closed { // this moment
		s.refuse(x, problem{Status: http.StatusNotFound})
		return
	}
	if err != nil {
		s.opts.Logger.Error("upload status", "error", err)
		s.refuse(x, problemOf(err))
		return
	}
	if doc.State == stateProcessing {
		x.w.Header().Set("Retry-After", whenDone(x.op.Job))
	}
	body, _ := json.Marshal(doc) // strings and numbers only, and problems that were encoded here
	x.w.Header().Set("X-Content-Type-Options", "nosniff")
	sendJSON(x, status, append(body, '\n'))
}

// whenDone says in how many seconds a client should look again at what is being processed.
func whenDone(job store.Job) string {
	return strconv.FormatInt(int64(job.Delay.Round(time.Second)/time.Second), 10)
}

func (s *Server) statusOf(x *exchange) (UploadStatus, error) {
	p := x.op.Progress() // before the ranges: an upload that is complete has them all
	kept, err := x.op.DurableExtents()
	if err != nil {
		return UploadStatus{}, err
	}
	doc := UploadStatus{
		State:    stateWaiting,
		Received: [][2]int64{},
		Errors:   []json.RawMessage{},
		Upload:   uploadURI(x.op) + pathContent,
		Parallel: x.op.Sparse,
	}
	shown := s.seams.Upload.Shown(x.op, kept)
	for _, r := range shown {
		doc.Received = append(doc.Received, [2]int64{r.From, r.To - 1})
	}
	if p.Length >= 0 {
		remaining := p.Length - shown.Bytes()
		doc.Length, doc.Remaining = &p.Length, &remaining
	}
	if len(shown) > 0 || len(p.Writers) > 0 {
		doc.State = stateReceiving
	}
	s.outcomeIn(x, p.State, &doc)
	return s.seams.Upload.Status(x.r, x.op, doc), nil
}

// outcomeIn says what has become of an upload that is complete.
func (s *Server) outcomeIn(x *exchange, state store.State, doc *UploadStatus) {
	resp, ok := s.seams.Message.Final(x.r, x.op)
	switch {
	case ok && resp.Status < http.StatusBadRequest:
		doc.State, doc.Result = stateDone, http.Header(resp.Header).Get("Location")
	case ok:
		doc.State, doc.Errors = stateFailed, []json.RawMessage{bytes.TrimSpace(resp.Body)}
	case state == store.Complete, state == store.Done:
		doc.State = stateProcessing
	}
}
