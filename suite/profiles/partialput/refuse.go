package partialput

import (
	"fmt"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
)

// Wrong is a PUT that must be refused, and change nothing. Only what it is meant to test is wrong with its forms.
type Wrong[F Form] struct {
	Name, Requires, Why, Failure string
	Forms                        []F
}

// Form is one form of a wrong PUT, for documents of 1000 bytes. String tells what is wrong: "a PUT of 10 bytes without Range".
type Form interface {
	fmt.Stringer
	// Put gives the request, with as many of the bytes as the form has.
	Put(f *Flow, op *matrix.Operation, data []byte) exchange.Request
}

// WrongChecks gives the cases of PUTs that are wrong. Run looks at each form, with Refuse.
func WrongChecks[F Form](t Terms, with With, wrongs []Wrong[F], run func(*Flow, Wrong[F])) []matrix.Check {
	var checks []matrix.Check
	for _, w := range wrongs {
		checks = append(checks, matrix.Check{Case: catalog.Case{
			ID: "refuse." + w.Name, Level: catalog.Must, Source: catalog.Loose(t.Source, catalog.Silent),
			Requires: w.Requires, Why: w.Why, Failure: w.Failure,
			Sends: "The wrong PUTs over a document that is complete, and over one of which half is there; GET and HEAD after each; then the other half.",
		}, Run: with(func(f *Flow) { run(f, w) })})
	}
	return checks
}

// WholeAndHalf gives a document that is complete, and one of which half is there; nil instead where none can be begun.
func (f *Flow) WholeAndHalf() (whole, half *matrix.Operation) {
	whole = f.Document(Small)
	if !f.Plain {
		half = f.Begun(Small, Small/2)
	}
	return whole, half
}

// Refuse sends wrong PUTs to both documents of WholeAndHalf, and asks that they change nothing and are refused.
func Refuse[F Form](f *Flow, whole, half *matrix.Operation, forms []F) {
	data := f.Other(Small, 1)
	for _, form := range forms {
		f.Round()
		r := f.Do(form.String(), form.Put(f, whole, data))
		f.Holds(whole, whole.Body, "after "+form.String())
		f.Refused(r, form.String())
		if half == nil {
			continue
		}
		r = f.Do(form.String(), form.Put(f, half, data))
		if kept := f.Offset(f.D, half); kept != Small/2 {
			f.HarmfulAt(kept, "document", "HEAD to tell of 500 bytes after "+form.String(), "%d", kept)
		}
		f.Refused(r, form.String()+", where half of the document is there,")
	}
	if half == nil {
		return
	}
	f.Round()
	f.Accepted(f.Write(half, Part{At: Small / 2, Data: half.Body[Small/2:], Complete: Small}), "the other half")
	f.Holds(half, half.Body, "after all that was wrong was refused")
}

// ChunkedCheck gives the case of PUTs in chunks that are longer and shorter than their range, which is in the middle of a
// document. Sends is its sentence; put gives the request with the right bytes, and what it sends to where: "to the URI of
// 300-399".
func ChunkedCheck(t Terms, with With, sends string, put func(f *Flow, op *matrix.Operation, p Part) (req exchange.Request, where string)) matrix.Check {
	return matrix.Check{Case: catalog.Case{
		ID: "refuse.length-chunked", Level: catalog.Must, Source: catalog.Loose(t.Source, catalog.Silent),
		Requires: "A PUT in chunks whose body turns out to have more or fewer bytes than its range is refused with a 4xx, and changes nothing outside the range.",
		Why:      "What is behind the range is not the client's to write.",
		Sends:    sends,
		Failure:  "Only Content-Length is compared with the range, and a chunked body has none.",
	}, Run: with(func(f *Flow) {
		for _, n := range []int{150, 50} {
			f.Round()
			op, p := f.Document(Small), f.Middle(1)
			req, where := put(f, op, p)
			f.refusedChunked(op, p, req, n, fmt.Sprintf("a PUT of %d bytes in chunks %s", n, where))
		}
	})}
}

// refusedChunked sends another number of bytes in chunks than the part has.
func (f *Flow) refusedChunked(op *matrix.Operation, p Part, req exchange.Request, n int, what string) {
	req.Body, req.Chunked = append(p.Data[:len(p.Data):len(p.Data)], f.Other(50, 2)...)[:n], true
	r := f.Do(what, req)
	got, _ := f.Content(op)
	f.Since(got, op.Body, p, int64(n), "after "+what)
	if r.Status == 411 {
		f.Unsupported("a PUT in chunks is refused with 411 (Length Required)")
	}
	f.Refused(r, what)
}
