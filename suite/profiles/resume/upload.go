package resume

import (
	"strings"
	"time"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// uploadChecks: the body is cut, and the request-content resource tells what arrived.
func uploadChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "resume.upload.head-status", Level: catalog.Must, Source: contentRes,
			Requires: "HEAD on the request-content resource of an interrupted upload is answered 2xx.",
			Why:      "It is the only way to learn how much arrived.",
			Sends:    "An upload cut in the middle of its body; then HEAD on its Request-Content-Location.",
			Failure:  "The resource is forgotten with the connection, or is never made.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(func(f *flow) {
			op := f.Interrupted(matrix.Usual, matrix.Usual/2)
			r := f.send("HEAD", op, requestContent)
			f.That(r.Status/100, Equal(2), matrix.Itoa(r.Status), "2xx for HEAD on the request-content resource")
		})},
		{Case: catalog.Case{
			ID: "resume.upload.head-length", Level: catalog.Must, Source: contentRes,
			Requires: "HEAD on the request-content resource gives a Content-Length that is never more than was sent.",
			Why:      "A client that is told too much leaves a hole in its upload.",
			Sends:    "An upload cut in the middle of its body; then HEAD on its Request-Content-Location.",
			Failure:  "Content-Length is missing, gives the length announced instead of the length received, or is one off.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadLawful)},
		{Case: catalog.Case{
			ID: "resume.upload.kept", Level: catalog.Should, Source: preference,
			Requires: "With save-incomplete, what reached the server before the connection was closed in order is kept.",
			Why:      "Keeping it is what the client asked for; whoever keeps nothing makes it send everything again.",
			Sends:    "An upload of 128 KiB cut after 96 KiB; then HEAD, repeated while it says 0.",
			Failure:  "The upload is held in memory that goes away with the request, or written only at its end.",
		}.CutAt("mid-upload", matrix.FinOnly), Run: shared(matrix.UploadKept)},
		{Case: catalog.Case{
			ID: "resume.upload.offset-accepted", Level: catalog.Must, Source: workflow,
			Requires: "The offset that HEAD gave is accepted by the next PATCH.",
			Why:      "A client that is refused at the offset that it was told has no way on.",
			Sends:    "An upload cut in the middle; then HEAD and PATCH at the offset that it gave.",
			Failure:  "The old connection still holds the upload, or its last bytes are written after HEAD was answered.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadAccepted)},
		{Case: catalog.Case{
			ID: "resume.upload.offsets", Level: catalog.Must, Source: workflow,
			Requires: "An upload can be completed wherever its body was cut: after 0, 1, half and all but one of its bytes, and around the borders of 16 KiB and 64 KiB.",
			Why:      "Buffers end at such borders, and so do the mistakes in counting.",
			Sends:    "An upload of 66 KiB, cut at each of these bytes in turn; each is resumed to its end.",
			Failure:  "Bytes are lost or doubled at the border of a buffer.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadOffsets)},
		{Case: catalog.Case{
			ID: "resume.upload.get-or-405", Level: catalog.Must, Source: contentRes,
			Requires: "GET on the request-content resource gives exactly the bytes that arrived, or 405 (Method Not Allowed) with Allow naming HEAD and PATCH.",
			Why:      "A client may check what the server holds; it must get the truth or a clear no.",
			Sends:    "An upload cut in the middle; then HEAD and GET on its Request-Content-Location.",
			Failure:  "GET gives other bytes than were sent, pads them, or refuses without Allow.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(uploadGet)},
		{Case: catalog.Case{
			ID: "resume.upload.head-equals-get", Level: catalog.Should, Source: catalog.RFC(9110, "9.3.2"),
			Requires: "Where GET on the request-content resource is served, HEAD gives the same fields.",
			Why:      "HEAD stands for GET; a client that plans with one uses the other.",
			Sends:    "An upload cut in the middle; then HEAD and GET on its Request-Content-Location.",
			Failure:  "HEAD is answered by code of its own that leaves out or changes fields.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(uploadHeadEqualsGet)},
		{Case: catalog.Case{
			ID: "resume.upload.not-complete", Level: catalog.Must, Source: workflow,
			Requires: "A truncated upload has no effect until its last byte is in; a chunked body without its last chunk is truncated.",
			Why:      "Half a document taken for the whole is the worst that an interruption can do.",
			Sends:    "Uploads cut in the middle, before their last byte, and before the last chunk; then a read of the number of effects and of the response message.",
			Failure:  "The end of the connection is taken for the end of the body.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(func(f *flow) { matrix.UploadNotComplete(f.Flow, &driver{patch: f.Set.Patch}) })},
		{Case: catalog.Case{
			ID: "resume.upload.never-decreases", Level: catalog.Must, Source: catalog.Loose(contentRes, catalog.Silent),
			Requires: "The length that HEAD gives never goes down, across cuts, reconnections and retries.",
			Why:      "A client frees what the server said that it has.",
			Sends:    "An upload cut again and again; HEAD, several times, after each cut.",
			Failure:  "Bytes that were told as received are dropped later, or two workers answer from different copies.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: shared(matrix.UploadNeverDecreases)},
	}
}

// polite is the pause between two questions to a server that may still be at work.
const polite = 50 * time.Millisecond

func uploadGet(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	kept := f.Offset(f.d, op)
	r := f.send("GET", op, requestContent)
	if r.Status == 405 {
		allow := strings.ToUpper(r.Fields.Joined("Allow"))
		f.That(allow, And(ContainSubstring("HEAD"), ContainSubstring("PATCH")), "Allow: "+allow, "405 with Allow naming HEAD and PATCH")
		f.Note("GET is refused with 405, which the source allows")
		return
	}
	f.That(r.Status/100, Equal(2), matrix.Itoa(r.Status), "2xx with what arrived, or 405 with Allow")
	n := int64(len(r.Body))
	if n < kept || n > op.Sent {
		f.BrokenAt(kept, "request body", "GET to give the "+matrix.Itoa(kept)+" bytes that HEAD told", "%d bytes", n)
	}
	f.SameBytes("request content", r.Body, op.Body[:n])
}

func uploadHeadEqualsGet(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	f.Stable(op)
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
	if length := head.Fields.Get("Content-Length"); length != matrix.Itoa(len(get.Body)) {
		f.Broken("HEAD to give the length of what GET gives", "Content-Length %s from HEAD, %d bytes from GET", length, len(get.Body))
	}
}
