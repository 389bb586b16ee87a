package resume

import (
	"strings"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// offerChecks: the request is made, nothing is cut.
func offerChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.offer.continue", Level: catalog.Must, Source: workflow,
			Requires: "A request with Expect: 100-continue and Prefer: resume is answered, before any byte of its body is sent, with 100 (Continue) and at least one of the three location fields.",
			Why:      "Without a location the client has nothing to come back to when the upload is interrupted.",
			Sends:    "The head of an upload with both fields; the body is held back until the 100 has come.",
			Failure:  "The server does not speak this profile, or sends the fields only with the final response, when they are of no use any more.",
		}, Run: with(offerContinue)},
		offerField(requestContent, contentRes, "The client cannot ask how much of an interrupted upload arrived, and has to send everything again."),
		offerField(responseMessage, messageRes, "A client that loses the response cannot learn whether its request took effect."),
		offerField(contentLocation, workflow, "A client that loses the rest of a response body cannot fetch just that rest."),
		{Case: catalog.Case{
			ID: "resume.offer.uri-reference", Level: catalog.Must, Source: catalog.Loose(contentRes, "the later text gives the grammar: URI-reference, resolved against the request URI"),
			Requires: "Each location field holds exactly one valid URI-reference, which resolves against the request URI to a resource that answers.",
			Why:      "A client follows the reference as it stands; one that does not parse or resolve strands the upload.",
			Sends:    "An undisturbed upload, then a read of each location.",
			Failure:  "The field value is not a URI-reference (RFC 3986, 4.1), holds several, or leads nowhere.",
		}, Run: with(offerReference)},
		{Case: catalog.Case{
			ID: "resume.offer.unguessable", Level: catalog.Should, Source: privacyText, Later: true,
			Requires: "The locations of 200 requests are pairwise distinct, follow no counter or clock, and carry at least 120 bits of apparent entropy.",
			Why:      "Who guesses the location of another's upload can read it, spoil it or finish it.",
			Sends:    "200 small uploads; the request-content and response-message locations of each are compared.",
			Failure:  "Locations are made from a counter, a time or a short random number.",
		}, Run: with(offerUnguessable)},
		{Case: catalog.Case{
			ID: "resume.offer.applied", Level: catalog.May, Source: catalog.RFC(7240, "3"),
			Requires: "A server that honours the preference says Preference-Applied: resume, in an interim or in the final response.",
			Why:      "The client can tell a server that keeps partial uploads from one that merely ignores the preference.",
			Sends:    "An undisturbed upload with Prefer: resume.",
			Failure:  "Preference-Applied is there and names something else than what was asked for.",
		}, Run: with(offerApplied)},
	}
}

func offerContinue(f *flow) {
	op := f.Op(matrix.Usual)
	asked := f.Ask(f.d, op)
	if asked.Final != nil {
		asked.Drop()
		f.Broken("100 (Continue) with at least one of "+strings.Join(offers, ", "),
			"the final response %d instead of any 100", asked.Final.Status)
	}
	offered := named(op)
	f.Success(asked.Finish(), "the upload")
	f.That(offered, Not(BeEmpty()), "100 (Continue) without any of them, before the body was sent",
		"at least one of %s in the interim responses", strings.Join(offers, ", "))
	f.Note("offered: %s", strings.Join(offered, ", "))
}

// named gives the names of what the server has offered.
func named(op *matrix.Operation) []string {
	var names []string
	for _, name := range offers {
		if op.Handle(name) != nil {
			names = append(names, name)
		}
	}
	return names
}

func offerField(name string, source catalog.Source, why string) matrix.Check {
	return matrix.Check{Case: catalog.Case{
		ID: "resume.offer." + strings.ToLower(name), Level: catalog.Should,
		Source:   catalog.Loose(source, `the workflow says "and/or": a server may leave one out`),
		Requires: "An interim response to a request with Prefer: resume carries " + name + ".",
		Why:      why,
		Sends:    "The head of an upload with Expect: 100-continue and Prefer: resume, then its body.",
		Failure:  "The field is missing in every interim response that came before the body was sent.",
	}, Run: with(func(f *flow) {
		op := f.Op(matrix.Usual)
		asked := f.Ask(f.d, op)
		seen := describe(asked.Interims)
		there := op.Handle(name) != nil
		f.Success(asked.Finish(), "the upload")
		f.That(there, BeTrue(), "it is in none of: "+seen, "%s in an interim response", name)
	})}
}

// describe lists interim responses with the location fields that they carry.
func describe(interims []*exchange.Response) string {
	if len(interims) == 0 {
		return "no interim response"
	}
	var all []string
	for _, r := range interims {
		one := strings.TrimSpace(r.Proto + " " + matrix.Itoa(r.Status))
		for _, name := range offers {
			if r.Fields.Has(name) {
				one += " +" + name
			}
		}
		all = append(all, one)
	}
	return strings.Join(all, "; ")
}

func offerReference(f *flow) {
	op := f.Op(matrix.Usual)
	asked := f.Ask(f.d, op)
	count := 0
	for _, r := range asked.Interims {
		for _, name := range offers {
			for _, value := range oneValue(f, r, name) {
				count++
				reference(f, op, name, value)
			}
		}
	}
	f.Success(asked.Finish(), "the upload")
	if count == 0 {
		f.Unsupported("the server offered no location in any interim response")
	}
	answering(f, op)
	for _, name := range named(op) {
		if _, err := handle(op, name); err == nil {
			return
		}
	}
	f.Unsupported("every reference leads to another origin, to which nothing is sent")
}

// oneValue gives the field's value, and breaks the case when one response has several.
func oneValue(f *flow, r *exchange.Response, name string) []string {
	values := r.Fields.Values(name)
	if len(values) > 1 {
		f.Broken("one "+name+" in a response", "%d field lines in the %d", len(values), r.Status)
	}
	return values
}

func reference(f *flow, op *matrix.Operation, name, value string) {
	if err := exchange.ParseURIReference(value); err != nil {
		f.Broken(name+" to be one URI-reference", "%q: %v", value, err)
	}
	if _, err := exchange.Resolve(op.URL.String(), value); err != nil {
		f.Broken(name+" to resolve against the request URI", "%q: %v", value, err)
	}
}

// answering asks each offered resource once; after a finished upload its request content may be gone.
func answering(f *flow, op *matrix.Operation) {
	if _, err := handle(op, requestContent); err == nil {
		if r := f.send("HEAD", op, requestContent); r.Status/100 != 2 && r.Status != 404 && r.Status != 410 {
			f.Broken("HEAD on the "+requestContent+" to give 2xx, or 404 or 410 once it is over", "%d", r.Status)
		}
	}
	if _, err := handle(op, responseMessage); err == nil {
		f.Replayed(f.d, op)
	}
	if _, err := handle(op, contentLocation); err == nil {
		if r := f.send("GET", op, contentLocation); r.Status/100 != 2 {
			f.Broken("GET on the "+contentLocation+" to give 2xx once the upload is over", "%d", r.Status)
		}
	}
}

func offerApplied(f *flow) {
	op := f.Op(matrix.Usual)
	asked := f.Ask(f.d, op)
	final := asked.Finish()
	f.Success(final, "the upload")
	var values []string
	for _, r := range append(asked.All(), final.Response) {
		values = append(values, r.Fields.Values("Preference-Applied")...)
	}
	if len(values) == 0 {
		f.Unsupported("no response carries Preference-Applied, which is optional")
	}
	value, there := exchange.ParsePreferenceApplied(values)["resume"]
	f.That(there, BeTrue(), "Preference-Applied: "+strings.Join(values, ", "), "Preference-Applied: resume")
	f.That(value, BeElementOf("", "save-incomplete"), "resume="+value, "resume, or resume=save-incomplete, which is the same")
}
