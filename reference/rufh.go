package reference

import (
	"errors"
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/resumespec/resumespec/reference/store"
)

// protocolRufh marks the operations of resumable uploads.
const protocolRufh = "rufh"

// The resources of draft-ietf-httpbis-resumable-upload. A representation may be sent to /files with any method that
// carries content: what becomes of it is the same.
var (
	resourceFiles = &resource{describe: (*Server).describeFiles, methods: methods{
		http.MethodGet: (*Server).countFiles, http.MethodHead: (*Server).countFiles,
		http.MethodPost: (*Server).createUpload, http.MethodPut: (*Server).createUpload, http.MethodPatch: (*Server).createUpload}}
	resourceFile = &resource{gated: true, protocol: protocolRufh, find: findFile, describe: (*Server).describeFile, methods: methods{
		http.MethodGet: (*Server).getOffset, http.MethodHead: (*Server).getOffset,
		http.MethodPatch: (*Server).appendUpload, http.MethodDelete: (*Server).cancelUpload}}
)

func fileURI(op *store.Operation) string { return pathFiles + "/" + op.RequestContent }

// resumption is one request of a resumable upload on its way.
type resumption struct {
	Append
	s      *Server
	x      *exchange
	op     *store.Operation // nil before it is begun
	writer *store.Writer
	from   int64 // where the content of the request begins
	told   int64 // bytes that the client may have let go, because they were told as kept
}

func (s *Server) resume(x *exchange, creates bool) *resumption {
	d := s.seams.Rufh.Draft(x.r)
	return &resumption{s: s, x: x, op: x.op,
		Append: Append{Draft: d, Fields: s.seams.Rufh.Fields(d, x.r.Header), Creates: creates, Content: x.r.ContentLength, Least: leastOf(x.op)}}
}

// leastOf is the min-append-size of an upload itself (nil: none).
func leastOf(op *store.Operation) int64 {
	if op == nil {
		return 0
	}
	return op.Job.Least
}

// release gives the right to append back.
func (u *resumption) release() {
	if u.writer != nil {
		u.writer.Release()
		u.writer = nil
	}
}

// countFiles answers GET /files: how many representations have been processed.
func (s *Server) countFiles(x *exchange) {
	s.count(x, func() int { return s.store.TotalOf(protocolRufh) }, func(tag string) int { return s.store.CountOf(protocolRufh, tag) })
}

// describeFiles tells that uploads may be resumed here, and their limits (Limits).
func (s *Server) describeFiles(x *exchange) {
	u := s.resume(x, true)
	if x.r.Method == http.MethodOptions && u.Fields.Complete == nil {
		s.tellLimits(x.w.Header(), u.Draft, nil)
	}
}

// describeFile tells the format of an append (RFC 5789, 3.1).
func (s *Server) describeFile(x *exchange) { x.w.Header().Set(fieldAcceptPatch, mediaPartialUpload) }

// findFile finds an upload resource. Where it is not there an append is told that nothing is complete.
func findFile(s *Server, x *exchange) bool {
	op, ok := s.seams.Access.Find(x.r, x.id)
	if !ok || !s.seams.Access.Allowed(x.r, op, x.owner) {
		if x.r.Method == http.MethodPatch {
			s.seams.Rufh.Draft(x.r).setComplete(x.w.Header(), false)
		}
		return false
	}
	x.op = op
	return true
}

// createUpload answers a request that carries a representation, or its beginning (Upload Creation). One that does not
// name its completeness, or is too small to be resumed, is a conventional upload.
func (s *Server) createUpload(x *exchange) {
	u := s.resume(x, true)
	_ = x.w.rc.EnableFullDuplex() // an early final response must not wait for the body
	rec, err := u.examineCreation()
	if err == nil {
		u.op, err = s.store.Begin(rec)
	}
	if err == nil {
		u.writer, err = u.op.Acquire(nil, x.peer)
	}
	if err != nil {
		u.refuse(err)
		return
	}
	defer u.release()
	u.announce()
	complete, err := u.receive(rec.Length)
	u.answer(complete, err)
}

// errRefused is what the target says to the head of a request, because it was asked to.
type errRefused struct{ problem }

// Error implements error.
func (e errRefused) Error() string { return e.Detail }

// examineCreation decides by the head alone.
func (u *resumption) examineCreation() (rec store.Record, err error) {
	job, p := parseJob(u.x.r.URL.RawQuery)
	if p != nil {
		return rec, errRefused{*p}
	}
	if job, err = representation(job, u.x.r.Header); err != nil {
		return rec, err
	}
	if job.Least, p = leastAsked(u.x.r.URL.Query().Get("least")); p != nil {
		return rec, errRefused{*p}
	}
	u.Least = job.Least
	resumable := u.s.seams.Rufh.Offers(u.Append)
	if !resumable && u.Fields.Complete != nil && !*u.Fields.Complete {
		return rec, errMinSize
	}
	if err := u.s.seams.Rufh.Fits(u.Append, store.Progress{Length: -1}); err != nil {
		return rec, err
	}
	length, err := u.s.seams.Rufh.Length(u.Append, 0)
	return store.Record{
		Owner:     u.x.owner,
		Target:    u.x.r.Method + " " + u.x.r.URL.RequestURI(),
		Save:      resumable,
		Length:    length,
		Job:       job,
		Explicit:  true,
		Protocol:  protocolRufh,
		Transient: !resumable,
	}, err
}

// offersUpload tells whether an upload can be resumed: it asks for that, and is not known to be too small (Limits, min-size).
func (s *Server) offersUpload(a Append) bool {
	if a.Fields.Complete == nil {
		return false
	}
	least := s.seams.Rufh.Limits().MinSize
	length, err := s.seams.Rufh.Length(a, 0)
	return err != nil || least == 0 || length >= least
}

// representation takes over what the head says of the representation (Upload Creation). It is untrusted, and goes back to
// who reads the item.
func representation(job store.Job, h http.Header) (store.Job, error) {
	if value := h.Get("Content-Type"); value != "" {
		if media, _, err := mime.ParseMediaType(value); err != nil || !strings.Contains(media, "/") {
			return job, errMetadata
		}
		job.ContentType = value
	}
	if coding := strings.Join(h.Values("Content-Encoding"), ", "); !strings.EqualFold(coding, "identity") {
		for _, c := range members(coding) {
			if !isToken(c) {
				return job, errMetadata
			}
		}
		job.Coding = coding
	}
	if _, params, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil {
		job.Name = fileName(params["filename"])
	}
	if digests := h.Values(fieldReprDigest); len(parseDigests(digests)) > 0 {
		job.Digest = strings.Join(digests, ", ")
	}
	if want := h.Values(fieldWantReprDigest); wantedAlgorithm(want) != "" {
		job.Want = strings.Join(want, ", ")
	}
	return job, nil
}

// fileName is the last segment of a name, without what a terminal or a file system could take for something else.
func fileName(name string) string {
	const most = 255 // bytes
	if !utf8.ValidString(name) {
		return ""
	}
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	if strings.Trim(name, "./") == "" || len(name) > most {
		return ""
	}
	return name
}

// announce tells who sends a representation how to resume it (Upload Creation, Server Behavior).
func (u *resumption) announce() {
	if u.op.Transient {
		return
	}
	u.x.w.always.Set("Location", fileURI(u.op)) // the same everywhere
	u.interim(u.s.seams.Rufh.Announced(u.Draft, u.x.r, u.op))
}

// interim sends interim responses to who may get them (RFC 9110, 15.2).
func (u *resumption) interim(all []Interim) {
	if !u.x.r.ProtoAtLeast(1, 1) {
		return
	}
	for _, i := range all {
		u.x.interim(i)
	}
}

// announced gives the 104 that names the upload resource.
func (s *Server) announced(d Draft, _ *http.Request, op *store.Operation) []Interim {
	if !d.Announces {
		return nil
	}
	h := interimFields(d)
	h.Set("Location", fileURI(op))
	s.tellLimits(h, d, op)
	return []Interim{{statusUploadResumption, h}}
}

// progressed gives the 104 that tells the offset (Status Code 104). In the newest text every response to a creation names
// the upload resource; no response to an append does.
func (s *Server) progressed(a Append, op *store.Operation, offset int64) []Interim {
	if !a.Draft.Announces || !a.Draft.Progress {
		return nil
	}
	h := interimFields(a.Draft)
	setInteger(h, fieldUploadOffset, offset)
	if a.Creates && a.Draft.Located {
		h.Set("Location", fileURI(op))
	}
	return []Interim{{statusUploadResumption, h}}
}

func interimFields(d Draft) http.Header {
	h := http.Header{}
	if d.Version > 0 {
		setInteger(h, fieldInterop, d.Version)
	}
	return h
}

// getOffset answers HEAD and GET on an upload resource (Offset Retrieval). Who asks has given up what it sent before: that
// is terminated when what has arrived of it is kept, so that the offset stays as it was told.
func (s *Server) getOffset(x *exchange) {
	u := s.resume(x, false)
	if u.bare() {
		return
	}
	if p := s.seams.Rufh.Settle(x.r.Context(), x.op); p.State == store.Closed {
		s.refuse(x, problem{Status: http.StatusNotFound})
		return
	}
	kept, err := x.op.Durable()
	if err != nil {
		s.opts.Logger.Error("offset", "error", err)
		s.refuse(x, problemOf(err))
		return
	}
	u.tellState(s.seams.Rufh.Shown(x.r, x.op, kept))
	if _, done := x.op.Response(); done && u.Draft.Content && x.r.Method == http.MethodGet {
		x.id = x.op.Item
		s.getItem(x)
		return
	}
	x.w.WriteHeader(http.StatusNoContent)
}

// tellState sets the fields of a successful offset retrieval.
func (u *resumption) tellState(offset int64) {
	h, up := u.x.w.Header(), u.op.Progress()
	setInteger(h, fieldUploadOffset, offset)
	u.Draft.setComplete(h, u.s.seams.Rufh.Completed(u.Draft, up))
	if u.Draft.Length && up.Length >= 0 {
		setInteger(h, fieldUploadLength, up.Length)
	}
	u.s.tellLimits(h, u.Draft, u.op)
	h.Set("Cache-Control", "no-store")
}

// completed tells whether an upload is told as complete. In the newest text it is when there is a final response, before
// that when all was received (Offset Retrieval, Server Behavior).
func completed(d Draft, up store.Progress) bool {
	return up.State == store.Done || up.State == store.Complete && d.Received
}

// bare refuses a request that says something of the state where a text forbids that, and tells whether it did.
func (u *resumption) bare() (refused bool) {
	if !u.Draft.Bare {
		return false
	}
	for _, name := range u.Draft.state() {
		if len(u.x.r.Header.Values(name)) > 0 {
			u.s.refuse(u.x, problem{Status: http.StatusBadRequest, Detail: name + " has no place here."})
			return true
		}
	}
	return false
}

// cancelUpload answers DELETE on an upload resource (Upload Cancellation). Requests that are at work are terminated before.
func (s *Server) cancelUpload(x *exchange) {
	u := s.resume(x, false)
	if u.bare() {
		return
	}
	at := x.op.Progress()
	switch err := s.seams.Message.Close(x.op); {
	case errors.Is(err, store.ErrBusy):
		x.w.Header().Set("Retry-After", "1")
		s.refuse(x, problem{Status: http.StatusConflict, Detail: "The representation is being processed."})
		return
	case err != nil:
		s.opts.Logger.Error("cancel upload", "error", err)
		s.refuse(x, problemOf(err))
		return
	}
	for _, seat := range at.Seats() {
		pause(x.r.Context(), seat.Released(), drainLimit)
	}
	x.w.WriteHeader(http.StatusNoContent)
}
