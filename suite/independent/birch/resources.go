package birch

import (
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// operations answers requests for the three resources of an operation. Nothing of it may be stored by a cache.
func (s *Server) operations(c *conn, rest string) *response {
	res := s.resource(c, rest)
	if res == nil {
		return nil
	}
	for _, f := range res.fields {
		if f.name == "cache-control" {
			return res
		}
	}
	return res.add("cache-control", "no-store")
}

func (s *Server) resource(c *conn, rest string) *response {
	r := c.req
	id, kind, _ := strings.Cut(rest, "/")
	s.mu.Lock()
	op := s.ops[id]
	s.mu.Unlock()
	if op == nil || op.keys[kind] == "" || !same(op.keys[kind], r.query.Get("k")) {
		return text(404, "nothing here\n")
	}
	if !same(op.owner, r.fields.list("authorization")) {
		return text(403, "the request was made by somebody else\n")
	}
	read := r.method == "GET" || r.method == "HEAD"
	allow := "GET, HEAD"
	if kind == "content" && op.save {
		allow += ", PATCH"
	}
	if !read && (r.method != "PATCH" || !strings.HasSuffix(allow, "PATCH")) {
		return notAllowed(allow)
	}
	op.mu.Lock()
	op.touched = time.Now()
	gone, final, made := op.gone, op.res, op.made
	op.mu.Unlock()
	if gone {
		return text(410, "the upload was incomplete and was not kept\n")
	}
	switch {
	case !read:
		return s.patch(c, op)
	case kind == "content":
		data := op.content()
		return represent(r, data, contentTag(len(data)), field{"content-type", op.par.ctype}, acceptPatch)
	case final == nil:
		return text(503, "no response yet\n").add("retry-after", "1")
	case kind == "message":
		return represent(r, message(final, made), `W/"message"`, field{"content-type", "message/http"})
	}
	return represent(r, final.body, `W/"body"`, field{"content-type", "text/plain"})
}

func contentTag(n int) string { return fmt.Sprintf(`W/"%d"`, n) }

// message is the final response as a message/http document without its body, as if for HEAD: Content-Length tells how long the body
// is that is to be had at Content-Location. What belonged to a connection only is not in it.
func message(res *response, made time.Time) []byte {
	fs := append([]field{{"date", date(made)}}, res.fields...)
	return []byte(head(res.status, append(fs, field{"content-length", strconv.Itoa(len(res.body))})))
}
