package tus

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// offerChecks: whether the target speaks the protocol at all.
func offerChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.offer.options", Level: catalog.Must, Source: optionRequest,
			Requires: "OPTIONS on the creation path is answered 200 or 204 with a Tus-Version that names 1.0.0.",
			Why:      "It is how a client finds out what the server speaks, and which extensions it may use.",
			Sends:    "OPTIONS without Tus-Resumable.",
			Failure:  "The server does not speak tus 1.0.0 at this path, or something in front of it answers OPTIONS.",
		}, Run: with(offerOptions)},
		{Case: catalog.Case{
			ID: "tus.offer.created", Level: catalog.Must, Source: createRequest,
			Requires: "POST with Upload-Length is answered 201 (Created) with a Location, and HEAD on what it names gives the Upload-Offset 0.",
			Why:      "Everything that a client can do after an interruption begins at that resource.",
			Sends:    "POST with the length of an upload; HEAD on its Location.",
			Failure:  "The server creates no uploads here, or the path of creation is another.",
		}, Run: with(offerCreated)},
	}
}

func offerOptions(f *flow) {
	r := f.Do("OPTIONS on the creation path", optionsOn(f.Op(0)))
	a := parseAnnounced(r)
	switch {
	case r.Status != 200 && r.Status != 204:
		f.Broken("200 or 204 for OPTIONS", "%d", r.Status)
	case !a.speaks():
		f.Broken("a Tus-Version that names "+version, "Tus-Version: %s", r.Fields.Joined("Tus-Version"))
	}
	for _, name := range a.extensions {
		f.Note("announced: %s", name)
	}
}

func offerCreated(f *flow) {
	op := f.Op(matrix.Usual)
	r := f.Do("POST", f.d.Prepare(op))
	if f.d.offer.ok && !f.d.offer.has(extCreation) && r.Status != 201 {
		f.Unsupported("the server does not announce %s, and the suite knows no other way to an upload (POST gave %d)", extCreation, r.Status)
	}
	if r.Status != 201 {
		f.Broken("201 (Created) for POST with Upload-Length", "%d", r.Status)
	}
	if n := len(r.Fields.Values("Location")); n != 1 {
		f.Broken("one Location in the 201", "%d of them", n)
	}
	if _, err := exchange.Resolve(op.URL.String(), r.Fields.Get("Location")); err != nil {
		f.Broken("a URL in Location", "%v", err)
	}
	f.d.Learn(op, r)
	if op.Handle(uploadPlace) == nil {
		f.Broken("Tus-Resumable in the 201, or a Tus-Version in the answer to OPTIONS", "neither")
	}
	f.here(op)
	if n := f.Offset(f.d, op); n != 0 {
		f.Broken("the offset 0 of a new upload", "%d", n)
	}
}
