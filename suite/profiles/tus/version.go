package tus

import (
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// versionChecks: both sides say which version they speak, and nothing is done in one that the server does not.
func versionChecks() []matrix.Check {
	must := catalog.Must
	const (
		why     = "What another version means by the same request nobody knows: half of it understood is worse than none."
		failure = "The version is not read, or only once the request was carried out."
	)
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.version.told", Level: must, Source: tusResumable,
			Requires: "Every successful response, to POST, HEAD, PATCH and DELETE, has Tus-Resumable: 1.0.0.",
			Why:      "A client that does not find it takes the server for one that does not speak tus, and gives up.",
			Sends:    "POST; HEAD; two times PATCH; HEAD; DELETE of another upload, where termination is announced.",
			Failure:  "The field is set for some methods, or taken off by something in front of the application.",
		}, Run: with(versionTold)},
		{Case: catalog.Case{
			ID: "tus.version.errors", Level: must, Source: tusResumable,
			Requires: "Error responses of an upload (409, 412, 415) have Tus-Resumable: 1.0.0 as well.",
			Why:      "The text says every response; a client tells by it whether the server or something before it has refused.",
			Sends:    "PATCH at a wrong offset, of another media type, and in another version.",
			Failure:  "Errors are written by a framework that does not know the field.",
		}, Run: with(versionErrors)},
		{Case: catalog.Case{
			ID: "tus.version.post", Level: must, Source: tusResumable,
			Requires: "POST in a version that the server does not support is answered 412 with Tus-Version, and creates nothing.",
			Why:      why, Failure: failure,
			Sends: "POST with Tus-Resumable: 0.0.1, and with 99.0.0.",
		}, Run: with(versionPost)},
		{Case: catalog.Case{
			ID: "tus.version.head", Level: must, Source: tusResumable,
			Requires: "HEAD in a version that the server does not support is answered 412 with Tus-Version.",
			Why:      why, Failure: failure,
			Sends: "HEAD on an upload with Tus-Resumable: 0.0.1, and with 99.0.0.",
		}, Run: with(versionHead)},
		{Case: catalog.Case{
			ID: "tus.version.patch", Level: must, Source: tusResumable,
			Requires: "PATCH in a version that the server does not support is answered 412 with Tus-Version, and changes nothing.",
			Why:      why, Failure: failure,
			Sends: "PATCH with Tus-Resumable: 0.0.1, and with 99.0.0; HEAD; then the rest in 1.0.0.",
		}, Run: with(versionPatch)},
		{Case: catalog.Case{
			ID: "tus.version.delete", Level: must, Source: tusResumable,
			Requires: "DELETE in a version that the server does not support is answered 412 with Tus-Version, and deletes nothing.",
			Why:      why, Failure: failure,
			Sends: "DELETE of an upload with Tus-Resumable: 0.0.1, and with 99.0.0; HEAD.",
		}, Run: with(versionDelete)},
	}
}

// inVersion asks that a response tells the version.
func (f *flow) inVersion(r *exchange.Response, what string) {
	if got := r.Fields.Joined("Tus-Resumable"); got != version {
		f.Broken("Tus-Resumable: "+version+" in the "+matrix.Itoa(r.Status)+" to "+what, "Tus-Resumable: %q", got)
	}
}

func versionTold(f *flow) {
	f.created(matrix.Usual)
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	f.inVersion(f.made(op, "POST", f.d.Prepare(op)), "POST")
	f.inVersion(f.head(op), "HEAD")
	r := f.Do("PATCH", patchAt(op, "0", op.Body[:100]))
	n := f.taken(op, r, 0, 100, "a PATCH")
	f.inVersion(r, "PATCH")
	f.inVersion(f.head(op), "HEAD")
	f.inVersion(f.Do("the last PATCH", patchAt(op, matrix.Itoa(n), op.Body[n:])), "the last PATCH")
	if f.d.offer.has(extTerminate) {
		f.inVersion(f.send("DELETE", f.created(matrix.Usual)), "DELETE")
	}
}

func versionErrors(f *flow) {
	op := f.half()
	rest := op.Body[matrix.Usual/2:]
	other := patchAt(op, matrix.Itoa(matrix.Usual/2), rest)
	other.Fields = slices.Clone(other.Fields)
	other.Fields[1].Value = "text/plain"
	for _, wrong := range []struct {
		what string
		req  exchange.Request
	}{
		{"a PATCH at a wrong offset", patchAt(op, matrix.Itoa(1), rest)},
		{"a PATCH of another media type", other},
		{"a PATCH in another version", versioned(patchAt(op, matrix.Itoa(matrix.Usual/2), rest), anotherOne[0])},
	} {
		r := f.Do(wrong.what, wrong.req)
		if r.Status/100 == 4 {
			f.inVersion(r, wrong.what)
		}
	}
}

// versioned gives a request in another version.
func versioned(req exchange.Request, version string) exchange.Request {
	req.Fields = without(req.Fields, "Tus-Resumable").With("Tus-Resumable", version)
	return req
}

// unknowns are versions that the server does not say that it supports.
func (f *flow) unknowns() []string {
	return slices.DeleteFunc(slices.Clone(anotherOne), func(v string) bool { return slices.Contains(f.d.offer.versions, v) })
}

// unsupportedVersion asks for 412 with Tus-Version.
func (f *flow) unsupportedVersion(r *exchange.Response, what string) {
	if r.Status != 412 {
		f.Broken("412 (Precondition Failed) for "+what, "%d", r.Status)
	}
	if !slices.Contains(list(r.Fields, "Tus-Version"), version) {
		f.Broken("a Tus-Version that names "+version+" in the 412 to "+what, "Tus-Version: %q", r.Fields.Joined("Tus-Version"))
	}
}

func versionPost(f *flow) {
	f.created(matrix.Usual)
	for _, v := range f.unknowns() {
		op := f.OpAs(matrix.NewTag(), 0) // which would be complete at once
		effects := f.Effects(f.W, op.Tag)
		r := f.Do("POST with Tus-Resumable: "+v, versioned(f.d.Prepare(op), v))
		f.unsupportedVersion(r, "POST with Tus-Resumable: "+v)
		if r.Fields.Has("Location") {
			f.d.Learn(op, &exchange.Response{Status: 201, Fields: r.Fields})
			if got := f.head(op); got.Status/100 == 2 {
				f.Broken("nothing to be created by a POST with Tus-Resumable: "+v, "an upload at %s", r.Fields.Get("Location"))
			}
		}
		effects.None("of a POST in a version that is not supported")
	}
}

func versionHead(f *flow) {
	op := f.half()
	for _, v := range f.unknowns() {
		req := versioned(matrix.RequestTo("HEAD", f.here(op)), v)
		f.unsupportedVersion(f.Do("HEAD with Tus-Resumable: "+v, req), "HEAD with Tus-Resumable: "+v)
	}
}

func versionPatch(f *flow) {
	op := f.half()
	for _, v := range f.unknowns() {
		r := f.Do("PATCH with Tus-Resumable: "+v, versioned(patchAt(op, matrix.Itoa(matrix.Usual/2), op.Body[matrix.Usual/2:]), v))
		f.stays(op, matrix.Usual/2, "after a PATCH in a version that is not supported")
		f.unsupportedVersion(r, "PATCH with Tus-Resumable: "+v)
	}
	f.whole(op)
}

func versionDelete(f *flow) {
	f.announces(extTerminate)
	op := f.half()
	for _, v := range f.unknowns() {
		r := f.Do("DELETE with Tus-Resumable: "+v, versioned(matrix.RequestTo("DELETE", f.here(op)), v))
		f.unsupportedVersion(r, "DELETE with Tus-Resumable: "+v)
		f.stays(op, matrix.Usual/2, "after a DELETE in a version that is not supported")
	}
	f.whole(op)
}
