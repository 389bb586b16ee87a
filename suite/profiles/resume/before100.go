package resume

import (
	"slices"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// before100Checks: the connection is cut before the client has read 100 (Continue).
func before100Checks() []matrix.Check {
	point, faults := "before-100", everyFault
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.before100.head-cut", Level: catalog.Must, Source: workflow,
			Requires: "A request whose head is cut, at its first byte, in the request line, inside a field name or before its last CRLF, changes nothing, and can be issued again.",
			Why:      "The client re-issues what it could not finish asking; an effect from half a head would then happen twice.",
			Sends:    "The head of an upload, cut at each of these bytes; then the whole request again.",
			Failure:  "Half a head is acted on, or the broken connection blocks the next request.",
			Point:    point, Faults: faults,
		}, Run: with(beforeHeadCut)},
		{Case: catalog.Case{
			ID: "resume.before100.lost", Level: catalog.Must, Source: workflow,
			Requires: "When the 100 (Continue) is lost, whole, from the middle of its status line, or but for its last CRLF, the request can be issued again and takes effect once.",
			Why:      "The client cannot tell a lost 100 from one that was never sent; both must be safe to repeat.",
			Sends:    "The whole head of an upload; the connection is cut inside the 100; then the whole request again.",
			Failure:  "The server takes the request for begun although the client never had leave to send its body.",
			Point:    point, Faults: faults,
		}, Run: with(beforeLost)},
		{Case: catalog.Case{
			ID: "resume.before100.state-unchanged", Level: catalog.Must, Source: workflow,
			Requires: "An interruption before 100 (Continue) leaves the state of the target as it was.",
			Why:      `The source promises it: "the server state has not changed yet"; the client builds on it when it repeats the request.`,
			Sends:    "The head of an upload, cut in the head and around the 100; then a read of the number of effects.",
			Failure:  "An item is made, or counted, when the request arrives instead of when its body has.",
			Point:    point, Faults: faults, Needs: []catalog.Need{catalog.NeedCount},
		}, Run: with(beforeUnchanged)},
		{Case: catalog.Case{
			ID: "resume.before100.reissue", Level: catalog.Must, Source: workflow,
			Requires: "After an interruption before 100 (Continue) the same request, issued again, succeeds, and its effect happens exactly once.",
			Why:      "Re-issuing is all that the client can do, and the source says that it may.",
			Sends:    "The head of an upload, cut before any byte of the 100; then the same request again, whole.",
			Failure:  "The second request is refused as a repetition, or both take effect.",
			Point:    point, Faults: faults,
		}, Run: with(beforeReissue)},
		{Case: catalog.Case{
			ID: "resume.before100.repeated", Level: catalog.Must, Source: loose(workflow, "how long a server may take is not said: the ratio to its own undisturbed time decides"),
			Requires: "Fifty interruptions in a row before 100 (Continue) leave no lock and no visible trace: the next request succeeds, about as fast as an undisturbed one.",
			Why:      "On a bad line a client may need many attempts before the first byte of its body moves.",
			Sends:    "Fifty heads whose 100 is cut off, then the whole request.",
			Failure:  "Each interrupted request keeps a lock, a worker or a slot of a quota.",
			Point:    point, Faults: faults,
		}, Run: with(beforeRepeated)},
	}
}

// headCuts gives cuts at the first byte, in the request line, inside a field name and before the last
// CRLF of the head.
func headCuts(f *flow, op *matrix.Operation) []matrix.Cut {
	req := f.d.Start(op)
	line := int64(len(req.Method) + 1 + len(req.Target) + len(" HTTP/1.1\r\n"))
	return []matrix.Cut{
		f.cut(matrix.RequestHead, 0),
		f.cut(matrix.RequestHead, 1),
		f.cut(matrix.RequestHead, line/2),
		f.cut(matrix.RequestHead, line+2), // inside "Host"
		f.cutFromEnd(matrix.RequestHead, 2),
	}
}

// continueCuts gives cuts that lose the 100 whole, in its status line, and but for its last CRLF.
func continueCuts(f *flow) []matrix.Cut {
	return []matrix.Cut{
		f.cut(matrix.Continue, 0),
		f.cut(matrix.Continue, int64(len("HTTP/1.1 1"))),
		f.cutFromEnd(matrix.Continue, 2),
	}
}

// interruptBefore makes one cut before the 100. A server that sends no 100 has none to lose.
func (f *flow) interruptBefore(op *matrix.Operation, cut matrix.Cut) {
	const none = "resume: no 100 to lose"
	if cut.Place == matrix.Continue && f.Known(none) {
		f.Unsupported("the server sent no 100 (Continue) in an earlier case")
	}
	t := f.Attempt(f.d, op, cut)
	if !t.Evidence.Fired && cut.Place == matrix.Continue && !slices.ContainsFunc(t.Interims, isContinue) {
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
func (f *flow) reissued(op *matrix.Operation, effects matrix.Effects, after string) {
	o := f.Upload(f.d, op)
	f.success(o, "the request issued again after "+after)
	f.Intact(f.w, op, o)
	effects.Once("after " + after + " and the same request again")
}

func beforeHeadCut(f *flow) { f.eachReissued(headCuts(f, f.op(usual))) }

func beforeLost(f *flow) { f.eachReissued(continueCuts(f)) }

// eachReissued makes each of the cuts to an upload of its own, and issues that again.
func (f *flow) eachReissued(cuts []matrix.Cut) {
	for _, cut := range cuts {
		f.Round()
		op := f.opAs(matrix.NewTag(), usual)
		effects := f.Effects(f.w, op.Tag)
		f.interruptBefore(op, cut)
		f.reissued(op, effects, cut.String())
	}
}

func beforeUnchanged(f *flow) {
	f.Need(catalog.NeedCount, f.cfg.Count != nil)
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	for _, cut := range append(headCuts(f, op), continueCuts(f)...) {
		f.Round()
		f.interruptBefore(op, cut)
		effects.None("after " + cut.String())
	}
}

func beforeReissue(f *flow) {
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	cut := f.cut(matrix.Continue, 0)
	f.interruptBefore(op, cut)
	f.reissued(op, effects, cut.String())
}

// slower is how many times slower than undisturbed, at best of five, a request may be after fifty
// interruptions; quick is a time below which the ratio says more about the machine than the server.
const (
	slower = 20
	quick  = 250 * time.Millisecond
)

func beforeRepeated(f *flow) {
	before := f.bestOf(5)
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	for i := range 50 {
		f.Round()
		f.interruptBefore(op, f.cut(matrix.Continue, 0))
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
func (f *flow) bestOf(n int) time.Duration {
	best := time.Duration(1<<63 - 1)
	for range n {
		f.Round()
		op := f.opAs(matrix.NewTag(), usual)
		began := time.Now()
		f.success(f.Upload(f.d, op), "an undisturbed upload")
		best = min(best, time.Since(began))
	}
	return best
}
