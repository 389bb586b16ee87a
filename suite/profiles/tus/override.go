package tus

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// overrideChecks: X-HTTP-Method-Override is the method.
func overrideChecks() []matrix.Check {
	must := catalog.Must
	const why = "An environment that knows no PATCH and no DELETE has no other way to upload or to cancel."
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.override.patch", Level: must, Source: override,
			Requires: "POST with X-HTTP-Method-Override: PATCH on an upload is a PATCH.",
			Why:      why,
			Sends:    "An upload in two parts, each a POST with that field.",
			Failure:  "The field is not read, or POST on an upload is refused before.",
		}, Run: with(overridePatch)},
		{Case: catalog.Case{
			ID: "tus.override.delete", Level: must, Source: override,
			Requires: "POST with X-HTTP-Method-Override: DELETE on an upload is a DELETE, where termination is announced.",
			Why:      why,
			Sends:    "POST with that field on a new upload; HEAD.",
			Failure:  "Only PATCH is thought of.",
		}, Run: with(overrideDelete)},
		{Case: catalog.Case{
			ID: "tus.override.head", Level: must, Source: override,
			Requires: "POST with X-HTTP-Method-Override: HEAD on an upload is answered as HEAD is, with Upload-Offset, and changes nothing.",
			Why:      "The field is the request's method, whatever it names.",
			Sends:    "Half an upload; POST with that field; then the rest.",
			Failure:  "A list of methods that may be overridden is kept, and this is not in it.",
		}, Run: with(overrideHead)},
		{Case: catalog.Case{
			ID: "tus.override.actual", Level: must, Source: override,
			Requires: "The actual method is ignored: PUT with X-HTTP-Method-Override: PATCH is a PATCH, and PATCH with X-HTTP-Method-Override: HEAD writes nothing.",
			Why:      "A request that is read by its actual method does what its sender did not ask for.",
			Sends:    "Half an upload; a PATCH with the override HEAD; HEAD; the rest by PUT with the override PATCH.",
			Failure:  "The field is read for POST only.",
		}, Run: with(overrideActual)},
	}
}

// overridden gives a request by another method with the one that it has in the field.
func overridden(req exchange.Request, actual string) exchange.Request {
	req.Fields = req.Fields.With("X-HTTP-Method-Override", req.Method)
	req.Method = actual
	return req
}

func overridePatch(f *flow) {
	op := f.created(matrix.Usual)
	for at := int64(0); at < op.Len(); {
		to := min(at+5000, op.Len())
		op.Sent = to
		what := "POST with X-HTTP-Method-Override: PATCH"
		at = f.taken(op, f.Do(what, overridden(patchAt(op, matrix.Itoa(at), op.Body[at:to]), "POST")), at, to, what)
	}
	f.over(op)
	f.intact(op)
}

func overrideDelete(f *flow) {
	f.announces(extTerminate)
	op := f.half()
	req := matrix.RequestTo("DELETE", f.here(op), resumable)
	req.HasBody = true
	r := f.Do("POST with X-HTTP-Method-Override: DELETE", overridden(req, "POST"))
	if r.Status != 204 {
		f.Broken("204 (No Content) for POST with X-HTTP-Method-Override: DELETE", "%d", r.Status)
	}
	if r = f.head(op); r.Status/100 == 2 {
		f.Broken("the upload to be gone", "HEAD gives %d", r.Status)
	}
}

func overrideHead(f *flow) {
	op := f.half()
	req := matrix.RequestTo("HEAD", f.here(op), resumable)
	req.HasBody = true
	r := f.Do("POST with X-HTTP-Method-Override: HEAD", overridden(req, "POST"))
	n, err := f.d.ReadOffset(op, r)
	if err != nil || n != matrix.Usual/2 {
		f.Broken("Upload-Offset: "+matrix.Itoa(matrix.Usual/2)+" for POST with X-HTTP-Method-Override: HEAD", "%d (%v)", n, err)
	}
	f.whole(op)
}

func overrideActual(f *flow) {
	op := f.half()
	const half = matrix.Usual / 2
	odd := patchAt(op, matrix.Itoa(half), op.Body[half:])
	odd.Fields = odd.Fields.With("X-HTTP-Method-Override", "HEAD")
	op.Sent = op.Len()
	if _, err := f.Try(odd); err != nil { // a server may leave a body unread that a HEAD has not
		f.Note("PATCH with X-HTTP-Method-Override: HEAD: %v", err)
	}
	f.stays(op, half, "after a PATCH with X-HTTP-Method-Override: HEAD")
	what := "PUT with X-HTTP-Method-Override: PATCH"
	f.rest(op, f.taken(op, f.Do(what, overridden(patchAt(op, matrix.Itoa(half), op.Body[half:]), "PUT")), half, op.Len(), what))
}
