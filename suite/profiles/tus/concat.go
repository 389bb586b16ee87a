package tus

import (
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// concatChecks: several uploads become one. Only where concatenation is announced.
func concatChecks() []matrix.Check {
	must, should := catalog.Must, catalog.Should
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "tus.concat.partial", Level: must, Source: concatenation,
			Requires: "POST with Upload-Concat: partial creates; HEAD on it gives Upload-Concat: partial, Upload-Offset and Upload-Length.",
			Why:      "A client that comes back finds out what the upload is for.",
			Sends:    "POST with Upload-Concat: partial; HEAD on it, new and with half of its bytes; the rest.",
			Failure:  "That it is a part is forgotten.",
		}, Run: joining(concatPartial)},
		{Case: catalog.Case{
			ID: "tus.concat.final", Level: must, Source: concatenation,
			Requires: "POST with Upload-Concat: final and the URLs of complete partial uploads creates their concatenation: its Upload-Length is the sum of theirs, its Upload-Offset the same once it is done, and its bytes are theirs in the order of the list.",
			Why:      "It is the file that the client wanted to store.",
			Sends:    "Three partial uploads of different lengths, whole; POST with their URLs; HEAD; a read of the stored bytes.",
			Failure:  "Parts are put together by name, by time or by length.",
		}, Run: joining(func(f *flow) { concatFinal(f, 0, 1, 2) })},
		{Case: catalog.Case{
			ID: "tus.concat.order", Level: must, Source: concatenation,
			Requires: "Where the list has another order than that in which the partial uploads were created, the bytes of the final upload are in the order of the list.",
			Why:      "The order of the list is the only one that counts.",
			Sends:    "Three partial uploads, whole; POST with their URLs, the last one first; HEAD; a read of the stored bytes.",
			Failure:  "Parts are put together in the order in which they came.",
		}, Run: joining(func(f *flow) {
			f.witnessed()
			concatFinal(f, 2, 0, 1)
		})},
		{Case: catalog.Case{
			ID: "tus.concat.absolute", Level: must, Source: uploadConcat,
			Requires: "The URLs in the list may be absolute as well as relative.",
			Why:      "A client sends what it was given as Location.",
			Sends:    "Two partial uploads, whole; POST with their absolute URLs; the same with absolute paths; HEAD on each.",
			Failure:  "One of the forms is looked up as it stands.",
		}, Run: joining(concatAbsolute)},
		{Case: catalog.Case{
			ID: "tus.concat.echo", Level: must, Source: concatenation,
			Requires: "HEAD on a final upload gives Upload-Concat: final with the same partial uploads in the same order.",
			Why:      "A client that comes back sees of what the upload was made.",
			Sends:    "Two partial uploads, whole; POST with their URLs; HEAD.",
			Failure:  "The list is forgotten once the upload is made, or told in an order of its own.",
		}, Run: joining(concatEcho)},
		{Case: catalog.Case{
			ID: "tus.concat.patch", Level: must, Source: concatenation,
			Requires: "PATCH on a final upload is answered 403 (Forbidden), and modifies neither it nor its partial uploads.",
			Why:      "The upload is made of others, and has no offset of its own at which to write.",
			Sends:    "A final upload; a PATCH at its end and at 0; HEAD on it and on its partial uploads; a read of the stored bytes.",
			Failure:  "The final upload is one like any other to PATCH.",
		}, Run: joining(concatPatch)},
		{Case: catalog.Case{
			ID: "tus.concat.metadata", Level: must, Source: concatenation,
			Requires: "The metadata of partial uploads is not transferred to the final one, which has that of its own creation.",
			Why:      "The parts are named for the client's own use; the file is not.",
			Sends:    "Two partial uploads with metadata, whole; POST with their URLs, without metadata and with other; HEAD on each.",
			Failure:  "What tells of the final upload is copied from its first part.",
		}, Run: joining(concatMetadata)},
		{Case: catalog.Case{
			ID: "tus.concat.twice", Level: catalog.May, Source: concatenation,
			Requires: "Where the same partial upload may stand twice in a list, the final upload has its bytes twice.",
			Why:      "A file may have the same stretch in two places.",
			Sends:    "A partial upload, whole; POST with its URL two times; HEAD; a read of the stored bytes.",
			Failure:  "The list is taken for a set.",
		}, Run: joining(concatTwice)},
		{Case: catalog.Case{
			ID: "tus.concat.processed", Level: should, Source: concatenation, Needs: []catalog.Need{catalog.NeedCount},
			Requires: "Partial uploads have no effect of their own: it happens once, for the final upload.",
			Why:      "Half a document taken for the whole is the worst that can happen.",
			Sends:    "Two partial uploads, whole; a read of the number of effects of each; POST with their URLs; a read of the number of effects of the final upload.",
			Failure:  "What happens when an upload is complete does not ask what the upload is for.",
		}, Run: joining(concatProcessed)},
		{Case: catalog.Case{
			ID: "tus.concat.incomplete", Level: must, Source: catalog.Loose(concatenation, "what becomes of a list with an unfinished upload, where concatenation-unfinished is not announced, is not said"),
			Requires: "A list with an unfinished upload is refused with a 4xx, or the final upload is not shown as complete, and has no effect, before its parts are complete.",
			Why:      "A file with a hole in it is damaged.",
			Sends:    "A partial upload, whole, and one with half of its bytes; POST with their URLs; HEAD on what it creates; where it is refused, HEAD on the unfinished part.",
			Failure:  "What is there is put together.",
		}, Run: joining(concatIncomplete)},
		{Case: catalog.Case{
			ID: "tus.concat.unfinished", Level: must, Source: concatenation,
			Requires: "Where concatenation-unfinished is announced, POST with the URLs of unfinished partial uploads creates; HEAD gives Upload-Length, which can be calculated; when the parts are complete, so is the final upload.",
			Why:      "The client need not wait for its slowest part.",
			Sends:    "Two partial uploads, one of them with half of its bytes; POST with their URLs; HEAD; the missing half; HEAD.",
			Failure:  "The parts are put together when the POST comes, and never again.",
		}, Run: joining(concatUnfinished)},
		{Case: catalog.Case{
			ID: "tus.concat.no-offset", Level: should, Source: concatenation,
			Requires: "HEAD on a final upload whose parts are not complete gives no Upload-Offset.",
			Why:      "A client would take it for the place at which to go on.",
			Sends:    "Two partial uploads, one of them with half of its bytes; POST with their URLs; HEAD.",
			Failure:  "The field is always there, with 0.",
		}, Run: joining(concatNoOffset)},
		{Case: catalog.Case{
			ID: "tus.concat.unknown", Level: should, Source: catalog.Loose(uploadConcat, "what becomes of a list with a URL that is none of an upload is not said"),
			Requires: "A list with the URL of an upload that is not there is refused with a 4xx.",
			Why:      "The client learns that a part has expired, and sends it again.",
			Sends:    "A partial upload, whole; POST with its URL and one like it, which was never created.",
			Failure:  "What is missing is passed over, or breaks the server.",
		}, Run: joining(concatUnknown)},
	}
}

// joining is with for cases of uploads that become one.
func joining(run func(*flow)) func(*matrix.Session) {
	return with(func(f *flow) {
		f.announces(extConcat)
		run(f)
	})
}

// partial is the field of a POST whose upload becomes part of another.
var partial = field("Upload-Concat", "partial")

// part creates a partial upload of n bytes, other ones for each number, and writes the first of them, up to to.
func (f *flow) part(number, n int, to int64, more ...exchange.Field) *matrix.Operation {
	return f.partOf(f.OpAs(matrix.NewTag(), 0), number, n, to, more...)
}

// partOf is part for an operation of the caller's own.
func (f *flow) partOf(op *matrix.Operation, number, n int, to int64, more ...exchange.Field) *matrix.Operation {
	op.Body = matrix.Bytes(n, f.Salt+uint64(100+number)) // #nosec G115 -- small
	f.made(op, "POST with Upload-Concat: partial", f.d.create(op, append([]exchange.Field{lengthOf(op.Len()), partial}, more...)...))
	for at := int64(0); at < to; {
		at = f.write(op, at, to, "a PATCH on a partial upload")
	}
	return op
}

// parts gives whole partial uploads of these lengths.
func (f *flow) parts(lengths ...int) []*matrix.Operation {
	var all []*matrix.Operation
	for i, n := range lengths {
		all = append(all, f.part(i, n, int64(n)))
	}
	return all
}

// final gives the field of a POST that joins uploads, by their absolute paths.
func (f *flow) final(parts ...*matrix.Operation) exchange.Field {
	var urls []string
	for _, p := range parts {
		urls = append(urls, f.here(p).RequestURI())
	}
	return field("Upload-Concat", "final;"+strings.Join(urls, " "))
}

// sum gives the upload that partial ones make.
func (f *flow) sum(parts ...*matrix.Operation) *matrix.Operation {
	op := f.OpAs(matrix.NewTag(), 0)
	for _, p := range parts {
		op.Body = append(op.Body, p.Body...)
	}
	if f.Most > 0 && op.Len() > f.Most {
		f.Unsupported("Tus-Max-Size is %d, less than the %d bytes of the final upload", f.Most, op.Len())
	}
	op.Sent = op.Len()
	return op
}

// joined sends the POST that joins uploads.
func (f *flow) joined(parts ...*matrix.Operation) *matrix.Operation {
	op := f.sum(parts...)
	op.Final = f.made(op, "POST with the URLs of partial uploads", f.d.create(op, f.final(parts...)))
	return op
}

// finished waits until a final upload is complete: its offset and its length are the sum of its parts'.
func (f *flow) finished(op *matrix.Operation) {
	r := f.head(op)
	for pause := polite; !r.Fields.Has("Upload-Offset") && r.Status/100 == 2 && f.Wait(pause); pause = min(2*pause, f.Patient()/8) {
		r = f.head(op) // concatenation may take its time
	}
	if absent(r) {
		f.Note("the final upload, which is complete, is gone (%d)", r.Status)
		return
	}
	for _, name := range []string{"Upload-Length", "Upload-Offset"} {
		if got := r.Fields.Joined(name); got != matrix.Itoa(op.Len()) {
			f.Broken(name+": "+matrix.Itoa(op.Len())+" of the final upload, the sum of its parts", "%q", got)
		}
	}
}

func concatPartial(f *flow) {
	op := f.part(0, matrix.Usual, 0)
	for _, n := range []int64{0, matrix.Usual / 2} {
		for at := f.Offset(f.d, op); at < n; {
			at = f.write(op, at, n, "a PATCH on a partial upload")
		}
		r := f.head(op)
		if got := r.Fields.Joined("Upload-Concat"); got != "partial" {
			f.Broken("Upload-Concat: partial in the answer to HEAD", "%q", got)
		}
		if got := r.Fields.Joined("Upload-Length"); got != matrix.Itoa(op.Len()) {
			f.Broken("Upload-Length: "+matrix.Itoa(op.Len())+" of a partial upload", "%q", got)
		}
		f.stays(op, n, "of a partial upload")
	}
	for at := int64(matrix.Usual / 2); at < op.Len(); {
		at = f.write(op, at, op.Len(), "a PATCH on a partial upload")
	}
	f.over(op)
}

func concatFinal(f *flow, order ...int) {
	parts := f.parts(1000, 5, matrix.Usual)
	op := f.joined(parts[order[0]], parts[order[1]], parts[order[2]])
	f.finished(op)
	f.intact(op)
}

func concatAbsolute(f *flow) {
	for _, form := range []string{"absolute URLs", "absolute paths"} {
		parts := f.parts(1000, 2000)
		op := f.sum(parts...)
		urls := f.final(parts...)
		if form == "absolute URLs" {
			urls.Value = "final;" + f.here(parts[0]).String() + " " + f.here(parts[1]).String()
		}
		f.made(op, "POST with "+form, f.d.create(op, urls))
		f.finished(op)
		f.intact(op)
	}
}

func concatEcho(f *flow) {
	parts := f.parts(1000, 2000)
	op := f.joined(parts...)
	f.finished(op)
	r := f.head(op)
	if absent(r) {
		return
	}
	got := r.Fields.Joined("Upload-Concat")
	list, isFinal := strings.CutPrefix(got, "final;")
	told := strings.Fields(list)
	same := isFinal && len(told) == len(parts)
	for i := 0; same && i < len(parts); i++ {
		u, err := exchange.Resolve(op.URL.String(), told[i])
		same = err == nil && u.RequestURI() == f.here(parts[i]).RequestURI() // another spelling of the same upload
	}
	if !same {
		f.Broken("Upload-Concat: "+f.final(parts...).Value+", or the same uploads by other references", "%q", got)
	}
}

func concatPatch(f *flow) {
	parts := f.parts(1000, 2000)
	op := f.joined(parts...)
	f.finished(op)
	for _, at := range []int64{op.Len(), 0} {
		r := f.Do("a PATCH on a final upload", patchAt(op, matrix.Itoa(at), []byte("0123456789")))
		f.finished(op)
		f.intact(op)
		if r.Status != 403 {
			f.Broken("403 (Forbidden) for a PATCH on a final upload", "%d", r.Status)
		}
	}
	for _, p := range parts {
		if r := f.head(p); r.Status/100 == 2 { // they may have been deleted
			f.over(p)
		}
	}
}

func concatMetadata(f *flow) {
	of := field("Upload-Metadata", pair("filename", "part"))
	f.described(of.Value) // a server may refuse it
	own := pair("filename", "whole") + "," + pair("filetype", "text/plain")
	for _, value := range []string{"", own} {
		parts := []*matrix.Operation{f.part(0, 1000, 1000, of), f.part(1, 2000, 2000, of)}
		op := f.sum(parts...)
		fields := []exchange.Field{f.final(parts...)}
		if value != "" {
			fields = append(fields, field("Upload-Metadata", value))
		}
		f.made(op, "POST with the URLs of partial uploads", f.d.create(op, fields...))
		f.finished(op)
		if r := f.head(op); !absent(r) {
			f.describes(op, value)
		}
	}
}

func concatTwice(f *flow) {
	p := f.part(0, 1000, 1000)
	op := f.sum(p, p)
	r := f.Do("POST with the same URL two times", f.d.create(op, f.final(p, p)))
	if r.Status/100 == 4 {
		f.Unsupported("the same partial upload two times is refused with %d", r.Status)
	}
	if r.Status != 201 {
		f.Broken("201 or a 4xx for the same partial upload two times", "%d", r.Status)
	}
	f.d.Learn(op, r)
	f.finished(op)
	f.intact(op)
}

func concatProcessed(f *flow) {
	f.Need(catalog.NeedCount, f.Set.Count != nil)
	var parts []*matrix.Operation
	for i, n := range []int{1000, 2000} {
		op := f.OpAs(matrix.NewTag(), 0)
		effects := f.Effects(f.W, op.Tag)
		parts = append(parts, f.partOf(op, i, n, int64(n)))
		f.processed(effects)
	}
	op := f.sum(parts...)
	effects := f.Effects(f.W, op.Tag)
	f.made(op, "POST with the URLs of partial uploads", f.d.create(op, f.final(parts...)))
	f.finished(op)
	effects.Once("of the final upload")
}

// processed asks that a partial upload has had no effect; that is less than a MUST.
func (f *flow) processed(effects matrix.Effects) {
	if n, counted := effects.Since(); counted && n != 0 {
		f.Broken("no effect of a partial upload", "%d", n)
	}
}

func concatIncomplete(f *flow) {
	parts := []*matrix.Operation{f.part(0, 1000, 1000), f.part(1, 2000, 1000)}
	op := f.sum(parts...)
	effects := f.Effects(f.W, op.Tag)
	r := f.Do("POST with the URL of an unfinished upload", f.d.create(op, f.final(parts...)))
	effects.None("of an upload of which bytes are missing")
	if r.Status/100 == 4 {
		f.stays(parts[1], 1000, "after it was refused as part of another")
		return
	}
	if r.Status != 201 {
		f.Broken("201 or a 4xx for a list with an unfinished upload", "%d", r.Status)
	}
	f.d.Learn(op, r)
	told := f.head(op)
	offset, length := told.Fields.Joined("Upload-Offset"), told.Fields.Joined("Upload-Length")
	if offset != "" && offset == length {
		f.Harmful("a final upload of which bytes are missing not to be shown as complete", "Upload-Offset and Upload-Length: %s", offset)
	}
}

// pending gives a final upload that waits for its second part, of which half is missing.
func (f *flow) pending() (op, missing *matrix.Operation) {
	f.announces(extUnfinished)
	parts := []*matrix.Operation{f.part(0, 1000, 1000), f.part(1, 2000, 1000)}
	return f.joined(parts...), parts[1]
}

func concatUnfinished(f *flow) {
	op, missing := f.pending()
	effects := f.Effects(f.W, op.Tag)
	r := f.head(op)
	if got := r.Fields.Joined("Upload-Length"); got != matrix.Itoa(op.Len()) {
		f.Broken("Upload-Length: "+matrix.Itoa(op.Len())+", which can be calculated from the lengths of the parts", "%q", got)
	}
	if got := r.Fields.Joined("Upload-Offset"); got == matrix.Itoa(op.Len()) {
		f.Harmful("a final upload of which bytes are missing not to be shown as complete", "Upload-Offset: %s", got)
	}
	effects.None("of an upload of which bytes are missing")
	for at := int64(1000); at < missing.Len(); {
		at = f.write(missing, at, missing.Len(), "a PATCH on a partial upload")
	}
	f.finished(op)
	f.intact(op)
	effects.Once("of the final upload")
}

func concatNoOffset(f *flow) {
	op, _ := f.pending()
	if r := f.head(op); r.Fields.Has("Upload-Offset") {
		f.Broken("no Upload-Offset before the concatenation is done", "Upload-Offset: %s", r.Fields.Joined("Upload-Offset"))
	}
}

func concatUnknown(f *flow) {
	p := f.part(0, 1000, 1000)
	op := f.sum(p)
	value := "final;" + f.here(p).RequestURI() + " " + stranger(f.here(p)).RequestURI()
	f.refused(f.Do("POST with a URL that is none of an upload", f.d.create(op, field("Upload-Concat", value))), "a list with the URL of an upload that is not there")
}
