package tus

import (
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// patchChecks: writes that are as they should be.
func patchChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.patch.answer", Level: must, Source: patchRequest,
			Requires: "A successful PATCH is answered 204 with Upload-Offset: the offset before it and the bytes that it brought; HEAD says the same.",
			Why:      "A client that sends small pieces takes the next offset from that field, and never asks.",
			Sends:    "PATCHes of 1, 100, 4000 bytes and of the rest; HEAD after each.",
			Failure:  "The offset told is that before the PATCH, or the length of the PATCH alone.",
		}, Run: with(patchAnswer)},
		{Case: catalog.Case{
			ID: "tus.patch.one", Level: must, Source: patchRequest,
			Requires: "A single PATCH with all bytes completes an upload: what is stored equals the body, and the effect happens once.",
			Why:      "It is what the text asks of a client that is not interrupted.",
			Sends:    "POST; a PATCH of 66 KiB without Expect; HEAD; a read of the stored bytes and of the number of effects.",
			Failure:  "Bytes are lost at the border of a buffer, or the upload waits for a request that ends it.",
		}, Run: with(patchOne)},
		{Case: catalog.Case{
			ID: "tus.patch.chunked", Level: must, Source: catalog.Loose(catalog.RFC(9112, "7.1"), "the protocol does not say whether a PATCH may be chunked: a server may refuse it with 411"),
			Requires: "A PATCH in chunks writes its payload, all of it and nothing else, or is refused with 411 (Length Required).",
			Why:      "A client that reads from a stream does not know the length of a PATCH beforehand.",
			Sends:    "An upload in two PATCHes in chunks of 1000 bytes; HEAD after each; a read of the stored bytes.",
			Failure:  "Without Content-Length nothing is read, or the framing is stored.",
		}, Run: with(patchChunked)},
		{Case: catalog.Case{
			ID: "tus.patch.empty", Level: catalog.Should, Source: catalog.Loose(patchRequest, "an empty PATCH is not mentioned: the sum of the offset and of no byte is the offset"),
			Requires: "A PATCH without a byte, at the offset, is answered 204 with that offset, and changes nothing.",
			Why:      "A client that reads its file in pieces may find that there is nothing more.",
			Sends:    "A PATCH without a byte at 0 and in the middle; HEAD after each; then the rest.",
			Failure:  "The empty body is taken for the end of the upload, or for an error.",
		}, Run: with(patchEmpty)},
		{Case: catalog.Case{
			ID: "tus.patch.names", Level: must, Source: catalog.RFC(9110, "5.1"),
			Requires: "The names of the protocol's fields are found in any case, and in any order.",
			Why:      "HTTP libraries and proxies write names as they like.",
			Sends:    "An upload by POST and PATCH with all names in lower case, and by PATCH with all in upper case, in another order.",
			Failure:  "Names are compared as they are written in the text.",
		}, Run: with(patchNames)},
		{Case: catalog.Case{
			ID: "tus.patch.type-case", Level: catalog.Should, Source: catalog.Loose(catalog.RFC(9110, "8.3.1"), "the protocol writes the media type in lower case"),
			Requires: "The media type of a PATCH is found in any case.",
			Why:      "Media types have no case.",
			Sends:    "A PATCH with Content-Type: Application/Offset+Octet-Stream.",
			Failure:  "The value is compared as a text.",
		}, Run: with(patchTypeCase)},
		{Case: catalog.Case{
			ID: "tus.patch.cut", Level: must, Source: patchRequest,
			Requires: "A PATCH that is cut, before its first byte or behind it, takes nothing with it that was there before.",
			Why:      "What was told as received the client has freed.",
			Sends:    "A PATCH; the next one cut after 0, 1, 10, 100 and 1000 bytes; HEAD several times after each; then the rest.",
			Failure:  "What a PATCH brings and what was there are undone together.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(patchCut)},
		{Case: catalog.Case{
			ID: "tus.patch.lost", Level: must, Source: patchRequest,
			Requires: "When the answer to a PATCH is lost that does not complete the upload, HEAD gives the offset that it has led to, and the same PATCH again is refused with 409 and changes nothing.",
			Why:      "A client that repeats what it has no answer to must not store its bytes twice.",
			Sends:    "A PATCH of half the bytes, whose answer is cut off whole, in its status line and before its last byte; HEAD; the same PATCH again; then the rest.",
			Failure:  "Bytes are appended whatever the offset says, or are undone with the connection.",
		}.CutAt("pre-response", matrix.EveryFault), Run: with(patchLost)},
		{Case: catalog.Case{
			ID: "tus.patch.after-end", Level: must, Source: catalog.Loose(patchRequest, "what becomes of a PATCH at the end of a complete upload is not said"),
			Requires: "A PATCH to an upload that is complete changes nothing: its bytes and its length stay, and the effect is not repeated.",
			Why:      "A client whose last answer was lost sends its last PATCH again, and others may be late.",
			Sends:    "A whole upload; its last PATCH again; a PATCH without a byte, and one of ten bytes, at its end; HEAD after each; reads of the stored bytes and of the number of effects.",
			Failure:  "The upload is opened again, or the last PATCH completes it once more.",
		}, Run: with(patchAfterEnd)},
		{Case: catalog.Case{
			ID: "tus.patch.get", Level: catalog.May, Source: catalog.Loose(core, "GET on an upload is not in the protocol"),
			Requires: "Where GET on an upload gives its bytes, it gives those of one that was interrupted and resumed as well, all of them.",
			Why:      "A client that offers the upload for download at its URL gives away what is there.",
			Sends:    "An upload, undisturbed, and GET on it; an upload cut in the middle and resumed, and GET on it.",
			Failure:  "What is served is not what was stored: bytes are missing at its end, or those of another.",
		}.CutAt("mid-upload", matrix.Closing), Run: with(patchGet)},
	}
}

func patchAnswer(f *flow) {
	op := f.created(matrix.Usual)
	at := int64(0)
	for _, n := range []int64{1, 100, 4000, matrix.Usual} {
		to := min(at+n, op.Len())
		for at < to {
			at = f.write(op, at, to, "the PATCH of bytes "+matrix.Itoa(at)+" to "+matrix.Itoa(to))
			if at < op.Len() {
				f.stays(op, at, "after a PATCH that said so")
			}
		}
	}
	f.over(op)
	f.intact(op)
}

func patchOne(f *flow) {
	op := f.created(f.AtMost(66 << 10))
	effects := f.Effects(f.W, op.Tag)
	for at := int64(0); at < op.Len(); {
		at = f.write(op, at, op.Len(), "the PATCH with all bytes")
	}
	f.over(op)
	f.intact(op)
	effects.Once("of an upload in one PATCH")
}

func patchChunked(f *flow) {
	op := f.created(matrix.Usual)
	for at := int64(0); at < op.Len(); {
		to := min(at+5000, op.Len())
		req := patchAt(op, matrix.Itoa(at), op.Body[at:to])
		req.Chunked, req.ChunkSize = true, 1000
		op.Sent = to
		r := f.Do("a PATCH in chunks", req)
		if r.Status == 411 || r.Status == 501 {
			f.stays(op, at, "after a PATCH that was refused")
			f.Unsupported("a PATCH in chunks is refused with %d", r.Status)
		}
		at = f.taken(op, r, at, to, "a PATCH in chunks")
	}
	f.over(op)
	f.intact(op)
}

func patchEmpty(f *flow) {
	op := f.created(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	empty := func(n int64) {
		r := f.Do("a PATCH without a byte", patchAt(op, matrix.Itoa(n), nil))
		f.stays(op, n, "after a PATCH without a byte")
		f.taken(op, r, n, n, "a PATCH without a byte")
	}
	empty(0)
	f.Partly(op, 0, matrix.Usual/2)
	empty(matrix.Usual / 2)
	effects.None("of an upload of which half is missing")
	f.whole(op)
}

// spelled gives a request with the names of its fields changed, in the opposite order.
func spelled(req exchange.Request, change func(string) string) exchange.Request {
	req.Fields = slices.Clone(req.Fields)
	slices.Reverse(req.Fields)
	for i := range req.Fields {
		req.Fields[i].Name = change(req.Fields[i].Name)
	}
	return req
}

func patchNames(f *flow) {
	f.created(matrix.Usual) // as ever: where that does not work, its names are not to blame
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	f.made(op, "POST with names in lower case", spelled(f.d.Prepare(op), strings.ToLower))
	at := int64(0)
	for i, change := range []func(string) string{strings.ToLower, strings.ToUpper} {
		what := []string{"a PATCH with names in lower case", "a PATCH with names in upper case"}[i]
		to := op.Len() / 2 * int64(i+1)
		for at < to {
			op.Sent = to
			at = f.taken(op, f.Do(what, spelled(patchAt(op, matrix.Itoa(at), op.Body[at:to]), change)), at, to, what)
		}
	}
	f.over(op)
}

func patchTypeCase(f *flow) {
	op := f.half()
	op.Sent = op.Len()
	r := f.Do("a PATCH with its media type in another case", f.typed(op, "Application/Offset+Octet-Stream"))
	if r.Status != 204 {
		f.stays(op, matrix.Usual/2, "after a PATCH that was refused")
		f.Broken("204 for Content-Type: Application/Offset+Octet-Stream", "%d", r.Status)
	}
	f.rest(op, f.taken(op, r, matrix.Usual/2, op.Len(), "a PATCH with its media type in another case"))
}

// typed gives the PATCH of the second half as another media type, "" for none.
func (f *flow) typed(op *matrix.Operation, kind string) exchange.Request {
	req := patchAt(op, matrix.Itoa(matrix.Usual/2), op.Body[matrix.Usual/2:])
	req.Fields = without(req.Fields, "Content-Type")
	if kind != "" {
		req.Fields = req.Fields.With("Content-Type", kind)
	}
	return req
}

func patchCut(f *flow) {
	op := f.created(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Partly(op, 0, 500)
	f.CutEarly(op, polite)
	f.whole(op)
	effects.Once("of the upload")
}

func patchLost(f *flow) {
	for _, cut := range []matrix.Cut{
		f.At(matrix.ResponseHead, 0), f.At(matrix.ResponseHead, int64(len("HTTP/1.1 2"))), f.AtFromEnd(matrix.ResponseHead, 1),
	} {
		f.Round()
		op := f.created(matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		first, err := f.d.Resume(op, 0, matrix.Usual/2)
		if err != nil {
			f.Unsupported("%v", err)
		}
		f.InterruptPiece(f.d, op, first, cut)
		n := f.Offset(f.d, op)
		if n == 0 {
			f.Harmful("the offset that the PATCH has led to, whose answer was lost", "0 after it was answered")
		}
		again := f.unlocked("the same PATCH again", first.Request)
		f.stays(op, n, "after the same PATCH again")
		if again.Status != 409 {
			f.Broken("409 (Conflict) for the same PATCH again", "%d", again.Status)
		}
		f.whole(op)
		effects.Once("of the upload")
	}
}

// unlocked is Do for a PATCH to an upload that a request which was cut may still hold.
func (f *flow) unlocked(what string, req exchange.Request) *exchange.Response {
	r := f.Do(what, req)
	if !f.d.Locked(r) {
		return r
	}
	f.Warn("an upload that is not held by a connection which the client has lost", "%d until that connection has ended", r.Status)
	f.Release()
	for pause := polite; f.d.Locked(r) && pause < f.Patient() && f.Wait(pause); pause *= 2 {
		r = f.Do(what, req)
	}
	return r
}

func patchAfterEnd(f *flow) {
	op := f.OpAs(matrix.NewTag(), matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Uploaded(op)
	end := matrix.Bytes(10, f.Salt+3)
	for _, late := range []struct {
		what, offset string
		data         []byte
	}{
		{"the last PATCH again", matrix.Itoa(matrix.Usual / 2), op.Body[matrix.Usual/2:]},
		{"a PATCH without a byte at the end", matrix.Itoa(matrix.Usual), nil},
		{"a PATCH of ten bytes at the end", matrix.Itoa(matrix.Usual), end},
		{"a PATCH of other bytes at the beginning", "0", matrix.Bytes(matrix.Usual, f.Salt+4)},
	} {
		r, err := f.Try(patchAt(op, late.offset, late.data))
		if err == nil { // a server may end the connection of a PATCH that it does not want
			f.Note("%s is answered %d", late.what, r.Status)
		}
		f.over(op)
		f.intact(op)
		effects.Once("of an upload that was complete before " + late.what)
	}
}

func patchGet(f *flow) {
	if f.Set.Readback.From == "none" {
		f.Unsupported("readback: none says that there is nothing to GET")
	}
	op, r := f.fetched()
	switch {
	case r == nil:
		f.Unsupported("no undisturbed upload could be made")
	case r.Status != 200:
		f.Unsupported("GET on an upload gives %d", r.Status)
	case readable(r):
		f.SameBytes("response to GET on an undisturbed upload", r.Body, op.Body)
	default:
		f.Unsupported("GET on an upload gives a document of its own (%s)", r.Fields.Get("Content-Type"))
	}
	op = f.Interrupted(matrix.Usual, matrix.Usual/2)
	f.Success(f.Recover(f.d, op), "the resumed upload")
	got := f.Do("GET on an upload that was resumed", matrix.RequestTo("GET", f.here(op)))
	for pause := polite; got.Status == 404 && pause < f.Patient() && f.Wait(pause); pause *= 2 {
		got = f.Do("GET on an upload that was resumed", matrix.RequestTo("GET", f.here(op)))
	}
	if got.Status != 200 {
		f.Broken("200 for GET, as on an undisturbed upload", "%d", got.Status)
	}
	f.SameBytes("response to GET on a resumed upload", got.Body, op.Body)
}

// readable says whether a response may be the bytes of an upload, and is no document about it.
func readable(r *exchange.Response) bool {
	kind := strings.ToLower(r.Fields.Get("Content-Type"))
	return !strings.Contains(kind, "json") && !strings.Contains(kind, "html") && !strings.Contains(kind, "xml")
}
