package byterange

import (
	"bytes"
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// wording is one way to write a patch document.
type wording struct {
	what  string
	frame frame
}

// mediaChecks: the three media types, in each form that a sender may give them.
func mediaChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "byterange.media.message", Level: catalog.Must, Source: messageDoc,
			Requires: "A message/byterange is understood however its fields are written: in any case, in any order, with any white space around their values.",
			Why:      "Its syntax is that of an HTTP message, and clients write those in many ways.",
			Sends:    "Documents created by PATCH with a message/byterange, one for each way of writing it; GET.",
			Failure:  "Fields are found by comparing text, or the first line is taken for Content-Range.",
		}, Run: with(func(f *flow) { f.written(messageType, messages) })},
		{Case: catalog.Case{
			ID: "byterange.media.message-unmeasured", Level: catalog.Must, Source: messageDoc,
			Requires: "A message/byterange without Content-Length among its fields ends with the request.",
			Why:      "The field is a SHOULD; a client may not have it.",
			Sends:    "A document created by such a PATCH, with and without Content-Length of the request itself; GET.",
			Failure:  "The part is taken for empty, or the length of the request for that of the part.",
		}, Run: with(mediaUnmeasured)},
		{Case: catalog.Case{
			ID: "byterange.media.multipart", Level: catalog.Must, Source: catalog.RFC(2046, "5.1.1"),
			Requires: "A multipart/byteranges is understood with any boundary of 1 to 70 characters, quoted or not, with a preamble and an epilogue, with white space after the boundary, and without a last line break.",
			Why:      "Libraries write all of these.",
			Sends:    "Documents created by PATCH with a multipart/byteranges of one part, one for each way of writing it; GET.",
			Failure:  "The parameter is taken as it stands, with its quotes, or the body is split at fixed places.",
		}, Run: with(func(f *flow) { f.written(multipartType, multiparts) })},
		{Case: catalog.Case{
			ID: "byterange.media.multipart-binary", Level: catalog.Must, Source: catalog.RFC(2046, "5.1.1"),
			Requires: "Bytes of a part that look like the beginning of a boundary, like its end, or like line breaks, are written as they are.",
			Why:      "Documents are made of any bytes, and an upload that changes them is corrupt.",
			Sends:    "Documents created by PATCH with a multipart/byteranges whose part is full of such bytes; GET.",
			Failure:  "The body is searched for less than the whole delimiter, or line breaks are trimmed off a part.",
		}, Run: with(func(f *flow) { f.trickily(multipartType) })},
		{Case: catalog.Case{
			ID: "byterange.media.application", Level: catalog.Must, Source: binaryDoc,
			Requires: "Application/byteranges is understood as known-length and as indeterminate-length messages, whose content comes in chunks of any size.",
			Why:      "A client chooses the framing by what it knows, and the chunks by its buffers.",
			Sends:    "Documents created by PATCH with each framing, with chunks of 1, of 63, 64 and of 999 bytes, and one for all; GET.",
			Failure:  "Chunk lengths are written into the document, or only the first chunk is read.",
		}, Run: with(func(f *flow) { f.written(applicationType, framings) })},
		{Case: catalog.Case{
			ID: "byterange.media.application-integers", Level: catalog.Must, Source: catalog.RFC(9000, "16"),
			Requires: "Integers of application/byteranges are understood in each of their lengths, of 1, 2, 4 and 8 bytes, also where a shorter one would do.",
			Why:      "A writer that does not know a length yet leaves room for the longest.",
			Sends:    "Documents created by PATCH with all integers of at least 1, 2, 4 or 8 bytes, in both framings; GET.",
			Failure:  "The two bits that tell the length are read as part of the number, or only the shortest form is known.",
		}, Run: with(func(f *flow) { f.written(applicationType, integers) })},
		{Case: catalog.Case{
			ID: "byterange.media.application-binary", Level: catalog.Must, Source: binaryDoc,
			Requires: "Bytes of a part that look like framing are written as they are.",
			Why:      "Documents are made of any bytes, and an upload that changes them is corrupt.",
			Sends:    "Documents created by PATCH with an application/byteranges whose part is full of line breaks, zeros and framing indicators; GET.",
			Failure:  "The content is read as text, or up to a terminator although its length is known.",
		}, Run: with(func(f *flow) { f.trickily(applicationType) })},
		{Case: catalog.Case{
			ID: "byterange.media.large", Level: catalog.Must, Source: modifying,
			Requires: "A part of up to 200,000 bytes is written whole in each media type that the target names, whether the client waits for 100 (Continue) or not.",
			Why:      "Frames are read through buffers, and documents are longer than those.",
			Sends:    "Documents of 65,535, 70,000 and 200,000 bytes created by PATCH in each media type, of known and of indeterminate length, with Expect and without; GET.",
			Failure:  "The limit for the fields of a part counts for its bytes as well, or a length of four bytes is read wrongly.",
		}, Run: with(mediaLarge)},
		{Case: catalog.Case{
			ID: "byterange.media.multipart-bad-boundary", Level: catalog.Must, Source: catalog.Loose(catalog.RFC(2046, "5.1.1"), catalog.Silent),
			Requires: "A multipart/byteranges whose media type has no boundary, or one that is nowhere in the body, is refused, and changes nothing.",
			Why:      "No part can be found in it; whatever is written is not what the client meant.",
			Sends:    "Such PATCHes on a document that is there; GET.",
			Failure:  "A boundary is guessed from the body, or no part at all is taken for a success.",
		}, Run: with(func(f *flow) { f.misframed(multipartType, badBoundaries) })},
		{Case: catalog.Case{
			ID: "byterange.media.application-malformed", Level: catalog.Must, Source: catalog.Loose(binaryDoc, catalog.Silent),
			Requires: "An application/byteranges with an unknown framing indicator, or with a field whose name is empty, is refused, and changes nothing.",
			Why:      "What follows cannot be known; whatever is written is not what the client meant.",
			Sends:    "Such PATCHes on a document that is there; GET.",
			Failure:  "The indicator is not looked at, or other messages of RFC 9292 are taken for parts.",
		}, Run: with(func(f *flow) { f.misframed(applicationType, badFrames) })},
	}
}

// written creates a document by each wording of a media type.
func (f *flow) written(media string, wordings func(body []byte) []wording) {
	f.needs(media)
	for _, w := range wordings(matrix.Bytes(small, f.Salt)) {
		f.Round()
		op := f.OpAs(matrix.NewTag(), small)
		f.Accepted(f.patch(op, w.frame, onlyNew), "a document created by "+w.what)
		f.Holds(op, op.Body, "created by "+w.what)
	}
}

func mediaLarge(f *flow) {
	for _, media := range f.types {
		for _, open := range []bool{false, true} {
			if open && media != applicationType {
				continue
			}
			for _, n := range []int{65_535, 70_000, 200_000} {
				for _, expect := range []bool{true, false} {
					f.Round()
					f.use(&driver{media: media, open: open, expect: expect})
					f.document(f.AtMost(n))
				}
			}
		}
	}
}

func messages(body []byte) []wording {
	last := matrix.Itoa(int64(len(body)) - 1)
	whole, length := "bytes 0-"+last+"/"+matrix.Itoa(len(body)), matrix.Itoa(len(body))
	lines := func(fields ...string) frame {
		p := part{body: body}
		for i := 0; i < len(fields); i += 2 {
			p = p.with(fields[i], fields[i+1])
		}
		return message(p)
	}
	return []wording{
		{"fields in lower case", lines("content-range", whole, "content-length", length)},
		{"fields in upper case", lines("CONTENT-RANGE", whole, "CONTENT-LENGTH", length)},
		{"fields in another order", lines("Content-Length", length, "Content-Type", "text/plain", "Content-Range", whole)},
		{"white space around values", lines("Content-Range", " \t"+whole+"\t ", "Content-Length", "  "+length+" ")},
		{"a media type with parameters", lines("Content-Type", "text/plain; charset=utf-8", "Content-Range", whole, "Content-Length", length)},
	}
}

func mediaUnmeasured(f *flow) {
	f.needs(messageType)
	for _, chunked := range []bool{false, true} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), small)
		p := part{body: op.Body}.with("Content-Range", "bytes 0-"+matrix.Itoa(small-1)+"/"+matrix.Itoa(small))
		req := f.d.request(op, message(p), onlyNew)
		req.Chunked, req.ChunkSize = chunked, 100
		r := f.Do("the PATCH", req)
		if chunked && r.Status == 411 {
			f.Note("chunked requests are refused with 411 (Length Required)")
			continue
		}
		f.Accepted(r, "a part without Content-Length")
		f.Holds(op, op.Body, "created by a part without Content-Length")
	}
}

func multiparts(body []byte) []wording {
	p := ranged(0, body, matrix.Itoa(len(body)))
	quoted := func(b string) frame {
		f := multipart(b, p)
		f.contentType = multipartType + `; boundary="` + b + `"`
		return f
	}
	changed := func(change func(string) string) frame {
		f := multipart(boundary, p)
		f.body = []byte(change(string(f.body)))
		return f
	}
	upper := multipart(boundary, p)
	upper.contentType = "Multipart/ByteRanges;Boundary=" + boundary
	return []wording{
		{"a boundary of one character", multipart("x", p)},
		{"a boundary of 70 characters", multipart(strings.Repeat("0123456789", 7), p)},
		{"a quoted boundary", quoted("gc0pJq0M:08jU534c0p?=_'()+,./ x")},
		{"a media type in other case", upper},
		{"a preamble", changed(func(s string) string { return "to be ignored\r\n" + s })},
		{"an epilogue", changed(func(s string) string { return s + "to be ignored\r\n" })},
		{"a line break before the first boundary", changed(func(s string) string { return "\r\n" + s })},
		{"white space after the boundary", changed(func(s string) string { return strings.Replace(s, boundary+"\r\n", boundary+" \t\r\n", 1) })},
		{"no line break at the end", changed(func(s string) string { return strings.TrimSuffix(s, "\r\n") })},
		{"a part without Content-Length", multipart(boundary, part{p.fields[:1], p.body})},
	}
}

func framings(body []byte) []wording {
	p := ranged(0, body, matrix.Itoa(len(body)))
	wordings := []wording{
		{"a known-length message", application(binaryStyle{}, p)},
		{"a known-length message without Content-Length", application(binaryStyle{}, part{p.fields[:1], p.body})},
		{"an indeterminate-length message of one chunk", application(binaryStyle{open: true}, p)},
	}
	for _, n := range []int{1, 63, 64, 999} {
		wordings = append(wordings, wording{"chunks of " + matrix.Itoa(n) + " bytes", application(binaryStyle{open: true, chunk: n}, p)})
	}
	return wordings
}

func integers(body []byte) []wording {
	p := ranged(0, body, matrix.Itoa(len(body)))
	var wordings []wording
	for _, width := range []int{1, 2, 4, 8} {
		what := "integers of at least " + matrix.Itoa(width) + " bytes"
		wordings = append(wordings,
			wording{what, application(binaryStyle{width: width}, p)},
			wording{what + " in indeterminate length", application(binaryStyle{width: width, open: true, chunk: 300}, p)})
	}
	return wordings
}

// trickily creates documents whose bytes look like the media type's own.
func (f *flow) trickily(media string) {
	f.needs(media)
	for _, body := range [][]byte{
		[]byte("\r\n--resumespec-par\r\n-resumespec-part\r\nx--resumespec-part--\r\n\r\n--"),
		[]byte("\r\n\r\n\r\n"),
		[]byte("--\r"),
		[]byte("Content-Range: bytes 0-1/2\r\n\r\nab"),
		slices.Concat(make([]byte, 70), bytes.Repeat([]byte{knownLength, indeterminateLength, 0x40, 0x80, 0xff}, 20), []byte{0}),
	} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), 0)
		op.Body = body
		f.Success(f.Upload(f.D, op), "the creation of a document")
		f.Holds(op, body, "created from bytes that look like framing")
	}
}

// misframed asks that patch documents that cannot be read are refused, and change nothing.
func (f *flow) misframed(media string, wordings func(data []byte) []wording) {
	f.needs(media)
	op := f.document(small)
	for _, w := range wordings(f.Other(10, 1)) {
		f.Round()
		r := f.patch(op, w.frame)
		f.refused(r, "a PATCH with "+w.what)
		f.Holds(op, op.Body, "after a PATCH with "+w.what)
	}
}

func badBoundaries(data []byte) []wording {
	none, other := multipart(boundary, ranged(10, data, "*")), multipart(boundary, ranged(10, data, "*"))
	none.contentType = multipartType
	other.contentType = multipartType + "; boundary=somewhere-else"
	return []wording{{"no boundary in its media type", none}, {"a boundary that is not in the body", other}}
}

func badFrames(data []byte) []wording {
	var wordings []wording
	for _, indicator := range []byte{0, 1, 2, 3, 9, 11} {
		f := application(binaryStyle{}, ranged(10, data, "*"))
		f.body[0] = indicator
		wordings = append(wordings, wording{"the framing indicator " + matrix.Itoa(int(indicator)), f})
	}
	p := ranged(10, data, "*")
	p.fields = append(exchange.Fields{{Name: "", Value: "x"}}, p.fields...)
	return append(wordings, wording{"a field without a name", application(binaryStyle{}, p)})
}
