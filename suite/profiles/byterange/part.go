package byterange

import (
	"mime"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// partChecks: what the fields of a part mean, at a document that is complete.
func partChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "byterange.part.range", Level: catalog.Must, Source: contentRange,
			Requires: "A part is written to the bytes that its Content-Range names, in the form a-b/L and in the form a-b/*, and nothing else of the document changes.",
			Why:      "Off by one byte, or with the rest cut off, the document is corrupt.",
			Sends:    "Writes of the first byte, of the last, of some in the middle and of all, in both forms, over a document; GET after each.",
			Failure:  "Ranges are taken for exclusive, the complete length for that of the write, or the document ends with the part.",
		}, Run: with(partRange)},
		{Case: catalog.Case{
			ID: "byterange.part.append", Level: catalog.Should, Source: catalog.Loose(applying, "that a document may grow is said by what may not be: a write beyond its end and not adjacent"),
			Requires: "A write that begins at the end of a document, or before it and runs past it, makes the document longer.",
			Why:      "Appending to a log or to a recording is what the media type is meant for.",
			Sends:    "Writes that begin at the end of a document and ten bytes before it, with the complete length left open; GET after each.",
			Failure:  "Documents cannot grow, or what runs past the end is cut off.",
		}, Run: with(partAppend)},
		{Case: catalog.Case{
			ID: "byterange.part.content-offset", Level: catalog.Should, Source: contentOff,
			Requires: "A part with Content-Offset in place of Content-Range is written from there on, with the parameters unit and complete-length and without.",
			Why:      "A client that does not know where its part ends has no other way to say where it begins.",
			Sends:    "Writes with each form of Content-Offset over a document; GET after each.",
			Failure:  "The field is unknown, or its parameters make it malformed.",
		}, Run: with(partOffset)},
		{Case: catalog.Case{
			ID: "byterange.part.content-type", Level: catalog.Must, Source: contentType,
			Requires: "The Content-Type of a part has the effect that it has in a PUT of the whole document.",
			Why:      "A document that is served as a message/byterange is of no use to who reads it.",
			Sends:    "A document created by PATCH with Content-Type: text/csv in the part, another by PUT with the same; GET on both.",
			Failure:  "The media type of the request is stored, or that of the part is dropped.",
		}, Run: with(partType)},
		{Case: catalog.Case{
			ID: "byterange.part.unknown-field", Level: catalog.Must, Source: messageDoc,
			Requires: "Fields of a part that are unknown or do not apply are ignored.",
			Why:      "Clients and what lies between add fields of their own.",
			Sends:    "A write whose part has such fields before and after Content-Range; GET.",
			Failure:  "Only a fixed set, or a fixed order, of fields is accepted.",
		}, Run: with(partUnknown)},
		{Case: catalog.Case{
			ID: "byterange.part.short", Level: catalog.Must, Source: applying,
			Requires: "A part body that is shorter than its range is the same as an interruption there: nothing beyond it changes, and the creation of a document is not complete.",
			Why:      "A client, or something between, that lost the end of a part must not leave a document that looks whole.",
			Sends:    "A part of 60 bytes for a range of 100, over a document and to create one, in a request that ends in order; GET; the whole part again.",
			Failure:  "The range is believed and filled up, or the end of the request is taken for that of the upload.",
		}, Run: with(partShort)},
		{Case: catalog.Case{
			ID: "byterange.part.long", Level: catalog.Must, Source: applying,
			Requires: "A part body that is longer than its range changes nothing beyond its range.",
			Why:      "The bytes behind the range belong to somebody else's write.",
			Sends:    "A part of 30 bytes for a range of 10 over a document; GET.",
			Failure:  "The body is written as far as it goes, or the client is told that all of it was.",
		}, Run: with(partLong)},
		{Case: catalog.Case{
			ID: "byterange.part.past-length", Level: catalog.Should, Source: catalog.Loose(contentOff, "its complete-length is said to be that of Content-Range, where a range that runs past it is invalid"),
			Requires: "A first part with Content-Offset whose body runs past its complete-length is refused; no document that is longer comes of it.",
			Why:      "One of the two is wrong; a longer document than was announced is not the client's.",
			Sends:    "1000 bytes with Content-Offset: 0;complete-length=990, to create a document; GET.",
			Failure:  "The complete length is noted, and not held against what comes.",
		}, Run: with(partPast)},
	}
}

func partRange(f *flow) {
	op := f.document(small)
	now := op.Body
	for i, w := range []struct {
		at       int64
		n        int
		complete string
	}{
		{0, 1, "*"}, {small - 1, 1, "*"}, {500, 250, "*"}, {0, small, "*"},
		{0, 1, matrix.Itoa(small)}, {small - 1, 1, matrix.Itoa(small)}, {2, 4, matrix.Itoa(small)}, {0, small, matrix.Itoa(small)},
	} {
		f.Round()
		p := ranged(w.at, f.Other(w.n, uint64(i)+1), w.complete) // #nosec G115 -- a small index
		what := "a write with Content-Range: " + p.fields.Get("Content-Range")
		f.Accepted(f.write(op, p), what)
		now = matrix.Replaced(now, w.at, p.body)
		f.Holds(op, now, "after "+what)
	}
}

func partAppend(f *flow) {
	op := f.document(small)
	now := op.Body
	for i, before := range []int{0, 10} {
		f.Round()
		at := int64(len(now) - before)
		p := ranged(at, f.Other(100, uint64(i)+1), "*") // #nosec G115 -- a small index
		r := f.write(op, p)
		what := "a write with Content-Range: " + p.fields.Get("Content-Range") + " to a document of " + matrix.Itoa(len(now)) + " bytes"
		if r.Status/100 != 2 {
			f.Holds(op, now, "after "+what+" that was refused")
		}
		f.Accepted(r, what)
		now = matrix.Replaced(now, at, p.body)
		f.Holds(op, now, "after "+what)
	}
}

func partOffset(f *flow) {
	op := f.document(small)
	now := op.Body
	for i, value := range []string{"100", "100;unit=bytes", "100;complete-length=1000", "100; unit=bytes; complete-length=1000", "0"} {
		f.Round()
		p := offset(value, f.Other(50, uint64(i)+1)) // #nosec G115 -- a small index
		r := f.write(op, p)
		what := "a write with Content-Offset: " + value
		if r.Status/100 != 2 {
			f.Holds(op, now, "after "+what+" that was refused")
		}
		f.Accepted(r, what)
		at := int64(100)
		if value == "0" {
			at = 0
		}
		now = matrix.Replaced(now, at, p.body)
		f.Holds(op, now, "after "+what)
	}
}

// partType compares with a PUT, which need not be served.
func partType(f *flow) {
	const kind = "text/csv"
	body := []byte("a,b\r\n1,2\r\n")
	op, twin := f.OpAs(matrix.NewTag(), 0), f.OpAs(matrix.NewTag(), 0)
	p := part{body: body}.with("Content-Type", kind).with("Content-Range", "bytes 0-9/10").measured()
	f.Accepted(f.write(op, p, onlyNew), "the creation of a document with Content-Type: "+kind)
	got := f.kindOf(op)
	put := matrix.RequestTo("PUT", twin.URL, exchange.Field{Name: "Content-Type", Value: kind})
	put.Body = body
	want := kind
	if r := f.Do("the PUT", put); r.Status/100 == 2 {
		want = f.kindOf(twin)
	} else if got != kind {
		f.Unsupported("PUT gives %d, so that nobody knows what Content-Type would do in one; after the PATCH it is %q", r.Status, got)
	}
	if got != want {
		f.Broken("Content-Type: "+want+", as after a PUT", "%q", got)
	}
	if got != kind {
		f.Warn("the media type that the document was given, "+kind, "%q, after a PUT as well", got)
	}
}

// kindOf gives the media type of a document as it is shown.
func (f *flow) kindOf(op *matrix.Operation) string {
	value := f.Do("GET on the document", matrix.RequestTo("GET", op.URL)).Fields.Get("Content-Type")
	if kind, params, err := mime.ParseMediaType(value); err == nil {
		return mime.FormatMediaType(kind, params)
	}
	return value
}

func partUnknown(f *flow) {
	op := f.document(small)
	data := f.Other(10, 1)
	p := part{body: data}.with("X-Resumespec-Unknown", "1").with("Content-Range", "bytes 20-29/*").with("Host", "example.org").
		with("Date", "Sat, 29 Oct 1994 19:43:31 GMT").measured().with("Resumespec-Other", "a=b; c")
	f.Accepted(f.write(op, p), "a write whose part has unknown fields")
	f.Holds(op, matrix.Replaced(op.Body, 20, data), "after a write whose part has unknown fields")
}

func partShort(f *flow) {
	op := f.document(small)
	data := f.Other(100, 1)
	truncated := part{body: data[:60]}.with("Content-Range", "bytes 100-199/"+matrix.Itoa(small))
	f.unheard(op, truncated)
	got, _ := f.Content(op)
	f.Since(got, op.Body, 100, data, 60, "after a part of 60 bytes for a range of 100")
	f.Accepted(f.write(op, ranged(100, data, matrix.Itoa(small))), "the whole part")
	f.Holds(op, matrix.Replaced(op.Body, 100, data), "after the whole part")

	f.Round()
	op = f.Op(100)
	effects := f.Effects(f.W, op.Tag)
	f.unheard(op, typed(op, part{body: op.Body[:60]}.with("Content-Range", "bytes 0-99/100")), onlyNew)
	op.Sent = 60
	f.begins(op, "after a part of 60 bytes for a range of 100")
	f.NoneYet(matrix.Watched{Effects: effects, When: "of a part that is shorter than its range"})
	f.brought(op)
	effects.Once("of an upload that was completed after a short part")
}

// unheard sends a part whatever the answer is. A request that counts as interrupted may have none.
func (f *flow) unheard(op *matrix.Operation, p part, more ...exchange.Field) {
	if _, err := f.Try(f.d.request(op, framed(f.d.media, p), more...)); err != nil {
		f.Note("a part that is shorter than its range was not answered")
	}
}

func partLong(f *flow) {
	op := f.document(small)
	data := f.Other(30, 1)
	r := f.write(op, part{body: data}.with("Content-Range", "bytes 100-109/*"))
	got, _ := f.Content(op)
	kept := f.Since(got, op.Body, 100, data[:10], 10, "after a part of 30 bytes for a range of 10")
	f.Note("%d bytes of a part of 30 for a range of 10 are written, and it is answered %d", kept, r.Status)
	if r.Status/100 == 2 {
		f.Warn("no success for a part of 30 bytes of which 20 have no place", "%d", r.Status)
	}
}

func partPast(f *flow) {
	op := f.Op(small)
	what := "a first part of 1000 bytes with Content-Offset: 0;complete-length=990"
	r := f.write(op, typed(op, offset("0;complete-length=990", op.Body)), onlyNew)
	got, _ := f.Content(op)
	f.SameBytes("document after "+what, got, op.Body[:len(got)])
	if len(got) > 990 {
		f.Broken("at most 990 bytes after "+what, "%d bytes", len(got))
	}
	f.refused(r, what)
}
