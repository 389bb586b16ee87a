package tus

import (
	"crypto/md5"  // #nosec G501 -- an algorithm that servers announce
	"crypto/sha1" // #nosec G505 -- the one that every server must know
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// sums are the algorithms whose names leave no doubt of what they mean. How the four bytes of crc32 are put in order is
// said nowhere.
var sums = []struct {
	name string
	of   func([]byte) []byte
}{
	{"sha1", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }}, // #nosec G401 -- see above
	{"md5", func(b []byte) []byte { s := md5.Sum(b); return s[:] }},   // #nosec G401 -- see above
	{"sha256", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }},
	{"sha384", func(b []byte) []byte { s := sha512.Sum384(b); return s[:] }},
	{"sha512", func(b []byte) []byte { s := sha512.Sum512(b); return s[:] }},
}

// sha1Of gives the value of Upload-Checksum for data.
func sha1Of(data []byte) string { return "sha1 " + base64.StdEncoding.EncodeToString(sums[0].of(data)) }

// summed is the field for data.
func summed(data []byte) exchange.Field { return field("Upload-Checksum", sha1Of(data)) }

// checksumChecks: each PATCH is verified. Only where checksum is announced.
func checksumChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.checksum.algorithms", Level: must, Source: algorithms,
			Requires: "OPTIONS gives Tus-Checksum-Algorithm: a comma-separated list in which sha1 is, of names in ASCII without upper case.",
			Why:      "A client picks from it.",
			Sends:    "OPTIONS on the creation path.",
			Failure:  "The field is missing, or names are written as a library writes them.",
		}, Run: verifying(checksumAlgorithms)},
		{Case: catalog.Case{
			ID: "tus.checksum.match", Level: must, Source: checksum,
			Requires: "A PATCH with the right checksum of its own bytes is taken, with each algorithm that is announced and that the suite knows.",
			Why:      "Whoever verifies wrongly refuses every upload.",
			Sends:    "An upload in two PATCHes for each algorithm, each with its own checksum.",
			Failure:  "The checksum is compared with that of the whole, or encoded otherwise.",
		}, Run: verifying(checksumMatch)},
		{Case: catalog.Case{
			ID: "tus.checksum.mismatch", Level: must, Source: checksum,
			Requires: "A PATCH whose checksum does not match is refused, with 460 at best; what it brought is discarded and the offset stays. The right bytes are taken then.",
			Why:      "Damaged bytes are what the client wants to be protected from.",
			Sends:    "Half an upload; a PATCH with the checksum of other bytes; HEAD; the right PATCH.",
			Failure:  "The checksum is verified after the offset was moved, or not at all.",
		}, Run: verifying(checksumMismatch)},
		{Case: catalog.Case{
			ID: "tus.checksum.last", Level: must, Source: checksum,
			Requires: "A PATCH that would complete the upload and whose checksum does not match completes nothing, and has no effect.",
			Why:      "A damaged file taken for the whole is the worst that can happen.",
			Sends:    "A PATCH of all bytes, of which one is damaged, with the right checksum; HEAD; a read of the number of effects; the right PATCH.",
			Failure:  "The upload is complete when its last byte is in, and verified after.",
		}, Run: verifying(checksumLast)},
		{Case: catalog.Case{
			ID: "tus.checksum.unknown", Level: must, Source: checksum,
			Requires: "A PATCH with a checksum of an algorithm that the server does not know is refused, with 400 at best, and changes nothing.",
			Why:      "The client would take for verified what was not.",
			Sends:    "Half an upload; a PATCH with a checksum of an algorithm of our own; HEAD; the right PATCH.",
			Failure:  "What is not known is passed over.",
		}, Run: verifying(checksumUnknown)},
		{Case: catalog.Case{
			ID: "tus.checksum.malformed", Level: catalog.Should, Source: catalog.Loose(uploadSum, "what becomes of a malformed checksum is not said"),
			Requires: "A PATCH with an Upload-Checksum that is no algorithm and checksum is refused with a 4xx, and changes nothing.",
			Why:      "A checksum that cannot be read verifies nothing.",
			Sends:    "Half an upload; PATCHes with sha1 alone, with a checksum alone, and with one that is no Base64; HEAD after each.",
			Failure:  "What cannot be read is passed over.",
		}, Run: verifying(checksumMalformed)},
		{Case: catalog.Case{
			ID: "tus.checksum.without", Level: must, Source: checksum,
			Requires: "A PATCH without a checksum is taken as ever, also after one with it.",
			Why:      "The client may include the field, and need not.",
			Sends:    "An upload in three PATCHes, of which the second has a checksum.",
			Failure:  "The checksum is asked for once it was seen, or that of the last PATCH is verified again.",
		}, Run: verifying(checksumWithout)},
		{Case: catalog.Case{
			ID: "tus.checksum.cut", Level: must, Source: checksum,
			Requires: "A PATCH with a checksum that is cut cannot be verified: what it brought is kept or discarded, the offset says which, and the upload resumes to the right bytes.",
			Why:      "A client on a bad line sends checksums, too.",
			Sends:    "Half an upload; a PATCH of the rest with its checksum, cut after 0, 1, half and all but one of its bytes; HEAD; the rest with its own checksum.",
			Failure:  "The offset counts bytes that were thrown away, or the half is verified as a whole.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: verifying(checksumCut)},
	}
}

// verifying is with for cases of checksums.
func verifying(run func(*flow)) func(*matrix.Session) {
	return with(func(f *flow) {
		f.announces(extChecksum)
		run(f)
	})
}

func checksumAlgorithms(f *flow) {
	r := f.answered()
	names := list(r.Fields, "Tus-Checksum-Algorithm")
	if !slices.Contains(names, "sha1") {
		f.Broken("sha1 in Tus-Checksum-Algorithm", "Tus-Checksum-Algorithm: %q", r.Fields.Joined("Tus-Checksum-Algorithm"))
	}
	for _, name := range names {
		if name != strings.ToLower(name) || !anElement.MatchString(name) {
			f.Broken("names of algorithms in ASCII, without upper case", "%q", name)
		}
	}
}

func checksumMatch(f *flow) {
	for _, sum := range sums {
		if sum.name != "sha1" && !slices.Contains(f.d.offer.algorithms, sum.name) {
			continue
		}
		f.Round()
		op := f.created(matrix.Usual)
		for at := int64(0); at < op.Len(); {
			to := min(at+5000, op.Len())
			value := sum.name + " " + base64.StdEncoding.EncodeToString(sum.of(op.Body[at:to]))
			at = f.write(op, at, to, "a PATCH with its "+sum.name, field("Upload-Checksum", value))
		}
		f.over(op)
		f.intact(op)
	}
}

// unverified asks that a PATCH was refused and changed nothing; another status than the one of the text is a warning.
func (f *flow) unverified(op *matrix.Operation, n int64, r *exchange.Response, status int, what string) {
	f.stays(op, n, "after "+what)
	f.refused(r, what)
	if r.Status != status {
		f.Warn(matrix.Itoa(status)+" for "+what, "%d", r.Status)
	}
}

// tail gives the rest of an upload of which half is there, with a field more.
func (f *flow) tail(op *matrix.Operation, checksum exchange.Field) exchange.Request {
	op.Sent = op.Len()
	return patchAt(op, matrix.Itoa(matrix.Usual/2), op.Body[matrix.Usual/2:], checksum)
}

func checksumMismatch(f *flow) {
	op := f.half()
	r := f.Do("a PATCH whose checksum does not match", f.tail(op, summed(op.Body[:matrix.Usual/2])))
	f.unverified(op, matrix.Usual/2, r, 460, "a PATCH whose checksum does not match")
	f.rest(op, f.write(op, matrix.Usual/2, op.Len(), "the right PATCH", summed(op.Body[matrix.Usual/2:])))
}

func checksumLast(f *flow) {
	op := f.created(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	damaged := slices.Clone(op.Body)
	damaged[matrix.Usual-7] ^= 1
	op.Sent = op.Len()
	r := f.Do("a PATCH of all bytes that is damaged", patchAt(op, "0", damaged, summed(op.Body)))
	f.stays(op, 0, "after a PATCH that is damaged")
	f.refused(r, "a PATCH that is damaged")
	f.NoneYet(matrix.Watched{Effects: effects, When: "of a PATCH that is damaged"})
	for at := int64(0); at < op.Len(); {
		at = f.write(op, at, op.Len(), "the right PATCH", summed(op.Body[at:]))
	}
	f.over(op)
	f.intact(op)
	effects.Once("of the right PATCH")
}

func checksumUnknown(f *flow) {
	op := f.half()
	value := "resumespec " + base64.StdEncoding.EncodeToString([]byte("a sum of our own"))
	r := f.Do("a PATCH with an unknown algorithm", f.tail(op, field("Upload-Checksum", value)))
	f.unverified(op, matrix.Usual/2, r, 400, "a PATCH with an unknown algorithm")
	f.whole(op)
}

func checksumMalformed(f *flow) {
	for _, value := range []string{"sha1", "sha1 *not base64*", strings.TrimPrefix(sha1Of(nil), "sha1 ")} {
		op := f.half()
		what := "a PATCH with Upload-Checksum: " + value
		r := f.Do(what, f.tail(op, field("Upload-Checksum", value)))
		if r.Status/100 == 2 {
			f.Broken(what+" to be refused with a 4xx", "%d", r.Status)
		}
		f.stays(op, matrix.Usual/2, "after "+what)
		f.refused(r, what)
	}
}

func checksumWithout(f *flow) {
	op := f.created(matrix.Usual)
	for i, to := range []int64{1000, 3000, matrix.Usual} {
		for at := f.Offset(f.d, op); at < to; {
			var more []exchange.Field
			if i == 1 {
				more = append(more, summed(op.Body[at:to]))
			}
			at = f.write(op, at, to, "a PATCH", more...)
		}
	}
	f.over(op)
	f.intact(op)
}

func checksumCut(f *flow) {
	const half = matrix.Usual / 2
	for _, n := range []int64{0, 1, half / 2, half - 1} {
		f.Round()
		op := f.half()
		effects := f.Effects(f.W, op.Tag)
		piece := f.Tail(op, half)
		piece.Request.Fields = append(piece.Request.Fields, summed(op.Body[half:]))
		f.InterruptPiece(f.d, op, piece, f.At(matrix.RequestBody, n))
		at := f.Settled(f.d, op)
		effects.None("of an upload of which bytes are missing")
		rest := f.Tail(op, at)
		rest.Request.Fields = append(rest.Request.Fields, summed(op.Body[at:]))
		op.Sent = op.Len()
		r := f.unlocked("the rest with its own checksum", rest.Request)
		if f.d.Conflict(op, r) {
			f.Note("the rest with its own checksum is answered %d: the server was still at work", r.Status)
		} else {
			at = f.taken(op, r, at, op.Len(), "the rest with its own checksum")
		}
		f.rest(op, at)
		effects.Once("of the upload")
	}
}
