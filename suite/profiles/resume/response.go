package resume

import (
	"bytes"
	"fmt"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/target"
)

// responseChecks: the whole body has arrived, and the response is lost.
func responseChecks() []matrix.Check {
	return []matrix.Check{
		{Case: preResponse(catalog.Case{
			ID: "resume.response.available", Level: catalog.Must, Source: messageRes,
			Requires: "When the response is lost, GET on the response message gives 2xx with a message/http document that holds the status, the fields and the body that an undisturbed twin gets.",
			Why:      "It is the only way to learn what became of the request.",
			Sends:    "A whole upload, cut before the response, at its first byte, in its status line and before its last byte; then GET on the Response-Message-Location; twins before and after.",
			Failure:  "The response goes away with the connection, is kept without its status or body, or is another request's.",
		}, everyFault), Run: with(responseAvailable)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.not-yet", Level: catalog.Must, Source: loose(messageRes, "how a server says not yet is not said: 202, 204, 404, 409, 425 and 503 are all taken, and so is waiting"),
			Requires: "Before the operation is over the response message never presents a final response.",
			Why:      "A client that is told of a success that has not happened stops too early.",
			Sends:    "GET on the response message while half of the body is missing; and, where the target has a slow upload, while it is processed.",
			Failure:  "The response is made up before the work is done, or the resource shows an empty or default message.",
		}, everyFault), Run: with(responseNotYet)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.complete-upload", Level: catalog.Must, Source: contentRes,
			Requires: "When the whole body arrived and the response was lost, HEAD on the request content gives the full length, or says that it is gone.",
			Why:      "A client that is told less sends bytes again to an operation that is already over.",
			Sends:    "A whole upload whose response is cut off; then HEAD on the Request-Content-Location.",
			Failure:  "The length is set to 0 or left behind when the upload is handed on for processing.",
		}, everyFault), Run: with(responseComplete)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.once", Level: catalog.Must, Source: workflow,
			Requires: "The effect of a request whose response was lost happens exactly once, however often the client asks for the message; also when it issues the request again with the same Idempotency-Key, where the target honours one.",
			Why:      "Charging a card twice is worse than not answering.",
			Sends:    "A whole upload whose response is cut off; ten GETs of the response message; a read of the number of effects.",
			Failure:  "Reading the message runs the operation again.",
			Needs:    []catalog.Need{catalog.NeedCount},
		}, everyFault), Run: with(responseOnce)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.stable", Level: catalog.Must, Source: loose(messageRes, `"a copy of the final response": there is one`),
			Requires: "Repeated reads of the response message are identical.",
			Why:      "The client may itself be interrupted while it reads, and reads again.",
			Sends:    "A whole upload whose response is cut off; five GETs of the response message.",
			Failure:  "The message is made anew at each read, or can be read once only.",
		}, everyFault), Run: with(responseStable)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.error", Level: catalog.Must, Source: messageRes,
			Requires: "The outcome of a request that failed, 4xx or 5xx, is reproduced as faithfully as a success.",
			Why:      "The client must learn that, and why, its request failed.",
			Sends:    "Uploads that the target answers with an error, whose response is cut off; then GET on the response message.",
			Failure:  "Only successes are kept.",
			Needs:    []catalog.Need{catalog.NeedFailing},
		}, everyFault), Run: with(responseError)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.after-patch", Level: catalog.Must, Source: workflow,
			Requires: "An upload that was completed by PATCH has its final response at the response message too, and so has one whose PATCH lost its response.",
			Why:      "An interruption seldom comes alone.",
			Sends:    "An upload cut in the middle and completed by PATCH, undisturbed and with the answer to the PATCH cut off; then GET on the response message.",
			Failure:  "The response is kept only where the first request ends it.",
		}, everyFault), Run: with(responseAfterPatch)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.slow", Level: catalog.Must, Source: messageRes,
			Requires: "When processing takes longer than the connection lasts, the response becomes available all the same.",
			Why:      "Long work is where connections break.",
			Sends:    "An upload that is processed slowly, cut as soon as its body is in; then GET on the response message until it is there.",
			Failure:  "Processing is ended together with the connection.",
			Needs:    []catalog.Need{catalog.NeedSlow},
		}, everyFault), Run: with(responseSlow)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.delete", Level: catalog.May, Later: true,
			Source:   catalog.Source{Document: "draft-wright-http-resume-request", Section: "Closing the Operation", URL: laterText},
			Requires: "DELETE on the response message closes the operation; afterwards it is 404 or 410.",
			Why:      "A client that has what it wants frees what the server keeps for it.",
			Sends:    "A whole upload whose response is cut off; GET, DELETE and GET on the response message.",
			Failure:  "DELETE is answered as a success and the resource stays.",
		}, finOnly), Run: with(responseDelete)},
	}
}

// preResponse fills in what the cases of this area share.
func preResponse(c catalog.Case, faults []string) catalog.Case {
	c.Point, c.Faults = "pre-response", faults
	return c
}

// lostResponse sends a whole upload and cuts the connection before the response.
func (f *flow) lostResponse(op *matrix.Operation, cut matrix.Cut) {
	f.Interrupt(f.d, op, cut)
	f.offered(op, responseMessage)
	if cut.Place == matrix.RequestEnd {
		f.EnsureWhole(f.d, op)
	}
}

func (f *flow) twinsOf(template target.Request) *matrix.Twins {
	return f.Twins(f.d, func(tag string) *matrix.Operation { return f.shaped(template, tag, usual) })
}

func responseAvailable(f *flow) {
	f.decoy(f.cfg.Upload)
	twins := f.twinsOf(f.cfg.Upload)
	f.success(twins.First(), "the undisturbed upload")
	for _, cut := range []matrix.Cut{
		f.cut(matrix.RequestEnd, 0),
		f.cut(matrix.ResponseHead, 0),
		f.cut(matrix.ResponseHead, int64(len("HTTP/1.1 2"))),
		f.cutFromEnd(matrix.ResponseHead, 1),
	} {
		f.Round()
		op := f.opAs(matrix.NewTag(), usual)
		effects := f.Effects(f.w, op.Tag)
		f.lostResponse(op, cut)
		f.decoy(f.cfg.Upload)
		outcome := f.available(op, twins)
		f.Intact(f.w, op, outcome)
		effects.Once("of an upload whose response was lost")
	}
}

// available waits for the lost response and compares it with the twins. A message may leave out the
// body, which is then looked for at the Content-Location.
func (f *flow) available(op *matrix.Operation, twins *matrix.Twins) *matrix.Outcome {
	outcome := f.Replayed(f.d, op)
	twins.Same(op, outcome)
	f.mediaType(op)
	if len(outcome.Response.Body) == 0 && len(twins.First().Response.Body) > 0 {
		f.Note("the response message leaves out the body, which the source allows")
	}
	return outcome
}

// mediaType warns where the message is not labelled as the source recommends.
func (f *flow) mediaType(op *matrix.Operation) {
	r := f.send("GET", op, responseMessage)
	if kind := r.Fields.Get("Content-Type"); r.Status/100 == 2 && !bytes.HasPrefix(bytes.ToLower([]byte(kind)), []byte("message/http")) {
		f.Warn("the response message to be message/http", "Content-Type: %s", kind)
	}
}

func responseNotYet(f *flow) {
	op := f.op(usual)
	f.Interrupt(f.d, op, f.cut(matrix.RequestBody, usual/2))
	f.offered(op, responseMessage)
	f.notReady(op, "half the body")
	if f.cfg.Slow == nil {
		f.Note("slow is not configured: only an unfinished upload was asked for its response")
		return
	}
	f.Round()
	op = f.shaped(*f.cfg.Slow, f.Tag, usual)
	effects := f.Effects(f.w, op.Tag)
	f.Interrupt(f.d, op, f.cut(matrix.RequestEnd, 0))
	final, state, _ := f.d.ReadOutcome(op, f.send("GET", op, responseMessage))
	if state == matrix.Ready && final.Status/100 == 2 {
		effects.Once("by the time that the response message holds a final response")
	}
	f.EnsureWhole(f.d, op)
	later := f.Replayed(f.d, op).Response
	if state == matrix.Ready {
		f.sameMessage(later, final) // one that was made up before is another
	}
	effects.Once("of a slow upload whose response was lost")
}

func responseComplete(f *flow) {
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	f.Interrupt(f.d, op, f.cut(matrix.ResponseHead, 0))
	f.offered(op, requestContent)
	r := f.send("HEAD", op, requestContent)
	if r.Status == 404 || r.Status == 410 {
		effects.Once("of an upload whose request content is gone")
		f.Note("the request content is gone (%d)", r.Status)
		return
	}
	at, err := f.d.ReadOffset(op, r)
	if err != nil {
		f.Broken("the full length of "+itoa(usual)+" bytes, or 404 or 410", "%v", err)
	}
	if at != usual {
		// The server has answered, so it had the whole body: what it says now is wrong.
		f.BrokenAt(at, "request body", fmt.Sprintf("the full length of %d bytes, or 404 or 410", usual), "%d", at)
	}
	effects.Once("of an upload that arrived whole")
}

func responseOnce(f *flow) {
	f.Need(catalog.NeedCount, f.cfg.Count != nil)
	op := f.op(usual)
	effects := f.Effects(f.w, op.Tag)
	f.lostResponse(op, f.cut(matrix.ResponseHead, 0))
	for range 10 {
		f.Replayed(f.d, op)
	}
	effects.Once("after ten reads of the response message")
	f.Round()
	f.onceByKey()
}

// onceByKey repeats a whole request with the same Idempotency-Key, first undisturbed, to learn
// whether the target honours one, and then after a lost response.
func (f *flow) onceByKey() {
	keyed := func(tag string) *matrix.Operation {
		op := f.opAs(tag, usual)
		op.Fields = op.Fields.With("Idempotency-Key", `"`+tag+`"`)
		return op
	}
	probe := keyed(matrix.NewTag())
	effects := f.Effects(f.w, probe.Tag)
	f.Upload(f.d, probe)
	f.Upload(f.d, keyed(probe.Tag))
	if n, _ := effects.Since(); n != 1 {
		f.Note("the target does not honour Idempotency-Key: issuing the request again is not tried")
		return
	}
	op := keyed(matrix.NewTag())
	effects = f.Effects(f.w, op.Tag)
	f.lostResponse(op, f.cut(matrix.ResponseHead, 0))
	f.Upload(f.d, keyed(op.Tag))
	effects.Once("of a request issued again with the same Idempotency-Key")
}

func responseStable(f *flow) {
	op := f.op(usual)
	f.lostResponse(op, f.cut(matrix.ResponseHead, 0))
	first := f.Replayed(f.d, op).Response
	for range 4 {
		f.sameMessage(f.Replayed(f.d, op).Response, first)
	}
}

// sameMessage asks that two reads of the response message gave the same.
func (f *flow) sameMessage(next, first *exchange.Response) {
	f.That(next.Status, Equal(first.Status), itoa(next.Status), "the status %d again", first.Status)
	f.SameBytes("response message", bodyOf(next), bodyOf(first))
	if a, b := withoutDate(first), withoutDate(next); a != b {
		f.Broken("the same fields at each read: "+a, "%s", b)
	}
}

func bodyOf(r *exchange.Response) []byte { return r.Body }

// withoutDate lists the fields but for Date, which a server may make at each read.
func withoutDate(r *exchange.Response) string {
	var b bytes.Buffer
	for _, field := range r.Fields {
		if !bytes.EqualFold([]byte(field.Name), []byte("Date")) {
			fmt.Fprintf(&b, "%s: %s; ", field.Name, field.Value)
		}
	}
	return b.String()
}

func responseError(f *flow) {
	f.Need(catalog.NeedFailing, len(f.cfg.Failing) > 0)
	for _, template := range f.cfg.Failing {
		f.Round()
		twins := f.twinsOf(template)
		if status := twins.First().Response.Status; status < 400 {
			f.Unsupported("the upload configured as failing is answered %d", status)
		}
		op := f.shaped(template, matrix.NewTag(), usual)
		op.Facts[failing] = "yes"
		effects := f.Effects(f.w, op.Tag)
		f.lostResponse(op, f.cut(matrix.ResponseHead, 0))
		f.available(op, twins)
		effects.None("of an upload that failed")
	}
}

func responseAfterPatch(f *flow) {
	twins := f.twinsOf(f.cfg.Upload)
	f.success(twins.First(), "the undisturbed upload")
	for _, cut := range []matrix.Cut{{}, f.cut(matrix.RequestEnd, 0), f.cut(matrix.ResponseHead, 0)} {
		f.Round()
		op := f.opAs(matrix.NewTag(), usual)
		effects := f.Effects(f.w, op.Tag)
		f.Interrupt(f.d, op, f.cut(matrix.RequestBody, usual/2))
		f.offered(op, requestContent)
		f.offered(op, responseMessage)
		at := f.Offset(f.d, op)
		if cut.IsZero() {
			f.success(f.Finish(f.d, op, at), "the PATCH")
		} else {
			f.InterruptPiece(f.d, op, f.tail(op, at), cut)
			f.EnsureWhole(f.d, op)
		}
		outcome := f.available(op, twins)
		f.Intact(f.w, op, outcome)
		effects.Once("of an upload that was completed by PATCH")
	}
}

func responseSlow(f *flow) {
	f.Need(catalog.NeedSlow, f.cfg.Slow != nil)
	twins := f.twinsOf(*f.cfg.Slow)
	f.success(twins.First(), "the undisturbed slow upload")
	op := f.shaped(*f.cfg.Slow, f.Tag, usual)
	effects := f.Effects(f.w, op.Tag)
	f.lostResponse(op, f.cut(matrix.RequestEnd, 0))
	outcome := f.available(op, twins)
	f.Intact(f.w, op, outcome)
	effects.Once("of a slow upload whose response was lost")
}

func responseDelete(f *flow) {
	op := f.op(usual)
	f.lostResponse(op, f.cut(matrix.ResponseHead, 0))
	f.Replayed(f.d, op)
	r := f.send("DELETE", op, responseMessage)
	if r.Status == 405 || r.Status == 501 || r.Status == 404 || r.Status == 403 {
		f.Unsupported("DELETE on the response message gives %d; closing is optional", r.Status)
	}
	f.That(r.Status/100, Equal(2), itoa(r.Status), "2xx for DELETE, or 405")
	if r = f.send("GET", op, responseMessage); r.Status != 404 && r.Status != 410 {
		f.Broken("404 or 410 after DELETE", "%d", r.Status)
	}
}
