package expectrange

import (
	"fmt"

	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

type wrong = partialput.Wrong[form]

// form is the values of Range, one for each field line, and the number of bytes that come with them. The documents are
// of 1000 bytes.
type form struct {
	specs []string
	n     int
}

func one(n int, spec string) form { return form{[]string{spec}, n} }

// wrongs lists the PUTs that must be refused, and change nothing.
var wrongs = []wrong{
	{
		Name:     "length",
		Requires: "A PUT whose body has more or fewer bytes than its range is refused with a 4xx, and changes nothing.",
		Why:      "One of the two is a mistake, and nobody knows which.",
		Failure:  "The body is written as far as it goes, over what is behind the range, or the range is not compared with Content-Length.",
		Forms:    []form{one(101, "bytes 300-399/1000"), one(99, "bytes 300-399/1000"), one(1, "bytes 0-999/1000"), one(200, "bytes=0-99"), one(0, "bytes 0-99/1000")},
	},
	{
		Name:     "past-end",
		Requires: "A range that is past the complete length that it names is refused with a 4xx, and nothing changes.",
		Why:      "The document would be longer than the one that the client has.",
		Failure:  "The last position is not compared with the complete length.",
		Forms:    []form{one(10, "bytes 995-1004/1000"), one(1, "bytes 1000-1000/1000"), one(101, "bytes 0-100/100"), one(10, "bytes 300-309/305")},
	},
	{
		Name:     "several",
		Requires: "Several ranges in one PUT are refused with a 4xx, and nothing changes.",
		Why:      "The body is one run of bytes: where it is to be divided is not said.",
		Failure:  "The first range is used for all of the body.",
		Forms: []form{
			one(20, "bytes=300-309,500-509"), one(20, "bytes 300-309/1000, 500-509/1000"),
			{[]string{"bytes 300-309/1000", "bytes 500-509/1000"}, 10},
		},
	},
	{
		Name:     "unknown-unit",
		Requires: "A range in a unit that the server does not know is refused with a 4xx, and nothing changes.",
		Why:      "Elsewhere an unknown unit is ignored, and the whole answered; here that would be the overwrite.",
		Failure:  "The unit is not looked at, or a Range that is not understood is ignored as in a GET.",
		Forms:    []form{one(10, "lines 300-309/1000"), one(10, "resumespec=300-309"), one(10, "bits 0-9/1000")},
	},
	{
		Name:     "malformed",
		Requires: "A Range that is malformed, reversed or beyond all numbers is refused with a 4xx, and nothing changes.",
		Why:      "A range that is guessed puts bytes in the wrong place.",
		Failure:  "The field is parsed loosely, and what is left of it is used; or a malformed one is ignored as in a GET.",
		Forms: []form{
			one(10, "bytes"), one(10, "bytes x-y/1000"), one(10, "bytes 309-300/1000"), one(10, "bytes=309-300"), one(10, "300-309"),
			one(10, "bytes 0x0-0x9/1000"), one(10, "bytes 300-309/x"), one(10, "bytes 300-309/-1"), one(10, "bytes */1000"),
			one(10, "bytes 300-309-320/1000"), one(10, "bytes=a"),
			one(10, "bytes 18446744073709551616-18446744073709551625/18446744073709551999"),
			one(10, "bytes 9223372036854775803-9223372036854775812/9223372036854775999"),
		},
	},
	{
		Name:     "no-range",
		Requires: "A PUT with Expect: Range and no Range is refused with a 4xx, and changes nothing.",
		Why:      "The client meant a part; nothing says which.",
		Failure:  "Without a range the body is stored as the document.",
		Forms:    []form{{nil, 10}, {[]string{""}, 10}},
	},
}

// refusalChecks: a PUT that is wrong changes nothing.
func refusalChecks() []matrix.Check {
	checks := partialput.WrongChecks(terms, with, wrongs, func(f *partialput.Flow, w wrong) {
		whole, half := f.WholeAndHalf()
		partialput.Refuse(f, whole, half, w.Forms)
	})
	return append(checks, partialput.ChunkedCheck(terms, with,
		"PUTs in chunks, of 150 and of 50 bytes, with Expect: Range and Range: bytes 300-399/1000, over a document; GET.",
		func(_ *partialput.Flow, op *matrix.Operation, p partialput.Part) (req exchange.Request, where string) {
			spec := way{}.spec(p)
			return raw(op, expectation, spec, p.Data), "with Range: " + spec
		}))
}

// Put gives the request.
func (w form) Put(_ *partialput.Flow, op *matrix.Operation, data []byte) exchange.Request {
	req := raw(op, expectation, "", data[:w.n])
	for _, spec := range w.specs {
		req.Fields = req.Fields.With("Range", spec)
	}
	return req
}

func (w form) String() string {
	if len(w.specs) == 0 {
		return fmt.Sprintf("a PUT of %d bytes without Range", w.n)
	}
	text := fmt.Sprintf("a PUT of %d bytes with", w.n)
	for _, spec := range w.specs {
		text += " Range: " + spec
	}
	return text
}
