package matrix

import (
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
)

// unlocked is Do for a request to an upload that the request which was cut may still hold.
func (s *Session) unlocked(d Driver, what string, req exchange.Request) *exchange.Response {
	return s.freed(d, s.Do(what, req), func() *exchange.Response { return s.Do(what, req) })
}

// freed asks again while an answer says that another request holds the upload. A server that hears nothing on a
// connection ends it after a time of its own, and lets go of the upload then. Nobody waits for that: the connection is
// shown its end, and the client's trouble becomes a warning.
func (s *Session) freed(d Driver, r *exchange.Response, again func() *exchange.Response) *exchange.Response {
	l, ok := d.(Locking)
	if !ok || !l.Locked(r) {
		return r
	}
	s.unhand(r.Status)
	for pause := glance; l.Locked(r) && pause < time.Second && s.Wait(pause); pause *= 2 {
		r = again()
	}
	return r
}

// unhand lets the target see the end of every connection that may hold an upload.
func (s *Session) unhand(status int) {
	s.Warn("an upload that is not held by a connection which the client has lost", "%d until that connection has ended", status)
	s.Release()
}

// lockedOut says whether a request could not be cut because it was turned away: another still holds the upload.
func lockedOut(d Driver, t *Trial) bool {
	l, ok := d.(Locking)
	return ok && !t.Evidence.Fired && t.Final != nil && l.Locked(t.Final)
}

// freely makes a cut, again where the upload is held by another request.
func (s *Session) freely(d Driver, cut func() *Trial) *Trial {
	t := cut()
	for pause := glance; lockedOut(d, t) && pause < time.Second && s.Wait(pause); pause *= 2 {
		s.unhand(t.Final.Status)
		t = cut()
	}
	return t
}
