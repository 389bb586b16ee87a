package matrix

import (
	"github.com/resumespec/resumespec/suite/exchange"
)

// Asked is an exchange whose head is sent and whose body is held back: the client has asked, and
// waits for leave.
type Asked struct {
	Interims []*exchange.Response // all until the 100 or the final response
	Final    *exchange.Response   // the answer without leave, nil when leave was given
	s        *Session
	x        *exchange.Exchange
	d        Driver
	op       *Operation
}

// Ask sends the head of the operation's first request over a clean connection and waits for a 100 or a
// final response; no byte of the body is sent. The case ends when neither comes in time.
func (s *Session) Ask(d Driver, op *Operation) *Asked {
	conn, err := s.dial()
	if err != nil {
		s.unanswered("a connection", err)
	}
	x := exchange.New(conn, s.signed(d.Start(op), 0), s.bench.Limits)
	a := &Asked{s: s, x: x, d: d, op: op}
	a.Final, err = leave(s, x)
	a.Interims = x.Interims()
	for _, r := range a.Interims {
		d.Learn(op, r)
	}
	if err != nil {
		a.Drop()
		s.unanswered("the head of the request, with 100 (Continue) or a final response,", err)
	}
	return a
}

// Finish sends the body and gives the final response.
func (a *Asked) Finish() *Outcome {
	response := a.Final
	if response == nil {
		err := a.x.SendEnd(a.s.ctx)
		if err == nil || exchange.KindOf(err) == exchange.Answered {
			response, err = a.x.Final(a.s.ctx)
		}
		if err != nil {
			a.Drop()
			a.s.unanswered("the rest of the upload", err)
		}
	}
	a.Drop()
	for _, r := range a.x.Interims() {
		a.d.Learn(a.op, r)
	}
	a.d.Learn(a.op, response)
	a.op.Final, a.op.Sent = response, a.op.Len()
	return &Outcome{Response: response, Bases: bases(a.op), Via: "the request"}
}

// All gives every interim response so far.
func (a *Asked) All() []*exchange.Response { return a.x.Interims() }

// Drop closes the connection and keeps the transcript.
func (a *Asked) Drop() {
	_ = a.x.Close() // nothing more is wanted of it
	a.s.keep(Step{Record: a.x.Record()})
}

// Answer is what came for the head of a request.
type Answer struct {
	Interims []*exchange.Response
	Final    *exchange.Response // nil when leave to send the body was given
}

// AskRaw sends the head of any request as the numbered user and waits for a 100 or a final response.
// Where leave is given, the body, if there is one, is sent and the final response awaited: a server that
// refuses only now should have refused at once.
func (s *Session) AskRaw(user int, req exchange.Request) Answer {
	conn, err := s.dial()
	if err != nil {
		s.unanswered("a connection", err)
	}
	x := exchange.New(conn, s.signed(req, user), s.bench.Limits)
	defer func() {
		_ = x.Close() // nothing more is wanted of it
		s.keep(Step{Record: x.Record()})
	}()
	final, err := leave(s, x)
	if err == nil && final == nil && len(req.Body) > 0 {
		if err = x.SendEnd(s.ctx); err == nil || exchange.KindOf(err) == exchange.Answered {
			final, err = x.Final(s.ctx)
		}
	}
	if err != nil && final == nil && len(x.Interims()) == 0 {
		s.unanswered("the head of the request, with 100 (Continue) or a final response,", err)
	}
	return Answer{Interims: x.Interims(), Final: final}
}

// leave sends the head and waits for a 100, which gives no response, or for a final response.
func leave(s *Session, x *exchange.Exchange) (*exchange.Response, error) {
	if err := x.SendHead(s.ctx); err != nil && exchange.KindOf(err) != exchange.Answered {
		return nil, err
	}
	return x.AwaitContinue(s.ctx)
}

// DoAtOnce sends head and body without waiting for leave, and gives the final response and the
// interim ones.
func (s *Session) DoAtOnce(what string, req exchange.Request) (*exchange.Response, []*exchange.Response) {
	conn, err := s.dial()
	if err != nil {
		s.unanswered(what, err)
	}
	x := exchange.New(conn, s.signed(req, 0), s.bench.Limits)
	err = x.SendHead(s.ctx)
	if err == nil {
		err = x.SendEnd(s.ctx)
	}
	var final *exchange.Response
	if err == nil || exchange.KindOf(err) == exchange.Answered {
		final, err = x.Final(s.ctx)
	}
	_ = x.Close() // the exchange is over
	s.keep(Step{Record: x.Record()})
	if err != nil {
		s.unanswered(what, err)
	}
	return final, x.Interims()
}
