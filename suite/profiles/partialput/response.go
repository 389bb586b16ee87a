package partialput

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// responseChecks: the last part arrived and its answer was lost. Nothing shows the answer again; what became of the upload
// is seen at the document, and the part may be sent a second time.
func responseChecks(t Terms, with With) []matrix.Check {
	silent := catalog.Loose(t.Source, catalog.Silent)
	lost := func(c catalog.Case) catalog.Case { return c.CutAt("pre-response", matrix.EveryFault) }
	return []matrix.Check{
		{Case: lost(catalog.Case{
			ID: "response.repeat", Level: catalog.Must, Source: catalog.RFC(9110, "9.2.2"),
			Requires: "When the answer to the last part is lost, the same part again changes nothing: the document is whole, and the effect has happened once.",
			Why:      "It is all that a client can do that wants an answer.",
			Sends:    "A part of a document, and the last one, whose answer is cut off; the last one again, twice; GET and a read of the number of effects.",
			Failure:  "The second one is appended, begins the upload anew, or has the effect again.",
		}), Run: with(responseRepeat)},
		{Case: lost(catalog.Case{
			ID: "response.processed", Level: catalog.Must, Source: silent, Needs: []catalog.Need{catalog.NeedSlow},
			Requires: "When the connection ends while a document whose last byte is in is processed, the effect happens all the same, and once.",
			Why:      "HEAD says that all bytes are in: the client has nothing more to send.",
			Sends:    "A whole upload that is processed slowly, cut as soon as its body is in; HEAD; a read of the number of effects; GET.",
			Failure:  "Processing is ended together with the connection.",
		}), Run: with(responseProcessed)},
		{Case: lost(catalog.Case{
			ID: "response.failed", Level: catalog.Must, Source: silent, Needs: []catalog.Need{catalog.NeedFailing, catalog.NeedCount},
			Requires: "An upload that ends in an error has no effect, also where the answer that says so is lost.",
			Why:      "The client must not take a document for accepted that was not.",
			Sends:    "Uploads that the target answers with an error, whose answer is cut off; then reads of the number of effects.",
			Failure:  "The effect happens before the document was looked at.",
		}), Run: with(responseFailed)},
	}
}

func responseRepeat(f *Flow) {
	for _, c := range []matrix.Cut{f.At(matrix.RequestEnd, 0), f.At(matrix.ResponseHead, 0), f.AtFromEnd(matrix.ResponseHead, 1)} {
		f.Round()
		op := f.Begun(matrix.Usual, matrix.Usual/2)
		effects := f.Effects(f.W, op.Tag)
		last := f.Tail(op, matrix.Usual/2)
		f.InterruptPiece(f.D, op, last, c)
		f.EnsureWhole(f.D, op)
		for range 2 {
			r := f.Do("the last part again", last.Request)
			if r.Status/100 != 2 {
				f.Warn("2xx for the last part again, which tells a client that lost the answer", "%d", r.Status)
			}
			f.Holds(op, op.Body, "after its last part was sent again")
		}
		effects.Once("of an upload whose last part was sent again")
	}
}

func responseProcessed(f *Flow) {
	f.Need(catalog.NeedSlow, f.Set.Slow != nil)
	f.Creates()
	f.Processed()
}

func responseFailed(f *Flow) {
	f.Need(catalog.NeedFailing, len(f.Set.Failing) > 0)
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	f.Creates()
	f.Failed()
}
