package byterange

import (
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// preferChecks: what becomes of a request that is cut is the client's choice, where the server honours it.
func preferChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "byterange.prefer.forms", Level: catalog.Must, Source: catalog.RFC(7240, "2"),
			Requires: "A preference never makes a request fail: a document is created with each value of transaction, with an unknown one, with others around it, and without.",
			Why:      "What a server does not know or cannot do it ignores.",
			Sends:    "Documents created by PATCH with each form of Prefer; GET on each.",
			Failure:  "An unknown value is an error, or only one field line is read.",
		}, Run: with(preferForms)},
		{Case: catalog.Case{
			ID: "byterange.prefer.applied", Level: catalog.Should, Source: transaction,
			Requires: "Where transaction=persist is honoured, Preference-Applied says so, in an interim response or in the final one.",
			Why:      "A client that knows that nothing is kept can send smaller segments.",
			Sends:    "An upload with Prefer: transaction=persist that is cut, to see whether it is honoured; then an undisturbed one.",
			Failure:  "The field is missing, or names a value that was not asked for.",
		}.CutAt("mid-upload", matrix.FinOnly), Run: with(preferApplied)},
		{Case: catalog.Case{
			ID: "byterange.prefer.atomic", Level: catalog.Should, Source: transaction,
			Requires: "With transaction=atomic a request that is cut leaves no trace: a document that was there is as before, and one that was to be created is not there.",
			Why:      "The client has said that half a change is worse than none.",
			Sends:    "Writes over a document, at its end and to create one, with Prefer: transaction=atomic, cut in the middle; GET; the same requests again.",
			Failure:  "Bytes are written as they come, whatever was preferred. Where Preference-Applied said otherwise it is a failure.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(preferAtomic)},
		{Case: catalog.Case{
			ID: "byterange.prefer.atomic-parts", Level: catalog.Should, Source: multipartDoc,
			Requires: "With transaction=atomic a patch of several parts that is cut leaves the document as it was: all parts or none.",
			Why:      "Clients expect all the changes to be recorded as a single operation.",
			Sends:    "A patch of two parts with Prefer: transaction=atomic, cut in the fields and in the bytes of the second; GET; the same patch again.",
			Failure:  "Each part is a change of its own.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(preferAtomicParts)},
		{Case: catalog.Case{
			ID: "byterange.prefer.not-asked", Level: catalog.Must, Source: segmented,
			Requires: "A truncated upload without any preference has no effect until its last byte is in.",
			Why:      "Half a document taken for the whole is the worst that an interruption can do.",
			Sends:    "Uploads without Prefer, cut in the middle, before their last byte and before the last chunk; then a read of the number of effects.",
			Failure:  "The end of the connection is taken for the end of the body where nobody asked for more.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(func(f *flow) {
			f.d.prefer = ""
			matrix.UploadNotComplete(f.Flow, nil)
		})},
	}
}

func preferForms(f *flow) {
	for _, lines := range [][]string{
		nil, {persist}, {atomic}, {`transaction="persist"`}, {"Transaction=persist"}, {"transaction"}, {"transaction=resumespec-unknown"},
		{"resumespec-unknown=1, transaction=persist;a=b"}, {"resumespec-unknown", atomic}, {atomic + ", " + persist},
	} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), small)
		fields := exchange.Fields{onlyNew}
		for _, line := range lines {
			fields = fields.With("Prefer", line)
		}
		what := "a document created with Prefer: " + strings.Join(lines, " and ")
		fr := framed(f.d.media, typed(op, ranged(0, op.Body, matrix.Itoa(small))))
		if value, said := f.answered(f.d.request(op, fr, fields...), what); said && !asked(lines, value) {
			f.Warn("no Preference-Applied for what was not asked for, or nobody has defined", "transaction=%s for %s", value, what)
		}
		f.Holds(op, op.Body, "created with Prefer: "+strings.Join(lines, " and "))
	}
}

// asked says whether one of the lines asks for a value of the preference that is defined.
func asked(lines []string, value string) bool {
	defined := value == "persist" || value == "atomic"
	return defined && strings.Contains(strings.ToLower(strings.Join(lines, ",")), value)
}

// applied gives the value of the preference that the responses say was applied.
func applied(responses ...*exchange.Response) (value string, said bool) {
	var lines []string
	for _, r := range responses {
		lines = append(lines, r.Fields.Values("Preference-Applied")...)
	}
	value, said = exchange.ParsePreferenceApplied(lines)["transaction"]
	return value, said
}

// answered carries out an undisturbed request and gives what its responses say was applied.
func (f *flow) answered(req exchange.Request, what string) (value string, said bool) {
	final, interims, err := f.TryAll(req)
	if err != nil {
		f.Broken(what+" to be answered", "%v", err)
	}
	f.Accepted(final, what)
	return applied(append(interims, final)...)
}

func preferApplied(f *flow) {
	length := f.AtMost(128 << 10)
	op := f.Interrupted(length, int64(length/4*3))
	kept := f.Offset(f.D, op)
	for range 10 {
		if kept > 0 || !f.Wait(f.Patient()/20) {
			break
		}
		kept = f.Offset(f.D, op) // the server may still be draining the old connection
	}
	f.Completed(op)
	f.Round()
	value, said := f.answered(f.d.Start(f.OpAs(matrix.NewTag(), small)), "an undisturbed upload")
	switch {
	case said && value != "persist":
		f.Broken("Preference-Applied: transaction=persist, or none", "transaction=%s", value)
	case said && kept == 0:
		f.Broken("something of the "+matrix.Itoa(length/4*3)+" bytes that came before the cut, as Preference-Applied: transaction=persist says", "nothing was kept")
	case !said && kept == 0:
		f.Unsupported("transaction=persist is not honoured: nothing of an upload that was cut is kept, and no Preference-Applied says that it would be")
	case !said:
		f.Broken("Preference-Applied: transaction=persist, as "+matrix.Itoa(kept)+" bytes were kept", "none")
	}
}

// preferred is the preference of a request that is to leave no trace.
var preferred = exchange.Field{Name: "Prefer", Value: atomic}

// traceless asks that a document is as it was. That it is not is harmful where the server said otherwise.
func (f *flow) traceless(op *matrix.Operation, before []byte, promised bool, when string) {
	got, _ := f.Content(op)
	at := matrix.FirstDifference(got, before)
	if at < 0 {
		return
	}
	expected := "no trace of " + when
	if promised {
		f.HarmfulAt(at, "document", expected+", as Preference-Applied said", "%d bytes, others from byte %d on", len(got), at)
	}
	f.BrokenAt(at, "document", expected, "%d bytes, others from byte %d on", len(got), at)
}

func preferAtomic(f *flow) {
	op := f.document(matrix.Usual)
	data := f.Other(matrix.Usual/2, 1)
	value, said := f.answered(f.d.request(op, framed(f.d.media, ranged(0, f.Other(1, 2), "*")), preferred), "an atomic write")
	if said && value != "atomic" {
		f.Broken("Preference-Applied: transaction=atomic, or none", "transaction=%s", value)
	}
	before := matrix.Replaced(op.Body, 0, f.Other(1, 2))
	for _, at := range []int64{1000, matrix.Usual} {
		f.Round()
		fr := framed(f.d.media, ranged(at, data, "*"))
		req := f.d.request(op, fr, preferred)
		f.Landed(f.Cut(req, f.At(matrix.RequestBody, fr.at[0]+int64(len(data)/2))))
		f.traceless(op, before, said, "an atomic write at byte "+matrix.Itoa(at)+" that was cut")
		if r := f.Do("the PATCH", req); at == 1000 || r.Status/100 == 2 {
			f.Accepted(r, "the same write again")
			before = matrix.Replaced(before, at, data)
		}
		f.Holds(op, before, "after the same write again")
	}
	f.Round()
	fresh := f.Op(matrix.Usual)
	effects := f.Effects(f.W, fresh.Tag)
	d := *f.d
	d.prefer = atomic
	f.Interrupt(&d, fresh, f.At(matrix.RequestBody, matrix.Usual/2))
	f.traceless(fresh, nil, said, "the creation of a document that was cut")
	f.brought(fresh)
	effects.Once("of an atomic creation that was cut and sent again")
}

func preferAtomicParts(f *flow) {
	f.severally()
	op := f.document(small)
	fr := f.several(ranged(0, f.Other(1, 1), "*"), ranged(10, f.Other(1, 2), "*"))
	_, said := f.answered(f.d.request(op, fr, preferred), "an atomic patch of two parts")
	for _, n := range f.partsCut(exchange.Fields{preferred}) {
		switch {
		case n > 0 && said:
			f.Harmful("all parts or none of an atomic patch that was cut, as Preference-Applied said", "%d of its bytes", n)
		case n > 0:
			f.Broken("all parts or none of an atomic patch that was cut", "%d of its bytes", n)
		}
	}
}
