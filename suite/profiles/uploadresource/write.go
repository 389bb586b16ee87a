package uploadresource

import (
	"fmt"
	"strconv"
	"strings"

	. "github.com/onsi/gomega"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// writeChecks: how parts are written that are as they should be.
func writeChecks() []matrix.Check {
	must := catalog.Must
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "upload-resource.write.kept-range", Level: must, Source: partial,
			Requires: "A part that leaves bytes missing is answered with a 2xx, or with 308 whose Range is bytes=0-N for what is kept, without Range where that is nothing; the status resource says the same.",
			Why:      "A client of the deployed form reads the next offset from that field, and from nowhere else.",
			Sends:    "Parts of 1, 100 and 4000 bytes in order; GET on the status resource after each.",
			Failure:  "N is a length instead of a position, or tells the part instead of the whole.",
		}, Run: with(writeKeptRange)},
		{Case: catalog.Case{
			ID: "upload-resource.write.ask", Level: catalog.Should, Source: partial,
			Requires: "Content-Range: bytes */L with an empty body asks how much is there: it is answered with 308 or a 2xx as a part is, and changes nothing.",
			Why:      "It is how clients of the deployed form ask.",
			Sends:    "The question before the first byte and after an interruption; GET on the status resource after each; then the rest.",
			Failure:  "The empty body is taken for the end, or for the content.",
			Point:    "mid-upload", Faults: matrix.Closing,
		}, Run: with(writeAsk)},
		{Case: catalog.Case{
			ID: "upload-resource.write.ends", Level: must, Source: partial,
			Requires: "Where the length was not known and everything is there, Content-Range: bytes */L with an empty body ends the upload.",
			Why:      "A stream ends without a further byte; the client learns its length only then.",
			Sends:    "POST without a length; the whole body in two parts of open length (bytes a-b/*); then bytes */L.",
			Failure:  "The upload waits for another byte for ever, or was ended by the part before.",
		}, Run: with(writeEnds)},
		{Case: catalog.Case{
			ID: "upload-resource.write.ends-early", Level: must, Source: partial,
			Requires: "Content-Range: bytes */L with an empty body ends nothing while bytes below L are missing.",
			Why:      "The end is where the client says that it is, not where the bytes happen to stop.",
			Sends:    "POST without a length; half of the body with an open length; bytes */L; a read of the number of effects; then the rest.",
			Failure:  "The length is cut to what is there.",
		}, Run: with(writeEndsEarly)},
		{Case: catalog.Case{
			ID: "upload-resource.write.open-length", Level: must, Source: partial,
			Requires: "Parts with an open length (bytes a-b/*) are taken also where the POST announced the length, and the upload completes with its last byte.",
			Why:      "RFC 9110 lets a sender leave the length out; the server knows it already.",
			Sends:    "POST with a length; the body in three parts with bytes a-b/*.",
			Failure:  "The length announced is forgotten, or the upload waits for one that was told.",
		}, Run: with(writeOpenLength)},
		{Case: catalog.Case{
			ID: "upload-resource.write.same-again", Level: must, Source: partial,
			Requires: "A part that is sent again with the same bytes is taken or refused with a 4xx, and the upload is what it would have been.",
			Why:      "A client whose part was taken and whose answer was lost sends it again.",
			Sends:    "An upload cut in the middle; a part; the same part again, and one that overlaps it with the same bytes; the rest.",
			Failure:  "The bytes are appended a second time, whatever the range says.",
			Point:    "mid-upload", Faults: matrix.Closing,
		}, Run: with(writeSameAgain)},
		{Case: catalog.Case{
			ID: "upload-resource.write.cut", Level: must, Source: partial,
			Requires: "A part that is cut, before its first byte or behind it, takes nothing with it that was there before.",
			Why:      "What was told as received the client has freed.",
			Sends:    "A part; the next one cut after 0, 1, 10, 100 and 1000 bytes; GET on the status resource after each; then the rest.",
			Failure:  "What a part brings and what was there are undone together.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(writeCut)},
		{Case: catalog.Case{
			ID: "upload-resource.write.after-done", Level: must, Source: partial,
			Requires: "A write to an upload that is done changes nothing: the result keeps its bytes, and the effect is not repeated.",
			Why:      "A client whose last answer was lost sends its last part again, and others may be late.",
			Sends:    "A whole upload; its last part again; its last part and the whole with other bytes; a read of the result and of the number of effects.",
			Failure:  "The upload is opened again, or the last part completes it once more.",
		}, Run: with(writeAfterDone)},
	}
}

// keptRange reads the Range of a 308: how many bytes are kept from byte 0 on.
func keptRange(r *exchange.Response) (int64, error) {
	value := r.Fields.Joined("Range")
	if value == "" {
		return 0, nil
	}
	last, found := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(value, " ", "")), "bytes=0-")
	n, err := strconv.ParseInt(last, 10, 64)
	if !found || err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not bytes=0-N", value)
	}
	return n + 1, nil
}

// agrees asks that an answer says what the status resource says.
func (f *flow) agrees(op *matrix.Operation, r *exchange.Response, what string) {
	if !goesOn(r) {
		f.Broken(what+" to be answered with a 2xx or 308", "%d", r.Status)
	}
	if r.Status != 308 {
		return
	}
	kept, err := keptRange(r)
	if err != nil {
		f.Broken("Range: bytes=0-N in the 308", "Range: %v", err)
	}
	if told := f.Offset(f.d, op); told != kept {
		f.HarmfulAt(min(told, kept), "request body", "the 308 to tell the "+matrix.Itoa(told)+" bytes that the status resource tells", "%d bytes (Range: %s)", kept, r.Fields.Joined("Range"))
	}
}

func writeKeptRange(f *flow) {
	op := f.allocated()
	at := int64(0)
	for _, n := range []int64{1, 100, 4000} {
		r := f.Send(f.d, op, at, at+n)
		if r == nil {
			f.Broken("a part at byte "+matrix.Itoa(at)+" to be taken", "the server said that it has it already")
		}
		f.agrees(op, r, "the write of bytes "+matrix.Itoa(at)+" to "+matrix.Itoa(at+n))
		f.Note("a part is answered %d", r.Status)
		at += n
		f.Unmoved(op, at, "after a part that ends there")
	}
	f.Completed(op)
}

func writeAsk(f *flow) {
	op := f.allocated()
	effects := f.Effects(f.W, op.Tag)
	ask := contentRange(0, 0, matrix.Usual)
	f.agrees(op, f.put(op, ask, nil), "the question before the first byte")
	f.Unmoved(op, 0, "after the question")
	f.Interrupt(f.d, op, f.At(matrix.RequestBody, matrix.Usual/2))
	n := f.Stable(op)
	f.agrees(op, f.put(op, ask, nil), "the question")
	f.Unmoved(op, n, "after the question")
	effects.None("of a question")
	f.Completed(op)
	effects.Once("of the upload")
}

func writeEnds(f *flow) {
	op := f.unmeasured()
	effects := f.Effects(f.W, op.Tag)
	for _, part := range []span{{0, matrix.Usual/2 - 1}, {matrix.Usual / 2, matrix.Usual - 1}} {
		op.Sent = part.last + 1
		r := f.put(op, contentRange(part.first, part.last+1, unknown), op.Body[part.first:part.last+1])
		if !goesOn(r) {
			f.Broken("a part of open length to be taken", "%d", r.Status)
		}
	}
	f.NoneYet(matrix.Watched{Effects: effects, When: "before the length is told", Look: func() { f.NotReady(op, "everything but the length") }})
	r := f.put(op, contentRange(0, 0, matrix.Usual), nil)
	f.That(r.Status/100, Equal(2), matrix.Itoa(r.Status), "the end of the upload to be answered with a 2xx")
	f.d.Learn(op, r)
	f.finished(op)
	effects.Once("of an upload that was ended by its length")
}

func writeEndsEarly(f *flow) {
	op := f.unmeasured()
	effects := f.Effects(f.W, op.Tag)
	f.Partly(op, 0, matrix.Usual/2)
	r := f.put(op, contentRange(0, 0, matrix.Usual), nil)
	f.Note("the end, told too early, is answered %d", r.Status)
	f.NoneYet(matrix.Watched{Effects: effects, When: "of an upload of which half is missing", Look: func() { f.NotReady(op, "half of the bytes") }})
	f.Unmoved(op, matrix.Usual/2, "after the length was told")
	op.Chunked = false
	f.Completed(op)
	effects.Once("of the upload")
}

func writeOpenLength(f *flow) {
	op := f.allocated()
	effects := f.Effects(f.W, op.Tag)
	for at := int64(0); at < op.Len(); {
		next := min(at+3000, op.Len())
		op.Sent = next
		r := f.put(op, contentRange(at, next, unknown), op.Body[at:next])
		if !goesOn(r) {
			f.Broken("a part with bytes a-b/* to be taken", "%d", r.Status)
		}
		f.d.Learn(op, r)
		at = next
	}
	f.finished(op)
	effects.Once("of an upload in parts of open length")
}

func writeSameAgain(f *flow) {
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Interrupt(f.d, op, f.At(matrix.RequestBody, 1000))
	n := f.Stable(op)
	end := n + 500
	f.Partly(op, n, end)
	for _, from := range []int64{n, n + 100, 0} {
		r := f.put(op, contentRange(from, end, op.Len()), op.Body[from:end])
		if !goesOn(r) {
			f.Refused(r, "a part that is sent again, if it is not taken,")
		}
		f.Unmoved(op, end, "after a part that was there already")
	}
	f.Completed(op)
	effects.Once("of an upload of which a part was sent again")
}

func writeCut(f *flow) {
	op := f.allocated()
	effects := f.Effects(f.W, op.Tag)
	f.Partly(op, 0, 500)
	f.CutEarly(op, polite)
	f.Completed(op)
	effects.Once("of the upload")
}

func writeAfterDone(f *flow) {
	op := f.Op(matrix.Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Uploaded(op)
	f.finished(op)
	other := matrix.Bytes(matrix.Usual, f.Salt+7)
	for _, w := range []struct {
		from int64
		body []byte
	}{{matrix.Usual / 2, op.Body}, {matrix.Usual / 2, other}, {0, other}} {
		f.Round()
		r, err := f.Try(f.d.write(op, contentRange(w.from, op.Len(), op.Len()), w.body[w.from:]).Request)
		if err == nil { // a server may end the connection of a write that it does not want
			f.Note("a write to an upload that is done is answered %d", r.Status)
		}
		f.finished(op)
		effects.Once("of an upload to which was written after it was done")
	}
}
