package rangequery

import (
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// The facts that an Operation keeps.
const (
	learnt = "template" // the template that its document advertises
	lacks  = "lacks"    // why there is none
)

// way puts the range into the URI, as the document advertises.
type way struct{}

// Put gives the request that writes a part.
func (way) Put(op *matrix.Operation, p partialput.Part) (exchange.Request, error) {
	t, err := known(op)
	switch {
	case err != nil:
		return exchange.Request{}, err
	case len(p.Data) == 0:
		return exchange.Request{}, matrix.ErrNotOffered("no range has no bytes")
	}
	req, err := raw(op, t, of(p), p.Data)
	if err != nil {
		return exchange.Request{}, err
	}
	if p.Wait {
		req.Fields = req.Fields.With("Expect", "100-continue")
	}
	req.Fields = append(req.Fields, p.Fields...)
	return req, nil
}

// known gives the template that an operation has learnt.
func known(op *matrix.Operation) (template, error) {
	text := op.Facts[learnt]
	if text == "" {
		return template{}, matrix.ErrNotOffered("the document advertises no range: " + op.Facts[lacks])
	}
	return parse(text)
}

// raw gives a PUT to the URI that a template makes of values, lawful or not.
func raw(op *matrix.Operation, t template, v values, data []byte) (exchange.Request, error) {
	u, err := t.target(op.URL, v)
	if err != nil {
		return exchange.Request{}, matrix.ErrNotOffered(err.Error())
	}
	req := partialput.Whole(op)
	req.Target, req.Body, req.Fields = u.RequestURI(), data, append(exchange.Fields{}, op.Fields...)
	return req, nil
}

// driver is that of partialput, and asks each document for its template first.
type driver struct {
	partialput.Driver
	ask string // the method that asks
}

func newDriver(ask string) driver { return driver{partialput.Driver{Way: way{}}, ask} }

// Prepare asks the document.
func (d driver) Prepare(op *matrix.Operation) exchange.Request {
	return matrix.RequestTo(d.ask, op.URL)
}

// Learn takes the template from the first answer that has one.
func (d driver) Learn(op *matrix.Operation, r *exchange.Response) {
	if op.Facts[learnt] != "" {
		return
	}
	t, err := advertised(r, op.URL)
	if err != nil {
		op.Facts[lacks] = err.Error()
		return
	}
	op.Facts[learnt] = t.Raw()
}

// Prepared says whether there is a template.
func (d driver) Prepared(op *matrix.Operation) error {
	_, err := known(op)
	return err
}
