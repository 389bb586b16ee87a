package tus

import (
	"sync"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// concatCutChecks: parallel uploads are interrupted.
func concatCutChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.concat.parallel", Level: must, Source: concatenation,
			Requires: "Partial uploads that are written at the same time do not mix, and make the whole.",
			Why:      "It is what the extension is for.",
			Sends:    "Four partial uploads of 20,000 bytes, or of as many as may be joined, each with its bytes in one PATCH, all at once; POST with their URLs; HEAD; a read of the stored bytes.",
			Failure:  "Parts share a buffer, a file or a lock.",
		}, Run: joining(concatParallel)},
		{Case: catalog.Case{
			ID: "tus.concat.cut", Level: must, Source: concatenation,
			Requires: "Partial uploads that were interrupted resume as any other, and the final upload has all of their bytes.",
			Why:      "Of many connections one breaks sooner.",
			Sends:    "Two partial uploads, each cut in the middle; HEAD and PATCH on each; POST with their URLs; HEAD; a read of the stored bytes and of the number of effects.",
			Failure:  "The length of a part is taken for what has come of it.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: joining(concatCut)},
		{Case: catalog.Case{
			ID: "tus.concat.lost", Level: must, Source: catalog.Loose(concatenation, "what becomes of the partial uploads, and so of the same POST again, is left to the server"),
			Requires: "When the answer to the POST that joins is lost, the same POST again joins the same bytes, or is refused with a 4xx because the partial uploads are gone.",
			Why:      "The client knows no URL of the first, and can only ask again.",
			Sends:    "Two partial uploads, whole; POST with their URLs, whose answer is cut off; the same POST again; HEAD; a read of the stored bytes.",
			Failure:  "The parts were moved, and the second upload is made of what is left.",
		}.CutAt("pre-response", matrix.EveryFault), Run: joining(concatLost)},
	}
}

func concatParallel(f *flow) {
	var parts []*matrix.Operation
	for i := range 4 {
		parts = append(parts, f.part(i, f.AtMost(80000)/4, 0))
	}
	var all sync.WaitGroup
	for _, p := range parts {
		all.Go(func() {
			_, _ = f.Try(patchAt(p, "0", p.Body)) // what became of it, HEAD tells
		})
	}
	all.Wait()
	for _, p := range parts {
		p.Sent = p.Len()
		for at := f.Offset(f.d, p); at < p.Len(); {
			at = f.write(p, at, p.Len(), "a PATCH on a partial upload")
		}
	}
	op := f.joined(parts...)
	f.finished(op)
	f.intact(op)
}

func concatCut(f *flow) {
	parts := []*matrix.Operation{f.part(0, matrix.Usual, 0), f.part(1, 5000, 0)}
	for _, p := range parts {
		f.InterruptPiece(f.d, p, f.Tail(p, 0), f.At(matrix.RequestBody, p.Len()/2))
	}
	for _, p := range parts {
		f.Round() // each may have to wait for a lock
		f.Success(f.Recover(f.d, p), "a partial upload that was resumed")
	}
	op := f.sum(parts...)
	effects := f.Effects(f.W, op.Tag)
	f.made(op, "POST with the URLs of partial uploads", f.d.create(op, f.final(parts...)))
	f.finished(op)
	f.intact(op)
	effects.Once("of the final upload")
}

func concatLost(f *flow) {
	parts := f.parts(1000, 2000)
	op := f.sum(parts...)
	req := f.d.create(op, f.final(parts...))
	f.Landed(f.Cut(req, f.At(matrix.ResponseHead, 0)))
	r := f.Do("the same POST again", req)
	if r.Status/100 == 4 {
		f.Note("the same POST again is refused with %d", r.Status)
		return
	}
	if r.Status != 201 {
		f.Broken("201 or a 4xx for the same POST again", "%d", r.Status)
	}
	f.d.Learn(op, r)
	f.finished(op)
	f.intact(op)
}
