package tus

import (
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// headChecks: the question for the offset.
func headChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.head.offset", Level: must, Source: headRequest,
			Requires: "HEAD on an upload always gives Upload-Offset, a non-negative integer: of a new one, of one that has begun, and of one that is complete.",
			Why:      "A client goes on where that says; without it nothing can be resumed.",
			Sends:    "HEAD on an upload with 0, 1, half and all of its bytes.",
			Failure:  "The field is left out at 0, or at the end, where a value that is nothing to the language is not written.",
		}, Run: with(headOffset)},
		{Case: catalog.Case{
			ID: "tus.head.length", Level: must, Source: headRequest,
			Requires: "HEAD gives Upload-Length where the length is known.",
			Why:      "A client that has lost its own notes sees by it whether the file before it is the one that was begun.",
			Sends:    "HEAD on an upload with 0, half and all of its bytes.",
			Failure:  "The length is not told, or is that of what was received.",
		}, Run: with(headLength)},
		{Case: catalog.Case{
			ID: "tus.head.no-store", Level: must, Source: headRequest,
			Requires: "The answer to HEAD has Cache-Control: no-store.",
			Why:      "A cache that answers with an old offset sends the client to a place where bytes are already.",
			Sends:    "HEAD on an upload with 0, half and all of its bytes.",
			Failure:  "The field is missing, or says no-cache instead.",
		}, Run: with(headNoStore)},
		{Case: catalog.Case{
			ID: "tus.head.status", Level: catalog.Should, Source: headRequest,
			Requires: "A successful HEAD is answered 200 or 204.",
			Why:      "Clients compare with these two.",
			Sends:    "HEAD on an upload that has begun.",
			Failure:  "Another success is used, such as 206.",
		}, Run: with(headStatus)},
		{Case: catalog.Case{
			ID: "tus.head.missing", Level: catalog.Should, Source: headRequest,
			Requires: "HEAD on an upload that is not there is answered 404, 410 or 403, without Upload-Offset.",
			Why:      "The client begins anew; told an offset, it would go on with nothing.",
			Sends:    "HEAD on a URL like that of an upload, which was never created.",
			Failure:  "A missing file is taken for an empty upload, or breaks the server.",
		}, Run: with(headMissing)},
		{Case: catalog.Case{
			ID: "tus.head.repeated", Level: must, Source: catalog.Loose(headRequest, "that asking changes nothing is what RFC 9110, 9.2.1 says of HEAD"),
			Requires: "HEAD, as often as it is asked, gives the same offset and changes nothing.",
			Why:      "A client whose connection breaks while it asks will ask again.",
			Sends:    "Half an upload; HEAD twenty times, and cut ten times in its answer; then the rest.",
			Failure:  "Asking takes a lock, or prepares the upload for writing and cuts it.",
			Point:    "mid-upload", Faults: matrix.Closing,
		}, Run: with(headRepeated)},
	}
}

// states goes through an upload, and looks at HEAD in each of the states: at these offsets. How a PATCH is answered is
// another case's business, as long as it is taken.
func (f *flow) states(look func(op *matrix.Operation, r *exchange.Response, n int64), offsets ...int64) {
	op := f.created(matrix.Usual)
	at := int64(0)
	for _, next := range offsets {
		for at < next {
			at = f.put(op, at, next)
		}
		r := f.head(op)
		if next == op.Len() && absent(r) {
			f.Note("an upload that is complete is gone (%d)", r.Status)
			return
		}
		look(op, r, next)
	}
}

// put sends a PATCH with the bytes from (inclusive) to (exclusive), and gives how far it has led as far as that can be told.
func (f *flow) put(op *matrix.Operation, from, to int64) int64 {
	op.Sent = max(op.Sent, to)
	r := f.Do("a PATCH", patchAt(op, matrix.Itoa(from), op.Body[from:to]))
	if r.Status/100 != 2 {
		f.Unsupported("the PATCH by which the upload is to grow is answered %d", r.Status)
	}
	if told, ok := f.d.Told(op, r); ok && told > from && told < to {
		return told
	}
	return to
}

func headOffset(f *flow) {
	f.states(func(op *matrix.Operation, r *exchange.Response, n int64) {
		if r.Status/100 != 2 {
			f.Broken("HEAD to succeed on an upload of which "+matrix.Itoa(n)+" bytes are there", "%d", r.Status)
		}
		got, err := f.d.ReadOffset(op, r)
		if err != nil {
			f.Broken("Upload-Offset: "+matrix.Itoa(n), "%v", err)
		}
		if got != n {
			f.HarmfulAt(min(n, got), "request body", "Upload-Offset: "+matrix.Itoa(n), "%d", got)
		}
	}, 0, 1, matrix.Usual/2, matrix.Usual)
}

func headLength(f *flow) {
	f.states(func(op *matrix.Operation, r *exchange.Response, n int64) {
		if got, err := integer(r.Fields.Joined("Upload-Length")); err != nil || got != op.Len() {
			f.Broken("Upload-Length: "+matrix.Itoa(op.Len())+" of an upload of which "+matrix.Itoa(n)+" bytes are there", "%q", r.Fields.Joined("Upload-Length"))
		}
	}, 0, matrix.Usual/2, matrix.Usual)
}

func headNoStore(f *flow) {
	f.states(func(_ *matrix.Operation, r *exchange.Response, n int64) {
		if !slices.ContainsFunc(list(r.Fields, "Cache-Control"), func(item string) bool { return strings.EqualFold(item, "no-store") }) {
			f.Broken("Cache-Control: no-store in the answer to HEAD, where "+matrix.Itoa(n)+" bytes are there", "Cache-Control: %q", r.Fields.Joined("Cache-Control"))
		}
	}, 0, matrix.Usual/2, matrix.Usual)
}

func headStatus(f *flow) {
	if r := f.head(f.half()); r.Status != 200 && r.Status != 204 {
		f.Broken("200 or 204 for HEAD", "%d", r.Status)
	}
}

func headMissing(f *flow) {
	op := f.created(matrix.Usual)
	r := f.Do("HEAD on an upload that is not there", matrix.RequestTo("HEAD", stranger(f.here(op)), resumable))
	if r.Status != 404 && r.Status != 410 && r.Status != 403 {
		f.Broken("404, 410 or 403 for HEAD on an upload that is not there", "%d", r.Status)
	}
	if r.Fields.Has("Upload-Offset") {
		f.Broken("no Upload-Offset of an upload that is not there", "Upload-Offset: %s", r.Fields.Joined("Upload-Offset"))
	}
}

func headRepeated(f *flow) {
	op := f.half()
	for range 20 {
		f.stays(op, matrix.Usual/2, "however often it is asked for")
	}
	for range 10 {
		f.Landed(f.Cut(matrix.RequestTo("HEAD", f.here(op), resumable), f.At(matrix.ResponseHead, 0)))
		f.stays(op, matrix.Usual/2, "after a HEAD whose answer was cut off")
	}
	f.whole(op)
}
