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

// shared are the profile's words for the cases that it has in common with range-query.
var shared = partialput.Terms{Profile: Name, Write: "PUT with Expect: Range", Source: option, First: "offer.no-overwrite", Untold: catalog.Should}

// terms are the profile's words for the interruption matrix.
var terms = matrix.Terms{
	Profile: Name,
	Ask:     "HEAD on the document",
	Write:   "PUT with Expect: Range",
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
		"upload.unknown-length": "a range names its last byte: what is of unknown length is sent in parts, for which see range.open-length",
	},
}

// notShown says why the protocol has no room for cases that look at a response again.
const notShown = "the answer to a PUT is shown to nobody again; what became of an upload is seen at the document"

// Omitted gives the cases of the interruption matrix that the protocol has no room for.
func Omitted() []catalog.Omission { return matrix.Omitted(terms) }

// Checks gives every case in the order of the catalogue.
func Checks() []matrix.Check {
	own := slices.Concat(offerChecks(), expectChecks(), formChecks(), refusalChecks())
	return partialput.Checks(shared, with, own, matrix.Points(terms, func(run func(*matrix.Flow)) func(*matrix.Session) {
		return with(func(f *partialput.Flow) { run(f.Flow) })
	}))
}
