package byterange

import (
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// writeChecks: writes to a document that is complete, cut and whole, of one part and of several.
func writeChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "byterange.write.cut", Level: catalog.Must, Source: applying,
			Requires: "When a write over a document is cut, every byte is the old or the new one: the new ones are the first of its range, no more than were sent, and the document is as long as before; the same write again completes it.",
			Why:      "What the client did not reach must be as it was, or an interruption destroys what nobody touched.",
			Sends:    "A write over the middle of a document, cut after 0, 1, half and all but one of its bytes; GET; the same write again; GET.",
			Failure:  "The range is cleared before it is written, the document ends where the connection did, or a buffer with old bytes is written for the rest.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(writeCut)},
		{Case: catalog.Case{
			ID: "byterange.write.append-cut", Level: catalog.Must, Source: applying,
			Requires: "When a write that makes a document longer is cut, the document is the old one and some of the new bytes, no more than were sent, and HEAD says how many there are; the rest completes it.",
			Why:      "A log that grows over a bad line must have neither holes nor doubles.",
			Sends:    "A write at the end of a document, cut in its middle; GET and HEAD; the rest from there; GET.",
			Failure:  "The document is made longer first and written later, or the part that came is appended a second time.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(writeAppendCut)},
		{Case: catalog.Case{
			ID: "byterange.write.lost", Level: catalog.Must, Source: catalog.Loose(modifying, "idempotent writes are named as a use"),
			Requires: "When the answer to a write over a document is lost, the same write again leaves the document as one would.",
			Why:      "The client cannot know whether the first one was taken.",
			Sends:    "Writes over a document, cut before the answer and in its head; the same again; GET.",
			Failure:  "The second write is put behind the first, or refused because of it.",
			Point:    "pre-response", Faults: matrix.EveryFault,
		}, Run: with(writeLost)},
		{Case: catalog.Case{
			ID: "byterange.write.parts", Level: catalog.Must, Source: multipartDoc,
			Requires: "All parts of a patch are written, in whatever order they come, and nothing else of the document changes.",
			Why:      "It is how a client changes several places at once.",
			Sends:    "Patches of two and of three parts, upwards and downwards, over a document; a document created from three parts; GET after each.",
			Failure:  "Only the first part, or the last, is written, or parts are joined.",
		}, Run: with(writeParts)},
		{Case: catalog.Case{
			ID: "byterange.write.parts-cut", Level: catalog.Must, Source: multipartDoc,
			Requires: "When a patch of several parts is cut, every byte of the document is the old or the new one, new ones only as far as they were sent, and the same patch again completes it.",
			Why:      "Whatever a server saves of it, the client must be able to repeat it.",
			Sends:    "A patch of two parts over a document, cut in the fields and in the bytes of the second; GET; the same patch again; GET.",
			Failure:  "The bytes of the second part are written to the range of the first, or fields and boundaries into the document.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(func(f *flow) { f.partsCut(nil) })},
		{Case: catalog.Case{
			ID: "byterange.write.parts-refused", Level: catalog.Must, Source: catalog.RFC(5789, "2"),
			Requires: "A patch of several parts of which one must be refused is refused as a whole, and changes nothing.",
			Why:      "The client meant all of them or none; half a change is a corrupt document.",
			Sends:    "Patches of two parts over a document, of which the second, and the first, has no range, a malformed one or a Content-Length that does not fit; GET after each.",
			Failure:  "Parts are written one after the other as they are read.",
		}, Run: with(writePartsRefused)},
	}
}

func writeCut(f *flow) {
	const at, n = 2000, 4000
	for i, bytes := range []int64{0, 1, n / 2, n - 1} {
		f.Round()
		op := f.document(matrix.Usual)
		data := f.Other(n, uint64(i)+1) // #nosec G115 -- a small index
		piece := f.piece(op, ranged(at, data, "*"))
		f.cutPiece(piece, f.At(matrix.RequestBody, bytes))
		when := "after a write that was cut after " + matrix.Itoa(bytes) + " of its bytes"
		got, _ := f.Content(op)
		f.Since(got, op.Body, at, data, bytes, when)
		f.again(op, piece.Request, "the same write again")
		f.Holds(op, matrix.Replaced(op.Body, at, data), "after the same write again")
		f.Release()
		f.Holds(op, matrix.Replaced(op.Body, at, data), "after the old connection has ended")
	}
}

// piece gives the PATCH with a part, which asks to keep what comes.
func (f *flow) piece(op *matrix.Operation, p part) matrix.Piece {
	fr := framed(f.d.media, p)
	return matrix.Piece{Request: f.d.request(op, fr, exchange.Field{Name: "Prefer", Value: persist}), Payload: fr.at[0]}
}

// cutPiece sends a piece over a link that cuts, where the offset counts the bytes of the part.
func (f *flow) cutPiece(piece matrix.Piece, cut matrix.Cut) {
	if cut.Place == matrix.RequestBody && !cut.FromEnd {
		cut.Offset += piece.Payload
	}
	f.Landed(f.Cut(piece.Request, cut))
}

// again sends a request until it is taken, twice at most: the server may still be at work on the one that was cut.
func (f *flow) again(op *matrix.Operation, req exchange.Request, what string) {
	r := f.Do("the PATCH", req)
	if f.d.Conflict(op, r) {
		f.Warn(what+" to be taken at once", "%d", r.Status)
		f.Wait(f.Patient() / 10)
		r = f.Do("the PATCH", req)
	}
	f.Accepted(r, what)
}

func writeAppendCut(f *flow) {
	const n = 4000
	op := f.document(matrix.Usual)
	if r := f.write(op, ranged(matrix.Usual, f.Other(1, 9), "*")); r.Status/100 != 2 {
		f.Unsupported("documents do not grow: a write at the end is answered %d", r.Status)
	}
	before, data := matrix.Replaced(op.Body, matrix.Usual, f.Other(1, 9)), f.Other(n, 1)
	end := int64(len(before))
	f.cutPiece(f.piece(op, ranged(end, data, "*")), f.At(matrix.RequestBody, n/2))
	grown := *op
	grown.Body = matrix.Replaced(before, end, data)
	grown.Sent, grown.Known = end+n/2, end
	kept := f.Settled(f.D, &grown)
	got, _ := f.Content(op)
	f.Since(got, before, end, data, n/2, "after a write at its end that was cut")
	f.again(op, f.piece(op, ranged(kept, grown.Body[kept:], "*")).Request, "the rest")
	f.Holds(op, grown.Body, "after the rest of what was cut")
}

func writeLost(f *flow) {
	const at = 300
	for i, cut := range []matrix.Cut{f.At(matrix.RequestEnd, 0), f.At(matrix.ResponseHead, 0), f.AtFromEnd(matrix.ResponseHead, 1)} {
		f.Round()
		op := f.document(small)
		data := f.Other(100, uint64(i)+1) // #nosec G115 -- a small index
		piece := f.piece(op, ranged(at, data, matrix.Itoa(small)))
		f.cutPiece(piece, cut)
		f.again(op, piece.Request, "a write whose answer was lost, sent again,")
		f.Holds(op, matrix.Replaced(op.Body, at, data), "after a write whose answer was lost was sent again")
	}
}

// several frames parts in the case's own media type.
func (f *flow) several(parts ...part) frame { return framed(f.d.media, parts...) }

func writeParts(f *flow) {
	for _, media := range []string{multipartType, applicationType} {
		if !slices.Contains(f.types, media) {
			f.Note("the target does not name %s", media)
			continue
		}
		f.use(usual(media))
		f.writtenParts()
	}
	f.severally()
}

func (f *flow) writtenParts() {
	op := f.document(small)
	a, b, c := f.Other(10, 1), f.Other(1, 2), f.Other(100, 3)
	now := op.Body
	for _, parts := range [][]part{
		{ranged(20, a, "*"), ranged(700, c, "*")},
		{ranged(800, c, matrix.Itoa(small)), ranged(0, b, matrix.Itoa(small))},
		{ranged(100, c, "*"), ranged(300, b, "*"), ranged(990, a, "*")},
	} {
		f.Round()
		what := "a patch of " + matrix.Itoa(len(parts)) + " parts"
		f.Accepted(f.patch(op, f.several(parts...)), what)
		for _, p := range parts {
			at, _, _, _, _ := exchange.ParseContentRange(p.fields.Get("Content-Range")) // the suite's own
			now = matrix.Replaced(now, at, p.body)
		}
		f.Holds(op, now, "after "+what)
	}
	f.Round()
	op = f.OpAs(matrix.NewTag(), whole)
	effects := f.Effects(f.W, op.Tag)
	var parts []part
	for at := int64(0); at < whole; at += segment {
		parts = append(parts, typed(op, ranged(at, op.Body[at:at+segment], matrix.Itoa(whole))))
	}
	f.Accepted(f.patch(op, f.several(parts...), onlyNew), "a document created from three parts")
	f.Holds(op, op.Body, "created from three parts")
	effects.Once("of a document created from three parts")
}

// partsCut cuts a patch of two parts in the second, with these fields in the request. It gives how much of them was
// there, in each case.
func (f *flow) partsCut(fields exchange.Fields) (left []int64) {
	const first, second = 1000, 5000
	f.severally()
	for i, back := range []int64{-10, 1, 1000, 1999} {
		f.Round()
		op := f.document(matrix.Usual)
		a, b := f.Other(1000, uint64(2*i)+1), f.Other(2000, uint64(2*i)+2) // #nosec G115 -- a small index
		fr := f.several(ranged(first, a, "*"), ranged(second, b, "*"))
		req := f.d.request(op, fr, fields...)
		f.Landed(f.Cut(req, f.At(matrix.RequestBody, fr.at[1]+back)))
		when := "after a patch of two parts that was cut in the second"
		got, _ := f.Content(op)
		n := int64(0)
		if len(got) == len(op.Body) {
			middle := matrix.Replaced(got, second, op.Body[second:])
			n = f.Since(middle, op.Body, first, a, 1000, when)
			now := matrix.Replaced(op.Body, first, a[:n])
			n += f.Since(got, now, second, b, max(back, 0), when)
		} else {
			f.SameBytes("document "+when, got, op.Body)
		}
		left = append(left, n)
		f.again(op, req, "the same patch again")
		f.Holds(op, matrix.Replaced(matrix.Replaced(op.Body, first, a), second, b), "after the same patch again")
	}
	return left
}

func writePartsRefused(f *flow) {
	f.severally()
	op := f.document(small)
	data := f.Other(10, 1)
	good := ranged(20, f.Other(30, 2), "*")
	for _, bad := range []part{
		part{body: data}.measured(),
		part{body: data}.with("Content-Range", "bytes 709-700/*").measured(),
		part{body: data}.with("Content-Range", "bytes 700-709/*").with("Content-Length", "9"),
	} {
		for _, parts := range [][]part{{good, bad}, {bad, good}} {
			f.Round()
			what := "a patch of two parts, one with " + describe(bad.fields) + ","
			f.refused(f.patch(op, f.several(parts...)), what)
			f.Holds(op, op.Body, "after "+what+" was refused")
		}
	}
}
