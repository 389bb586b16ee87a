package matrix

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/suite/exchange"
)

// Client carries out an exchange until its final response, or the end of the connection.
type Client func(context.Context, *exchange.Exchange) (*exchange.Response, error)

// prompt is a client that sends as soon as it has leave to.
func prompt(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) { return x.Do(ctx) }

// Trial is one exchange whose connection was cut.
type Trial struct {
	Interims []*exchange.Response
	Final    *exchange.Response // as far as it came; nil when nothing of it did
	Err      error              // how the exchange ended for the client
	Evidence faults.Evidence
	Fired    time.Time
}

// Interrupt begins the operation's upload over a link that cuts, and learns what the server told
// until then. The case ends as inconclusive when the cut did not land.
func (s *Session) Interrupt(d Driver, op *Operation, cut faults.Cut) *Trial {
	t := s.Attempt(d, op, cut)
	s.Landed(t)
	return t
}

// Attempt is Interrupt for a cut that may not land.
func (s *Session) Attempt(d Driver, op *Operation, cut faults.Cut) *Trial {
	return s.AttemptBy(d, op, cut, clientFor(d, op))
}

// AttemptBy is Attempt by a client of the caller's own. The cut's offset in the request body counts the upload's
// own bytes.
func (s *Session) AttemptBy(d Driver, op *Operation, cut faults.Cut, client Client) *Trial {
	s.Prepare(d, op)
	lead := leadOf(d, op)
	if cut.Place == faults.RequestBody && !cut.FromEnd {
		cut.Offset += lead
	}
	t := s.freely(d, func() *Trial { return s.CutBy(d.Start(op), cut, client) })
	learn(d, op, t)
	op.Sent = max(op.Sent, min(op.Len(), t.Evidence.Up.BodyBytes-lead))
	return t
}

// InterruptPiece sends a part of the upload over a link that cuts. The cut's offset in the request
// body counts the part's own bytes.
func (s *Session) InterruptPiece(d Driver, op *Operation, piece Piece, cut faults.Cut) *Trial {
	if cut.Place == faults.RequestBody && !cut.FromEnd {
		cut.Offset += piece.Payload
	}
	t := s.freely(d, func() *Trial { return s.Cut(piece.Request, cut) })
	learn(d, op, t)
	op.Sent = max(op.Sent, min(piece.To, piece.From+max(0, t.Evidence.Up.BodyBytes-piece.Payload)))
	s.Landed(t)
	return t
}

func learn(d Driver, op *Operation, t *Trial) {
	for _, r := range t.Interims {
		d.Learn(op, r)
	}
	if t.Final != nil {
		d.Learn(op, t.Final)
		op.Final = t.Final
	}
}

// Landed ends the case as inconclusive unless the cut fired.
func (s *Session) Landed(t *Trial) {
	e := t.Evidence
	if !e.Fired {
		s.Inconclusive("the connection to be cut: "+e.Cut.String(), "it was not: %s", e.Why)
	}
}

// Cut carries out one exchange over a link with the cut in place, by a client that sends as soon as it
// has leave to.
func (s *Session) Cut(req exchange.Request, cut faults.Cut) *Trial {
	return s.CutBy(req, cut, prompt)
}

// CutBy is Cut by a client of the caller's own. A client that is shown a stall gives up once it has read
// what was let through; the server is told nothing until the case ends.
func (s *Session) CutBy(req exchange.Request, cut faults.Cut, client Client) *Trial {
	cut.Chunked = req.Chunked
	if err := s.bench.Injector.Supports(cut); err != nil {
		s.Unsupported("this way of cutting cannot make the cut exactly: %v", err)
	}
	if err := s.late(); err != nil {
		s.unanswered("a connection", err)
	}
	link, err := s.bench.Injector.Open(s.ctx, cut)
	if err != nil {
		s.unanswered("a connection", errDialed{err})
	}
	s.hold(link)
	seen := &meter{Conn: link}
	limits := s.limits()
	if cut.Point() == faults.Before100 {
		limits.Continue = limits.Time // the cut is to come before the body: nothing of it may be sent
	}
	x := exchange.New(seen, s.signed(req, 0), limits)
	t := &Trial{}
	t.Final, t.Err = s.drive(x, client, link, seen, cut)
	_ = x.Close() // the client's own end: the cut has been seen
	if t.Final == nil {
		t.Final, _ = x.Final(context.Background()) // what came of it before the client gave up
	}
	s.ended(link, cut)
	t.Interims, t.Fired = x.Interims(), time.Now()
	t.Evidence = link.Evidence()
	evidence := t.Evidence
	s.keep(Step{Record: x.Record(), Evidence: &evidence})
	return t
}

// ended waits until nothing more will happen on the link: until it is done or, where a fired cut keeps one
// side open until it is released, until it has fired. The client may have seen its end a moment before the
// link says that it has fired.
func (s *Session) ended(link *faults.Link, cut faults.Cut) {
	if cut.Fault == faults.Stall || cut.Side == faults.ClientSide || cut.Side == faults.ServerSide {
		select {
		case <-link.Fired():
		case <-link.Done():
		case <-s.ctx.Done():
		}
		return
	}
	await(s.ctx, link.Done())
}

// errDialed marks an error of a link as one of dialling.
type errDialed struct{ error }

func (e errDialed) Is(err error) bool { return err == ErrDial }

func (s *Session) hold(link *faults.Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links = append(s.links, link)
}

// drive runs the exchange as a client would and ends it when a cut that the client is not shown
// has fired.
func (s *Session) drive(x *exchange.Exchange, client Client, link *faults.Link, seen *meter, cut faults.Cut) (*exchange.Response, error) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	silent := cut.Fault == faults.Stall || cut.Side == faults.ServerSide
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-link.Fired():
			x.Mark("cut: " + cut.String())
		case <-over:
			return
		}
		if silent && seen.await(ctx, link.Evidence().Down.Forwarded) {
			cancel() // the client has all that will ever come, and gives up
		}
	})
	final, err := client(ctx, x)
	close(over)
	watch.Wait()
	return final, err
}

func await(ctx context.Context, done <-chan struct{}) {
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// meter counts what was read from a connection and tells when a count is reached.
type meter struct {
	net.Conn
	mu      sync.Mutex
	read    int64
	reached chan struct{} // replaced at each read
}

// Read reads from the connection and counts.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read += int64(n)
	if m.reached != nil {
		close(m.reached)
		m.reached = nil
	}
	return n, err
}

// await waits until n bytes were read; it says false when ctx was done first.
func (m *meter) await(ctx context.Context, n int64) bool {
	for {
		m.mu.Lock()
		if m.read >= n {
			m.mu.Unlock()
			return true
		}
		if m.reached == nil {
			m.reached = make(chan struct{})
		}
		reached := m.reached
		m.mu.Unlock()
		select {
		case <-reached:
		case <-ctx.Done():
			return false
		}
	}
}
