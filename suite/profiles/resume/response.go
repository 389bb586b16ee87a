package resume

import (
	"bytes"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
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
		}, matrix.EveryFault), Run: shared(matrix.ResponseAvailable)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.not-yet", Level: catalog.Must, Source: catalog.Loose(messageRes, "how a server says not yet is not said: 202, 204, 404, 409, 425 and 503 are all taken, and so is waiting"),
			Requires: "Before the operation is over the response message never presents a final response.",
			Why:      "A client that is told of a success that has not happened stops too early.",
			Sends:    "GET on the response message while half of the body is missing; and, where the target has a slow upload, while it is processed.",
			Failure:  "The response is made up before the work is done, or the resource shows an empty or default message.",
		}, matrix.EveryFault), Run: shared(matrix.ResponseNotYet)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.complete-upload", Level: catalog.Must, Source: contentRes,
			Requires: "When the whole body arrived and the response was lost, HEAD on the request content gives the full length, or says that it is gone.",
			Why:      "A client that is told less sends bytes again to an operation that is already over.",
			Sends:    "A whole upload whose response is cut off; then HEAD on the Request-Content-Location.",
			Failure:  "The length is set to 0 or left behind when the upload is handed on for processing.",
		}, matrix.EveryFault), Run: shared(matrix.ResponseComplete)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.once", Level: catalog.Must, Source: workflow,
			Requires: "The effect of a request whose response was lost happens exactly once, however often the client asks for the message; also when it issues the request again with the same Idempotency-Key, where the target honours one.",
			Why:      "Charging a card twice is worse than not answering.",
			Sends:    "A whole upload whose response is cut off; ten GETs of the response message; a read of the number of effects.",
			Failure:  "Reading the message runs the operation again.",
			Needs:    []catalog.Need{catalog.NeedCount},
		}, matrix.EveryFault), Run: shared(matrix.ResponseOnce)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.stable", Level: catalog.Must, Source: catalog.Loose(messageRes, `"a copy of the final response": there is one`),
			Requires: "Repeated reads of the response message are identical.",
			Why:      "The client may itself be interrupted while it reads, and reads again.",
			Sends:    "A whole upload whose response is cut off; five GETs of the response message.",
			Failure:  "The message is made anew at each read, or can be read once only.",
		}, matrix.EveryFault), Run: shared(matrix.ResponseStable)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.error", Level: catalog.Must, Source: messageRes,
			Requires: "The outcome of a request that failed, 4xx or 5xx, is reproduced as faithfully as a success.",
			Why:      "The client must learn that, and why, its request failed.",
			Sends:    "Uploads that the target answers with an error, whose response is cut off; then GET on the response message.",
			Failure:  "Only successes are kept.",
			Needs:    []catalog.Need{catalog.NeedFailing},
		}, matrix.EveryFault), Run: shared(matrix.ResponseError)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.after-patch", Level: catalog.Must, Source: workflow,
			Requires: "An upload that was completed by PATCH has its final response at the response message too, and so has one whose PATCH lost its response.",
			Why:      "An interruption seldom comes alone.",
			Sends:    "An upload cut in the middle and completed by PATCH, undisturbed and with the answer to the PATCH cut off; then GET on the response message.",
			Failure:  "The response is kept only where the first request ends it.",
		}, matrix.EveryFault), Run: shared(matrix.ResponseAfterResume)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.slow", Level: catalog.Must, Source: messageRes,
			Requires: "When processing takes longer than the connection lasts, the response becomes available all the same.",
			Why:      "Long work is where connections break.",
			Sends:    "An upload that is processed slowly, cut as soon as its body is in; then GET on the response message until it is there.",
			Failure:  "Processing is ended together with the connection.",
			Needs:    []catalog.Need{catalog.NeedSlow},
		}, matrix.EveryFault), Run: shared(matrix.ResponseSlow)},
		{Case: preResponse(catalog.Case{
			ID: "resume.response.delete", Level: catalog.May, Later: true,
			Source:   catalog.Source{Document: "draft-wright-http-resume-request", Section: "Closing the Operation", URL: laterText},
			Requires: "DELETE on the response message closes the operation; afterwards it is 404 or 410.",
			Why:      "A client that has what it wants frees what the server keeps for it.",
			Sends:    "A whole upload whose response is cut off; GET, DELETE and GET on the response message.",
			Failure:  "DELETE is answered as a success and the resource stays.",
		}, matrix.FinOnly), Run: with(responseDelete)},
	}
}

// preResponse fills in what the cases of this area share.
func preResponse(c catalog.Case, faults []string) catalog.Case {
	c.Point, c.Faults = "pre-response", faults
	return c
}

// mediaType warns where the message is not labelled as the source recommends.
func (f *flow) mediaType(op *matrix.Operation) {
	r := f.send("GET", op, responseMessage)
	if kind := r.Fields.Get("Content-Type"); r.Status/100 == 2 && !bytes.HasPrefix(bytes.ToLower([]byte(kind)), []byte("message/http")) {
		f.Warn("the response message to be message/http", "Content-Type: %s", kind)
	}
}

func responseDelete(f *flow) {
	op := f.Op(matrix.Usual)
	f.LostReplayable(op, f.At(matrix.ResponseHead, 0))
	f.Replayed(f.d, op)
	r := f.send("DELETE", op, responseMessage)
	if r.Status == 405 || r.Status == 501 || r.Status == 404 || r.Status == 403 {
		f.Unsupported("DELETE on the response message gives %d; matrix.Closing is optional", r.Status)
	}
	f.That(r.Status/100, Equal(2), matrix.Itoa(r.Status), "2xx for DELETE, or 405")
	if r = f.send("GET", op, responseMessage); r.Status != 404 && r.Status != 410 {
		f.Broken("404 or 410 after DELETE", "%d", r.Status)
	}
}
