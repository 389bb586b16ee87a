package reference

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/resumespec/resumespec/reference/store"
)

// Fields by which a client learns how a document may be written to in part.
const (
	fieldAcceptPatch  = "Accept-Patch"
	fieldAcceptExpect = "Accept-Expect"
	fieldLinkTemplate = "Link-Template"
)

// maxName bounds the name of a document, in bytes.
const maxName = 128

// validName tells whether s is the name of a document: unreserved characters (RFC 3986, 2.3), so that it has one form in
// a URI.
func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && strings.IndexByte("-._~", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= maxName && s != "." && s != ".."
}

func (x *exchange) place() store.Place { return store.Place{Owner: x.owner, Name: x.id} }

// describeDocument sets what tells how a document can be written, whether it is there or not.
func (s *Server) describeDocument(x *exchange) {
	h := x.w.Header()
	h.Set(fieldAcceptPatch, acceptPatch)
	h.Set(fieldAcceptExpect, expectRange)
	h.Set(fieldLinkTemplate, s.seams.Document.Template(x.id))
}

// rangeTemplate is the Link-Template of a document: a List of Strings (RFC 9652, 2), each a URI Template (RFC 6570).
func rangeTemplate(name string) string {
	return `"` + pathDocuments + "/" + name + `{?range,length}"; rel="range"`
}

// countDocuments answers GET /documents: how many have become complete, those that are gone included.
func (s *Server) countDocuments(x *exchange) {
	q, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		s.refuse(x, *badQuery("the query is malformed"))
		return
	}
	n := s.store.Completions()
	if q.Has("tag") {
		n = s.store.Completed(q.Get("tag"))
	}
	s.sendCount(x, s.seams.Document.Counted(q.Get("tag"), n))
}

func (s *Server) sendCount(x *exchange, n int) {
	x.w.Header().Set("Cache-Control", "no-store")
	sendJSON(x, http.StatusOK, []byte(`{"count":`+strconv.Itoa(n)+"}\n"))
}

func sendJSON(x *exchange, status int, body []byte) {
	h := x.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(body) // the client may be gone
	}
}

// getDocument answers GET and HEAD: what is there of a document. While it is created in segments, Content-Length is where
// the next one begins (Byte Range PATCH, Segmented Document Creation with PATCH).
func (s *Server) getDocument(x *exchange) {
	v := s.seams.Document.Settle(x.r.Context(), x.place())
	var content *store.DocumentContent
	err := store.ErrNotFound
	for errors.Is(err, store.ErrNotFound) { // again, where it was replaced this moment
		if v.Document == nil {
			s.refuse(x, problem{Status: http.StatusNotFound})
			return
		}
		for _, w := range v.Sections {
			w.Observe()
		}
		d := v.Document
		if v, content, err = d.Open(); err != nil {
			v = s.store.Document(x.place())
		}
	}
	if err != nil {
		s.opts.Logger.Error("document", "error", err)
		s.refuse(x, problemOf(err))
		return
	}
	defer content.Close()
	h := x.w.Header()
	h.Set("ETag", etag(v.Tag))
	h.Set("Cache-Control", "private, no-cache")
	h.Set(fieldLinkTemplate, s.seams.Document.Template(x.id))
	uploadedType(h, v.Job.ContentType)
	size := s.seams.Document.Shown(v)
	s.serveContent(x, v.Modified, io.NewSectionReader(content, 0, size), size)
}

// deleteDocument answers DELETE. The count of documents stays.
func (s *Server) deleteDocument(x *exchange) {
	s.settleDocument(x.r.Context(), x.place())
	err := s.store.Remove(x.place(), func(v store.View) error { return s.seams.Document.Conditions(x.r, v) })
	switch {
	case err == nil:
		x.w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, store.ErrNotFound):
		s.refuse(x, problem{Status: http.StatusNotFound})
	default:
		s.writeRefused(x, err)
	}
}

// settleDocument does for a document what settle does for an operation, for who reads it.
func (s *Server) settleDocument(ctx context.Context, at store.Place) store.View {
	var v store.View
	settleSeats(ctx, drainGrace, drainLimit, s.writing(at), func() activity {
		v = s.store.Document(at)
		return activityOf(v.Sections)
	})
	return v
}

// writing are the connections that may be about to write to a document.
func (s *Server) writing(at store.Place) func() []*peer {
	return func() []*peer { return append(s.arrivals.peers(), s.gates.waiting(at)...) }
}

func activityOf(sections []*store.Section) (a activity) {
	for _, w := range sections {
		a.mark += w.Next()
		a.seats = append(a.seats, &w.Seat)
	}
	return a
}

// processDocument brings the effect of a complete document about, as process does.
func (s *Server) processDocument(d *store.Document, r *http.Request) {
	s.carryOut(r, d.View().Job.Delay, func() error {
		resp, err := s.seams.Document.Outcome(d)
		if err != nil {
			return err
		}
		return d.Finish(resp, resp.Status < 300)
	})
}

// documentOutcome is the final response for a document that has become complete.
func (s *Server) documentOutcome(d *store.Document) (*store.Response, error) {
	v, err := d.Durable()
	if err != nil {
		return nil, err
	}
	if v.Job.Fail != 0 {
		return s.documentFailure(d, v), nil
	}
	sum := ""
	if v.Size <= s.opts.HashLimit {
		_, content, err := d.Open()
		if err != nil {
			return nil, err
		}
		defer content.Close()
		if sum, err = digest(content, v.Size); err != nil {
			return nil, err
		}
	}
	status := http.StatusCreated
	if old := s.store.Document(d.Place); d.Hidden && old.State == store.Done && old.Document != nil {
		status = http.StatusOK
	}
	return s.documentReceipt(d, v, status, sum), nil
}

func (s *Server) documentFailure(d *store.Document, v store.View) *store.Response {
	body := problem{Status: v.Job.Fail, Detail: "Failed as asked for."}.encode()
	h := http.Header{}
	h.Set("Content-Type", mediaProblem)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	s.documentCommon(h)
	if !d.Hidden {
		h.Set("ETag", etag(v.Tag))
	}
	return &store.Response{Status: v.Job.Fail, Header: h, Body: body}
}

// documentReceipt is the response to a write that ended well.
func (s *Server) documentReceipt(d *store.Document, v store.View, status int, sum string) *store.Response {
	resp := receiptOf(&store.Item{ID: d.Name, Tag: v.Job.Tag, Length: v.Size, SHA256: sum, Respond: v.Job.Respond})
	resp.Status = status
	h := http.Header(resp.Header)
	s.documentCommon(h)
	h.Set("ETag", etag(v.Tag))
	h.Set("Last-Modified", v.Modified.Format(http.TimeFormat))
	if status == http.StatusCreated {
		h.Set("Location", pathDocuments+"/"+d.Name)
	}
	return resp
}

func (s *Server) documentCommon(h http.Header) {
	h.Set("Date", s.opts.Clock().UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}
