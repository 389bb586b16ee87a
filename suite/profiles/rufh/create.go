package rufh

import (
	"context"
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// createChecks: the creation, with all of the content, with a part of it and with none.
func createChecks() []matrix.Check {
	must, should, may := catalog.Must, catalog.Should, catalog.May
	return checks("create", upCreation, []row{
		{name: "complete", level: must, versions: everyVersion,
			requires: "A creation with the whole content that says so is processed like the request that it would have been: it succeeds, is stored and has its effect once.",
			why:      "Most uploads are never interrupted.",
			sends:    "Uploads of 1 byte and of 8 KiB in one request, with a Content-Length.",
			failure:  "The target waits for a further request, or the upload resource is answered instead of the target.", run: createComplete},
		{name: "not-open", level: must, versions: everyVersion,
			requires: "The final response to a creation that was complete does not say that the upload is incomplete.",
			why:      "A client would go on with an upload that is over.",
			sends:    "A whole upload in one request.",
			failure:  "The state is written before the content is read.", run: createNotOpen},
		{name: "marked", level: should, versions: []string{latest},
			requires: "The final response to a creation that was complete says Upload-Complete: ?1, and that to one that leaves the upload open says ?0.",
			why:      "The client learns whose response it is: the target's, or the upload's.",
			sends:    "A whole upload in one request; a creation with half of the content.",
			failure:  "The field is left out.", run: createMarked},
		{name: "chunked", level: must, versions: everyVersion,
			requires: "A complete creation in chunks, whose length is not known beforehand, succeeds and has its effect once.",
			why:      "A recording or a stream is uploaded before its length is known.",
			sends:    "A whole upload in one chunked request.",
			failure:  "Nothing is read without a Content-Length, or the chunk framing is stored.",
			loose:    "a server may refuse it with 411, and then the case does not apply", run: createChunked},
		{name: "empty", level: must, versions: since("5"),
			requires: "A complete creation without content is the upload of an empty representation: where the target takes one, its effect happens once.",
			why:      "Empty files exist.",
			sends:    "A creation without content that says that it is complete.",
			failure:  "It is taken for one that leaves the upload open.", run: createEmpty},
		{name: "open", level: must, versions: since("5"),
			requires: "A creation without content that leaves the upload open is answered with a 2xx and the upload resource, which has the offset 0 and is incomplete.",
			why:      "A client that cannot see interim responses begins so.",
			sends:    "A creation without content, with and without a length; HEAD; the whole content by one append.",
			failure:  "The empty content is taken for the end.", run: createOpen},
		{name: "partial", level: must, versions: everyVersion,
			requires: "A creation with a part of the content that leaves the upload open is answered with a 2xx and the upload resource, which has the length of the part for its offset; the rest completes it.",
			why:      "A client may send its upload in parts from the start.",
			sends:    "Creations with 1 byte and with half of the content; HEAD; the rest by one append.",
			failure:  "The part is taken for the whole, or is left out.", run: createPartial},
		{name: "partial-chunked", level: must, versions: everyVersion,
			requires: "A creation with a part of the content in chunks that leaves the upload open keeps what the chunks carry, and no byte more.",
			why:      "The offset counts the representation and not its transfer coding.",
			sends:    "A creation with half of the content in chunks of 7 bytes; HEAD; the rest by one append.",
			failure:  "The chunk framing is counted, or a content whose length is not known completes the upload.",
			loose:    "a server may refuse it with 411, and then the case does not apply", run: createPartialChunked},
		{name: "status-201", level: must, versions: names("3", "6"), source: older("05", "Upload Creation"),
			requires: "A creation that leaves the upload open is answered 201 with Upload-Offset and the state of completeness.",
			why:      "A client of these versions knows by it how much of the part was taken.",
			sends:    "A creation with half of the content.",
			failure:  "The offset is that of the beginning, or the fields of a newer version are sent.", run: createStatus201},
		{name: "location", level: must, versions: names("3", "6"), source: older("05", "Upload Creation"),
			requires: "Where an upload resource was created, the success of a creation that was complete names it in Location.",
			why:      "A client of these versions takes what Location names for its upload.",
			sends:    "A whole upload in one request; the Locations of its 104 and of its final response.",
			failure:  "The Location is that of what the upload became, as later versions have it.", run: createLocation},
		{name: "final-offset", level: must, versions: names("3", "6"), source: older("05", "Upload Creation"),
			requires: "Where the upload is still active when it is complete, the success of a creation that was complete tells its end in Upload-Offset.",
			why:      "A client of these versions takes an upload for failed whose offset is not what it has sent.",
			sends:    "A whole upload in one request; HEAD on its resource.",
			failure:  "The field is left out of the target's response, or is that of the beginning.",
			loose:    "a server may consider an upload that is complete inactive, and then answers HEAD with 404", run: createFinalOffset},
		{name: "created", level: should, versions: since("7"),
			requires: "A creation that leaves the upload open is answered 201 (Created).",
			why:      "It says what has happened.",
			sends:    "A creation with half of the content.",
			failure:  "Another success is answered.", run: createCreated},
		{name: "progress", level: may, versions: since("5"),
			requires: "Where 104s tell an offset while a creation is sent, it never goes down, is never more than was sent, and is kept.",
			why:      "The client frees what was acknowledged.",
			sends:    "A large upload in one request, cut near its end; HEAD.",
			failure:  "Bytes are acknowledged when they are read from the connection, and lost with it.",
			point:    "mid-upload", faults: matrix.Closing, run: createProgress},
		{name: "lost", level: must, versions: everyVersion,
			requires: "When the answer to a creation is lost, it can be issued again; what the first one created has no effect.",
			why:      "The client does not know the first upload's resource, so nobody will ever finish it.",
			sends:    "A creation with half of the content whose answer is cut off; the same again; the rest.",
			failure:  "The second is refused as a repetition, or the first is completed by it.",
			point:    "pre-response", faults: matrix.EveryFault, run: createLost},
		{name: "metadata", level: should, versions: everyVersion,
			requires: "The metadata of the creation is that of the upload, also where the content came by appends: what the upload became has the same Content-Type as after one request.",
			why:      "The media type of an append is the protocol's own.",
			sends:    "An upload in one request, and one that is created without content and appended to; GET on what they became.",
			failure:  "The Content-Type of the last request is stored.", run: createMetadata},
		{name: "refused", level: should, versions: everyVersion, source: catalog.RFC(9110, "10.1.1"),
			requires: "A creation that the target refuses by its head, as it refuses a plain request, is refused with the final status and not announced.",
			why:      "A client that is given leave sends all of its content for nothing.",
			sends:    "The head of a creation to a path of the target's that is not there, with Expect: 100-continue.",
			failure:  "An upload resource is created before the target is looked at.",
			loose:    "the target answers as it pleases", run: createRefused},
	})
}

func createComplete(f *flow) {
	for _, n := range []int{1, matrix.Usual} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), n)
		effects := f.Effects(f.W, op.Tag)
		req := f.d.creation(op, op.Body, true)
		r := f.begun(op, req)
		f.succeeded(r, "a whole upload of "+matrix.Itoa(n)+" bytes in one request")
		f.whole(op, r)
		effects.Once("of a whole upload in one request")
	}
}

// begun sends a creation that is complete and learns from the answers.
func (f *flow) begun(op *matrix.Operation, req exchange.Request) *exchange.Response {
	r := f.sent(op, req, true)
	place := op.Handle(resultPlace)
	if op.Resource != nil || place == nil {
		return r
	}
	// Without a 104 the Location of the final response may be the upload resource.
	if head, err := f.Try(matrix.RequestTo("HEAD", place, f.v.common()...)); err == nil && head.Fields.Has("Upload-Offset") {
		op.Resource = place
		delete(op.Handles, resultPlace)
		f.d.final(op, r)
	}
	return r
}

func createNotOpen(f *flow) {
	op := f.fresh()
	r := f.begun(op, f.d.creation(op, op.Body, true))
	f.succeeded(r, "a whole upload in one request")
	if complete, known := f.v.completeness(r); known && !complete {
		f.Broken("no "+f.v.complete+": "+f.v.state(false)+" in the answer to a whole upload", "%s", f.v.told(r))
	}
}

func createMarked(f *flow) {
	op := f.fresh()
	r := f.begun(op, f.d.creation(op, op.Body, true))
	if complete, known := f.v.completeness(r); !known || !complete {
		f.Broken("Upload-Complete: ?1 in the answer to a whole upload", "%s", f.v.told(r))
	}
	r = f.created(f.fresh(), matrix.Usual/2)
	if complete, known := f.v.completeness(r); !known || complete {
		f.Broken("Upload-Complete: ?0 in the answer to a creation that leaves the upload open", "%s", f.v.told(r))
	}
}

func createChunked(f *flow) {
	op := f.fresh()
	effects := f.Effects(f.W, op.Tag)
	req := f.d.creation(op, op.Body, true)
	req.Chunked, req.ChunkSize = true, 1000
	r := f.begun(op, req)
	if r.Status == 411 {
		f.Unsupported("chunked uploads are refused with 411")
	}
	f.succeeded(r, "a whole upload in chunks")
	f.whole(op, r)
	effects.Once("of a whole upload in chunks")
}

func createEmpty(f *flow) {
	op := f.OpAs(matrix.NewTag(), 0)
	effects := f.Effects(f.W, op.Tag)
	r := f.begun(op, f.d.creation(op, nil, true))
	if r.Status/100 == 4 {
		f.Unsupported("the target takes no empty upload: %d", r.Status)
	}
	f.succeeded(r, "an empty upload")
	f.whole(op, r)
	effects.Once("of an empty upload")
}

func createOpen(f *flow) {
	for _, told := range []bool{true, false} {
		f.Round()
		op := f.fresh()
		req := f.d.creation(op, nil, false)
		if told {
			req.Fields = append(req.Fields, f.d.lengthOf(op)...)
		}
		f.createdBy(op, req, 0)
		f.once(op, 0, "of an upload that was created without content")
	}
}

// createdBy sends a creation that leaves the upload open and asks for its upload resource, with the offset n.
func (f *flow) createdBy(op *matrix.Operation, req exchange.Request, n int64) *exchange.Response {
	op.Facts[sending] = creating
	final, interims, err := f.TryAll(req)
	if err != nil {
		f.Broken("a creation that leaves the upload open to be answered", "%v", err)
	}
	for _, r := range append(interims, final) {
		f.d.Learn(op, r)
	}
	if final.Status == 411 && req.Chunked {
		f.Unsupported("chunked uploads are refused with 411")
	}
	_, known := integer(req.Fields.Values("Upload-Length"))
	if least := f.told["min-size"]; least > 0 && final.Status/100 == 4 && !known {
		f.Unsupported("min-size=%d lets the target refuse an upload whose length it does not know: %d", least, final.Status)
	}
	f.succeeded(final, "a creation that leaves the upload open")
	if !final.Fields.Has("Location") {
		f.Broken("the Location of the upload resource in the answer to a creation that leaves the upload open", "none")
	}
	if complete, known := f.v.completeness(final); f.v.marked && known && complete {
		f.Broken("no "+f.v.complete+": "+f.v.state(true)+" in the answer to a creation that leaves the upload open", "%d with %s", final.Status, f.v.told(final))
	}
	f.at(op, n, "after a creation with as many bytes")
	f.incomplete(op, "after a creation that leaves it open")
	return final
}

func createPartial(f *flow) {
	for _, n := range []int64{1, matrix.Usual / 2} {
		f.Round()
		op := f.fresh()
		req := f.d.creation(op, op.Body[:n], false)
		req.Fields = append(req.Fields, f.d.lengthOf(op)...)
		f.allow(n)
		f.createdBy(op, req, n)
		f.once(op, n, "of an upload that was created with "+matrix.Itoa(n)+" bytes")
	}
}

func createPartialChunked(f *flow) {
	op := f.fresh()
	req := f.d.creation(op, op.Body[:matrix.Usual/2], false)
	req.Chunked, req.ChunkSize = true, 7
	f.createdBy(op, req, matrix.Usual/2)
	f.once(op, matrix.Usual/2, "of an upload that was created in chunks")
}

func createStatus201(f *flow) {
	op := f.fresh()
	r := f.created(op, matrix.Usual/2)
	if r.Status != 201 {
		f.Broken("201 (Created) for a creation that leaves the upload open", "%d", r.Status)
	}
	if n, ok := integer(r.Fields.Values("Upload-Offset")); !ok || n != matrix.Usual/2 {
		f.Broken("Upload-Offset: "+matrix.Itoa(matrix.Usual/2), "Upload-Offset: %q", r.Fields.Joined("Upload-Offset"))
	}
	if complete, known := f.v.completeness(r); !known || complete {
		f.Broken(f.v.complete+": "+f.v.state(false), "%s", f.v.told(r))
	}
}

// inOneAnnounced carries out a whole upload in one request, whose resource a 104 has named.
func (f *flow) inOneAnnounced() (*matrix.Operation, *exchange.Response) {
	f.announcing()
	op := f.fresh()
	r := f.begun(op, f.d.creation(op, op.Body, true))
	f.succeeded(r, "a whole upload in one request")
	if op.Resource == nil {
		f.Unsupported("no 104 names an upload resource for a whole upload")
	}
	return op, r
}

func createLocation(f *flow) {
	op, r := f.inOneAnnounced()
	if u := resolved(op.URL, r.Fields.Get("Location")); u == nil || u.String() != op.Resource.String() {
		f.Broken("Location: "+op.Resource.RequestURI()+" in the answer to a whole upload", "Location: %q", r.Fields.Get("Location"))
	}
}

func createFinalOffset(f *flow) {
	op, r := f.inOneAnnounced()
	if head := f.asked("HEAD", op); head.Status/100 != 2 {
		f.Unsupported("an upload that is complete is not active: HEAD gives %d", head.Status)
	}
	if n, ok := integer(r.Fields.Values("Upload-Offset")); !ok || n != op.Len() {
		f.Broken("Upload-Offset: "+matrix.Itoa(op.Len())+" in the answer to a whole upload", "Upload-Offset: %q", r.Fields.Joined("Upload-Offset"))
	}
}

func createCreated(f *flow) {
	if r := f.created(f.fresh(), matrix.Usual/2); r.Status != 201 {
		f.Broken("201 (Created) for a creation that leaves the upload open", "%d", r.Status)
	}
}

// large is the length in bytes of an upload that takes a server some time.
const large = 768 << 10

func createProgress(f *flow) {
	f.announcing()
	op := f.OpAs(matrix.NewTag(), f.AtMost(large))
	f.acknowledged(op, f.d.Start(op))
}

// acknowledged cuts a request with the whole content of an upload before its last byte, once a 104 has told an offset,
// and asks that this is kept.
func (f *flow) acknowledged(op *matrix.Operation, req exchange.Request) {
	if !f.v.number() {
		f.announcing()
	}
	told := func(r *exchange.Response) bool { return f.v.speaks(r) && r.Fields.Has("Upload-Offset") }
	t := f.CutBy(req, f.At(matrix.RequestBody, op.Len()-1), func(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
		if final, err := f.begin(ctx, x); final != nil || err != nil {
			return final, err
		}
		if err := x.SendBody(ctx, op.Len()-1000); err != nil {
			return nil, err
		}
		f.awaited(x, told)
		if err := x.SendEnd(ctx); err != nil {
			return nil, err
		}
		return x.Final(ctx)
	})
	f.Landed(t)
	for _, r := range t.Interims {
		f.d.Learn(op, r)
	}
	op.Sent = t.Evidence.Up.BodyBytes
	if f.progress(t.Interims, 0, op.Sent) == 0 {
		f.Unsupported("%s", f.untold())
	}
	f.Resumable(op)
	f.Note("%d bytes were acknowledged by 104", op.Known)
	f.Offset(f.D, op) // breaks the case where it is less
	f.Completed(op)
}

// progress asks that what 104s tell is lawful for a request whose content began at an offset, and gives their number.
func (f *flow) progress(interims []*exchange.Response, from, sent int64) int {
	count, before := 0, from
	for _, r := range interims {
		if !f.v.speaks(r) || !r.Fields.Has("Upload-Offset") {
			continue
		}
		n, ok := integer(r.Fields.Values("Upload-Offset"))
		if !ok {
			f.Broken("an Integer in the Upload-Offset of a 104", "%q", r.Fields.Joined("Upload-Offset"))
		}
		if n < before || n > from+sent {
			f.Harmful("offsets of 104s from "+matrix.Itoa(before)+" to "+matrix.Itoa(from+sent)+" that never go down", "%d", n)
		}
		count, before = count+1, n
	}
	return count
}

func createLost(f *flow) {
	for _, cut := range []matrix.Cut{f.At(matrix.RequestEnd, 0), f.At(matrix.ResponseHead, 0), f.AtFromEnd(matrix.ResponseHead, 1)} {
		f.Round()
		op := f.fresh()
		effects := f.Effects(f.W, op.Tag)
		req := f.d.creation(op, op.Body[:matrix.Usual/2], false)
		req.Fields = append(req.Fields, f.d.lengthOf(op)...)
		f.Landed(f.Cut(req, cut))
		effects.None("of a creation whose answer was lost")
		again := f.OpAs(op.Tag, matrix.Usual)
		f.createdBy(again, req, matrix.Usual/2)
		f.finished(again, matrix.Usual/2)
		effects.Once("of the creation that was issued again")
	}
}

func createMetadata(f *flow) {
	whole := f.fresh()
	f.Success(f.Upload(f.D, whole), "an upload")
	parts := f.opened(0)
	f.finished(parts, 0)
	one, other := f.Places(whole), f.d.Downloads(parts)
	if len(other) == 0 {
		f.Unsupported("the answer to the last append does not name what the upload became")
	}
	a := f.Do("GET on what an upload in one request became", matrix.RequestTo("GET", one[0]))
	b := f.Do("GET on what an upload by appends became", matrix.RequestTo("GET", other[0]))
	if x, y := a.Fields.Get("Content-Type"), b.Fields.Get("Content-Type"); a.Status != b.Status || x != y {
		f.Broken("the same Content-Type as after one request: "+matrix.Itoa(a.Status)+" "+x, "%d %s", b.Status, y)
	}
}

func createRefused(f *flow) {
	op := f.fresh()
	place := *op.URL
	place.Path, place.RawQuery = "/resumespec-"+matrix.NewTag(), ""
	op.URL = &place
	req := f.d.Start(op)
	plain := exchange.Request{Method: req.Method, Target: req.Target, Fields: op.Fields, Body: op.Body, HasBody: true}
	if r, err := f.Try(plain); err != nil || r.Status/100 != 4 {
		f.Unsupported("a plain request to a path that is not there is not refused")
	}
	answer := f.AskRaw(0, req)
	if slices.ContainsFunc(answer.Interims, f.d.announces) {
		f.Broken("no upload resource for a target that is not there", "104 with a Location")
	}
	if answer.Final == nil || answer.Final.Status/100 != 4 {
		f.Broken("a 4xx for a creation where a plain request is refused", "leave, or a success")
	}
}
