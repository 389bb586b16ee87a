package byterange

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// mediaCutChecks: uploads in each framing are cut in the frame and in the bytes.
func mediaCutChecks() []matrix.Check {
	var checks []matrix.Check
	for _, m := range []struct {
		name, media, what string
		open              bool
	}{
		{"message-cut", messageType, "a message/byterange", false},
		{"multipart-cut", multipartType, "a multipart/byteranges", false},
		{"application-cut", applicationType, "an application/byteranges of known length", false},
		{"indeterminate-cut", applicationType, "an application/byteranges of indeterminate length", true},
	} {
		checks = append(checks, matrix.Check{Case: catalog.Case{
			ID: "byterange.media." + m.name, Level: catalog.Must, Source: applying,
			Requires: "An upload by " + m.what + " that is cut, in the fields of the part, after its first byte, in its middle or before the last byte of the request, is resumed to the same bytes and one effect; what is kept is the beginning of the body and nothing of the frame.",
			Why:      "The bytes that the server has read when the connection breaks are not all bytes of the document.",
			Sends:    "Uploads cut at each of these bytes; GET and HEAD on the document; PATCH with the rest.",
			Failure:  "Bytes of the frame are counted or stored, or half a part is taken for the whole.",
		}.CutAt("mid-upload", matrix.EveryFault), Run: with(func(f *flow) {
			f.needs(m.media)
			f.d.open = m.open
			mediaCut(f)
		})})
	}
	return checks
}

func mediaCut(f *flow) {
	lead := f.d.Lead(f.Op(matrix.Usual))
	for _, cut := range []matrix.Cut{
		f.At(matrix.RequestBody, -lead), f.At(matrix.RequestBody, -lead/2), f.At(matrix.RequestBody, 1),
		f.At(matrix.RequestBody, matrix.Usual/2), f.AtFromEnd(matrix.RequestBody, 1),
	} {
		f.Round()
		op := f.OpAs(matrix.NewTag(), matrix.Usual)
		effects := f.Effects(f.W, op.Tag)
		f.Interrupt(f.D, op, cut)
		f.begins(op, "after "+cut.String())
		if op.Sent < op.Len() {
			effects.None("of an upload that was cut")
		}
		f.brought(op)
		effects.Once("of an upload that was resumed after " + cut.String())
	}
}

// begins asks that what the document shows is the beginning of the upload, and no more of it than was sent.
func (f *flow) begins(op *matrix.Operation, when string) {
	got, _ := f.Content(op)
	if n := int64(len(got)); n > op.Sent {
		f.HarmfulAt(op.Sent, "document "+when, "at most the "+matrix.Itoa(op.Sent)+" bytes that were sent", "%d bytes", n)
	}
	f.SameBytes("document "+when, got, op.Body[:len(got)])
}

// brought brings an upload to its end, from wherever it is, and asks that its bytes are intact. Where every byte is in it
// says that this was all, as the end of a frame may have been lost.
func (f *flow) brought(op *matrix.Operation) {
	at := f.Settled(f.D, op)
	if at == op.Len() {
		f.Do("the PATCH that says that this was all", f.Tail(op, at).Request)
	} else if r := f.Send(f.D, op, at, op.Len()); r != nil {
		f.Accepted(r, "the rest of the upload")
	}
	f.Holds(op, op.Body, "after the upload was brought to its end")
}
