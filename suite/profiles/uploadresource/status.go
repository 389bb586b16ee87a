package uploadresource

import (
	"encoding/json"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// statusChecks: what the status resource says, and to whom.
func statusChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	parts := catalog.Loose(general, `the source lists what is told, "parts uploaded, amount remaining, errors, and result document"; the profile definition says how`)
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "upload-resource.status.document", Level: must, Source: parts,
			Requires: "The status document is a JSON object whose state is one of waiting, receiving, processing, done and failed, and whose members are of the kinds defined, before, during and after the upload; while bytes are missing it says waiting or receiving.",
			Why:      "A client decides by it whether to send, to wait or to stop.",
			Sends:    "POST, the first half, the second half; GET on the status resource after each.",
			Failure:  "A member is missing or a text where a number is defined, or the state is one of the server's own words.",
		}, Run: with(statusDocument)},
		{Case: catalog.Case{
			ID: "upload-resource.status.waiting", Level: should, Source: parts,
			Requires: "Before the first byte the status document says waiting, with the length that was announced, all of it remaining and nothing received.",
			Why:      "A client that comes back to an upload that it only began sees that it can begin at byte 0.",
			Sends:    "POST with a length; GET on the status resource.",
			Failure:  "The document is made only when the first bytes come.",
		}, Run: with(statusWaiting)},
		{Case: catalog.Case{
			ID: "upload-resource.status.received", Level: must, Source: parts,
			Requires: "The member received lists exactly the bytes of the parts that were taken.",
			Why:      "A client sends what is not in it, and frees what is.",
			Sends:    "Parts of 1, 100, 1000 and 4095 bytes in order; GET on the status resource after each.",
			Failure:  "The last position is given as a length, or a part is counted before it is kept.",
		}, Run: with(statusReceived)},
		{Case: catalog.Case{
			ID: "upload-resource.status.remaining", Level: must, Source: parts,
			Requires: "The member remaining is the length less what was received, and 0 only where everything is there; where the length is not known it is null.",
			Why:      "A client that reads 0 stops sending.",
			Sends:    "Parts of an upload whose length was announced, and of one whose length was not; GET on the status resource after each.",
			Failure:  "It counts requests, or what came last, or is 0 where nothing is known.",
		}, Run: with(statusRemaining)},
		{Case: catalog.Case{
			ID: "upload-resource.status.length", Level: must, Source: parts,
			Requires: "The member length is the one that the POST announced, or else the one that the first Content-Range with a complete length told, and null before.",
			Why:      "It says which upload this is, and when it is over.",
			Sends:    "An upload with and one without a length in its POST; GET on the status resource.",
			Failure:  "The length of the first part, or of the POST itself, is taken for it.",
		}, Run: with(statusLength)},
		{Case: catalog.Case{
			ID: "upload-resource.status.head", Level: must, Source: catalog.RFC(9110, "9.1"),
			Requires: "HEAD on the status resource is answered as GET is, without the body.",
			Why:      "A client that only wants to know whether its upload is still there asks with HEAD.",
			Sends:    "Half an upload; GET and HEAD on its status resource.",
			Failure:  "Only GET is known there.",
		}, Run: with(statusHead)},
		{Case: catalog.Case{
			ID: "upload-resource.status.media-type", Level: should, Source: catalog.Loose(catalog.RFC(9110, "8.3"), definition),
			Requires: "The status document is served as application/json, or as a media type that ends in +json.",
			Why:      "A client, or a library that it uses, decides by the media type how to read it.",
			Sends:    "Half an upload; GET on its status resource.",
			Failure:  "Content-Type is missing, or that of the upload.",
		}, Run: with(statusMediaType)},
		{Case: catalog.Case{
			ID: "upload-resource.status.cut", Level: must, Source: parts,
			Requires: "When the read of the status is cut, in its head or in its body, another read says the same, and the upload goes on.",
			Why:      "An interruption seldom comes alone.",
			Sends:    "Half an upload; GET on its status resource, cut before and in the head, and at the first, the middle and the last byte of the body; GET again; the rest.",
			Failure:  "The document is made once, or a read that breaks off locks the upload.",
		}.CutAt("partial-download", matrix.EveryFault), Run: with(statusCut)},
		{Case: catalog.Case{
			ID: "upload-resource.status.errors", Level: must, Source: parts, Needs: []catalog.Need{catalog.NeedFailing},
			Requires: "An upload that fails is failed in its status document, with at least one error and no result, and has no effect.",
			Why:      "The client must learn that its upload failed, and not go on waiting.",
			Sends:    "Uploads that the target answers with an error; then GET on the status resource until it is over.",
			Failure:  "The upload stays in processing for ever, or is done all the same.",
		}, Run: with(statusErrors)},
		{Case: catalog.Case{
			ID: "upload-resource.status.problem", Level: should, Source: catalog.RFC(9457, "3.1"), Needs: []catalog.Need{catalog.NeedFailing},
			Requires: "Each error is a problem object: type is a URI-reference, title and detail are texts, status is the number of an HTTP status, and at least one of type, title and status is there.",
			Why:      "A program tells by it one failure from another.",
			Sends:    "Uploads that the target answers with an error; then GET on the status resource.",
			Failure:  "Errors are plain texts, or status is a text.",
		}, Run: with(statusProblem)},
	}
}

func statusDocument(f *flow) {
	op := f.allocated()
	f.open(op, f.told(op), "no byte")
	f.Partly(op, 0, matrix.Usual/2)
	doc := f.told(op)
	f.open(op, doc, "half of its bytes")
	f.That(doc.listed, BeTrue(), "no such member", "the member received")
	if doc.state != receiving {
		f.Warn("the state receiving while bytes are missing", "%s", doc.state)
	}
	f.Success(f.Finish(f.d, op, matrix.Usual/2), "the second half")
	f.That(f.over(op).state, Equal(done), f.over(op).state, "the state done in the end")
}

// open asks that an upload with bytes missing is told as that.
func (f *flow) open(op *matrix.Operation, doc document, have string) {
	f.That(doc.state, BeElementOf(waiting, receiving), doc.state, "the state waiting or receiving of an upload of which %s has come", have)
	if doc.result != "" {
		f.Broken("no result of an upload of which "+have+" has come", "result: %s", doc.result)
	}
	if doc.total() > op.Len() {
		f.Broken("at most "+matrix.Itoa(op.Len())+" bytes received", "%d", doc.total())
	}
}

func statusWaiting(f *flow) {
	doc := f.told(f.allocated())
	f.That(doc.state, Equal(waiting), doc.state, "the state waiting")
	f.That(doc.received, BeEmpty(), matrix.Itoa(doc.total())+" bytes", "nothing received")
	f.number("length", doc.length, matrix.Usual)
	f.number("remaining", doc.remaining, matrix.Usual)
}

// number asks that a member that is there holds n.
func (f *flow) number(name string, got *int64, n int64) {
	if got == nil {
		f.Broken(name+" to be "+matrix.Itoa(n), "null, or no such member")
	}
	f.That(*got, Equal(n), matrix.Itoa(*got), "%s to be %d", name, n)
}

func statusReceived(f *flow) {
	op := f.allocated()
	at := int64(0)
	for _, n := range []int64{1, 100, 1000, 4095} {
		f.Partly(op, at, at+n)
		at += n
		doc := f.told(op)
		if doc.prefix() != at || doc.total() != at {
			f.HarmfulAt(min(at, doc.prefix()), "request body", "the bytes 0 to "+matrix.Itoa(at-1)+" in received", "%d bytes, of which %d from byte 0 on", doc.total(), doc.prefix())
		}
	}
}

func statusRemaining(f *flow) {
	op := f.half()
	doc := f.told(op)
	if doc.remaining == nil {
		f.Warn("remaining where the length is known", "null, or no such member")
	} else {
		f.number("remaining", doc.remaining, matrix.Usual/2)
	}
	f.Success(f.Finish(f.d, op, matrix.Usual/2), "the second half")
	if doc = f.over(op); doc.remaining != nil {
		f.number("remaining", doc.remaining, 0)
	}
	op = f.unmeasured()
	f.Partly(op, 0, matrix.Usual/2)
	if doc = f.told(op); doc.remaining != nil {
		f.Broken("remaining to be null while the length is not known", "%d", *doc.remaining)
	}
}

// unmeasured gives an upload that has begun without a length.
func (f *flow) unmeasured() *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	op.Chunked = true
	f.Prepare(f.d, op)
	return op
}

func statusLength(f *flow) {
	f.number("length", f.told(f.half()).length, matrix.Usual)
	op := f.unmeasured()
	if doc := f.told(op); doc.length != nil {
		f.Broken("length to be null before anything told it", "%d", *doc.length)
	}
	f.Partly(op, 0, matrix.Usual/4)
	if doc := f.told(op); doc.length != nil {
		f.Broken("length to be null after bytes 0-"+matrix.Itoa(matrix.Usual/4-1)+"/*", "%d", *doc.length)
	}
	op.Chunked = false // from here on the client knows
	f.Partly(op, matrix.Usual/4, matrix.Usual/2)
	f.number("length", f.told(op).length, matrix.Usual)
	f.Completed(op)
}

func statusHead(f *flow) {
	op := f.half()
	get, head := f.asked(op), f.send("HEAD", op)
	f.That(head.Status, Equal(get.Status), matrix.Itoa(head.Status), "%d for HEAD, as for GET", get.Status)
	if a, b := head.Fields.Joined("Content-Type"), get.Fields.Joined("Content-Type"); a != b {
		f.Warn("the same Content-Type from HEAD and GET", "%q from HEAD, %q from GET", a, b)
	}
	f.That(head.BodyBytes, BeZero(), matrix.Itoa(head.BodyBytes)+" bytes", "no body in the answer to HEAD")
}

func statusMediaType(f *flow) {
	value := f.asked(f.half()).Fields.Get("Content-Type")
	media, _, _ := strings.Cut(strings.ToLower(value), ";")
	media = strings.TrimSpace(media)
	f.That(media == "application/json" || strings.HasSuffix(media, "+json"), BeTrue(), "Content-Type: "+value, "Content-Type: application/json")
}

func statusCut(f *flow) {
	op := f.half()
	effects := f.Effects(f.W, op.Tag)
	req, _ := f.d.Offset(op)
	length := f.asked(op).BodyBytes
	for _, cut := range []matrix.Cut{
		f.At(matrix.ResponseHead, 0), f.At(matrix.ResponseHead, 12),
		f.At(matrix.ResponseBody, 0), f.At(matrix.ResponseBody, length/2), f.At(matrix.ResponseBody, length-1),
	} {
		f.Round()
		f.Landed(f.Cut(req, cut))
		f.Unmoved(op, matrix.Usual/2, "after a read that was cut at "+cut.String())
	}
	f.Round()
	f.Completed(op)
	effects.Once("of the upload")
}

// failing carries out each upload that is configured as failing, and gives what its status document says in the end.
func (f *flow) failing(look func(op *matrix.Operation, doc document)) {
	f.Need(catalog.NeedFailing, len(f.Set.Failing) > 0)
	for _, template := range f.Set.Failing {
		f.Round()
		op := f.Shaped(template, matrix.NewTag(), matrix.Usual)
		op.Failing = true
		effects := f.Effects(f.W, op.Tag)
		f.Upload(f.d, op)
		doc := f.over(op)
		look(op, doc)
		effects.None("of an upload that failed")
	}
}

func statusErrors(f *flow) {
	f.failing(func(_ *matrix.Operation, doc document) {
		f.That(doc.state, Equal(failed), doc.state, "the state failed")
		f.That(len(doc.errors), BeNumerically(">", 0), "none", "at least one object in errors")
		f.That(doc.result, BeEmpty(), doc.result, "no result of an upload that failed")
	})
}

func statusProblem(f *flow) {
	f.failing(func(_ *matrix.Operation, doc document) {
		if len(doc.errors) == 0 {
			f.Unsupported("the status document of an upload that failed lists no errors")
		}
		for _, e := range doc.errors {
			f.problem(e)
		}
	})
}

// problem holds a problem object against RFC 9457.
func (f *flow) problem(e map[string]json.RawMessage) {
	var text string
	for _, name := range []string{"type", "title", "detail", "instance"} {
		if e[name] != nil && json.Unmarshal(e[name], &text) != nil {
			f.Broken(name+" of a problem to be a text", "%s", shorten(e[name]))
		}
	}
	if e["type"] != nil {
		_ = json.Unmarshal(e["type"], &text) // it is a text, as seen above
		if err := exchange.ParseURIReference(text); err != nil {
			f.Broken("type of a problem to be a URI-reference", "%q: %v", text, err)
		}
	}
	var status int
	if e["status"] != nil && (json.Unmarshal(e["status"], &status) != nil || status < 100 || status > 599) {
		f.Broken("status of a problem to be the number of an HTTP status", "%s", shorten(e["status"]))
	}
	if e["type"] == nil && e["title"] == nil && e["status"] == nil {
		f.Broken("a problem with a type, a title or a status", "none of them")
	}
}
