package uploadresource

import (
	"sync"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// parallelChecks: parts out of order and several at a time, where the answer says that they may come so.
func parallelChecks() []matrix.Check {
	source := catalog.Loose(option, definition)
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "upload-resource.parallel.order", Level: catalog.May, Source: source,
			Requires: "Where parallel is true, parts may come in any order: each is kept where its range says, and shows in received.",
			Why:      "Whoever sends over several connections does not know which part arrives first.",
			Sends:    "Four parts of an upload, the last first; GET on the status resource after each.",
			Failure:  "Parts are appended as they come, or the length of the file is taken for what was received.",
		}, Run: with(parallelOrder)},
		{Case: catalog.Case{
			ID: "upload-resource.parallel.together", Level: catalog.May, Source: source,
			Requires: "Where parallel is true, parts sent at the same time over several connections are all kept, and the upload takes effect once.",
			Why:      "It is what the server invites to, and two last parts must not both complete the upload.",
			Sends:    "Eight parts of an upload at the same time, each over a connection of its own.",
			Failure:  "Parts share a position in the file, or each of the last two finds that everything is there.",
		}, Run: with(parallelTogether)},
		{Case: catalog.Case{
			ID: "upload-resource.parallel.cut", Level: catalog.May, Source: source,
			Requires: "Where parallel is true and one of several parts is cut, only what is missing of it shows as a hole, and the upload is done once that is filled.",
			Why:      "Of four connections one breaks; the other three should not have been for nothing.",
			Sends:    "The last quarter of an upload, the second cut in its middle, the first and the third; GET on the status resource; then what is missing.",
			Failure:  "The part counts as a whole from its first byte on, or its end as the end of the upload.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(parallelCut)},
		{Case: catalog.Case{
			ID: "upload-resource.parallel.last-first", Level: catalog.May, Source: source, Needs: []catalog.Need{catalog.NeedCount},
			Requires: "Where parallel is true, the part that holds the last byte completes nothing while others are missing.",
			Why:      "An upload is whole when all of it is there, not when its end is.",
			Sends:    "The last part of an upload alone; a read of the number of effects; then the rest.",
			Failure:  "The last position is compared with the length, and the number of bytes is not counted.",
		}, Run: with(parallelLastFirst)},
		{Case: catalog.Case{
			ID: "upload-resource.parallel.restart", Level: catalog.May, Source: source, Needs: []catalog.Need{catalog.NeedRestart},
			Requires: "Where parallel is true, a hole is still a hole after the server was restarted: nothing is told as received that was not sent.",
			Why:      "A file with a hole is as long as one without; the list of parts is all that tells them apart.",
			Sends:    "The last and the first quarter of an upload; a restart of the server; GET on the status resource; then what is missing.",
			Failure:  "What was received is worked out from the length of the file.",
		}.CutAt("mid-upload", matrix.FinOnly), Run: with(parallelRestart)},
	}
}

// parallel gives an upload that has begun and says that parts may come in parallel.
func (f *flow) parallel() *matrix.Operation {
	op := f.Op(matrix.Usual)
	r := f.Prepare(f.d, op)
	doc, err := parseDocument(r.Body)
	if err != nil || !doc.parallel {
		doc = f.told(op)
	}
	if !doc.parallel {
		f.Unsupported("parallel is not true: parts come in order")
	}
	return op
}

func parallelOrder(f *flow) {
	op := f.parallel()
	effects := f.Effects(f.W, op.Tag)
	const quarter = matrix.Usual / 4
	have := int64(0)
	for _, i := range []int64{3, 1, 2} {
		f.Partly(op, i*quarter, (i+1)*quarter)
		have += quarter
		doc := f.told(op)
		if doc.prefix() != 0 || doc.total() != have {
			f.Harmful(matrix.Itoa(have)+" bytes in received, and none at byte 0", "%d bytes, %d of them from byte 0 on", doc.total(), doc.prefix())
		}
	}
	f.filled(op)
	effects.Once("of an upload in parts out of order")
}

func parallelTogether(f *flow) {
	op := f.parallel()
	effects := f.Effects(f.W, op.Tag)
	const parts, size = 8, matrix.Usual / 8
	var all sync.WaitGroup
	answers := make([]*exchange.Response, parts)
	for i := range int64(parts) {
		piece, err := f.d.Resume(op, i*size, (i+1)*size)
		if err != nil {
			f.Unsupported("%v", err)
		}
		all.Go(func() {
			if r, err := f.Try(piece.Request); err == nil {
				answers[i] = r
			}
		})
	}
	all.Wait()
	op.Sent = matrix.Usual
	for i, r := range answers {
		if r == nil || !goesOn(r) {
			f.Broken("each of eight parts at the same time to be taken", "part %d got %s", i, statusText(r))
		}
	}
	f.finished(op)
	effects.Once("of an upload in parts at the same time")
}

func statusText(r *exchange.Response) string {
	if r == nil {
		return "no answer"
	}
	return matrix.Itoa(r.Status)
}

func parallelCut(f *flow) {
	op := f.parallel()
	effects := f.Effects(f.W, op.Tag)
	const quarter = matrix.Usual / 4
	f.Partly(op, 3*quarter, 4*quarter)
	piece, err := f.d.Resume(op, quarter, 2*quarter)
	if err != nil {
		f.Unsupported("%v", err)
	}
	f.InterruptPiece(f.d, op, piece, f.At(matrix.RequestBody, quarter/2))
	f.Partly(op, 0, quarter) // a connection that only stalls is open all the while
	f.Partly(op, 2*quarter, 3*quarter)
	doc := f.told(op)
	if from, to := doc.hole(op.Len()); from < quarter || from > quarter+quarter/2 || to != 2*quarter {
		f.Harmful("a hole that begins from byte "+matrix.Itoa(quarter)+" to byte "+matrix.Itoa(quarter+quarter/2)+" and ends at byte "+matrix.Itoa(2*quarter),
			"one from %d to %d", from, to)
	}
	effects.None("of an upload with a hole")
	f.filled(op)
	effects.Once("of an upload whose hole was filled")
}

func parallelLastFirst(f *flow) {
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	op := f.parallel()
	effects := f.Effects(f.W, op.Tag)
	f.Partly(op, matrix.Usual/2, matrix.Usual)
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload whose last part came first", Look: func() { f.NotReady(op, "the last part alone") }})
	f.filled(op)
	effects.Once("of the upload")
}

func parallelRestart(f *flow) {
	op := f.parallel()
	effects := f.Effects(f.W, op.Tag)
	const quarter = matrix.Usual / 4
	f.Partly(op, 3*quarter, 4*quarter)
	f.Partly(op, 0, quarter)
	f.Round()
	f.Restart()
	f.Round()
	r := f.asked(op)
	if gone(r) {
		f.Unsupported("the upload is gone after the restart (%d)", r.Status)
	}
	doc := f.told(op)
	if doc.prefix() > quarter || doc.total() > 2*quarter {
		f.Harmful("at most the two quarters that were sent in received", "%d bytes, %d of them from byte 0 on", doc.total(), doc.prefix())
	}
	effects.None("of an upload with a hole")
	f.filled(op)
	effects.Once("of an upload whose hole was filled after a restart")
}
