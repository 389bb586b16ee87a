package expectrange

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// offerChecks: whether the target understands, and what it does if not. The document is one of the suite's own.
func offerChecks() []matrix.Check {
	const sends = "PUT of a document; PUT with Expect: Range over its middle; GET."
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "offer.no-overwrite", Level: catalog.Must, Source: option,
			Requires: "A PUT with Expect: Range never replaces the document by the part that it carries.",
			Why:      "It is what the expectation is there to prevent: everything outside the range would be lost, and the client told that all is well.",
			Sends:    sends,
			Failure:  "Neither Expect nor Range is looked at in a PUT, and the body is stored as the document.",
		}, Run: offered(offerNoOverwrite)},
		{Case: catalog.Case{
			ID: "offer.refused", Level: catalog.Must, Source: option,
			Requires: "A server that does not understand Expect: Range answers 417 (Expectation Failed) and changes nothing; one that does, writes the range.",
			Why:      "The client must learn that it was not understood, and find everything as it was.",
			Sends:    sends,
			Failure:  "The unknown expectation is ignored, or found out only after the document was opened for writing.",
		}, Run: offered(offerRefused)},
		{Case: catalog.Case{
			ID: "offer.understood", Level: catalog.Must, Source: option,
			Requires: "A target that is tested for this profile understands Expect: Range.",
			Why:      "Without it there is nothing to upload with; the profile was asked for by name.",
			Sends:    sends,
			Failure:  "The server does not know the expectation, or ignores it.",
		}, Run: offered(offerUnderstood)},
		{Case: catalog.Case{
			ID: "offer.accept-expect", Level: catalog.May, Source: catalog.Loose(option, "how a client learns it beforehand is not said; the name of the field is the suite's own"),
			Requires: "Where OPTIONS on a document names the expectation range in Accept-Expect, it does so whether the document is there or not, and a PUT with Expect: Range is understood.",
			Why:      "A client that is told of what is not there sends its bytes in vain.",
			Sends:    "OPTIONS on a document that is not there, and on one that is; PUT with Expect: Range.",
			Failure:  "The field is a constant that knows nothing of the code that writes.",
		}, Run: offered(offerAccept)},
	}
}

// offered makes the code of a case that does not depend on whether the target understands.
func offered(run func(*partialput.Flow)) func(*matrix.Session) {
	return func(s *matrix.Session) { run(newFlow(s)) }
}

func offerNoOverwrite(f *partialput.Flow) {
	t := try(f)
	if t.none != "" {
		f.Unsupported("%s", t)
	}
	switch {
	case t.applied(), t.unchanged():
	case len(t.after) == len(t.before):
		f.Note("the document was not replaced, but changed elsewhere than in the range: see range.middle and offer.refused")
	default:
		f.SameBytes("document after a PUT with Expect: Range that was answered "+matrix.Itoa(t.status), t.after, t.expected())
	}
}

// expected gives the document as it should be, by the status of the answer.
func (t trial) expected() []byte {
	if t.status/100 == 2 {
		return matrix.Replaced(t.before, t.part.At, t.part.Data)
	}
	return t.before
}

func offerRefused(f *partialput.Flow) {
	t := try(f)
	switch {
	case t.none != "":
		f.Unsupported("%s", t)
	case t.applied():
		f.Note("it is understood")
	case t.status/100 == 2 && len(t.after) == len(t.before) && !t.unchanged():
		f.Note("it is understood, and something else than the range has changed: see range.middle")
	case !t.unchanged():
		f.Harmful("417, and a document as it was", "%s", t)
	case t.status/100 == 4 && t.status != 417:
		f.Warn("417 (Expectation Failed)", "%d; the document is as it was", t.status)
	case t.status != 417:
		f.Broken("417 (Expectation Failed)", "%s", t)
	}
}

func offerUnderstood(f *partialput.Flow) {
	if t := try(f); !t.applied() {
		f.Broken("a target that writes the range of a PUT with Expect: Range", "%s", t)
	}
}

func offerAccept(f *partialput.Flow) {
	absent := f.OpAs(matrix.NewTag(), partialput.Small)
	named := func(op *matrix.Operation) bool {
		return understands(f.Do("OPTIONS on the document", matrix.RequestTo("OPTIONS", op.URL)).Fields.Joined(acceptExpect))
	}
	before := named(absent)
	there, status := f.Made(partialput.Small)
	if status/100 != 2 {
		f.Unsupported("no document could be made to ask: %d", status)
	}
	after := named(there)
	if !before && !after {
		f.Unsupported("OPTIONS names no expectation in %s", acceptExpect)
	}
	if before != after {
		f.Warn(acceptExpect+" whether the document is there or not", "only where it is there: %t", after)
	}
	if t := try(f); !t.applied() {
		f.Broken("the expectation that is named to be understood", "%s", t)
	}
}
