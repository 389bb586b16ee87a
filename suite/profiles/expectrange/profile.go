package expectrange

import (
	"slices"

	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/partialput"
)

// The profile, as the report and the command line name it.
const (
	Name   = "expect-range"
	Title  = "PUT with Expect: Range"
	Source = catalog.ResumableUploadsURL
)

// option is where the protocol stands.
var option = catalog.ResumableUploads("Option: Expect header with Range header")

var silent = catalog.Loose(option, catalog.Silent)

// terms are the profile's words for the interruption matrix, and for the cases that it has in common with range-query.
var terms = partialput.Terms{
	Profile: Name, Write: "PUT with Expect: Range", Rest: "PUT with Expect: Range", Source: option,
	First: "offer.no-overwrite", Open: "range.open-length", Untold: catalog.Should,
}

// Omitted gives the cases of the interruption matrix that the protocol has no room for.
func Omitted() []catalog.Omission { return matrix.Omitted(terms.Points()) }

// Checks gives every case in the order of the catalogue.
func Checks() []matrix.Check {
	own := slices.Concat(offerChecks(), expectChecks(), formChecks(), refusalChecks())
	return partialput.Checks(terms, with, own, matrix.Points(terms.Points(), func(run func(*matrix.Flow)) func(*matrix.Session) {
		return with(func(f *partialput.Flow) { run(f.Flow) })
	}))
}
