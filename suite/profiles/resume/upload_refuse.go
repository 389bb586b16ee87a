package resume

import (
	"fmt"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// wrongs lists them.
var wrongs = []matrix.WrongWrite{
	{
		Name:     "gap",
		Requires: "A PATCH that starts beyond the offset is refused, and changes nothing.",
		Why:      "A hole in the middle would be filled with bytes that nobody sent.",
		Failure:  "The range is written where it says, without a look at what is there.",
		Forms: func(body []byte, n int64) []matrix.RangedForm {
			l := int64(len(body))
			return []matrix.RangedForm{
				matrix.Ranged(body[n+10:], "bytes %d-%d/%d", n+10, l-1, l), matrix.Ranged(body[n+1:n+2], "bytes %d-%d/%d", n+1, n+1, l),
			}
		},
	},
	{
		Name:     "bad-total",
		Requires: "A PATCH that contradicts the complete length is refused, and changes nothing.",
		Why:      "Two lengths for one upload mean that one side is wrong about what it is uploading.",
		Failure:  "The complete length of Content-Range is not read, or overrides the one announced.",
		Forms:    matrix.BadTotal,
	},
	{
		Name:     "past-end",
		Requires: "A PATCH that runs past the complete length is refused, and changes nothing.",
		Why:      "The stored document would be longer than the one that the client has.",
		Failure:  "The last position is not compared with the complete length.",
		Forms:    matrix.PastEnd,
	},
	{
		Name:     "bad-range",
		Requires: "A PATCH with a malformed Content-Range is refused, and changes nothing.",
		Why:      "A range that is guessed puts bytes in the wrong place.",
		Failure:  "The field is parsed loosely, and what is left of it is used.",
		Forms:    matrix.BadRange,
	},
	{
		Name:     "no-range",
		Requires: "A PATCH without Content-Range is refused, and changes nothing.",
		Why:      "Without a range nothing says where the bytes belong (draft-ietf-httpapi-patch-byterange: 400 or 422).",
		Failure:  "Bytes without a range are appended, or replace the upload.",
		Forms:    matrix.NoRange,
	},
}

// wrongType is a PATCH with which only its media type is wrong.
var wrongType = matrix.WrongWrite{
	Name:     "bad-type",
	Requires: "A PATCH with an unknown media type is refused with 415, whose Accept-Patch names the right one, and changes nothing.",
	Why:      "The client learns what to send instead (RFC 5789, 2.2).",
	Failure:  "The media type of the PATCH is not looked at.",
	Forms: func(body []byte, n int64) []matrix.RangedForm {
		l := int64(len(body))
		return []matrix.RangedForm{matrix.Ranged(body[n:], "bytes %d-%d/%d", n, l-1, l)}
	},
}

// unknownType is a media type that no server knows.
const unknownType = "application/x-resumespec-unknown"

// refusalChecks: a PATCH that is wrong changes nothing.
func refusalChecks() []matrix.Check {
	checks := []matrix.Check{{Case: catalog.Case{
		ID: "resume.upload.overlap", Level: catalog.Must, Source: catalog.Loose(workflow, "an overlap with the same bytes may be accepted"),
		Requires: "A PATCH that overlaps what has arrived with other bytes is refused, and changes nothing; one with the same bytes is refused or taken.",
		Why:      "What the server said that it has must stay what it is.",
		Sends:    "An upload cut in the middle; a PATCH that begins ten bytes before its offset, with other bytes and with the same; then the rest.",
		Failure:  "The range is written where it says, over bytes that were already acknowledged.",
	}.CutAt("mid-upload", matrix.Closing), Run: with(uploadOverlap)}}
	for _, w := range wrongs {
		checks = append(checks, wrongCheck(w, ""))
	}
	return append(checks, wrongCheck(wrongType, unknownType))
}

// wrongCheck gives the case of a wrong PATCH; media replaces its media type where it is not empty.
func wrongCheck(w matrix.WrongWrite, media string) matrix.Check {
	return matrix.Check{Case: catalog.Case{
		ID: "resume.upload." + w.Name, Level: catalog.Must, Source: catalog.Loose(workflow, catalog.Silent),
		Requires: w.Requires, Why: w.Why, Failure: w.Failure,
		Sends: "An upload cut in the middle; the wrong PATCH; HEAD; then the right one.",
	}.CutAt("mid-upload", matrix.Closing), Run: with(func(f *flow) { uploadWrong(f, w, media) })}
}

func uploadWrong(f *flow, w matrix.WrongWrite, media string) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	n := f.Stable(op)
	for _, form := range w.Forms(op.Body, n) {
		f.Round()
		r := f.Do("the wrong PATCH", f.formed(op, form, media))
		f.Refused(r, "a PATCH with "+form.String())
		if media != "" {
			f.unsupportedType(r)
		}
		f.unchanged(op, n, "after a PATCH with "+form.String())
	}
	f.Completed(op)
}

// formed gives the PATCH of a form; media replaces its media type where it is not empty.
func (f *flow) formed(op *matrix.Operation, form matrix.RangedForm, media string) exchange.Request {
	piece, err := f.d.part(op, form.ContentRange, form.Data)
	if err != nil {
		f.Unsupported("%v", err)
	}
	if media != "" {
		piece.Request.Fields = exchange.Fields{{Name: "Content-Type", Value: media}}
	}
	return piece.Request
}

// unsupportedType asks for the status and the field that RFC 5789 recommends; any other 4xx keeps the
// upload safe as well, and only warns.
func (f *flow) unsupportedType(r *exchange.Response) {
	accept := r.Fields.Joined(acceptPatch)
	if r.Status != 415 || !strings.Contains(strings.ToLower(accept), "/") {
		f.Warn("415 with Accept-Patch for a media type that the server does not know", "%d with Accept-Patch: %s", r.Status, accept)
	}
}

// unchanged asks that the offset, and the bytes where they are shown, are as before.
func (f *flow) unchanged(op *matrix.Operation, n int64, when string) {
	f.Unmoved(op, n, when)
	if r := f.send("GET", op, requestContent); r.Status == 200 {
		f.SameBytes("request content", r.Body, op.Body[:n])
	}
}

func uploadOverlap(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	n := f.Stable(op)
	wrongRange := fmt.Sprintf("bytes %d-%d/%d", n-10, matrix.Usual-1, matrix.Usual)
	r := f.Do("a PATCH over other bytes", f.formed(op, matrix.RangedForm{ContentRange: wrongRange, Data: matrix.Bytes(int(matrix.Usual-n+10), 3)}, ""))
	f.Refused(r, "a PATCH that overlaps with other bytes")
	f.unchanged(op, n, "after a PATCH that overlaps with other bytes")

	op.Sent = matrix.Usual
	r = f.Do("a PATCH over the same bytes", f.formed(op, matrix.RangedForm{ContentRange: wrongRange, Data: op.Body[n-10:]}, ""))
	if r.Status/100 == 2 {
		f.Note("an overlap with the same bytes is taken")
		f.Whole(op, f.AfterRivals(op, []*exchange.Response{r}))
		return
	}
	f.Refused(r, "a PATCH that overlaps with the same bytes, if it is not taken,")
	f.unchanged(op, n, "after a PATCH that was refused")
	f.Completed(op)
}
