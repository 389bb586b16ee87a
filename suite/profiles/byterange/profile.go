package byterange

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// The profile, as the report and the command line name it.
const (
	Name   = "byterange"
	Title  = "Byte Range PATCH"
	Source = draftURL
)

// terms are the profile's words for the interruption matrix.
var terms = matrix.Terms{
	Profile: Name,
	Ask:     "HEAD on the document",
	Write:   "PATCH",
	Place:   "the document",
	Source: map[string]catalog.Source{
		"before100": catalog.Loose(catalog.RFC(9110, "10.1.1"), "the draft does not mention 100 (Continue)"),
		"upload":    segmented,
		"response":  segmented,
		"download":  catalog.RFC(9110, "14.2"),
		"restart":   segmented,
		"sweep":     segmented,
	},
	Omit: map[string]string{
		"response.available": notShown, "response.not-yet": notShown, "response.stable": notShown,
		"response.error": notShown, "response.slow": notShown, "restart.response": notShown,
	},
}

// notShown says why the protocol has no room for cases that look at a response again.
const notShown = "byte range PATCH shows the final response to nobody again; what became of an upload is seen at the document"

// Omitted gives the cases of the interruption matrix that the protocol has no room for.
func Omitted() []catalog.Omission { return matrix.Omitted(terms) }

// Checks gives every case in the order of the catalogue.
func Checks() []matrix.Check {
	return matrix.Catalogue(Name, presumes,
		offerChecks(), mediaChecks(), mediaCutChecks(), partChecks(), refusalChecks(), createChecks(), sizeChecks(), writeChecks(),
		preferChecks(), preconditionChecks(), matrix.Points(terms, shared), responseChecks(),
	)
}
