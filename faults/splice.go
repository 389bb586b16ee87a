package faults

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A splice is one connection through the embedded proxy: the two sockets, the two lanes between
// them, the cut, and what has been seen. It implements link.
//
// The way of a cut: a lane reaches it (sealed: nothing more is let through either way), its last
// bytes are in the kernel (landed), the sockets of the sides that may see it are closed (fired).
// The other lane waits for landed, so that no side sees the cut before the planned bytes are out.
type splice struct {
	cut    Cut
	opened time.Time
	leave  func(*splice) // called once, when nothing of the splice runs any more
	parts  atomic.Int32  // readers, toxics and writers that still run

	landedCh, releasedCh, firedCh, doneCh chan struct{}
	releaseOnce                           sync.Once

	mu     sync.Mutex
	up     lane
	down   lane
	client end
	server end

	armed   bool  // the cut may still be reached
	offset  int64 // of a cut in a body, from its start, once the head is known
	sealed  bool
	landing bool
	landed  bool
	cutLane *lane
	spoiled bool // the planned bytes could not all be written
	why     string

	finalStatus  int
	clientClosed bool // the client closed its end altogether
	killed       bool
	closedBy     string
	closed       Fault
	hasFired     bool
	firedAfter   time.Duration
	finished     bool
}

func newSplice(cut Cut, client, server *net.TCPConn, leave func(*splice)) *splice {
	s := &splice{
		cut: cut, opened: time.Now(), leave: leave, armed: !cut.IsZero(),
		landedCh: make(chan struct{}), releasedCh: make(chan struct{}),
		firedCh: make(chan struct{}), doneCh: make(chan struct{}),
		closedBy: "open", closed: NoFault,
	}
	s.parts.Store(6)
	s.client = end{conn: client, side: ClientSide}
	s.server = end{conn: server, side: ServerSide}
	s.up = lane{splice: s, scan: newRequestScanner(), source: &s.client, sink: &s.server, headEnd: -1, whole: -1}
	s.down = lane{splice: s, scan: newResponseScanner(), source: &s.server, sink: &s.client, headEnd: -1, whole: -1}
	return s
}

func (s *splice) fired() <-chan struct{} { return s.firedCh }
func (s *splice) done() <-chan struct{}  { return s.doneCh }
func (s *splice) partEnded() {
	if s.parts.Add(-1) == 0 {
		s.leave(s)
	}
}

// release lets a side that was kept in the dark see the end.
func (s *splice) release() { s.releaseOnce.Do(func() { close(s.releasedCh) }) }

// seal marks the cut as reached in ln: the mutex is held, and from here on nothing is let through.
func (s *splice) seal(ln *lane) {
	s.armed, s.sealed, s.cutLane = false, true, ln
}

// miss gives up the cut, with the reason. What was held back for it goes on. The mutex is held.
func (s *splice) miss(why string) {
	if s.armed {
		s.armed, s.why = false, why
	}
}

// missAtEnd gives the cut up because a stream ended before it was reached. The mutex is held.
func (s *splice) missAtEnd(who string) {
	if s.armed {
		s.miss(fmt.Sprintf("the %s closed the connection before the cut in the %s was reached", who, s.cut.Place))
	}
}

// sourceEnded handles the end of what a lane reads. proceed says that the lane may pass it on;
// otherwise the cut came first. held are the last bytes to forward.
func (s *splice) sourceEnded(ln *lane) (held []byte, proceed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sealed {
		return nil, false
	}
	if s.closedBy == "open" {
		s.closedBy = string(ln.source.side)
	}
	// A client that half-closes can still be answered, so a cut in the response may still come.
	if ln == &s.down || s.cut.inRequest() || s.clientClosed {
		s.missAtEnd(string(ln.source.side))
	}
	ln.natural = true
	return ln.flush(), true
}

// wrote counts what the socket took of a lane's bytes.
func (s *splice) wrote(ln *lane, n int, err error) {
	s.mu.Lock()
	ln.written += int64(n)
	if err != nil && !ln.broken {
		ln.broken = true
		if s.sealed && s.cutLane == ln && !s.landed {
			s.spoil(fmt.Sprintf("the %s closed the connection when %d of %d bytes before the cut were delivered",
				ln.sink.side, ln.written, ln.allow))
		}
		if ln == &s.down || s.cut.inRequest() {
			s.missAtEnd(string(ln.sink.side))
		}
		s.closeWhenOver()
	}
	s.unhurry(ln)
	s.checkFired()
	s.mu.Unlock()
	s.land(ln)
}

// hurry makes the lane that was not cut settle: its write, if there is one, takes what there is room for
// and waits no longer. Until then the evidence would miss what the peer may have got already, and has perhaps
// answered. The mutex is held.
func (s *splice) hurry(ln *lane) {
	if !ln.settled() {
		ln.hurried = true
		ln.sink.conn.SetWriteDeadline(time.Unix(1, 0))
	}
}

// unhurry lets the socket wait again once the lane has settled, unless the client has left. The mutex is held.
func (s *splice) unhurry(ln *lane) {
	if ln.hurried && ln.settled() && !s.clientClosed {
		ln.hurried = false
		ln.sink.conn.SetWriteDeadline(time.Time{})
	}
}

// spoil ends a cut that was reached but can't be delivered whole. The mutex is held.
func (s *splice) spoil(why string) {
	s.spoiled, s.why = true, why
	if s.closedBy == "open" {
		s.closedBy = string(s.cutLane.sink.side)
	}
	s.landing, s.landed = true, true
	close(s.landedCh)
}

// land completes the cut's own lane once all its bytes are with the kernel.
func (s *splice) land(ln *lane) {
	s.mu.Lock()
	if !s.sealed || s.cutLane != ln || s.landing || ln.written != ln.allow {
		s.mu.Unlock()
		return
	}
	s.landing = true
	s.mu.Unlock()
	unsent := 0
	if s.cut.Fault == RST {
		unsent = ln.sink.flush() // an RST drops what the kernel has not sent yet
	}
	s.mu.Lock()
	s.landed = true
	if unsent > 0 {
		ln.written -= int64(unsent)
		s.spoiled = true
		s.why = fmt.Sprintf("the %s did not take the last %d bytes before the cut", ln.sink.side, unsent)
	}
	close(s.landedCh)
	s.hurry(s.other(ln))
	s.checkFired()
	s.mu.Unlock()
}

func (s *splice) other(ln *lane) *lane {
	if ln == &s.up {
		return &s.down
	}
	return &s.up
}

// sinkEnded closes the socket to which a lane writes, in the way that fits the reason.
func (s *splice) sinkEnded(ln *lane) {
	s.mu.Lock()
	fault, whole := FIN, true
	switch {
	case !ln.natural && s.cut.Fault == RST && !s.spoiled:
		fault = RST
	case !ln.natural:
	case ln.source.reset.Load() && !s.killed:
		fault = RST
	default: // the source's peer may only have closed its sending side
		whole = ln == &s.up && s.clientClosed
	}
	if ln.natural && s.closed == NoFault {
		s.closed = fault
	}
	other := s.cutLane != nil && s.cutLane != ln
	s.mu.Unlock()
	var lost int
	if fault == RST && other {
		lost = ln.sink.unsent() // nobody waits for a peer that reads no more
	} else if fault == RST {
		ln.sink.flush()
	}
	ln.sink.shut(fault, whole)
	s.mu.Lock()
	defer s.mu.Unlock()
	ln.lost += int64(lost) // not taken from written: the kernel may have sent some of it before the socket was closed
	ln.ended, ln.broken = true, ln.broken || lost > 0
	s.checkFired()
	s.closeWhenOver()
	if s.up.ended && s.down.ended {
		s.finish()
	}
}

// checkFired marks the cut as fired when it has landed, has been shown, and both lanes have counted what
// they gave. A lane whose peer takes no more bytes is shown the cut when it does. The mutex is held.
func (s *splice) checkFired() {
	if !s.landed || s.spoiled || s.hasFired {
		return
	}
	for _, ln := range []*lane{&s.up, &s.down} {
		if !ln.settled() || s.cut.shownTo(ln.sink.side) && !ln.ended && !ln.broken {
			return
		}
	}
	for _, ln := range []*lane{&s.up, &s.down} {
		if s.cut.shownTo(ln.sink.side) && ln.ended {
			ln.sink.shut(s.cut.Fault, true) // a side that was only half-closed before
		}
	}
	s.hasFired, s.firedAfter = true, time.Since(s.opened)
	s.closedBy, s.closed = "cut", s.cut.Fault
	close(s.firedCh)
}

// closeWhenOver closes both sockets when no lane has anything left to do. The mutex is held.
func (s *splice) closeWhenOver() {
	if (s.up.ended || s.up.broken) && (s.down.ended || s.down.broken) {
		s.client.shut(FIN, true)
		s.server.shut(FIN, true)
	}
}

// finish makes the evidence final. The mutex is held.
func (s *splice) finish() {
	s.missAtEnd(s.closedBy)
	s.finished = true
	close(s.doneCh)
}

// clientEnds runs when the client closes its end, before the socket is closed.
func (s *splice) clientEnds() {
	s.mu.Lock()
	s.clientClosed = true
	seen := s.landed && s.cut.shownTo(ServerSide)
	s.mu.Unlock()
	if !seen {
		return
	}
	s.release() // the client waits no more; without effect unless only it was kept in the dark
	if s.cut.inRequest() {
		return
	}
	// A server that reads no more would keep the rest of the request waiting for ever.
	s.server.conn.SetWriteDeadline(time.Unix(1, 0))
}

// kill ends the splice at once, whatever its peers do.
func (s *splice) kill() {
	s.mu.Lock()
	s.killed = true
	if s.closedBy == "open" {
		s.closedBy = "client"
	}
	s.mu.Unlock()
	s.release()
	s.client.conn.Close()
	s.server.conn.Close()
}

func (s *splice) evidence() Evidence {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := Evidence{
		Cut: s.cut, Fired: s.hasFired, Why: s.why,
		Up: s.up.flow(), Down: s.down.flow(),
		RequestComplete: s.up.whole >= 0 && s.up.written-s.up.lost >= s.up.whole,
		FinalStatus:     s.finalStatus,
		ClosedBy:        s.closedBy, Closed: s.closed, FiredAfter: s.firedAfter,
		Backend: "embedded",
	}
	for _, h := range s.down.interim {
		if s.down.written >= h.end {
			e.Interim = append(e.Interim, h.status)
		}
	}
	if s.up.pos > 0 && s.up.scan.bad == "" && s.down.scan.bad == "" {
		e.Protocol = "HTTP/1.1"
	}
	if s.armed || s.sealed && !s.hasFired && !s.spoiled {
		e.Why = fmt.Sprintf("the cut in the %s has not been reached yet", s.cut.Place)
	}
	return e
}
