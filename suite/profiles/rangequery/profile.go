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

// terms are the profile's words for the interruption matrix, and for the cases that it has in common with expect-range.
var terms = partialput.Terms{
	Profile: Name, Write: "PUT to the URI of a range", Rest: "PUT to the URI of the range", Source: option,
	First: "query.no-overwrite", Open: "query.open-length", Untold: catalog.Must,
}

// Omitted gives the cases of the interruption matrix that the protocol has no room for.
func Omitted() []catalog.Omission { return matrix.Omitted(terms.Points()) }

// Checks gives every case in the order of the catalogue.
func Checks() []matrix.Check {
	own := slices.Concat(offerChecks(), queryChecks(), refusalChecks())
	return partialput.Checks(terms, with, own, matrix.Points(terms.Points(), points))
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
