package reference

import (
	"io"
	"net/http"
	"time"
)

// serveContent answers GET and HEAD, with Range and preconditions (RFC 9110, 13 and 14). Range has a
// meaning for GET only; net/http would apply it to HEAD as well.
func (s *Server) serveContent(x *exchange, modified time.Time, content io.ReadSeeker, size int64) {
	s.seams.Content.Asked(x.r, size)
	http.ServeContent(x.w, x.r, "", modified, s.seams.Content.View(x.r, content))
}

func noRangeForHEAD(r *http.Request, _ int64) {
	if r.Method == http.MethodHead {
		r.Header.Del("Range")
	}
}

var noTime time.Time

func (s *Server) serveSegments(x *exchange, body segments) {
	s.serveContent(x, noTime, io.NewSectionReader(body, 0, body.size()), body.size())
}
