package tus

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// terminateChecks: the client gives its upload up. Only where termination is announced.
func terminateChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.terminate.unfinished", Level: must, Source: deleteRequest,
			Requires: "DELETE on an unfinished upload is answered 204: on a new one, and on one that has begun.",
			Why:      "The client learns that the upload is gone.",
			Sends:    "DELETE on an upload without a byte, and on one with half of them.",
			Failure:  "Another success is used, or DELETE waits for the upload to be complete.",
		}, Run: terminating(terminateUnfinished)},
		{Case: catalog.Case{
			ID: "tus.terminate.complete", Level: must, Source: termination,
			Requires: "DELETE on a complete upload is answered 204.",
			Why:      "The extension is for completed uploads as well.",
			Sends:    "A whole upload; DELETE on it.",
			Failure:  "Completed uploads are taken for gone.",
		}, Run: terminating(terminateComplete)},
		{Case: catalog.Case{
			ID: "tus.terminate.gone", Level: should, Source: deleteRequest,
			Requires: "After DELETE every request to the upload is answered 404 or 410: HEAD, PATCH and DELETE.",
			Why:      "A client that comes back to it has to begin anew.",
			Sends:    "Half an upload; DELETE; HEAD, PATCH and DELETE.",
			Failure:  "The upload is only marked, or its bytes are gone and what tells of them is not.",
		}, Run: terminating(terminateGone)},
		{Case: catalog.Case{
			ID: "tus.terminate.others", Level: must, Source: deleteRequest,
			Requires: "DELETE ends one upload: the others go on.",
			Why:      "Users upload side by side.",
			Sends:    "Two uploads, half; DELETE of the one; the rest of the other.",
			Failure:  "Uploads of the same length, name or user are removed together.",
		}, Run: terminating(terminateOthers)},
		{Case: catalog.Case{
			ID: "tus.terminate.missing", Level: should, Source: catalog.Loose(deleteRequest, "DELETE of what is not there is not mentioned: it is answered as any request to it"),
			Requires: "DELETE on an upload that is not there is answered 404 or 410.",
			Why:      "A client that has mistaken the URL learns that it has.",
			Sends:    "DELETE on a URL like that of an upload, which was never created.",
			Failure:  "A missing file breaks the server.",
		}, Run: terminating(terminateMissing)},
		{Case: catalog.Case{
			ID: "tus.terminate.no-effect", Level: must, Source: termination,
			Requires: "An upload that was interrupted and terminated has no effect, also where the rest of its bytes is sent afterwards.",
			Why:      "What was cancelled must not happen.",
			Sends:    "An upload cut in the middle; DELETE; the rest, and the whole; a read of the number of effects.",
			Failure:  "The upload is only marked, and its last byte completes it all the same.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: terminating(terminateNoEffect)},
		{Case: catalog.Case{
			ID: "tus.terminate.lost", Level: must, Source: deleteRequest,
			Requires: "When the answer to DELETE is lost, DELETE again is answered 204, 404 or 410, and the upload is gone.",
			Why:      "A client that does not know whether it has cancelled asks again (RFC 9110, 9.2.2).",
			Sends:    "Half an upload; DELETE, whose answer is cut off; DELETE again; HEAD.",
			Failure:  "The second DELETE finds a lock or fails.",
		}.CutAt("pre-response", matrix.EveryFault), Run: terminating(terminateLost)},
	}
}

// terminating is with for cases of uploads that are given up.
func terminating(run func(*flow)) func(*matrix.Session) {
	return with(func(f *flow) {
		f.announces(extTerminate)
		run(f)
	})
}

// deleted sends DELETE and asks for 204.
func (f *flow) deleted(op *matrix.Operation, what string) {
	r := f.unlocked("DELETE on "+what, matrix.RequestTo("DELETE", f.here(op), resumable))
	if r.Status != 204 {
		f.Broken("204 (No Content) for DELETE on "+what, "%d", r.Status)
	}
}

func terminateUnfinished(f *flow) {
	f.deleted(f.created(matrix.Usual), "an upload without a byte")
	f.deleted(f.half(), "an upload with half of its bytes")
}

func terminateComplete(f *flow) {
	op := f.done()
	if r := f.head(op); absent(r) {
		f.Unsupported("an upload that is complete is gone (%d)", r.Status)
	}
	f.deleted(op, "a complete upload")
}

func terminateGone(f *flow) {
	op := f.half()
	f.deleted(op, "an upload with half of its bytes")
	patch := patchAt(op, matrix.Itoa(matrix.Usual/2), op.Body[matrix.Usual/2:])
	for _, req := range []exchange.Request{matrix.RequestTo("HEAD", f.here(op), resumable), patch, matrix.RequestTo("DELETE", f.here(op), resumable)} {
		if r := f.Do(req.Method+" after DELETE", req); !gone(r) {
			f.Broken("404 or 410 for "+req.Method+" on an upload that was terminated", "%d", r.Status)
		}
	}
}

func terminateOthers(f *flow) {
	a, b := f.half(), f.half()
	f.deleted(a, "an upload with half of its bytes")
	f.stays(b, matrix.Usual/2, "after DELETE of another")
	f.whole(b)
}

func terminateMissing(f *flow) {
	op := f.half()
	r := f.Do("DELETE on an upload that is not there", matrix.RequestTo("DELETE", stranger(f.here(op)), resumable))
	f.stays(op, matrix.Usual/2, "after DELETE of one that is not there")
	if !gone(r) {
		f.Broken("404 or 410 for DELETE on an upload that is not there", "%d", r.Status)
	}
}

func terminateNoEffect(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	n := f.Offset(f.d, op)
	f.deleted(op, "an upload that was interrupted")
	for _, from := range []int64{n, 0} {
		r, err := f.Try(patchAt(op, matrix.Itoa(from), op.Body[from:]))
		if err == nil && r.Status/100 == 2 {
			f.Harmful("a PATCH to an upload that was terminated to be refused", "%d", r.Status)
		}
	}
	f.Release()
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that was terminated"})
	f.Uploaded(f.OpAs(op.Tag, matrix.Usual)) // the next one is another
	effects.Once("of the upload after the one that was terminated")
}

func terminateLost(f *flow) {
	op := f.half()
	effects := f.Effects(f.W, op.Tag)
	f.Landed(f.Cut(matrix.RequestTo("DELETE", f.here(op), resumable), f.At(matrix.ResponseHead, 0)))
	again := f.unlocked("DELETE again", matrix.RequestTo("DELETE", f.here(op), resumable))
	if again.Status != 204 && !gone(again) {
		f.Broken("204, 404 or 410 for DELETE again", "%d", again.Status)
	}
	if r := f.head(op); r.Status/100 == 2 {
		f.Broken("the upload to be gone", "HEAD gives %d", r.Status)
	}
	effects.None("of an upload that was terminated")
}
