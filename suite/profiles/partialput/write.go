package partialput

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// writeChecks: a write over a document that is there is cut.
func writeChecks(t Terms, with With) []matrix.Check {
	silent := catalog.Loose(t.Source, catalog.Silent)
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "write.before", Level: catalog.Must, Source: catalog.RFC(9110, "10.1.1"),
			Requires: "A write over a document that is cut before 100 (Continue) was read changes nothing; issued again, it is applied.",
			Why:      "The client has not sent a byte; what was there must still be there.",
			Sends:    "{write} over the middle of a document, cut before the end of its head and inside the 100 (Continue); GET; the same again; GET.",
			Failure:  "The document is emptied, or the range cleared, when the request arrives.",
		}.CutAt("before-100", matrix.EveryFault), Run: with(writeBefore)},
		{Case: catalog.Case{
			ID: "write.cut", Level: catalog.Must, Source: silent,
			Requires: "When a write over a document is cut, every byte is the old or the new one: the new ones are the first of its range, no more than were sent, and the document is as long as before; the same write again completes it.",
			Why:      "What the client did not reach must be as it was, or an interruption destroys what nobody touched.",
			Sends:    "{write} over the middle of a document, cut after 0, 1, half and all but one of its bytes; GET; the same again; GET, also once the old connection has ended.",
			Failure:  "The range is cleared before it is written, the document ends where the connection did, or a buffer with old bytes is written for the rest.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(writeCut)},
		{Case: catalog.Case{
			ID: "write.grow-cut", Level: catalog.Must, Source: silent,
			Requires: "When a write that makes a document longer is cut, the document is the old one and some of the new bytes, no more than were sent, and HEAD says how many there are; the rest completes it.",
			Why:      "A log that grows over a bad line must have neither holes nor doubles.",
			Sends:    "{write} behind the end of a document, cut in its middle; GET and HEAD; the rest from there; GET.",
			Failure:  "The document is made longer first and written later, or the part that came is appended a second time.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(writeGrowCut)},
		{Case: catalog.Case{
			ID: "write.lost", Level: catalog.Must, Source: catalog.RFC(9110, "9.2.2"),
			Requires: "When the answer to a write over a document is lost, the same write again leaves the document as one would.",
			Why:      "The client cannot know whether the first one was taken.",
			Sends:    "{write} over a document, cut before the answer and in its head; the same again; GET.",
			Failure:  "The second write is put behind the first, or refused because of it.",
		}.CutAt("pre-response", matrix.EveryFault), Run: with(writeLost)},
		{Case: catalog.Case{
			ID: "write.concurrent", Level: catalog.Must, Source: silent,
			Requires: "Two writes over different ranges of a document at the same time are both applied, or one is refused and can be repeated.",
			Why:      "Two clients that change different places must not undo each other.",
			Sends:    "Two times {write} over different halves of a document, at once, six times over; a refused one again; GET.",
			Failure:  "The document is read, changed and written back as a whole, without taking turns.",
		}, Run: with(writeConcurrent)},
	}
}

// mute is the fact that the target sends no 100 (Continue) that could be lost.
const mute = "no 100 (Continue) before a range"

func writeBefore(f *Flow) {
	op := f.Document(Small)
	now := op.Body
	for i, c := range []matrix.Cut{
		f.AtFromEnd(matrix.RequestHead, 2), f.At(matrix.Continue, 0), f.At(matrix.Continue, int64(len("HTTP/1.1 1"))), f.AtFromEnd(matrix.Continue, 2),
	} {
		f.Round()
		if c.Place == matrix.Continue && f.Known(mute) {
			f.Unsupported("the server sent no 100 (Continue) in an earlier case")
		}
		p := Part{At: 300, Data: f.Other(100, uint64(i)+1), Complete: Small, Wait: true} // #nosec G115 -- a small index
		t := f.Cut(f.Put(op, p), c)
		if !t.Evidence.Fired && c.Place == matrix.Continue && !slices.ContainsFunc(t.Interims, func(r *exchange.Response) bool { return r.Status == 100 }) {
			f.Remember(mute)
			f.Unsupported("the server sends no 100 (Continue) that could be lost: %s", t.Evidence.Why)
		}
		f.Landed(t)
		f.Holds(op, now, "after a write that was cut before the 100")
		p.Wait = false
		f.Again(op, f.Put(op, p), "the same write again")
		now = matrix.Replaced(now, p.At, p.Data)
		f.Holds(op, now, "after the same write again")
	}
	f.Release()
	f.Holds(op, now, "after the old connections have ended")
}

func writeCut(f *Flow) {
	const n = 4000
	for i, bytes := range []int64{0, 1, n / 2, n - 1} {
		f.Round()
		op := f.Document(matrix.Usual)
		p := Part{At: 2000, Data: f.Other(n, uint64(i)+1), Complete: matrix.Usual} // #nosec G115 -- a small index
		req := f.Put(op, p)
		f.Landed(f.Cut(req, f.At(matrix.RequestBody, bytes)))
		f.watch(op, p, bytes, "after a write that was cut after "+matrix.Itoa(bytes)+" of its bytes")
		f.Again(op, req, "the same write again")
		f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after the same write again")
		f.Release()
		f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after the old connection has ended")
	}
}

// looks is how often, and glance how long apart, a document is looked at that the server may be about to write to.
const (
	looks  = 4
	glance = 15 * time.Millisecond
)

// watch looks at a document that a write was to change, and that was cut after some bytes.
func (f *Flow) watch(op *matrix.Operation, p Part, sent int64, when string) {
	for range looks {
		got, _ := f.Content(op)
		if n := f.Since(got, op.Body, p, sent, when); n > 0 && n == sent || !f.Wait(glance) {
			return
		}
	}
}

func writeGrowCut(f *Flow) {
	const n = 4000
	op := f.Document(matrix.Usual)
	one := Part{At: matrix.Usual, Data: f.Other(1, 9), Complete: Untold}
	if r := f.Write(op, one); r.Status/100 != 2 {
		f.Unsupported("documents do not grow: a write behind the end is answered %d", r.Status)
	}
	before := matrix.Replaced(op.Body, one.At, one.Data)
	p := Part{At: int64(len(before)), Data: f.Other(n, 1), Complete: Untold}
	f.Landed(f.Cut(f.Put(op, p), f.At(matrix.RequestBody, n/2)))
	grown := *op
	grown.Body = matrix.Replaced(before, p.At, p.Data)
	grown.Sent, grown.Known = p.At+n/2, p.At
	kept := f.Settled(f.D, &grown)
	got, _ := f.Content(op)
	f.Since(got, before, p, n/2, "after a write behind its end that was cut")
	f.Again(op, f.Put(op, Part{At: kept, Data: grown.Body[kept:], Complete: Untold}), "the rest")
	f.Holds(op, grown.Body, "after the rest of what was cut")
}

func writeLost(f *Flow) {
	for i, c := range []matrix.Cut{f.At(matrix.RequestEnd, 0), f.At(matrix.ResponseHead, 0), f.AtFromEnd(matrix.ResponseHead, 1)} {
		f.Round()
		op := f.Document(Small)
		p := Part{At: 300, Data: f.Other(100, uint64(i)+1), Complete: Small} // #nosec G115 -- a small index
		req := f.Put(op, p)
		f.Landed(f.Cut(req, c))
		f.Again(op, req, "a write whose answer was lost, sent again,")
		f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after a write whose answer was lost was sent again")
	}
}

func writeConcurrent(f *Flow) {
	const half = matrix.Usual / 2
	op := f.Document(matrix.Usual)
	now := op.Body
	for i := range uint64(6) {
		f.Round()
		parts := []Part{
			{At: 0, Data: f.Other(half, 2*i+1), Complete: matrix.Usual},
			{At: half, Data: f.Other(half, 2*i+2), Complete: matrix.Usual},
		}
		for n, r := range f.both(op, parts) {
			if r == nil || r.Status/100 != 2 {
				f.Note("of two writes at once one was turned away, and sent again")
				f.Again(op, f.Put(op, parts[n]), "a write that was turned away, sent again,")
			}
			now = matrix.Replaced(now, parts[n].At, parts[n].Data)
		}
		f.Holds(op, now, "after two writes over different halves at once")
	}
}

// both writes two parts at once: the server has had the first half of both, and has answered somebody else, before the
// second half of one is sent. An answer is nil where none came.
func (f *Flow) both(op *matrix.Operation, parts []Part) []*exchange.Response {
	answers := make([]*exchange.Response, len(parts))
	requests := make([]exchange.Request, len(parts))
	for i, p := range parts {
		requests[i] = f.Put(op, p)
	}
	var all, halves sync.WaitGroup
	halves.Add(len(requests))
	release := make(chan struct{})
	for i, req := range requests {
		all.Go(func() {
			sent := sync.OnceFunc(halves.Done)
			defer sent() // also where there was no connection
			r, err := f.TryBy(req, halfway(int64(len(req.Body)/2), sent, release))
			if err == nil { // one may be turned away without an answer
				answers[i] = r
			}
		})
	}
	halves.Wait()
	_, _ = f.Try(matrix.RequestTo("HEAD", f.OpAs(matrix.NewTag(), 0).URL)) // whatever the answer is
	close(release)
	all.Wait()
	return answers
}

// halfway gives a client that tells when it has sent some bytes of its body, and waits before it sends the rest. What it
// sends is less than a connection takes of a server that does not read.
func halfway(upTo int64, sent func(), release <-chan struct{}) matrix.Client {
	return func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		err := x.SendHead(ctx)
		if err == nil {
			err = x.SendBody(ctx, upTo)
		}
		sent()
		<-release
		if err == nil {
			err = x.SendEnd(ctx)
		}
		if err != nil && exchange.KindOf(err) != exchange.Answered {
			return nil, err
		}
		return x.Final(ctx)
	}
}
