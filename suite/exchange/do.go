package exchange

import (
	"context"
	"slices"
)

// Do runs the whole exchange as a well-behaved client: it sends the head; if that expects
// 100-continue, it waits for the 100, for a final response, or for Limits.Continue (RFC 9110, 10.1.1);
// it sends the body, and stops when a final response comes early; it gives the final response. An
// error with a response means that its body is incomplete.
func (x *Exchange) Do(ctx context.Context) (*Response, error) { return x.DoWhen(ctx, nil) }

// DoWhen is Do for a client that waits for more than leave before it sends the body: until ready says that the interim
// responses so far hold what it needs, and no longer than it waits for leave. Nil waits for nothing more.
func (x *Exchange) DoWhen(ctx context.Context, ready func([]*Response) bool) (*Response, error) {
	if err := x.SendHead(ctx); err != nil {
		return x.answer(ctx, err)
	}
	if x.req.ExpectsContinue() || ready != nil {
		if final, err := x.continued(ctx, ready); final != nil || err != nil {
			return final, err
		}
	}
	if err := x.SendEnd(ctx); err != nil {
		return x.answer(ctx, err)
	}
	return x.Final(ctx)
}

// continued waits for leave to send the body, and until the client is ready. Silence is leave too: the server may not
// know the expectation.
func (x *Exchange) continued(ctx context.Context, ready func([]*Response) bool) (*Response, error) {
	wait, cancel := context.WithTimeout(ctx, x.limits.Continue)
	defer cancel()
	final, err := x.awaitInterims(wait, "waiting for 100 (Continue)", func(interims []*Response) bool {
		prepared := ready == nil || ready(interims)
		return prepared && (!x.req.ExpectsContinue() || slices.ContainsFunc(interims, is100))
	})
	if err == nil || wait.Err() == nil || ctx.Err() != nil {
		return final, err
	}
	select {
	case <-x.ended:
		return x.Final(ctx)
	default:
		x.Mark("no 100 in time")
		return nil, nil
	}
}

// answer gives the response to a request that could not be sent whole, and why it could not be unless
// the server answered on purpose.
func (x *Exchange) answer(ctx context.Context, sending error) (*Response, error) {
	if KindOf(sending) == Answered {
		return x.Final(ctx)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.final, sending
}
