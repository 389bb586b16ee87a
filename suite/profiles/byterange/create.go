package byterange

import (
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// createChecks: a document is created in segments.
func createChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "byterange.create.if-none-match", Level: catalog.Must, Source: catalog.RFC(9110, "13.1.2"),
			Requires: "With If-None-Match: * a segment for a document that is there already is refused with 412, and changes nothing.",
			Why:      "Two clients that chose one URL would write over each other.",
			Sends:    "The first segment of another upload, with If-None-Match: *, to a document that is complete; GET.",
			Failure:  "The condition is not looked at for PATCH.",
		}, Run: with(createCondition)},
		{Case: catalog.Case{
			ID: "byterange.create.segments", Level: catalog.Must, Source: segmented,
			Requires: "A document can be created in segments that name the complete length: each is answered 2xx, HEAD gives the bytes that were taken, and the effect happens once, with the last one.",
			Why:      "It is the upload as the draft describes it.",
			Sends:    "Three segments of 1000 bytes of a document of 3000, each followed by HEAD and a read of the number of effects; GET.",
			Failure:  "A segment is taken for the whole, or the complete length for that of what is there.",
		}, Run: with(func(f *flow) { f.segmented(named, true) })},
		{Case: catalog.Case{
			ID: "byterange.create.length-last", Level: catalog.Must, Source: segmented,
			Requires: "The complete length may be left open until the last segment names it: until then the document is not complete.",
			Why:      "Whoever makes the bytes while sending them knows their number last.",
			Sends:    "Two segments with the complete length *, and a third that names it; HEAD and a read of the number of effects after each; GET.",
			Failure:  "A segment without a complete length is refused, or taken for the whole.",
		}, Run: with(func(f *flow) { f.segmented(untilLast, true) })},
		{Case: catalog.Case{
			ID: "byterange.create.open-length", Level: catalog.Must, Source: segmented,
			Requires: "An upload of unknown length is ended by a part with the form */L when all L bytes are in, and is not complete before.",
			Why:      "Nothing else tells the server that this was all.",
			Sends:    "Three segments with the complete length *; then a part with */3000; a read of the number of effects before and after; GET.",
			Failure:  "The form is refused, or each segment is taken for the end.",
		}, Run: with(createOpen)},
		{Case: catalog.Case{
			ID: "byterange.create.end-early", Level: catalog.Must, Source: segmented,
			Requires: "A part with the form */L does not complete a document of which fewer than L bytes are in: the upload goes on.",
			Why:      "The client may say how long its upload will be before the last of it was received.",
			Sends:    "A segment of 1000 bytes; a part with */3000; HEAD and a read of the number of effects; the rest; GET.",
			Failure:  "The form is taken for the end whatever is there, or fills the document up.",
		}, Run: with(createEarly)},
		{Case: catalog.Case{
			ID: "byterange.create.content-offset", Level: catalog.Should, Source: contentOff,
			Requires: "A document can be created by a request of unknown length whose part has a Content-Offset: with complete-length it is complete at once, without it when a part with */L ends it.",
			Why:      "Live audio has no length when its upload begins.",
			Sends:    "A chunked PATCH with Content-Offset: 0;complete-length=3000; another with Content-Offset: 0, and then */3000; a read of the number of effects; GET.",
			Failure:  "Content-Offset is unknown, or the end of the request is taken for that of the document.",
		}, Run: with(createOffset)},
		{Case: catalog.Case{
			ID: "byterange.create.out-of-order", Level: catalog.May, Source: catalog.Loose(applying, "a server that refuses segments out of order does as the draft recommends, and is not tested further"),
			Requires: "Where segments are taken out of order, holes read as zeros, and the document is complete when every byte of it was written and not before.",
			Why:      "A hole that counts as written is a document with bytes that nobody sent.",
			Sends:    "The third, the first and the second segment of 1000 bytes of a document of 3000; GET and a read of the number of effects after each.",
			Failure:  "The document is complete when its last byte is in, or holes show what was in memory or on disk.",
		}, Run: with(createOrder)},
		{Case: catalog.Case{
			ID: "byterange.create.repeat", Level: catalog.Must, Source: catalog.Loose(modifying, "idempotent writes are named as a use"),
			Requires: "A segment that is sent again changes nothing: the offset does not go up a second time, and the document is whole.",
			Why:      "A client whose answer was lost sends the segment again.",
			Sends:    "Three segments of 1000 bytes, each of them twice; HEAD after each; GET.",
			Failure:  "Segments are appended wherever they say that they belong.",
		}, Run: with(createRepeat)},
		{Case: catalog.Case{
			ID: "byterange.create.overlap", Level: catalog.Should, Source: catalog.Loose(segmented, "that segments may overlap is not said; a write over bytes that are there is what the media type is for"),
			Requires: "A segment that begins before the offset, with the same bytes, is taken, and nothing is doubled.",
			Why:      "A client that does not know exactly how much arrived sends a little again.",
			Sends:    "Segments of 1000 bytes that each begin 100 bytes before the end of the one before; HEAD after each; GET.",
			Failure:  "The length of the segment is added to the offset.",
		}, Run: with(createOverlap)},
		{Case: catalog.Case{
			ID: "byterange.create.other-length", Level: catalog.Should, Source: catalog.Loose(segmented, catalog.Silent),
			Requires: "A segment that names another complete length than one before it is refused, and the upload can be completed as it began.",
			Why:      "Two lengths for one upload mean that one side is wrong about what it is uploading.",
			Sends:    "A segment of 1000 bytes of 3000; the next one, of 2000, and of 4000; HEAD after each; the rest; GET.",
			Failure:  "The last complete length that was named is taken, or none is kept.",
		}, Run: with(createOther)},
		{Case: catalog.Case{
			ID: "byterange.create.put", Level: catalog.Must, Source: segmented,
			Requires: "A PUT that was to create a document and was cut is recovered by PATCH from the offset that HEAD gives, or from 0 where nothing is there: the document is whole, and the effect happens once.",
			Why:      "It is how a client that began with PUT goes on without sending everything again.",
			Sends:    "PUT with If-None-Match: * and Prefer: transaction=persist, cut in the middle; HEAD; PATCH with the rest; GET.",
			Failure:  "Half a PUT is stored as the whole document, or blocks the PATCH.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(createPut)},
	}
}

func createCondition(f *flow) {
	op := f.document(small)
	r := f.write(op, ranged(0, f.Other(small, 1), matrix.Itoa(small)), onlyNew)
	f.Holds(op, op.Body, "after a PATCH with If-None-Match: *")
	f.refused(r, "a PATCH with If-None-Match: * on a document that is there", 412)
	r = f.write(op, ranged(0, f.Other(10, 2), matrix.Itoa(2*small)), onlyNew)
	f.Holds(op, op.Body, "after a first segment with If-None-Match: *")
	f.refused(r, "a first segment with If-None-Match: * on a document that is there", 412)
}

// The documents of this area have three segments.
const (
	segment = 1000
	whole   = 3 * segment
)

// named gives the complete length in every segment.
func named(int64) string { return matrix.Itoa(whole) }

// untilLast gives the complete length of a segment where only the last names it.
func untilLast(end int64) string {
	if end < whole {
		return "*"
	}
	return matrix.Itoa(whole)
}

// segmented creates a document in three segments. Complete gives the complete length that is named by the segment that
// ends at a byte; ends says that the last segment ends the upload.
func (f *flow) segmented(complete func(end int64) string, ends bool) (*matrix.Operation, matrix.Effects) {
	op := f.Op(whole)
	effects := f.Effects(f.W, op.Tag)
	for at := int64(0); at < whole; at += segment {
		f.Round()
		end := at + segment
		f.segment(op, at, end, complete(end))
		if end < whole || !ends {
			effects.None("after " + matrix.Itoa(end) + " of 3000 bytes")
		}
		if end < whole {
			f.told(op, end)
		}
	}
	if ends {
		f.Holds(op, op.Body, "after its last segment")
		effects.Once("with the last of three segments")
	}
	return op, effects
}

// segment sends a segment and asks that it is taken.
func (f *flow) segment(op *matrix.Operation, from, to int64, complete string) {
	r := f.send(op, from, to, complete)
	f.Accepted(r, "the segment of bytes "+matrix.Itoa(from)+" to "+matrix.Itoa(to-1)+"/"+complete)
}

func (f *flow) send(op *matrix.Operation, from, to int64, complete string) *exchange.Response {
	fields := exchange.Fields{{Name: "Prefer", Value: persist}}
	if op.Sent == 0 {
		fields = append(fields, onlyNew)
	}
	op.Sent = max(op.Sent, to)
	return f.write(op, typed(op, ranged(from, op.Body[from:to], complete)), fields...)
}

// told asks that HEAD gives an offset: what was taken was stored.
func (f *flow) told(op *matrix.Operation, want int64) {
	if at := f.Offset(f.D, op); at != want {
		f.BrokenAt(at, "document", "HEAD to give the "+matrix.Itoa(want)+" bytes that were taken", "%d", at)
	}
}

func createOpen(f *flow) {
	op, effects := f.segmented(func(int64) string { return "*" }, false)
	f.Accepted(f.write(op, sized(whole)), "the part that ends the upload, with */3000")
	f.Holds(op, op.Body, "after its end")
	effects.Once("of an upload that was ended with */3000")
}

func createEarly(f *flow) {
	op := f.Op(whole)
	effects := f.Effects(f.W, op.Tag)
	f.segment(op, 0, segment, "*")
	r := f.write(op, sized(whole))
	f.Note("a part with */3000 when 1000 bytes are in is answered %d", r.Status)
	effects.None("of a part with */3000 when 1000 bytes are in")
	f.told(op, segment)
	f.segment(op, segment, whole, matrix.Itoa(whole))
	f.Holds(op, op.Body, "after its last segment")
	effects.Once("of an upload whose length was told early")
}

func createOffset(f *flow) {
	for _, ended := range []bool{true, false} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), whole)
		effects := f.Effects(f.W, op.Tag)
		value := "0"
		if ended {
			value = "0;complete-length=3000"
		}
		req := f.d.request(op, framed(f.d.media, typed(op, offset(value, op.Body))), onlyNew)
		req.Chunked, req.ChunkSize = true, 500
		r := f.Do("the PATCH", req)
		if r.Status == 411 {
			f.Unsupported("chunked requests are refused with 411 (Length Required)")
		}
		f.Accepted(r, "a part with Content-Offset: "+value)
		if !ended {
			effects.None("of an upload with Content-Offset before its end was told")
			f.Accepted(f.write(op, sized(whole)), "the part that ends the upload, with */3000")
		}
		f.Holds(op, op.Body, "created by a part with Content-Offset: "+value)
		effects.Once("of an upload with Content-Offset: " + value)
	}
}

func createOrder(f *flow) {
	op := f.Op(whole)
	effects := f.Effects(f.W, op.Tag)
	var in []int64
	for _, at := range []int64{2 * segment, 0, segment} {
		f.Round()
		r := f.send(op, at, at+segment, matrix.Itoa(whole))
		if len(in) == 0 && r.Status/100 == 4 {
			f.Nothing(op, "after a segment that was refused")
			effects.None("of a segment that was refused")
			f.Unsupported("a segment that does not begin at the offset is refused with %d", r.Status)
		}
		f.Accepted(r, "the segment from byte "+matrix.Itoa(at))
		if in = append(in, at); len(in) < 3 {
			effects.None("after " + matrix.Itoa(len(in)) + " of three segments")
			f.holes(op, in)
		}
	}
	f.Holds(op, op.Body, "after its last segment")
	effects.Once("of a document in three segments out of order")
}

// holes asks that what an incomplete document shows are the segments that were written, and zeros between them.
func (f *flow) holes(op *matrix.Operation, in []int64) {
	got, _ := f.Content(op)
	if len(got) > whole {
		f.Harmful("at most 3000 bytes", "%d bytes", len(got))
	}
	want := make([]byte, len(got))
	for at := range want {
		if slices.Contains(in, int64(at/segment)*segment) {
			want[at] = op.Body[at]
		}
	}
	f.SameBytes("document with holes", got, want)
}

func createRepeat(f *flow) {
	op := f.Op(whole)
	effects := f.Effects(f.W, op.Tag)
	for at := int64(0); at < whole; at += segment {
		f.Round()
		f.segment(op, at, at+segment, matrix.Itoa(whole))
		if again := f.send(op, at, at+segment, matrix.Itoa(whole)); again.Status/100 != 2 {
			f.Warn("2xx for a segment that is sent again", "%d", again.Status)
		}
		if at+segment < whole {
			f.told(op, at+segment)
		}
	}
	f.Holds(op, op.Body, "after each segment was sent twice")
	effects.Once("of a document whose segments were each sent twice")
}

func createOverlap(f *flow) {
	const back = 100
	op := f.Op(whole)
	effects := f.Effects(f.W, op.Tag)
	f.segment(op, 0, segment, matrix.Itoa(whole))
	for at := int64(segment); at < whole; at += segment - back {
		f.Round()
		end := min(at-back+segment, whole)
		r := f.send(op, at-back, end, matrix.Itoa(whole))
		if r.Status/100 != 2 {
			f.told(op, at) // which is what it was
		}
		f.Accepted(r, "a segment that begins 100 bytes before the offset")
		if end < whole {
			f.told(op, end)
		}
	}
	f.Holds(op, op.Body, "after segments that overlap")
	effects.Once("of a document whose segments overlap")
}

func createOther(f *flow) {
	op := f.Op(whole)
	effects := f.Effects(f.W, op.Tag)
	f.segment(op, 0, segment, matrix.Itoa(whole))
	for _, other := range []int64{2 * segment, whole + segment} {
		f.Round()
		r := f.write(op, typed(op, ranged(segment, op.Body[segment:2*segment], matrix.Itoa(other))))
		f.refused(r, "a segment of "+matrix.Itoa(other)+" bytes after one of 3000")
		f.told(op, segment)
	}
	f.segment(op, segment, whole, matrix.Itoa(whole))
	f.Holds(op, op.Body, "after its last segment")
	effects.Once("of an upload in which other lengths were refused")
}

func createPut(f *flow) {
	f.putServed()
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(putter{f.d}, op, f.At(matrix.RequestBody, matrix.Usual/2))
	f.NoneYet(matrix.Watched{Effects: effects, When: "of a PUT that was cut"})
	f.begins(op, "after a PUT that was cut")
	f.brought(op)
	effects.Once("of a PUT that was cut and completed by PATCH")
}

// putServed ends the case as unsupported where no document can be created by PUT.
func (f *flow) putServed() {
	op := f.OpAs(matrix.NewTag(), small)
	r := f.Do("the PUT", putter{f.d}.Start(op))
	if r.Status/100 != 2 {
		f.Unsupported("a PUT that creates a document is answered %d", r.Status)
	}
	f.Holds(op, op.Body, "after a PUT")
}

// putter begins an upload with PUT.
type putter struct{ *driver }

// Start gives the whole document.
func (p putter) Start(op *matrix.Operation) exchange.Request {
	req := matrix.RequestTo("PUT", op.URL, op.Fields...)
	req.Fields = append(req.Fields, onlyNew, exchange.Field{Name: "Prefer", Value: persist}, exchange.Field{Name: "Expect", Value: "100-continue"})
	req.Body, req.HasBody = op.Body, true
	return req
}

// Lead is 0: a PUT has no frame.
func (putter) Lead(*matrix.Operation) int64 { return 0 }
