package matrix

import (
	"fmt"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
)

// Lost sends a whole upload and cuts the connection before the response.
func (f *Flow) Lost(op *Operation, cut Cut) {
	f.Interrupt(f.D, op, cut)
	if cut.Place == RequestEnd {
		f.EnsureWhole(f.D, op)
	}
}

// LostReplayable is Lost for a case that needs to see the outcome again.
func (f *Flow) LostReplayable(op *Operation, cut Cut) {
	f.Interrupt(f.D, op, cut)
	f.Replayable(op)
	if cut.Place == RequestEnd {
		f.EnsureWhole(f.D, op)
	}
}

// Available waits for the lost response and compares it with the twins.
func (f *Flow) Available(op *Operation, twins *Twins) *Outcome {
	outcome := f.Replayed(f.D, op)
	twins.Same(op, outcome)
	if f.OnReplay != nil {
		f.OnReplay(op)
	}
	if len(outcome.Response.Body) == 0 && len(twins.First().Response.Body) > 0 {
		f.Note("what is shown of the response leaves out its body")
	}
	return outcome
}

// ResponseAvailable loses the response at several bytes, and asks for what an undisturbed twin gets.
func ResponseAvailable(f *Flow) {
	f.Decoy(f.Set.Upload)
	twins := f.TwinsOf(f.Set.Upload)
	f.Success(twins.First(), "the undisturbed upload")
	for _, cut := range []Cut{
		f.At(RequestEnd, 0),
		f.At(ResponseHead, 0),
		f.At(ResponseHead, int64(len("HTTP/1.1 2"))),
		f.AtFromEnd(ResponseHead, 1),
	} {
		f.Round()
		op := f.OpAs(NewTag(), Usual)
		effects := f.Effects(f.W, op.Tag)
		f.LostReplayable(op, cut)
		f.Decoy(f.Set.Upload)
		outcome := f.Available(op, twins)
		f.Intact(f.W, op, outcome)
		effects.Once("of an upload whose response was lost")
	}
}

// ResponseComplete asks for the full length of an upload whose response was lost, or that it is gone.
func ResponseComplete(f *Flow) {
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.D, op, f.At(ResponseHead, 0))
	f.Resumable(op)
	at, gone := f.told(op, fmt.Sprintf("the full length of %d bytes, or 404 or 410", Usual))
	if gone {
		effects.Once("of an upload that is gone")
		return
	}
	if at != Usual && f.takesWhole() {
		// The server has answered, so it had the whole body: what it says now is wrong.
		f.BrokenAt(at, "request body", fmt.Sprintf("the full length of %d bytes, or 404 or 410", Usual), "%d", at)
	}
	f.EnsureWhole(f.D, op)
	effects.Once("of an upload that arrived whole")
}

// takesWhole says whether the server takes an undisturbed upload in one write: one that says that it took less, and means
// it, may have taken less of one whose response was lost.
func (f *Flow) takesWhole() bool {
	if _, ok := f.D.(Telling); !ok {
		return true
	}
	op := f.OpAs(NewTag(), Usual)
	f.Prepare(f.D, op)
	return f.whole(op, f.Do("an undisturbed upload", f.D.Start(op)))
}

// told asks for the offset of an upload that may be gone.
func (f *Flow) told(op *Operation, expected string) (at int64, gone bool) {
	req, err := f.D.Offset(op)
	f.offered(err)
	r := f.unlocked(f.D, "the question for the offset", req)
	if absent(f.D, r) {
		f.Note("the upload is gone (%d)", r.Status)
		return 0, true
	}
	if at, err = f.D.ReadOffset(op, r); err != nil {
		f.Broken(expected, "%v", err)
	}
	return at, false
}

// ResponseOnce asks for one effect, however often the outcome is looked at.
func ResponseOnce(f *Flow) {
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Lost(op, f.At(ResponseHead, 0))
	_, replays := f.D.Outcome(op)
	for range 10 {
		if replays == nil {
			f.Replayed(f.D, op)
		} else {
			f.EnsureWhole(f.D, op)
		}
	}
	effects.Once("after ten looks at the outcome")
	f.Round()
	f.onceByKey()
}

// onceByKey repeats a whole request with the same Idempotency-Key, first undisturbed, to learn
// whether the target honours one, and then after a lost response.
func (f *Flow) onceByKey() {
	keyed := func(tag string) *Operation {
		op := f.OpAs(tag, Usual)
		op.Fields = op.Fields.With("Idempotency-Key", `"`+tag+`"`)
		return op
	}
	probe := keyed(NewTag())
	effects := f.Effects(f.W, probe.Tag)
	f.Upload(f.D, probe)
	f.Upload(f.D, keyed(probe.Tag))
	if n, _ := effects.Since(); n != 1 {
		f.Note("the target does not honour Idempotency-Key: issuing the request again is not tried")
		return
	}
	op := keyed(NewTag())
	effects = f.Effects(f.W, op.Tag)
	f.Lost(op, f.At(ResponseHead, 0))
	f.Upload(f.D, keyed(op.Tag))
	effects.Once("of a request issued again with the same Idempotency-Key")
}

// ResponseStable reads the outcome five times and asks for the same each time.
func ResponseStable(f *Flow) {
	op := f.Op(Usual)
	f.LostReplayable(op, f.At(ResponseHead, 0))
	first := f.Replayed(f.D, op).Response
	for range 4 {
		next := f.Replayed(f.D, op).Response
		f.sameAgain(next, first)
	}
}

// sameAgain asks that a response is the one that was shown before.
func (f *Flow) sameAgain(next, first *exchange.Response) {
	if next.Status != first.Status {
		f.Broken(fmt.Sprintf("the status %d again", first.Status), "%d", next.Status)
	}
	f.SameBytes("response shown again", next.Body, first.Body)
	if a, b := withoutDate(first), withoutDate(next); a != b {
		f.Broken("the same fields at each read: "+a, "%s", b)
	}
}

// withoutDate lists the fields but for Date, which a server may make at each read.
func withoutDate(r *exchange.Response) string {
	var b strings.Builder
	for _, field := range r.Fields {
		if !strings.EqualFold(field.Name, "Date") {
			fmt.Fprintf(&b, "%s: %s; ", field.Name, field.Value)
		}
	}
	return b.String()
}

// ResponseNotYet asks for the outcome before the upload is over.
func ResponseNotYet(f *Flow) {
	op := f.Op(Usual)
	f.Interrupt(f.D, op, f.At(RequestBody, Usual/2))
	f.Replayable(op)
	f.NotReady(op, "half the body")
	if f.Set.Slow == nil {
		f.Note("slow is not configured: only an unfinished upload was asked for its outcome")
		return
	}
	f.Round()
	op = f.Shaped(*f.Set.Slow, f.Tag, Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.D, op, f.At(RequestEnd, 0))
	req, err := f.D.Outcome(op)
	f.offered(err)
	r := f.Do("the question for the outcome", atOnce(req))
	final, state, _ := f.D.ReadOutcome(op, r)
	if state == Ready && final.Status/100 == 2 {
		effects.Once("by the time that a final response is shown")
	}
	f.EnsureWhole(f.D, op)
	later := f.Replayed(f.D, op).Response
	if _, apart := f.D.(Replayer); state == Ready && !apart {
		f.sameAgain(later, final) // one that was made up before is another
	}
	effects.Once("of a slow upload whose response was lost")
}

// ResponseError asks that the outcome of an upload that failed is shown as faithfully as a success.
func ResponseError(f *Flow) {
	f.Need(catalog.NeedFailing, len(f.Set.Failing) > 0)
	for _, template := range f.Set.Failing {
		f.Round()
		twins := f.TwinsOf(template)
		if status := twins.First().Response.Status; status < 400 && !f.reports() {
			f.Unsupported("the upload configured as failing is answered %d", status)
		}
		op := f.Shaped(template, NewTag(), Usual)
		op.Failing = true
		effects := f.Effects(f.W, op.Tag)
		f.LostReplayable(op, f.At(ResponseHead, 0))
		f.Available(op, twins)
		effects.None("of an upload that failed")
	}
}

func (f *Flow) reports() bool {
	_, ok := f.D.(Reporter)
	return ok
}

// ResponseAfterResume loses the answer to the write that completes an interrupted upload.
func ResponseAfterResume(f *Flow) {
	twins := f.TwinsOf(f.Set.Upload)
	f.Success(twins.First(), "the undisturbed upload")
	for _, cut := range []Cut{{}, f.At(RequestEnd, 0), f.At(ResponseHead, 0)} {
		f.Round()
		op := f.OpAs(NewTag(), Usual)
		effects := f.Effects(f.W, op.Tag)
		f.Interrupt(f.D, op, f.At(RequestBody, Usual/2))
		f.Resumable(op)
		at := f.Offset(f.D, op)
		outcome := &Outcome{Bases: bases(op), Response: &exchange.Response{}}
		if cut.IsZero() {
			outcome = f.Finish(f.D, op, at)
			f.Success(outcome, "the write of the rest")
		} else {
			f.InterruptPiece(f.D, op, f.Tail(op, at), cut)
			f.EnsureWhole(f.D, op)
		}
		if _, err := f.D.Outcome(op); err == nil {
			outcome = f.Available(op, twins)
		}
		outcome.Places = f.D.Downloads(op)
		f.Intact(f.W, op, outcome)
		effects.Once("of an upload that was completed by a second request")
	}
}

// ResponseSlow cuts the connection while the upload is processed.
func ResponseSlow(f *Flow) {
	f.Need(catalog.NeedSlow, f.Set.Slow != nil)
	twins := f.TwinsOf(*f.Set.Slow)
	f.Success(twins.First(), "the undisturbed slow upload")
	op := f.Shaped(*f.Set.Slow, f.Tag, Usual)
	effects := f.Effects(f.W, op.Tag)
	f.LostReplayable(op, f.At(RequestEnd, 0))
	outcome := f.Available(op, twins)
	f.Intact(f.W, op, outcome)
	effects.Once("of a slow upload whose response was lost")
}
