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

// wrong is a PUT that must be refused, and change nothing.
type wrong struct {
	name, requires, why, failure string
	forms                        []form
}

// form is the positions and the complete length in the URI, and the number of bytes that come with them. The documents are
// of 1000 bytes.
type form struct {
	first, last, complete string
	n                     int
}

// wrongs lists them. Only what the form is meant to test is wrong with it.
var wrongs = []wrong{
	{
		name:     "length",
		requires: "A PUT whose body has more or fewer bytes than its range is refused with a 4xx, and changes nothing.",
		why:      "One of the two is a mistake, and nobody knows which.",
		failure:  "The body is written as far as it goes, over what is behind the range, or the range is not compared with Content-Length.",
		forms:    []form{{"300", "399", "1000", 101}, {"300", "399", "1000", 99}, {"0", "999", "1000", 1}, {"0", "99", "", 200}, {"0", "99", "1000", 0}},
	},
	{
		name:     "past-end",
		requires: "A range that is past the complete length that stands beside it is refused with a 4xx, and nothing changes.",
		why:      "The document would be longer than the one that the client has.",
		failure:  "The last position is not compared with the complete length.",
		forms:    []form{{"995", "1004", "1000", 10}, {"1000", "1000", "1000", 1}, {"0", "100", "100", 101}, {"300", "309", "305", 10}},
	},
	{
		name:     "reversed",
		requires: "A range whose last position is before its first is refused with a 4xx, and nothing changes.",
		why:      "A range that is guessed puts bytes in the wrong place.",
		failure:  "The positions are swapped, or the difference is taken for a length.",
		forms:    []form{{"309", "300", "1000", 10}, {"309", "300", "", 10}, {"1", "0", "1000", 2}},
	},
	{
		name:     "malformed",
		requires: "A range that is none is refused with a 4xx, and nothing changes.",
		why:      "A parameter that is not understood must not be ignored here: the part would become the whole.",
		failure:  "The value is parsed loosely, and what is left of it is used; or a malformed one counts as none.",
		forms: []form{
			{"x", "y", "1000", 10}, {"", "", "1000", 10}, {"0x0", "0x9", "1000", 10}, {"0.0", "9.0", "1000", 10}, {"0", "9,20-29", "1000", 10},
			{"a0", "9", "1000", 10},
		},
	},
	{
		name:     "bad-length",
		requires: "A complete length that is no number is refused with a 4xx, and nothing changes.",
		why:      "Taken for zero, or for none, it would end the document where the part does.",
		failure:  "A number that cannot be read counts as zero.",
		forms:    []form{{"0", "9", "x", 10}, {"0", "9", "-1", 10}, {"0", "9", "0x3e8", 10}, {"0", "9", "99999999999999999999", 10}},
	},
	{
		name:     "overlong",
		requires: "A position beyond all numbers is refused with a 4xx, and nothing changes.",
		why:      "A number that wraps around is a position in the middle of the document.",
		failure:  "Positions are read into a type that is too small, without a look at the error.",
		forms: []form{
			{"18446744073709551616", "18446744073709551625", "", 10}, {"9223372036854775803", "9223372036854775812", "", 10},
			{"4294967296", "4294967305", "1000", 10}, {"0", strings.Repeat("9", 400), "1000", 10},
		},
	},
}

// refusalChecks: a PUT that is wrong changes nothing.
func refusalChecks() []matrix.Check {
	var checks []matrix.Check
	for _, w := range wrongs {
		checks = append(checks, matrix.Check{Case: catalog.Case{
			ID: "refuse." + w.name, Level: catalog.Must, Source: silent, Requires: w.requires, Why: w.why, Failure: w.failure,
			Sends: "The wrong PUTs over a document that is complete, and over one of which half is there; GET and HEAD after each; then the other half.",
		}, Run: with(func(f *partialput.Flow) { refused(f, w) })})
	}
	return append(checks, matrix.Check{Case: catalog.Case{
		ID: "refuse.repeated", Level: catalog.Must, Source: silent,
		Requires: "A PUT whose range is given twice, with different values, is refused with a 4xx, and changes nothing.",
		Why:      "One part of the server may read the first and another the last; the bytes can go to one place only.",
		Sends:    "PUT over a document with the parameter of the range twice in the query, in either order; GET after each.",
		Failure:  "The first value, or the last, is used without a look at the other.",
	}, Run: with(refusedRepeated)}, matrix.Check{Case: catalog.Case{
		ID: "refuse.length-chunked", Level: catalog.Must, Source: silent,
		Requires: "A PUT in chunks whose body turns out to have more or fewer bytes than its range is refused with a 4xx, and changes nothing outside the range.",
		Why:      "What is behind the range is not the client's to write.",
		Sends:    "PUTs in chunks, of 150 and of 50 bytes, to the URI of the range 300-399 of a document; GET.",
		Failure:  "Only Content-Length is compared with the range, and a chunked body has none.",
	}, Run: with(refusedChunked)})
}

// put gives the PUT of a form.
func (w form) put(f *partialput.Flow, op *matrix.Operation, data []byte) exchange.Request {
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

func refused(f *partialput.Flow, w wrong) {
	whole := f.Document(partialput.Small)
	var half *matrix.Operation
	if !f.Plain {
		half = f.Begun(partialput.Small, partialput.Small/2)
	}
	t, err := known(whole)
	if err != nil {
		f.Unsupported("%v", err)
	}
	data, tried := f.Other(partialput.Small, 1), 0
	for _, form := range w.forms {
		if t.length == "" && (w.name == "past-end" || w.name == "bad-length") {
			continue
		}
		tried++
		f.Round()
		r := f.Do(form.String(), form.put(f, whole, data))
		f.Holds(whole, whole.Body, "after "+form.String())
		f.Refused(r, form.String())
		if half == nil {
			continue
		}
		r = f.Do(form.String(), form.put(f, half, data))
		if kept := f.Offset(f.D, half); kept != partialput.Small/2 {
			f.HarmfulAt(kept, "document", "HEAD to tell of 500 bytes after "+form.String(), "%d", kept)
		}
		f.Refused(r, form.String()+", where half of the document is there,")
	}
	if tried == 0 {
		f.Unsupported("the template has no variable for the complete length")
	}
	if half == nil {
		return
	}
	f.Round()
	f.Accepted(f.Write(half, partialput.Part{At: partialput.Small / 2, Data: half.Body[partialput.Small/2:], Complete: partialput.Small}), "the other half")
	f.Holds(half, half.Body, "after all that was wrong was refused")
}

func refusedRepeated(f *partialput.Flow) {
	op := f.Document(partialput.Small)
	p := middle(f, 1)
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

func refusedChunked(f *partialput.Flow) {
	for _, n := range []int{150, 50} {
		f.Round()
		op := f.Document(partialput.Small)
		p := middle(f, 1)
		req := f.Put(op, p)
		req.Body, req.Chunked = append(p.Data[:100:100], f.Other(50, 2)...)[:n], true
		what := fmt.Sprintf("a PUT of %d bytes in chunks to the URI of 300-399", n)
		r := f.Do(what, req)
		got, _ := f.Content(op)
		f.Since(got, op.Body, p, int64(n), "after "+what)
		if r.Status == 411 {
			f.Unsupported("a PUT in chunks is refused with 411 (Length Required)")
		}
		f.Refused(r, what)
	}
}
