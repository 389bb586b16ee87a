package tus

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// responseChecks: the bytes are in, and the answer was lost.
func responseChecks() []matrix.Check {
	const looseEnd = "what a server does with an upload that is complete is not said: the profile's reading"
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.response.processed", Level: catalog.Must, Source: catalog.Loose(patchRequest, looseEnd), Needs: []catalog.Need{catalog.NeedSlow},
			Requires: "When the connection ends while an upload whose last byte is in is processed, the effect happens all the same, and once.",
			Why:      "HEAD says that all bytes are in: the client has nothing more to send.",
			Sends:    "A whole upload that is processed slowly, cut as soon as its body is in; HEAD; a read of the number of effects and of the stored bytes.",
			Failure:  "Processing is ended together with the connection.",
		}.CutAt("pre-response", matrix.EveryFault), Run: with(responseProcessed)},
		{Case: catalog.Case{
			ID: "tus.response.failed", Level: catalog.Must, Source: catalog.Loose(patchRequest, looseEnd), Needs: []catalog.Need{catalog.NeedFailing, catalog.NeedCount},
			Requires: "An upload that ends in an error has no effect, also where the answer that says so is lost.",
			Why:      "What was refused must not have happened.",
			Sends:    "Uploads that the target answers with an error, whose answer is cut off; reads of the number of effects.",
			Failure:  "The effect happens before the upload was looked at.",
		}.CutAt("pre-response", matrix.EveryFault), Run: with(responseFailed)},
		{Case: catalog.Case{
			ID: "tus.response.head-cut", Level: catalog.Must, Source: catalog.Loose(headRequest, "that asking changes nothing is what RFC 9110, 9.2.1 says of HEAD"),
			Requires: "After an interruption the answer to HEAD may be lost as well: the next HEAD gives an offset that is no lower, and the upload resumes.",
			Why:      "What broke the first connection breaks the second as well.",
			Sends:    "An upload cut in the middle; HEAD, cut before its answer, in its status line and before its last byte; HEAD; then the rest.",
			Failure:  "HEAD takes a lock that goes away with its answer only.",
		}.CutAt("pre-response", matrix.EveryFault), Run: with(responseHeadCut)},
	}
}

func responseProcessed(f *flow) {
	f.Need(catalog.NeedSlow, f.Set.Slow != nil)
	op := f.Shaped(*f.Set.Slow, f.Tag, matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Lost(op, f.At(matrix.RequestEnd, 0))
	effects.Once("of an upload that is processed slowly")
	f.intact(op)
}

func responseFailed(f *flow) {
	f.Need(catalog.NeedFailing, len(f.Set.Failing) > 0)
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	var uploads []matrix.Watched
	for _, template := range f.Set.Failing {
		f.Round()
		plain := f.Shaped(template, matrix.NewTag(), matrix.Usual)
		plain.Failing = true
		f.Prepare(f.d, plain)
		if r := f.Do("an upload that fails", f.d.Start(plain)); r.Status < 400 {
			f.Unsupported("the upload configured as failing is answered %d", r.Status)
		}
		op := f.Shaped(template, matrix.NewTag(), matrix.Usual)
		op.Failing = true
		effects := f.Effects(f.W, op.Tag)
		f.Interrupt(f.d, op, f.At(matrix.ResponseHead, 0))
		uploads = append(uploads, matrix.Watched{Effects: effects, When: "of an upload that failed"})
	}
	f.Round()
	f.NoneYet(uploads...)
}

func responseHeadCut(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	f.Settled(f.d, op)
	for _, cut := range []matrix.Cut{
		f.At(matrix.ResponseHead, 0), f.At(matrix.ResponseHead, int64(len("HTTP/1.1 2"))), f.AtFromEnd(matrix.ResponseHead, 1),
	} {
		f.Round()
		f.Landed(f.Cut(matrix.RequestTo("HEAD", f.here(op), resumable), cut))
		for range 2 {
			f.Offset(f.d, op) // breaks the case where it goes down
		}
	}
	f.whole(op)
	effects.Once("of the upload")
}
