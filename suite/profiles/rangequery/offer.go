package rangequery

import (
	"errors"
	"strings"

	"github.com/dunglas/httpsfv"
	"github.com/yosida95/uritemplate/v3"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// offerChecks: what is advertised.
func offerChecks() []matrix.Check {
	return []matrix.Check{
		{Case: catalog.Case{
			ID: "offer.template", Level: catalog.Must, Source: advertises,
			Requires: "A document advertises a URI Template with a variable for the range, in Link-Template with the relation range.",
			Why:      "Servers ignore parameters that they do not know, and the part would replace the document: a client must know beforehand.",
			Sends:    "OPTIONS and HEAD on a document that is not there; where they tell nothing, PUT of a document, and OPTIONS, HEAD and GET on it.",
			Failure:  "Nothing is advertised, or nothing that can be used: no string, no URI Template, no variable, another origin, a fragment.",
		}, Run: offerTemplate},
		method("options", "OPTIONS", "It is the question for what a resource can do, and changes nothing."),
		method("head", "HEAD", "A client that looks how much is there learns how to send the rest at the same time."),
		method("get", "GET", "A client that has read a document to change it need not ask again."),
		{Case: catalog.Case{
			ID: "offer.absent", Level: catalog.Should, Source: advertises,
			Requires: "OPTIONS on a document that is not there yet advertises the template as well.",
			Why:      "A client that creates a document by its parts has nothing else to ask.",
			Sends:    "OPTIONS on a document that is not there.",
			Failure:  "The field is added by code that runs only once the document was found.",
		}, Run: with(offerAbsent)},
		{Case: catalog.Case{
			ID: "offer.syntax", Level: catalog.Must, Source: catalog.RFC(9652, "2"),
			Requires: "Link-Template is a List of Strings, each a URI Template.",
			Why:      "A field that is malformed in one member must be ignored as a whole (RFC 9651, 4.2): the client sees no template.",
			Sends:    "PUT of a document; OPTIONS, HEAD and GET on it.",
			Failure:  "The template stands in angle brackets as in Link, or is not quoted.",
		}, Run: offerSyntax},
		{Case: catalog.Case{
			ID: "offer.lasting", Level: catalog.Must, Source: silent,
			Requires: "A template that was advertised before a document was written to is still right afterwards.",
			Why:      "The client asks once, and goes on with what it was told.",
			Sends:    "OPTIONS or HEAD on a document; ranges of it, with the template that was seen first; GET.",
			Failure:  "The template holds a version or a state, and a write with the old one is taken for one of the whole.",
		}, Run: with(offerLasting)},
	}
}

// method gives the case of one method.
func method(name, method, why string) matrix.Check {
	return matrix.Check{Case: catalog.Case{
		ID: "offer." + name, Level: catalog.Should, Source: advertises,
		Requires: "The answer to " + method + " on a document that is there advertises the template.",
		Why:      why,
		Sends:    "PUT of a document; " + method + " on it.",
		Failure:  "The field is added for another method only.",
	}, Run: with(func(f *partialput.Flow) {
		if _, err := asked(f, method, f.Document(partialput.Small)); err != nil {
			f.Broken("a template that can be used, in the answer to "+method, "%v", err)
		}
	})}
}

func offerTemplate(s *matrix.Session) {
	f, _, told := found(s)
	if f == nil {
		newFlow(s, asking[0]).Broken("a document that advertises a template for a range", "%s", told)
	}
	if f.Plain {
		f.Note("it is advertised only by documents that are there")
	}
	f.Document(partialput.Small) // what is advertised is taken
}

func offerAbsent(f *partialput.Flow) {
	if _, err := asked(f, "OPTIONS", f.OpAs(matrix.NewTag(), partialput.Small)); err != nil {
		f.Broken("a template that can be used, in the answer to OPTIONS", "%v", err)
	}
}

// offerSyntax looks at what is advertised also where it is of no use: no range is written.
func offerSyntax(s *matrix.Session) {
	f := newFlow(s, asking[0])
	op := f.Op(partialput.Small)
	f.Do("the creation of a document", partialput.Whole(op))
	seen := false
	for _, method := range asking {
		lines := look(f, method, op).Fields.Values(linkTemplate)
		if len(lines) == 0 {
			continue
		}
		seen = true
		if err := valid(lines); err != nil {
			f.Broken(linkTemplate+" with a list of strings, each a URI Template", "%q in the answer to %s: %v", strings.Join(lines, ", "), method, err)
		}
	}
	if !seen {
		f.Unsupported("%s is not there in the answer to OPTIONS, HEAD or GET", linkTemplate)
	}
}

// valid says what is wrong with a Link-Template (RFC 9652, 2).
func valid(lines []string) error {
	list, err := httpsfv.UnmarshalList(lines)
	if err != nil {
		return err
	}
	for _, member := range list {
		item, isItem := member.(httpsfv.Item)
		text, isString := item.Value.(string)
		if !isItem || !isString {
			return errors.New("a member is no string")
		}
		if _, err := uritemplate.New(text); err != nil {
			return err
		}
	}
	return nil
}

func offerLasting(f *partialput.Flow) {
	op := f.Document(partialput.Small) // whose template was learnt before its creation, where it can be
	now := op.Body
	for i := range uint64(4) {
		f.Round()
		p := partialput.Part{At: int64(100 * i), Data: f.Other(50, i+1), Complete: partialput.Small} // #nosec G115 -- a small index
		f.Accepted(f.Write(op, p), "a write with the template that was advertised first")
		now = matrix.Replaced(now, p.At, p.Data)
		f.Holds(op, now, "after a write with the template that was advertised first")
	}
}
