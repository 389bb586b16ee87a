package resume

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// uploadChecks: the body is cut, and the request-content resource tells what arrived.
func uploadChecks() []matrix.Check {
	return []matrix.Check{
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.head-status", Level: catalog.Must, Source: contentRes,
			Requires: "HEAD on the request-content resource of an interrupted upload is answered 2xx.",
			Why:      "It is the only way to learn how much arrived.",
			Sends:    "An upload cut in the middle of its body; then HEAD on its Request-Content-Location.",
			Failure:  "The resource is forgotten with the connection, or is never made.",
		}, everyFault), Run: with(func(f *flow) {
			op := f.interrupted(usual, usual/2)
			r := f.send("HEAD", op, requestContent)
			f.That(r.Status/100, Equal(2), itoa(r.Status), "2xx for HEAD on the request-content resource")
		})},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.head-length", Level: catalog.Must, Source: contentRes,
			Requires: "HEAD on the request-content resource gives a Content-Length that is never more than was sent.",
			Why:      "A client that is told too much leaves a hole in its upload.",
			Sends:    "An upload cut in the middle of its body; then HEAD on its Request-Content-Location.",
			Failure:  "Content-Length is missing, gives the length announced instead of the length received, or is one off.",
		}, everyFault), Run: with(func(f *flow) { f.Offset(f.d, f.interrupted(usual, usual/2)) })},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.kept", Level: catalog.Should, Source: preference,
			Requires: "With save-incomplete, what reached the server before the connection was closed in order is kept.",
			Why:      "Keeping it is what the client asked for; whoever keeps nothing makes it send everything again.",
			Sends:    "An upload of 128 KiB cut after 96 KiB; then HEAD, repeated while it says 0.",
			Failure:  "The upload is held in memory that goes away with the request, or written only at its end.",
		}, finOnly), Run: with(uploadKept)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.offset-accepted", Level: catalog.Must, Source: workflow,
			Requires: "The offset that HEAD gave is accepted by the next PATCH.",
			Why:      "A client that is refused at the offset that it was told has no way on.",
			Sends:    "An upload cut in the middle; then HEAD and PATCH at the offset that it gave.",
			Failure:  "The old connection still holds the upload, or its last bytes are written after HEAD was answered.",
		}, everyFault), Run: with(func(f *flow) {
			op := f.interrupted(usual, usual/2)
			f.success(f.RecoverAtOnce(f.d, op), "the PATCH at the offset given")
		})},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.offsets", Level: catalog.Must, Source: workflow,
			Requires: "An upload can be completed wherever its body was cut: after 0, 1, half and all but one of its bytes, and around the borders of 16 KiB and 64 KiB.",
			Why:      "Buffers end at such borders, and so do the mistakes in counting.",
			Sends:    "An upload of 66 KiB, cut at each of these bytes in turn; each is resumed to its end.",
			Failure:  "Bytes are lost or doubled at the border of a buffer.",
		}, everyFault), Run: with(uploadOffsets)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.get-or-405", Level: catalog.Must, Source: contentRes,
			Requires: "GET on the request-content resource gives exactly the bytes that arrived, or 405 (Method Not Allowed) with Allow naming HEAD and PATCH.",
			Why:      "A client may check what the server holds; it must get the truth or a clear no.",
			Sends:    "An upload cut in the middle; then HEAD and GET on its Request-Content-Location.",
			Failure:  "GET gives other bytes than were sent, pads them, or refuses without Allow.",
		}, everyFault), Run: with(uploadGet)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.head-equals-get", Level: catalog.Should, Source: rfc(9110, "9.3.2"),
			Requires: "Where GET on the request-content resource is served, HEAD gives the same fields.",
			Why:      "HEAD stands for GET; a client that plans with one uses the other.",
			Sends:    "An upload cut in the middle; then HEAD and GET on its Request-Content-Location.",
			Failure:  "HEAD is answered by code of its own that leaves out or changes fields.",
		}, everyFault), Run: with(uploadHeadEqualsGet)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.not-complete", Level: catalog.Must, Source: workflow,
			Requires: "A truncated upload has no effect until its last byte is in; a chunked body without its last chunk is truncated.",
			Why:      "Half a document taken for the whole is the worst that an interruption can do.",
			Sends:    "Uploads cut in the middle, before their last byte, and before the last chunk; then a read of the number of effects and of the response message.",
			Failure:  "The end of the connection is taken for the end of the body.",
		}, everyFault), Run: with(uploadNotComplete)},
		{Case: midUpload(catalog.Case{
			ID: "resume.upload.never-decreases", Level: catalog.Must, Source: loose(contentRes, loosePage),
			Requires: "The length that HEAD gives never goes down, across cuts, reconnections and retries.",
			Why:      "A client frees what the server said that it has.",
			Sends:    "An upload cut again and again; HEAD, several times, after each cut.",
			Failure:  "Bytes that were told as received are dropped later, or two workers answer from different copies.",
		}, everyFault), Run: with(uploadNeverDecreases)},
	}
}

// midUpload fills in what the cases of this area share.
func midUpload(c catalog.Case, faults []string) catalog.Case {
	c.Point, c.Faults = "mid-upload", faults
	return c
}

// polite is the pause between two questions to a server that may still be at work.
const polite = 50 * time.Millisecond

func uploadKept(f *flow) {
	length := f.atMost(128 << 10)
	at := int64(length / 4 * 3)
	op := f.interrupted(length, at)
	kept := f.Offset(f.d, op)
	for began := time.Now(); kept == 0 && time.Since(began) < f.patient(); f.Wait(polite) {
		kept = f.Offset(f.d, op) // the server may still be draining the old connection
	}
	f.Figure("kept", float64(kept), "bytes")
	f.Note("kept %d of %d bytes", kept, at)
	f.That(kept, BeNumerically(">", 0), fmt.Sprintf("kept 0 of %d bytes", at), "some of the %d bytes that arrived to be kept", at)
	f.completed(op)
}

func uploadOffsets(f *flow) {
	const k16, k64 = 16 << 10, 64 << 10
	length := int64(f.atMost(66 << 10))
	for _, at := range []int64{0, 1, k16 - 1, k16, k16 + 1, length / 2, k64 - 1, k64, k64 + 1, length - 1} {
		if at >= length {
			f.Note("limits.body lets no upload be cut at byte %d", at)
			continue
		}
		f.Round()
		op := f.opAs(matrix.NewTag(), int(length))
		effects := f.Effects(f.w, op.Tag)
		f.Interrupt(f.d, op, f.cut(matrix.RequestBody, at))
		f.offered(op, requestContent)
		f.completed(op)
		effects.Once("after an upload cut at byte " + itoa(int(at)))
	}
}

func uploadGet(f *flow) {
	op := f.interrupted(usual, usual/2)
	kept := f.Offset(f.d, op)
	r := f.send("GET", op, requestContent)
	if r.Status == 405 {
		allow := strings.ToUpper(r.Fields.Joined("Allow"))
		f.That(allow, And(ContainSubstring("HEAD"), ContainSubstring("PATCH")), "Allow: "+allow, "405 with Allow naming HEAD and PATCH")
		f.Note("GET is refused with 405, which the source allows")
		return
	}
	f.That(r.Status/100, Equal(2), itoa(r.Status), "2xx with what arrived, or 405 with Allow")
	n := int64(len(r.Body))
	if n < kept || n > op.Sent {
		f.BrokenAt(kept, "request body", "GET to give the "+itoa(int(kept))+" bytes that HEAD told", "%d bytes", n)
	}
	f.SameBytes("request content", r.Body, op.Body[:n])
}

func uploadHeadEqualsGet(f *flow) {
	op := f.interrupted(usual, usual/2)
	f.settled(op)
	get := f.send("GET", op, requestContent)
	if get.Status/100 != 2 {
		f.Unsupported("GET on the request-content resource gives %d", get.Status)
	}
	head := f.send("HEAD", op, requestContent)
	for _, name := range []string{"Content-Type", "ETag", "Content-Encoding", "Content-Language", "Accept-Patch"} {
		if a, b := head.Fields.Joined(name), get.Fields.Joined(name); a != b {
			f.Broken("the same "+name+" from HEAD and GET", "%q from HEAD, %q from GET", a, b)
		}
	}
	if length := head.Fields.Get("Content-Length"); length != itoa(len(get.Body)) {
		f.Broken("HEAD to give the length of what GET gives", "Content-Length %s from HEAD, %d bytes from GET", length, len(get.Body))
	}
}

func uploadNotComplete(f *flow) {
	plain := &driver{patch: f.cfg.Patch}
	cuts := []struct {
		what    string
		at      int64
		chunked bool
		d       *driver
	}{
		{"half of its body", usual / 2, false, f.d},
		{"all but one byte", usual - 1, false, f.d},
		{"all of its bytes but not the last chunk", usual, true, f.d},
		{"half of its body, and did not ask for resumption,", usual / 2, false, plain},
		{"all of its bytes but not the last chunk, and did not ask for resumption,", usual, true, plain},
	}
	seen := f.cfg.Count != nil
	var uploads []matrix.Watched
	for _, c := range cuts {
		f.Round()
		op := f.opAs(matrix.NewTag(), usual)
		op.Chunked = c.chunked
		effects := f.Effects(f.w, op.Tag)
		t := f.Attempt(c.d, op, f.cut(matrix.RequestBody, c.at))
		if c.chunked && !t.Evidence.Fired && t.Evidence.FinalStatus == 411 {
			f.Note("chunked uploads are refused with 411")
			continue
		}
		f.Landed(t)
		seen = f.notReady(op, c.what) || seen
		when := "of an upload that was cut after " + c.what
		effects.None(when)
		f.Release()
		uploads = append(uploads, matrix.Watched{Effects: effects, When: when, Look: func() { f.notReady(op, c.what) }})
	}
	f.Round()
	f.NoneYet(uploads...)
	if !seen {
		f.Unsupported("neither count nor a Response-Message-Location tells of the effect")
	}
}

// notReady asks that the response message holds no final response yet, and says whether there is one
// to ask.
func (f *flow) notReady(op *matrix.Operation, after string) bool {
	if _, err := handle(op, responseMessage); err != nil {
		return false
	}
	r := f.send("GET", op, responseMessage)
	switch final, state, _ := f.d.ReadOutcome(op, r); state {
	case matrix.Ready:
		f.Broken("no final response to an upload of which "+after+" has arrived", "the response message holds %d", final.Status)
	case matrix.Broken:
		f.Broken("an answer that says not yet to an upload of which "+after+" has arrived", "%d, and no HTTP message in it", r.Status)
	case matrix.Pending:
	}
	return true
}

func uploadNeverDecreases(f *flow) {
	op := f.interrupted(usual, usual/4)
	at := f.Offset(f.d, op)
	for _, next := range []int64{usual / 2, usual / 4 * 3, usual - 1} {
		f.Round()
		if at < next {
			f.InterruptPiece(f.d, op, f.tail(op, at), f.cut(matrix.RequestBody, next-at))
		}
		for range 3 {
			at = f.Offset(f.d, op) // breaks the case where it goes down
		}
	}
	f.completed(op)
}

// settled gives an offset that moves no more of itself: a server may still be draining the connection
// that was cut, until a write over another is taken.
func (f *flow) settled(op *matrix.Operation) int64 {
	n := f.Offset(f.d, op)
	if r := f.Send(f.d, op, n, n+256); r != nil && r.Status/100 != 2 {
		return f.Settled(f.d, op) // it takes the whole rest only, of which another case tells
	}
	return f.Offset(f.d, op)
}

// tail gives the PATCH for the rest of the body.
func (f *flow) tail(op *matrix.Operation, from int64) matrix.Piece {
	piece, err := f.d.Resume(op, from, op.Len())
	if err != nil {
		f.Unsupported("%v", err)
	}
	return piece
}

// partly sends a part over a clean connection and asks that it is taken.
func (f *flow) partly(op *matrix.Operation, from, to int64) {
	r := f.Send(f.d, op, from, to)
	if r != nil && r.Status/100 != 2 {
		f.Broken("a PATCH of bytes "+itoa(int(from))+" to "+itoa(int(to))+" to be taken", "%d", r.Status)
	}
}
