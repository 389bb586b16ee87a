package exchange

import (
	"net"
	"strings"
)

// Keep gives the connection back, for another exchange, where this one is over and has left nothing behind:
// the request was sent whole, the final response came whole, ends by itself and lets the connection persist
// (RFC 9112, 9.3), and nothing came after it. Otherwise it gives nil. In either case Close must still be
// called; it leaves a connection alone that was given back.
func (x *Exchange) Keep() net.Conn {
	select {
	case <-x.ended:
	default:
		return nil
	}
	x.writing.Lock()
	whole := x.sender.whole()
	x.writing.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if !whole || !x.spare || x.closed {
		return nil
	}
	x.closed = true
	return x.conn
}

// whole says that all of the request was written, and nothing beside it.
func (s *sender) whole() bool {
	return s.head && !s.raw && len(s.queue) == 0 && s.framed == int64(len(s.req.Body)) && (s.end || !s.req.Chunked)
}

// persists says whether a connection may carry another request after a response (RFC 9112, 9.3).
func persists(method string, r *Response) bool {
	if r.Proto != "HTTP/1.1" || strings.Contains(strings.ToLower(r.Fields.Joined("Connection")), "close") {
		return false
	}
	bodyless := method == "HEAD" || r.Status == 204 || r.Status == 304
	return bodyless || r.Fields.Has("Content-Length") || r.Fields.Has("Transfer-Encoding") && lastChunked(r)
}

// lastChunked says whether chunked is the last transfer coding, so that the body ends by itself.
func lastChunked(r *Response) bool {
	codings := strings.Split(r.Fields.Joined("Transfer-Encoding"), ",")
	return strings.EqualFold(trimOWS(codings[len(codings)-1]), "chunked")
}
