package expectrange

import (
	"fmt"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// wrong is a PUT that must be refused, and change nothing.
type wrong struct {
	name, requires, why, failure string
	forms                        []form
}

// form is the values of Range, one for each field line, and the number of bytes that come with them. The documents are
// of 1000 bytes.
type form struct {
	specs []string
	n     int
}

func one(n int, spec string) form { return form{[]string{spec}, n} }

// wrongs lists them. Only what the form is meant to test is wrong with it.
var wrongs = []wrong{
	{
		name:     "length",
		requires: "A PUT whose body has more or fewer bytes than its range is refused with a 4xx, and changes nothing.",
		why:      "One of the two is a mistake, and nobody knows which.",
		failure:  "The body is written as far as it goes, over what is behind the range, or the range is not compared with Content-Length.",
		forms:    []form{one(101, "bytes 300-399/1000"), one(99, "bytes 300-399/1000"), one(1, "bytes 0-999/1000"), one(200, "bytes=0-99"), one(0, "bytes 0-99/1000")},
	},
	{
		name:     "past-end",
		requires: "A range that is past the complete length that it names is refused with a 4xx, and nothing changes.",
		why:      "The document would be longer than the one that the client has.",
		failure:  "The last position is not compared with the complete length.",
		forms:    []form{one(10, "bytes 995-1004/1000"), one(1, "bytes 1000-1000/1000"), one(101, "bytes 0-100/100"), one(10, "bytes 300-309/305")},
	},
	{
		name:     "several",
		requires: "Several ranges in one PUT are refused with a 4xx, and nothing changes.",
		why:      "The body is one run of bytes: where it is to be divided is not said.",
		failure:  "The first range is used for all of the body.",
		forms: []form{
			one(20, "bytes=300-309,500-509"), one(20, "bytes 300-309/1000, 500-509/1000"),
			{[]string{"bytes 300-309/1000", "bytes 500-509/1000"}, 10},
		},
	},
	{
		name:     "unknown-unit",
		requires: "A range in a unit that the server does not know is refused with a 4xx, and nothing changes.",
		why:      "Elsewhere an unknown unit is ignored, and the whole answered; here that would be the overwrite.",
		failure:  "The unit is not looked at, or a Range that is not understood is ignored as in a GET.",
		forms:    []form{one(10, "lines 300-309/1000"), one(10, "resumespec=300-309"), one(10, "bits 0-9/1000")},
	},
	{
		name:     "malformed",
		requires: "A Range that is malformed, reversed or beyond all numbers is refused with a 4xx, and nothing changes.",
		why:      "A range that is guessed puts bytes in the wrong place.",
		failure:  "The field is parsed loosely, and what is left of it is used; or a malformed one is ignored as in a GET.",
		forms: []form{
			one(10, "bytes"), one(10, "bytes x-y/1000"), one(10, "bytes 309-300/1000"), one(10, "bytes=309-300"), one(10, "300-309"),
			one(10, "bytes 0x0-0x9/1000"), one(10, "bytes 300-309/x"), one(10, "bytes 300-309/-1"), one(10, "bytes */1000"),
			one(10, "bytes 300-309-320/1000"), one(10, "bytes=a"),
			one(10, "bytes 18446744073709551616-18446744073709551625/18446744073709551999"),
			one(10, "bytes 9223372036854775803-9223372036854775812/9223372036854775999"),
		},
	},
	{
		name:     "no-range",
		requires: "A PUT with Expect: Range and no Range is refused with a 4xx, and changes nothing.",
		why:      "The client meant a part; nothing says which.",
		failure:  "Without a range the body is stored as the document.",
		forms:    []form{{nil, 10}, {[]string{""}, 10}},
	},
}

// refusalChecks: a PUT that is wrong changes nothing.
func refusalChecks() []matrix.Check {
	var checks []matrix.Check
	for _, w := range wrongs {
		checks = append(checks, matrix.Check{Case: catalog.Case{
			ID: "refuse." + w.name, Level: catalog.Must, Source: silent, Requires: w.requires, Why: w.why, Failure: w.failure,
			Sends: "The wrong PUTs over a document that is complete, and over one of which half is there; GET and HEAD after each; then the other half.",
		}, Run: with(func(f *partialput.Flow) { refused(f, w) })})
	}
	return append(checks, matrix.Check{Case: catalog.Case{
		ID: "refuse.length-chunked", Level: catalog.Must, Source: silent,
		Requires: "A PUT in chunks whose body turns out to have more or fewer bytes than its range is refused with a 4xx, and changes nothing outside the range.",
		Why:      "What is behind the range is not the client's to write.",
		Sends:    "PUTs in chunks, of 150 and of 50 bytes, with Expect: Range and Range: bytes 300-399/1000, over a document; GET.",
		Failure:  "Only Content-Length is compared with the range, and a chunked body has none.",
	}, Run: with(refusedChunked)})
}

// put gives the PUT of a form.
func (w form) put(op *matrix.Operation, data []byte) exchange.Request {
	req := raw(op, expectation, "", data[:w.n])
	for _, spec := range w.specs {
		req.Fields = req.Fields.With("Range", spec)
	}
	return req
}

func (w form) String() string {
	if len(w.specs) == 0 {
		return fmt.Sprintf("a PUT of %d bytes without Range", w.n)
	}
	text := fmt.Sprintf("a PUT of %d bytes with", w.n)
	for _, spec := range w.specs {
		text += " Range: " + spec
	}
	return text
}

func refused(f *partialput.Flow, w wrong) {
	whole, half := f.Document(partialput.Small), f.Begun(partialput.Small, partialput.Small/2)
	data := f.Other(partialput.Small, 1)
	for _, form := range w.forms {
		f.Round()
		r := f.Do(form.String(), form.put(whole, data))
		f.Holds(whole, whole.Body, "after "+form.String())
		f.Refused(r, form.String())

		r = f.Do(form.String(), form.put(half, data))
		if kept := f.Offset(f.D, half); kept != partialput.Small/2 {
			f.HarmfulAt(kept, "document", "HEAD to tell of 500 bytes after "+form.String(), "%d", kept)
		}
		f.Refused(r, form.String()+", where half of the document is there,")
	}
	f.Round()
	f.Accepted(f.Write(half, partialput.Part{At: partialput.Small / 2, Data: half.Body[partialput.Small/2:], Complete: partialput.Small}), "the other half")
	f.Holds(half, half.Body, "after all that was wrong was refused")
}

func refusedChunked(f *partialput.Flow) {
	for _, n := range []int{150, 50} {
		f.Round()
		op := f.Document(partialput.Small)
		p, spec := middle(f, 1)
		data := append(p.Data[:100:100], f.Other(50, 2)...)[:n]
		req := raw(op, expectation, spec, data)
		req.Chunked = true
		what := fmt.Sprintf("a PUT of %d bytes in chunks with Range: %s", n, spec)
		r := f.Do(what, req)
		got, _ := f.Content(op)
		f.Since(got, op.Body, p, int64(n), "after "+what)
		if r.Status == 411 {
			f.Unsupported("a PUT in chunks is refused with 411 (Length Required)")
		}
		f.Refused(r, what)
	}
}
