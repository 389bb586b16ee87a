package resume

import (
	"strings"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// offerFormChecks: the forms in which a client asks, or does not.
func offerFormChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.offer.default-is-save", Level: catalog.Must, Source: preference,
			Requires: "Prefer: resume without a value means resume=save-incomplete: an interrupted upload can be completed.",
			Why:      "A client that leaves the value out expects its bytes to be kept.",
			Sends:    "An upload with Prefer: resume, cut in the middle of its body, then HEAD and PATCH.",
			Failure:  "The server knows only the long form, or takes the short one for ignore-incomplete.",
			Point:    "mid-upload", Faults: matrix.FinOnly,
		}, Run: with(func(f *flow) { offerSaves(f, "resume", "resume=save-incomplete") })},
		{Case: catalog.Case{
			ID: "resume.offer.save-incomplete", Level: catalog.Must, Source: preference,
			Requires: "Prefer: resume=save-incomplete is answered with a location, and an interrupted upload can be completed.",
			Why:      "It is the form in which a client says outright that it will come back.",
			Sends:    "An upload with Prefer: resume=save-incomplete, cut in the middle of its body, then HEAD and PATCH.",
			Failure:  "The server compares the preference as one string and knows only Prefer: resume.",
			Point:    "mid-upload", Faults: matrix.FinOnly,
		}, Run: with(func(f *flow) { offerSaves(f, "resume=save-incomplete", "resume") })},
		{Case: catalog.Case{
			ID: "resume.offer.ignore-incomplete", Level: catalog.Should, Source: catalog.Loose(preference, `"any presence of the preference is a request to send" the fields; nothing says that they must come`),
			Requires: "Prefer: resume=ignore-incomplete is answered with at least one of the location fields, and the upload succeeds.",
			Why:      "A client that would rather start again still wants to find its response.",
			Sends:    "An undisturbed upload with Prefer: resume=ignore-incomplete.",
			Failure:  "The server knows only one value of the preference.",
		}, Run: with(offerIgnore)},
		{Case: catalog.Case{
			ID: "resume.offer.prefer-syntax", Level: catalog.Must, Source: catalog.RFC(7240, "2"),
			Requires: "The preference is found in a list, in a second Prefer field line, in any case, with a quoted value and with parameters; an unknown value of it is no error.",
			Why:      "Clients, and proxies between, are free to write a field in any of its forms.",
			Sends:    "The head of an upload in each form; then its body.",
			Failure:  "The field is compared as a string instead of being parsed (RFC 7240, 2).",
		}, Run: with(offerSyntax)},
		{Case: catalog.Case{
			ID: "resume.offer.not-asked", Level: catalog.Must, Source: catalog.Loose(workflow, "resumption is a preference: without it an upload is an ordinary upload"),
			Requires: "An upload works as ever without the preference, without Expect, and by a client that ignores the location fields.",
			Why:      "A server may not break the clients that know nothing of resumption.",
			Sends:    "Undisturbed uploads without either field, with Expect only, and with both.",
			Failure:  "The upload depends on resumption being asked for.",
		}, Run: with(offerNotAsked)},
		{Case: catalog.Case{
			ID: "resume.offer.no-expect", Level: catalog.Must, Source: catalog.Loose(preference, "the location fields may come in any interim response or in the final one"),
			Requires: "An upload with Prefer: resume and without Expect succeeds.",
			Why:      "A client that does not want to wait for 100 (Continue) still states its preference.",
			Sends:    "An undisturbed upload with Prefer: resume only.",
			Failure:  "The server waits for an expectation that is not there, or refuses.",
		}, Run: with(offerNoExpect)},
		{Case: catalog.Case{
			ID: "resume.offer.http10", Level: catalog.Must, Source: catalog.RFC(9110, "15.2"),
			Requires: "A client that speaks HTTP/1.0 gets no interim response.",
			Why:      "HTTP/1.0 has none: such a client takes the 100 for the final response and loses the real one.",
			Sends:    "An upload with Expect: 100-continue and Prefer: resume, as HTTP/1.0, its body at once.",
			Failure:  "1xx responses are sent without a look at the request's version.",
		}, Run: with(offerHTTP10)},
		{Case: catalog.Case{
			ID: "resume.offer.refusal", Level: catalog.Should, Source: catalog.RFC(9110, "10.1.1"),
			Requires: "A request that is refused for its head (401, 403, 404, 405, 413, 415, 417) gets the final status instead of 100, and nothing of it is kept.",
			Why:      "The client waits for the 100 just so as not to send a body that nobody wants.",
			Sends:    "Heads that a server is likely to refuse: an unknown path, an unknown method, an unknown expectation, a huge Content-Length, and no credentials where the target has users.",
			Failure:  "The server sends 100 first and refuses afterwards, or keeps an operation that it refused.",
		}, Run: with(offerRefusal)},
	}
}

// offerSaves asks for resumption in one form, which must be worth as much as the other.
func offerSaves(f *flow, form, other string) {
	f.use(asking(f.Set, form))
	op := f.Op(matrix.Usual)
	f.Interrupt(f.d, op, f.At(matrix.RequestBody, matrix.Usual/2))
	if op.Handle(requestContent) == nil {
		twin := f.OpAs(matrix.NewTag(), 16)
		f.Upload(asking(f.Set, other), twin)
		if twin.Handle(requestContent) != nil {
			f.Broken("the "+requestContent+" for Prefer: "+form+", as for Prefer: "+other, "none")
		}
	}
	f.offered(op, requestContent)
	f.Completed(op)
}

func offerIgnore(f *flow) {
	op := f.Op(matrix.Usual)
	asked := f.Ask(asking(f.Set, "resume=ignore-incomplete"), op)
	seen, offered := describe(asked.Interims), named(op)
	final := asked.Finish()
	f.Success(final, "the upload")
	f.Intact(f.W, op, final)
	f.That(offered, Not(BeEmpty()), seen, "at least one of %s in the interim responses", strings.Join(offers, ", "))
}

// forms are Prefer field lines that all ask for resumption.
var forms = [][]string{
	{"RESUME"},
	{"Resume=save-incomplete"},
	{"respond-async, resume"},
	{"wait=10, resume=save-incomplete, handling=lenient"},
	{"respond-async", "resume"},
	{`resume="save-incomplete"`},
	{`resume=""`},
	{"resume; wait=5"},
	{`resume=save-incomplete; note="a, b; c"`},
	{`note="resume-not, x", resume`},
	{`note="a, resume=resumespec-unknown-value, b", resume`}, // whose split ignores quotes finds an unknown value first
	{"resume = save-incomplete"},
	{" , resume,"},
}

func offerSyntax(f *flow) {
	probe := f.OpAs(matrix.NewTag(), 16)
	first := f.Ask(f.d, probe)
	f.Success(first.Finish(), "the upload with Prefer: resume")
	if len(named(probe)) == 0 {
		f.Unsupported("the server offers nothing for Prefer: resume itself")
	}
	for _, form := range forms {
		f.Round()
		written := strings.Join(form, " | ")
		op := f.OpAs(matrix.NewTag(), 16)
		asked := f.Ask(asking(f.Set, form...), op)
		seen, offered := describe(asked.Interims), named(op)
		f.Success(asked.Finish(), "the upload with Prefer: "+written)
		f.That(offered, Not(BeEmpty()), seen, "the location fields for Prefer: %s, as for Prefer: resume", written)
	}
	f.Round()
	op := f.OpAs(matrix.NewTag(), 16)
	f.Success(f.Upload(asking(f.Set, "resume=resumespec-unknown-value"), op), "the upload with an unknown value of the preference")
}

func offerNotAsked(f *flow) {
	variants := []struct {
		what string
		d    *driver
	}{
		{"without Prefer and Expect", &driver{patch: f.Set.Patch}},
		{"with Expect only", &driver{expect: true, patch: f.Set.Patch}},
		{"with both, by a client that ignores the locations", f.d},
	}
	for _, v := range variants {
		f.Round()
		op := f.OpAs(matrix.NewTag(), matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		f.uploaded(v.d, op)
		effects.Once("after an upload " + v.what)
	}
}

func offerNoExpect(f *flow) {
	op := f.Op(matrix.Usual)
	d := &driver{prefer: []string{"resume"}, patch: f.Set.Patch}
	effects := f.Effects(f.W, op.Tag)
	final := f.uploaded(d, op)
	effects.Once("after the upload")
	for _, name := range offers {
		if name != contentLocation && final.Response.Fields.Has(name) {
			f.Note("%s came in the final response", name)
		} else if op.Handle(name) != nil {
			f.Note("%s came in an interim response", name)
		}
	}
}

func offerHTTP10(f *flow) {
	op := f.Op(256)
	req := f.d.Start(op)
	req.Proto = "HTTP/1.0"
	final, interims := f.DoAtOnce("the upload as HTTP/1.0", req)
	if len(interims) > 0 {
		f.Broken("no interim response to an HTTP/1.0 client", "%s", describe(interims))
	}
	f.That(final.Status, Or(BeNumerically("<", 300), Equal(505)), matrix.Itoa(final.Status),
		"the upload to succeed, or 505 (HTTP Version Not Supported)")
}

// refusal is a request that a server is likely to refuse by its head.
type refusal struct {
	what   string
	change func(*exchange.Request)
	user   int
}

func offerRefusal(f *flow) {
	refusals := []refusal{
		{"an unknown path", func(r *exchange.Request) { r.Target = "/resumespec-no-such-resource/" + f.Tag }, 0},
		{"an unknown method", func(r *exchange.Request) { r.Method = "RESUMESPEC" }, 0},
		{"an unknown expectation", func(r *exchange.Request) {
			r.Fields = r.Fields.With("Expect", "resumespec-unknown")
		}, 0},
		{"a Content-Length of 2^62", func(r *exchange.Request) {
			r.Body, r.Fields = nil, r.Fields.With("Content-Length", "4611686018427387904")
		}, 0},
	}
	if len(f.Config().Users) > 0 {
		refusals = append(refusals, refusal{"no credentials", func(*exchange.Request) {}, -1})
	}
	refused := 0 // by the head
	for _, r := range refusals {
		f.Round()
		if refusedByHead(f, r) {
			refused++
		}
	}
	if refused == 0 {
		f.Unsupported("the server refused none of the heads that were tried")
	}
	f.Note("%d of %d heads were refused", refused, len(refusals))
}

// refusedByHead tries one head. A server that gives leave to send has not refused by the head, which
// is its right; one that refuses must do so instead of the 100.
func refusedByHead(f *flow, r refusal) bool {
	op := f.OpAs(matrix.NewTag(), 256)
	effects := f.Effects(f.W, op.Tag)
	req := f.d.Start(op)
	r.change(&req)
	answer := f.AskRaw(r.user, req)
	for _, interim := range answer.Interims {
		f.d.Learn(op, interim)
	}
	if answer.Final == nil || answer.Final.Status < 400 {
		return false
	}
	for _, interim := range answer.Interims {
		if interim.Status == 100 {
			f.Broken("the final status instead of 100 for "+r.what, "100, and then %d", answer.Final.Status)
		}
	}
	effects.None("after " + r.what + " was refused")
	if _, err := handle(op, requestContent); err == nil {
		if kept := f.send("HEAD", op, requestContent); kept.Status/100 == 2 {
			f.Broken("nothing to be kept of a refused request", "HEAD on its %s gave %d", requestContent, kept.Status)
		}
	}
	return true
}
