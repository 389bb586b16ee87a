package matrix

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resumespec/resumespec/faults"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
)

// Sweep is all that a profile tells of the operation that is cut at each of its bytes.
type Sweep struct {
	Driver Driver
	// Shape gives a new upload of the body with the token. It is called from several goroutines.
	Shape   func(tag string, body []byte) *Operation
	Witness Witness
	Salt    uint64 // makes the body's bytes
}

// How a sweep goes about it. Each worker lets the uploads that it has cut rest while it cuts others, so that a
// server has noticed the end of a connection by the time it is asked, as it has when a client comes back; nobody
// waits for that.
const (
	sweepers = 8   // workers, each with connections of its own
	resting  = 8   // uploads of one worker that are cut and wait to be recovered
	attempts = 3   // for a cut that did not land
	hopeless = 500 // failing cuts after which the rest is not made: they would say the same
	lifeless = 3   // cuts in a row that found nobody at the target's address
)

// smallest is the least length in bytes of a body that is swept.
const smallest = 64

// SweepRequest cuts the request at each of its bytes, one upload for each, recovers as a client would and asks of
// each that its offset never was above what was sent and never went down, that the stored bytes equal the body, that
// the effect happened once, and that the final response is the one that an undisturbed upload gets.
func (s *Session) SweepRequest(w Sweep) {
	b := s.beginSweep(w)
	b.parts = []part{
		{SweptPart{"request head", 0, b.head}, faults.RequestHead},
		{SweptPart{"request body", b.head, b.head + b.framed}, faults.RequestBody},
	}
	op := b.shape(NewTag())
	b.learnFrom(op)
	if _, err := w.Driver.Offset(op); err != nil {
		s.offered(err)
	}
	b.run(b.recoverRequest)
}

// SweepResponse is SweepRequest for the response: the head of the 100 (Continue), where there is one, the head of the
// final response, and its body, of which chunk framing is not counted.
func (s *Session) SweepResponse(w Sweep) {
	b := s.beginSweep(w)
	op := b.shape(NewTag())
	interims, final := b.learnFrom(op)
	if _, err := w.Driver.Outcome(op); err != nil {
		_, err = w.Driver.Offset(op)
		s.offered(err)
	}
	end := int64(0)
	add := func(name string, place Place, n int64) {
		b.parts = append(b.parts, part{SweptPart{name, end, end + n}, place})
		end += n
	}
	if i := slices.IndexFunc(interims, func(r *exchange.Response) bool { return r.Status == 100 }); i >= 0 {
		add("100 (Continue)", faults.Continue, interims[i].HeadBytes)
	}
	add("response head", faults.ResponseHead, final.HeadBytes)
	add("response body", faults.ResponseBody, final.BodyBytes)
	b.run(b.recoverResponse)
}

// part is a stretch of a swept message and the place in which its bytes are cut.
type part struct {
	SweptPart
	place Place
}

// sweeping is a sweep while it runs.
type sweeping struct {
	Sweep
	s    *Session
	body []byte // of every upload
	head int64  // length of the request head
	lead int64  // bytes of the request's body before the upload's own
	// framed is the length of the request's body.
	framed int64
	parts  []part
	twins  *Twins
	base   int64 // effects of a token that has had none
	shy    bool  // effects are not counted by token: one upload at a time

	recover func(*attempt)
	next    atomic.Int64 // index of the next position
	over    atomic.Bool  // no further cut is made
}

func (s *Session) beginSweep(w Sweep) *sweeping {
	if s.bench.Sweep <= 0 {
		s.Unsupported("a sweep was not asked for")
	}
	s.spares = &spares{}
	b := &sweeping{Sweep: w, s: s}
	b.shy = w.Witness.Count != nil && !w.Witness.Count.Tagged()
	b.measure()
	b.twins = s.Twins(w.Driver, b.shape)
	if first := b.twins.First().Response; first.Status/100 != 2 {
		s.Broken("the undisturbed upload to succeed", "%d", first.Status)
	}
	if w.Witness.Count == nil {
		s.Note("count is not configured: how often the effect happened is not known")
	}
	b.base = s.Effects(w.Witness, NewTag()).before
	return b
}

// measure makes the body, so long that the whole request has the length that was asked for.
func (b *sweeping) measure() {
	s := b.s
	most := s.Config().Limits.Body
	n := min(s.bench.Sweep, most)
	for range 2 { // the length of the body stands in the head, and so has a part in the head's own
		b.body = make([]byte, n)
		op := b.shape(NewTag())
		s.Prepare(b.Driver, op)
		req := s.signed(b.Driver.Start(op), 0)
		b.head = int64(len(req.Head()))
		n = min(max(s.bench.Sweep-b.head, smallest), most)
	}
	b.body = Bytes(int(n), b.Salt)
	op := b.shape(NewTag())
	s.Prepare(b.Driver, op)
	b.lead, b.framed = leadOf(b.Driver, op), int64(len(b.Driver.Start(op).Body))
}

func (b *sweeping) shape(tag string) *Operation { return b.Shape(tag, b.body) }

// learnFrom carries out an upload undisturbed, as another twin, and gives its responses.
func (b *sweeping) learnFrom(op *Operation) (interims []*exchange.Response, final *exchange.Response) {
	b.s.Prepare(b.Driver, op)
	final, interims, err := b.s.exchange(b.Driver.Start(op), 0)
	if err != nil {
		b.s.unanswered("the undisturbed upload", err)
	}
	for _, r := range append(slices.Clone(interims), final) {
		b.Driver.Learn(op, r)
	}
	op.Final = final
	b.twins.keep(op, &Outcome{Response: final, Bases: bases(op), Via: "the request"})
	return interims, final
}

// run makes every cut and keeps what became of it.
func (b *sweeping) run(recovered func(*attempt)) {
	s := b.s
	defer s.spares.drop()
	b.recover = recovered
	for _, p := range b.parts {
		first := b.cut(p.From)
		if first.Place == faults.RequestBody {
			first.Offset += b.lead
		}
		if err := s.bench.Injector.Supports(first); err != nil {
			s.Unsupported("this way of cutting cannot make the cut exactly: %v", err)
		}
	}
	began := time.Now()
	at := positions(b.borders())
	tally := newTally(b, at)
	results := make(chan *attempt, sweepers)
	var workers sync.WaitGroup
	for range b.workers() {
		workers.Go(func() { b.work(at, results) })
	}
	go func() {
		workers.Wait()
		close(results)
	}()
	for a := range results {
		tally.add(a)
		if tally.enough() {
			b.over.Store(true)
		}
		if s.bench.Progress != nil {
			s.bench.Progress(s.Case, s.Variant, tally.made, len(at))
		}
	}
	took := time.Since(began)
	s.Figure("cuts", float64(tally.made), "")
	s.Figure("cuts per second", float64(tally.made)/max(took.Seconds(), 1e-3), "1/s")
	tally.conclude()
}

func (b *sweeping) workers() int {
	if b.shy {
		return 1
	}
	return sweepers
}

// work cuts, and recovers what has rested long enough, until no position is left.
func (b *sweeping) work(at []int64, results chan<- *attempt) {
	var rest []*attempt
	room := resting
	if b.shy {
		room = 0
	}
	for {
		i := b.next.Add(1) - 1
		more := i < int64(len(at)) && !b.over.Load() && b.s.parent.Err() == nil
		if more {
			rest = append(rest, b.begin(at[i]))
		}
		for len(rest) > 0 && (!more || len(rest) > room) {
			results <- b.finish(rest[0])
			rest = rest[1:]
		}
		if !more {
			return
		}
	}
}

// attempt is one cut and what becomes of it, in a session of its own.
type attempt struct {
	*Session
	at      int64 // the position: bytes of the message before the cut
	part    part
	op      *Operation
	effects Effects
	trial   *Trial
	beyond  bool // the message had ended before the position
}

// begin makes the cut at a position.
func (b *sweeping) begin(at int64) *attempt {
	a := &attempt{Session: b.s.child(), at: at, part: b.partAt(at)}
	a.op = b.shape(a.Tag)
	a.effects = Effects{s: a.Session, w: b.Witness, tag: a.Tag, before: b.base}
	a.guard(func(c *Session) {
		if b.shy {
			a.effects = c.Effects(b.Witness, a.Tag)
		}
		a.trial = c.Attempt(b.Driver, a.op, b.cut(at))
		b.landed(a)
	})
	return a
}

// finish recovers what was cut. Where the cut did not land it is made again.
func (b *sweeping) finish(a *attempt) *attempt {
	for more := attempts; ; more-- {
		if a.Finding.Verdict == catalog.Pass && !a.beyond {
			a.Round()
			a.guard(func(*Session) { b.recover(a) })
		}
		a.end()
		again := a.stale || a.beyond || a.Finding.Verdict == catalog.Inconclusive
		if !again || more <= 1 || b.s.parent.Err() != nil {
			return a
		}
		a = b.begin(a.at)
	}
}

// child gives a session for one cut of a sweep: the same case, with a token, a time limit and a finding of its own.
func (s *Session) child() *Session {
	c := &Session{
		Case: s.Case, Variant: s.Variant, Tag: NewTag(),
		Finding: catalog.Finding{Verdict: catalog.Pass, Byte: -1},
		bench:   s.bench, parent: s.parent, figures: map[string]Figure{}, began: time.Now(), spares: s.spares,
	}
	c.ctx, c.cancel = context.WithTimeout(c.parent, c.bench.Limits.Time)
	return c
}

// partAt gives the part to which a position belongs: the one that begins there, or the last.
func (b *sweeping) partAt(at int64) part {
	for _, p := range b.parts {
		if at < p.To {
			return p
		}
	}
	return b.parts[len(b.parts)-1]
}

// cut gives the cut at a position.
func (b *sweeping) cut(at int64) Cut {
	p := b.partAt(at)
	c := Cut{Place: p.place, Offset: at - p.From, Fault: Fault(b.s.Variant.Fault)}
	if p.place == faults.RequestBody && at == p.To {
		c = Cut{Place: faults.RequestEnd, Fault: c.Fault}
	} else if p.place == faults.RequestBody {
		c.Offset -= b.lead // where an upload is cut is counted in its own bytes
	}
	return c
}

// landed asks that the link let exactly the bytes before the position pass. A response that had fewer bytes this
// time has none there to cut, and was not disturbed.
func (b *sweeping) landed(a *attempt) {
	e := a.trial.Evidence
	whole := a.trial.Err == nil && a.trial.Final != nil && a.trial.Final.Complete
	inResponse := a.part.place != faults.RequestHead && a.part.place != faults.RequestBody
	if inResponse && !e.Fired && whole {
		a.beyond = true
		b.twins.in(a.Session).Same(a.op, &Outcome{Response: a.trial.Final, Bases: bases(a.op), Via: "the request"})
		return
	}
	a.Landed(a.trial)
	offset := a.at - a.part.From
	passed := map[Place]int64{
		faults.RequestHead: e.Up.HeadBytes, faults.RequestBody: e.Up.BodyBytes,
		faults.ResponseHead: e.Down.HeadBytes, faults.ResponseBody: e.Down.BodyBytes, faults.Continue: offset,
	}[a.part.place]
	if passed != offset {
		a.Inconclusive(bytesOf(offset)+" of the "+a.part.Name+" to pass", "%d did", passed)
	}
}

// cutName says where a position is: "byte 17 of the response head".
func (p SweptPart) cutName(at int64) string {
	return "byte " + strconv.FormatInt(at-p.From, 10) + " of the " + p.Name
}

// swept gives the operation of a flow that is swept: the configured upload.
func (f *Flow) swept() Sweep {
	return Sweep{
		Driver: f.D, Witness: f.W, Salt: f.Salt,
		Shape: func(tag string, body []byte) *Operation { return f.Operation(f.Set.Upload, tag, body) },
	}
}

// SweptRequest is SweepRequest of the flow's own upload.
func SweptRequest(f *Flow) { f.SweepRequest(f.swept()) }

// SweptResponse is SweepResponse of the flow's own upload.
func SweptResponse(f *Flow) { f.SweepResponse(f.swept()) }
