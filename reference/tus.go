package reference

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/resumespec/resumespec/reference/store"
)

// protocolTus names the operations of tus.
const protocolTus = "tus"

// tusVersion is the version of tus that is spoken.
const tusVersion = "1.0.0"

// Fields of tus (Headers, in the core protocol and in each extension).
const (
	fieldTusResumable   = "Tus-Resumable"
	fieldTusVersion     = "Tus-Version"
	fieldTusExtension   = "Tus-Extension"
	fieldTusMaxSize     = "Tus-Max-Size"
	fieldTusAlgorithms  = "Tus-Checksum-Algorithm"
	fieldUploadDefer    = "Upload-Defer-Length"
	fieldUploadMetadata = "Upload-Metadata"
	fieldUploadExpires  = "Upload-Expires"
	fieldUploadChecksum = "Upload-Checksum"
	fieldUploadConcat   = "Upload-Concat"
	fieldMethodOverride = "X-Http-Method-Override"
)

// mediaOffset is the type of what is appended (PATCH).
const mediaOffset = "application/offset+octet-stream"

// tusExtensions are the extensions that there are.
const tusExtensions = "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,termination," +
	"concatenation,concatenation-unfinished"

var (
	resourceTus = &resource{begin: (*Server).beginTus, describe: (*Server).describeTus, methods: methods{
		http.MethodGet: (*Server).countTus, http.MethodHead: (*Server).countTus,
		http.MethodPost: (*Server).postTus}}
	resourceTusUpload = &resource{begin: (*Server).beginTus, find: findTus, gated: true, protocol: protocolTus, describe: (*Server).describeTus, methods: methods{
		http.MethodGet: unexpired((*Server).getTus), http.MethodHead: unexpired((*Server).headTus),
		http.MethodPatch: unexpired((*Server).patchTus), http.MethodDelete: unexpired((*Server).deleteTus)}}
)

func tusURI(op *store.Operation) string { return pathTus + "/" + op.RequestContent }

// beginTus gives a request the method that it is meant to have, and refuses one of another version before anything of it is
// looked at (Tus-Resumable, X-HTTP-Method-Override).
func (s *Server) beginTus(x *exchange) bool {
	x.w.always.Set(fieldTusResumable, tusVersion)
	method, ok := s.seams.Tus.Method(x.r)
	if !ok {
		s.refuseTus(x, problem{Status: http.StatusBadRequest, Detail: fieldMethodOverride + " is no method."})
		return false
	}
	if method != x.r.Method {
		x.override(method)
	}
	if !s.seams.Tus.Speaks(x.r, x.id != "") {
		x.w.Header().Set(fieldTusVersion, tusVersion)
		s.refuseTus(x, problem{Status: http.StatusPreconditionFailed, Detail: fieldTusResumable + " is " + tusVersion + " here."})
		return false
	}
	return true
}

// tusMethod is the method that X-HTTP-Method-Override names, or that of the request.
func tusMethod(r *http.Request) (string, bool) {
	switch lines := r.Header.Values(fieldMethodOverride); len(lines) {
	case 0:
		return r.Method, true
	case 1:
		method := trimOWS(lines[0])
		return method, isToken(method)
	default:
		return "", false
	}
}

// override gives a request another method. net/http keeps its own.
func (x *exchange) override(method string) {
	actual := x.r.Method
	if x.r.Trailer == nil {
		x.r.Trailer = http.Header{} // of both
	}
	other := *x.r
	other.Method = method
	x.r, x.w.r = &other, &other
	if method == http.MethodHead && actual != http.MethodHead {
		x.w.ResponseWriter = headOnly{x.w.ResponseWriter}
	}
}

// headOnly sends a response without content where the method of the connection lets the client expect some.
type headOnly struct{ http.ResponseWriter }

func (w headOnly) WriteHeader(status int) {
	if status >= 200 && status != http.StatusNoContent {
		w.Header().Set("Content-Length", "0")
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap serves http.ResponseController.
func (w headOnly) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// speaksTus tells whether a request to an upload, or to where uploads are created, names a version that is spoken. OPTIONS
// ignores the field; reading the bytes and the count are no part of tus and do without.
func speaksTus(r *http.Request, upload bool) bool {
	versions := r.Header.Values(fieldTusResumable)
	switch r.Method {
	case http.MethodOptions:
		return true
	case http.MethodGet:
		if len(versions) == 0 {
			return true
		}
	case http.MethodHead:
		if len(versions) == 0 && !upload {
			return true
		}
	}
	return len(versions) == 1 && trimOWS(versions[0]) == tusVersion
}

// describeTus tells what there is (OPTIONS).
func (s *Server) describeTus(x *exchange) {
	for name, values := range s.seams.Tus.Options(x.r) {
		x.w.Header()[name] = values
	}
}

func (s *Server) tusOptions(*http.Request) http.Header {
	return http.Header{
		fieldTusVersion:    {tusVersion},
		fieldTusExtension:  {tusExtensions},
		fieldTusMaxSize:    {strconv.FormatInt(s.opts.MaxBody, 10)},
		fieldTusAlgorithms: {tusAlgorithms},
	}
}

// countTus answers GET /tus: how many uploads have become complete and were processed.
func (s *Server) countTus(x *exchange) {
	s.count(x, func() int { return s.store.TotalOf(protocolTus) }, func(tag string) int { return s.store.CountOf(protocolTus, tag) })
}

// findTus accepts an upload only for the user who created it.
func findTus(s *Server, x *exchange) bool {
	x.w.always.Set("Cache-Control", "no-store")
	op, ok := s.seams.Access.Find(x.r, x.id)
	if !ok || !s.seams.Access.Allowed(x.r, op, x.owner) || s.withoutItem(op) {
		return false
	}
	x.op = op
	return true
}

// withoutItem tells whether the item of an upload was made, and is not there any more.
func (s *Server) withoutItem(op *store.Operation) bool {
	id := madeOf(op)
	_, there := s.store.Item(id)
	return id != "" && !there
}

// madeOf is the item that an upload has made, "" where it has made none.
func madeOf(op *store.Operation) string {
	resp, done := op.Response()
	if !done || resp.Status >= http.StatusBadRequest {
		return ""
	}
	return strings.TrimPrefix(http.Header(resp.Header).Get("Location"), pathItems+"/")
}

func (s *Server) tusUpload(id string) (*store.Operation, bool) {
	op, ok := s.store.RequestContent(id)
	return op, ok && op.Protocol == protocolTus
}

// unexpired lets requests through to uploads that have not expired (Expiration).
func unexpired(do func(*Server, *exchange)) func(*Server, *exchange) {
	return func(s *Server, x *exchange) {
		if s.seams.Tus.Expired(x.r, x.op) {
			s.refuseTus(x, problem{Status: http.StatusGone, Detail: "The upload has expired."})
			return
		}
		do(s, x)
	}
}

// headTus answers HEAD: how far the upload has come. What it tells is durable before.
func (s *Server) headTus(x *exchange) {
	op := x.op
	p := s.seams.Tus.Settle(x.r.Context(), op)
	observe(p)
	kept, err := op.Durable()
	if op.State() == store.Closed {
		err = store.ErrClosed
	}
	if err != nil {
		s.tusFailed(x, err)
		return
	}
	if s.seams.Tus.Joined(op, p) {
		x.w.Header().Set(fieldUploadOffset, strconv.FormatInt(s.seams.Offset.Shown(op, kept), 10))
	}
	s.tellLength(x, op.Progress().Length)
	s.tellExpiry(x)
	for _, name := range []string{fieldUploadMetadata, fieldUploadConcat} {
		if value := op.Notes[name]; value != "" {
			x.w.Header().Set(name, value)
		}
	}
	x.w.WriteHeader(http.StatusOK)
}

// tellLength tells the complete length in bytes, or that it is not known yet.
func (s *Server) tellLength(x *exchange, length int64) {
	if length < 0 && len(x.op.Parts) > 0 {
		length = s.joinedLength(x.op)
	}
	switch {
	case length >= 0:
		x.w.Header().Set(fieldUploadLength, strconv.FormatInt(length, 10))
	case len(x.op.Parts) == 0:
		x.w.Header().Set(fieldUploadDefer, "1")
	}
}

// tellExpiry tells until when an upload that is not finished can be resumed.
func (s *Server) tellExpiry(x *exchange) {
	x.w.Header().Del(fieldUploadExpires)
	if at, going := x.op.Expires(s.opts.KeepIncomplete); going {
		x.w.Header().Set(fieldUploadExpires, at.UTC().Format(http.TimeFormat))
	}
}

// getTus answers GET with the bytes that are kept, which is no part of tus.
func (s *Server) getTus(x *exchange) {
	op := x.op
	p := s.seams.Tus.Settle(x.r.Context(), op)
	observe(p)
	kept, err := op.Durable()
	if !joined(op, p) {
		kept = 0 // it is there as a whole or not at all
	}
	var content *store.Content
	if err == nil {
		content, err = op.Open(kept)
	}
	if op.State() == store.Closed {
		err = errors.Join(err, store.ErrClosed)
	}
	if err != nil {
		s.tusFailed(x, err)
		return
	}
	defer content.Close()
	h := x.w.Header()
	if h.Set("ETag", offsetTag(kept)); p.State != store.Receiving {
		h.Set("ETag", etag(op.Item))
	}
	uploadedType(h, op.Job.ContentType)
	s.serveContent(x, noTime, content, kept)
}

// deleteTus answers DELETE (Termination). An effect in progress cannot be called back: it is waited for.
func (s *Server) deleteTus(x *exchange) {
	for {
		err := s.seams.Tus.Terminate(x.op)
		if err == nil {
			x.w.WriteHeader(http.StatusNoContent)
			return
		}
		if !errors.Is(err, store.ErrBusy) {
			s.tusFailed(x, err)
			return
		}
		select {
		case <-x.op.Done():
		case <-x.r.Context().Done():
			panic(http.ErrAbortHandler)
		case <-s.ctx.Done():
			panic(http.ErrAbortHandler)
		}
	}
}

// terminate forgets an upload and the bytes that it has brought. That it counted stays.
func (s *Server) terminate(op *store.Operation) error {
	if id := madeOf(op); id != "" {
		if err := s.store.Delete(id); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return op.Cancel()
}

// answerTus answers a request that has brought bytes, or an upload whose bytes are all there. The effect is waited for; an
// upload that was to fail is answered as it was to.
func (s *Server) answerTus(x *exchange, status int) {
	op := x.op
	var final *store.Response
	if state := op.State(); state == store.Complete || state == store.Done {
		select {
		case <-op.Done():
		case <-s.ctx.Done():
			panic(http.ErrAbortHandler)
		}
		final, _ = op.Response()
	}
	kept, err := op.Durable()
	if op.State() == store.Closed {
		err = store.ErrClosed
	}
	if err != nil {
		s.tusFailed(x, err)
		return
	}
	h := x.w.Header()
	if x.r.Method == http.MethodPatch || mediaTypeIs(x.r.Header, mediaOffset) {
		h.Set(fieldUploadOffset, strconv.FormatInt(s.seams.Tus.Told(x.r, op, kept), 10))
	}
	s.tellExpiry(x)
	switch {
	case final != nil && final.Status >= http.StatusBadRequest:
		send(x, final)
	case status == http.StatusCreated && final != nil && op.Job.Respond > 0:
		s.sendReceipt(x, status, final)
	default:
		x.w.WriteHeader(status)
	}
}

// sendReceipt sends the content of the final response that was asked for with the creation.
func (s *Server) sendReceipt(x *exchange, status int, final *store.Response) {
	body := bodyOf(final)
	h := x.w.Header()
	h.Set("Content-Type", http.Header(final.Header).Get("Content-Type"))
	h.Set("Content-Length", strconv.FormatInt(body.size(), 10))
	h.Set("X-Content-Type-Options", "nosniff")
	x.w.WriteHeader(status)
	_, _ = io.Copy(x.w, io.NewSectionReader(body, 0, body.size())) // the client may be gone
}

// keepOf reads keep from the query of a creation: how long the upload is kept while it is not finished; 0: as long as others.
func keepOf(query string) (time.Duration, *problem) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return 0, badQuery("the query is malformed")
	}
	v := q.Get("keep")
	if v == "" {
		return 0, nil
	}
	keep, err := time.ParseDuration(v)
	if err != nil || keep <= 0 || keep > maxKeep {
		return 0, badQuery("keep is a duration up to 24h")
	}
	return keep, nil
}

// maxKeep bounds keep.
const maxKeep = 24 * time.Hour
