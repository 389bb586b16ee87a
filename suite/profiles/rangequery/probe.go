package rangequery

import (
	"slices"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// asking are the methods by which a document can be asked for its template, none of which changes anything.
var asking = []string{"OPTIONS", "HEAD", "GET"}

// Probe asks the target, with OPTIONS and HEAD on a document that need not be there, whether it speaks the profile. It gives
// what was seen.
func Probe(s *matrix.Session) (speaks bool, seen []string) {
	f := newFlow(s, asking[0])
	op := f.Op(0)
	for _, method := range asking[:2] {
		r, told := partialput.Seen(s, method, op.URL)
		seen = append(seen, told)
		if r == nil {
			continue
		}
		for _, value := range r.Fields.Values(linkTemplate) {
			seen = append(seen, linkTemplate+": "+value)
		}
		t, err := advertised(r, op.URL)
		if err == nil {
			return true, append(seen, "template "+t.Raw())
		}
		seen = append(seen, err.Error())
	}
	return false, seen
}

func newFlow(s *matrix.Session, ask string) *partialput.Flow {
	return partialput.New(s, Name, newDriver(ask), way{})
}

// with makes a case's code from one that works on a flow. Where nothing is advertised no range is written; that nothing is,
// is told by offer.template.
func with(run func(*partialput.Flow)) func(*matrix.Session) {
	return func(s *matrix.Session) {
		f, t, told := found(s)
		if f == nil {
			newFlow(s, asking[0]).Unsupported("not advertised: %s", told)
		}
		if t.length == "" && f.W.Count != nil && slices.Contains(several, s.Case.ID) {
			f.W.Count = nil
			f.Note("the template has no variable for the complete length: effects are not counted")
		}
		run(f)
	}
}

// found gives a flow that asks where the target advertises, and what it does; nil where it does nowhere, and what was told.
// A document that is not there is asked first, then one that is made by a PUT of the whole.
func found(s *matrix.Session) (f *partialput.Flow, t template, told string) {
	f = newFlow(s, asking[0])
	absent := f.OpAs(matrix.NewTag(), partialput.Small)
	for _, method := range asking[:2] {
		if t, err := asked(f, method, absent); err == nil {
			return newFlow(s, method), t, ""
		}
	}
	r := f.Do("the creation of a document", partialput.Whole(absent))
	if r.Status/100 != 2 {
		return nil, t, "a document that is not there advertises nothing, and none can be made: a PUT of the whole is answered " + matrix.Itoa(r.Status)
	}
	for _, method := range asking {
		t, err := asked(f, method, absent)
		if err == nil {
			f = newFlow(s, method)
			f.Plain = true
			return f, t, ""
		}
		told = err.Error()
	}
	return nil, t, told
}

// asked asks a document for its template.
func asked(f *partialput.Flow, method string, op *matrix.Operation) (template, error) {
	return advertised(look(f, method, op), op.URL)
}

func look(f *partialput.Flow, method string, op *matrix.Operation) *exchange.Response {
	return f.Do(method+" on the document", matrix.RequestTo(method, op.URL))
}
