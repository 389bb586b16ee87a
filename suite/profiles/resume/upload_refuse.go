package resume

import (
	"fmt"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// wrong is a PATCH that must be refused, and change nothing.
type wrong struct {
	name, requires, why, failure string
	// forms gives every form that is tried, for an upload of which n bytes have arrived.
	forms func(body []byte, n int64) []form
	media string // a media type instead of the right one
}

// form is a Content-Range, "" for none, and the bytes that come with it. Only what the form is meant
// to test is wrong with it: the bytes are as many as the range says, where it says so.
type form struct {
	contentRange string
	data         []byte
}

func ranged(data []byte, format string, args ...any) form {
	return form{fmt.Sprintf(format, args...), data}
}

// wrongs lists them.
var wrongs = []wrong{
	{
		name:     "gap",
		requires: "A PATCH that starts beyond the offset is refused, and changes nothing.",
		why:      "A hole in the middle would be filled with bytes that nobody sent.",
		failure:  "The range is written where it says, without a look at what is there.",
		forms: func(body []byte, n int64) []form {
			l := int64(len(body))
			return []form{ranged(body[n+10:], "bytes %d-%d/%d", n+10, l-1, l), ranged(body[n+1:n+2], "bytes %d-%d/%d", n+1, n+1, l)}
		},
	},
	{
		name:     "bad-total",
		requires: "A PATCH that contradicts the complete length is refused, and changes nothing.",
		why:      "Two lengths for one upload mean that one side is wrong about what it is uploading.",
		failure:  "The complete length of Content-Range is not read, or overrides the one announced.",
		forms: func(body []byte, n int64) []form {
			l := int64(len(body))
			return []form{ranged(body[n:], "bytes %d-%d/%d", n, l-1, l+100), ranged(body[n:l-1], "bytes %d-%d/%d", n, l-2, l-1)}
		},
	},
	{
		name:     "past-end",
		requires: "A PATCH that runs past the complete length is refused, and changes nothing.",
		why:      "The stored document would be longer than the one that the client has.",
		failure:  "The last position is not compared with the complete length.",
		forms: func(body []byte, n int64) []form {
			l := int64(len(body))
			long := append(append([]byte{}, body[n:]...), "0123456789"...)
			return []form{ranged(long, "bytes %d-%d/%d", n, l+9, l), ranged(long[:l-n+1], "bytes %d-%d/%d", n, l, l)}
		},
	},
	{
		name:     "bad-range",
		requires: "A PATCH with a malformed Content-Range is refused, and changes nothing.",
		why:      "A range that is guessed puts bytes in the wrong place.",
		failure:  "The field is parsed loosely, and what is left of it is used.",
		forms: func(body []byte, n int64) []form {
			l, rest := int64(len(body)), body[n:]
			return []form{
				ranged(rest, "bytes"), ranged(rest, "bytes x-y/z"), ranged(rest, "bytes %d-%d/%d", l-1, n, l),
				ranged(rest, "bytes -%d/%d", l-n, l), ranged(rest, "lines %d-%d/%d", n, l-1, l),
				ranged(rest, "bytes %d-99999999999999999999/%d", n, l), ranged(rest, "bytes %d-%d", n, l-1),
			}
		},
	},
	{
		name:     "no-range",
		requires: "A PATCH without Content-Range is refused, and changes nothing.",
		why:      "Without a range nothing says where the bytes belong (draft-ietf-httpapi-patch-byterange: 400 or 422).",
		failure:  "Bytes without a range are appended, or replace the upload.",
		forms:    func(body []byte, n int64) []form { return []form{{"", body[n:]}} },
	},
	{
		name:     "bad-type",
		requires: "A PATCH with an unknown media type is refused with 415, whose Accept-Patch names the right one, and changes nothing.",
		why:      "The client learns what to send instead (RFC 5789, 2.2).",
		failure:  "The media type of the PATCH is not looked at.",
		forms: func(body []byte, n int64) []form {
			l := int64(len(body))
			return []form{ranged(body[n:], "bytes %d-%d/%d", n, l-1, l)}
		},
		media: "application/x-resumespec-unknown",
	},
}

// refusalChecks: a PATCH that is wrong changes nothing.
func refusalChecks() []matrix.Check {
	checks := []matrix.Check{{Case: midUpload(catalog.Case{
		ID: "resume.upload.overlap", Level: catalog.Must, Source: catalog.Loose(workflow, "an overlap with the same bytes may be accepted"),
		Requires: "A PATCH that overlaps what has arrived with other bytes is refused, and changes nothing; one with the same bytes is refused or taken.",
		Why:      "What the server said that it has must stay what it is.",
		Sends:    "An upload cut in the middle; a PATCH that begins ten bytes before its offset, with other bytes and with the same; then the rest.",
		Failure:  "The range is written where it says, over bytes that were already acknowledged.",
	}, matrix.Closing), Run: with(uploadOverlap)}}
	for _, w := range wrongs {
		checks = append(checks, matrix.Check{Case: midUpload(catalog.Case{
			ID: "resume.upload." + w.name, Level: catalog.Must, Source: catalog.Loose(workflow, catalog.Silent),
			Requires: w.requires, Why: w.why, Failure: w.failure,
			Sends: "An upload cut in the middle; the wrong PATCH; HEAD; then the right one.",
		}, matrix.Closing), Run: with(func(f *flow) { uploadWrong(f, w) })})
	}
	return checks
}

func uploadWrong(f *flow, w wrong) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	n := f.Stable(op)
	for _, form := range w.forms(op.Body, n) {
		f.Round()
		r := f.Do("the wrong PATCH", f.formed(op, form, w.media))
		f.refused(r, "a PATCH with "+describeRange(form.contentRange))
		if w.media != "" {
			f.unsupportedType(r)
		}
		f.unchanged(op, n, "after a PATCH with "+describeRange(form.contentRange))
	}
	f.Completed(op)
}

// formed gives the PATCH of a form; media replaces its media type where it is not empty.
func (f *flow) formed(op *matrix.Operation, form form, media string) exchange.Request {
	piece, err := f.d.part(op, form.contentRange, form.data)
	if err != nil {
		f.Unsupported("%v", err)
	}
	if media != "" {
		piece.Request.Fields = exchange.Fields{{Name: "Content-Type", Value: media}}
	}
	return piece.Request
}

func describeRange(contentRange string) string {
	if contentRange == "" {
		return "no Content-Range"
	}
	return "Content-Range: " + contentRange
}

// refused asks for a 4xx.
func (f *flow) refused(r *exchange.Response, what string) {
	if r.Status/100 != 4 {
		f.Broken(what+" to be refused with a 4xx", "%d", r.Status)
	}
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
	if now := f.Offset(f.d, op); now != n {
		f.BrokenAt(min(n, now), "request body", "the offset to stay at "+itoa(int(n))+" "+when, "%d", now)
	}
	if r := f.send("GET", op, requestContent); r.Status == 200 {
		f.SameBytes("request content", r.Body, op.Body[:n])
	}
}

func uploadOverlap(f *flow) {
	op := f.Interrupted(matrix.Usual, matrix.Usual/2)
	n := f.Stable(op)
	wrongRange := fmt.Sprintf("bytes %d-%d/%d", n-10, matrix.Usual-1, matrix.Usual)
	r := f.Do("a PATCH over other bytes", f.formed(op, form{wrongRange, matrix.Bytes(int(matrix.Usual-n+10), 3)}, ""))
	f.refused(r, "a PATCH that overlaps with other bytes")
	f.unchanged(op, n, "after a PATCH that overlaps with other bytes")

	op.Sent = matrix.Usual
	r = f.Do("a PATCH over the same bytes", f.formed(op, form{wrongRange, op.Body[n-10:]}, ""))
	if r.Status/100 == 2 {
		f.Note("an overlap with the same bytes is taken")
		f.Whole(op, f.AfterRivals(op, []*exchange.Response{r}))
		return
	}
	f.refused(r, "a PATCH that overlaps with the same bytes, if it is not taken,")
	f.unchanged(op, n, "after a PATCH that was refused")
	f.Completed(op)
}
