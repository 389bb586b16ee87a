package reference

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/resumespec/resumespec/reference/store"
)

// Fields of the resume protocol (resume-request, Registrations; http-progress, Acknowledge).
const (
	fieldRequestContent  = "Request-Content-Location"
	fieldResponseMessage = "Response-Message-Location"
	fieldContentLocation = "Content-Location"
	fieldApplied         = "Preference-Applied"
	fieldAcknowledge     = "Acknowledge"
)

// statusUploadResumption is 104 (Upload Resumption Supported).
const statusUploadResumption = 104

// resumeFields are the locations of an operation, as absolute-path references.
func resumeFields(op *store.Operation) http.Header {
	h := http.Header{}
	if !op.Resume {
		return h
	}
	h.Set(fieldResponseMessage, pathMessages+op.ResponseMessage)
	h.Set(fieldContentLocation, pathResponses+op.ResponseContent)
	h.Set(fieldApplied, "resume=ignore-incomplete")
	if op.Save {
		h.Set(fieldRequestContent, pathRequests+op.RequestContent)
		h.Set(fieldApplied, "resume")
	}
	return h
}

// expectsContinue tells whether the client waits for a 100 (RFC 9110, 10.1.1).
func expectsContinue(r *http.Request) bool {
	return r.ProtoAtLeast(1, 1) && slices.Contains(expectations(r), expect100)
}

// Interim is an interim response.
type Interim struct {
	Status int
	Fields http.Header
}

// offers gives what tells the locations before any byte of the body is read: the 100 that the client
// waits for, otherwise a 104. HTTP/1.0 knows no interim responses (RFC 9110, 15.2).
func (s *Server) offers(r *http.Request, op *store.Operation) []Interim {
	if !op.Resume || !r.ProtoAtLeast(1, 1) {
		return nil
	}
	status := statusUploadResumption
	if expectsContinue(r) {
		status = http.StatusContinue
	}
	return []Interim{{status, s.seams.Offer.Locations(op)}}
}

func (s *Server) offer(x *exchange, op *store.Operation) {
	for _, i := range s.seams.Offer.Interims(x.r, op) {
		x.interim(i)
	}
}

// acknowledge tells how many bytes of the request content are durable.
func acknowledge(x *exchange, n int64) {
	x.interim(Interim{http.StatusContinue, http.Header{fieldAcknowledge: {strconv.FormatInt(n, 10)}}})
}

// interim sends a 1xx response with these fields only. net/http leaves them in the map, from where they would
// leak into the final response; so they are taken out again.
func (x *exchange) interim(i Interim) {
	maps.Copy(x.w.Header(), i.Fields)
	x.w.WriteHeader(i.Status)
	for name := range i.Fields {
		x.w.Header().Del(name)
	}
}
