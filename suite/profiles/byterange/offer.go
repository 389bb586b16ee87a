package byterange

import (
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// offerChecks: what the target says that it speaks.
func offerChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "byterange.offer.patch", Level: catalog.Must, Source: modifying,
			Requires: "A PATCH with one of the three media types, which the server names or which is tried, creates a document.",
			Why:      "Without it there is nothing to upload with; the profile was asked for by name.",
			Sends:    "OPTIONS on a document that is not there; PATCH with the first media type that Accept-Patch names, else with message/byterange; GET.",
			Failure:  "PATCH, or every one of the media types, is refused; or a media type is named that is not understood.",
		}, Run: offerPatch},
		{Case: catalog.Case{
			ID: "byterange.offer.accept-patch", Level: catalog.Should, Source: catalog.RFC(5789, "3.1"),
			Requires: "OPTIONS on a document names in Accept-Patch at least one of the three media types, whether the document is there or not.",
			Why:      "A client learns it without a write; one that has to guess sends its bytes in vain.",
			Sends:    "OPTIONS on a document that is not there, and on one that is.",
			Failure:  "OPTIONS is answered by code that knows nothing of PATCH, or only once the document is there.",
		}, Run: with(offerAccept)},
		{Case: catalog.Case{
			ID: "byterange.offer.unknown-type", Level: catalog.Must, Source: catalog.RFC(5789, "2.2"),
			Requires: "A PATCH with an unknown media type is refused, with 415 whose Accept-Patch names the right ones, and changes nothing.",
			Why:      "Whoever takes any type for bytes to write corrupts the document of a client that meant something else.",
			Sends:    "PATCH with application/x-resumespec-unknown, on a document that is there and on one that is not; GET on both.",
			Failure:  "The media type of the PATCH is not looked at.",
		}, Run: with(offerUnknown)},
		{Case: catalog.Case{
			ID: "byterange.offer.refusal", Level: catalog.Should, Source: catalog.RFC(9110, "10.1.1"),
			Requires: "A PATCH that can be refused by its head gets the final status instead of 100 (Continue), and changes nothing.",
			Why:      "The client is spared the upload of what will be thrown away.",
			Sends:    "PATCH with Expect: 100-continue and an unknown media type, and with If-None-Match: * on a document that is there; the body only where leave is given; GET.",
			Failure:  "100 (Continue) is sent before the head was looked at.",
		}, Run: with(offerRefusal)},
	}
}

func offerRefusal(f *flow) {
	op := f.document(small)
	fr := framed(f.d.media, ranged(0, f.Other(small, 1), matrix.Itoa(small)))
	unknown := fr
	unknown.contentType = "application/x-resumespec-unknown"
	expect := exchange.Field{Name: "Expect", Value: "100-continue"}
	for _, c := range []struct {
		what string
		req  exchange.Request
	}{
		{"an unknown media type", f.d.request(op, unknown, expect)},
		{"If-None-Match: * on a document that is there", f.d.request(op, fr, expect, onlyNew)},
	} {
		f.Round()
		what, answer := c.what, f.AskRaw(0, c.req)
		f.Holds(op, op.Body, "after a PATCH with "+what)
		if slices.ContainsFunc(answer.Interims, func(r *exchange.Response) bool { return r.Status == 100 }) {
			f.Broken("the final status, without 100 (Continue), for a PATCH with "+what, "100 first")
		}
		if answer.Final == nil {
			f.Broken("a final status for a PATCH with "+what, "none")
		}
		f.refused(answer.Final, "a PATCH with "+what)
	}
}

func offerPatch(s *matrix.Session) {
	f := newFlow(s)
	var seen string
	if f.types, seen = f.discover(); len(f.types) == 0 {
		f.Broken("a target that takes "+strings.Join(mediaTypes, ", or ")+" in a PATCH", "%s", seen)
	}
	f.use(usual(f.types[0]))
	f.document(small)
}

func offerAccept(f *flow) {
	for _, op := range []*matrix.Operation{f.OpAs(matrix.NewTag(), 0), f.document(small)} {
		r := f.Do("OPTIONS on the document", matrix.RequestTo("OPTIONS", op.URL))
		if len(takes(r.Fields.Joined(acceptPatch))) == 0 {
			f.Broken(acceptPatch+" with one of "+strings.Join(mediaTypes, ", "), "%d with %s: %q", r.Status, acceptPatch, r.Fields.Joined(acceptPatch))
		}
	}
}

func offerUnknown(f *flow) {
	there, absent := f.document(small), f.OpAs(matrix.NewTag(), small)
	for _, op := range []*matrix.Operation{there, absent} {
		fr := message(ranged(0, f.Other(small, 1), matrix.Itoa(small)))
		fr.contentType = "application/x-resumespec-unknown"
		r := f.patch(op, fr)
		f.refused(r, "a PATCH with "+fr.contentType)
		if accept := r.Fields.Joined(acceptPatch); r.Status != 415 || len(takes(accept)) == 0 {
			f.Warn("415 with "+acceptPatch+" for a media type that the server does not know", "%d with %s: %q", r.Status, acceptPatch, accept)
		}
	}
	f.Holds(there, there.Body, "after a PATCH of an unknown type")
	f.Nothing(absent, "after a PATCH of an unknown type")
}
