package expectrange

import (
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// expectChecks: the forms of Expect.
func expectChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "expect.continue", Level: catalog.Must, Source: catalog.RFC(9110, "10.1.1"),
			Requires: "With Expect: Range, 100-continue the 100 comes before any byte of the body was sent, and then the range is written.",
			Why:      "The client asks first whether it is understood, and may wait for the answer for ever.",
			Sends:    "The head of a PUT with both expectations, in either order, over the middle of a document; the body once the 100 has come; GET.",
			Failure:  "The value of Expect is compared as a whole, so that a list of two is neither.",
		}, Run: with(expectContinue)},
		{Case: catalog.Case{
			ID: "expect.forms", Level: catalog.Must, Source: catalog.RFC(9110, "10.1.1"),
			Requires: "The expectation is found in any case, among others in the list, and in a second field line.",
			Why:      "A proxy may join lines or write them in another case; what was understood before must not become an overwrite.",
			Sends:    "PUTs over a document with each form of Expect; GET after each.",
			Failure:  "Expect is compared byte by byte, or only its first line is read.",
		}, Run: with(expectForms)},
		{Case: catalog.Case{
			ID: "expect.unknown", Level: catalog.Must, Source: catalog.RFC(9110, "10.1.1"),
			Requires: "With an expectation that nobody knows beside Range the server answers 417 and changes nothing, or writes the range all the same.",
			Why:      "What was not understood must not turn a part into the whole.",
			Sends:    "PUT with Expect: Range, resumespec-unknown over the middle of a document; GET.",
			Failure:  "An unknown member makes the whole list be ignored, with the range.",
		}, Run: with(expectUnknown)},
		{Case: catalog.Case{
			ID: "expect.refused-at-once", Level: catalog.Should, Source: catalog.RFC(9110, "10.1.1"),
			Requires: "What can be refused by its head gets the final status instead of 100 (Continue).",
			Why:      "A long body for nothing is what the client wanted to spare itself.",
			Sends:    "The heads of PUTs with Expect: Range, 100-continue whose Content-Length is not that of the range, or whose unit nobody knows.",
			Failure:  "The 100 is sent before the head was looked at.",
		}, Run: with(expectRefused)},
		{Case: catalog.Case{
			ID: "expect.http10", Level: catalog.Must, Source: catalog.RFC(9110, "15.2"),
			Requires: "A client of HTTP/1.0 gets no 1xx; whether its expectation is met or refused, the document is never replaced by the part.",
			Why:      "Such a client takes a 100 for the final response; and the range is in danger there as well.",
			Sends:    "PUT with Expect: Range, 100-continue in HTTP/1.0 over the middle of a document; GET.",
			Failure:  "Expect is skipped for HTTP/1.0 as a whole, and the body stored as the document.",
		}, Run: with(expectOld)},
	}
}

// middle gives a part in the middle of a document, and its range in the form of the source.
func middle(f *partialput.Flow, which uint64) (p partialput.Part, spec string) {
	p = f.Middle(which)
	return p, way{}.spec(p)
}

func expectContinue(f *partialput.Flow) {
	op := f.Document(partialput.Small)
	now := op.Body
	for i, expect := range []string{"Range, 100-continue", "100-continue, Range"} {
		f.Round()
		p, spec := middle(f, uint64(i)+1) // #nosec G115 -- a small index
		a := f.AskRaw(0, raw(op, expect, spec, p.Data))
		first := func(r *exchange.Response) bool { return r.Status == 100 }
		if !slices.ContainsFunc(a.Interims, first) {
			f.Broken("100 (Continue) for Expect: "+expect, "%s", answered(a))
		}
		f.Accepted(a.Final, "a PUT with Expect: "+expect)
		now = matrix.Replaced(now, p.At, p.Data)
		f.Holds(op, now, "after a PUT with Expect: "+expect)
	}
}

// answered tells how a head was answered.
func answered(a matrix.Answer) string {
	if a.Final == nil {
		return "no final response"
	}
	return matrix.Itoa(a.Final.Status) + " at once"
}

// Forms of Expect, each a list of field lines.
var forms = [][]string{
	{"Range"}, {"range"}, {"RANGE"}, {"100-Continue, rAnge"}, {"Range,100-continue"}, {", Range"},
	{"100-continue", "Range"}, {"Range", "100-continue"},
}

func expectForms(f *partialput.Flow) {
	op := f.Document(partialput.Small)
	now := op.Body
	for i, lines := range forms {
		f.Round()
		p, spec := middle(f, uint64(i)+1) // #nosec G115 -- a small index
		req := raw(op, "", spec, p.Data)
		what := "a PUT with"
		for _, line := range lines {
			req.Fields = req.Fields.With("Expect", line)
			what += " Expect: " + line
		}
		r := f.Do(what, req)
		if r.Status/100 != 2 {
			f.Holds(op, now, "after "+what+", which was refused")
		}
		f.Accepted(r, what)
		now = matrix.Replaced(now, p.At, p.Data)
		f.Holds(op, now, "after "+what)
	}
}

func expectUnknown(f *partialput.Flow) {
	for i, expect := range []string{"Range, resumespec-unknown", "resumespec-unknown, Range", `Range, resumespec-unknown="a, b"`} {
		f.Round()
		op := f.Document(partialput.Small)
		p, spec := middle(f, uint64(i)+1) // #nosec G115 -- a small index
		r := f.Do("a PUT with Expect: "+expect, raw(op, expect, spec, p.Data))
		metOrRefused(f, r, op, p, "a PUT with Expect: "+expect)
	}
}

func expectRefused(f *partialput.Flow) {
	op := f.Document(partialput.Small)
	p, _ := middle(f, 1)
	for _, spec := range []string{"bytes 300-409/1000", "bytes 300-389/1000", "lines 300-399/1000"} {
		f.Round()
		a := f.AskRaw(0, raw(op, "Range, 100-continue", spec, p.Data))
		f.Holds(op, op.Body, "after a PUT with Range: "+spec)
		f.Refused(a.Final, "a PUT of 100 bytes with Range: "+spec)
		if slices.ContainsFunc(a.Interims, func(r *exchange.Response) bool { return r.Status == 100 }) {
			f.Broken("the final response instead of 100 (Continue) for Range: "+spec, "100, and then %d", a.Final.Status)
		}
	}
}

func expectOld(f *partialput.Flow) {
	op := f.Document(partialput.Small)
	p, spec := middle(f, 1)
	req := raw(op, "Range, 100-continue", spec, p.Data)
	req.Proto = "HTTP/1.0"
	r, interims := f.DoAtOnce("a PUT in HTTP/1.0", req)
	if len(interims) > 0 {
		f.Broken("no interim response to a client of HTTP/1.0", "%d", interims[0].Status)
	}
	metOrRefused(f, r, op, p, "a PUT in HTTP/1.0")
}

// metOrRefused asks that a range was written, or that it was refused and the document is as it was.
func metOrRefused(f *partialput.Flow, r *exchange.Response, op *matrix.Operation, p partialput.Part, what string) {
	if r.Status/100 == 2 {
		f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after "+what)
		return
	}
	f.Holds(op, op.Body, "after "+what+", which was refused")
	f.Note("%s is answered %d", what, r.Status)
}
