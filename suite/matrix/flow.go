package matrix

import (
	"hash/crc64"
	"net/url"
	"strconv"
	"time"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// Usual is the length in bytes of an upload where a case does not need another.
const Usual = 8192

// The faults of a case.
var (
	EveryFault = []string{"fin", "rst", "stall"}
	Closing    = []string{"fin", "rst"}
	FinOnly    = []string{"fin"}
)

// Flow is a session together with what a profile is told of the target. The cases of the interruption matrix,
// which are the same for every protocol, work on it; a profile embeds it for its own.
type Flow struct {
	*Session
	D   Driver
	Set *target.Profile
	W   Witness
	// Salt makes the bytes of the case: the same in all its uploads, so that twins are alike, and other than
	// in other cases.
	Salt uint64
	// Most is the length in bytes of the longest body that the target says it takes; 0: it says none.
	Most int64
	// OnReplay is a look of the profile's own at a response that is shown again; may be nil.
	OnReplay func(*Operation)
}

// NewFlow gives the flow of a session for the named profile.
func NewFlow(s *Session, profile string, d Driver) *Flow {
	set := s.Config().Profile(profile)
	return &Flow{
		Session: s, D: d, Set: set, W: Witness{Readback: set.Readback, Count: set.Count},
		Salt: crc64.Checksum([]byte(s.Tag), crc64.MakeTable(crc64.ISO)),
	}
}

// Op gives a new upload of n bytes with the case's own token.
func (f *Flow) Op(n int) *Operation { return f.OpAs(f.Tag, n) }

// OpAs is Op with another token.
func (f *Flow) OpAs(tag string, n int) *Operation { return f.Shaped(f.Set.Upload, tag, n) }

// Shaped is OpAs for another template.
func (f *Flow) Shaped(template target.Request, tag string, n int) *Operation {
	return f.Operation(template, tag, Bytes(n, f.Salt))
}

// Decoy carries out another upload, with other bytes, undisturbed: a server that mixes operations up has
// something to mix up with.
func (f *Flow) Decoy(template target.Request) {
	f.Upload(f.D, f.Operation(template, NewTag(), Bytes(Usual/2, f.Salt+1)))
}

// Patient is how long a case asks again where a server may be a moment behind.
func (f *Flow) Patient() time.Duration { return min(f.Config().Limits.Case/2, 2*time.Second) }

// AtMost gives n, or less where the configuration (limits.body) or the target does not let bodies be that long.
func (f *Flow) AtMost(n int) int {
	most := f.Config().Limits.Body
	if f.Most > 0 {
		most = min(most, f.Most)
	}
	return int(min(int64(n), most))
}

// At gives a cut with the fault of the variant.
func (f *Flow) At(place Place, offset int64) Cut {
	return Cut{Place: place, Offset: offset, Fault: Fault(f.Variant.Fault)}
}

// AtFromEnd is At for an offset that counts back from the end.
func (f *Flow) AtFromEnd(place Place, offset int64) Cut {
	c := f.At(place, offset)
	c.FromEnd = true
	return c
}

// Interrupted starts an upload of n bytes and cuts it after at bytes of the body.
func (f *Flow) Interrupted(n int, at int64) *Operation {
	op := f.Op(n)
	f.Interrupt(f.D, op, f.At(RequestBody, at))
	f.Resumable(op)
	return op
}

// Resumable ends the case as unsupported when the server offered no way to ask for the offset.
func (f *Flow) Resumable(op *Operation) {
	_, err := f.D.Offset(op)
	f.offered(err)
}

// Replayable ends the case as unsupported when the server offered no way to see the outcome again.
func (f *Flow) Replayable(op *Operation) {
	_, err := f.D.Outcome(op)
	f.offered(err)
}

// Success asks that an outcome is 2xx.
func (f *Flow) Success(o *Outcome, what string) {
	if o.Response.Status/100 != 2 {
		f.Broken(what+" to succeed", "%d from %s", o.Response.Status, o.Via)
	}
}

// Completed recovers an interrupted upload and asks that it succeeds with its bytes intact.
func (f *Flow) Completed(op *Operation) {
	o := f.Recover(f.D, op)
	f.Success(o, "the resumed upload")
	f.Whole(op, o)
}

// Whole asks that the stored bytes are those of the upload.
func (f *Flow) Whole(op *Operation, o *Outcome) { f.Intact(f.W, op, f.Placed(f.W, f.D, op, o)) }

// Uploaded carries out the upload undisturbed and asks that it succeeds with its bytes intact.
func (f *Flow) Uploaded(op *Operation) *Outcome {
	o := f.Upload(f.D, op)
	f.Success(o, "the undisturbed upload")
	f.Whole(op, o)
	return o
}

// TwinsOf takes a first undisturbed twin of uploads of the template.
func (f *Flow) TwinsOf(template target.Request) *Twins {
	return f.Twins(f.D, func(tag string) *Operation { return f.Shaped(template, tag, Usual) })
}

// Stable gives an offset that moves no more of itself: a server may still be draining the connection that was
// cut, until a write over another is taken. Where parts may come in any order, that one does not end the other: so the
// offset has to be told several times.
func (f *Flow) Stable(op *Operation) int64 {
	n := f.Offset(f.D, op)
	f.Send(f.D, op, n, n+256) // who takes the whole rest only refuses it, of which another case tells
	n = f.Offset(f.D, op)
	for same := 0; same < looks && n != op.Sent && f.Wait(glance); same++ {
		before := n
		if n = f.Offset(f.D, op); n != before {
			same = -1
		}
	}
	return n
}

// Tail gives the request for the rest of the body.
func (f *Flow) Tail(op *Operation, from int64) Piece {
	piece, err := f.D.Resume(op, from, op.Len())
	f.offered(err)
	return piece
}

// Partly sends a part over a clean connection and asks that it is taken.
func (f *Flow) Partly(op *Operation, from, to int64) {
	r := f.Send(f.D, op, from, to)
	if r != nil && !f.taken(op, r) {
		f.Broken("the write of bytes "+Itoa(from)+" to "+Itoa(to)+" to be taken", "%d", r.Status)
	}
}

// CutEarly cuts the rest of an upload that has begun again and again, soon after the beginning of its content, and asks after
// each cut where the upload stands, more than once and with pauses: the offset never goes down.
func (f *Flow) CutEarly(op *Operation, pause time.Duration) {
	at := f.Offset(f.D, op)
	for _, n := range []int64{0, 1, 10, 100, 1000} {
		f.Round()
		f.InterruptPiece(f.D, op, f.Tail(op, at), f.At(RequestBody, n))
		for range 3 {
			at = f.Offset(f.D, op) // breaks the case where it goes down
			f.Wait(pause)
		}
	}
	f.Round()
}

// Unanswered sends the request that prepares an upload thirty times, and loses every answer.
func (f *Flow) Unanswered(d Preparer, op *Operation) {
	for i := range 30 {
		f.Round()
		f.Landed(f.Cut(d.Prepare(op), f.At(ResponseHead, 0)))
		if i%10 == 9 {
			f.Release()
		}
	}
	f.Round()
}

// taken says whether the answer to a write says that it was taken.
func (f *Flow) taken(op *Operation, r *exchange.Response) bool {
	if d, ok := f.D.(Partial); ok && d.Taken(op, r) {
		return true
	}
	return r.Status/100 == 2
}

// Refused asks for a 4xx.
func (f *Flow) Refused(r *exchange.Response, what string) {
	if r.Status/100 != 4 {
		f.Broken(what+" to be refused with a 4xx", "%d", r.Status)
	}
}

// Unmoved asks that the offset is as before.
func (f *Flow) Unmoved(op *Operation, n int64, when string) {
	if now := f.Offset(f.D, op); now != n {
		f.BrokenAt(min(n, now), "request body", "the offset to stay at "+Itoa(n)+" "+when, "%d", now)
	}
}

// Places gives the URIs at which what was uploaded or answered can be downloaded by ranges; the case ends as
// unsupported where there is none.
func (f *Flow) Places(op *Operation) []*url.URL {
	places := f.D.Downloads(op)
	if len(places) == 0 {
		f.Unsupported("the server names no place within the target's origin from which to download")
	}
	return places
}

// Itoa gives a number as text.
func Itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }
