package uploadresource

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// The profile, as the report and the command line name it.
const (
	Name   = "upload-resource"
	Title  = "Upload to a resource that a POST has allocated"
	Source = catalog.ResumableUploadsURL
)

// Omitted gives the cases of the interruption matrix that the protocol has no room for.
func Omitted() []catalog.Omission { return matrix.Omitted(terms()) }

// Checks gives every case in the order of the catalogue.
func Checks() []matrix.Check {
	return matrix.Catalogue(Name, presumes,
		offerChecks(), createChecks(), matrix.Points(terms(), shared), statusChecks(), writeChecks(), refusalChecks(),
		parallelChecks(), completeChecks(), cancelChecks(), privacyChecks(),
	)
}
