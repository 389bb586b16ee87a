package matrix

import (
	"math/rand/v2"
	"net/url"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/target"
)

// Operation gives a new upload of body as the template says, with the given token for {tag}.
func (s *Session) Operation(template target.Request, tag string, body []byte) *Operation {
	method, path, headers := template.Expand(tag)
	var fields exchange.Fields
	for _, header := range headers {
		fields = append(fields, exchange.Field{Name: header.Name, Value: header.Value})
	}
	return &Operation{
		Tag: tag, Method: method, URL: resolved(s.Base(), path), Fields: fields, Body: body,
		Handles: map[string]*url.URL{}, Facts: map[string]string{}, Known: -1,
	}
}

// Bytes gives n bytes that look like noise and are the same for the same salt: a byte that is lost,
// doubled or moved changes every comparison.
func Bytes(n int, salt uint64) []byte {
	source := rand.New(rand.NewPCG(salt, 0x7265_7375_6d65)) // #nosec G404 -- test data, not a secret
	body := make([]byte, n)
	for i := range body {
		body[i] = byte(source.UintN(256)) // #nosec G115 -- below 256
	}
	return body
}

// Prepare sends the request that some protocols need before an upload, once for each operation, and gives the answer;
// nil where none was sent. The case ends as unsupported when the server then offers no way to begin.
func (s *Session) Prepare(d Driver, op *Operation) *exchange.Response {
	p, ok := d.(Preparer)
	if !ok || op.prepared {
		return nil
	}
	op.prepared = true
	r := s.Do("the request that prepares the upload", p.Prepare(op))
	d.Learn(op, r)
	if q, asks := d.(Inquirer); asks {
		if req, more := q.Inquire(op); more {
			d.Learn(op, s.Do("the question for what the upload needs", req))
		}
	}
	s.offered(p.Prepared(op))
	return r
}

// Upload carries out the operation undisturbed.
func (s *Session) Upload(d Driver, op *Operation) *Outcome {
	return s.UploadBy(d, op, clientFor(d, op))
}

// UploadBy is Upload by a client of the caller's own.
func (s *Session) UploadBy(d Driver, op *Operation, client Client) *Outcome {
	s.Prepare(d, op)
	start := func() *exchange.Response {
		response, interims, err := s.exchangeBy(d.Start(op), 0, client)
		for _, interim := range interims {
			d.Learn(op, interim)
		}
		if err != nil {
			s.unanswered("the undisturbed upload", err)
		}
		return response
	}
	response := s.freed(d, start(), start)
	d.Learn(op, response)
	op.Final = response
	op.Sent = op.Len()
	if told, short := s.short(d, op, response, op.Len()); short {
		return s.Finish(d, op, told)
	}
	return &Outcome{Response: response, Bases: bases(op), Via: "the request", Places: d.Downloads(op)}
}
