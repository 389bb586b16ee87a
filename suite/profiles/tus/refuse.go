package tus

import (
	"context"
	"maps"
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// refusalChecks: a PATCH that is wrong changes nothing.
func refusalChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.patch.behind", Level: must, Source: patchRequest,
			Requires: "A PATCH at an offset below that of the upload is refused with 409 (Conflict), and changes nothing.",
			Why:      "A client that goes by an old note would store its bytes twice.",
			Sends:    "Half an upload; PATCHes at 0, at 1 and one byte below the offset; HEAD after each; then the rest.",
			Failure:  "What comes is appended, or written over what is there.",
		}, Run: with(func(f *flow) { patchConflict(f, 0, 1, matrix.Usual/2-1) })},
		{Case: catalog.Case{
			ID: "tus.patch.ahead", Level: must, Source: patchRequest,
			Requires: "A PATCH at an offset above that of the upload is refused with 409 (Conflict), and changes nothing.",
			Why:      "It would leave a hole that nobody fills.",
			Sends:    "Half an upload; PATCHes one byte above its offset, at its last byte, at its end and far beyond; HEAD after each; then the rest.",
			Failure:  "The file is written where the offset says, and its length taken for what was received.",
		}, Run: with(func(f *flow) { patchConflict(f, matrix.Usual/2+1, matrix.Usual-1, matrix.Usual, 1<<40) })},
		{Case: catalog.Case{
			ID: "tus.patch.stale", Level: must, Source: patchRequest,
			Requires: "After an interruption a PATCH at an offset that is not that of the upload is refused with 409 (Conflict), and changes nothing.",
			Why:      "A client that trusts its own count of what it has sent, and not HEAD, would leave a hole or a double.",
			Sends:    "An upload cut in the middle; HEAD; a PATCH with the rest one byte below the offset that it gave, and one byte above; HEAD after each; then the rest.",
			Failure:  "The offset is compared with another copy of the state than the one that HEAD reads.",
		}.CutAt("mid-upload", matrix.Closing), Run: with(patchStale)},
		{Case: catalog.Case{
			ID: "tus.patch.bad-offset", Level: must, Source: uploadOffset,
			Requires: "A PATCH whose Upload-Offset is missing, or is no non-negative integer, is refused with a 4xx, and changes nothing.",
			Why:      "Bytes whose place is guessed end up in the wrong one.",
			Sends:    "Half an upload; PATCHes without the field, with an empty one, with a word, a negative number, a fraction, and a number beyond 64 bits; HEAD after each; then the rest.",
			Failure:  "What cannot be read is taken for 0, or for the offset of the upload.",
		}, Run: with(patchBadOffset)},
		{Case: catalog.Case{
			ID: "tus.patch.type", Level: catalog.Should, Source: patchRequest,
			Requires: "A PATCH of another media type than application/offset+octet-stream, or of none, is refused with 415 and changes nothing.",
			Why:      "Other media types mean other changes: a JSON patch is not to be appended to a film.",
			Sends:    "Half an upload; PATCHes as application/octet-stream, as text/plain and without Content-Type; HEAD after each.",
			Failure:  "Content-Type is not looked at.",
		}, Run: with(patchType)},
		{Case: catalog.Case{
			ID: "tus.patch.missing", Level: catalog.Should, Source: patchRequest,
			Requires: "A PATCH to an upload that is not there is answered 404 (Not Found).",
			Why:      "The client begins anew; anything else leaves it trying.",
			Sends:    "A PATCH at 0 to a URL like that of an upload, which was never created.",
			Failure:  "The upload is created by the PATCH, or the missing file breaks the server.",
		}, Run: with(patchMissing)},
		{Case: catalog.Case{
			ID: "tus.patch.past-end", Level: must, Source: catalog.Loose(uploadLength, "what becomes of bytes beyond the length is not said: the length is that of the entire upload, so they are not part of it"),
			Requires: "A PATCH that runs past the length of the upload is refused, or what is beyond the end is not taken: the offset is never above the length.",
			Why:      "The stored file would be longer than the one that the client has.",
			Sends:    "Half an upload; a PATCH with ten bytes more than are missing; HEAD; where it was refused, the rest; a read of the stored bytes.",
			Failure:  "Bytes are counted and not compared with the length.",
		}, Run: with(patchPastEnd)},
		{Case: catalog.Case{
			ID: "tus.patch.past-end-chunked", Level: must, Source: catalog.Loose(uploadLength, "what becomes of bytes beyond the length is not said: the length is that of the entire upload, so they are not part of it"),
			Requires: "A PATCH in chunks, whose length cannot be seen beforehand, brings nothing beyond the length of the upload either: it is refused, or what is beyond the end is not taken.",
			Why:      "A limit that is held against Content-Length alone is none.",
			Sends:    "Half an upload; a PATCH in chunks with ten bytes more than are missing; HEAD; a read of the stored bytes.",
			Failure:  "Only Content-Length is compared with what is missing.",
		}, Run: with(patchPastEndChunked)},
		{Case: catalog.Case{
			ID: "tus.patch.refused-early", Level: catalog.Should, Source: catalog.RFC(9110, "10.1.1"),
			Requires: "A PATCH that expects 100 (Continue) and is refused for its head gets the final status instead of the 100.",
			Why:      "The client waits for the 100 just so as not to send a body that nobody wants.",
			Sends:    "The heads of PATCHes at a wrong offset, of another media type, and in another version; the body is held back.",
			Failure:  "The 100 is sent before the head is looked at.",
		}, Run: with(patchRefusedEarly)},
	}
}

func patchConflict(f *flow, offsets ...int64) {
	op := f.half()
	for _, at := range offsets {
		f.conflicting(op, at, matrix.Usual/2)
	}
	f.whole(op)
}

// conflicting sends a PATCH at an offset at which the upload, which has n bytes, is not.
func (f *flow) conflicting(op *matrix.Operation, at, n int64) {
	data := op.Body[min(at, op.Len()):]
	if len(data) == 0 {
		data = op.Body[n:]
	}
	r := f.unlocked("a PATCH at "+matrix.Itoa(at), patchAt(op, matrix.Itoa(at), data))
	sent := op.Sent
	op.Sent = op.Len() // for a server that has taken it
	f.stays(op, n, "after a PATCH at "+matrix.Itoa(at))
	op.Sent = sent
	if r.Status != 409 {
		f.Broken("409 (Conflict) for a PATCH at "+matrix.Itoa(at)+" to an upload of which "+matrix.Itoa(n)+" bytes are there", "%d", r.Status)
	}
}

func patchStale(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	f.Settled(f.d, op)
	n := f.Stable(op)
	if n > 0 {
		f.conflicting(op, n-1, n)
	}
	f.conflicting(op, n+1, n)
	f.whole(op)
}

func patchBadOffset(f *flow) {
	op := f.half()
	rest := op.Body[matrix.Usual/2:]
	plain := patchAt(op, "", rest)
	empty := patchAt(op, "", rest)
	empty.Fields = empty.Fields.With("Upload-Offset", "")
	wrong := map[string]exchange.Request{"no Upload-Offset": plain, "an empty Upload-Offset": empty}
	for _, value := range []string{"offset", "-1", "4096.0", "0x1000", "99999999999999999999"} {
		wrong["Upload-Offset: "+value] = patchAt(op, value, rest)
	}
	for _, what := range slices.Sorted(maps.Keys(wrong)) {
		op.Sent = op.Len()
		r := f.Do("a PATCH with "+what, wrong[what])
		f.stays(op, matrix.Usual/2, "after a PATCH with "+what)
		f.refused(r, "a PATCH with "+what)
	}
	f.whole(op)
}

func patchType(f *flow) {
	for _, kind := range []string{"application/octet-stream", "text/plain", ""} {
		op := f.half()
		op.Sent = op.Len()
		what := "a PATCH with Content-Type: " + kind
		if kind == "" {
			what = "a PATCH without Content-Type"
		}
		r := f.Do(what, f.typed(op, kind))
		if r.Status/100 != 2 {
			f.stays(op, matrix.Usual/2, "after "+what+", which was refused")
			f.whole(op)
		}
		if r.Status != 415 {
			f.Broken("415 (Unsupported Media Type) for "+what, "%d", r.Status)
		}
	}
}

func patchMissing(f *flow) {
	op := f.created(matrix.Usual)
	req := patchAt(op, "0", op.Body[:100])
	req.Target = stranger(f.here(op)).RequestURI()
	r := f.Do("a PATCH to an upload that is not there", req)
	f.stays(op, 0, "of the upload beside it")
	if !gone(r) {
		f.Broken("404 (Not Found) for a PATCH to an upload that is not there", "%d", r.Status)
	}
}

func patchPastEnd(f *flow) { f.tooLong(false) }

func patchPastEndChunked(f *flow) { f.tooLong(true) }

func (f *flow) tooLong(chunked bool) {
	op := f.half()
	effects := f.Effects(f.W, op.Tag)
	const half = matrix.Usual / 2
	req := patchAt(op, matrix.Itoa(half), append(slices.Clone(op.Body[half:]), matrix.Bytes(10, f.Salt+5)...))
	req.Chunked, req.ChunkSize = chunked, 1000
	op.Sent = op.Len()
	r, err := f.Try(req)
	if err == nil { // a server may end the connection of a PATCH that it does not want
		f.Note("a PATCH that runs past the end is answered %d", r.Status)
	}
	told := f.head(op)
	if absent(told) && (r == nil || r.Status/100 == 2) {
		f.Note("the upload is gone (%d)", told.Status)
		effects.Once("of the upload")
		return
	}
	n, err := f.d.ReadOffset(op, told)
	if err != nil || n > op.Len() {
		f.HarmfulAt(op.Len(), "request body", "an offset of at most "+matrix.Itoa(op.Len())+", the length of the upload", "%d (%v)", n, err)
	}
	if n < op.Len() {
		f.whole(op)
	}
	f.intact(op)
	effects.Once("of the upload")
}

func patchRefusedEarly(f *flow) {
	op := f.half()
	expect := field("Expect", "100-continue")
	rest := op.Body[matrix.Usual/2:]
	typed := f.typed(op, "text/plain")
	typed.Fields = append(typed.Fields, expect)
	for _, wrong := range []struct {
		what string
		req  exchange.Request
	}{
		{"a PATCH at a wrong offset", patchAt(op, "1", rest, expect)},
		{"a PATCH of another media type", typed},
		{"a PATCH in another version", versioned(patchAt(op, matrix.Itoa(matrix.Usual/2), rest, expect), anotherOne[0])},
	} {
		f.early(wrong.what, wrong.req)
	}
	f.stays(op, matrix.Usual/2, "after heads that were refused")
}

// early asks that a request which expects 100 (Continue) is refused before its body is sent.
func (f *flow) early(what string, req exchange.Request) {
	final, err := f.TryBy(req, leaveOnly)
	if err != nil {
		f.Broken(what+" to be answered before its body is sent", "%v", err)
	}
	if final == nil {
		f.Broken("a final status instead of 100 (Continue) for "+what, "100")
	}
}

// leaveOnly is a client that sends the head alone. It gives no response where leave to go on is given, also where the
// final status comes with it: whether both are seen at once is a matter of chance.
func leaveOnly(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
	if err := x.SendHead(ctx); err != nil && exchange.KindOf(err) != exchange.Answered {
		return nil, err
	}
	final, err := x.AwaitContinue(ctx)
	if slices.ContainsFunc(x.Interims(), func(r *exchange.Response) bool { return r.Status == 100 }) {
		final, err = nil, nil
	}
	return final, err
}
