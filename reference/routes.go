package reference

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/reference/store"
)

// exchange is one request on its way through the server.
type exchange struct {
	w     *response
	r     *http.Request
	peer  *peer
	owner string
	id    string           // of the resource, "" where the path has none
	op    *store.Operation // of the three resources of an operation
	known func()           // whoever waits for requests that have arrived knows of this one
}

// resource is a kind of URI: what finds it and what may be done to it.
type resource struct {
	// find sets what the methods need and tells whether the resource is there for this user. It comes
	// before the method: who may not see a resource learns nothing of it, whatever the method.
	find  func(*Server, *exchange) bool
	open  bool // needs no user
	gated bool // who writes to it calls exchange.known, when readers know of it
	// protocol is that of the operations that have such a resource (store.Record.Protocol).
	protocol string
	methods  map[string]func(*Server, *exchange)
	// begin comes before everything else, also before find. False: it has answered.
	begin func(*Server, *exchange) bool
	// describe sets what OPTIONS tells beside the methods, and so does the refusal of a method.
	describe func(*Server, *exchange)
}

const (
	pathRequests  = "/requests/"
	pathMessages  = "/messages/"
	pathResponses = "/responses/"
	pathItems     = "/items"
	pathReceipt   = "/receipt"
	pathUploads   = "/uploads"
	pathContent   = "/content"
	pathDocuments = "/documents"
	pathTus       = "/tus"
	pathFiles     = "/files"
	pathHealth    = "/healthz"
)

type methods = map[string]func(*Server, *exchange)

var (
	resourceHealth = &resource{open: true, methods: methods{
		http.MethodGet: (*Server).getHealth, http.MethodHead: (*Server).getHealth}}
	resourceItems = &resource{methods: methods{
		http.MethodGet: (*Server).countItems, http.MethodHead: (*Server).countItems,
		http.MethodPost: (*Server).postItem}}
	resourceItem = &resource{methods: methods{
		http.MethodGet: (*Server).getItem, http.MethodHead: (*Server).getItem,
		http.MethodDelete: (*Server).deleteItem}}
	resourceReceipt = &resource{methods: methods{
		http.MethodGet: (*Server).getReceipt, http.MethodHead: (*Server).getReceipt}}
	resourceDocuments = &resource{methods: methods{
		http.MethodGet: (*Server).countDocuments, http.MethodHead: (*Server).countDocuments}}
	resourceDocument = &resource{gated: true, describe: (*Server).describeDocument, methods: methods{
		http.MethodGet: (*Server).getDocument, http.MethodHead: (*Server).getDocument,
		http.MethodPut: (*Server).putDocument, http.MethodPatch: (*Server).patchDocument,
		http.MethodDelete: (*Server).deleteDocument}}
	resourceRequest = &resource{describe: (*Server).describeRequest, find: findOperation, methods: methods{
		http.MethodGet: (*Server).getRequestContent, http.MethodHead: (*Server).getRequestContent,
		http.MethodPatch: (*Server).patchRequestContent, http.MethodDelete: (*Server).deleteRequestContent}}
	resourceMessage = &resource{find: findOperation, methods: methods{
		http.MethodGet: (*Server).getMessage, http.MethodHead: (*Server).getMessage,
		http.MethodDelete: (*Server).deleteMessage}}
	resourceResponse = &resource{find: findOperation, methods: methods{
		http.MethodGet: (*Server).getResponseContent, http.MethodHead: (*Server).getResponseContent}}
	resourceUploads = &resource{describe: (*Server).describeUploads, methods: methods{
		http.MethodGet: (*Server).countUploads, http.MethodHead: (*Server).countUploads,
		http.MethodPost: (*Server).postUpload}}
	resourceUpload = &resource{find: findOperation, methods: methods{
		http.MethodGet: (*Server).getUpload, http.MethodHead: (*Server).getUpload,
		http.MethodDelete: (*Server).closeOperation}}
	resourceUploadContent = &resource{find: findOperation, methods: methods{http.MethodPut: (*Server).putPart}}
)

// route finds the resource of an escaped path. The path is never cleaned nor decoded: what is not
// exactly one of ours is not found, and only identifiers in strict form come out.
func route(path string) (*resource, string) {
	switch path {
	case pathHealth:
		return resourceHealth, ""
	case pathItems:
		return resourceItems, ""
	case pathUploads:
		return resourceUploads, ""
	case pathDocuments:
		return resourceDocuments, ""
	case pathTus:
		return resourceTus, ""
	case pathFiles:
		return resourceFiles, ""
	}
	if name, ok := strings.CutPrefix(path, pathDocuments+"/"); ok && validName(name) {
		return resourceDocument, name
	}
	for _, t := range []struct {
		prefix, suffix string
		res            *resource
	}{
		{pathItems + "/", pathReceipt, resourceReceipt},
		{pathItems + "/", "", resourceItem},
		{pathRequests, "", resourceRequest},
		{pathMessages, "", resourceMessage},
		{pathResponses, "", resourceResponse},
		{pathUploads + "/", pathContent, resourceUploadContent},
		{pathUploads + "/", "", resourceUpload},
		{pathTus + "/", "", resourceTusUpload},
		{pathFiles + "/", "", resourceFile},
	} {
		id, ok := strings.CutPrefix(path, t.prefix)
		if !ok {
			continue
		}
		if id, ok = strings.CutSuffix(id, t.suffix); ok && store.ValidID(id) {
			return t.res, id
		}
	}
	return nil, ""
}

func (s *Server) serveHTTP(rw http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.leave()
	known, done := handling(r.Context().Value(connKey{}))
	defer done()
	x := &exchange{w: newResponse(rw, r, s.seams.HTTP.Head, s.opts.WriteIdle), r: r, known: known}
	x.peer = newPeer(x)
	defer context.AfterFunc(s.ctx, x.peer.Stop)()
	res, id := route(r.URL.EscapedPath())
	if x.id = id; res != nil && res.begin != nil && !res.begin(s, x) {
		return
	}
	r = x.r
	if res == nil || !res.gated || r.Method != http.MethodPut && r.Method != http.MethodPatch {
		known() // the others are when they are at their gate
	}
	if res == nil {
		s.refuse(x, problem{Status: http.StatusNotFound})
		return
	}
	if !s.seams.HTTP.Meets(r) {
		x.w.Header().Set("Connection", "close") // as net/http does: the body may come or not
		s.refuse(x, problem{Status: http.StatusExpectationFailed})
		return
	}
	var ok bool
	if x.owner, ok = s.authenticate(r); !ok && !res.open {
		x.w.Header().Set("WWW-Authenticate", `Bearer realm="reference"`)
		s.refuse(x, problem{Status: http.StatusUnauthorized})
		return
	}
	if res.find != nil && !res.find(s, x) {
		s.refuse(x, problem{Status: http.StatusNotFound, Detail: "There is no such operation, or it is closed."})
		return
	}
	s.dispatch(x, res)
}

func (s *Server) dispatch(x *exchange, res *resource) {
	if do := res.methods[x.r.Method]; do != nil {
		do(s, x)
		return
	}
	x.w.Header().Set("Allow", allow(res))
	if res.describe != nil {
		res.describe(s, x)
	}
	if x.r.Method == http.MethodOptions {
		x.w.WriteHeader(http.StatusNoContent)
		return
	}
	s.refuse(x, problem{Status: http.StatusMethodNotAllowed})
}

func (s *Server) describeRequest(x *exchange) {
	x.w.Header().Set(fieldAcceptPatch, mediaByterange)
}

func allow(res *resource) string {
	names := []string{http.MethodOptions}
	for m := range res.methods {
		names = append(names, m)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// findOperation accepts an operation only for the user who began it (http-progress, Privacy concerns). All
// that is said of it is private and never cached.
func findOperation(s *Server, x *exchange) bool {
	x.w.always.Set("Cache-Control", "private, no-store")
	op, ok := s.seams.Access.Find(x.r, x.id)
	if !ok || !s.seams.Access.Allowed(x.r, op, x.owner) {
		return false
	}
	x.op = op
	return true
}

// find finds the operation to which a URI belongs.
func (s *Server) find(r *http.Request, id string) (*store.Operation, bool) {
	res, _ := route(r.URL.EscapedPath())
	search := s.store.ResponseContent
	switch res {
	case resourceRequest, resourceUpload, resourceUploadContent, resourceTusUpload, resourceFile:
		search = s.store.RequestContent
	case resourceMessage:
		search = s.store.ResponseMessage
	}
	op, ok := search(id)
	return op, ok && op.Upload == (res == resourceUpload || res == resourceUploadContent) && op.Protocol == res.protocol
}

func (s *Server) getHealth(x *exchange) {
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	x.w.Header().Set("Content-Length", "3")
	x.w.WriteHeader(http.StatusOK)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write([]byte("ok\n")) // the client may be gone
	}
}
