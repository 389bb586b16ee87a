package rufh

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// digestChecks: the integrity of an upload, and of one request (RFC 9530).
func digestChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return checks("digest", upDigests, []row{
		{name: "representation", level: must, versions: since("6"),
			requires: "An upload whose Repr-Digest is right succeeds, in one request and in several.",
			why:      "A digest that is computed of a part refuses every upload that was interrupted.",
			sends:    "Uploads with Repr-Digest at the creation: in one request, and in three.",
			failure:  "The digest is compared with the content of a request.", run: digestRepresentation},
		{name: "representation-wrong", level: should, versions: since("6"),
			requires: "An upload whose Repr-Digest is wrong fails when it is complete: it is not answered with a success, and has no effect.",
			why:      "What is stored is not what the client has.",
			sends:    "Uploads with the Repr-Digest of other bytes at the creation: in one request, and in two.",
			failure:  "The field is not looked at.", run: digestRepresentationWrong},
		{name: "content", level: must, versions: since("6"),
			requires: "A request whose Content-Digest is right is taken: the digest is that of its own content.",
			why:      "A digest that is compared with the whole refuses every part.",
			sends:    "A creation with half of the content and its Content-Digest; an append of the rest with its own.",
			failure:  "The digest is compared with what is there.", run: digestContent},
		{name: "content-wrong", level: should, versions: since("6"),
			requires: "An append whose Content-Digest is wrong fails, and is not appended.",
			why:      "Its bytes were damaged on the way; appended they cannot be taken back.",
			sends:    "A creation with half of the content; an append with the Content-Digest of other bytes; HEAD; the same bytes with the right one.",
			failure:  "The field is not looked at, or the bytes are kept in spite of it.", run: digestContentWrong},
		{name: "content-wrong-creation", level: should, versions: since("6"),
			requires: "A creation whose Content-Digest is wrong fails, and has no effect.",
			why:      "Its bytes were damaged on the way.",
			sends:    "A complete creation with the Content-Digest of other bytes; a read of the number of effects.",
			failure:  "Only appends are looked at.", run: digestCreationWrong},
		{name: "wanted", level: should, versions: since("7"),
			requires: "Where a creation asks for it by Want-Repr-Digest, the final response has the Repr-Digest of the whole.",
			why:      "The client sees for itself that the whole arrived.",
			sends:    "Uploads with Want-Repr-Digest: sha-256=10 at the creation: in one request, and in two.",
			failure:  "The field is not looked at, or the digest is that of the last part.", run: digestWanted},
		{name: "unknown", level: should, versions: since("6"), source: catalog.RFC(9530, "2"),
			requires: "A digest of an algorithm that the server does not know is no reason to refuse.",
			why:      "Algorithms come and go.",
			sends:    "An upload with Repr-Digest and Content-Digest of the algorithm x-resumespec.",
			failure:  "Every member must be one that is known.", run: digestUnknown},
	})
}

// digestOf gives the SHA-256 digest of data as a member of a digest field.
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func reprDigest(data []byte) exchange.Field {
	return exchange.Field{Name: "Repr-Digest", Value: digestOf(data)}
}

func contentDigest(data []byte) exchange.Field {
	return exchange.Field{Name: "Content-Digest", Value: digestOf(data)}
}

// inOne sends a whole upload in one request with more fields.
func (f *flow) inOne(op *matrix.Operation, more ...exchange.Field) *exchange.Response {
	req := f.d.creation(op, op.Body, true)
	req.Fields = append(req.Fields, more...)
	return f.begun(op, req)
}

func digestRepresentation(f *flow) {
	op := f.fresh()
	r := f.inOne(op, reprDigest(op.Body))
	f.succeeded(r, "an upload with the right Repr-Digest")
	f.whole(op, r)
	f.Round()
	op = f.fresh()
	f.created(op, 1000, reprDigest(op.Body))
	f.succeeded(f.appended(op, 1000, op.Body[1000:5000], false), "an append to an upload with Repr-Digest")
	f.once(op, 5000, "of an upload with the right Repr-Digest")
}

func digestRepresentationWrong(f *flow) {
	op := f.fresh()
	effects := f.Effects(f.W, op.Tag)
	f.failed(f.inOne(op, reprDigest(f.rival(op.Len()))), effects, "an upload with a wrong Repr-Digest")
	f.Round()
	op = f.fresh()
	effects = f.Effects(f.W, op.Tag)
	f.created(op, 1000, reprDigest(f.rival(op.Len())))
	f.failed(f.appended(op, 1000, op.Body[1000:], true), effects, "the last append of an upload with a wrong Repr-Digest")
}

// failed asks that an upload was not a success and had no effect. That neither is a MUST, so a broken one warns.
func (f *flow) failed(r *exchange.Response, effects matrix.Effects, what string) {
	if r.Status/100 == 2 {
		f.Broken(what+" to fail", "%d", r.Status)
	}
	if n, counted := effects.Since(); counted && n > 0 {
		f.Broken("no effect of "+what, "%d", n)
	}
}

func digestContent(f *flow) {
	const half = matrix.Usual / 2
	op := f.fresh()
	req := f.d.creation(op, op.Body[:half], false)
	req.Fields = append(req.Fields, contentDigest(op.Body[:half]))
	f.createdBy(op, req, half)
	effects := f.Effects(f.W, op.Tag)
	op.Sent = op.Len()
	r := f.appended(op, half, op.Body[half:], true, contentDigest(op.Body[half:]))
	f.succeeded(r, "an append with the right Content-Digest")
	f.whole(op, r)
	effects.Once("of an upload whose parts had the right Content-Digest")
}

func digestContentWrong(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	effects := f.Effects(f.W, op.Tag)
	f.failed(f.appended(op, half, op.Body[half:], true, contentDigest(f.rival(half))), effects, "an append with a wrong Content-Digest")
	head := f.asked("HEAD", op)
	if n, ok := integer(head.Fields.Values("Upload-Offset")); head.Status/100 == 2 && ok && n != half {
		f.BrokenAt(half, "request body", "the offset "+matrix.Itoa[int64](half)+" after an append with a wrong Content-Digest", "%d", n)
	}
	if head.Status/100 != 2 {
		f.Note("the upload is no more after an append with a wrong Content-Digest: %d", head.Status)
		return
	}
	f.once(op, half, "of an upload after an append with a wrong Content-Digest")
}

func digestCreationWrong(f *flow) {
	op := f.fresh()
	effects := f.Effects(f.W, op.Tag)
	f.failed(f.inOne(op, contentDigest(f.rival(op.Len()))), effects, "a creation with a wrong Content-Digest")
}

func digestWanted(f *flow) {
	want := exchange.Field{Name: "Want-Repr-Digest", Value: "sha-256=10"}
	op := f.fresh()
	f.digested(op, f.inOne(op, want))
	f.Round()
	op = f.fresh()
	f.created(op, 1000, want)
	f.digested(op, f.finished(op, 1000))
}

// digested asks that a final response has the digest of the whole. Where that does not agree the client would throw a good
// upload away.
func (f *flow) digested(op *matrix.Operation, r *exchange.Response) {
	members, err := dictionary(r.Fields.Values("Repr-Digest"))
	got, there := members["sha-256"]
	if err != nil || !there {
		f.Broken("Repr-Digest: "+digestOf(op.Body)+" in the final response", "Repr-Digest: %q", r.Fields.Joined("Repr-Digest"))
	}
	if "sha-256="+got != digestOf(op.Body) {
		f.Harmful("the SHA-256 digest of the whole, "+digestOf(op.Body), "%s", got)
	}
}

func digestUnknown(f *flow) {
	const unknown = "x-resumespec=:AAAA:"
	op := f.fresh()
	r := f.inOne(op, exchange.Field{Name: "Repr-Digest", Value: unknown}, exchange.Field{Name: "Content-Digest", Value: unknown})
	f.succeeded(r, "an upload with digests of an unknown algorithm")
}
