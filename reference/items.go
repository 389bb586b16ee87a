package reference

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/resumespec/resumespec/reference/store"
)

// countItems answers GET /items: how many items were created, deleted ones included.
func (s *Server) countItems(x *exchange) { s.count(x, s.store.Total, s.store.Count) }

func (s *Server) count(x *exchange, all func() int, tagged func(tag string) int) {
	q, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		s.refuse(x, *badQuery("the query is malformed"))
		return
	}
	n := all()
	if q.Has("tag") {
		n = tagged(q.Get("tag"))
	}
	s.sendCount(x, n)
}

// getItem answers GET and HEAD /items/{id} with the bytes that were uploaded.
func (s *Server) getItem(x *exchange) {
	it, ok := s.store.Item(x.id)
	if !ok {
		s.refuse(x, problem{Status: http.StatusNotFound})
		return
	}
	f, err := s.store.OpenItem(it)
	if err != nil {
		s.refuse(x, problem{Status: http.StatusNotFound}) // deleted this moment
		return
	}
	defer f.Close()
	h := x.w.Header()
	h.Set("ETag", etag(it.ID))
	h.Set("Cache-Control", "private, no-cache")
	uploadedType(h, it.ContentType)
	uploadedAs(h, it)
	s.serveContent(x, it.Created, f, it.Length)
}

// uploadedType sets the type that the uploader named, and keeps a browser from running the content.
func uploadedType(h http.Header, contentType string) {
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
}

// uploadedAs sets the coding of the content and the file name that the uploader named.
func uploadedAs(h http.Header, it *store.Item) {
	if it.Name != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("inline", map[string]string{"filename": it.Name}))
	}
	if it.Coding != "" {
		h.Set("Content-Encoding", it.Coding)
		h.Set("Content-Length", strconv.FormatInt(it.Length, 10)) // net/http would leave it out
	}
}

// getReceipt answers GET and HEAD /items/{id}/receipt: the body of the response to the upload.
func (s *Server) getReceipt(x *exchange) {
	it, ok := s.store.Item(x.id)
	if !ok {
		s.refuse(x, problem{Status: http.StatusNotFound})
		return
	}
	resp := receiptOf(it)
	h := x.w.Header()
	h.Set("ETag", etag(it.ID))
	h.Set("Content-Type", http.Header(resp.Header).Get("Content-Type"))
	h.Set("Cache-Control", "private, no-cache")
	s.serveSegments(x, bodyOf(resp))
}

// deleteItem answers DELETE /items/{id}, for clean up. The count of creations stays.
func (s *Server) deleteItem(x *exchange) {
	it, ok := s.store.Item(x.id)
	if !ok {
		s.refuse(x, problem{Status: http.StatusNotFound})
		return
	}
	if it.Owner != x.owner {
		s.refuse(x, problem{Status: http.StatusForbidden, Detail: "The item belongs to somebody else."})
		return
	}
	switch err := s.store.Delete(x.id); {
	case errors.Is(err, store.ErrNotFound):
		s.refuse(x, problem{Status: http.StatusNotFound})
	case err != nil:
		s.opts.Logger.Error("delete item", "error", err)
		s.refuse(x, problemOf(err))
	default:
		x.w.WriteHeader(http.StatusNoContent)
	}
}
