package tus

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// deferred is the field of a POST whose upload has no length yet.
var deferred = field("Upload-Defer-Length", "1")

// deferChecks: the length comes later. Only where creation-defer-length is announced.
func deferChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.defer.created", Level: must, Source: createRequest,
			Requires: "POST with Upload-Defer-Length: 1 creates; as long as the length is not known, HEAD gives Upload-Defer-Length: 1, and no Upload-Length.",
			Why:      "A client that finds a length takes the upload for complete when its bytes are in.",
			Sends:    "POST with Upload-Defer-Length: 1; HEAD; a PATCH of half the bytes; HEAD.",
			Failure:  "The length is told as 0, or as what has come so far.",
		}, Run: deferring(deferCreated)},
		{Case: catalog.Case{
			ID: "tus.defer.bad-value", Level: catalog.Should, Source: createRequest,
			Requires: "POST with an Upload-Defer-Length other than 1 is answered 400.",
			Why:      "What 2 means nobody has said.",
			Sends:    "POST with Upload-Defer-Length: 0, 2 and true.",
			Failure:  "Only the presence of the field is looked at.",
		}, Run: deferring(deferBadValue)},
		{Case: catalog.Case{
			ID: "tus.defer.last", Level: must, Source: deferLength,
			Requires: "The length may come with the last PATCH: the upload is then complete, intact, and takes effect once; not before.",
			Why:      "The length of a stream is known at its end.",
			Sends:    "POST with Upload-Defer-Length: 1; two PATCHes without a length; a read of the number of effects; the last PATCH with Upload-Length; HEAD.",
			Failure:  "The field is not read in a PATCH, or the upload was complete after the first.",
		}, Run: deferring(deferLast)},
		{Case: catalog.Case{
			ID: "tus.defer.first", Level: must, Source: deferLength,
			Requires: "The length may come with an earlier PATCH, while bytes are missing: HEAD gives it from then on, without Upload-Defer-Length, and the upload goes on to its end.",
			Why:      "The client tells it as soon as it knows.",
			Sends:    "POST with Upload-Defer-Length: 1; a PATCH of some bytes with Upload-Length; HEAD; the rest.",
			Failure:  "The length is taken for the end.",
		}, Run: deferring(deferFirst)},
		{Case: catalog.Case{
			ID: "tus.defer.empty", Level: must, Source: catalog.Loose(deferLength, "the next PATCH once the length is known may have nothing to bring: the text does not exclude it"),
			Requires: "The length may come with a PATCH that brings no byte, when all of them are in: the upload is then complete.",
			Why:      "A client often learns that there is no more only when it wants to read on.",
			Sends:    "POST with Upload-Defer-Length: 1; PATCHes with all bytes; a PATCH without a byte and with Upload-Length; HEAD; a read of the number of effects.",
			Failure:  "A PATCH without a byte is dropped before its head is read, and the upload waits for ever.",
		}, Run: deferring(deferEmpty)},
		{Case: catalog.Case{
			ID: "tus.defer.fixed", Level: must, Source: createRequest,
			Requires: "Once set the length is not changed: a PATCH that tells another is refused or its length ignored, and HEAD gives the first.",
			Why:      "Two lengths for one upload mean that one side is wrong about what it is uploading.",
			Sends:    "POST with Upload-Defer-Length: 1; a PATCH with Upload-Length; PATCHes of one byte with a larger and a smaller one; HEAD after each; then the rest.",
			Failure:  "The last length told wins, and an upload is complete too early or never.",
		}, Run: deferring(deferFixed)},
		{Case: catalog.Case{
			ID: "tus.defer.too-small", Level: must, Source: catalog.Loose(uploadLength, "a length below the offset is not mentioned: it cannot be the size of the entire upload"),
			Requires: "A length that is smaller than what is there, or than what the PATCH brings to it, is not taken for the length of the upload: the PATCH is refused, and the right length can still be told.",
			Why:      "The upload would be longer than its length, and never complete or complete at once.",
			Sends:    "POST with Upload-Defer-Length: 1; half of the bytes; a PATCH of one byte with an Upload-Length below the offset; HEAD; then the rest with the right one.",
			Failure:  "The length is stored without a look at the offset.",
		}, Run: deferring(deferTooSmall)},
		{Case: catalog.Case{
			ID: "tus.defer.cut", Level: must, Source: createRequest,
			Requires: "When the PATCH that tells the length is cut, the upload resumes: its length is then known, or can be told again.",
			Why:      "What broke off must be repeatable, the length too.",
			Sends:    "POST with Upload-Defer-Length: 1; a PATCH with Upload-Length, cut after 0, 1 and 1000 of its bytes; HEAD; the rest, with the same length where HEAD has not told it.",
			Failure:  "The length is remembered and not told, so that it is refused when it comes again, or the half PATCH is taken for the end.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: deferring(deferCut)},
		{Case: catalog.Case{
			ID: "tus.defer.lost", Level: must, Source: createRequest,
			Requires: "When the answer to the PATCH that tells the length and brings the last byte is lost, the upload is complete, and its effect has happened once.",
			Why:      "The client asks, and finds length and offset equal.",
			Sends:    "POST with Upload-Defer-Length: 1; half of the bytes; a PATCH with the rest and Upload-Length, whose answer is cut off; HEAD; a read of the number of effects.",
			Failure:  "The length is stored only once the answer was sent.",
		}.CutAt("pre-response", matrix.EveryFault), Run: deferring(deferLost)},
	}
}

// deferring is with for cases of uploads whose length is deferred.
func deferring(run func(*flow)) func(*matrix.Session) {
	return with(func(f *flow) {
		f.announces(extDefer)
		f.created(matrix.Usual) // where nothing is created, that is another case's business
		run(f)
	})
}

// open gives an upload without a length, of which the first n bytes were written.
func (f *flow) open(n int64) *matrix.Operation {
	op := f.createdWith(matrix.Usual, "POST with Upload-Defer-Length: 1", deferred)
	op.Chunked = true // its last part tells the length
	for at := int64(0); at < n; {
		at = f.write(op, at, n, "a PATCH of an upload without a length")
	}
	return op
}

// lengthOf gives the field that tells the length.
func lengthOf(n int64) exchange.Field { return field("Upload-Length", matrix.Itoa(n)) }

// unmeasured asks that HEAD says that the length is not known.
func (f *flow) unmeasured(op *matrix.Operation, n int64) {
	r := f.head(op)
	if got := r.Fields.Joined("Upload-Defer-Length"); got != "1" {
		f.Broken("Upload-Defer-Length: 1 in the answer to HEAD while the length is not known", "Upload-Defer-Length: %q (status %d)", got, r.Status)
	}
	if r.Fields.Has("Upload-Length") {
		f.Broken("no Upload-Length while the length is not known", "Upload-Length: %s", r.Fields.Joined("Upload-Length"))
	}
	f.stays(op, n, "of an upload without a length")
}

// measured asks that HEAD gives the length.
func (f *flow) measured(op *matrix.Operation, when string) {
	r := f.head(op)
	if absent(r) {
		return
	}
	if got := r.Fields.Joined("Upload-Length"); got != matrix.Itoa(op.Len()) {
		f.Broken("Upload-Length: "+matrix.Itoa(op.Len())+" "+when, "%q", got)
	}
	if r.Fields.Has("Upload-Defer-Length") {
		f.Broken("no Upload-Defer-Length "+when, "Upload-Defer-Length: %s", r.Fields.Joined("Upload-Defer-Length"))
	}
}

// ended asks that an upload is complete, intact, and has had its effect once.
func (f *flow) ended(op *matrix.Operation, effects matrix.Effects) {
	f.over(op)
	f.measured(op, "of an upload that is complete")
	f.intact(op)
	effects.Once("of the upload")
}

func deferCreated(f *flow) {
	op := f.open(0)
	f.unmeasured(op, 0)
	for at := int64(0); at < matrix.Usual/2; {
		at = f.write(op, at, matrix.Usual/2, "a PATCH of an upload without a length")
	}
	f.unmeasured(op, matrix.Usual/2)
}

func deferBadValue(f *flow) {
	for _, value := range []string{"0", "2", "true"} {
		r := f.Do("POST with Upload-Defer-Length: "+value, f.d.create(f.OpAs(matrix.NewTag(), 0), field("Upload-Defer-Length", value)))
		if r.Status != 400 {
			f.Broken("400 for POST with Upload-Defer-Length: "+value, "%d", r.Status)
		}
	}
}

// ends writes an upload, whose length is not known yet, from an offset to its end; the first PATCH tells the length.
func (f *flow) ends(op *matrix.Operation, from int64) {
	more := []exchange.Field{lengthOf(op.Len())}
	for at := from; at < op.Len(); more = nil {
		at = f.write(op, at, op.Len(), "the PATCH that brings the rest and the length", more...)
	}
}

func deferLast(f *flow) {
	op := f.open(1000)
	effects := f.Effects(f.W, op.Tag)
	for at := int64(1000); at < 5000; {
		at = f.write(op, at, 5000, "a PATCH without a length")
	}
	effects.None("of an upload whose length is not known")
	f.ends(op, 5000)
	f.ended(op, effects)
}

func deferFirst(f *flow) {
	op := f.open(0)
	effects := f.Effects(f.W, op.Tag)
	at := f.write(op, 0, 1000, "a PATCH of some bytes with Upload-Length", lengthOf(op.Len()))
	f.measured(op, "once it was told")
	f.stays(op, at, "after the PATCH that told the length")
	effects.None("of an upload of which bytes are missing")
	for at < op.Len() {
		at = f.write(op, at, op.Len(), "the PATCH that brings the rest")
	}
	f.ended(op, effects)
}

func deferEmpty(f *flow) {
	op := f.open(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.unmeasured(op, op.Len())
	f.write(op, op.Len(), op.Len(), "the PATCH that tells the length and brings no byte", lengthOf(op.Len()))
	f.ended(op, effects)
}

func deferFixed(f *flow) {
	op := f.open(0)
	effects := f.Effects(f.W, op.Tag)
	at := f.write(op, 0, 1000, "a PATCH of some bytes with Upload-Length", lengthOf(op.Len()))
	for _, other := range []int64{op.Len() + 100, op.Len() - 100} {
		op.Sent = max(op.Sent, at+1)
		r := f.Do("a PATCH with another length", patchAt(op, matrix.Itoa(at), op.Body[at:at+1], lengthOf(other)))
		f.Note("another length is answered %d", r.Status)
		f.measured(op, "after a PATCH that told "+matrix.Itoa(other))
		at = f.Offset(f.d, op)
	}
	for at < op.Len() {
		at = f.write(op, at, op.Len(), "the PATCH that brings the rest")
	}
	f.ended(op, effects)
}

func deferTooSmall(f *flow) {
	op := f.open(matrix.Usual / 2)
	effects := f.Effects(f.W, op.Tag)
	const half = matrix.Usual / 2
	r := f.Do("a PATCH with a length below the offset", patchAt(op, matrix.Itoa(int64(half)), op.Body[half:half+1], lengthOf(100)))
	f.stays(op, half, "after a PATCH with a length below the offset")
	f.refused(r, "a PATCH with a length below the offset")
	effects.None("of an upload whose length cannot be right")
	f.ends(op, half)
	f.ended(op, effects)
}

func deferCut(f *flow) {
	for _, n := range []int64{0, 1, 1000} {
		f.Round()
		op := f.open(matrix.Usual / 2)
		effects := f.Effects(f.W, op.Tag)
		f.InterruptPiece(f.d, op, f.Tail(op, matrix.Usual/2), f.At(matrix.RequestBody, n))
		at := f.Settled(f.d, op)
		op.Sent = op.Len()
		if r := f.unlocked("the rest", f.Tail(op, at).Request); r.Status/100 == 4 {
			// HEAD may have overtaken the PATCH that was cut: the length was told since, and is not taken a second time.
			f.Note("the rest is answered %d: HEAD is asked once more", r.Status)
			f.Success(f.Recover(f.d, op), "the resumed upload")
		} else {
			f.rest(op, f.taken(op, r, at, op.Len(), "the rest"))
		}
		f.ended(op, effects)
	}
}

func deferLost(f *flow) {
	op := f.open(matrix.Usual / 2)
	effects := f.Effects(f.W, op.Tag)
	f.InterruptPiece(f.d, op, f.Tail(op, matrix.Usual/2), f.At(matrix.ResponseHead, 0))
	f.EnsureWhole(f.d, op)
	f.ended(op, effects)
}
