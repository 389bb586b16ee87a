package uploadresource

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// wrongs lists them.
var wrongs = []matrix.WrongWrite{
	{
		Name:     "bad-total",
		Requires: "A write that contradicts the complete length is refused, and changes nothing.",
		Why:      "Two lengths for one upload mean that one side is wrong about what it is uploading.",
		Failure:  "The complete length of Content-Range is not read, or overrides the one announced.",
		Forms:    matrix.BadTotal,
	},
	{
		Name:     "past-end",
		Requires: "A write that runs past the complete length is refused, and changes nothing.",
		Why:      "The stored document would be longer than the one that the client has.",
		Failure:  "The last position is not compared with the complete length.",
		Forms: func(body []byte, n int64) []matrix.RangedForm {
			return append(matrix.PastEnd(body, n), matrix.Ranged(matrix.Overlong(body, n), "bytes %d-%d/*", n, len(body)+9))
		},
	},
	{
		Name:     "bad-range",
		Requires: "A write whose Content-Range is malformed, or of another unit than bytes, is refused, and changes nothing.",
		Why:      "A range that is guessed puts bytes in the wrong place; one that is not understood must not be used (RFC 9110, 14.4).",
		Failure:  "The field is parsed loosely, and what is left of it is used.",
		Forms: func(body []byte, n int64) []matrix.RangedForm {
			return append(matrix.BadRange(body, n), matrix.Ranged(body[n:], "bytes */*"))
		},
	},
	{
		Name:     "no-range",
		Requires: "A write of the rest without Content-Range is refused, and changes nothing.",
		Why:      "Without a range a PUT brings the whole (RFC 9110, 9.3.4), and this is not the whole.",
		Failure:  "Bytes without a range are appended, or replace what is there.",
		Forms:    matrix.NoRange,
	},
}

// refusalChecks: a write that is wrong changes nothing.
func refusalChecks() []matrix.Check {
	checks := []matrix.Check{
		{Case: catalog.Case{
			ID: "upload-resource.write.gap", Level: catalog.Must, Source: partial,
			Requires: "A write that begins beyond the offset is refused and changes nothing, or it is kept as a part of its own: then the hole shows in received, and the upload is not done until it is filled.",
			Why:      "A hole that nobody sees is filled with bytes that nobody sent.",
			Sends:    "An upload cut in the middle; a single byte behind its offset, and the tail from ten bytes behind it; GET on the status resource after each; then what is missing.",
			Failure:  "The range is written where it says without a look at what is there, or the file's length is taken for what was received.",
		}.CutAt("mid-upload", matrix.Closing), Run: with(writeGap)},
		{Case: catalog.Case{
			ID: "upload-resource.write.overlap", Level: catalog.Must, Source: partial,
			Requires: "A write that overlaps what has arrived with other bytes is refused, ignored or taken as a whole: what is stored in the end has at each such place one of the two, all of them from the same write.",
			Why:      "A mixture of two versions is neither of them.",
			Sends:    "An upload cut in the middle; a write over its last 100 bytes with other bytes; GET on the status resource; then the rest; a read of the stored bytes.",
			Failure:  "Only the bytes that are new are looked at, or the range is appended.",
		}.CutAt("mid-upload", matrix.Closing), Run: with(writeOverlap)},
		{Case: catalog.Case{
			ID: "upload-resource.write.mismatch", Level: catalog.Must, Source: partial,
			Requires: "A write whose body is not as long as its range is refused, or no more is kept of it than came and than the range says; it completes nothing.",
			Why:      "Either the range or the body is wrong, and the server cannot know which.",
			Sends:    "An upload cut in the middle; a write of the rest with ten bytes only; a write of ten bytes with twenty; GET on the status resource after each; then the rest.",
			Failure:  "The range is believed and the body not counted, or the body written past the range.",
		}.CutAt("mid-upload", matrix.Closing), Run: with(writeMismatch)},
	}
	checks = append(checks, matrix.Check{Case: catalog.Case{
		ID: "upload-resource.write.refused-early", Level: catalog.Should, Source: catalog.RFC(9110, "10.1.1"),
		Requires: "A write that expects 100 (Continue) and is refused for its head gets the final status instead of the 100.",
		Why:      "The client waits for the 100 just so as not to send a body that nobody wants.",
		Sends:    "The heads of writes with an unknown unit, without Content-Range, past the end, and with a contradicting length; the body is held back.",
		Failure:  "The 100 is sent before the range is looked at.",
	}, Run: with(refusedEarly)})
	for _, w := range wrongs {
		checks = append(checks, matrix.Check{Case: catalog.Case{
			ID: Name + ".write." + w.Name, Level: catalog.Must, Source: partial,
			Requires: w.Requires, Why: w.Why, Failure: w.Failure,
			Sends: "An upload cut in the middle; the wrong write; GET on the status resource; then the right one.",
		}.CutAt("mid-upload", matrix.Closing), Run: with(func(f *flow) { writeWrong(f, w) })})
	}
	return checks
}

func writeWrong(f *flow, w matrix.WrongWrite) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	n := f.Stable(op)
	for _, form := range w.Forms(op.Body, n) {
		f.Round()
		f.Refused(f.put(op, form.ContentRange, form.Data), "a write with "+form.String())
		f.Unmoved(op, n, "after a write with "+form.String())
		effects.None("of a write with " + form.String())
	}
	f.Completed(op)
	effects.Once("of the upload")
}

// refusedEarly sends heads. A server that gives leave to send has not refused by the head, which is its right as long as
// it does not refuse afterwards.
func refusedEarly(f *flow) {
	op := f.half()
	const n, l = matrix.Usual / 2, matrix.Usual
	rest := op.Body[n:]
	refused := 0
	for _, form := range []matrix.RangedForm{
		matrix.Ranged(rest, "lines %d-%d/%d", n, l-1, l), {Data: rest}, matrix.Ranged(rest, "bytes %d-%d/%d", n+10, l+9, l), matrix.Ranged(rest, "bytes %d-%d/%d", n, l-1, 2*l),
	} {
		req := f.d.write(op, form.ContentRange, form.Data).Request
		req.Fields = req.Fields.With("Expect", "100-continue")
		answer := f.AskRaw(0, req)
		if answer.Final == nil || answer.Final.Status < 400 {
			continue
		}
		refused++
		for _, r := range answer.Interims {
			if r.Status == 100 {
				f.Broken("the final status instead of 100 for a write with "+form.String(), "100, and then %d", answer.Final.Status)
			}
		}
	}
	if refused == 0 {
		f.Unsupported("none of the writes was refused")
	}
	f.Unmoved(op, n, "after writes that were refused")
}

func writeGap(f *flow) {
	f.openGap()
	f.Round()
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	n := f.Stable(op)
	l := op.Len()
	for _, form := range []matrix.RangedForm{
		matrix.Ranged(op.Body[n+1:n+2], "bytes %d-%d/%d", n+1, n+1, l), matrix.Ranged(op.Body[n+10:], "bytes %d-%d/%d", n+10, l-1, l),
	} {
		r := f.put(op, form.ContentRange, form.Data)
		if goesOn(r) {
			f.Note("a write with %s is answered %d", form.ContentRange, r.Status)
		} else {
			f.Refused(r, "a write beyond the offset, if it is not taken,")
		}
		if doc := f.told(op); doc.prefix() != n {
			f.HarmfulAt(n, "request body", "a hole at byte "+matrix.Itoa(n)+" in received", "%d bytes from byte 0 on", doc.prefix())
		}
		effects.None("of an upload with a hole")
	}
	f.NotReady(op, "not each byte")
	op.Sent = l
	f.filled(op)
	effects.Once("of an upload whose hole was filled")
}

// openGap leaves a gap in an upload whose length is not known: a server may take parts in any order only where it is.
func (f *flow) openGap() {
	op := f.unmeasured()
	f.Partly(op, 0, 100)
	r := f.put(op, contentRange(110, 120, unknown), op.Body[110:120])
	if doc := f.told(op); doc.prefix() != 100 {
		f.HarmfulAt(100, "request body", "a hole at byte 100 in received", "%d bytes from byte 0 on", doc.prefix())
	}
	if !goesOn(r) {
		f.Refused(r, "a write beyond the offset, if it is not taken,")
	}
}

// writeOverlap leaves to the server which of two versions it keeps; but not a bit of each.
func writeOverlap(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	n := f.Stable(op)
	const over = 100
	if n <= over {
		f.Unsupported("only %d bytes are kept, too few to write over", n)
	}
	other := matrix.Bytes(over+50, f.Salt+3)
	r := f.put(op, contentRange(n-over, n+50, op.Len()), other)
	op.Sent = max(op.Sent, n+50)
	changed := *op
	changed.Body = append(append(append([]byte{}, op.Body[:n-over]...), other...), op.Body[n+50:]...)
	at := f.Offset(f.d, op)
	if goesOn(r) {
		f.Note("a write over other bytes is answered %d", r.Status)
	} else {
		f.Refused(r, "a write over other bytes, if it is not taken,")
		if at != n {
			f.BrokenAt(n, "request body", "a write that was refused to change nothing", "the offset %d", at)
		}
	}
	o := f.Finish(f.d, op, at)
	f.Success(o, "the rest")
	f.either(op, &changed, n, at, goesOn(r), o)
}

// either asks that what is stored is the upload as it was, as the write over it makes it, or with only what was new of
// that; at is the offset after that write, and answered says that it was taken.
func (f *flow) either(op, changed *matrix.Operation, n, at int64, answered bool, o *matrix.Outcome) {
	stored, err := f.Stored(f.W, op, f.Placed(f.W, f.d, op, o))
	if err != nil {
		f.Note("%v", err)
		return
	}
	kept := *op
	kept.Body = append(append(append([]byte{}, op.Body[:n]...), changed.Body[n:at]...), op.Body[at:]...)
	switch {
	case matrix.FirstDifference(stored, changed.Body) < 0:
		f.Note("the bytes of the later write count")
		return
	case matrix.FirstDifference(stored, kept.Body) < 0 && answered:
		f.Warn("a 4xx for a write whose bytes are not kept, because there are others", "it was taken")
		return
	case matrix.FirstDifference(stored, kept.Body) < 0:
		return
	}
	f.SameBytes("stored bytes", stored, op.Body)
}

func writeMismatch(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	n := f.Stable(op)
	const few = 10
	op.Sent = max(op.Sent, n+2*few)
	f.mismatched(op, n, n+few, f.put(op, contentRange(n, op.Len(), op.Len()), op.Body[n:n+few]), "a write with too few bytes")
	effects.None("of a write with too few bytes")
	n = f.Offset(f.d, op)
	f.mismatched(op, n, n+few, f.put(op, contentRange(n, n+few, op.Len()), op.Body[n:n+2*few]), "a write with too many bytes")
	f.Completed(op)
	effects.Once("of the upload")
}

// mismatched asks that of a write with a wrong length at most the bytes to most were kept, and none where it was refused.
func (f *flow) mismatched(op *matrix.Operation, n, most int64, r *exchange.Response, what string) {
	at := f.Offset(f.d, op)
	if !goesOn(r) {
		f.Refused(r, what+", if nothing of it is taken,")
	}
	f.Note("%s is answered %d, and %d bytes of it are kept", what, r.Status, at-n)
	if goesOn(r) || at > n {
		f.Warn(what+" to be refused with a 4xx, and nothing of it to be kept", "%d, and %d bytes are kept", r.Status, at-n)
	}
	if at < n || at > most {
		f.HarmfulAt(most, "request body", what+" to bring the offset from "+matrix.Itoa(n)+" to at most "+matrix.Itoa(most), "the offset %d", at)
	}
}
