package matrix

import (
	"slices"
	"strings"

	"github.com/resumespec/resumespec/suite/exchange"
)

// DocumentFlow is the flow of protocols whose upload is the creation of a document at a URL of the client's own, and which
// write ranges of it afterwards: what was stored is seen with GET and HEAD on the document. The driver of such a protocol
// embeds DocumentDriver.
type DocumentFlow struct{ *Flow }

// NewDocumentFlow gives the flow of a session for the named profile.
func NewDocumentFlow(s *Session, profile string, d Driver) DocumentFlow {
	return DocumentFlow{NewFlow(s, profile, d)}
}

// Other gives n bytes that are in no document of the case. Which makes them differ from call to call.
func (f DocumentFlow) Other(n int, which uint64) []byte { return Bytes(n, f.Salt+which) }

// Accepted asks for a 2xx.
func (f DocumentFlow) Accepted(r *exchange.Response, what string) {
	if r.Status/100 != 2 {
		f.Broken("2xx for "+what, "%d", r.Status)
	}
}

// Head asks for the document without its bytes.
func (f DocumentFlow) Head(op *Operation) *exchange.Response {
	return f.Do("HEAD on the document", RequestTo("HEAD", op.URL))
}

// EntityTag gives that of the document. A case that needs a strong one is unsupported without.
func (f DocumentFlow) EntityTag(op *Operation) string {
	tag := f.Head(op).Fields.Get("ETag")
	if tag == "" || strings.HasPrefix(tag, "W/") {
		f.Unsupported("the document has no strong ETag, which If-Match needs (%q)", tag)
	}
	return tag
}

// Get reads the document. A server may break its answer off rather than mix what was there with what a write brings
// meanwhile: then it is asked again.
func (f DocumentFlow) Get(op *Operation) *exchange.Response {
	req := RequestTo("GET", op.URL)
	for range 3 {
		r, err := f.Try(req)
		if err == nil {
			return r
		}
		if kind := exchange.KindOf(err); kind != exchange.Closed && kind != exchange.Reset || !f.Wait(f.Patient()/100) {
			break
		}
		f.Note("GET on the document was broken off, and asked again")
	}
	return f.Do("GET on the document", req)
}

// Content gives the bytes that the document shows; there says whether it is there.
func (f DocumentFlow) Content(op *Operation) (body []byte, there bool) {
	r := f.Get(op)
	switch {
	case r.Status == 404 || r.Status == 410 || r.Status == 204:
		return nil, r.Status == 204
	case r.Status == 405:
		f.Unsupported("GET on the document is refused with 405: its bytes cannot be seen")
	case r.Status/100 != 2:
		f.Broken("GET on the document to show its bytes", "%d", r.Status)
	}
	return r.Body, true
}

// Holds asks that the document is there and shows these bytes.
func (f DocumentFlow) Holds(op *Operation, want []byte, when string) {
	got, there := f.Content(op)
	if !there {
		f.Harmful("a document of "+Itoa(len(want))+" bytes "+when, "none is there")
	}
	f.SameBytes("document "+when, got, want)
}

// Nothing asks that no document is there, or an empty one.
func (f DocumentFlow) Nothing(op *Operation, when string) {
	if got, _ := f.Content(op); len(got) > 0 {
		f.Harmful("no document "+when, "one of %d bytes", len(got))
	}
}

// Replaced gives the document with other bytes at an offset, and longer where they run past its end.
func Replaced(document []byte, at int64, data []byte) []byte {
	result := slices.Clone(document)
	for int64(len(result)) < at+int64(len(data)) {
		result = append(result, 0)
	}
	copy(result[at:], data)
	return result
}

// Since asks that a document is what it was, but for a run of new bytes that begins at an offset: all of them up to some
// byte, and none after it. The most that may be new is what was sent. It gives how many are.
func (f DocumentFlow) Since(got, before []byte, at int64, data []byte, sent int64, when string) int64 {
	n := int64(0)
	for n < int64(len(data)) && at+n < int64(len(got)) && got[at+n] == data[n] {
		n++
	}
	for n > 0 && at+n <= int64(len(before)) && before[at+n-1] == data[n-1] {
		n-- // such a byte may be the old one
	}
	if n > sent {
		f.HarmfulAt(at+sent, "document "+when, "at most the "+Itoa(sent)+" bytes that were sent", "%d of the new ones", n)
	}
	f.SameBytes("document "+when, got, Replaced(before, at, data[:n]))
	return n
}

// Processed cuts an upload that is processed slowly, which the target must be configured for, as soon as its body is in. It
// asks that the effect happens all the same, and once.
func (f DocumentFlow) Processed() {
	op := f.Shaped(*f.Set.Slow, f.Tag, Usual)
	effects := f.Effects(f.W, op.Tag)
	f.Lost(op, f.At(RequestEnd, 0))
	effects.Once("of an upload that is processed slowly")
	for range 20 { // a document need not be shown before it was processed
		if got, _ := f.Content(op); FirstDifference(got, op.Body) < 0 || !f.Wait(f.Patient()/20) {
			break
		}
	}
	f.Holds(op, op.Body, "after it was processed")
}

// FailedUpload is an upload that ended in an error, and its effects since before it.
type FailedUpload struct {
	Op      *Operation
	Effects Effects
}

// Failed carries out each upload that is configured as failing, loses the answer that says so, and asks that none of them has
// an effect.
func (f DocumentFlow) Failed() []FailedUpload {
	var failed []FailedUpload
	var watched []Watched
	for _, template := range f.Set.Failing {
		f.Round()
		twin := f.Upload(f.D, f.Shaped(template, NewTag(), Usual))
		if twin.Response.Status < 400 {
			f.Unsupported("the upload configured as failing is answered %d", twin.Response.Status)
		}
		op := f.Shaped(template, NewTag(), Usual)
		op.Failing = true
		effects := f.Effects(f.W, op.Tag)
		f.Interrupt(f.D, op, f.At(ResponseHead, 0))
		failed = append(failed, FailedUpload{op, effects})
		watched = append(watched, Watched{Effects: effects, When: "of an upload that failed"})
	}
	f.Round()
	f.NoneYet(watched...)
	return failed
}
