package exchange

import (
	"context"
	"slices"
)

// Next waits for the next response, interim or final, each of which it gives once. The final one comes
// with its body; if that stayed incomplete, with an error too. When no further response will come the
// error says why; it is ErrDone after a complete final response.
func (x *Exchange) Next(ctx context.Context) (resp *Response, err error) {
	waited := x.await(ctx, "waiting for the next response", func() bool {
		switch {
		case x.given < len(x.interims):
			resp = x.interims[x.given]
			x.given++
		case !x.over:
			return false
		case x.final != nil && x.given == len(x.interims):
			resp, err = x.final, x.readErr
			x.given++
		default:
			if err = x.readErr; err == nil {
				err = ErrDone
			}
		}
		return true
	})
	if waited != nil {
		return nil, waited
	}
	return resp, err
}

// AwaitContinue waits until a 100 (Continue) or a final response has come. It gives the final response
// as Final does if that is there, and neither response nor error when only the 100 is.
func (x *Exchange) AwaitContinue(ctx context.Context) (final *Response, err error) {
	return x.awaitInterims(ctx, "waiting for 100 (Continue)", func(interims []*Response) bool { return slices.ContainsFunc(interims, is100) })
}

func is100(r *Response) bool { return r.Status == 100 }

// awaitInterims is AwaitContinue for any condition on the interim responses so far.
func (x *Exchange) awaitInterims(ctx context.Context, op string, enough func([]*Response) bool) (final *Response, err error) {
	waited := x.await(ctx, op, func() bool {
		if x.over {
			final, err = x.final, x.readErr
			return true
		}
		return enough(x.interims)
	})
	if waited != nil {
		return nil, waited
	}
	return final, err
}

// FinalHead waits for the head of the final response; its body, which may still be on its way or never
// come whole, is not in it.
func (x *Exchange) FinalHead(ctx context.Context) (head *Response, err error) {
	waited := x.await(ctx, "waiting for the final response", func() bool {
		if head = x.finalHead; head == nil && x.over {
			err = x.readErr
		}
		return head != nil || x.over
	})
	if waited != nil {
		return nil, waited
	}
	return head, err
}

// Final waits for the final response with its body. If the body stayed incomplete, it gives the
// response with Complete false, and the error that says why. It may be called again.
func (x *Exchange) Final(ctx context.Context) (final *Response, err error) {
	waited := x.await(ctx, "waiting for the final response", func() bool {
		final, err = x.final, x.readErr
		return x.over
	})
	if waited != nil {
		return nil, waited
	}
	return final, err
}

// Interims gives all interim responses seen so far, in order.
func (x *Exchange) Interims() []*Response {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.interims)
}
