package expectrange

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// formChecks: the forms of Range, beside what every protocol of this kind has in the area range.
func formChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "range.literal", Level: catalog.Must, Source: option,
			Requires: "The form of the source, Range: bytes 0-99/100, is understood: it creates a document of that length, and writes over it.",
			Why:      "It is the only form that the source shows.",
			Sends:    "PUT with Expect: Range and Range: bytes 0-99/100, of 100 bytes, to a document that is not there; PUT with Range: bytes 0-9/100; GET after each.",
			Failure:  "The space after the unit is taken for a malformed range, or the range for one that can be ignored.",
		}, Run: with(formLiteral)},
		{Case: catalog.Case{
			ID: "range.equals", Level: catalog.Should, Source: silent,
			Requires: "The form of RFC 9110, Range: bytes=0-99, means the same range.",
			Why:      "It is the form that libraries write.",
			Sends:    "PUT with Expect: Range and Range: bytes=300-399 over a document, and one over its first byte; GET after each.",
			Failure:  "The field is handed on to the code that serves downloads, and the body is stored as the document.",
		}, Run: with(formEquals)},
		{Case: catalog.Case{
			ID: "range.unit-case", Level: catalog.Should, Source: catalog.RFC(9110, "14.1"),
			Requires: "The name of the unit is understood in any case.",
			Why:      "Names of range units are case-insensitive.",
			Sends:    "PUTs with Expect: Range and Range: Bytes 300-399/1000, and BYTES=300-399, over a document; GET after each.",
			Failure:  "The unit is compared byte by byte, or one that is not known makes the range be ignored.",
		}, Run: with(formCase)},
		{Case: catalog.Case{
			ID: "range.open-length", Level: catalog.Should, Source: silent,
			Requires: "A document is created by parts that leave the complete length open, as in Range: bytes 0-99/*, until the last one tells it.",
			Why:      "A recording is uploaded before anybody knows how long it will be.",
			Sends:    "PUTs with Expect: Range and Range: bytes 0-299/*, bytes 300-599/* and bytes 600-899/900; HEAD and GET after each.",
			Failure:  "The asterisk is read as a number, or each part is taken for the whole.",
		}, Run: with(formOpen)},
		{Case: catalog.Case{
			ID: "range.unexpected", Level: catalog.Should, Source: catalog.RFC(9110, "14.2"),
			Requires: "A PUT with Range and without the expectation is one of the whole: Range is ignored, or the request refused.",
			Why:      "Range has no meaning in a PUT of anybody who did not agree on one; a client that leaves Expect out did not.",
			Sends:    "PUT with Range: bytes 300-399/1000 and no Expect over a document; GET.",
			Failure:  "Range alone makes the server write a range.",
		}, Run: with(formUnexpected)},
	}
}

func formLiteral(f *partialput.Flow) {
	op := f.OpAs(matrix.NewTag(), 100)
	effects := f.Effects(f.W, op.Tag)
	f.Accepted(f.Do("a PUT", raw(op, expectation, "bytes 0-99/100", op.Body)), "a PUT with Range: bytes 0-99/100")
	f.Holds(op, op.Body, "after a PUT with Range: bytes 0-99/100")
	effects.Once("of a document created by Range: bytes 0-99/100")
	data := f.Other(10, 1)
	f.Accepted(f.Do("a PUT", raw(op, expectation, "bytes 0-9/100", data)), "a PUT with Range: bytes 0-9/100")
	f.Holds(op, matrix.Replaced(op.Body, 0, data), "after a PUT with Range: bytes 0-9/100")
}

// formed writes a range over a document, in this form of Range, and asks that it is understood. If it is refused it must
// change nothing.
func formed(f *partialput.Flow, spec string, p partialput.Part) {
	f.Round()
	op := f.Document(partialput.Small)
	what := "a PUT with Range: " + spec
	r := f.Do(what, raw(op, expectation, spec, p.Data))
	metOrRefused(f, r, op, p, what)
	f.Accepted(r, what)
}

func formEquals(f *partialput.Flow) {
	for _, p := range []partialput.Part{{At: 300, Data: f.Other(100, 1)}, {At: 0, Data: f.Other(1, 2)}, {At: 0, Data: f.Other(partialput.Small, 3)}} {
		formed(f, way{equals: true}.spec(p), p)
	}
}

func formCase(f *partialput.Flow) {
	p := partialput.Part{At: 300, Data: f.Other(100, 1)}
	for _, spec := range []string{"Bytes 300-399/1000", "BYTES=300-399"} {
		formed(f, spec, p)
	}
}

func formOpen(f *partialput.Flow) {
	op := f.OpAs(matrix.NewTag(), 900)
	for _, at := range []int64{0, 300} {
		p := partialput.Part{At: at, Data: op.Body[at : at+300], Complete: partialput.Untold}
		what := "a PUT with Range: " + way{}.spec(p)
		r := f.Write(op, p)
		if r.Status/100 != 2 {
			f.Holds(op, op.Body[:at], "after "+what+", which was refused")
		}
		f.Accepted(r, what)
	}
	op.Sent = 600
	if kept := f.Offset(f.D, op); kept != 600 {
		f.HarmfulAt(kept, "document", "HEAD to tell of 600 bytes", "%d", kept)
	}
	last := "bytes 600-899/900"
	f.Accepted(f.Do("a PUT with Range: "+last, raw(op, expectation, last, op.Body[600:])), "a PUT with Range: "+last)
	f.Holds(op, op.Body, "after its last part")
}

func formUnexpected(f *partialput.Flow) {
	op := f.Document(partialput.Small)
	p, spec := middle(f, 1)
	r := f.Do("a PUT without Expect", raw(op, "", spec, p.Data))
	if r.Status/100 != 2 {
		f.Holds(op, op.Body, "after a PUT without Expect, which was refused")
		f.Note("a PUT with Range and without Expect is refused with %d", r.Status)
		return
	}
	if got, _ := f.Content(op); matrix.FirstDifference(got, p.Data) >= 0 {
		f.Broken("the body as the whole document, as Range has no meaning in a PUT", "a document of %d bytes", len(got))
	}
}
