package tus

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// initialChecks: the POST brings bytes. Only where creation-with-upload is announced.
func initialChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.initial.whole", Level: must, Source: withUpload,
			Requires: "A POST that brings all bytes is answered 201 with Location and Upload-Offset: what was accepted; HEAD says the same, and where it is all, the upload is complete, intact, and takes effect once.",
			Why:      "A small file is uploaded by one request.",
			Sends:    "POST with all bytes; HEAD; the rest where there is one; reads of the stored bytes and of the number of effects.",
			Failure:  "The body is read and not written, or the upload waits for a PATCH.",
		}, Run: beginning(initialWhole)},
		{Case: catalog.Case{
			ID: "tus.initial.part", Level: must, Source: withUpload,
			Requires: "A POST that brings the first bytes is answered 201 with Upload-Offset; HEAD says the same, and PATCH brings the rest.",
			Why:      "A client goes on at that offset.",
			Sends:    "POST with 1, 1000 and half of the bytes; HEAD; PATCH with the rest.",
			Failure:  "The offset told is 0, or that of the length.",
		}, Run: beginning(initialPart)},
		{Case: catalog.Case{
			ID: "tus.initial.accepted", Level: should, Source: withUpload,
			Requires: "A POST takes as many bytes as possible: 64 KiB at least.",
			Why:      "Whoever takes none makes the client send everything twice.",
			Sends:    "POST with 64 KiB, or with as many as limits.body lets; the Upload-Offset of its answer.",
			Failure:  "Only what came together with the head is taken.",
		}, Run: beginning(initialAccepted)},
		{Case: catalog.Case{
			ID: "tus.initial.expect", Level: must, Source: withUpload,
			Requires: "A POST with bytes that expects 100 (Continue) is carried out as one that does not.",
			Why:      "The text recommends it, so that a client learns early whether it is wanted.",
			Sends:    "POST with Expect: 100-continue and half of the bytes, once there is leave; HEAD; the rest.",
			Failure:  "The expectation is refused with 417, or the body is not waited for.",
		}, Run: beginning(initialExpect)},
		{Case: catalog.Case{
			ID: "tus.initial.refused-early", Level: should, Source: withUpload,
			Requires: "A POST with bytes that expects 100 (Continue) and is refused for its head, for its version or a length above Tus-Max-Size, gets the final status instead of the 100.",
			Why:      "It is the early feedback for which the text recommends the expectation.",
			Sends:    "The heads of such POSTs; the body is held back.",
			Failure:  "The 100 is sent before the head is looked at.",
		}, Run: beginning(initialRefusedEarly)},
		{Case: catalog.Case{
			ID: "tus.initial.type", Level: should, Source: catalog.Loose(withUpload, "similar rules as for PATCH apply, the text says, and not which"),
			Requires: "A POST whose body is of another media type is refused, or none of it is taken for the upload's bytes without saying so: HEAD gives the offset that the answer told, 0 where it told none.",
			Why:      "A form that is posted is no file.",
			Sends:    "POST with bytes as text/plain; HEAD on what it creates.",
			Failure:  "Content-Type is not looked at, or bytes are taken and not told.",
		}, Run: beginning(initialType)},
		{Case: catalog.Case{
			ID: "tus.initial.past-end", Level: must, Source: catalog.Loose(uploadLength, "what becomes of bytes beyond the length is not said: the length is that of the entire upload, so they are not part of it"),
			Requires: "A POST that brings more than its Upload-Length is refused, or what is beyond the end is not taken.",
			Why:      "The stored file would be longer than the one that the client has.",
			Sends:    "POST with Upload-Length: 1000 and 1010 bytes; HEAD on what it creates.",
			Failure:  "Only PATCH compares with the length.",
		}, Run: beginning(initialPastEnd)},
		{Case: catalog.Case{
			ID: "tus.initial.deferred", Level: must, Source: withUpload,
			Requires: "Where creation-defer-length is announced as well, a POST may bring the first bytes of an upload whose length is not known.",
			Why:      "A stream begins before its end is known.",
			Sends:    "POST with Upload-Defer-Length: 1 and half of the bytes; HEAD; the rest with Upload-Length.",
			Failure:  "The bytes of the POST are taken for the whole.",
		}, Run: beginning(initialDeferred)},
		{Case: catalog.Case{
			ID: "tus.initial.cut", Level: must, Source: withUpload,
			Requires: "A POST whose bytes are cut, before the first and behind others, has no effect; the same POST again creates an upload that can be completed, with one effect in all.",
			Why:      "The client was told no URL, and can only begin anew.",
			Sends:    "POST with all bytes, cut after 0, 1, half and all but one of them; the same POST again, whole; a read of the number of effects.",
			Failure:  "The end of the connection is the end of the upload, or the second POST finds a lock.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: beginning(initialCut)},
		{Case: catalog.Case{
			ID: "tus.initial.lost", Level: must, Source: withUpload,
			Requires: "When the answer to a POST is lost that has brought the first bytes, the POST can be issued again, and what the first one created never shows up as a result.",
			Why:      "The client does not know the first upload's URL, so nobody will ever finish it.",
			Sends:    "POST with half of the bytes, whose answer is cut off; the same POST again; PATCH with the rest; a read of the number of effects.",
			Failure:  "Each POST makes a file, whatever is missing.",
		}.CutAt("pre-response", matrix.EveryFault), Run: beginning(initialLost)},
	}
}

// beginning is with for cases of POSTs that bring bytes.
func beginning(run func(*flow)) func(*matrix.Session) {
	return with(func(f *flow) {
		f.announces(extInitial)
		f.created(matrix.Usual) // where nothing is created, that is another case's business
		run(f)
	})
}

// bringing gives the POST that brings the first n bytes.
func (f *flow) bringing(op *matrix.Operation, n int64, fields ...exchange.Field) exchange.Request {
	if len(fields) == 0 {
		fields = []exchange.Field{lengthOf(op.Len())}
	}
	req := f.d.create(op, append(fields, field("Content-Type", offsetType))...)
	req.Body = op.Body[:n]
	return req
}

// brought sends a POST that brings the first n bytes, and gives the offset that its answer tells.
func (f *flow) brought(op *matrix.Operation, n int64, req exchange.Request) int64 {
	what := "POST with " + matrix.Itoa(n) + " bytes"
	op.Sent = n
	r := f.made(op, what, req)
	told, err := integer(r.Fields.Joined("Upload-Offset"))
	if err != nil {
		f.Broken("Upload-Offset in the 201 to "+what, "%v", err)
	}
	if told > n {
		f.HarmfulAt(n, "request body", "an offset of at most "+matrix.Itoa(n)+" in the 201 to "+what, "%d", told)
	}
	if told < op.Len() {
		f.stays(op, told, "after "+what)
	}
	return told
}

func initialWhole(f *flow) {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	if n := f.brought(op, op.Len(), f.bringing(op, op.Len())); n < op.Len() {
		f.whole(op)
	}
	f.over(op)
	f.intact(op)
	effects.Once("of an upload by one POST")
}

func initialPart(f *flow) {
	for _, n := range []int64{1, 1000, matrix.Usual / 2} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		f.brought(op, n, f.bringing(op, n))
		effects.None("of an upload of which bytes are missing")
		f.whole(op)
		effects.Once("of an upload that a POST began")
	}
}

func initialAccepted(f *flow) {
	op := f.OpAs(matrix.NewTag(), f.AtMost(66<<10))
	least := min(op.Len(), 64<<10)
	if n := f.brought(op, op.Len(), f.bringing(op, op.Len())); n < least {
		f.Broken("at least "+matrix.Itoa(least)+" bytes of a POST to be accepted", "%d of %d", n, op.Len())
	}
}

func initialExpect(f *flow) {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	req := f.bringing(op, matrix.Usual/2)
	req.Fields = req.Fields.With("Expect", "100-continue")
	f.brought(op, matrix.Usual/2, req)
	f.whole(op)
}

func initialRefusedEarly(f *flow) {
	expect := field("Expect", "100-continue")
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	f.early("a POST in another version", versioned(f.bringing(op, 100, lengthOf(op.Len()), expect), anotherOne[0]))
	if most, err := integer(f.d.offer.maxSize); err == nil && most > 0 && most < 1<<62 {
		f.early("a POST of a length above Tus-Max-Size", f.bringing(op, 100, lengthOf(most+1), expect))
	}
}

func initialType(f *flow) {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	req := f.d.create(op, lengthOf(op.Len()), field("Content-Type", "text/plain"))
	req.Body = op.Body[:100]
	r := f.Do("POST with bytes as text/plain", req)
	if r.Status/100 == 4 {
		return
	}
	if r.Status != 201 {
		f.Broken("201 or a 4xx for POST with bytes as text/plain", "%d", r.Status)
	}
	op.Sent = 100
	f.d.Learn(op, r)
	told, err := integer(r.Fields.Joined("Upload-Offset"))
	if err != nil {
		told = 0
	}
	if n := f.Offset(f.d, op); n != told {
		f.Broken("the offset "+matrix.Itoa(told)+" that the 201 tells", "%d", n)
	}
	if told > 0 {
		f.Broken("a POST with bytes as text/plain to be refused, or its body not to be taken", "%d bytes of it are taken", told)
	}
}

func initialPastEnd(f *flow) {
	op := f.OpAs(matrix.NewTag(), 1010)
	effects := f.Effects(f.W, op.Tag)
	r, err := f.Try(f.bringing(op, 1010, lengthOf(1000)))
	if err != nil || r.Status/100 == 4 {
		effects.None("of a POST that was refused")
		return
	}
	f.d.Learn(op, r)
	told := f.head(op)
	if absent(told) {
		f.Note("an upload that is complete is gone (%d)", told.Status)
		return
	}
	if n, err := f.d.ReadOffset(op, told); err != nil || n > 1000 {
		f.HarmfulAt(1000, "request body", "an offset of at most 1000, the length of the upload", "%d (%v)", n, err)
	}
}

func initialDeferred(f *flow) {
	f.announces(extDefer)
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	n := f.brought(op, matrix.Usual/2, f.bringing(op, matrix.Usual/2, deferred))
	effects.None("of an upload whose length is not known")
	f.ends(op, n)
	f.over(op)
	f.intact(op)
	effects.Once("of an upload that a POST began")
}

func initialCut(f *flow) {
	for _, n := range []int64{0, 1, matrix.Usual / 2, matrix.Usual - 1} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		f.Landed(f.Cut(f.bringing(op, op.Len()), f.At(matrix.RequestBody, n)))
		effects.None("of a POST that was cut")
		if told := f.brought(op, op.Len(), f.bringing(op, op.Len())); told < op.Len() {
			f.whole(op)
		}
		f.over(op)
		f.intact(op)
		effects.Once("of a POST that was cut and issued again")
	}
}

func initialLost(f *flow) {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Landed(f.Cut(f.bringing(op, matrix.Usual/2), f.At(matrix.ResponseHead, 0)))
	f.brought(op, matrix.Usual/2, f.bringing(op, matrix.Usual/2))
	f.whole(op)
	effects.Once("of an upload whose POST was issued again")
}
