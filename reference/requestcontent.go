package reference

import (
	"net/http"
	"strconv"

	"github.com/resumespec/resumespec/reference/store"
)

// getRequestContent answers GET and HEAD on the request-content resource (resume-request,
// Request-Content-Location): the prefix that is kept, and through Content-Length the offset at which
// to go on. The offset is durable before it is told.
func (s *Server) getRequestContent(x *exchange) {
	p := s.seams.Offset.Settle(x.r.Context(), x.op)
	if !x.op.Save || p.State == store.Closed {
		s.refuse(x, problem{Status: http.StatusNotFound})
		return
	}
	observe(p)
	kept, err := x.op.Durable()
	if err != nil {
		s.opts.Logger.Error("request content", "error", err)
		s.refuse(x, problemOf(err))
		return
	}
	offset := s.seams.Offset.Shown(x.op, kept)
	content, err := x.op.Open(offset)
	if err != nil {
		s.refuse(x, problem{Status: http.StatusNotFound}) // closed this moment
		return
	}
	defer content.Close()
	h := x.w.Header()
	h.Set("Accept-Patch", mediaByterange)
	h.Set("ETag", offsetTag(offset))
	uploadedType(h, x.op.Job.ContentType)
	s.serveContent(x, noTime, content, offset)
}

// observe notes that a client is told what is kept while others write.
func observe(p store.Progress) {
	for _, w := range p.Writers {
		w.Observe()
	}
}

// offsetTag is the entity tag of the request content. Bytes are only ever appended, so their number
// identifies them.
func offsetTag(offset int64) string { return `"` + strconv.FormatInt(offset, 10) + `"` }

// deleteRequestContent cancels an upload; of one that is complete it closes the operation.
func (s *Server) deleteRequestContent(x *exchange) { s.closeOperation(x) }

// deleteMessage closes an operation (http-progress, Closing the Operation).
func (s *Server) deleteMessage(x *exchange) { s.closeOperation(x) }

// closeOperation forgets an operation. Its effect stays; one in progress cannot be called back.
func (s *Server) closeOperation(x *exchange) {
	s.settleAll(x.r.Context(), x.op)
	if err := s.seams.Message.Close(x.op); err != nil {
		x.w.Header().Set("Retry-After", "1")
		s.refuse(x, problem{Status: http.StatusConflict, Detail: "The request is being processed."})
		return
	}
	x.w.WriteHeader(http.StatusNoContent)
}
