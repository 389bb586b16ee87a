package faults

import (
	"context"
	"net"
)

// Injector opens links to one target. It is safe for concurrent use.
type Injector interface {
	// Open dials one proxied connection to the target with the cut in place before the first byte
	// moves. Errors: the target or the proxy can't be reached, the cut is not supported.
	Open(ctx context.Context, cut Cut) (*Link, error)
	// Supports tells whether this backend can make the cut exactly; a nil error says yes.
	Supports(cut Cut) error
	// Close ends every link and the proxies. It returns within a few seconds whatever the target does.
	Close() error
}

// Link is one proxied connection to the target, made for one exchange. Reading and writing it is
// reading and writing the client's end.
type Link struct {
	net.Conn
	impl link
}

// link is what a backend gives for a connection.
type link interface {
	fired() <-chan struct{}
	done() <-chan struct{}
	evidence() Evidence
	release()
}

// Fired is closed at the moment the cut happens.
func (l *Link) Fired() <-chan struct{} { return l.impl.fired() }

// Done is closed when both directions have ended and the evidence is final. A stalled link ends
// only after Release.
func (l *Link) Done() <-chan struct{} { return l.impl.done() }

// Evidence gives what the link has done so far; it is final once Done is closed.
func (l *Link) Evidence() Evidence { return l.impl.evidence() }

// Release ends a stall: both sides are closed. It does nothing on other links and may be called twice.
func (l *Link) Release() { l.impl.release() }
