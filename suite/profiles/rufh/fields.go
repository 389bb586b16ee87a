package rufh

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// fieldChecks: the protocol's fields are structured fields (RFC 9651).
func fieldChecks() []matrix.Check {
	must := catalog.Must
	return checks("field", upOffset, []row{
		{name: "parameters", level: must, versions: append([]string{"3"}, since(newest)...),
			requires: "A field with parameters that nobody has defined means what it means without them.",
			why:      "It is how a later version adds to a field (RFC 9651, 3.1.2).",
			sends:    "A creation with ?0;a=b for its state; an append with the offset 4096;x, and one that completes the upload with ?1;y=1.",
			failure:  "The field's value is compared as a text, or read as a number to its end.",
			loose:    "versions 4 to 7 have a text that calls the value an Integer, and no Item", run: fieldParameters},
		{name: "forms", level: must, versions: everyVersion, source: catalog.RFC(9651, "4.2.4"),
			requires: "An Integer may have leading zeros, and white space around it.",
			why:      "A sender may write it so, and an intermediary too.",
			sends:    "Appends with the offset 0004096, and with blanks around it.",
			failure:  "Leading zeros make it octal, or text.", run: fieldForms},
		{name: "offset-type", level: must, versions: since(newest),
			requires: "An Upload-Offset that is no Integer of at least 0 counts for nothing: the append is refused, and changes nothing.",
			why:      "A field that is read in part gives a wrong place.",
			sends:    "Appends with the right offset as a String, a Decimal, a Token, a list, in two fields of the same value, below 0, and with a letter behind it.",
			failure:  "What looks like a number is taken for one.", run: fieldOffsetType},
		{name: "state-type", level: must, versions: since(newest), source: from("Completeness", "upload-complete"),
			requires: "An Upload-Complete that is no Boolean counts for nothing: an append with one does not complete the upload.",
			why:      "An upload is over only when it is explicitly said to be.",
			sends:    "Appends of the rest with Upload-Complete: 1, true, \"?1\", ?1, ?1 and ?2; HEAD after each; a read of the number of effects.",
			failure:  "Whatever is not ?0 is taken for true.", run: fieldStateType},
		{name: "length-type", level: must, versions: since(newest), source: upLength,
			requires: "An Upload-Length that is no Integer of at least 0 counts for nothing: the upload is as one without it.",
			why:      "A field of a later version must not make a client fail.",
			sends:    "Creations without content with Upload-Length as a String, a Decimal, and below 0; HEAD; the whole content.",
			failure:  "The field is refused, or read in part.", run: fieldLengthType},
		{name: "creation-type", level: must, versions: since(newest), source: from("Completeness", "upload-complete"),
			requires: "An Upload-Complete that is no Boolean counts for nothing: a request with one begins no resumable upload.",
			why:      "It is an upload as ever then, which the target answers itself.",
			sends:    "Whole uploads in one request without Upload-Complete, and with Upload-Complete: 1 and \"?0\"; the interim responses and the final one.",
			failure:  "The presence of the field is all that is looked at.",
			loose:    "what a target makes of a plain request is its own", run: fieldCreationType},
	})
}

// changed gives a request whose named field has another value.
func changed(req exchange.Request, name, value string) exchange.Request {
	req.Fields = without(req.Fields, name).With(name, value)
	return req
}

func fieldParameters(f *flow) {
	const half = matrix.Usual / 2
	op := f.fresh()
	req := changed(f.d.creation(op, op.Body[:half], false), f.v.complete, f.v.state(false)+";a=b")
	f.createdBy(op, req, half)
	r := f.sent(op, changed(f.d.append(op, half, op.Body[half:half+1000], false), "Upload-Offset", matrix.Itoa[int64](half)+";x"), false)
	f.succeeded(r, "an append with Upload-Offset: "+matrix.Itoa[int64](half)+";x")
	f.at(op, half+1000, "after an append with a parameter at its offset")
	effects := f.Effects(f.W, op.Tag)
	op.Sent = op.Len()
	r = f.sent(op, changed(f.d.append(op, half+1000, op.Body[half+1000:], true), f.v.complete, f.v.state(true)+";y=1"), true)
	f.succeeded(r, "an append with "+f.v.complete+": "+f.v.state(true)+";y=1")
	f.whole(op, r)
	effects.Once("of an upload that was completed with a parameter at its state")
}

func fieldForms(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	at := int64(half)
	for _, form := range []func(string) string{
		func(n string) string { return "000" + n },
		func(n string) string { return "  " + n + "  " },
	} {
		value := form(matrix.Itoa(at))
		f.succeeded(f.sent(op, changed(f.d.append(op, at, op.Body[at:at+1000], false), "Upload-Offset", value), false), "an append with Upload-Offset: "+value)
		at += 1000
		f.at(op, at, "after an append with Upload-Offset: "+value)
	}
}

func fieldOffsetType(f *flow) {
	const half = matrix.Usual / 2
	op := f.opened(half)
	for _, value := range []string{`"4096"`, "4096.0", "n4096", "4096, 4096", "-4096", "4096b", "(4096)", "+4096", "0x1000"} {
		req := changed(f.d.append(op, half, f.rival(100), false), "Upload-Offset", value)
		f.tried(op, req, "an append with Upload-Offset: "+value)
	}
	twice := f.d.append(op, half, f.rival(100), false)
	twice.Fields = twice.Fields.With("Upload-Offset", matrix.Itoa[int64](half))
	f.tried(op, twice, "an append with two fields Upload-Offset")
	f.once(op, half, "after appends without a valid offset")
}

func fieldStateType(f *flow) {
	for _, value := range []string{"1", "true", `"?1"`, "?1, ?1", "?2", ""} {
		f.Round()
		op := f.opened(0)
		effects := f.Effects(f.W, op.Tag)
		r := f.sent(op, changed(f.d.append(op, 0, op.Body, true), f.v.complete, value), false)
		f.Note("an append with %s: %s is answered %d", f.v.complete, value, r.Status)
		f.incomplete(op, "by an append with "+f.v.complete+": "+value)
		effects.None("of an append with " + f.v.complete + ": " + value)
	}
}

func fieldLengthType(f *flow) {
	for _, value := range []string{`"8192"`, "8192.0", "-1"} {
		f.Round()
		op := f.fresh()
		req := f.d.creation(op, nil, false)
		req.Fields = req.Fields.With("Upload-Length", value)
		f.createdBy(op, req, 0)
		if r := f.asked("HEAD", op); r.Fields.Has("Upload-Length") {
			f.Broken("no Upload-Length of an upload that was created with Upload-Length: "+value, "Upload-Length: %s", r.Fields.Joined("Upload-Length"))
		}
		f.once(op, 0, "of an upload that was created with Upload-Length: "+value)
	}
}

func fieldCreationType(f *flow) {
	plain, _ := f.uploadedWith(func(req *exchange.Request) { req.Fields = without(req.Fields, f.v.complete) })
	for _, value := range []string{"1", `"?0"`} {
		final, interims := f.uploadedWith(func(req *exchange.Request) { *req = changed(*req, f.v.complete, value) })
		for _, r := range interims {
			if f.d.announces(r) {
				f.Broken("no upload resource for a request with "+f.v.complete+": "+value, "a 104 with Location: %s", r.Fields.Get("Location"))
			}
		}
		if complete, known := f.v.completeness(final); known && !complete {
			f.Broken("no upload that is left open by a request with "+f.v.complete+": "+value, "%d with %s", final.Status, f.v.told(final))
		}
		if plain.Status/100 == 2 {
			f.succeeded(final, "a request with "+f.v.complete+": "+value+", which without the field is a success,")
		}
	}
}
