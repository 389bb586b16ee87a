package rufh

import (
	"context"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// held is a request that stands still in the middle of its content until it is let go on.
type held struct {
	reached chan error // told once, when the first part is sent
	goOn    chan int64 // how many bytes of the content are to be sent then; closed: it ends here
	ended   chan struct{}
	final   *exchange.Response
	err     error
}

// hold sends the first n bytes of a request's content and stands still.
func (f *flow) hold(op *matrix.Operation, req exchange.Request, n int64) *held {
	h := &held{reached: make(chan error, 1), goOn: make(chan int64), ended: make(chan struct{})}
	go func() {
		defer close(h.ended)
		h.final, h.err = f.TryBy(req, func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
			return h.send(ctx, x, f, op, n)
		})
		select {
		case h.reached <- h.err: // there was no connection
		default:
		}
	}()
	if err := <-h.reached; err != nil {
		f.Inconclusive("the first part of a request that is held", "%v", err)
	}
	return h
}

// send carries out the exchange of a request that is held.
func (h *held) send(ctx context.Context, x *exchange.Exchange, f *flow, op *matrix.Operation, n int64) (*exchange.Response, error) {
	err := x.SendHead(ctx)
	if err == nil {
		var final *exchange.Response
		if final, err = f.leave(ctx, x); final != nil {
			h.reached <- errAnswered
			return final, err
		}
	}
	if err == nil {
		err = x.SendBody(ctx, n)
	}
	for _, r := range x.Interims() {
		f.d.Learn(op, r)
	}
	h.reached <- err
	if err != nil {
		return nil, err
	}
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-x.Ended(): // the server has ended it
			return x.Final(ctx)
		case upTo, goesOn := <-h.goOn:
			if !goesOn {
				return nil, nil
			}
			if err := x.SendBody(ctx, upTo); err != nil && exchange.KindOf(err) != exchange.Answered {
				return nil, err
			}
		}
	}
}

// begin sends the head of a request that expects 100 (Continue) and waits for that, or for a final response.
func (f *flow) begin(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
	if err := x.SendHead(ctx); err != nil {
		return nil, err
	}
	return f.leave(ctx, x)
}

// leave waits for 100 (Continue), or for a final response; not for ever, as a server may know nothing of it.
func (f *flow) leave(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
	wait, cancel := context.WithTimeout(ctx, f.patience())
	defer cancel()
	final, err := x.AwaitContinue(wait)
	if wait.Err() != nil && ctx.Err() == nil {
		return nil, nil
	}
	return final, err
}

// errAnswered says that a request was answered that should have been held.
var errAnswered = errHeld("it was answered at once")

type errHeld string

func (e errHeld) Error() string { return string(e) }

// more sends the content up to a byte, as far as the server still takes it.
func (h *held) more(upTo int64) {
	select {
	case h.goOn <- upTo:
	case <-h.ended:
	}
}

// drop ends the request by closing its connection, and waits for it.
func (h *held) drop() {
	close(h.goOn)
	<-h.ended
}
