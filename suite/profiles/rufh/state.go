package rufh

import (
	"context"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// stateChecks: what the upload resource tells of an upload.
func stateChecks() []matrix.Check {
	must, should, may := catalog.Must, catalog.Should, catalog.May
	return checks("state", upRetrieval, []row{
		{name: "offset", level: must, versions: everyVersion,
			requires: "HEAD on the upload resource of an upload that is open is answered with a 2xx and its offset in Upload-Offset, an Integer.",
			why:      "It is where the client goes on.",
			sends:    "Creations with no content, with 1 byte and with half of it; HEAD, several times; appends of other parts, each with HEAD after it.",
			failure:  "The offset is that of the last part, or is told in another form.", run: stateOffset},
		{name: "complete", level: must, versions: everyVersion,
			requires: "The answer says whether the upload is complete, in the field and the form of the version.",
			why:      "All of the bytes may be there and the upload not be over.",
			sends:    "A creation with half of the content, then all of it by an append that leaves the upload open; HEAD after each, and after the end where the upload is still there.",
			failure:  "The field is missing, is a copy of the request's, or follows from offset and length.", run: stateComplete},
		{name: "length", level: must, versions: since("6"), measured: true,
			requires: "The answer tells the length of the upload in Upload-Length where the client has told it.",
			why:      "Another client, or the same one after a restart, checks by it that it is the right file.",
			sends:    "A creation without content and with Upload-Length; HEAD before and after an append.",
			failure:  "The length is forgotten, or is that of what is there.", run: stateLength},
		{name: "length-derived", level: must, versions: since("6"), measured: true, point: "mid-upload", faults: matrix.Closing,
			requires: "The length is that of the content of a creation that was to be complete, also where it tells no Upload-Length and was cut.",
			why:      "A conventional request tells its length by its Content-Length.",
			sends:    "A complete creation with Content-Length and without Upload-Length, cut in the middle; HEAD.",
			failure:  "Only Upload-Length is recorded.", run: stateDerived},
		{name: "length-of-append", level: must, versions: since("7"), source: upAppend, point: "mid-upload", faults: matrix.Closing,
			requires: "The length is what is there and the content of an append that was to complete the upload, also where the client tells no Upload-Length and the append was cut.",
			why:      "A client that streams tells the length with its last append, and another one checks by it that it is the right file.",
			sends:    "A creation with half of the content and without Upload-Length; an append of the rest with Content-Length that completes the upload, cut in the middle; HEAD.",
			failure:  "Only Upload-Length is recorded, or the length of the append.", run: stateOfAppend},
		{name: "limit", level: must, versions: since(newest),
			requires: "The answer tells the limits that apply to the upload in Upload-Limit.",
			why:      "A client that resumes learns only here how much it may send.",
			sends:    "A creation without content; HEAD.",
			failure:  "The limits are told at the creation alone.",
			loose:    "an upload without limits has none to tell", run: stateLimit},
		{name: "no-store", level: should, versions: everyVersion,
			requires: "The answer has Cache-Control: no-store.",
			why:      "A cache that answers with an old offset stops the upload for good.",
			sends:    "A creation with half of the content; HEAD.",
			failure:  "The field is missing.", run: stateNoStore},
		{name: "get", level: must, versions: []string{latest},
			requires: "GET on the upload resource tells what HEAD tells: offset, completeness, length and limits.",
			why:      "Some clients cannot send HEAD.",
			sends:    "A creation with half of the content; HEAD and GET, before and after an append.",
			failure:  "GET is not served, or answers with the content alone.", run: stateGet},
		{name: "status", level: must, versions: names("3", "6"), source: older("05", "Offset Retrieval"),
			requires: "The answer has the status that the version names: 204 (No Content), from version 5 on also 200 (OK).",
			why:      "Clients of these versions compare it.",
			sends:    "A creation with half of the content; HEAD.",
			failure:  "The status of a newer version, or of another protocol, is answered.", run: stateStatus},
		{name: "no-fields", level: must, versions: names("3", "6"), source: older("05", "Offset Retrieval"),
			requires: "A request for the offset that carries Upload-Offset or the field of completeness is refused with 400 (Bad Request).",
			why:      "It may be an append whose method an intermediary has changed.",
			sends:    "HEAD with Upload-Offset, and with the field of completeness, on the resource of an open upload.",
			failure:  "The fields are not looked at.", run: stateNoFields},
		{name: "unknown", level: must, versions: everyVersion, source: catalog.Loose(upRetrieval, "how an upload resource that is not there is answered is said up to version 6 only: 404"),
			requires: "What is no upload resource is not answered as one: HEAD and an append are refused, in versions up to 6 with 404 (Not Found).",
			why:      "A client that has lost its upload must learn that it has.",
			sends:    "HEAD and an append on the URI of an upload resource with its last part changed.",
			failure:  "An upload is made up from what is asked.", run: stateUnknown},
		{name: "after", level: may, versions: everyVersion,
			requires: "Where the upload resource still answers when the upload is over, it tells the full length for its offset and that the upload is complete.",
			why:      "A client that lost the final response learns that there is nothing to resume.",
			sends:    "A whole upload; HEAD.",
			failure:  "The offset goes back to 0, or the state stays open.", run: stateAfter},
	})
}

func stateOffset(f *flow) {
	for _, n := range []int64{0, 1, matrix.Usual / 2} {
		f.Round()
		op := f.opened(n)
		for range 2 {
			f.at(op, n, "after a creation with as many bytes")
		}
		at := n
		for _, part := range []int64{1, 1000, 2000} {
			f.succeeded(f.appended(op, at, op.Body[at:at+part], false), "an append")
			at += part
			f.at(op, at, "after an append that ends there")
		}
		f.finished(op, at)
	}
}

func stateComplete(f *flow) {
	op := f.opened(matrix.Usual / 2)
	f.says(op, false, "half of the content")
	f.succeeded(f.appended(op, matrix.Usual/2, op.Body[matrix.Usual/2:], false), "an append")
	f.says(op, false, "all of the content, and was not completed,")
	f.finished(op, op.Len())
	if r := f.asked("HEAD", op); r.Status/100 == 2 {
		f.says(op, true, "all of the content, and was completed,")
	}
}

// says asks that the upload resource tells a state.
func (f *flow) says(op *matrix.Operation, want bool, of string) {
	r := f.asked("HEAD", op)
	f.succeeded(r, "HEAD on the upload resource")
	if complete, known := f.v.completeness(r); !known || complete != want {
		f.Broken(f.v.complete+": "+f.v.state(want)+" for an upload that has "+of, "%s", f.v.told(r))
	}
}

// tells asks that an answer tells the length.
func (f *flow) tells(r *exchange.Response, length int64, when string) {
	if n, ok := integer(r.Fields.Values("Upload-Length")); !ok || n != length {
		f.Broken("Upload-Length: "+matrix.Itoa(length)+" "+when, "Upload-Length: %q", r.Fields.Joined("Upload-Length"))
	}
}

func stateLength(f *flow) {
	op := f.opened(0)
	f.tells(f.asked("HEAD", op), op.Len(), "where the creation told it")
	f.succeeded(f.appended(op, 0, op.Body[:1000], false), "an append")
	f.tells(f.asked("HEAD", op), op.Len(), "after an append")
}

func stateDerived(f *flow) {
	f.announcing()
	op := f.fresh()
	req := f.expecting(f.d.creation(op, op.Body, true))
	op.Facts[sending] = wholly
	t := f.CutBy(req, f.At(matrix.RequestBody, matrix.Usual/2), f.untilAnnounced)
	f.Landed(t)
	for _, r := range t.Interims {
		f.d.Learn(op, r)
	}
	f.tells(f.asked("HEAD", op), op.Len(), "of a creation that was to be complete, with Content-Length: "+matrix.Itoa(op.Len()))
}

func stateOfAppend(f *flow) {
	const half = matrix.Usual / 2
	op := f.endless(half)
	op.Facts[sending], op.Sent = wholly, op.Len()
	f.Landed(f.CutBy(f.expecting(f.d.append(op, half, op.Body[half:], true)), f.At(matrix.RequestBody, half/2), f.onLeave))
	f.tells(f.asked("HEAD", op), op.Len(), "of an upload at byte "+matrix.Itoa[int64](half)+" that an append with Content-Length: "+matrix.Itoa[int64](half)+" was to complete")
}

// onLeave is a client that waits for 100 (Continue), so that the server has begun with the request when its content comes.
func (f *flow) onLeave(ctx context.Context, x *exchange.Exchange) (*exchange.Response, error) {
	if final, err := f.begin(ctx, x); final != nil || err != nil {
		return final, err
	}
	if err := x.SendEnd(ctx); err != nil {
		return nil, err
	}
	return x.Final(ctx)
}

func stateLimit(f *flow) {
	op := f.opened(0)
	r := f.asked("HEAD", op)
	told := limitsOf(op.Facts[limits])
	if !r.Fields.Has("Upload-Limit") && len(f.real(told)) == 0 && len(f.real(f.told)) == 0 {
		f.Note("no limits are told anywhere")
		return
	}
	if !r.Fields.Has("Upload-Limit") {
		f.Broken("the limits in Upload-Limit of the answer to HEAD", "none; before that %v was told", f.real(told))
	}
}

// real gives the limits that limit something.
func (f *flow) real(told map[string]int64) map[string]int64 {
	left := map[string]int64{}
	for key, n := range told {
		if !strings.HasPrefix(key, "min-") || n > 0 {
			left[key] = n
		}
	}
	return left
}

func stateNoStore(f *flow) {
	r := f.asked("HEAD", f.opened(matrix.Usual/2))
	if control := strings.ToLower(r.Fields.Joined("Cache-Control")); !strings.Contains(control, "no-store") {
		f.Broken("Cache-Control: no-store", "Cache-Control: %s", control)
	}
}

func stateGet(f *flow) {
	op := f.opened(matrix.Usual / 2)
	for _, n := range []int64{matrix.Usual / 2, matrix.Usual/2 + 1000} {
		head, get := f.asked("HEAD", op), f.asked("GET", op)
		f.succeeded(get, "GET on the upload resource")
		for _, name := range []string{"Upload-Offset", f.v.complete, "Upload-Length"} {
			if a, b := head.Fields.Joined(name), get.Fields.Joined(name); a != b {
				f.Broken(name+": "+a+" in the answer to GET, as in that to HEAD", "%s: %q", name, b)
			}
		}
		if head.Fields.Has("Upload-Limit") && !get.Fields.Has("Upload-Limit") {
			f.Broken("Upload-Limit in the answer to GET, as in that to HEAD", "none")
		}
		f.at(op, n, "after GET")
		f.succeeded(f.appended(op, n, op.Body[n:n+1000], false), "an append")
	}
}

func stateStatus(f *flow) {
	r := f.asked("HEAD", f.opened(matrix.Usual/2))
	if !slices.Contains(f.v.retrieved, r.Status) {
		f.Broken("204 (No Content), or 200 (OK) from version 5 on, for HEAD on an open upload", "%d", r.Status)
	}
}

func stateNoFields(f *flow) {
	op := f.opened(matrix.Usual / 2)
	for _, field := range []exchange.Field{{Name: "Upload-Offset", Value: matrix.Itoa(matrix.Usual / 2)}, {Name: f.v.complete, Value: f.v.state(false)}} {
		if r := f.asked("HEAD", op, field); r.Status != 400 {
			f.Broken("400 (Bad Request) for HEAD with "+field.Name, "%d", r.Status)
		}
	}
	f.at(op, matrix.Usual/2, "after requests that were refused")
}

func stateUnknown(f *flow) {
	op := f.opened(0)
	u := *op.Resource
	cut := strings.LastIndex(u.Path, "/") + 1
	id := u.Path[cut:]
	if id == "" {
		f.Unsupported("the upload resource has no last part in its path: %s", u.RequestURI())
	}
	u.Path, u.RawPath = u.Path[:cut]+strings.Repeat("a", len(id)), ""
	lost := *op
	lost.Resource = &u
	for _, r := range []*exchange.Response{f.asked("HEAD", &lost), f.appended(&lost, 0, op.Body[:1000], false)} {
		switch {
		case r.Status/100 == 2:
			f.Broken("a refusal of what is no upload resource", "%d", r.Status)
		case f.v.strict && r.Status != 404:
			f.Broken("404 (Not Found) for what is no upload resource", "%d", r.Status)
		}
	}
}

func stateAfter(f *flow) {
	op := f.opened(0)
	f.finished(op, 0)
	r := f.asked("HEAD", op)
	if r.Status/100 != 2 {
		f.Unsupported("an upload that is over is answered %d", r.Status)
	}
	if n, ok := integer(r.Fields.Values("Upload-Offset")); !ok || n != op.Len() {
		f.Broken("Upload-Offset: "+matrix.Itoa(op.Len())+" of an upload that is over", "Upload-Offset: %q", r.Fields.Joined("Upload-Offset"))
	}
	f.says(op, true, "all of the content, and was completed,")
}
