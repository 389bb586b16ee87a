package rufh

import (
	"slices"

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
		if f.way.moved {
			f.Unsupported("the upload resources are elsewhere (307, 308), and a client need not follow")
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
	f.here(final)
	for _, r := range append(interims, final) {
		f.d.Learn(op, r)
	}
	return final
}

// here ends the case where the upload resource is elsewhere, to which a client need not follow.
func (f *flow) here(r *exchange.Response) {
	if r.Status == 307 || r.Status == 308 {
		f.Unsupported("the upload resource is elsewhere (%d), and a client need not follow", r.Status)
	}
}

// asked is HEAD, or another method without content, on the upload resource.
func (f *flow) asked(method string, op *matrix.Operation, more ...exchange.Field) *exchange.Response {
	u, err := f.d.resource(op)
	if err != nil {
		f.Unsupported("%v", err)
	}
	r := f.Do(method+" on the upload resource", matrix.RequestTo(method, u, append(f.v.common(), more...)...))
	f.here(r)
	return r
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
		f.BrokenAt(min(n, now), "request body", "the offset "+matrix.Itoa(n)+" "+when, "%d", now)
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

// checks makes the checks of an area from rows, which share a source.
func checks(area string, source catalog.Source, rows []row) []matrix.Check {
	var all []matrix.Check
	for _, r := range rows {
		c := catalog.Case{
			ID: Name + "." + area + "." + r.name, Level: r.level, Source: source, Versions: r.versions, Requires: r.requires,
			Why: r.why, Sends: r.sends, Failure: r.failure, Point: r.point, Faults: r.faults, Needs: r.needs, Unkilled: r.unkilled,
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
	// unkilled is why no mutant of the reference server breaks it.
	unkilled string
	// measured: it needs Upload-Length, which only one of the two texts of version 6 has.
	measured bool
}
