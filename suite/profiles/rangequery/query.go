package rangequery

import (
	"bytes"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// queryChecks: what the URI says is done.
func queryChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "query.no-overwrite", Level: catalog.Must, Source: option,
			Requires: "A PUT to the URI of a range that was advertised never replaces the document by the part that it carries.",
			Why:      "Everything outside the range would be lost, and the client told that all is well.",
			Sends:    "PUT over the middle of a document, with and without its complete length; GET.",
			Failure:  "What is advertised is not what the code that writes looks at: another name of the parameter, another route, another method.",
		}, Run: with(queryNoOverwrite)},
		{Case: catalog.Case{
			ID: "query.encoded", Level: catalog.Should, Source: catalog.RFC(3986, "6.2.2.2"),
			Requires: "A hyphen that is percent-encoded in the URI of a range means the same.",
			Why:      "Libraries and proxies encode what need not be; what was a part before must not become the whole.",
			Sends:    "PUT over the middle of a document, with %2D instead of each hyphen of the range; GET.",
			Failure:  "The URI is taken apart before it is decoded, and a range that is not understood is ignored.",
		}, Run: with(queryEncoded)},
		{Case: catalog.Case{
			ID: "query.open-length", Level: catalog.Should, Source: silent,
			Requires: "A document is created by parts that do not tell its complete length.",
			Why:      "A recording is uploaded before anybody knows how long it will be.",
			Sends:    "Three PUTs, each behind the other, with ranges alone; HEAD after each; GET.",
			Failure:  "Each part is taken for the whole.",
		}, Run: with(queryOpen)},
	}
}

func queryNoOverwrite(f *partialput.Flow) {
	for i, complete := range []int64{partialput.Small, partialput.Untold} {
		f.Round()
		op, status := f.Made(partialput.Small)
		if status/100 != 2 {
			f.Unsupported("no document could be made to try it on: %d", status)
		}
		p := f.Middle(uint64(i) + 1) // #nosec G115 -- a small index
		p.Complete = complete
		r := f.Write(op, p)
		got, _ := f.Content(op)
		switch {
		case r.Status/100 != 2:
			f.Holds(op, op.Body, "after a PUT to the URI of a range that was refused with "+matrix.Itoa(r.Status))
			f.Note("the PUT is refused with %d", r.Status)
		case bytes.Equal(got, p.Data):
			f.Harmful("a document of 1000 bytes of which 100 have changed", "the document is the 100 bytes of the part")
		case len(got) == len(op.Body):
			f.Note("the document was not replaced; whether the range is where it belongs, range.middle tells")
		default:
			f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after a PUT to the URI of a range")
		}
	}
}

func queryEncoded(f *partialput.Flow) {
	op := f.Document(partialput.Small)
	p := f.Middle(1)
	req := f.Put(op, p)
	encoded := strings.ReplaceAll(req.Target, "300-399", "300%2D399")
	if encoded == req.Target {
		f.Unsupported("no hyphen stands between the positions in %s", req.Target)
	}
	req.Target = encoded
	r := f.Do("PUT to "+encoded, req)
	if r.Status/100 != 2 {
		f.Holds(op, op.Body, "after a PUT to "+encoded+", which was refused")
	}
	f.Accepted(r, "a PUT to "+encoded)
	f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after a PUT to "+encoded)
}

func queryOpen(f *partialput.Flow) {
	f.Creates()
	op := f.OpAs(matrix.NewTag(), 900)
	f.Ready(op)
	for at := int64(0); at < 900; at += 300 {
		f.Round()
		r := f.Write(op, partialput.Part{At: at, Data: op.Body[at : at+300], Complete: partialput.Untold})
		if r.Status/100 != 2 {
			f.Holds(op, op.Body[:at], "after a part without a complete length, which was refused")
		}
		f.Accepted(r, "a part without a complete length")
		op.Sent = at + 300
		if kept := f.Offset(f.D, op); kept != op.Sent {
			f.HarmfulAt(kept, "document", "HEAD to tell of "+matrix.Itoa(op.Sent)+" bytes", "%d", kept)
		}
	}
	f.Holds(op, op.Body, "after its last part")
}
