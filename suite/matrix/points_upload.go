package matrix

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
)

// polite is the pause between two questions to a server that may still be at work.
const polite = 50 * time.Millisecond

// tries is how many uploads a case interrupts that can say nothing of one of which nothing is kept: a server that ends an
// upload's request when it is asked for the offset may lose what it had not read by then.
const tries = 3

// UploadLawful asks that the offset is there and never more than was sent. It looks several times: a server that has not
// begun with what was cut tells of nothing yet.
func UploadLawful(f *Flow) {
	for range tries {
		f.Round()
		if f.lawfulOffset(f.Interrupted(Usual, Usual/2)) > 0 {
			return
		}
	}
}

// lawfulOffset looks at the offset until all that was sent is kept, or several times.
func (f *Flow) lawfulOffset(op *Operation) (kept int64) {
	for range looks {
		if kept = f.Offset(f.D, op); kept == op.Sent || !f.Wait(glance) {
			break
		}
	}
	return kept
}

// UploadAccepted asks that the offset that was given is accepted by the next write.
func UploadAccepted(f *Flow) {
	op := f.Interrupted(Usual, Usual/2)
	f.Success(f.RecoverAtOnce(f.D, op), "the write at the offset given")
}

// UploadKept asks that something of what arrived before an orderly end is kept.
func UploadKept(f *Flow) {
	length := f.AtMost(128 << 10)
	at := int64(length / 4 * 3)
	for range tries {
		f.Round()
		op := f.Interrupted(length, at)
		if kept := f.someKept(op); kept > 0 {
			f.Figure("kept", float64(kept), "bytes")
			f.Note("kept %d of %d bytes", kept, at)
			f.Completed(op)
			return
		}
	}
	f.Figure("kept", 0, "bytes")
	f.Broken(fmt.Sprintf("some of the %d bytes that arrived to be kept", at), "kept 0 of %d bytes, %d times", at, tries)
}

// someKept asks for the offset until it is not 0, or patience ends.
func (f *Flow) someKept(op *Operation) int64 {
	kept := f.Offset(f.D, op)
	for began := time.Now(); kept == 0 && time.Since(began) < f.Patient(); f.Wait(polite) {
		kept = f.Offset(f.D, op) // the server may still be draining the old connection
	}
	return kept
}

// UploadOffsets cuts at the borders at which buffers end, and resumes each upload to its end.
func UploadOffsets(f *Flow) {
	const k16, k64 = 16 << 10, 64 << 10
	length := int64(f.AtMost(66 << 10))
	for _, at := range []int64{0, 1, k16 - 1, k16, k16 + 1, length / 2, k64 - 1, k64, k64 + 1, length - 1} {
		if at >= length {
			f.Note("limits.body lets no upload be cut at byte %d", at)
			continue
		}
		f.Round()
		op := f.OpAs(NewTag(), int(length))
		effects := f.Effects(f.W, op.Tag)
		f.Interrupt(f.D, op, f.At(RequestBody, at))
		f.Resumable(op)
		f.Completed(op)
		effects.Once("after an upload cut at byte " + Itoa(at))
	}
}

// UploadNotComplete asks that a truncated upload has no effect. Plain is a client that does not ask for
// resumption; nil where the protocol knows none.
func UploadNotComplete(f *Flow, plain Driver) {
	type truncated struct {
		what    string
		at      int64
		chunked bool
		d       Driver
	}
	cuts := []truncated{
		{"half of its body", Usual / 2, false, f.D},
		{"all but one byte", Usual - 1, false, f.D},
		{"all of its bytes but not the last chunk", Usual, true, f.D},
	}
	if _, ok := f.D.(Measured); ok {
		cuts = cuts[:2]
		f.Note("a body in chunks is not tried: the head of the request tells which bytes it carries")
	}
	if plain != nil {
		cuts = append(cuts,
			truncated{"half of its body, and did not ask for resumption,", Usual / 2, false, plain},
			truncated{"all of its bytes but not the last chunk, and did not ask for resumption,", Usual, true, plain})
	}
	seen := f.Set.Count != nil
	var uploads []Watched
	for _, c := range cuts {
		f.Round()
		op := f.OpAs(NewTag(), Usual)
		op.Chunked = c.chunked
		effects := f.Effects(f.W, op.Tag)
		t := f.Attempt(c.d, op, f.At(RequestBody, c.at))
		if c.chunked && refusesOpen(c.d, t) {
			f.Note("chunked uploads are refused with %d", t.Evidence.FinalStatus)
			continue
		}
		f.Landed(t)
		seen = f.NotReady(op, c.what) || seen
		when := "of an upload that was cut after " + c.what
		effects.None(when)
		f.Release()
		uploads = append(uploads, Watched{Effects: effects, When: when, Look: func() { f.NotReady(op, c.what) }})
	}
	f.Round()
	f.NoneYet(uploads...)
	if !seen {
		f.Unsupported("neither count nor a place to see the outcome again tells of the effect")
	}
}

// NotReady asks that no final response is shown yet, and says whether there is a place to look.
func (f *Flow) NotReady(op *Operation, after string) bool {
	req, err := f.D.Outcome(op)
	if err != nil {
		return false
	}
	r := f.Do("the question for the outcome", atOnce(req))
	switch final, state, err := f.D.ReadOutcome(op, r); state {
	case Ready:
		f.Broken("no final response to an upload of which "+after+" has arrived", "%d is shown", final.Status)
	case Broken:
		f.Broken("an answer that says not yet to an upload of which "+after+" has arrived", "%v", err)
	case Pending:
	}
	return true
}

// atOnce gives a question that waits for nothing (RFC 7240, 4.3).
func atOnce(req exchange.Request) exchange.Request {
	req.Fields = slices.DeleteFunc(slices.Clone(req.Fields), func(f exchange.Field) bool { return strings.EqualFold(f.Name, "Prefer") })
	return req
}

// UploadNeverDecreases cuts again and again and asks that the offset never goes down.
func UploadNeverDecreases(f *Flow) {
	op := f.Interrupted(Usual, Usual/4)
	at := f.Offset(f.D, op)
	for _, next := range []int64{Usual / 2, Usual / 4 * 3, Usual - 1} {
		f.Round()
		if at < next {
			f.InterruptPiece(f.D, op, f.Tail(op, at), f.At(RequestBody, next-at))
		}
		for range 3 {
			at = f.Offset(f.D, op) // breaks the case where it goes down
		}
	}
	f.Completed(op)
}

// UploadResumed asks that a resumed upload has the outcome that an undisturbed one has.
func UploadResumed(f *Flow) {
	twins := f.Twins(f.D, func(tag string) *Operation { return f.OpAs(tag, Usual) })
	f.Success(twins.First(), "the undisturbed upload")
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.D, op, f.At(RequestBody, Usual/2))
	f.Resumable(op)
	outcome := twins.Same(op, f.Recover(f.D, op))
	f.Intact(f.W, op, outcome)
	effects.Once("of an upload that was resumed")
}

// UploadIntact asks that what is stored of a resumed upload is its body.
func UploadIntact(f *Flow) {
	op := f.Interrupted(Usual, Usual/2)
	o := f.Recover(f.D, op)
	f.Success(o, "the resumed upload")
	if !f.Intact(f.W, op, f.Placed(f.W, f.D, op, o)) {
		f.Unsupported("%s", f.Notes[len(f.Notes)-1])
	}
}

// UploadManyPieces completes an interrupted upload in 2, 3 and 17 pieces.
func UploadManyPieces(f *Flow) {
	for _, pieces := range []int64{2, 3, 17} {
		f.Round()
		op := f.OpAs(NewTag(), Usual)
		effects := f.Effects(f.W, op.Tag)
		f.Interrupt(f.D, op, f.At(RequestBody, 1))
		f.Resumable(op)
		start := f.Offset(f.D, op)
		at := start
		for i := int64(1); i < pieces; i++ {
			next := start + (Usual-start)*i/pieces
			f.Partly(op, at, next)
			at = next
		}
		o := f.Finish(f.D, op, at)
		f.Success(o, "the last of "+Itoa(pieces)+" pieces")
		f.Whole(op, o)
		effects.Once("of an upload in " + Itoa(pieces) + " pieces")
	}
}

// UploadAgain interrupts each of the writes that should complete an upload.
func UploadAgain(f *Flow) {
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.D, op, f.At(RequestBody, 100))
	f.Resumable(op)
	for range 6 {
		f.Round()
		at := f.Offset(f.D, op)
		if at >= Usual-1000 {
			break
		}
		f.InterruptPiece(f.D, op, f.Tail(op, at), f.At(RequestBody, 1000))
	}
	f.Round()
	f.Completed(op)
	effects.Once("of an upload that was interrupted again and again")
}

// UploadUnknownLength resumes an upload whose length was not known beforehand.
func UploadUnknownLength(f *Flow) {
	op := f.Op(Usual)
	op.Chunked = true
	effects := f.Effects(f.W, op.Tag)
	t := f.Attempt(f.D, op, f.At(RequestBody, Usual/2))
	if refusesOpen(f.D, t) {
		f.Unsupported("chunked uploads are refused with %d", t.Evidence.FinalStatus)
	}
	f.Landed(t)
	f.Resumable(op)
	at := f.Offset(f.D, op)
	middle := at + (Usual-at)/2
	f.Partly(op, at, middle)
	f.NotReady(op, Itoa(middle)+" bytes of a length not yet known")
	o := f.Finish(f.D, op, f.Offset(f.D, op))
	f.Success(o, "the write that names the complete length")
	f.Whole(op, o)
	effects.Once("of a chunked upload that was resumed")
}

// UploadStalled resumes while the old connection hangs, and looks again once it has ended.
func UploadStalled(f *Flow) {
	cut := f.At(RequestBody, Usual/2)
	if f.Variant.Fault == "fin" {
		cut.Side = ClientSide // the client is told, the server is not
	}
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.D, op, cut)
	f.Resumable(op)
	o := f.RecoverAtOnce(f.D, op)
	f.Success(o, "the resumed upload")
	f.Whole(op, o)
	effects.Once("while the old connection hangs")
	f.Release()
	for range 4 {
		effects.Once("after the old connection has ended")
		f.Whole(op, o)
		f.Wait(polite / 4)
	}
}
