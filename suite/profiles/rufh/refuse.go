package rufh

import (
	"encoding/json"
	"mime"
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// refusalChecks: appends that must not be taken.
func refusalChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return checks("refuse", upAppend, []row{
		{name: "offset-low", level: must, versions: everyVersion,
			requires: "An append below the offset is refused with 409 (Conflict), and changes nothing.",
			why:      "Its bytes are there already; appended again they corrupt the upload.",
			sends:    "A creation with half of the content; appends at byte 0 and one byte below the offset, of other bytes, that leave the upload open and that complete it; HEAD; the rest.",
			failure:  "Bytes are appended wherever the client believes to be.", run: refuseLow},
		{name: "offset-high", level: must, versions: everyVersion,
			requires: "An append beyond the offset is refused with 409 (Conflict), and changes nothing.",
			why:      "It leaves a hole, or moves what follows.",
			sends:    "A creation with half of the content; appends one byte and 1000 bytes beyond the offset; HEAD; the rest.",
			failure:  "The gap is closed, or filled with zeros.", run: refuseHigh},
		{name: "offset-told", level: must, versions: everyVersion,
			requires: "The 409 tells the offset at which to go on in Upload-Offset.",
			why:      "The client goes on there without another question.",
			sends:    "A creation with half of the content; an append at byte 0; one at the offset that the 409 tells.",
			failure:  "The field is missing, or is that of the request.", run: refuseOffsetTold},
		{name: "incomplete-told", level: must, versions: since("7"),
			requires: "The 409 says that the response is the upload's and not the target's: Upload-Complete: ?0.",
			why:      "A client must not take it for the outcome of its upload.",
			sends:    "A creation with half of the content; appends at byte 0 that leave the upload open and that complete it.",
			failure:  "The field is left out of errors, or copied from the request.", run: refuseIncompleteTold},
		{name: "problem", level: should, versions: since("6"), source: from("Mismatching Offset", "mismatching-offset"),
			requires: "Where the 409 is a problem of the type mismatching-upload-offset, it has the members expected-offset and provided-offset, and these are right.",
			why:      "A client reads both from one place.",
			sends:    "A creation with half of the content; an append at byte 100.",
			failure:  "The members are missing, are texts, or are exchanged.", run: refuseProblem},
		{name: "no-offset", level: must, versions: everyVersion,
			requires: "An append without Upload-Offset is refused with a 4xx, and changes nothing.",
			why:      "Nobody knows where its bytes belong.",
			sends:    "A creation with half of the content; an append without the field; HEAD; the rest.",
			failure:  "The bytes are appended wherever the upload stands.", run: refuseNoOffset},
		{name: "no-state", level: must, versions: since("4"), source: upResource,
			requires: "An append that does not say whether it completes the upload does not complete it.",
			why:      "The upload is over only when it is explicitly said to be.",
			sends:    "A creation with half of the content; an append of the rest without the field of completeness; HEAD; a read of the number of effects.",
			failure:  "What is not said is taken for true.", run: refuseNoState},
		{name: "media-type", level: should, versions: since("6"), source: from("Media Type application/partial-upload", "media-type-partial-upload"),
			requires: "A PATCH with another media type is refused with a 4xx (415 at best), and changes nothing.",
			why:      "It is a patch of another kind (RFC 5789, 2.2).",
			sends:    "A creation with half of the content; PATCHes with text/plain, with application/offset+octet-stream and without Content-Type; HEAD; the rest.",
			failure:  "The media type is not looked at.", run: refuseMediaType},
		{name: "early", level: should, versions: everyVersion, source: catalog.RFC(9110, "10.1.1"),
			requires: "An append that is refused by its head is refused with the final status instead of a 100 (Continue).",
			why:      "The client sends its content for nothing.",
			sends:    "A creation with half of the content; an append at byte 0 with Expect: 100-continue.",
			failure:  "The head is looked at when the content has come.", run: refuseEarly},
	})
}

// tried sends an append, to an upload of which half is there, that must be refused with one of the statuses, and asks that
// nothing has changed.
func (f *flow) tried(op *matrix.Operation, req exchange.Request, what string, statuses ...int) *exchange.Response {
	r := f.sent(op, req, false)
	if r.Status/100 == 2 {
		f.Harmful(what+" to be refused", "%d", r.Status)
	}
	if len(statuses) > 0 && !slices.Contains(statuses, r.Status) || r.Status/100 != 4 {
		f.Broken(what+" to be refused with "+statusesOr4xx(statuses), "%d", r.Status)
	}
	f.at(op, matrix.Usual/2, "after "+what)
	return r
}

func statusesOr4xx(statuses []int) string {
	if len(statuses) == 0 {
		return "a 4xx"
	}
	return matrix.Itoa(statuses[0])
}

// rivalOf gives other bytes than the upload's, for a request that must not be taken.
func (f *flow) rival(n int64) []byte { return matrix.Bytes(int(n), f.Salt+99) }

func refuseLow(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	for _, offset := range []int64{0, half - 1} {
		for _, complete := range []bool{false, true} {
			f.tried(op, f.d.append(op, offset, f.rival(op.Len()-offset), complete), "an append at byte "+matrix.Itoa(offset)+" of an upload at byte "+matrix.Itoa[int64](half), 409)
		}
	}
	f.once(op, half, "after appends below the offset")
}

func refuseHigh(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	for _, beyond := range []int64{1, 1000} {
		offset := half + beyond
		f.tried(op, f.d.append(op, offset, op.Body[offset:], true), "an append at byte "+matrix.Itoa(offset)+" of an upload at byte "+matrix.Itoa[int64](half), 409)
	}
	f.once(op, half, "after appends beyond the offset")
}

func refuseOffsetTold(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	r := f.tried(op, f.d.append(op, 0, op.Body, true), "an append at byte 0", 409)
	if n, ok := integer(r.Fields.Values("Upload-Offset")); !ok || n != half {
		f.Broken("Upload-Offset: "+matrix.Itoa[int64](half)+" in the 409", "Upload-Offset: %q", r.Fields.Joined("Upload-Offset"))
	}
	f.once(op, half, "of an upload that went on where the 409 said")
}

func refuseIncompleteTold(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	for _, complete := range []bool{false, true} {
		r := f.tried(op, f.d.append(op, 0, op.Body, complete), "an append at byte 0", 409)
		if over, known := f.v.completeness(r); !known || over {
			f.Broken("Upload-Complete: ?0 in the 409", "%s", f.v.told(r))
		}
	}
}

const mismatching = "https://iana.org/assignments/http-problem-types#mismatching-upload-offset"

func refuseProblem(f *flow) {
	const half, provided = matrix.Usual / 2, 100
	op := f.opened(half)
	r := f.tried(op, f.d.append(op, provided, op.Body[provided:], true), "an append at byte 100", 409)
	var members struct {
		Type     string
		Expected *json.Number `json:"expected-offset"`
		Provided *json.Number `json:"provided-offset"`
	}
	err := json.Unmarshal(r.Body, &members)
	if media, _, _ := mime.ParseMediaType(r.Fields.Get("Content-Type")); media != "application/problem+json" || members.Type != mismatching {
		f.Unsupported("the 409 is no problem of the type mismatching-upload-offset")
	}
	if err != nil {
		f.Broken("a problem whose members are as they are defined", "%v", err)
	}
	for name, member := range map[string]struct {
		got  *json.Number
		want string
	}{"expected-offset": {members.Expected, matrix.Itoa[int64](half)}, "provided-offset": {members.Provided, matrix.Itoa[int64](provided)}} {
		if member.got == nil || member.got.String() != member.want {
			f.Broken(name+" "+member.want+" in the problem", "%s", r.Body)
		}
	}
}

func refuseNoOffset(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	req := f.d.append(op, 0, f.rival(half), true)
	req.Fields = without(req.Fields, "Upload-Offset")
	f.tried(op, req, "an append without Upload-Offset")
	f.once(op, half, "after an append without Upload-Offset")
}

func refuseNoState(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	effects := f.Effects(f.W, op.Tag)
	req := f.d.append(op, half, op.Body[half:], true)
	req.Fields = without(req.Fields, f.v.complete)
	r := f.sent(op, req, false)
	f.Note("it is answered %d", r.Status)
	op.Sent = op.Len()
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an append that did not say that it completes the upload", Look: func() {
		f.incomplete(op, "by an append that did not say so")
	}})
	f.finished(op, f.Offset(f.D, op))
	effects.Once("of the upload")
}

func refuseMediaType(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	for _, media := range []string{"text/plain", "application/offset+octet-stream", ""} {
		req := f.d.append(op, half, f.rival(half), true)
		req.Fields = without(req.Fields, "Content-Type")
		if media != "" {
			req.Fields = req.Fields.With("Content-Type", media)
		}
		r := f.sent(op, req, false)
		if r.Status/100 != 4 {
			f.Broken("a PATCH with Content-Type: "+quotedOrNone(media)+" to be refused with 415", "%d", r.Status)
		}
		f.at(op, half, "after a PATCH with Content-Type: "+quotedOrNone(media))
	}
	f.once(op, half, "after PATCHes of other media types")
}

func refuseEarly(f *flow) {
	op := f.opened(matrix.Usual / 2)
	req := f.d.append(op, 0, op.Body, true)
	req.Fields = req.Fields.With("Expect", "100-continue")
	answer := f.AskRaw(0, req)
	if answer.Final == nil {
		f.Broken("a 4xx for an append at byte 0", "no answer")
	}
	f.refused(answer.Final, "an append at byte 0")
	if slices.ContainsFunc(answer.Interims, func(r *exchange.Response) bool { return r.Status == 100 }) {
		f.Broken("the final status instead of 100 (Continue) for an append at the wrong offset", "100, and then %d", answer.Final.Status)
	}
}
