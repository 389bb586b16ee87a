package byterange

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// responseChecks: the last segment arrived and its answer was lost. Nothing shows the answer again; what became of the
// upload is seen at the document, and the segment may be sent a second time.
func responseChecks() []matrix.Check {
	return []matrix.Check{
		{Case: response(catalog.Case{
			ID: "byterange.response.repeat", Level: catalog.Must, Source: catalog.Loose(modifying, "idempotent writes are named as a use"),
			Requires: "When the answer to the last segment is lost, the same segment again changes nothing: the document is whole, and the effect has happened once.",
			Why:      "It is all that a client can do that wants an answer.",
			Sends:    "A segment, and the last one, whose answer is cut off; the last one again, twice; GET and a read of the number of effects.",
			Failure:  "The second one is appended, begins the upload anew, or has the effect again.",
		}), Run: with(responseRepeat)},
		{Case: response(catalog.Case{
			ID: "byterange.response.repeat-first", Level: catalog.Must, Source: segmented,
			Requires: "When the answer to a PATCH that created the whole document is lost, the same PATCH again, with If-None-Match: *, changes nothing, whatever the answer is.",
			Why:      "A client that does not look first must not upload twice.",
			Sends:    "A whole upload in one PATCH with If-None-Match: *, whose answer is cut off; the same again; GET and a read of the number of effects.",
			Failure:  "The document is created a second time.",
		}), Run: with(responseRepeatFirst)},
		{Case: response(catalog.Case{
			ID: "byterange.response.processed", Level: catalog.Must, Source: catalog.Loose(segmented, catalog.Silent), Needs: []catalog.Need{catalog.NeedSlow},
			Requires: "When the connection ends while a document whose last byte is in is processed, the effect happens all the same, and once.",
			Why:      "HEAD says that all bytes are in: the client has nothing more to send.",
			Sends:    "A whole upload that is processed slowly, cut as soon as its body is in; HEAD; a read of the number of effects; GET.",
			Failure:  "Processing is ended together with the connection.",
		}), Run: with(responseProcessed)},
		{Case: response(catalog.Case{
			ID: "byterange.response.failed", Level: catalog.Must, Source: catalog.Loose(segmented, "the behaviour after an error is left undefined"), Needs: []catalog.Need{catalog.NeedFailing, catalog.NeedCount},
			Requires: "An upload that ends in an error has no effect, also where the answer that says so is lost; the same bytes again are no success either, or have the effect.",
			Why:      "The client must not take a document for accepted that was not.",
			Sends:    "Uploads that the target answers with an error, whose answer is cut off; the same bytes again; reads of the number of effects.",
			Failure:  "The effect happens before the document was looked at, or the error is forgotten and all bytes are there.",
		}), Run: with(responseFailed)},
	}
}

// response fills in what the cases of this area share.
func response(c catalog.Case) catalog.Case {
	c.Point, c.Faults = "pre-response", matrix.EveryFault
	return c
}

func responseRepeat(f *flow) {
	for _, cut := range []matrix.Cut{f.At(matrix.RequestEnd, 0), f.At(matrix.ResponseHead, 0), f.AtFromEnd(matrix.ResponseHead, 1)} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		f.Partly(op, 0, matrix.Usual/2)
		last := f.Tail(op, matrix.Usual/2)
		f.InterruptPiece(f.D, op, last, cut)
		f.EnsureWhole(f.D, op)
		for range 2 {
			if r := f.Do("the last segment again", last.Request); r.Status/100 != 2 {
				f.Warn("2xx for the last segment again", "%d", r.Status)
			}
			f.Holds(op, op.Body, "after its last segment was sent again")
		}
		effects.Once("of an upload whose last segment was sent again")
	}
}

func responseRepeatFirst(f *flow) {
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Lost(op, f.At(matrix.ResponseHead, 0))
	for range 2 {
		r := f.Do("the same PATCH again", f.d.Start(op))
		f.Note("the same PATCH again is answered %d", r.Status)
		f.Holds(op, op.Body, "after the same PATCH again")
	}
	effects.Once("of an upload that was sent again")
}

func responseProcessed(f *flow) {
	f.Need(catalog.NeedSlow, f.Set.Slow != nil)
	f.Processed()
}

func responseFailed(f *flow) {
	f.Need(catalog.NeedFailing, len(f.Set.Failing) > 0)
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	for _, upload := range f.Failed() {
		f.Round()
		again := f.Do("the same bytes again", f.whole(upload.Op))
		if again.Status/100 == 2 {
			upload.Effects.Once("of an upload that is said to have succeeded")
			continue
		}
		upload.Effects.None("of an upload that failed twice")
	}
}

// whole gives the PATCH that brings all bytes, without a condition.
func (f *flow) whole(op *matrix.Operation) exchange.Request {
	piece, err := f.d.Resume(op, 0, op.Len())
	if err != nil {
		f.Unsupported("%v", err)
	}
	return piece.Request
}
