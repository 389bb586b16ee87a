package rangequery

import (
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// The profile, as the report and the command line name it.
const (
	Name   = "range-query"
	Title  = "PUT with the range in its URI"
	Source = catalog.ResumableUploadsURL
)

// Where the protocol stands.
var (
	option     = catalog.ResumableUploads("Option: URI query parameter")
	templates  = catalog.ResumableUploads("URI Template")
	silent     = catalog.Loose(option, catalog.Silent)
	advertises = catalog.Loose(templates, "how the template is advertised is not said: Link-Template (RFC 9652) with a relation of the suite's own")
)

// shared are the profile's words for the cases that it has in common with expect-range.
var shared = partialput.Terms{Profile: Name, Write: "PUT to the URI of a range", Source: option, First: "query.no-overwrite", Untold: catalog.Must}

// terms are the profile's words for the interruption matrix.
var terms = matrix.Terms{
	Profile: Name,
	Ask:     "HEAD on the document",
	Write:   "PUT to the URI of the range",
	Place:   "the document",
	Source: map[string]catalog.Source{
		"before100": catalog.RFC(9110, "10.1.1"),
		"upload":    silent,
		"response":  silent,
		"download":  catalog.RFC(9110, "14.2"),
		"restart":   silent,
		"sweep":     silent,
	},
	Omit: map[string]string{
		"response.available": notShown, "response.not-yet": notShown, "response.stable": notShown, "response.error": notShown,
		"response.slow": notShown, "restart.response": notShown,
		"upload.unknown-length": "a range names its last byte: what is of unknown length is sent in parts, for which see query.open-length",
	},
}

// notShown says why the protocol has no room for cases that look at a response again.
const notShown = "the answer to a PUT is shown to nobody again; what became of an upload is seen at the document"

// Omitted gives the cases of the interruption matrix that the protocol has no room for.
func Omitted() []catalog.Omission { return matrix.Omitted(terms) }

// Checks gives every case in the order of the catalogue.
func Checks() []matrix.Check {
	own := slices.Concat(offerChecks(), queryChecks(), refusalChecks())
	return partialput.Checks(shared, with, own, matrix.Points(terms, points))
}

// several are the cases in which more than one write is whole: where none tells the complete length, each may have an
// effect.
var several = []string{
	Name + ".range.create", Name + ".range.again", Name + ".range.whole", Name + ".response.repeat",
	Name + ".upload.many-pieces", Name + ".upload.concurrent",
}

// points makes a case's code from one of the interruption matrix.
func points(run func(*matrix.Flow)) func(*matrix.Session) {
	return with(func(f *partialput.Flow) {
		f.Creates()
		run(f.Flow)
	})
}
