package byterange

import (
	"net/http"
	"strings"
	"time"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// preconditionChecks: a write is bound to the state that the client knows.
func preconditionChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "byterange.precondition.if-match-stale", Level: catalog.Must, Source: catalog.RFC(9110, "13.1.1"),
			Requires: "A write whose If-Match names none of the document's entity tags is refused with 412, and changes nothing; so is one with If-Match: * where no document is there.",
			Why:      "It would overwrite what another client has written meanwhile.",
			Sends:    "A write with another entity tag, one with that of before a write, and one with * to a document that is not there; GET after each.",
			Failure:  "The condition is not looked at for PATCH, or only its form is.",
		}, Run: with(matchStale)},
		{Case: catalog.Case{
			ID: "byterange.precondition.if-match-fresh", Level: catalog.Must, Source: catalog.RFC(9110, "13.1.1"),
			Requires: "A write whose If-Match names the document's entity tag, alone, in a list or as *, is taken.",
			Why:      "A client that does it right must get through.",
			Sends:    "Writes with each form of If-Match, each with the entity tag of the moment; GET after each.",
			Failure:  "Entity tags are compared as text of the whole field.",
		}, Run: with(matchFresh)},
		{Case: catalog.Case{
			ID: "byterange.precondition.if-unmodified-since", Level: catalog.Must, Source: catalog.RFC(9110, "13.1.4"),
			Requires: "A write whose If-Unmodified-Since is before the document's Last-Modified is refused with 412, and changes nothing; one with that date itself is taken.",
			Why:      "It would overwrite what another client has written meanwhile.",
			Sends:    "A write with the date of the day before Last-Modified, and one with Last-Modified; GET after each.",
			Failure:  "The condition is not looked at for PATCH, or the comparison is the wrong way round.",
		}, Run: with(unmodified)},
		{Case: catalog.Case{
			ID: "byterange.precondition.validator", Level: catalog.Should, Source: catalog.RFC(9110, "8.8.3"),
			Requires: "A document has an entity tag that is strong, and another one after a write.",
			Why:      "Without one a client can neither bind a write to what it has seen, nor put a download together from parts.",
			Sends:    "HEAD on a document, before and after a write.",
			Failure:  "No ETag is sent, or a weak one, or always the same.",
		}, Run: with(validator)},
		{Case: catalog.Case{
			ID: "byterange.precondition.etag", Level: catalog.Must, Source: catalog.RFC(9110, "8.8.1"),
			Requires: "When a write that was cut has changed the document, its strong entity tag is another; a write with the one of before is refused.",
			Why:      "Who trusts the old one would put together a document that never was.",
			Sends:    "A write with If-Match over a document, cut in the middle; GET; the same write again, with the old entity tag.",
			Failure:  "The entity tag is made when a write ends, and one that is cut never ends.",
		}.CutAt("mid-upload", matrix.Closing), Run: with(tagMoves)},
	}
}

func validator(f *flow) {
	op := f.document(small)
	before := f.Head(op).Fields.Get("ETag")
	if before == "" || strings.HasPrefix(before, "W/") {
		f.Broken("a strong ETag", "%q", before)
	}
	f.Accepted(f.write(op, ranged(0, f.Other(10, 1), "*")), "a write")
	if after := f.EntityTag(op); after == before {
		f.Harmful("another ETag after a write", "%s again", after)
	}
}

func match(value string) exchange.Field { return exchange.Field{Name: "If-Match", Value: value} }

func matchStale(f *flow) {
	op := f.document(small)
	old := f.EntityTag(op)
	data := f.Other(10, 1)
	for _, value := range []string{`"resumespec-stale"`, `"resumespec-stale", "another"`} {
		f.Round()
		r := f.write(op, ranged(10, data, "*"), match(value))
		f.Holds(op, op.Body, "after a write with If-Match: "+value)
		f.refused(r, "a write with If-Match: "+value, 412)
	}
	f.Accepted(f.write(op, ranged(10, data, "*")), "a write without a condition")
	r := f.write(op, ranged(500, data, "*"), match(old))
	f.Holds(op, matrix.Replaced(op.Body, 10, data), "after a write with the entity tag of before a write")
	f.refused(r, "a write with the entity tag of before a write", 412)

	absent := f.OpAs(matrix.NewTag(), 10)
	r = f.write(absent, ranged(0, data, "10"), match("*"))
	f.Nothing(absent, "after a write with If-Match: *")
	f.refused(r, "a write with If-Match: * where no document is", 412)
}

func matchFresh(f *flow) {
	op := f.document(small)
	now := op.Body
	for i, form := range []string{"%", `"resumespec-stale", %`, "%, \"resumespec-stale\"", "*"} {
		f.Round()
		value := strings.ReplaceAll(form, "%", f.EntityTag(op))
		p := ranged(10, f.Other(10, uint64(i)+1), "*") // #nosec G115 -- a small index
		f.Accepted(f.write(op, p, match(value)), "a write with If-Match: "+value)
		now = matrix.Replaced(now, 10, p.body)
		f.Holds(op, now, "after a write with If-Match: "+value)
	}
}

func unmodified(f *flow) {
	op := f.document(small)
	value := f.Head(op).Fields.Get("Last-Modified")
	modified, err := http.ParseTime(value)
	if err != nil {
		f.Unsupported("the document has no Last-Modified (%q)", value)
	}
	since := func(t time.Time) exchange.Field {
		return exchange.Field{Name: "If-Unmodified-Since", Value: t.UTC().Format(http.TimeFormat)}
	}
	data := f.Other(10, 1)
	r := f.write(op, ranged(10, data, "*"), since(modified.Add(-24*time.Hour)))
	f.Holds(op, op.Body, "after a write with If-Unmodified-Since of the day before")
	f.refused(r, "a write with If-Unmodified-Since of the day before", 412)
	f.Accepted(f.write(op, ranged(10, data, "*"), since(modified)), "a write with If-Unmodified-Since: "+value)
	f.Holds(op, matrix.Replaced(op.Body, 10, data), "after a write with If-Unmodified-Since: "+value)
}

func tagMoves(f *flow) {
	const at, n = 1000, 4000
	op := f.document(matrix.Usual)
	old, data := f.EntityTag(op), f.Other(n, 1)
	fr := framed(f.d.media, ranged(at, data, "*"))
	req := f.d.request(op, fr, exchange.Field{Name: "Prefer", Value: persist}, match(old))
	f.Landed(f.Cut(req, f.At(matrix.RequestBody, fr.at[0]+n/2)))
	now := ""
	var got []byte
	for range 5 { // the server may still be draining the old connection
		r := f.Get(op)
		if got, now = r.Body, r.Fields.Get("ETag"); matrix.FirstDifference(got, op.Body) >= 0 {
			break
		}
		f.Wait(f.Patient() / 50)
	}
	kept := f.Since(got, op.Body, at, data, n/2, "after a write that was cut")
	if kept > 0 && now == old {
		f.Broken("another entity tag of a document that has changed", "%s again", now)
	}
	r := f.Do("the PATCH", req)
	switch {
	case kept > 0:
		f.refused(r, "a write with the entity tag of before a write that was cut", 412)
	case r.Status == 412: // the server may have come to the write only now
		if got, _ := f.Content(op); matrix.FirstDifference(got, op.Body) < 0 {
			f.Broken("a write with the entity tag of a document that has not changed to be taken", "412")
		}
	default:
		f.Note("nothing was kept of a write that was cut")
		f.Accepted(r, "the same write again, with the entity tag of a document that has not changed,")
		f.Holds(op, matrix.Replaced(op.Body, at, data), "after the same write again")
	}
}
