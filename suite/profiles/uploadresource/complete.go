package uploadresource

import (
	"fmt"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// completeChecks: the last byte is in.
func completeChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	resolve := catalog.Loose(option, `the source says "may resolve itself": where it does not, nothing in it tells a client how to ask for it`)
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "upload-resource.complete.by-itself", Level: must, Source: resolve,
			Requires: "When the last byte is in, the upload becomes done by itself, without another request than those that look; its state never goes back to an earlier one.",
			Why:      "A client that waits for done, and was told of no step to get there, waits for ever.",
			Sends:    "An upload in two parts; GET on the status resource until it is over, where the target has a slow upload for one of these as well.",
			Failure:  "The upload waits for a request that ends it, or the state is worked out anew from what happens to be there.",
		}, Run: with(completeByItself)},
		{Case: catalog.Case{
			ID: "upload-resource.complete.answer", Level: must, Source: resolve,
			Requires: "The write that brings the last byte is answered with 200 or 201, or with 202 where work goes on; never with 308 or an error.",
			Why:      "308 asks for more bytes, and there are none.",
			Sends:    "An upload in one write, and one in two parts.",
			Failure:  "The answer is made before the bytes are counted.",
		}, Run: with(completeAnswer)},
		{Case: catalog.Case{
			ID: "upload-resource.complete.again", Level: should, Source: catalog.RFC(9110, "9.2.2"),
			Requires: "The last part, sent again because the answer to it was lost, is answered with a 2xx, and has no effect of its own.",
			Why:      "PUT is idempotent: a client, or a library that it uses, repeats it by itself and takes an error for a failed upload.",
			Sends:    "An upload cut in the middle; the last part, whose answer is cut off; the last part again; a read of the number of effects.",
			Failure:  "An upload that is done is closed to the very part that completed it.",
		}.CutAt("pre-response", matrix.Closing), Run: with(completeAgain)},
		{Case: catalog.Case{
			ID: "upload-resource.complete.result", Level: must, Source: general,
			Requires: "An upload that is done names its result, in the status document or by 303 and Location, to HEAD as to GET; what the answer to the last write names in Location or Content-Location is the same.",
			Why:      "The client wants what it uploaded to be found, by others as well.",
			Sends:    "An upload; GET and HEAD on its status resource; GET on what each of them names.",
			Failure:  "The member result is missing, or leads to the upload's own resources or to another's.",
		}, Run: with(completeResult)},
		{Case: catalog.Case{
			ID: "upload-resource.complete.there", Level: should, Source: catalog.Loose(general, definition), Needs: []catalog.Need{catalog.NeedSlow},
			Requires: "When the status resource says done for the first time, the result is there.",
			Why:      "A client that is told of a result and does not find it takes its upload for lost.",
			Sends:    "An upload that is processed slowly, cut as soon as its body is in; GET on the status resource until it says done; GET on the result at once.",
			Failure:  "The upload is called done when its last byte is in, while work goes on.",
		}.CutAt("pre-response", matrix.FinOnly), Run: with(completeThere)},
		{Case: catalog.Case{
			ID: "upload-resource.complete.validator", Level: should, Source: catalog.RFC(9110, "8.8"), Needs: []catalog.Need{catalog.NeedReadback},
			Requires: "The result is served with an ETag or Last-Modified.",
			Why:      "A client whose download was cut can ask for the rest safely only with a validator.",
			Sends:    "An upload; GET on its result.",
			Failure:  "The result is served by code that knows of no validators.",
		}, Run: with(completeValidator)},
		{Case: catalog.Case{
			ID: "upload-resource.complete.type", Level: should, Source: catalog.Loose(option, definition), Needs: []catalog.Need{catalog.NeedReadback},
			Requires: "The media type that the POST told is the one with which the result is served.",
			Why:      "The bytes are right and useless where nobody knows what they are.",
			Sends:    "POST with the type application/x-resumespec; the whole body; GET on the result.",
			Failure:  "The type of the POST itself, or a default, is kept.",
		}, Run: with(completeType)},
		{Case: catalog.Case{
			ID: "upload-resource.complete.empty", Level: should, Source: catalog.Loose(option, definition),
			Requires: "An upload of no bytes can be completed: announced with the length 0, or ended with Content-Range: bytes */0.",
			Why:      "Empty files are files.",
			Sends:    "POST with the length 0, and one without a length; bytes */0 to each; GET on the status resource until it is done.",
			Failure:  "The upload waits for a last byte that does not exist.",
		}, Run: with(completeEmpty)},
		{Case: catalog.Case{
			ID: "upload-resource.complete.retry-after", Level: should, Source: catalog.RFC(9110, "10.2.3"), Needs: []catalog.Need{catalog.NeedSlow},
			Requires: "While work goes on, the status resource carries Retry-After, a number of seconds or a date.",
			Why:      "A client that does not know when to ask again asks too often or too late.",
			Sends:    "An upload that is processed slowly, cut as soon as its body is in; GET on the status resource while it says processing.",
			Failure:  "The field is missing, or holds something else.",
		}.CutAt("pre-response", matrix.FinOnly), Run: with(completeRetryAfter)},
	}
}

func completeByItself(f *flow) {
	templates := map[string]*matrix.Operation{"the upload": f.Op(matrix.Usual)}
	if f.Set.Slow != nil {
		templates["the slow upload"] = f.Shaped(*f.Set.Slow, matrix.NewTag(), matrix.Usual)
	}
	for what, op := range templates {
		f.Round()
		effects := f.Effects(f.W, op.Tag)
		f.Prepare(f.d, op)
		f.Partly(op, 0, matrix.Usual/2)
		states := []document{f.told(op)}
		f.Send(f.d, op, matrix.Usual/2, matrix.Usual)
		states = append(states, f.until(op, what+" to be done in the end", document.over)...)
		for i := 1; i < len(states); i++ {
			if rank[states[i].state] < rank[states[i-1].state] {
				f.Broken("a state that never goes back", "%s after %s", states[i].state, states[i-1].state)
			}
		}
		f.That(states[len(states)-1].state, Equal(done), states[len(states)-1].state, "%s to be done in the end", what)
		effects.Once("of " + what)
	}
}

func completeAnswer(f *flow) {
	op := f.Op(matrix.Usual)
	r := f.Upload(f.d, op).Response
	f.That(r.Status, BeElementOf(200, 201, 202), matrix.Itoa(r.Status), "200, 201 or 202 for a write of the whole")
	if _, err := parseDocument(r.Body); err != nil && r.Status != 202 && op.Handle(resultPlace) == nil {
		f.Warn("the result in Location or Content-Location of the "+matrix.Itoa(r.Status), "neither")
	}
	op = f.half()
	op.Sent = matrix.Usual
	r = f.put(op, contentRange(matrix.Usual/2, matrix.Usual, matrix.Usual), op.Body[matrix.Usual/2:])
	f.That(r.Status, BeElementOf(200, 201, 202), matrix.Itoa(r.Status), "200, 201 or 202 for the last part")
	if doc := f.told(op); r.Status != 202 && !doc.over() {
		f.Note("after %d the upload is %s", r.Status, doc.state)
	}
}

func completeAgain(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	effects := f.Effects(f.W, op.Tag)
	last := f.Tail(op, f.Stable(op))
	f.InterruptPiece(f.d, op, last, f.At(matrix.ResponseHead, 0))
	r := f.Do("the last part again", last.Request)
	f.finished(op)
	effects.Once("of an upload whose last part was sent again")
	f.That(r.Status/100, Equal(2), matrix.Itoa(r.Status), "2xx for the last part, sent again")
}

func completeResult(f *flow) {
	earlier := f.OpAs(matrix.NewTag(), matrix.Usual/2)
	f.Upload(f.d, earlier)
	f.over(earlier) // with a result of its own, that is no other's
	op := f.Op(matrix.Usual)
	o := f.Upload(f.d, op)
	f.Success(o, "the upload")
	named := o.Places
	doc := f.over(op)
	f.That(doc.state, Equal(done), doc.state, "the state done")
	f.That(doc.result, Not(BeEmpty()), "none", "a result in the status document of an upload that is done, or 303 with Location")
	final, err := handle(op, resultPlace)
	if err != nil {
		f.Unsupported("%v", err)
	}
	for _, own := range []string{statusPlace, uploadPlace} {
		if u := op.Handle(own); u.String() == final.String() {
			f.Broken("a result that is a resource of its own", "it is the %s", own)
		}
	}
	whole := f.Fetched(final)
	for _, place := range named {
		if place.String() != final.String() && f.Here(place) {
			f.SameBytes("what the answer to the last write names", f.Fetched(place), whole)
		}
	}
	f.redirected(op)
	f.finished(op)
}

func completeThere(f *flow) {
	f.Need(catalog.NeedSlow, f.Set.Slow != nil)
	op := f.Shaped(*f.Set.Slow, f.Tag, matrix.Usual)
	f.Interrupt(f.d, op, f.At(matrix.RequestEnd, 0))
	f.EnsureWhole(f.d, op)
	doc := f.over(op)
	f.That(doc.state, Equal(done), doc.state, "the state done")
	f.That(doc.result, Not(BeEmpty()), "none", "a result as soon as the upload is done")
	place, err := handle(op, resultPlace)
	if err != nil {
		f.Unsupported("%v", err)
	}
	r := f.Do("GET on the result", matrix.RequestTo("GET", place))
	f.That(r.Status, BeNumerically("<", 400), matrix.Itoa(r.Status), "the result to be there as soon as the upload is done")
}

func completeValidator(f *flow) {
	op := f.Op(matrix.Usual)
	f.Success(f.Upload(f.d, op), "the upload")
	f.over(op)
	place, err := handle(op, resultPlace)
	if err != nil {
		f.Unsupported("%v", err)
	}
	r := f.Do("GET on the result", matrix.RequestTo("GET", place))
	f.That(r.Fields.Has("ETag") || r.Fields.Has("Last-Modified"), BeTrue(), "neither", "ETag or Last-Modified of the result")
}

// redirected asks that a status resource that redirects does so for HEAD as for GET.
func (f *flow) redirected(op *matrix.Operation) {
	r := f.asked(op)
	if r.Status != 303 {
		return
	}
	head := f.send("HEAD", op)
	f.That(head.Status, Equal(303), matrix.Itoa(head.Status), "303 for HEAD, as for GET")
	f.That(head.Fields.Get("Location"), Equal(r.Fields.Get("Location")), head.Fields.Get("Location"), "the Location that GET gives")
}

func completeType(f *flow) {
	const media = "application/x-resumespec"
	f.use(f.posting(fmt.Appendf(nil, `{"length":%d,"type":%q}`, matrix.Usual, media)))
	op := f.Op(matrix.Usual)
	op.Fields = without(op.Fields, "Content-Type").With("Content-Type", media)
	if r := f.Do("the POST", f.d.Prepare(op)); r.Status/100 != 2 {
		f.Unsupported("uploads of the type %s are answered %d", media, r.Status)
	}
	f.Success(f.Upload(f.d, op), "the upload")
	f.over(op)
	place, err := handle(op, resultPlace)
	if err != nil {
		f.Unsupported("%v", err)
	}
	r := f.Do("GET on the result", matrix.RequestTo("GET", place))
	value := r.Fields.Get("Content-Type")
	if strings.Contains(value, "json") {
		f.Unsupported("the result is a document of its own (%s)", value)
	}
	got, _, _ := strings.Cut(strings.ToLower(value), ";")
	f.That(strings.TrimSpace(got), Equal(media), "Content-Type: "+value, "Content-Type: %s", media)
}

func completeEmpty(f *flow) {
	for _, body := range []string{`{"length":0}`, `{}`} {
		f.Round()
		f.use(f.posting([]byte(body)))
		op := f.OpAs(matrix.NewTag(), 0)
		effects := f.Effects(f.W, op.Tag)
		f.Prepare(f.d, op)
		r := f.put(op, contentRange(0, 0, 0), nil)
		if r.Status/100 != 2 && !f.told(op).over() {
			f.Broken("bytes */0 to be answered with a 2xx", "%d", r.Status)
		}
		f.finished(op)
		effects.Once("of an upload of no bytes")
	}
}

func completeRetryAfter(f *flow) {
	f.Need(catalog.NeedSlow, f.Set.Slow != nil)
	op := f.Shaped(*f.Set.Slow, f.Tag, matrix.Usual)
	f.Interrupt(f.d, op, f.At(matrix.RequestEnd, 0))
	for {
		r := f.asked(op)
		doc, err := readStatus(r)
		switch {
		case err != nil:
			f.Broken("a status document", "%v", err)
		case doc.over():
			f.Unsupported("the upload configured as slow was never seen in processing")
		case doc.state == processing:
			f.retryAfter(r)
			f.finished(op)
			return
		}
		if !f.Wait(polite) {
			f.Unsupported("the upload configured as slow stayed %s", doc.state)
		}
	}
}

func (f *flow) retryAfter(r *exchange.Response) {
	value := r.Fields.Get("Retry-After")
	f.That(value, MatchRegexp(`^(\d+|[A-Z][a-z]{2}, .* GMT)$`), "Retry-After: "+value, "Retry-After with a number of seconds or a date while the state is processing")
}
