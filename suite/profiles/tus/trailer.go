package tus

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// trailerChecks: the checksum comes after the bytes. Only where checksum-trailer is announced.
func trailerChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.trailer.match", Level: must, Source: checksum,
			Requires: "A PATCH in chunks whose trailer has the right checksum is taken.",
			Why:      "A client that streams knows the checksum only at the end.",
			Sends:    "An upload in two PATCHes in chunks, each with Trailer: Upload-Checksum and the checksum behind its last chunk.",
			Failure:  "Trailers are dropped by the framework, and the announcement is not.",
		}, Run: trailing(trailerMatch)},
		{Case: catalog.Case{
			ID: "tus.trailer.mismatch", Level: must, Source: checksum,
			Requires: "A PATCH in chunks whose trailer has a checksum that does not match is refused, with 460 at best; what it brought is discarded and the offset stays.",
			Why:      "The announcement says that the trailer is verified.",
			Sends:    "Half an upload; a PATCH in chunks with the checksum of other bytes in its trailer; HEAD; the right PATCH.",
			Failure:  "The trailer is read and not compared, or after the offset was moved.",
		}, Run: trailing(trailerMismatch)},
		{Case: catalog.Case{
			ID: "tus.trailer.cut", Level: must, Source: checksum,
			Requires: "A PATCH that is cut before its trailer resumes: its bytes are kept or discarded, the offset says which, and the effect happens once.",
			Why:      "All bytes are in and nothing is verified: the client has to learn what became of them.",
			Sends:    "Half an upload; a PATCH in chunks of the rest, cut in the middle and behind its last byte, before the last chunk; HEAD; the rest; reads of the stored bytes and of the number of effects.",
			Failure:  "The offset counts bytes that were thrown away, or what was not verified completes the upload and is then undone.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: trailing(trailerCut)},
	}
}

// trailing is with for cases of trailers.
func trailing(run func(*flow)) func(*matrix.Session) {
	return with(func(f *flow) {
		f.announces(extTrailer)
		run(f)
	})
}

// trailed gives a PATCH in chunks with a checksum in its trailer.
func trailed(op *matrix.Operation, from, to int64, checksum exchange.Field) exchange.Request {
	req := patchAt(op, matrix.Itoa(from), op.Body[from:to], field("Trailer", "Upload-Checksum"))
	req.Chunked, req.ChunkSize, req.Trailers = true, 1000, exchange.Fields{checksum}
	return req
}

func trailerMatch(f *flow) {
	op := f.created(matrix.Usual)
	for at := int64(0); at < op.Len(); {
		to := min(at+5000, op.Len())
		op.Sent = to
		what := "a PATCH with its checksum in the trailer"
		at = f.taken(op, f.Do(what, trailed(op, at, to, summed(op.Body[at:to]))), at, to, what)
	}
	f.over(op)
	f.intact(op)
}

func trailerMismatch(f *flow) {
	op := f.half()
	const half = matrix.Usual / 2
	op.Sent = op.Len()
	what := "a PATCH whose trailer does not match"
	r := f.Do(what, trailed(op, half, op.Len(), summed(op.Body[:half])))
	f.unverified(op, half, r, 460, what)
	what = "the right PATCH"
	f.rest(op, f.taken(op, f.Do(what, trailed(op, half, op.Len(), summed(op.Body[half:]))), half, op.Len(), what))
}

func trailerCut(f *flow) {
	const half = matrix.Usual / 2
	for _, n := range []int64{half / 2, half} {
		f.Round()
		op := f.half()
		effects := f.Effects(f.W, op.Tag)
		piece := matrix.Piece{Request: trailed(op, half, op.Len(), summed(op.Body[half:])), From: half, To: op.Len()}
		f.InterruptPiece(f.d, op, piece, f.At(matrix.RequestBody, n))
		f.Settled(f.d, op)
		f.EnsureWhole(f.d, op)
		f.over(op)
		f.intact(op)
		effects.Once("of the upload")
	}
}
