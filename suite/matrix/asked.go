package matrix

import (
	"context"

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
	over     bool
}

// Ask sends the head of the operation's first request over a clean connection and waits for a 100 or a
// final response; no byte of the body is sent. The case ends when neither comes in time.
func (s *Session) Ask(d Driver, op *Operation) *Asked {
	s.Prepare(d, op)
	conn, err := s.dial()
	if err != nil {
		s.unanswered("a connection", err)
	}
	x := exchange.New(conn, s.signed(d.Start(op), 0), s.bench.Limits)
	a := &Asked{s: s, x: x, d: d, op: op}
	s.asked = append(s.asked, a)
	a.Final, err = leave(s.ctx, x)
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
		var err error
		if response, err = rest(a.s.ctx, a.x); err != nil {
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
	return &Outcome{Response: response, Bases: bases(a.op), Via: "the request", Places: a.d.Downloads(a.op)}
}

// All gives every interim response so far.
func (a *Asked) All() []*exchange.Response { return a.x.Interims() }

// Drop closes the connection and keeps the transcript. It may be called again.
func (a *Asked) Drop() {
	if a.over {
		return
	}
	a.over = true
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
	final, interims, err := s.exchangeBy(req, user, func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		final, err := leave(ctx, x)
		if err != nil || final != nil || len(req.Body) == 0 {
			return final, err
		}
		return rest(ctx, x)
	})
	if err != nil && final == nil && len(interims) == 0 {
		s.unanswered("the head of the request, with 100 (Continue) or a final response,", err)
	}
	return Answer{Interims: interims, Final: final}
}

// leave sends the head and waits for a 100, which gives no response, or for a final response.
func leave(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
	if err := x.SendHead(ctx); err != nil && exchange.KindOf(err) != exchange.Answered {
		return nil, err
	}
	return x.AwaitContinue(ctx)
}

// rest sends what is left of the body and gives the final response.
func rest(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
	if err := x.SendEnd(ctx); err != nil && exchange.KindOf(err) != exchange.Answered {
		return nil, err
	}
	return x.Final(ctx)
}

// DoAtOnce sends head and body without waiting for leave, and gives the final response and the
// interim ones.
func (s *Session) DoAtOnce(what string, req exchange.Request) (*exchange.Response, []*exchange.Response) {
	final, interims, err := s.exchangeBy(req, 0, func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		if err := x.SendHead(ctx); err != nil && exchange.KindOf(err) != exchange.Answered {
			return nil, err
		}
		return rest(ctx, x)
	})
	if err != nil {
		s.unanswered(what, err)
	}
	return final, interims
}
