package resume

import (
	"bytes"
	"net/url"
	"sync"
	"time"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// resumeChecks: an interrupted upload is brought to its end.
func resumeChecks() []matrix.Check {
	return []matrix.Check{
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.patch-completes", Level: catalog.Must, Source: loose(workflow, "whether the PATCH itself is answered with the final response is not said: there or at the response message"),
			Requires: "PATCH with the missing bytes completes the upload; the final response is the one that the original request would have had.",
			Why:      "The client wants the answer to its request, not only the bytes in place.",
			Sends:    "An upload cut in the middle; HEAD; PATCH with Content-Range: bytes N-(L-1)/L; an undisturbed twin before and after.",
			Failure:  "The PATCH stores bytes without finishing the request, or the final response differs from an undisturbed one.",
		}, everyFault), Run: with(uploadPatchCompletes)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.content-intact", Level: catalog.Must, Source: workflow,
			Requires: "What is stored after a resumed upload equals the body, byte for byte.",
			Why:      "It is the point of it all.",
			Sends:    "An upload cut in the middle and resumed; then a read of the stored bytes.",
			Failure:  "Bytes are lost, doubled or out of place where the two parts meet.",
			Needs:    []catalog.Need{catalog.NeedReadback},
		}, everyFault), Run: with(uploadIntact)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.many-pieces", Level: catalog.Must, Source: workflow,
			Requires: "An interrupted upload can be completed in 2, 3 and 17 pieces.",
			Why:      "A client on a bad line sends small pieces.",
			Sends:    "An upload cut after its first byte; then PATCHes that each carry a part.",
			Failure:  "The first PATCH is taken for the last, or pieces are put in the wrong place.",
		}, everyFault), Run: with(uploadManyPieces)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.interrupted-again", Level: catalog.Must, Source: loose(workflow, `the later text says that the step "may re-tried until the client has fully uploaded the data"`),
			Requires: "A PATCH that is itself interrupted can be resumed, over and over, until the upload is done.",
			Why:      "What broke the first connection breaks the second as well.",
			Sends:    "An upload cut, and each of the PATCHes that should complete it cut again; the last one runs through.",
			Failure:  "A half-written PATCH is kept as whole, thrown away with what was there before, or leaves a lock.",
		}, everyFault), Run: with(uploadAgain)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.unknown-length", Level: catalog.Must, Source: loose(workflow, "chunked bodies are not mentioned: a server may refuse them with 411, and then the case does not apply"),
			Requires: "A chunked upload, whose length is not known beforehand, can be resumed, and is ended by a PATCH that names the complete length.",
			Why:      "A recording or a stream is uploaded before its length is known.",
			Sends:    "A chunked upload cut in the middle; HEAD; a PATCH with an open length (bytes N-M/*) and one that ends it (bytes N-(L-1)/L).",
			Failure:  "The truncated body is taken for the whole, or cannot be ended.",
		}, everyFault), Run: with(uploadUnknownLength)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.ignore-incomplete", Level: catalog.Should, Source: preference,
			Requires: "With resume=ignore-incomplete nothing is kept of an interrupted upload: its resource is 404 or 410, or was never offered; issued again, the request takes effect once.",
			Why:      "The client said that it will start again; kept bytes are only a burden, and a half-done operation a danger.",
			Sends:    "An upload with Prefer: resume=ignore-incomplete, cut in the middle; HEAD until it is gone; the same request again.",
			Failure:  "The value of the preference is not looked at.",
		}, closing), Run: with(uploadIgnored)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.stalled-connection", Level: catalog.Must, Source: loose(workflow, loosePage),
			Requires: "While the old connection hangs, open and silent, HEAD is answered and the offset that it gives is accepted by the next PATCH.",
			Why:      "A phone that changes networks leaves just such a connection behind; the server will not hear of it for minutes.",
			Sends:    "An upload whose connection the client loses while the server still sees it open; then HEAD and PATCH over another.",
			Failure:  "The old request holds a lock until its connection times out, or its late bytes are written.",
		}, []string{"fin", "stall"}), Run: with(uploadStalled)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.concurrent", Level: catalog.Must, Source: loose(workflow, loosePage),
			Requires: "Of two PATCHes at the same offset at once at most one is applied at a time: the stored bytes are those of one of them, and the effect happens once.",
			Why:      "A client that gives up on a slow PATCH and repeats it sends the same bytes twice.",
			Sends:    "An upload cut in the middle; two PATCHes with different bytes at its offset, at the same time; each again.",
			Failure:  "Two requests write to the same place without taking turns.",
		}, everyFault), Run: with(uploadConcurrent)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.isolated", Level: catalog.Must, Source: loose(workflow, loosePage),
			Requires: "Two interrupted uploads to the same target never mix.",
			Why:      "Users upload side by side.",
			Sends:    "Two uploads with different bytes, both cut, then resumed in turns.",
			Failure:  "The state of an upload is found by its target or its user instead of by its own location.",
		}, everyFault), Run: with(uploadIsolated)},
	}
}

func uploadPatchCompletes(f *flow) {
	twins := f.Twins(f.d, func(tag string) *matrix.Operation { return f.opAs(tag, usual) })
	f.success(twins.First(), "the undisturbed upload")
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	f.Interrupt(f.d, op, f.cut(matrix.RequestBody, usual/2))
	f.offered(op, requestContent)
	outcome := twins.Same(op, f.Recover(f.d, op))
	f.Intact(f.w, op, outcome)
	effects.Once("of an upload that was resumed")
}

func uploadIntact(f *flow) {
	op := f.interrupted(usual, usual/2)
	o := f.Recover(f.d, op)
	f.success(o, "the resumed upload")
	if !f.Intact(f.w, op, f.placed(op, o)) {
		f.Unsupported("%s", f.Notes[len(f.Notes)-1])
	}
}

func uploadManyPieces(f *flow) {
	for _, pieces := range []int64{2, 3, 17} {
		f.Round()
		op := f.opAs(matrix.NewTag(), usual)
		effects := f.Effects(f.w, op.Tag)
		f.Interrupt(f.d, op, f.cut(matrix.RequestBody, 1))
		f.offered(op, requestContent)
		start := f.Offset(f.d, op)
		at := start
		for i := int64(1); i < pieces; i++ {
			next := start + (usual-start)*i/pieces
			f.partly(op, at, next)
			at = next
		}
		o := f.Finish(f.d, op, at)
		f.success(o, "the last of "+itoa(int(pieces))+" pieces")
		f.whole(op, o)
		effects.Once("of an upload in " + itoa(int(pieces)) + " pieces")
	}
}

func uploadAgain(f *flow) {
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	f.Interrupt(f.d, op, f.cut(matrix.RequestBody, 100))
	f.offered(op, requestContent)
	for range 6 {
		f.Round()
		at := f.Offset(f.d, op)
		if at >= usual-1000 {
			break
		}
		f.InterruptPiece(f.d, op, f.tail(op, at), f.cut(matrix.RequestBody, 1000))
	}
	f.Round()
	f.completed(op)
	effects.Once("of an upload that was interrupted again and again")
}

func uploadUnknownLength(f *flow) {
	op := f.op(usual)
	op.Chunked = true
	effects := f.Effects(f.w, op.Tag)
	t := f.Attempt(f.d, op, f.cut(matrix.RequestBody, usual/2))
	if !t.Evidence.Fired && t.Evidence.FinalStatus == 411 {
		f.Unsupported("chunked uploads are refused with 411 (Length Required)")
	}
	f.Landed(t)
	f.offered(op, requestContent)
	at := f.Offset(f.d, op)
	middle := at + (usual-at)/2
	f.partly(op, at, middle)
	f.notReady(op, itoa(int(middle))+" bytes of a length not yet known")
	o := f.Finish(f.d, op, f.Offset(f.d, op))
	f.success(o, "the PATCH that names the complete length")
	f.whole(op, o)
	effects.Once("of a chunked upload that was resumed")
}

func uploadIgnored(f *flow) {
	f.d = asking(f.cfg, "resume=ignore-incomplete")
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	f.Interrupt(f.d, op, f.cut(matrix.RequestBody, usual/2))
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that was cut"})
	if _, err := handle(op, requestContent); err != nil {
		f.Note("no %s was offered", requestContent)
	} else {
		f.gone(op)
	}
	effects.None("of an upload that was cut")
	again := f.shaped(f.cfg.Upload, op.Tag, usual)
	o := f.Upload(f.d, again)
	f.success(o, "the request issued again")
	f.Intact(f.w, again, o)
	effects.Once("after the request was issued again")
}

// gone waits until the request content is gone; the server may still be draining the old connection.
func (f *flow) gone(op *matrix.Operation) {
	limit := f.patient()
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

func uploadStalled(f *flow) {
	cut := f.cut(matrix.RequestBody, usual/2)
	if f.Variant.Fault == "fin" {
		cut.Side = matrix.ClientSide // the client is told, the server is not
	}
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	f.Interrupt(f.d, op, cut)
	f.offered(op, requestContent)
	o := f.RecoverAtOnce(f.d, op)
	f.success(o, "the resumed upload")
	f.whole(op, o)
	effects.Once("while the old connection hangs")
	f.Release()
	for range 4 {
		effects.Once("after the old connection has ended")
		f.whole(op, o)
		f.Wait(polite / 4)
	}
}

func uploadConcurrent(f *flow) {
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	f.Interrupt(f.d, op, f.cut(matrix.RequestBody, usual/2))
	f.offered(op, requestContent)
	at := f.Offset(f.d, op)
	rival := *op
	rival.Body = append(append([]byte{}, op.Body[:at]...), matrix.Bytes(int(usual-at), 99)...)
	mine, other := f.tail(op, at), f.tail(&rival, at)
	answers := f.both(mine, other)

	op.Sent, rival.Sent = usual, usual
	o := f.afterRivals(op, answers)
	effects.Once("of two PATCHes at once")
	for _, again := range []matrix.Piece{mine, other} { // whatever the answer is, the operation is over
		f.both(again)
	}
	effects.Once("of two PATCHes at once, and of each sent again")
	stored, err := f.Stored(f.w, op, o)
	if err != nil {
		f.Note("%v", err)
		return
	}
	if f.anyTaken(answers) && matrix.FirstDifference(stored, rival.Body) < 0 {
		return
	}
	if !f.anyTaken(answers) && switched(stored, rival.Body, op.Body) {
		f.Note("both PATCHes were turned away; what one had brought was kept, as of any that is cut off")
		return
	}
	f.SameBytes("stored bytes", stored, op.Body)
}

// switched says whether got begins like a and goes on like b, and is as long as they are.
func switched(got, a, b []byte) bool {
	if len(got) != len(a) || len(got) != len(b) {
		return false
	}
	at := matrix.FirstDifference(got, a)
	return at < 0 || bytes.Equal(got[at:], b[at:])
}

// both sends two pieces at once. An answer is nil where none came.
func (f *flow) both(pieces ...matrix.Piece) []*exchange.Response {
	answers := make([]*exchange.Response, len(pieces))
	var all sync.WaitGroup
	for i, piece := range pieces {
		all.Go(func() {
			if r, err := f.Try(piece.Request); err == nil { // one of the two may be turned away without an answer
				answers[i] = r
			}
		})
	}
	all.Wait()
	return answers
}

// afterRivals gives the final response of an upload to which rivals have written. Where both were turned
// away the upload is completed as ever.
func (f *flow) afterRivals(op *matrix.Operation, answers []*exchange.Response) *matrix.Outcome {
	if _, err := f.d.Outcome(op); err == nil && f.anyTaken(answers) {
		return f.Replayed(f.d, op)
	}
	for _, r := range answers {
		if r != nil && r.Status/100 == 2 {
			return &matrix.Outcome{Response: r, Bases: []*url.URL{op.URL}, Via: "the last part"}
		}
	}
	return f.Recover(f.d, op)
}

func (f *flow) anyTaken(answers []*exchange.Response) bool {
	for _, r := range answers {
		if r != nil && r.Status/100 == 2 {
			return true
		}
	}
	return false
}

func uploadIsolated(f *flow) {
	first, second := f.op(usual), f.opAs(matrix.NewTag(), usual)
	second.Body = matrix.Bytes(usual, 7)
	f.Interrupt(f.d, first, f.cut(matrix.RequestBody, usual/2))
	f.offered(first, requestContent)
	f.Interrupt(f.d, second, f.cut(matrix.RequestBody, usual/4))
	f.offered(second, requestContent)
	f.That(first.Handle(requestContent).String(), Not(Equal(second.Handle(requestContent).String())),
		"the same location for both", "a location of its own for each upload")
	a := f.Offset(f.d, first)
	b := f.Offset(f.d, second)
	nextA, nextB := (a+usual)/2, (b+usual)/2
	f.partly(first, a, nextA)
	f.partly(second, b, nextB)
	f.completed(first)
	f.completed(second)
}
