package resume

import (
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// resumeChecks: an interrupted upload is brought to its end.
func resumeChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.upload.patch-completes", Level: catalog.Must, Source: catalog.Loose(workflow, "whether the PATCH itself is answered with the final response is not said: there or at the response message"),
			Requires: "PATCH with the missing bytes completes the upload; the final response is the one that the original request would have had.",
			Why:      "The client wants the answer to its request, not only the bytes in place.",
			Sends:    "An upload cut in the middle; HEAD; PATCH with Content-Range: bytes N-(L-1)/L; an undisturbed twin before and after.",
			Failure:  "The PATCH stores bytes without finishing the request, or the final response differs from an undisturbed one.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadResumed)},
		{Case: catalog.Case{
			ID: "resume.upload.content-intact", Level: catalog.Must, Source: workflow,
			Requires: "What is stored after a resumed upload equals the body, byte for byte.",
			Why:      "It is the point of it all.",
			Sends:    "An upload cut in the middle and resumed; then a read of the stored bytes.",
			Failure:  "Bytes are lost, doubled or out of place where the two parts meet.",
			Needs:    []catalog.Need{catalog.NeedReadback},
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadIntact)},
		{Case: catalog.Case{
			ID: "resume.upload.many-pieces", Level: catalog.Must, Source: workflow,
			Requires: "An interrupted upload can be completed in 2, 3 and 17 pieces.",
			Why:      "A client on a bad line sends small pieces.",
			Sends:    "An upload cut after its first byte; then PATCHes that each carry a part.",
			Failure:  "The first PATCH is taken for the last, or pieces are put in the wrong place.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadManyPieces)},
		{Case: catalog.Case{
			ID: "resume.upload.interrupted-again", Level: catalog.Must, Source: catalog.Loose(workflow, `the later text says that the step "may re-tried until the client has fully uploaded the data"`),
			Requires: "A PATCH that is itself interrupted can be resumed, over and over, until the upload is done.",
			Why:      "What broke the first connection breaks the second as well.",
			Sends:    "An upload cut, and each of the PATCHes that should complete it cut again; the last one runs through.",
			Failure:  "A half-written PATCH is kept as whole, thrown away with what was there before, or leaves a lock.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadAgain)},
		{Case: catalog.Case{
			ID: "resume.upload.unknown-length", Level: catalog.Must, Source: catalog.Loose(workflow, "chunked bodies are not mentioned: a server may refuse them with 411, and then the case does not apply"),
			Requires: "A chunked upload, whose length is not known beforehand, can be resumed, and is ended by a PATCH that names the complete length.",
			Why:      "A recording or a stream is uploaded before its length is known.",
			Sends:    "A chunked upload cut in the middle; HEAD; a PATCH with an open length (bytes N-M/*) and one that ends it (bytes N-(L-1)/L).",
			Failure:  "The truncated body is taken for the whole, or cannot be ended.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadUnknownLength)},
		{Case: catalog.Case{
			ID: "resume.upload.ignore-incomplete", Level: catalog.Should, Source: preference,
			Requires: "With resume=ignore-incomplete nothing is kept of an interrupted upload: its resource is 404 or 410, or was never offered; issued again, the request takes effect once.",
			Why:      "The client said that it will start again; kept bytes are only a burden, and a half-done operation a danger.",
			Sends:    "An upload with Prefer: resume=ignore-incomplete, cut in the middle; HEAD until it is gone; the same request again.",
			Failure:  "The value of the preference is not looked at.",
		}.CutAt("mid-upload", matrix.Closing), Run: with(uploadIgnored)},
		{Case: catalog.Case{
			ID: "resume.upload.stalled-connection", Level: catalog.Must, Source: catalog.Loose(workflow, catalog.Silent),
			Requires: "While the old connection hangs, open and silent, HEAD is answered and the offset that it gives is accepted by the next PATCH.",
			Why:      "A phone that changes networks leaves just such a connection behind; the server will not hear of it for minutes.",
			Sends:    "An upload whose connection the client loses while the server still sees it open; then HEAD and PATCH over another.",
			Failure:  "The old request holds a lock until its connection times out, or its late bytes are written.",
		}.CutAt("mid-upload", []string{"fin", "stall"}), Run: shared(matrix.UploadStalled)},
		{Case: catalog.Case{
			ID: "resume.upload.concurrent", Level: catalog.Must, Source: catalog.Loose(workflow, catalog.Silent),
			Requires: "Of two PATCHes at the same offset at once at most one is applied at a time: the stored bytes are those of one of them, and the effect happens once.",
			Why:      "A client that gives up on a slow PATCH and repeats it sends the same bytes twice.",
			Sends:    "An upload cut in the middle; two PATCHes with different bytes at its offset, at the same time; each again.",
			Failure:  "Two requests write to the same place without taking turns.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadConcurrent)},
		{Case: catalog.Case{
			ID: "resume.upload.isolated", Level: catalog.Must, Source: catalog.Loose(workflow, catalog.Silent),
			Requires: "Two interrupted uploads to the same target never mix.",
			Why:      "Users upload side by side.",
			Sends:    "Two uploads with different bytes, both cut, then resumed in turns.",
			Failure:  "The state of an upload is found by its target or its user instead of by its own location.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadIsolated)},
	}
}

func uploadIgnored(f *flow) {
	f.use(asking(f.Set, "resume=ignore-incomplete"))
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.d, op, f.At(matrix.RequestBody, matrix.Usual/2))
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that was cut"})
	if _, err := handle(op, requestContent); err != nil {
		f.Note("no %s was offered", requestContent)
	} else {
		f.gone(op)
	}
	effects.None("of an upload that was cut")
	again := f.Shaped(f.Set.Upload, op.Tag, matrix.Usual)
	o := f.Upload(f.d, again)
	f.Success(o, "the request issued again")
	f.Intact(f.W, again, o)
	effects.Once("after the request was issued again")
}

// gone waits until the request content is gone; the server may still be draining the old connection.
func (f *flow) gone(op *matrix.Operation) {
	limit := f.Patient()
	for began := time.Now(); ; f.Wait(polite) {
		r := f.send("HEAD", op, requestContent)
		if r.Status == 404 || r.Status == 410 {
			return
		}
		if time.Since(began) > limit {
			f.Broken("404 or 410 for the request content once the connection is gone", "still %d after %s", r.Status, limit)
		}
	}
}
