package reference

import (
	"io"
	"net/http"
	"time"
)

// serveContent answers GET and HEAD, with Range and preconditions (RFC 9110, 13 and 14). Range has a
// meaning for GET only; net/http would apply it to HEAD as well.
func serveContent(x *exchange, modified time.Time, content io.ReadSeeker) {
	if x.r.Method == http.MethodHead {
		x.r.Header.Del("Range")
	}
	http.ServeContent(x.w, x.r, "", modified, content)
}

var noTime time.Time

func serveSegments(x *exchange, body segments) {
	serveContent(x, noTime, io.NewSectionReader(body, 0, body.size()))
}
