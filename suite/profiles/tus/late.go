package tus

import (
	"context"
	"fmt"
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// lateChecks: an older PATCH that the client has given up and the network has not.
func lateChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.patch.late", Level: catalog.Must, Source: patchRequest,
			Requires: "Once a PATCH was taken at the offset that HEAD told, what an older PATCH still brings is not written: it is not at the offset any more.",
			Why:      "The network delivers what the client has given up long ago, and two PATCHes that are written in turns make a corrupt whole.",
			Sends:    "A PATCH of all bytes, which stands still in the middle; HEAD; a PATCH of 1000 bytes at the offset that it gives; 500 more bytes of the first, other ones, and its end; HEAD several times; the rest; a read of the stored bytes.",
			Failure:  "Each request has a position of its own, or the older one appends wherever the end is.",
		}, Run: with(patchLate)},
	}
}

func patchLate(f *flow) {
	const half, further = matrix.Usual / 2, 500
	op := f.created(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	old := patchAt(op, "0", slices.Concat(op.Body[:half], matrix.Bytes(half, f.Salt+6)), field("Expect", "100-continue"))
	at := int64(0)
	f.meanwhile(old, half, func(more func(int64)) {
		op.Sent = half
		from := f.free(op)
		to := from + 1000
		r, err := f.Try(patchAt(op, matrix.Itoa(from), op.Body[from:to]))
		if err != nil || f.d.Conflict(op, r) {
			f.Unsupported("nobody can write while an older PATCH is under way: %s", answerOr(r, err))
		}
		at = f.taken(op, r, from, to, "a PATCH at the offset that HEAD gave")
		more(half + further)
	})
	for range 4 {
		f.stays(op, at, "after a newer PATCH was taken, whatever the older one still brings")
		f.Wait(5 * polite) // the server may not have read it yet
	}
	effects.None("of an upload of which bytes are missing")
	f.whole(op)
	effects.Once("of the upload")
}

// free gives the offset of an upload that an older PATCH may hold.
func (f *flow) free(op *matrix.Operation) int64 {
	req, err := f.d.Offset(op)
	if err != nil {
		f.Unsupported("%v", err)
	}
	r, err := f.Try(req)
	if err != nil || f.d.Locked(r) {
		f.Unsupported("nobody learns the offset while an older PATCH is under way: %s", answerOr(r, err))
	}
	return f.Settled(f.d, op)
}

// answerOr tells of an answer, or of what came instead.
func answerOr(r *exchange.Response, err error) string {
	if r == nil {
		return fmt.Sprint(err)
	}
	return matrix.Itoa(r.Status)
}

// meanwhile sends a request, of its body the first n bytes, and lets the case go on with other exchanges before it ends the
// connection. more sends the body up to another byte, as far as the server lets it.
func (f *flow) meanwhile(req exchange.Request, n int64, others func(more func(upTo int64))) {
	var ended any // what ends the case, once this exchange is in its transcript
	held := false
	early, err := f.TryBy(req, func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		if err := x.SendHead(ctx); err != nil {
			return nil, err
		}
		wait, cancel := context.WithTimeout(ctx, f.Patient())
		final, err := x.AwaitContinue(wait) // or no longer than that: the server need not send a 100
		cancel()
		if final != nil || err != nil && wait.Err() == nil {
			return final, err
		}
		if err := x.SendBody(ctx, n); err != nil {
			return nil, err
		}
		held = true
		defer func() { ended = recover() }()
		others(func(upTo int64) {
			_ = x.SendBody(ctx, upTo) // a server may have ended the connection
		})
		return nil, nil //nolint:nilnil // nobody waits for an answer
	})
	if ended != nil {
		panic(ended)
	}
	if !held {
		f.Unsupported("a PATCH cannot stand still in the middle: %s", answerOr(early, err))
	}
}
