package uploadresource

import (
	"strings"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// offerChecks: an upload is begun, nothing is cut.
func offerChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "upload-resource.offer.allocated", Level: catalog.Must, Source: option,
			Requires: "POST to the target is answered with 201 (Created) or 202 (Accepted), whose Location is the status resource of a new upload.",
			Why:      "Everything that a client can do after an interruption begins at that resource.",
			Sends:    "POST with the length and the media type of an upload.",
			Failure:  "The server does not speak this profile, or the upload is configured at another path.",
		}, Run: with(offerAllocated)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.place", Level: catalog.Must, Source: catalog.Loose(option, definition),
			Requires: `The answer says where to write, by a link of the relation "upload", by the member upload of its JSON body, or by its Location itself; what is written there is taken.`,
			Why:      "A client that has to guess where its bytes go uploads nothing.",
			Sends:    "POST; then the whole body to the place named.",
			Failure:  "The place named takes no PUT with Content-Range, or is another's.",
		}, Run: with(offerPlace)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.own", Level: catalog.Must, Source: option,
			Requires: "Each POST allocates an upload of its own, with a status resource and an upload URI that no other has.",
			Why:      "Two users, or two tabs of one, must not write into each other's upload.",
			Sends:    "Two POSTs, one right after the other; then both uploads whole, with different bytes.",
			Failure:  "An upload is found by its user or its target, or one that is empty is given out again.",
		}, Run: with(offerOwn)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.instructions", Level: catalog.Should, Source: option,
			Requires: "The body of the answer to the POST holds the instructions: it is the status document, in the state waiting or receiving.",
			Why:      `The source promises it: "the 201 Accepted body will contain instructions"; a client that has them need not ask again before its first byte.`,
			Sends:    "POST with the length and the media type of an upload.",
			Failure:  "The body is empty, or a text for people.",
		}, Run: with(offerInstructions)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.uri-reference", Level: catalog.Must, Source: catalog.RFC(9110, "10.2.2"),
			Requires: "Location, the links of the relation \"upload\" and the members upload and result are each one valid URI-reference, which resolves to a resource that answers.",
			Why:      "A client follows the reference as it stands; one that does not parse or resolve strands the upload.",
			Sends:    "An undisturbed upload; the references in its answers are looked at.",
			Failure:  "A value is no URI-reference (RFC 3986, 4.1), or is a list of several.",
		}, Run: with(offerReference)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.forms", Level: catalog.Must, Source: catalog.Loose(option, definition),
			Requires: "A POST without a body, with an empty JSON object, and with one that tells only the length or only the media type, allocates an upload that can be completed.",
			Why:      "Not every client knows the length beforehand, and none should have to know which member is wanted.",
			Sends:    "POST in each of these forms; each upload is then written whole.",
			Failure:  "A member that is optional is asked for, or its absence is read as the length 0.",
		}, Run: with(offerForms)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.malformed", Level: catalog.Should, Source: catalog.Loose(option, definition),
			Requires: "A POST whose body is not as defined, that is no JSON, no object, or has a length that is no whole number of bytes, is refused with a 4xx.",
			Why:      "A client learns of its mistake before it sends the bytes, not after.",
			Sends:    "POST with each of these bodies.",
			Failure:  "What cannot be read is taken for nothing.",
		}, Run: with(offerMalformed)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.huge-length", Level: catalog.Must, Source: catalog.Loose(option, definition),
			Requires: "A POST that announces a length far beyond what any server stores is refused, or allocated without harm: the uploads beside it and after it work.",
			Why:      "Whoever announces much must not take the space of all others.",
			Sends:    "POST with the length 2^62; then an ordinary upload.",
			Failure:  "The length announced is reserved, or overflows.",
		}, Run: with(offerHuge)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.no-effect", Level: catalog.Must, Source: catalog.Loose(option, definition), Needs: []catalog.Need{catalog.NeedCount},
			Requires: "An upload that was begun and never finished is no effect: nothing is counted for it, neither without a byte nor with half of them.",
			Why:      "A client that has lost the answer to its POST begins again, and leaves such an upload behind.",
			Sends:    "POST; a read of the number of effects; a part of the body; a read of the number of effects again.",
			Failure:  "The document is made by the POST and only filled by what follows.",
		}, Run: with(offerNoEffect)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.unguessable", Level: catalog.Should, Source: catalog.Loose(option, "the source says nothing of owners: the profile's reading"),
			Requires: "The status resources and upload URIs of 200 uploads are pairwise distinct, follow no counter or clock, and carry at least 120 bits of apparent entropy.",
			Why:      "Who guesses the location of another's upload can read it, spoil it or finish it.",
			Sends:    "200 POSTs; what they allocate is compared.",
			Failure:  "Locations are made from a counter, a time or a short random number.",
		}, Run: with(offerUnguessable)},
		{Case: catalog.Case{
			ID: "upload-resource.offer.discovery", Level: catalog.Should, Source: catalog.Loose(option, definition),
			Requires: `OPTIONS on the target is answered with a link of the relation "upload" that leads to the target.`,
			Why:      "It is how a client that was not told finds out beforehand that uploads can be resumed.",
			Sends:    "OPTIONS on the target; then an upload.",
			Failure:  "OPTIONS is answered by something in front of the application, or with Allow alone.",
		}, Run: with(offerDiscovery)},
	}
}

// offerAllocated asks for the answer to the POST itself.
func offerAllocated(f *flow) {
	op := f.Op(matrix.Usual)
	r := f.Do("the POST", f.d.Prepare(op))
	f.That(r.Status, BeElementOf(201, 202), matrix.Itoa(r.Status), "201 or 202 for the POST")
	f.That(r.Fields.Values("Location"), HaveLen(1), matrix.Itoa(len(r.Fields.Values("Location")))+" of them", "one Location in the %d", r.Status)
	f.d.Learn(op, r)
	if _, err := handle(op, statusPlace); err != nil {
		f.Broken("a status resource in Location", "Location: %s (%v)", r.Fields.Get("Location"), err)
	}
	doc, err := readStatus(f.asked(op))
	if err != nil {
		f.Broken("a status document at the Location of the "+matrix.Itoa(r.Status), "%v", err)
	}
	f.That(doc.over(), BeFalse(), "the state "+doc.state, "an upload of which no byte was sent to be neither done nor failed")
}

func offerPlace(f *flow) {
	op := f.Op(matrix.Usual)
	r := f.Prepare(f.d, op)
	how := "Location"
	if doc, err := parseInstructions(r.Body); err == nil && doc != "" {
		how = "the member upload"
	}
	if strings.Contains(strings.ToLower(r.Fields.Joined("Link")), "upload") {
		how = "Link"
	}
	f.Note("where to write is said by %s", how)
	if answer := f.put(op, whole(op), op.Body); !goesOn(answer) {
		f.Broken("the whole body to be taken at the place named", "%d for a PUT to %s", answer.Status, op.Handle(uploadPlace).RequestURI())
	}
}

func offerOwn(f *flow) {
	one, two := f.Op(matrix.Usual), f.Op(matrix.Usual)
	two.Body = matrix.Bytes(matrix.Usual, f.Salt+1)
	effects := f.Effects(f.W, one.Tag)
	f.Prepare(f.d, one)
	f.Prepare(f.d, two)
	for _, name := range []string{statusPlace, uploadPlace} {
		if a, b := one.Handle(name), two.Handle(name); a.String() == b.String() {
			f.Broken("a "+name+" of its own for each POST", "%s for both", a.RequestURI())
		}
	}
	f.Uploaded(one)
	effects.Once("of the first upload")
	f.Uploaded(two)
	f.finished(one)
}

func offerInstructions(f *flow) {
	op := f.Op(matrix.Usual)
	r := f.Prepare(f.d, op)
	doc, err := parseDocument(r.Body)
	if err != nil {
		f.Broken("a status document in the body of the "+matrix.Itoa(r.Status), "%v", err)
	}
	f.That(doc.state, BeElementOf(waiting, receiving), doc.state, "the state waiting or receiving")
}

// offerReference looks at the references of the answer to the POST and, once the upload is done, at the result.
func offerReference(f *flow) {
	op := f.Op(matrix.Usual)
	r := f.Prepare(f.d, op)
	refs := map[string]string{"Location": r.Fields.Get("Location")}
	for _, l := range parseLinks(r.Fields.Values("Link")) {
		for _, rel := range l.rels {
			if rel == "upload" {
				refs["the link of the relation upload"] = l.target
			}
		}
	}
	if doc, err := parseInstructions(r.Body); err == nil && doc != "" {
		refs["the member upload"] = doc
	}
	f.references(refs)
	f.Success(f.Upload(f.d, op), "the upload")
	if doc := f.over(op); doc.result != "" {
		f.references(map[string]string{"result": doc.result})
	}
	if place, err := handle(op, resultPlace); err == nil {
		if r := f.Do("GET on the result", matrix.RequestTo("GET", place)); r.Status >= 400 {
			f.Broken("the result to be there once the upload is done", "%d", r.Status)
		}
	}
}

// references asks that each value is one URI-reference.
func (f *flow) references(values map[string]string) {
	for name, value := range values {
		if err := exchange.ParseURIReference(value); err != nil {
			f.Broken(name+" to be one URI-reference", "%q: %v", value, err)
		}
	}
}

func offerForms(f *flow) {
	f.allocated()
	length := matrix.Itoa(matrix.Usual)
	for _, body := range [][]byte{nil, []byte(`{}`), []byte(`{"length":` + length + `}`), []byte(`{"type":"application/octet-stream"}`)} {
		f.Round()
		what := "a POST with the body " + string(body)
		if body == nil {
			what = "a POST without a body"
		}
		f.use(f.posting(body))
		op := f.OpAs(matrix.NewTag(), matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		r := f.Do(what, f.d.Prepare(op))
		f.That(r.Status/100, Equal(2), matrix.Itoa(r.Status), "%s to allocate", what)
		op = f.OpAs(op.Tag, matrix.Usual)
		f.Uploaded(op)
		f.finished(op)
		effects.Once("of an upload begun by " + what)
	}
}

// malformed are bodies of a POST that nobody can read.
var malformed = []string{
	`{"length":`, `[8192]`, `"8192"`, `{"length":-1}`, `{"length":"8192 bytes"}`, `{"length":1.5}`, `{"length":[8192]}`,
	`{"length":1e400}`, `{"type":7}`,
}

func offerMalformed(f *flow) {
	f.Success(f.Upload(f.d, f.OpAs(matrix.NewTag(), 16)), "an upload whose POST is as defined")
	for _, body := range malformed {
		op := f.Op(16)
		effects := f.Effects(f.W, op.Tag)
		r := f.Do("the POST with "+body, f.posting([]byte(body)).Prepare(op))
		effects.None("of a POST with " + body)
		f.Refused(r, "a POST with "+body)
	}
}

func offerHuge(f *flow) {
	op := f.Op(16)
	r := f.Do("the POST", f.posting([]byte(`{"length":4611686018427387904}`)).Prepare(op))
	switch {
	case r.Status/100 == 4 || r.Status == 507:
		f.Note("a length of 2^62 bytes is refused with %d", r.Status)
	case r.Status/100 == 2:
		f.Note("a length of 2^62 bytes is taken: nothing need be reserved for it")
	default:
		f.Broken("a length of 2^62 bytes to be refused with a 4xx or 507, or taken", "%d", r.Status)
	}
	f.Uploaded(f.OpAs(matrix.NewTag(), matrix.Usual))
}

func offerNoEffect(f *flow) {
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Prepare(f.d, op)
	effects.None("of an upload that was only begun")
	f.Partly(op, 0, matrix.Usual/2)
	f.NoneYet(matrix.Watched{Effects: effects, When: "of half an upload"})
	f.Completed(op)
	effects.Once("of the upload")
}

func offerDiscovery(f *flow) {
	op := f.Op(matrix.Usual)
	r := f.Do("OPTIONS on the target", matrix.RequestTo("OPTIONS", op.URL))
	f.Uploaded(op)
	if !leadsHere(op, r) {
		f.Broken(`a link of the relation "upload" to the target in the answer to OPTIONS`, "%d with Link: %s", r.Status, r.Fields.Joined("Link"))
	}
}

// offerUnguessable allocates without a length, so that nothing need be reserved.
func offerUnguessable(f *flow) {
	f.use(f.posting(nil))
	status, upload := make([]string, 0, matrix.Samples), make([]string, 0, matrix.Samples)
	for range matrix.Samples {
		f.Round()
		op := f.OpAs(matrix.NewTag(), 16)
		f.Prepare(f.d, op)
		status = append(status, op.Handle(statusPlace).RequestURI())
		upload = append(upload, op.Handle(uploadPlace).RequestURI())
	}
	f.Unguessable(statusPlace, status)
	f.Unguessable(uploadPlace, upload)
}

// leadsHere says whether a response links to the operation's own target as the place to upload to.
func leadsHere(op *matrix.Operation, r *exchange.Response) bool {
	for _, l := range parseLinks(r.Fields.Values("Link")) {
		for _, rel := range l.rels {
			u, err := exchange.Resolve(op.URL.String(), l.target)
			if rel == "upload" && err == nil && matrix.SameOrigin(u, op.URL) && u.Path == op.URL.Path {
				return true
			}
		}
	}
	return false
}
