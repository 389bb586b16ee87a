package byterange

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// wrong is a part that must be refused, and change nothing.
type wrong struct {
	name                   string
	level                  catalog.Level
	source                 catalog.Source
	requires, why, failure string
	// statuses are those with which it is to be refused; any 4xx where there are none.
	statuses []int
	parts    func(data []byte) []part // of ten bytes, at a document of 1000
}

// noRange are the statuses of the draft for a part without a known range.
var noRange = []int{400, 422}

// wrongs lists them.
var wrongs = []wrong{
	{
		name: "no-range", level: catalog.Must, source: modifying, statuses: noRange,
		requires: "A part without a range is refused with 400 or 422, and changes nothing.",
		why:      "The client may use a way to name the range that is not known yet; without it nothing says where the bytes belong.",
		failure:  "Bytes without a range are appended, or replace the document.",
		parts: func(data []byte) []part {
			return []part{{body: data}, part{body: data}.measured(), part{body: data}.with("Content-Type", "text/plain").measured()}
		},
	},
	{
		name: "unknown-unit", level: catalog.Must, source: rangeUnits, statuses: noRange,
		requires: "A range in an unknown unit is no known range: it is refused with 400 or 422, and changes nothing.",
		why:      "Ten lines are not ten bytes; a unit that is not read puts bytes in the wrong place.",
		failure:  "The numbers are read and the unit is not.",
		parts: func(data []byte) []part {
			return []part{
				part{body: data}.with("Content-Range", "resumespec-lines 10-19/1000").measured(),
				offset("10;unit=resumespec-lines", data),
			}
		},
	},
	{
		name: "bad-range", level: catalog.Must, source: catalog.Loose(catalog.RFC(9110, "14.4"), "the draft names no status for a range that is malformed"),
		requires: "A part with a malformed Content-Range is refused, and changes nothing.",
		why:      "A range that is guessed puts bytes in the wrong place.",
		failure:  "The field is parsed loosely, and what is left of it is used.",
		parts: func(data []byte) []part {
			var parts []part
			for _, value := range []string{
				"bytes", "bytes x-y/z", "bytes 19-10/1000", "bytes -10/1000", "bytes 10-/1000", "bytes 995-1004/1000",
				"bytes 10-99999999999999999999/*", "bytes 18446744073709551626-18446744073709551635/*", "bytes 10--19/*",
			} {
				parts = append(parts, part{body: data}.with("Content-Range", value).measured())
			}
			return parts
		},
	},
	{
		name: "bad-offset", level: catalog.Must, source: contentOff,
		requires: "A part whose Content-Offset, or its complete-length, is no sf-integer, or is negative, is refused, and changes nothing.",
		why:      "An offset that is guessed puts bytes in the wrong place.",
		failure:  "The number is read as far as it goes.",
		parts: func(data []byte) []part {
			var parts []part
			for _, value := range []string{"10.5", `"10"`, "-10", "10 20", "x", "", "1234567890123456", ":MTA=:", "10;complete-length=x", "10;complete-length=20.5"} {
				parts = append(parts, offset(value, data))
			}
			return parts
		},
	},
	{
		name: "length-mismatch", level: catalog.Must, source: contentLen,
		requires: "A part whose Content-Length is not the length of its range is refused with an error, and changes nothing.",
		why:      "One of the two is wrong, and nobody knows which.",
		failure:  "Content-Length is ignored, or believed.",
		parts: func(data []byte) []part {
			form := func(length string, body []byte) part {
				return part{body: body}.with("Content-Range", "bytes 10-19/*").with("Content-Length", length)
			}
			return []part{form("5", data[:5]), form("20", append(data[:10:10], data...)), form("9", data), form("11", data), form("0", data)}
		},
	},
	{
		name: "sized-with-body", level: catalog.Should, source: contentRange,
		requires: "A part with the form */L and a body that is not empty is refused, and changes nothing.",
		why:      "The client meant its bytes to go somewhere.",
		failure:  "The body is dropped without a word, or appended.",
		parts: func(data []byte) []part {
			return []part{part{body: data}.with("Content-Range", "bytes */1000").measured()}
		},
	},
	{
		name: "two-ranges", level: catalog.Should, source: catalog.Loose(modifying, "how a second range is answered is not said"),
		requires: "A part with two ranges that differ is refused, and changes nothing.",
		why:      "Each part has a single range; of two, any choice may be the wrong one.",
		failure:  "The first, or the last, of several fields is taken.",
		parts: func(data []byte) []part {
			return []part{part{body: data}.with("Content-Range", "bytes 10-19/*").with("Content-Range", "bytes 30-39/*").measured()}
		},
	},
}

// refusalChecks: parts that are wrong, at a document that is complete, and one at a document that is not.
func refusalChecks() []matrix.Check {
	var checks []matrix.Check
	for _, w := range wrongs {
		checks = append(checks, matrix.Check{Case: catalog.Case{
			ID: "byterange.part." + w.name, Level: w.level, Source: w.source,
			Requires: w.requires, Why: w.why, Failure: w.failure,
			Sends: "Each form of the wrong part over a document that is complete; GET after each.",
		}, Run: with(func(f *flow) { partWrong(f, w) })})
	}
	return append(checks, matrix.Check{Case: catalog.Case{
		ID: "byterange.part.refused-midway", Level: catalog.Must, Source: catalog.Loose(segmented, catalog.Silent),
		Requires: "A segment that is refused leaves an incomplete document as it is: HEAD gives the same offset, and the upload can be completed.",
		Why:      "A client that made a mistake can correct it, and loses nothing.",
		Sends:    "An upload cut in the middle; segments without a range, with a malformed one and with a Content-Length that does not fit; HEAD after each; then the right one.",
		Failure:  "A segment is written before its fields were read to the end, or an error throws the upload away.",
	}.CutAt("mid-upload", matrix.Closing), Run: with(partMidway)})
}

func partWrong(f *flow, w wrong) {
	op := f.document(small)
	for _, p := range w.parts(f.Other(10, 1)) {
		f.Round()
		what := "a part with " + describe(p.fields)
		f.refused(f.write(op, p), what, w.statuses...)
		f.Holds(op, op.Body, "after "+what)
	}
}

// describe tells fields in one line.
func describe(fields exchange.Fields) string {
	if len(fields) == 0 {
		return "no fields"
	}
	text := ""
	for i, field := range fields {
		if i > 0 {
			text += ", "
		}
		text += field.Name + ": " + field.Value
	}
	return text
}

func partMidway(f *flow) {
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.D, op, f.At(matrix.RequestBody, matrix.Usual/2))
	at := f.Stable(op)
	rest := op.Body[at:]
	for _, p := range []part{
		part{body: rest}.measured(),
		part{body: rest}.with("Content-Range", "bytes "+matrix.Itoa(at)+"-x/"+matrix.Itoa(op.Len())).measured(),
		part{body: rest}.with("Content-Range", "bytes "+matrix.Itoa(at)+"-"+matrix.Itoa(op.Len()-1)+"/"+matrix.Itoa(op.Len())).with("Content-Length", "1"),
	} {
		f.Round()
		what := "a segment with " + describe(p.fields)
		f.refused(f.write(op, p), what)
		if now := f.Offset(f.D, op); now != at { // and no more than was sent before, or Offset had ended the case
			f.Note("the server was still at work on the connection that was cut: %d bytes instead of %d", now, at)
		}
		effects.None("of " + what)
	}
	f.Completed(op)
	effects.Once("of an upload in which segments were refused")
}
