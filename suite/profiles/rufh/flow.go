package rufh

import (
	"context"
	"slices"
	"strconv"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

// flow is the flow of the matrix, with this profile's own driver for one version.
type flow struct {
	*matrix.Flow
	d   *driver
	v   version
	way way
	// told are the limits that the target announces.
	told map[string]int64
}

// bare makes a case's code from one that works on a flow, whatever the target speaks.
func bare(run func(*flow)) func(*matrix.Session) {
	return func(s *matrix.Session) {
		f := &flow{Flow: matrix.NewFlow(s, Name, nil), v: versionOf(s.Variant.Version)}
		f.d = &driver{v: f.v, readback: f.Set.Readback.From}
		f.D = f.d
		if from := f.W.Readback.From; from == "location" || from == "content-location" {
			f.W.Readback = target.Readback{From: "result"} // the driver knows which field it is
		}
		run(f)
	}
}

// spoken is bare for a target that is to speak the version: the case ends as unsupported where it does not.
func spoken(run func(*flow)) func(*matrix.Session) {
	return bare(func(f *flow) {
		if f.way = f.survey(); f.way.why != "" {
			f.Unsupported("the target does not take version %s: %s", f.v.name, f.way.why)
		}
		f.D = f.way.driver(f.d)
		f.told = limitsOf(f.announcedLimits())
		f.Most = f.most()
		run(f)
	})
}

// with is spoken for a case whose variants may leave an older connection open, at which a server may wait.
func with(run func(*flow)) func(*matrix.Session) {
	return spoken(func(f *flow) {
		if f.Variant.Fault == "stall" && f.blocked() {
			f.Unsupported(waits)
		}
		if f.Variant.Fault == "stall" {
			f.MayWait = waits
		}
		run(f)
	})
}

// waits is why a case does not apply to a server that serves the requests to an upload one after another, which it may.
const waits = "the target waits for an older request to end, of which upload.stalled-connection tells"

// hanging is spoken for a case in which an older request hangs, at which a server should not wait.
func hanging(run func(*flow)) func(*matrix.Session) {
	return spoken(func(f *flow) {
		if f.blocked() {
			f.Broken("a request to the upload resource to be answered while an older one hangs", "no answer within %s", f.enough())
		}
		f.MayWait = waits
		run(f)
	})
}

// shared makes a case's code from one that every profile has.
func shared(run func(*matrix.Flow)) func(*matrix.Session) {
	return with(func(f *flow) { run(f.Flow) })
}

// announcing ends the case where the target names no upload resource before it has the content.
func (f *flow) announcing() {
	if !f.way.announces {
		f.Unsupported("%s", f.unannounced())
	}
}

// unannounced is why a case does not apply to a target that names no upload resource before it has the content. One that
// implements a draft must not do so for a request that names no version (Draft Version Identification).
func (f *flow) unannounced() string {
	if f.v.number() {
		return "the target sends no 104 before it has the content"
	}
	return "the target sends no 104 for a request that names no interop version, as a server of a draft must not"
}

// untold is the same of the offsets.
func (f *flow) untold() string {
	if f.v.number() || f.way.announces {
		return "no 104 tells an offset"
	}
	return f.unannounced()
}

// most gives the longest body that the limits let the suite send, 0 where they say none.
func (f *flow) most() int64 {
	most := int64(0)
	for _, key := range []string{"max-size", "max-append-size"} {
		if n, ok := f.told[key]; ok && (most == 0 || n < most) {
			most = n
		}
	}
	return most
}

// announcedLimits gives the Upload-Limit of the target's answer to OPTIONS, "" where there is none.
func (f *flow) announcedLimits() string {
	r, err := f.Try(matrix.RequestTo("OPTIONS", f.Op(0).URL, f.v.common()...))
	if err != nil || !f.v.length {
		return ""
	}
	return r.Fields.Joined("Upload-Limit")
}

// allow ends the case where the limits forbid a client to send so many bytes in a request that leaves the upload open.
func (f *flow) allow(n int64) {
	if least, ok := f.told["min-append-size"]; ok && n < least && n > 0 {
		f.Unsupported("min-append-size=%d forbids a part of %d bytes", least, n)
	}
}

func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// fresh gives a new upload of the usual length with a token of its own.
func (f *flow) fresh() *matrix.Operation { return f.OpAs(matrix.NewTag(), matrix.Usual) }

// created sends a creation with the first n bytes of the upload, which leaves it open, and gives the answer. The case ends
// as unsupported where the answer names no upload resource, of which create.partial tells.
func (f *flow) created(op *matrix.Operation, n int64, more ...exchange.Field) *exchange.Response {
	f.allow(n)
	req := f.d.creation(op, op.Body[:n], false)
	req.Fields = append(req.Fields, more...)
	op.Facts[sending] = creating
	final, interims, err := f.TryAll(req)
	if err != nil {
		f.Broken("a creation with "+f.v.complete+": "+f.v.state(false)+" to be answered", "%v", err)
	}
	for _, r := range append(interims, final) {
		f.d.Learn(op, r)
	}
	if final.Status/100 != 2 || op.Resource == nil {
		f.Unsupported("a creation with %s: %s is answered %d and names no upload resource", f.v.complete, f.v.state(false), final.Status)
	}
	op.Sent = n
	return final
}

// opened gives an upload of which the first n bytes are there, undisturbed, and the length is told where it can be.
func (f *flow) opened(n int64) *matrix.Operation {
	op := f.fresh()
	f.created(op, n, f.d.lengthOf(op)...)
	return op
}

// measured ends the case in version 6 where the target does not tell the length that it was told: the first of that
// version's two texts knows no Upload-Length.
func (f *flow) measured() {
	if f.v.name != "6" {
		return
	}
	if r := f.asked("HEAD", f.opened(0)); !r.Fields.Has("Upload-Length") {
		f.Unsupported("the target knows no Upload-Length, as draft -04 has it")
	}
}

// endless is opened for an upload whose length is not told.
func (f *flow) endless(n int64) *matrix.Operation {
	op := f.fresh()
	f.created(op, n)
	return op
}

// appended sends an append and learns from the answer.
func (f *flow) appended(op *matrix.Operation, offset int64, content []byte, complete bool, more ...exchange.Field) *exchange.Response {
	if !complete {
		f.allow(int64(len(content)))
	}
	return f.sent(op, f.patch(op, offset, content, complete, more...), complete)
}

// patch gives the request of an append with more fields.
func (f *flow) patch(op *matrix.Operation, offset int64, content []byte, complete bool, more ...exchange.Field) exchange.Request {
	req := f.d.append(op, offset, content, complete)
	req.Fields = append(slices.Clone(req.Fields), more...)
	return req
}

// sent sends a request to an upload and learns from the answers.
func (f *flow) sent(op *matrix.Operation, req exchange.Request, complete bool) *exchange.Response {
	op.Facts[sending] = partly
	if complete {
		op.Facts[sending] = wholly
	}
	final, interims, err := f.TryAll(req)
	if err != nil {
		f.Broken("an append to be answered", "%v", err)
	}
	for _, r := range append(interims, final) {
		f.d.Learn(op, r)
	}
	return final
}

// asked is HEAD, or another method without content, on the upload resource.
func (f *flow) asked(method string, op *matrix.Operation, more ...exchange.Field) *exchange.Response {
	u, err := f.d.resource(op)
	if err != nil {
		f.Unsupported("%v", err)
	}
	return f.Do(method+" on the upload resource", matrix.RequestTo(method, u, append(f.v.common(), more...)...))
}

// answeredBy asks for a success.
func (f *flow) succeeded(r *exchange.Response, what string) {
	if r.Status/100 != 2 {
		f.Broken(what+" to be answered with a 2xx", "%d", r.Status)
	}
}

// refused asks for a 4xx.
func (f *flow) refused(r *exchange.Response, what string) {
	if r.Status/100 != 4 {
		f.Broken(what+" to be refused with a 4xx", "%d", r.Status)
	}
}

// at asks that the offset is n.
func (f *flow) at(op *matrix.Operation, n int64, when string) {
	op.Sent = max(op.Sent, n)
	if now := f.Offset(f.D, op); now != n {
		f.BrokenAt(min(n, now), "request body", "the offset "+itoa(n)+" "+when, "%d", now)
	}
}

// incomplete asks that the upload is not over.
func (f *flow) incomplete(op *matrix.Operation, when string) {
	r := f.asked("HEAD", op)
	if complete, known := f.v.completeness(r); r.Status/100 == 2 && known && complete {
		f.Harmful("an upload that is not complete "+when, "%s", f.v.told(r))
	}
}

// finished appends what is missing and asks that the upload then succeeds with its bytes intact.
func (f *flow) finished(op *matrix.Operation, from int64) *exchange.Response {
	op.Sent = op.Len()
	r := f.appended(op, from, op.Body[from:], true)
	f.succeeded(r, "the append that completes the upload")
	f.whole(op, r)
	return r
}

// whole asks that what is stored of an upload that is over is its body.
func (f *flow) whole(op *matrix.Operation, final *exchange.Response) {
	f.Whole(op, &matrix.Outcome{Response: final, Via: "the last part", Places: f.d.Downloads(op)})
}

// over asks that the upload takes effect once when it is finished.
func (f *flow) once(op *matrix.Operation, from int64, when string) {
	effects := f.Effects(f.W, op.Tag)
	f.finished(op, from)
	effects.Once(when)
}

// held is a request that stands still in the middle of its content until it is let go on.
type held struct {
	reached chan error // told once, when the first part is sent
	goOn    chan int64 // how many bytes of the content are to be sent then; closed: it ends here
	ended   chan struct{}
	final   *exchange.Response
	err     error
}

// hold sends the first n bytes of a request's content and stands still.
func (f *flow) hold(op *matrix.Operation, req exchange.Request, n int64) *held {
	h := &held{reached: make(chan error, 1), goOn: make(chan int64), ended: make(chan struct{})}
	go func() {
		defer close(h.ended)
		h.final, h.err = f.TryBy(req, func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
			return h.send(ctx, x, f, op, n)
		})
		select {
		case h.reached <- h.err: // there was no connection
		default:
		}
	}()
	if err := <-h.reached; err != nil {
		f.Inconclusive("the first part of a request that is held", "%v", err)
	}
	return h
}

// send carries out the exchange of a request that is held.
func (h *held) send(ctx context.Context, x *exchange.Exchange, f *flow, op *matrix.Operation, n int64) (*exchange.Response, error) {
	err := x.SendHead(ctx)
	if err == nil {
		var final *exchange.Response
		if final, err = f.leave(ctx, x); final != nil {
			h.reached <- errAnswered
			return final, err
		}
	}
	if err == nil {
		err = x.SendBody(ctx, n)
	}
	for _, r := range x.Interims() {
		f.d.Learn(op, r)
	}
	h.reached <- err
	if err != nil {
		return nil, err
	}
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-x.Ended(): // the server has ended it
			return x.Final(ctx)
		case upTo, goesOn := <-h.goOn:
			if !goesOn {
				return nil, nil
			}
			if err := x.SendBody(ctx, upTo); err != nil && exchange.KindOf(err) != exchange.Answered {
				return nil, err
			}
		}
	}
}

// begin sends the head of a request that expects 100 (Continue) and waits for that, or for a final response.
func (f *flow) begin(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
	if err := x.SendHead(ctx); err != nil {
		return nil, err
	}
	return f.leave(ctx, x)
}

// leave waits for 100 (Continue), or for a final response; not for ever, as a server may know nothing of it.
func (f *flow) leave(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
	wait, cancel := context.WithTimeout(ctx, f.patience())
	defer cancel()
	final, err := x.AwaitContinue(wait)
	if wait.Err() != nil && ctx.Err() == nil {
		return nil, nil
	}
	return final, err
}

// errAnswered says that a request was answered that should have been held.
var errAnswered = errHeld("it was answered at once")

type errHeld string

func (e errHeld) Error() string { return string(e) }

// more sends the content up to a byte, as far as the server still takes it.
func (h *held) more(upTo int64) {
	select {
	case h.goOn <- upTo:
	case <-h.ended:
	}
}

// drop ends the request by closing its connection, and waits for it.
func (h *held) drop() {
	close(h.goOn)
	<-h.ended
}

// checks makes the checks of an area from rows, which share a source.
func checks(area string, source catalog.Source, rows []row) []matrix.Check {
	var all []matrix.Check
	for _, r := range rows {
		c := catalog.Case{
			ID: Name + "." + area + "." + r.name, Level: r.level, Source: source, Versions: r.versions, Requires: r.requires,
			Why: r.why, Sends: r.sends, Failure: r.failure, Point: r.point, Faults: r.faults, Needs: r.needs,
		}
		if r.source.Document != "" {
			c.Source = r.source
		}
		if c.Source.Loose == "" {
			c.Source.Loose = r.loose
		}
		if r.measured {
			r.run = onLength(r.run)
		}
		run := with(r.run)
		if r.bare {
			run = bare(r.run)
		}
		all = append(all, matrix.Check{Case: c, Run: run})
	}
	return all
}

// onLength is a case for a target that knows Upload-Length.
func onLength(run func(*flow)) func(*flow) {
	return func(f *flow) {
		f.measured()
		run(f)
	}
}

// row is one case of an area.
type row struct {
	name                          string
	level                         catalog.Level
	versions                      []string
	requires, why, sends, failure string
	run                           func(*flow)

	source catalog.Source // another than the area's
	loose  string         // what the source does not say
	point  string
	faults []string
	needs  []catalog.Need
	bare   bool // it looks at the offer itself
	// measured: it needs Upload-Length, which only one of the two texts of version 6 has.
	measured bool
}
