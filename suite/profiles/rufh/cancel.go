package rufh

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// cancelChecks: the client gives its upload up.
func cancelChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return checks("cancel", upCancel, []row{
		{name: "gone", level: should, versions: everyVersion,
			requires: "DELETE on the upload resource of an open upload is answered with a 2xx, and the resource is no more: HEAD and appends are refused.",
			why:      "A client that gives an upload up frees what it takes, and knows that it did.",
			sends:    "A creation with half of the content; DELETE; HEAD; an append of the rest.",
			failure:  "DELETE is not known there, or is answered and does nothing.", run: cancelGone},
		{name: "status-204", level: must, versions: names("3", "7"), source: older("08", "Upload Cancellation, Server Behavior"),
			requires: "A DELETE that deactivates an upload is answered 204 (No Content); one that is not supported, up to version 6, 405.",
			why:      "Clients of these versions compare it.",
			sends:    "A creation with half of the content; DELETE.",
			failure:  "200 with a page is answered.", run: cancelStatus204},
		{name: "no-fields", level: must, versions: names("3", "6"), source: older("05", "Upload Cancellation"),
			requires: "A DELETE that carries Upload-Offset or the field of completeness is refused with 400 (Bad Request), and deletes nothing.",
			why:      "It may be an append whose method an intermediary has changed.",
			sends:    "DELETE with Upload-Offset, and with the field of completeness, on the resource of an open upload; HEAD; the rest.",
			failure:  "The fields are not looked at.", run: cancelNoFields},
		{name: "no-effect", level: should, versions: everyVersion, point: "mid-upload", faults: matrix.EveryFault,
			requires: "An upload that was interrupted and cancelled has no effect, also where the rest of its bytes is sent afterwards.",
			why:      "What was cancelled must not happen.",
			sends:    "An upload cut in the middle; DELETE on its resource; the rest, and the whole, by appends; a read of the number of effects.",
			failure:  "The upload is only marked, and its last byte completes it all the same.", run: cancelNoEffect},
		{name: "lost", level: should, versions: everyVersion, point: "pre-response", faults: matrix.EveryFault, source: catalog.RFC(9110, "9.2.2"),
			requires: "When the answer to the DELETE is lost, DELETE again is answered with a 2xx or a 4xx, and the upload is gone.",
			why:      "A client that does not know whether it has cancelled asks again.",
			sends:    "Half an upload; DELETE on its resource, whose answer is cut off; DELETE again; HEAD.",
			failure:  "The second DELETE finds a lock or fails.", run: cancelLost},
		{name: "in-flight", level: must, versions: everyVersion, source: upConcurrency,
			requires: "An upload that is cancelled while a request to it is under way has no effect, even if that request still brings its last byte.",
			why:      "The request that the client gave up may still be on its way.",
			sends:    "A complete append that stands still in the middle; DELETE on the upload resource; the rest of the append; a read of the number of effects.",
			failure:  "The request holds the upload, and completes it when it ends.", run: cancelInFlight},
		{name: "terminates", level: should, versions: since(newest),
			requires: "Requests under way to the upload are terminated before the DELETE is answered.",
			why:      "The client is told that its upload is no more; what it still sends would be for nothing.",
			sends:    "A complete append that stands still in the middle; DELETE on the upload resource; a wait for the end of the append's connection, or for its answer.",
			failure:  "The request waits for its content until its own time is over.", run: cancelTerminates},
	})
}

// cancelled sends DELETE on the upload resource. The case ends as unsupported where the server does not know that.
func (f *flow) cancelled(op *matrix.Operation) *exchange.Response {
	r := f.asked("DELETE", op)
	if r.Status == 405 || r.Status == 501 {
		f.Unsupported("DELETE on the upload resource is answered %d", r.Status)
	}
	f.succeeded(r, "DELETE on the upload resource of an open upload")
	return r
}

// gone asks that the upload resource does not answer any more.
func (f *flow) gone(op *matrix.Operation) {
	for _, r := range []*exchange.Response{
		f.asked("HEAD", op),
		f.Do("an append to an upload that was cancelled", f.d.append(op, matrix.Usual/2, op.Body[matrix.Usual/2:], true)),
	} {
		if r.Status/100 != 4 {
			f.Broken("the resource of an upload that was cancelled to be gone", "%d", r.Status)
		}
		if f.v.strict && r.Status != 404 {
			f.Broken("404 (Not Found) for the resource of an upload that was cancelled", "%d", r.Status)
		}
	}
}

func cancelGone(f *flow) {
	op := f.opened(matrix.Usual / 2)
	r := f.asked("DELETE", op)
	f.succeeded(r, "DELETE on the upload resource of an open upload")
	f.gone(op)
}

func cancelStatus204(f *flow) {
	if r := f.cancelled(f.opened(matrix.Usual / 2)); r.Status != 204 {
		f.Broken("204 (No Content) for DELETE on the upload resource", "%d", r.Status)
	}
}

func cancelNoFields(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	for _, field := range []exchange.Field{{Name: "Upload-Offset", Value: matrix.Itoa[int64](half)}, {Name: f.v.complete, Value: f.v.state(false)}} {
		r := f.asked("DELETE", op, field)
		if r.Status == 405 {
			f.Unsupported("DELETE on the upload resource is answered 405")
		}
		if r.Status != 400 {
			f.Broken("400 (Bad Request) for DELETE with "+field.Name, "%d", r.Status)
		}
	}
	f.once(op, half, "after DELETEs that were refused")
}

func cancelNoEffect(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	n := f.Offset(f.D, op)
	f.cancelled(op)
	for _, from := range []int64{n, 0} {
		r, err := f.Try(f.d.append(op, from, op.Body[from:], true))
		if err == nil && r.Status/100 == 2 {
			f.Broken("an append to an upload that was cancelled to be refused", "%d", r.Status)
		}
	}
	f.Release()
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that was cancelled"})
	f.Uploaded(f.OpAs(op.Tag, matrix.Usual)) // the next one is another
	effects.Once("of the upload after the one that was cancelled")
}

func cancelLost(f *flow) {
	f.cancelled(f.opened(matrix.Usual / 2))
	f.Round()
	op := f.opened(matrix.Usual / 2)
	effects := f.Effects(f.W, op.Tag)
	f.Landed(f.Cut(matrix.RequestTo("DELETE", op.Resource, f.v.common()...), f.At(matrix.ResponseHead, 0)))
	if again := f.asked("DELETE", op); again.Status/100 != 2 && again.Status/100 != 4 {
		f.Broken("a 2xx or a 4xx for DELETE again", "%d", again.Status)
	}
	if r := f.asked("HEAD", op); r.Status/100 != 4 {
		f.Broken("the resource of an upload that was cancelled to be gone", "%d", r.Status)
	}
	effects.None("of an upload that was cancelled")
}

// underWay gives an upload with a complete append that stands still in the middle of its content.
func (f *flow) underWay() (*matrix.Operation, *held) {
	if f.blocked() {
		f.Unsupported(waits)
	}
	const half = matrix.Usual / 2
	f.cancelled(f.opened(half))
	f.Round()
	op := f.opened(half)
	op.Sent = op.Len()
	return op, f.hold(op, f.expecting(f.d.append(op, half, op.Body[half:], true)), half/2)
}

// expecting gives a request that expects 100 (Continue), so that the server has begun with it when its content is sent.
func (f *flow) expecting(req exchange.Request) exchange.Request {
	req.Fields = req.Fields.With("Expect", "100-continue")
	return req
}

func cancelInFlight(f *flow) {
	op, h := f.underWay()
	effects := f.Effects(f.W, op.Tag)
	f.cancelled(op)
	h.more(matrix.Usual / 2)
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that was cancelled while its last append was under way"})
	h.drop()
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that was cancelled while its last append was under way"})
	if r := f.asked("HEAD", op); r.Status/100 == 2 {
		f.Broken("the resource of an upload that was cancelled to be gone", "%d", r.Status)
	}
}

func cancelTerminates(f *flow) {
	op, h := f.underWay()
	f.cancelled(op)
	f.terminated(h, "DELETE")
}
