package rangequery

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/exchange"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

type wrong = partialput.Wrong[form]

// form is the positions and the complete length in the URI, and the number of bytes that come with them. The documents are
// of 1000 bytes.
type form struct {
	first, last, complete string
	n                     int
}

// wrongs lists the PUTs that must be refused, and change nothing.
var wrongs = []wrong{
	{
		Name:     "length",
		Requires: "A PUT whose body has more or fewer bytes than its range is refused with a 4xx, and changes nothing.",
		Why:      "One of the two is a mistake, and nobody knows which.",
		Failure:  "The body is written as far as it goes, over what is behind the range, or the range is not compared with Content-Length.",
		Forms:    []form{{"300", "399", "1000", 101}, {"300", "399", "1000", 99}, {"0", "999", "1000", 1}, {"0", "99", "", 200}, {"0", "99", "1000", 0}},
	},
	{
		Name:     "past-end",
		Requires: "A range that is past the complete length that stands beside it is refused with a 4xx, and nothing changes.",
		Why:      "The document would be longer than the one that the client has.",
		Failure:  "The last position is not compared with the complete length.",
		Forms:    []form{{"995", "1004", "1000", 10}, {"1000", "1000", "1000", 1}, {"0", "100", "100", 101}, {"300", "309", "305", 10}},
	},
	{
		Name:     "reversed",
		Requires: "A range whose last position is before its first is refused with a 4xx, and nothing changes.",
		Why:      "A range that is guessed puts bytes in the wrong place.",
		Failure:  "The positions are swapped, or the difference is taken for a length.",
		Forms:    []form{{"309", "300", "1000", 10}, {"309", "300", "", 10}, {"1", "0", "1000", 2}},
	},
	{
		Name:     "malformed",
		Requires: "A range that is none is refused with a 4xx, and nothing changes.",
		Why:      "A parameter that is not understood must not be ignored here: the part would become the whole.",
		Failure:  "The value is parsed loosely, and what is left of it is used; or a malformed one counts as none.",
		Forms: []form{
			{"x", "y", "1000", 10}, {"", "", "1000", 10}, {"0x0", "0x9", "1000", 10}, {"0.0", "9.0", "1000", 10}, {"0", "9,20-29", "1000", 10},
			{"a0", "9", "1000", 10},
		},
	},
	{
		Name:     "bad-length",
		Requires: "A complete length that is no number is refused with a 4xx, and nothing changes.",
		Why:      "Taken for zero, or for none, it would end the document where the part does.",
		Failure:  "A number that cannot be read counts as zero.",
		Forms:    []form{{"0", "9", "x", 10}, {"0", "9", "-1", 10}, {"0", "9", "0x3e8", 10}, {"0", "9", "99999999999999999999", 10}},
	},
	{
		Name:     "overlong",
		Requires: "A position beyond all numbers is refused with a 4xx, and nothing changes.",
		Why:      "A number that wraps around is a position in the middle of the document.",
		Failure:  "Positions are read into a type that is too small, without a look at the error.",
		Forms: []form{
			{"18446744073709551616", "18446744073709551625", "", 10}, {"9223372036854775803", "9223372036854775812", "", 10},
			{"4294967296", "4294967305", "1000", 10}, {"0", strings.Repeat("9", 400), "1000", 10},
		},
	},
}

// refusalChecks: a PUT that is wrong changes nothing.
func refusalChecks() []matrix.Check {
	return append(partialput.WrongChecks(terms, with, wrongs, refused), matrix.Check{Case: catalog.Case{
		ID: "refuse.repeated", Level: catalog.Must, Source: silent,
		Requires: "A PUT whose range is given twice, with different values, is refused with a 4xx, and changes nothing.",
		Why:      "One part of the server may read the first and another the last; the bytes can go to one place only.",
		Sends:    "PUT over a document with the parameter of the range twice in the query, in either order; GET after each.",
		Failure:  "The first value, or the last, is used without a look at the other.",
	}, Run: with(refusedRepeated)}, partialput.ChunkedCheck(terms, with,
		"PUTs in chunks, of 150 and of 50 bytes, to the URI of the range 300-399 of a document; GET.",
		func(f *partialput.Flow, op *matrix.Operation, p partialput.Part) (req exchange.Request, where string) {
			return f.Put(op, p), "to the URI of 300-399"
		}))
}

// Put gives the request.
func (w form) Put(f *partialput.Flow, op *matrix.Operation, data []byte) exchange.Request {
	t, err := known(op)
	if err != nil {
		f.Unsupported("%v", err)
	}
	req, err := raw(op, t, values{w.first, w.last, w.complete}, data[:w.n])
	if err != nil {
		f.Unsupported("%v", err)
	}
	return req
}

func (w form) String() string {
	text := fmt.Sprintf("a PUT of %d bytes to the URI of %s-%s", w.n, w.first, w.last)
	if w.complete != "" {
		text += " of " + w.complete
	}
	return text
}

// refused leaves out forms with a wrong complete length where the template has no variable for it.
func refused(f *partialput.Flow, w wrong) {
	whole, half := f.WholeAndHalf()
	t, err := known(whole)
	if err != nil {
		f.Unsupported("%v", err)
	}
	if t.length == "" && (w.Name == "past-end" || w.Name == "bad-length") {
		f.Unsupported("the template has no variable for the complete length")
	}
	partialput.Refuse(f, whole, half, w.Forms)
}

func refusedRepeated(f *partialput.Flow) {
	op := f.Document(partialput.Small)
	p := f.Middle(1)
	req := f.Put(op, p)
	place, query, _ := strings.Cut(req.Target, "?")
	again := ""
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(value); err == nil && strings.Contains(plain, "399") {
			again = name + "=" + strings.NewReplacer("300", "500", "399", "599").Replace(value)
		}
	}
	if again == "" {
		f.Unsupported("the range does not stand in the query: %s", req.Target)
	}
	for _, query := range []string{query + "&" + again, again + "&" + query} {
		f.Round()
		req.Target = place + "?" + query
		r := f.Do("PUT to "+req.Target, req)
		f.Holds(op, op.Body, "after a PUT to "+req.Target)
		f.Refused(r, "a PUT to "+req.Target)
	}
}
