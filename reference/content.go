package reference

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// serveContent answers GET and HEAD, with Range and preconditions (RFC 9110, 13 and 14). What
// net/http would make of Range that it does not mean is taken away before.
func (s *Server) serveContent(x *exchange, modified time.Time, content io.ReadSeeker, size int64) {
	s.seams.Content.Asked(x.r, size)
	http.ServeContent(x.w, x.r, "", modified, s.seams.Content.View(x.r, content))
}

// knownRange takes away a Range that has no meaning: for HEAD, and in a unit other than bytes, which "MUST" be ignored
// (RFC 9110, 14.2). Units are case-insensitive (14.1); net/http knows one spelling, and answers 416 to all else.
func knownRange(r *http.Request, _ int64) {
	const bytes = "bytes"
	unit, set, _ := strings.Cut(r.Header.Get("Range"), "=")
	if r.Method == http.MethodHead || !strings.EqualFold(unit, bytes) {
		r.Header.Del("Range")
		return
	}
	r.Header.Set("Range", bytes+"="+set)
}

var noTime time.Time

func (s *Server) serveSegments(x *exchange, body segments) {
	s.serveContent(x, noTime, io.NewSectionReader(body, 0, body.size()), body.size())
}
