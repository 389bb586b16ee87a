package partialput

import (
	"net/http"
	"strings"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// preconditionChecks: a write is bound to the state that the client knows.
func preconditionChecks(with With) []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "precondition.if-match-stale", Level: catalog.Must, Source: catalog.RFC(9110, "13.1.1"),
			Requires: "A write whose If-Match names none of the document's entity tags is refused with 412, and changes nothing.",
			Why:      "It would overwrite what another client has written meanwhile.",
			Sends:    "{write} with another entity tag, with a list of others, and with that of before a write; GET after each.",
			Failure:  "The condition is not looked at where a range is written, or only its form is.",
		}, Run: with(matchStale)},
		{Case: catalog.Case{
			ID: "precondition.if-match-fresh", Level: catalog.Must, Source: catalog.RFC(9110, "13.1.1"),
			Requires: "A write whose If-Match names the document's entity tag, alone, in a list or as *, is taken.",
			Why:      "A client that does it right must get through.",
			Sends:    "{write} with each form of If-Match, each with the entity tag of the moment; GET after each.",
			Failure:  "Entity tags are compared as text of the whole field.",
		}, Run: with(matchFresh)},
		{Case: catalog.Case{
			ID: "precondition.if-none-match", Level: catalog.Must, Source: catalog.RFC(9110, "13.1.2"),
			Requires: "A write with If-None-Match: * over a document that is there is refused with 412, and changes nothing.",
			Why:      "The client wanted to create, and not to change what somebody else has made.",
			Sends:    "{write} with If-None-Match: * over the middle of a document, and over all of it; GET after each.",
			Failure:  "The condition is not looked at where a range is written.",
		}, Run: with(noneMatch)},
		{Case: catalog.Case{
			ID: "precondition.if-unmodified-since", Level: catalog.Must, Source: catalog.RFC(9110, "13.1.4"),
			Requires: "A write whose If-Unmodified-Since is before the document's Last-Modified is refused with 412, and changes nothing; one with that date itself is taken.",
			Why:      "It would overwrite what another client has written meanwhile.",
			Sends:    "{write} with the date of the day before Last-Modified, and with Last-Modified; GET after each.",
			Failure:  "The condition is not looked at where a range is written, or the comparison is the wrong way round.",
		}, Run: with(unmodified)},
		{Case: catalog.Case{
			ID: "precondition.etag", Level: catalog.Must, Source: catalog.RFC(9110, "8.8.1"),
			Requires: "When a write has changed the document, also one that was cut, its strong entity tag is another.",
			Why:      "Who trusts the old one would put together a document that never was.",
			Sends:    "{write} over a document, whole and cut in the middle; GET after each.",
			Failure:  "The entity tag is made when a whole document is written, or when a write ends that was not cut.",
		}.CutAt("mid-upload", matrix.Closing), Run: with(tagMoves)},
	}
}

// under gives a part that is written under a condition.
func under(p Part, name, value string) Part {
	p.Complete = Small
	p.Fields = exchange.Fields{{Name: name, Value: value}}
	return p
}

func matchStale(f *Flow) {
	op := f.Document(Small)
	old := f.EntityTag(op)
	p := Part{At: 10, Data: f.Other(10, 1), Complete: Small}
	for _, value := range []string{`"resumespec-stale"`, `"resumespec-stale", "another"`} {
		f.Round()
		r := f.Write(op, under(p, "If-Match", value))
		f.Holds(op, op.Body, "after a write with If-Match: "+value)
		f.Refused(r, "a write with If-Match: "+value, 412)
	}
	f.Accepted(f.Write(op, p), "a write without a condition")
	r := f.Write(op, under(Part{At: 500, Data: p.Data}, "If-Match", old))
	f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after a write with the entity tag of before a write")
	f.Refused(r, "a write with the entity tag of before a write", 412)
}

func matchFresh(f *Flow) {
	op := f.Document(Small)
	now := op.Body
	for i, form := range []string{"%", `"resumespec-stale", %`, "%, \"resumespec-stale\"", "*"} {
		f.Round()
		value := strings.ReplaceAll(form, "%", f.EntityTag(op))
		p := Part{At: 10, Data: f.Other(10, uint64(i)+1)} // #nosec G115 -- a small index
		f.Accepted(f.Write(op, under(p, "If-Match", value)), "a write with If-Match: "+value)
		now = matrix.Replaced(now, p.At, p.Data)
		f.Holds(op, now, "after a write with If-Match: "+value)
	}
}

func noneMatch(f *Flow) {
	op := f.Document(Small)
	for _, p := range []Part{{At: 10, Data: f.Other(10, 1)}, {At: 0, Data: f.Other(Small, 2)}} {
		f.Round()
		r := f.Write(op, under(p, "If-None-Match", "*"))
		f.Holds(op, op.Body, "after a write with If-None-Match: *")
		f.Refused(r, "a write with If-None-Match: * over a document that is there", 412)
	}
}

func unmodified(f *Flow) {
	op := f.Document(Small)
	value := f.Head(op).Fields.Get("Last-Modified")
	modified, err := http.ParseTime(value)
	if err != nil {
		f.Unsupported("the document has no Last-Modified (%q)", value)
	}
	p := Part{At: 10, Data: f.Other(10, 1)}
	r := f.Write(op, under(p, "If-Unmodified-Since", modified.Add(-24*time.Hour).UTC().Format(http.TimeFormat)))
	f.Holds(op, op.Body, "after a write with If-Unmodified-Since of the day before")
	f.Refused(r, "a write with If-Unmodified-Since of the day before", 412)
	f.Accepted(f.Write(op, under(p, "If-Unmodified-Since", value)), "a write with If-Unmodified-Since: "+value)
	f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after a write with If-Unmodified-Since: "+value)
}

func tagMoves(f *Flow) {
	const n = 4000
	op := f.Document(matrix.Usual)
	tags := []string{f.EntityTag(op)}
	whole := Part{At: 10, Data: f.Other(10, 1), Complete: matrix.Usual}
	f.Accepted(f.Write(op, whole), "a write")
	before := matrix.Replaced(op.Body, whole.At, whole.Data)
	tags = append(tags, f.EntityTag(op))
	f.moved(tags, "a write")

	p := Part{At: 1000, Data: f.Other(n, 2), Complete: matrix.Usual}
	f.Landed(f.Cut(f.Put(op, p), f.At(matrix.RequestBody, n/2)))
	var got *exchange.Response
	for range 5 { // the server may still be draining the old connection
		if got = f.Get(op); matrix.FirstDifference(got.Body, before) >= 0 || !f.Wait(f.Patient()/50) {
			break
		}
	}
	if f.Since(got.Body, before, p, n/2, "after a write that was cut") == 0 {
		f.Note("nothing was kept of a write that was cut")
		return
	}
	f.moved(append(tags, got.Fields.Get("ETag")), "a write that was cut")
}

// moved asks that the last of some entity tags is none of those before.
func (f *Flow) moved(tags []string, after string) {
	now := tags[len(tags)-1]
	for _, old := range tags[:len(tags)-1] {
		if now == old {
			f.Broken("another entity tag after "+after+" that has changed the document", "%s again", now)
		}
	}
}
