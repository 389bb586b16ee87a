package byterange

import (
	"bytes"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// sizeChecks: the length of a document is set, and writes leave holes.
func sizeChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "byterange.size.truncate", Level: catalog.May, Source: contentRange,
			Requires: "A part with the form */L, where it is taken for a document that is longer, cuts it off there and changes nothing before.",
			Why:      "It is how a client takes back an append.",
			Sends:    "A part with */600 to a document of 1000 bytes; GET and HEAD.",
			Failure:  "The form is taken without effect, or empties the document.",
		}, Run: with(sizeTruncate)},
		{Case: catalog.Case{
			ID: "byterange.size.allocate", Level: catalog.May, Source: contentRange,
			Requires: "A part with the form */L, where it is taken for a document that is shorter, changes no byte of it; what is added reads as zeros.",
			Why:      "Space that shows what was there before gives away somebody else's bytes.",
			Sends:    "A part with */2000 to a document of 1000 bytes; GET.",
			Failure:  "The document is emptied, or the new space is not cleared.",
		}, Run: with(sizeAllocate)},
		{Case: catalog.Case{
			ID: "byterange.size.truncated-gone", Level: catalog.Must, Source: uninit,
			Requires: "Bytes that were cut off a document do not come back when it grows again: they read as zeros.",
			Why:      "Whoever took them back wants them gone; showing them discloses what is not written.",
			Sends:    "A part with */10 to a document of 1000 bytes; then a part with */1000, and a write of its last ten bytes; GET after each.",
			Failure:  "Truncation only moves the mark of the end.",
		}, Run: with(sizeGone)},
		{Case: catalog.Case{
			ID: "byterange.size.gap", Level: catalog.Should, Source: applying,
			Requires: "A write that begins beyond the end of a document, and not adjacent to it, is refused, and changes nothing; where it is taken all the same, the bytes between read as zeros, and never as anything else.",
			Why:      "The bytes between are defined by nobody; what is shown otherwise is memory or disk of the server, or the bytes of another document.",
			Sends:    "Writes that begin one byte and a hundred bytes beyond the end of a document of 1000; GET after each.",
			Failure:  "The write goes where it says without a look at what is there. It is a failure, not a warning, where the hole is not made of zeros, or a write that was refused changed something.",
		}, Run: with(sizeGap)},
		{Case: catalog.Case{
			ID: "byterange.size.huge", Level: catalog.Should, Source: initializing,
			Requires: "A huge complete length, or a write far beyond the end, is refused with 400 and not with 413, or costs nothing: other uploads go on.",
			Why:      "413 makes the client try again in smaller pieces; an allocation of petabytes ends the server.",
			Sends:    "Parts with a complete length of 9,007,199,254,740,991 bytes, to create a document and over one; a write at byte 4,503,599,627,370,496; then an upload as ever.",
			Failure:  "The space is allocated, the number overflows, or the refusal is about the patch instead of the document.",
		}, Run: with(sizeHuge)},
	}
}

func sizeTruncate(f *flow) {
	op := f.document(small)
	r := f.write(op, sized(600))
	if r.Status/100 == 4 {
		f.Holds(op, op.Body, "after a part with */600 that was refused")
		f.Unsupported("a part with */600 to a document of 1000 bytes is refused with %d", r.Status)
	}
	f.Accepted(r, "a part with */600")
	f.Holds(op, op.Body[:600], "after a part with */600")
	op.Sent = 600
	f.told(op, 600)
}

// grown asks that a document is as it was, but for zeros at its end.
func (f *flow) grown(op *matrix.Operation, before []byte, most int64, when string) {
	got, _ := f.Content(op)
	if len(got) < len(before) || int64(len(got)) > most {
		f.Harmful("a document of "+matrix.Itoa(len(before))+" to "+matrix.Itoa(most)+" bytes "+when, "%d bytes", len(got))
	}
	f.SameBytes("document "+when, got, append(bytes.Clone(before), make([]byte, len(got)-len(before))...))
}

func sizeAllocate(f *flow) {
	op := f.document(small)
	r := f.write(op, sized(2*small))
	if r.Status/100 == 4 {
		f.Holds(op, op.Body, "after a part with */2000 that was refused")
		f.Unsupported("a part with */2000 to a document of 1000 bytes is refused with %d", r.Status)
	}
	f.Accepted(r, "a part with */2000")
	f.grown(op, op.Body, 2*small, "after a part with */2000")
}

func sizeGone(f *flow) {
	op := f.document(small)
	if r := f.write(op, sized(10)); r.Status/100 != 2 {
		f.Unsupported("a part with */10 to a document of 1000 bytes is refused with %d", r.Status)
	}
	f.Holds(op, op.Body[:10], "after a part with */10")
	allocated := f.write(op, sized(small)).Status/100 == 2
	f.grown(op, op.Body[:10], small, "after parts with */10 and */1000")
	last := f.Other(10, 1)
	written := f.write(op, ranged(small-10, last, "*")).Status/100 == 2
	if written {
		f.Holds(op, matrix.Replaced(op.Body[:10], small-10, last), "after it was cut off and its last bytes were written again")
	}
	if !allocated && !written {
		f.Unsupported("a document that was cut off does not grow again by */1000, nor by a write beyond its end")
	}
}

func sizeGap(f *flow) {
	f.document(small) // whose bytes may be what is left in a buffer
	for i, beyond := range []int64{1, 100} {
		f.Round()
		op, data := f.document(small), f.Other(10, uint64(i)+1) // #nosec G115 -- a small index
		r := f.write(op, ranged(small+beyond, data, "*"))
		what := "a write that begins " + matrix.Itoa(beyond) + " bytes beyond the end"
		if r.Status/100 != 2 {
			f.Holds(op, op.Body, "after "+what)
			f.refused(r, what)
			continue
		}
		if got, _ := f.Content(op); int64(len(got)) <= small+beyond { // the write does not show yet
			f.grown(op, op.Body, small+beyond, "after "+what)
		} else {
			f.Holds(op, matrix.Replaced(op.Body, small+beyond, data), "after "+what)
		}
		f.Warn(what+" to be refused", "%d; the hole reads as zeros", r.Status)
	}
}

// Lengths that no server has room for; both are exact in every JSON and every sf-integer.
const (
	hugeLength int64 = 9_007_199_254_740_991
	farAway    int64 = 4_503_599_627_370_496
)

func sizeHuge(f *flow) {
	data := f.Other(10, 1)
	there := f.document(small)
	for _, c := range []struct {
		what  string
		op    *matrix.Operation
		p     part
		fresh bool
	}{
		{"a first segment with a huge complete length", f.OpAs(matrix.NewTag(), 0), ranged(0, data, matrix.Itoa(hugeLength)), true},
		{"the allocation of a huge document", f.OpAs(matrix.NewTag(), 0), sized(hugeLength), true},
		{"a write far beyond the end", there, ranged(farAway, data, "*"), false},
	} {
		f.Round()
		var fields exchange.Fields
		if c.fresh {
			fields = exchange.Fields{onlyNew}
		}
		r := f.write(c.op, c.p, fields...)
		switch {
		case r.Status/100 == 2:
			f.Note("%s is taken (%d)", c.what, r.Status)
			f.Do("DELETE on the document", matrix.RequestTo("DELETE", c.op.URL)) // what cannot be deleted stays
		case r.Status == 413:
			f.Broken("400 for "+c.what, "413, which is about the length of the patch")
		default:
			f.refused(r, c.what)
		}
		if r.Status/100 == 4 && !c.fresh {
			f.Holds(there, there.Body, "after "+c.what)
		}
	}
	f.document(small)
}
