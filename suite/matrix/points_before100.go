package matrix

import (
	"slices"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
)

// headCuts gives cuts at the first byte, in the request line, inside a field name and before the last
// CRLF of the head.
func headCuts(f *Flow, op *Operation) []Cut {
	req := f.D.Start(op)
	line := int64(len(req.Method) + 1 + len(req.Target) + len(" HTTP/1.1\r\n"))
	return []Cut{
		f.At(RequestHead, 0),
		f.At(RequestHead, 1),
		f.At(RequestHead, line/2),
		f.At(RequestHead, line+2), // inside "Host"
		f.AtFromEnd(RequestHead, 2),
	}
}

// continueCuts gives cuts that lose the 100 whole, in its status line, and but for its last CRLF.
func continueCuts(f *Flow) []Cut {
	return []Cut{
		f.At(Continue, 0),
		f.At(Continue, int64(len("HTTP/1.1 1"))),
		f.AtFromEnd(Continue, 2),
	}
}

// interruptBefore makes one cut before the 100. A server that sends no 100 has none to lose.
func (f *Flow) interruptBefore(op *Operation, cut Cut) {
	const none = "no 100 to lose"
	if cut.Place == Continue && f.Known(none) {
		f.Unsupported("the server sent no 100 (Continue) in an earlier case")
	}
	t := f.Attempt(f.D, op, cut)
	if !t.Evidence.Fired && cut.Place == Continue && !slices.ContainsFunc(t.Interims, isContinue) {
		if t.Evidence.FinalStatus >= 400 {
			f.Broken("100 (Continue), or the final response to a whole upload", "%d", t.Evidence.FinalStatus)
		}
		f.Remember(none)
		f.Unsupported("the server sends no 100 (Continue) that could be lost: %s", t.Evidence.Why)
	}
	f.Landed(t)
}

func isContinue(r *exchange.Response) bool { return r.Status == 100 }

// reissued sends the same request again, whole, and asks for one effect.
func (f *Flow) reissued(op *Operation, effects Effects, after string) {
	o := f.Upload(f.D, op)
	f.Success(o, "the request issued again after "+after)
	f.Whole(op, o)
	effects.Once("after " + after + " and the same request again")
}

// BeforeHeadCut cuts the head at each of several bytes and issues the request again.
func BeforeHeadCut(f *Flow) { f.eachReissued(headCuts(f, f.Op(Usual))) }

// BeforeLost loses the 100, whole or in part, and issues the request again.
func BeforeLost(f *Flow) { f.eachReissued(continueCuts(f)) }

// eachReissued makes each of the cuts to an upload of its own, and issues that again.
func (f *Flow) eachReissued(cuts []Cut) {
	for _, cut := range cuts {
		f.Round()
		op := f.OpAs(NewTag(), Usual)
		effects := f.Effects(f.W, op.Tag)
		f.interruptBefore(op, cut)
		f.reissued(op, effects, cut.String())
	}
}

// BeforeUnchanged asks that none of these interruptions has an effect.
func BeforeUnchanged(f *Flow) {
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	for _, cut := range append(headCuts(f, op), continueCuts(f)...) {
		f.Round()
		f.interruptBefore(op, cut)
		effects.None("after " + cut.String())
	}
}

// BeforeReissue issues the request again with the same token, and asks for one effect.
func BeforeReissue(f *Flow) {
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	cut := f.At(Continue, 0)
	f.interruptBefore(op, cut)
	f.reissued(op, effects, cut.String())
}

// slower is how many times slower than undisturbed, at best of five, a request may be after fifty
// interruptions; quick is a time below which the ratio says more about the machine than the server.
const (
	slower = 20
	quick  = 250 * time.Millisecond
)

// patience is how long the fifty interruptions may take: a server may wait some seconds for a lock.
const patience = 30 * time.Second

// BeforeRepeated interrupts fifty times, and asks that this leaves no trace.
func BeforeRepeated(f *Flow) {
	before := f.bestOf(5)
	op := f.Op(Usual)
	effects := f.Effects(f.W, op.Tag)
	began := time.Now()
	for i := range 50 {
		if i%10 == 0 && time.Since(began) > patience {
			f.Note("%d interruptions took %s: the rest of fifty was not made", i, time.Since(began).Round(time.Second))
			break
		}
		f.Round()
		f.interruptBefore(op, f.At(Continue, 0))
		if i%10 == 9 {
			f.Release() // a server need not serve any number of connections that look open to it
		}
	}
	f.Round()
	f.reissued(op, effects, "fifty interruptions")
	after := f.bestOf(5)
	f.Figure("after fifty interruptions, times slower", float64(after)/float64(max(before, 1)), "x")
	if after > quick && after > slower*before {
		f.Broken("an upload after fifty interruptions to be about as fast as before", "%s instead of %s", after, before)
	}
}

// bestOf gives the time of the fastest of n undisturbed uploads.
func (f *Flow) bestOf(n int) time.Duration {
	best := time.Duration(1<<63 - 1)
	for range n {
		f.Round()
		op := f.OpAs(NewTag(), Usual)
		began := time.Now()
		f.Success(f.Upload(f.D, op), "an undisturbed upload")
		best = min(best, time.Since(began))
	}
	return best
}
