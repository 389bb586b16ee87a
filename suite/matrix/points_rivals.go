package matrix

import (
	"bytes"
	"net/url"
	"sync"

	"github.com/resumespec/resumespec/suite/exchange"
)

// UploadConcurrent sends two writes with different bytes at the same offset, at the same time, and each again.
func UploadConcurrent(f *Flow) {
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.D, op, f.At(RequestBody, Usual/2))
	f.Resumable(op)
	at := f.Offset(f.D, op)
	rival := *op
	rival.Body = append(append([]byte{}, op.Body[:at]...), Bytes(int(Usual-at), 99)...)
	mine, other := f.Tail(op, at), f.Tail(&rival, at)
	answers := f.both(mine, other)

	op.Sent, rival.Sent = Usual, Usual
	o := f.AfterRivals(op, answers)
	effects.Once("of two writes at once")
	for _, again := range []Piece{mine, other} { // whatever the answer is, the operation is over
		f.both(again)
	}
	effects.Once("of two writes at once, and of each sent again")
	stored, err := f.Stored(f.W, op, o)
	if err != nil {
		f.Note("%v", err)
		return
	}
	if f.anyTaken(answers) && FirstDifference(stored, rival.Body) < 0 {
		return
	}
	if !f.anyWhole(op, answers) && switched(stored, rival.Body, op.Body) {
		f.Note("neither write was taken whole; what one had brought was kept, as of any that is cut off")
		return
	}
	f.SameBytes("stored bytes", stored, op.Body)
}

// switched says whether got begins like a and goes on like b, and is as long as they are.
func switched(got, a, b []byte) bool {
	if len(got) != len(a) || len(got) != len(b) {
		return false
	}
	at := FirstDifference(got, a)
	return at < 0 || bytes.Equal(got[at:], b[at:])
}

// both sends two pieces at once. An answer is nil where none came.
func (f *Flow) both(pieces ...Piece) []*exchange.Response {
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

// AfterRivals gives the final response of an upload to which rivals have written. Where both were turned
// away the upload is completed as ever.
func (f *Flow) AfterRivals(op *Operation, answers []*exchange.Response) *Outcome {
	if _, err := f.D.Outcome(op); err == nil && f.anyTaken(answers) {
		return f.Replayed(f.D, op)
	}
	for _, r := range answers {
		if r != nil && r.Status/100 == 2 && f.whole(op, r) {
			return &Outcome{Response: r, Bases: []*url.URL{op.URL}, Via: "the last part", Places: f.D.Downloads(op)}
		}
	}
	return f.Recover(f.D, op)
}

// whole says whether an answer to the last write leaves nothing to be sent.
func (f *Flow) whole(op *Operation, r *exchange.Response) bool {
	d, ok := f.D.(Telling)
	if !ok {
		return true
	}
	told, ok := d.Told(op, r)
	return !ok || told >= op.Len()
}

// anyWhole says whether one of two rivals was taken, to its end.
func (f *Flow) anyWhole(op *Operation, answers []*exchange.Response) bool {
	for _, r := range answers {
		if r != nil && r.Status/100 == 2 && f.whole(op, r) {
			return true
		}
	}
	return false
}

func (f *Flow) anyTaken(answers []*exchange.Response) bool {
	for _, r := range answers {
		if r != nil && r.Status/100 == 2 {
			return true
		}
	}
	return false
}

// UploadIsolated resumes two interrupted uploads in turns.
func UploadIsolated(f *Flow) {
	first, second := f.Op(Usual), f.OpAs(NewTag(), Usual)
	second.Body = Bytes(Usual, 7)
	f.Interrupt(f.D, first, f.At(RequestBody, Usual/2))
	f.Resumable(first)
	f.Interrupt(f.D, second, f.At(RequestBody, Usual/4))
	f.Resumable(second)
	one, _ := f.D.Offset(first)
	other, _ := f.D.Offset(second)
	if one.Target == other.Target {
		f.Broken("a location of its own for each upload", "%s for both", one.Target)
	}
	a := f.Offset(f.D, first)
	f.Round() // each may have to wait for a lock
	b := f.Offset(f.D, second)
	nextA, nextB := (a+Usual)/2, (b+Usual)/2
	f.Partly(first, a, nextA)
	f.Partly(second, b, nextB)
	f.Completed(first)
	f.Round()
	f.Completed(second)
}
