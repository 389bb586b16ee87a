package uploadresource

import (
	"time"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// polite is the pause between two questions to a server that may still be at work.
const polite = 10 * time.Millisecond

// cancelChecks: the client gives its upload up.
func cancelChecks() []matrix.Check {
	source := catalog.Loose(catalog.RFC(9110, "9.3.5"), definition)
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "upload-resource.cancel.gone", Level: catalog.Should, Source: source,
			Requires: "DELETE on the status resource of an unfinished upload is answered with a 2xx; afterwards the status resource and the upload URI are 404 or 410.",
			Why:      "A client that gives an upload up frees what it takes, and knows that it did.",
			Sends:    "Half an upload; DELETE on its status resource; GET on it; a write of the rest.",
			Failure:  "DELETE is not known there, or only the document is deleted.",
		}, Run: with(cancelGone)},
		{Case: catalog.Case{
			ID: "upload-resource.cancel.no-effect", Level: catalog.Must, Source: source,
			Requires: "An upload that was interrupted and cancelled has no effect, also where the rest of its bytes is sent afterwards.",
			Why:      "What was cancelled must not happen.",
			Sends:    "An upload cut in the middle; DELETE on its status resource; the rest, and the whole, to its upload URI; a read of the number of effects.",
			Failure:  "The upload is only marked, and its last byte completes it all the same.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(cancelNoEffect)},
		{Case: catalog.Case{
			ID: "upload-resource.cancel.lost", Level: catalog.Must, Source: source,
			Requires: "When the answer to the DELETE is lost, DELETE again is answered with a 2xx, 404 or 410, and the upload is gone.",
			Why:      "A client that does not know whether it has cancelled asks again (RFC 9110, 9.2.2).",
			Sends:    "Half an upload; DELETE on its status resource, whose answer is cut off; DELETE again; GET.",
			Failure:  "The second DELETE finds a lock or fails.",
		}.CutAt("pre-response", matrix.EveryFault), Run: with(cancelLost)},
	}
}

// cancelled sends DELETE on the status resource. The case ends as unsupported where the server does not know that.
func (f *flow) cancelled(op *matrix.Operation) {
	r := f.send("DELETE", op)
	if r.Status == 405 || r.Status == 501 {
		f.Unsupported("DELETE on the status resource is answered %d", r.Status)
	}
	f.That(r.Status/100, Equal(2), matrix.Itoa(r.Status), "2xx for DELETE on the status resource of an unfinished upload")
}

// gone says whether an answer says that the resource is not there.
func gone(r *exchange.Response) bool { return r.Status == 404 || r.Status == 410 }

func cancelGone(f *flow) {
	op := f.half()
	r := f.send("DELETE", op)
	f.That(r.Status/100, Equal(2), matrix.Itoa(r.Status), "2xx for DELETE on the status resource of an unfinished upload")
	for _, method := range []string{"GET", "HEAD"} {
		r = f.send(method, op)
		f.That(gone(r), BeTrue(), matrix.Itoa(r.Status), "404 or 410 for %s on the status resource of an upload that was cancelled", method)
	}
	r = f.put(op, contentRange(matrix.Usual/2, matrix.Usual, matrix.Usual), op.Body[matrix.Usual/2:])
	f.That(gone(r), BeTrue(), matrix.Itoa(r.Status), "404 or 410 for a write to an upload that was cancelled")
}

func cancelNoEffect(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	n := f.Offset(f.d, op)
	f.cancelled(op)
	for _, from := range []int64{n, 0} {
		r, err := f.Try(f.d.write(op, contentRange(from, op.Len(), op.Len()), op.Body[from:]).Request)
		if err == nil && goesOn(r) {
			f.Harmful("a write to an upload that was cancelled to be refused", "%d", r.Status)
		}
	}
	f.Release()
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that was cancelled", Look: func() {
		if r := f.asked(op); r.Status/100 == 2 {
			f.Broken("the status resource of an upload that was cancelled to be gone", "%d", r.Status)
		}
	}})
	f.Uploaded(f.OpAs(op.Tag, matrix.Usual)) // the next one is another
	effects.Once("of the upload after the one that was cancelled")
}

func cancelLost(f *flow) {
	f.cancelled(f.half())
	f.Round()
	op := f.half()
	effects := f.Effects(f.W, op.Tag)
	u, err := handle(op, statusPlace)
	if err != nil {
		f.Unsupported("%v", err)
	}
	f.Landed(f.Cut(matrix.RequestTo("DELETE", u), f.At(matrix.ResponseHead, 0)))
	again := f.send("DELETE", op)
	f.That(again.Status/100 == 2 || gone(again), BeTrue(), matrix.Itoa(again.Status), "2xx, 404 or 410 for DELETE again")
	r := f.asked(op)
	f.That(gone(r), BeTrue(), matrix.Itoa(r.Status), "404 or 410 for the status resource of an upload that was cancelled")
	effects.None("of an upload that was cancelled")
}
