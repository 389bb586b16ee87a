package rufh

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// appendChecks: appends that are as they should be.
func appendChecks() []matrix.Check {
	must, should, may := catalog.Must, catalog.Should, catalog.May
	return checks("append", upAppend, []row{
		{name: "part", level: must, versions: everyVersion,
			requires: "An append that leaves the upload open is answered with a 2xx, and the upload then has its bytes, no more and no less.",
			why:      "A client on a bad line sends small pieces.",
			sends:    "Parts of 1, 100 and 4000 bytes in order, each with HEAD after it; the rest.",
			failure:  "The part replaces what was there, or completes the upload.", run: appendPart},
		{name: "told", level: must, versions: append([]string{"3"}, since("7")...),
			requires: "The answer to an append that leaves the upload open says that it is incomplete.",
			why:      "The client must not take it for the target's.",
			sends:    "A creation without content; an append of half of it.",
			failure:  "The field is left out, or copied from the state that was wished for.",
			loose:    "versions 4 to 6 name the wrong value, and are not asked", run: appendTold},
		{name: "status-201", level: must, versions: names("3", "6"), source: older("05", "Upload Append"),
			requires: "An append that leaves the upload open is answered 201 with the new offset in Upload-Offset.",
			why:      "A client of these versions knows by it how much of the part was taken.",
			sends:    "A creation without content; an append of half of it.",
			failure:  "204 is answered, as later versions have it, or the offset is that of the beginning.", run: appendStatus201},
		{name: "final", level: must, versions: everyVersion,
			requires: "An append that carries the rest completes the upload: the answer is a success, the bytes are stored and the effect happens once.",
			why:      "It is the end of every upload that was interrupted.",
			sends:    "A creation without content, and one with half of it; an append of the rest.",
			failure:  "The last append is stored and nothing else happens.", run: appendFinal},
		{name: "final-told", level: must, versions: since("7"),
			requires: "The answer to an append that completes the upload says that it is complete.",
			why:      "The client learns that the response is the target's and no error of the upload's own.",
			sends:    "A creation without content; an append of all of it; where there are uploads that fail, one of these.",
			failure:  "The field is left out, as in the answers to other requests.", run: appendFinalTold},
		{name: "final-open", level: must, versions: names("3", "6"), source: older("05", "Upload Append"),
			requires: "The answer to an append that completes the upload does not say that it is incomplete.",
			why:      "A client would go on with an upload that is over.",
			sends:    "A creation without content; an append of all of it.",
			failure:  "The state is written before the content is read.", run: appendFinalOpen},
		{name: "final-response", level: should, versions: since("7"),
			requires: "The answer to the append that completes an upload is the one that the target would have given to the whole upload in one request.",
			why:      "The client passes it on to its user as if nothing had happened.",
			sends:    "Whole uploads in one request; one in two parts.",
			failure:  "The upload resource answers for itself, with 204 and no Location.", run: appendFinalResponse},
		{name: "empty", level: should, versions: since("5"),
			requires: "An append without content that leaves the upload open is taken, and changes nothing.",
			why:      "The block of an append may be empty.",
			sends:    "A creation with half of the content; an append without content; HEAD; the rest.",
			failure:  "It is refused, or taken for the end.",
			loose:    "a limit of min-append-size forbids it", run: appendEmpty},
		{name: "empty-final", level: must, versions: since("5"),
			requires: "An append without content completes an upload of which everything is there.",
			why:      "A stream ends without a further byte.",
			sends:    "A creation with all of the content that leaves the upload open; an append without content that completes it.",
			failure:  "The upload waits for another byte for ever.", run: appendEmptyFinal},
		{name: "not-by-length", level: must, versions: since("6"), measured: true, source: upLength,
			requires: "An upload is not complete because its offset is its length: only a request that says so completes it.",
			why:      "The client decides when the target is to act.",
			sends:    "A creation with Upload-Length and half of the content; the rest by an append that leaves the upload open; HEAD; a read of the number of effects; the end.",
			failure:  "Offset and length are compared.", run: appendNotByLength},
		{name: "chunked", level: must, versions: everyVersion,
			requires: "An append in chunks is appended by what the chunks carry, also where it completes the upload.",
			why:      "A client that streams does not know the length of a part.",
			sends:    "A creation without content; half of it and then the rest by appends in chunks of 7 and of 1000 bytes.",
			failure:  "Nothing is read without a Content-Length, or the chunk framing is stored.",
			loose:    "a server may refuse it with 411, and then the case does not apply", run: appendChunked},
		{name: "progress", level: should, versions: since(newest),
			requires: "While the content of an append is processed, 104s tell the offset.",
			why:      "The client frees what was acknowledged, and shows how far it is.",
			sends:    "A creation without content; a large append that leaves the upload open.",
			failure:  "Only creations are accompanied by 104s.",
			loose:    "a server of a draft sends none where no version is named: the case does not apply to one that sends none without a version", run: appendProgress},
		{name: "progress-kept", level: may, versions: since("5"), point: "mid-upload", faults: matrix.Closing,
			requires: "Where 104s tell an offset while an append is sent, it never goes down, is never more than was sent, and is kept.",
			why:      "The client frees what was acknowledged.",
			sends:    "A creation without content; a large append cut near its end; HEAD.",
			failure:  "Bytes are acknowledged when they are read from the connection, and lost with it.", run: appendProgressKept},
		{name: "no-location", level: must, versions: since("5"),
			requires: "A 104 in answer to an append has no Location.",
			why:      "The client would take it for another upload.",
			sends:    "A creation without content; a large append that leaves the upload open; the 104s that come.",
			failure:  "One routine writes the 104s of creations and of appends.", run: appendNoLocation},
		{name: "media-type", level: should, versions: since("6"), source: from("Media Type application/partial-upload", "media-type-partial-upload"),
			requires: "The media type of an append is read as one: in any case, and with parameters, it is application/partial-upload.",
			why:      "Libraries write media types in their own way (RFC 9110, 8.3.1).",
			sends:    "Appends with Application/Partial-Upload and with application/partial-upload; a=b.",
			failure:  "The field's value is compared as a text.", run: appendMediaType},
		{name: "any-type", level: must, versions: names("3", "5"), source: older("03", "Upload Append"),
			requires: "Whatever its media type, an append is appended: the text names none.",
			why:      "A client sends the media type of what it uploads, or none.",
			sends:    "Appends without Content-Type, with the target's own and with text/plain.",
			failure:  "The media type of a later version is asked for.", run: appendAnyType},
	})
}

func appendPart(f *flow) {
	op := f.opened(0)
	effects := f.Effects(f.W, op.Tag)
	at := int64(0)
	for _, n := range []int64{1, 100, 4000} {
		f.succeeded(f.appended(op, at, op.Body[at:at+n], false), "an append of "+matrix.Itoa(n)+" bytes")
		at += n
		f.at(op, at, "after an append that ends there")
		f.incomplete(op, "after an append that leaves it open")
		effects.None("of an append that leaves the upload open")
	}
	f.finished(op, at)
	effects.Once("of an upload in four appends")
}

func appendTold(f *flow) {
	op := f.opened(0)
	r := f.appended(op, 0, op.Body[:matrix.Usual/2], false)
	f.succeeded(r, "an append")
	if complete, known := f.v.completeness(r); !known || complete {
		f.Broken(f.v.complete+": "+f.v.state(false)+" in the answer to an append that leaves the upload open", "%s", f.v.told(r))
	}
}

func appendStatus201(f *flow) {
	op := f.opened(0)
	r := f.appended(op, 0, op.Body[:matrix.Usual/2], false)
	if r.Status != 201 {
		f.Broken("201 (Created) for an append that leaves the upload open", "%d", r.Status)
	}
	if n, ok := integer(r.Fields.Values("Upload-Offset")); !ok || n != matrix.Usual/2 {
		f.Broken("Upload-Offset: "+matrix.Itoa(matrix.Usual/2), "Upload-Offset: %q", r.Fields.Joined("Upload-Offset"))
	}
}

func appendFinal(f *flow) {
	for _, n := range []int64{0, matrix.Usual / 2} {
		f.Round()
		f.once(f.opened(n), n, "of an upload that an append completed")
	}
}

func appendFinalTold(f *flow) {
	op := f.opened(0)
	f.completed(op, f.finished(op, 0))
	for _, template := range f.Set.Failing {
		f.Round()
		op := f.Shaped(template, matrix.NewTag(), matrix.Usual)
		op.Failing = true
		f.created(op, 0)
		r := f.appended(op, 0, op.Body, true)
		if r.Status < 400 {
			f.Unsupported("the upload configured as failing is answered %d", r.Status)
		}
		f.completed(op, r)
	}
}

// completed asks that an answer says that the upload is complete.
func (f *flow) completed(_ *matrix.Operation, r *exchange.Response) {
	if complete, known := f.v.completeness(r); !known || !complete {
		f.Broken(f.v.complete+": "+f.v.state(true)+" in the answer to an append that completes the upload", "%d with %s", r.Status, f.v.told(r))
	}
}

func appendFinalOpen(f *flow) {
	op := f.opened(0)
	r := f.finished(op, 0)
	if complete, known := f.v.completeness(r); known && !complete {
		f.Broken("no "+f.v.complete+": "+f.v.state(false)+" in the answer to an append that completes the upload", "%s", f.v.told(r))
	}
}

func appendFinalResponse(f *flow) {
	twins := f.Twins(plain{f.d}, func(tag string) *matrix.Operation { return f.OpAs(tag, matrix.Usual) })
	f.Success(twins.First(), "the whole upload in one request")
	op := f.opened(matrix.Usual / 2)
	r := f.finished(op, matrix.Usual/2)
	f.Round()
	if aspect, want, got := twins.Different(&matrix.Outcome{Response: r, Via: "the last part", Places: f.d.Downloads(op)}); aspect != "" {
		f.Broken("the response that the whole upload gets in one request: "+aspect+" "+want, "%s %s", aspect, got)
	}
}

// plain is a driver whose uploads go in one request, and are waited for by nobody.
type plain struct{ *driver }

// Start gives the creation without an expectation.
func (d plain) Start(op *matrix.Operation) exchange.Request {
	req := d.driver.Start(op)
	req.Fields = without(req.Fields, "Expect")
	return req
}

// Ready waits for nothing.
func (d plain) Ready(*matrix.Operation, []*exchange.Response) bool { return true }

func appendEmpty(f *flow) {
	if f.told["min-append-size"] > 0 {
		f.Unsupported("min-append-size=%d forbids an empty part", f.told["min-append-size"])
	}
	op := f.opened(matrix.Usual / 2)
	f.succeeded(f.appended(op, matrix.Usual/2, nil, false), "an append without content")
	f.at(op, matrix.Usual/2, "after an append without content")
	f.incomplete(op, "after an append that leaves it open")
	f.once(op, matrix.Usual/2, "after an append without content")
}

func appendEmptyFinal(f *flow) {
	for _, told := range []bool{true, false} {
		f.Round()
		op := f.fresh()
		if told {
			f.created(op, op.Len(), f.d.lengthOf(op)...)
		} else {
			f.created(op, op.Len())
		}
		f.once(op, op.Len(), "of an upload that an append without content completed")
	}
}

func appendNotByLength(f *flow) {
	op := f.opened(matrix.Usual / 2)
	effects := f.Effects(f.W, op.Tag)
	f.succeeded(f.appended(op, matrix.Usual/2, op.Body[matrix.Usual/2:], false), "an append")
	f.at(op, op.Len(), "when all of the bytes are there")
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload that was not completed", Look: func() { f.incomplete(op, "though its offset is its length") }})
	f.finished(op, op.Len())
	effects.Once("of an upload that was completed")
}

func appendChunked(f *flow) {
	op := f.endless(0)
	effects := f.Effects(f.W, op.Tag)
	req := f.d.append(op, 0, op.Body[:matrix.Usual/2], false)
	req.Chunked, req.ChunkSize = true, 7
	r := f.sent(op, req, false)
	if r.Status == 411 {
		f.Unsupported("chunked appends are refused with 411")
	}
	f.succeeded(r, "an append in chunks")
	f.at(op, matrix.Usual/2, "after an append in chunks")
	f.incomplete(op, "after an append that leaves it open")
	req = f.d.append(op, matrix.Usual/2, op.Body[matrix.Usual/2:], true)
	req.Chunked, req.ChunkSize = true, 1000
	r = f.sent(op, req, true)
	f.succeeded(r, "an append in chunks that completes the upload")
	f.whole(op, r)
	effects.Once("of an upload by appends in chunks")
}

// big opens an upload for an append that takes the server some time.
func (f *flow) big() *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), f.AtMost(large))
	f.created(op, 0)
	return op
}

// bigAppend sends a large append that leaves the upload open, and gives the interim responses.
func (f *flow) bigAppend(op *matrix.Operation) []*exchange.Response {
	final, interims, err := f.TryAll(f.d.append(op, 0, op.Body, false))
	if err != nil {
		f.Broken("a large append to be answered", "%v", err)
	}
	f.succeeded(final, "a large append")
	return interims
}

func appendProgress(f *flow) {
	op := f.big()
	told := f.progress(f.bigAppend(op), 0, op.Len())
	if told == 0 && !f.v.number() && !f.way.announces {
		f.Unsupported("%s", f.unannounced())
	}
	if told == 0 {
		f.Broken("104s with Upload-Offset while an append of "+matrix.Itoa(op.Len())+" bytes is processed", "none")
	}
}

func appendProgressKept(f *flow) {
	op := f.big()
	op.Facts[sending] = wholly
	f.acknowledged(op, f.expecting(f.d.append(op, 0, op.Body, true)))
}

func appendNoLocation(f *flow) {
	seen := false
	for _, r := range f.bigAppend(f.big()) {
		if !f.v.speaks(r) {
			continue
		}
		seen = true
		if r.Fields.Has("Location") {
			f.Broken("no Location in a 104 for an append", "Location: %q", r.Fields.Get("Location"))
		}
	}
	if !seen {
		f.Unsupported("no append gets a 104: %s", f.untold())
	}
}

func appendMediaType(f *flow) {
	for _, media := range []string{"Application/Partial-Upload", "application/partial-upload; a=b"} {
		op := f.opened(0)
		req := f.d.append(op, 0, op.Body, true)
		req.Fields = without(req.Fields, "Content-Type").With("Content-Type", media)
		f.succeeded(f.sent(op, req, true), "an append with Content-Type: "+media)
	}
}

func appendAnyType(f *flow) {
	for _, media := range []string{"", "text/plain", f.Op(0).Fields.Get("Content-Type")} {
		op := f.opened(0)
		req := f.d.append(op, 0, op.Body, true)
		if media != "" {
			req.Fields = req.Fields.With("Content-Type", media)
		}
		r := f.sent(op, req, true)
		f.succeeded(r, "an append with Content-Type: "+quotedOrNone(media))
		f.whole(op, r)
	}
}
