package partialput

import (
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// rangeChecks: a range is written, and nothing else.
func rangeChecks(t Terms, with With) []matrix.Check {
	silent := catalog.Loose(t.Source, catalog.Silent)
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "range.middle", Level: catalog.Must, Source: t.Source,
			Requires: "{write} writes the bytes of its range, and nothing else: what is before and behind them stays, and so do other documents.",
			Why:      "It is all that the client asked for.",
			Sends:    "{write} over the middle of a document, with 1, 10 and 300 bytes, and over the same range again; GET after each, and on another document.",
			Failure:  "The last position is taken for the first byte that is not written, or the document ends where the range does.",
		}, Run: with(rangeMiddle)},
		{Case: catalog.Case{
			ID: "range.borders", Level: catalog.Must, Source: t.Source,
			Requires: "The first byte, the last byte and the whole of a document are ranges like any other.",
			Why:      "Positions begin at zero and include the last: it is here that a mistake shows.",
			Sends:    "{write} over the first byte, over the last, over all, and over the two halves; GET after each.",
			Failure:  "Positions are counted from one, or the last is left out; a position of zero is taken for none.",
		}, Run: with(rangeBorders)},
		{Case: catalog.Case{
			ID: "range.large", Level: catalog.Must, Source: t.Source,
			Requires: "A long range at any offset is written whole.",
			Why:      "Buffers end at round numbers, and so do the mistakes in counting.",
			Sends:    "{write} of 130,001 bytes at offset 65,535 of a document of 204,800 bytes; GET.",
			Failure:  "Every buffer but the first is written at the wrong place.",
		}, Run: with(rangeLarge)},
		{Case: catalog.Case{
			ID: "range.create", Level: catalog.Must, Source: silent,
			Requires: "A document is created by its parts in order: after each, HEAD tells how much is there, and when the complete length that every part tells is reached the effect has happened, once.",
			Why:      "It is how a client uploads what it would not send in one piece.",
			Sends:    "Three times {write} with a third of a document; HEAD and a read of the number of effects after each; GET.",
			Failure:  "The first part is taken for the whole, or parts are kept until somebody says that it was the last.",
		}, Run: with(rangeCreate)},
		{Case: catalog.Case{
			ID: "range.again", Level: catalog.Must, Source: silent,
			Requires: "A part that is sent again, or that overlaps what is there with the same bytes, is taken or refused, and spoils nothing: the document is whole, and the effect happens once.",
			Why:      "A client that did not get its answer sends the part again.",
			Sends:    "The parts of a document, each twice and each beginning 100 bytes before the end of what is there; GET and a read of the number of effects.",
			Failure:  "A part is appended, whatever its range says.",
		}, Run: with(rangeAgain)},
		{Case: catalog.Case{
			ID: "range.untold", Level: t.Untold, Source: silent,
			Requires: "{write} that does not tell the complete length of the document writes its range all the same, and leaves the length as it is.",
			Why:      "A client that changes a few bytes need not know how long the document is.",
			Sends:    "{write} without a complete length over the middle of a document; GET.",
			Failure:  "The end of the range is taken for the end of the document.",
		}, Run: with(rangeUntold)},
		{Case: catalog.Case{
			ID: "range.grow", Level: catalog.May, Source: silent,
			Requires: "{write} that begins where a complete document ends makes it longer, or is refused and changes nothing.",
			Why:      "It is how a client appends to a log; one that is refused knows that it cannot.",
			Sends:    "{write} without a complete length, right behind the last byte of a document; GET and HEAD.",
			Failure:  "The new bytes replace the last ones, or are dropped although the write was taken.",
		}, Run: with(rangeGrow)},
		{Case: catalog.Case{
			ID: "range.gap", Level: catalog.Must, Source: silent,
			Requires: "A write that begins beyond the end of what is there is refused with a 4xx and changes nothing; where it is taken, what lies between reads as zeros, and the document is not complete before it was filled.",
			Why:      "A hole in the middle must not be filled with bytes that nobody sent, nor pass for part of a whole document.",
			Sends:    "{write} beyond the end of a document that is begun, and of one that is not there; GET and HEAD; then the missing parts, that with the last byte first.",
			Failure:  "The range is written where it says without a look at what is there, or is appended, or the hole counts as received.",
		}, Run: with(rangeGap)},
		{Case: catalog.Case{
			ID: "range.past-length", Level: catalog.Should, Source: silent,
			Requires: "A part past the complete length that one before it told is refused with a 4xx, whether it names another length or none, and changes nothing.",
			Why:      "One of the two is wrong, and only the client can know which.",
			Sends:    "{write} of the first half of a document; one behind its end, with a complete length that has room for it, and one without; GET; the other half; GET.",
			Failure:  "The length of the first part is forgotten, or the range is moved until it fits.",
		}, Run: with(rangePastLength)},
		{Case: catalog.Case{
			ID: "range.whole", Level: catalog.Must, Source: catalog.RFC(9110, "9.3.4"),
			Requires: "A PUT that names no range replaces the whole document, also one that was begun by ranges.",
			Why:      "Every other client must still be able to write the document.",
			Sends:    "PUT with a shorter and with a longer text over a document, and over one of which only the first part is there; GET after each.",
			Failure:  "The text is written over the beginning of the old one, whose end stays.",
		}, Run: with(rangeWhole)},
	}
}

func rangeMiddle(f *Flow) {
	op, neighbour := f.Document(Small), f.Document(Small)
	now := op.Body
	for i, p := range []Part{
		{At: 500, Data: f.Other(1, 1)}, {At: 100, Data: f.Other(10, 2)}, {At: 600, Data: f.Other(300, 3)},
		{At: 100, Data: f.Other(10, 4)}, {At: 105, Data: f.Other(10, 5)},
	} {
		f.Round()
		p.Complete = Small
		what := "the write of bytes " + matrix.Itoa(p.At) + " to " + matrix.Itoa(p.Last())
		r := f.Write(op, p)
		if r.Status/100 != 2 {
			f.Holds(op, now, "after "+what+", which was refused")
		}
		f.Accepted(r, what)
		now = matrix.Replaced(now, p.At, p.Data)
		f.Holds(op, now, "after "+what)
		if i == 0 {
			f.Holds(neighbour, neighbour.Body, "beside the one that was written to")
		}
	}
	f.Holds(neighbour, neighbour.Body, "beside the one that was written to")
}

func rangeBorders(f *Flow) {
	op := f.Document(Small)
	now := op.Body
	for i, span := range [][2]int{{0, 1}, {Small - 1, Small}, {0, Small}, {0, Small / 2}, {Small / 2, Small}} {
		f.Round()
		p := Part{At: int64(span[0]), Data: f.Other(span[1]-span[0], uint64(i)+1), Complete: Small} // #nosec G115 -- a small index
		what := "the write of bytes " + matrix.Itoa(p.At) + " to " + matrix.Itoa(p.Last())
		f.Accepted(f.Write(op, p), what)
		now = matrix.Replaced(now, p.At, p.Data)
		f.Holds(op, now, "after "+what)
	}
}

func rangeLarge(f *Flow) {
	n := f.AtMost(200 << 10)
	op := f.Document(n)
	at := min(65535, n/3)
	p := Part{At: int64(at), Data: f.Other(min(130_001, n-at), 1), Complete: int64(n)}
	f.Accepted(f.Write(op, p), "a long write")
	f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after a long write")
}

// third is the length of the parts of a document that is created from three.
const third = Small / 4

func rangeCreate(f *Flow) {
	f.Creates()
	const n = 3 * third
	op := f.OpAs(matrix.NewTag(), n)
	effects := f.Effects(f.W, op.Tag)
	f.Ready(op)
	for at := int64(0); at < n; at += third {
		f.Round()
		what := "the part from byte " + matrix.Itoa(at)
		f.Accepted(f.Write(op, Part{At: at, Data: op.Body[at : at+third], Complete: n}), what)
		op.Sent = at + third
		if kept := f.Offset(f.D, op); kept != op.Sent {
			f.BrokenAt(kept, "document", "HEAD to tell of "+matrix.Itoa(op.Sent)+" bytes after "+what, "%d", kept)
		}
		if op.Sent < n {
			effects.None("of a document of which parts are missing")
		}
	}
	f.Holds(op, op.Body, "created from three parts")
	effects.Once("of a document created from three parts")
}

func rangeAgain(f *Flow) {
	f.Creates()
	const n = 3 * third
	op := f.OpAs(matrix.NewTag(), n)
	effects := f.Effects(f.W, op.Tag)
	f.Ready(op)
	for at := int64(0); at < n; at += third {
		f.Round()
		p := Part{At: at, Data: op.Body[at : at+third], Complete: n}
		overlapping := Part{At: max(0, at-100), Data: op.Body[max(0, at-100) : at+third], Complete: n}
		f.taken(f.Write(op, overlapping), "a part that overlaps what is there")
		f.taken(f.Write(op, p), "a part whose bytes may be there already")
		f.taken(f.Write(op, p), "a part that is sent again")
		op.Sent = at + third
		if kept := f.Offset(f.D, op); kept != op.Sent {
			f.BrokenAt(kept, "document", "HEAD to tell of "+matrix.Itoa(op.Sent)+" bytes after parts that overlap", "%d", kept)
		}
	}
	f.Holds(op, op.Body, "after each part was sent twice")
	effects.Once("of a document each of whose parts was sent twice")
}

// taken notes a refusal that a server has a right to.
func (f *Flow) taken(r *exchange.Response, what string) {
	if r.Status/100 != 2 {
		f.Refused(r, what+", if it is not taken,")
		f.Note("%s is answered %d", what, r.Status)
	}
}

func rangeUntold(f *Flow) {
	op := f.Document(Small)
	p := Part{At: 300, Data: f.Other(100, 1), Complete: Untold}
	r := f.Write(op, p)
	if r.Status/100 != 2 {
		f.Holds(op, op.Body, "after a write without a complete length, which was refused")
	}
	f.Accepted(r, "a write without a complete length")
	f.Holds(op, matrix.Replaced(op.Body, p.At, p.Data), "after a write without a complete length")
}

func rangeGrow(f *Flow) {
	op := f.Document(Small)
	p := Part{At: Small, Data: f.Other(100, 1), Complete: Untold}
	r := f.Write(op, p)
	if r.Status/100 != 2 {
		f.Holds(op, op.Body, "after a write behind its end, which was refused")
		f.Refused(r, "a write behind the end of a document, if it is not taken,")
		f.Unsupported("documents do not grow: a write behind the end is answered %d", r.Status)
	}
	longer := matrix.Replaced(op.Body, p.At, p.Data)
	f.Holds(op, longer, "after a write behind its end")
	if value := f.Head(op).Fields.Get("Content-Length"); value != "" && value != matrix.Itoa(len(longer)) {
		f.Broken("HEAD to tell of "+matrix.Itoa(len(longer))+" bytes", "%s", value)
	}
}

func rangeGap(f *Flow) {
	op := f.Begun(Small, Small/2)
	effects := f.Effects(f.W, op.Tag)
	p := Part{At: Small/2 + 100, Data: op.Body[Small/2+100 : Small/2+200], Complete: Small}
	r := f.Write(op, p)
	if r.Status/100 == 2 {
		f.sparse(op, effects, p)
		return
	}
	f.Refused(r, "a write beyond the end of what is there")
	op.Known = Small / 2
	if kept := f.Offset(f.D, op); kept != Small/2 {
		f.HarmfulAt(kept, "document", "HEAD to tell of "+matrix.Itoa(Small/2)+" bytes after a write that was refused", "%d", kept)
	}
	f.Accepted(f.Write(op, Part{At: Small / 2, Data: op.Body[Small/2:], Complete: Small}), "the part that is missing")
	f.Holds(op, op.Body, "after the part that was missing")

	f.Round()
	absent := f.OpAs(matrix.NewTag(), Small)
	effects = f.Effects(f.W, absent.Tag)
	f.Ready(absent)
	p = Part{At: 100, Data: absent.Body[100:200], Complete: Small}
	r = f.Write(absent, p)
	if r.Status/100 == 2 {
		f.sparse(absent, effects, p)
		return
	}
	f.Refused(r, "a write to the middle of a document that is not there")
	f.Nothing(absent, "after a write to its middle that was refused")
}

// sparse looks at a document with a hole: nothing shows in it but zeros, the bytes behind it are in their place, and the
// document is not whole before it was filled.
func (f *Flow) sparse(op *matrix.Operation, effects matrix.Effects, p Part) {
	f.Note("a write beyond the end of what is there is taken")
	f.holes(op, p)
	last := Part{At: p.Last() + 1, Data: op.Body[p.Last()+1:], Complete: Small}
	r := f.Write(op, last)
	f.taken(r, "the last part of a document with a hole")
	effects.None("of a document with a hole")
	f.Accepted(f.Write(op, Part{At: op.Sent, Data: op.Body[op.Sent:p.At], Complete: Small}), "the part that was missing")
	if r.Status/100 != 2 {
		f.Accepted(f.Write(op, last), "the last part, with none missing any more")
	}
	f.Holds(op, op.Body, "after its hole was filled")
	effects.Once("of a document whose hole was filled")
}

// holes asks that what is shown of a document is in its place, and zeros between.
func (f *Flow) holes(op *matrix.Operation, p Part) {
	got, _ := f.Content(op)
	want := make([]byte, len(op.Body))
	copy(want, op.Body[:op.Sent])
	want = matrix.Replaced(want, p.At, p.Data)
	if shown := want[:min(len(got), len(want))]; !slices.Equal(got, shown) {
		f.SameBytes("document with a hole", got, shown)
	}
}

func rangePastLength(f *Flow) {
	op := f.Begun(Small, Small/2)
	for _, complete := range []int64{Small + 10, Untold} {
		f.Round()
		r := f.Write(op, Part{At: Small, Data: f.Other(10, 1), Complete: complete})
		got, _ := f.Content(op)
		if at := matrix.FirstDifference(got[:min(len(got), Small/2)], op.Body[:Small/2]); at >= 0 {
			f.HarmfulAt(at, "document", "what was there to stay after a part past its complete length", "another byte")
		}
		f.Refused(r, "a part past the complete length that the one before told")
	}
	f.Round()
	f.Accepted(f.Write(op, Part{At: Small / 2, Data: op.Body[Small/2:], Complete: Small}), "the other half")
	f.Holds(op, op.Body, "after parts past its complete length")
}

func rangeWhole(f *Flow) {
	op := f.Document(Small)
	for i, n := range []int{Small / 3, 2 * Small} {
		f.Round()
		other := *op
		other.Body = f.Other(n, uint64(i)+1) // #nosec G115 -- a small index
		r := f.Do("PUT without a range", Whole(&other))
		if r.Status == 405 || r.Status == 501 {
			f.Holds(op, op.Body, "after a PUT that was refused")
			f.Unsupported("a PUT without a range is refused with %d", r.Status)
		}
		f.Accepted(r, "a PUT without a range")
		f.Holds(op, other.Body, "after a PUT without a range")
	}
	if f.Plain {
		return
	}
	f.Round()
	begun := f.Begun(Small, Small/2)
	effects := f.Effects(f.W, begun.Tag)
	begun.Body = f.Other(Small/4, 3)
	r := f.Do("PUT without a range", Whole(begun))
	if r.Status == 409 || r.Status == 423 {
		f.Note("a PUT over a document that is begun is refused with %d", r.Status)
		return
	}
	f.Accepted(r, "a PUT without a range over a document that is begun")
	f.Holds(begun, begun.Body, "after a PUT over its first part")
	effects.Once("of a PUT over a document that was begun")
}
