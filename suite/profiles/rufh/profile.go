package rufh

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// The profile, as the report and the command line name it.
const (
	Name   = "rufh"
	Title  = "Resumable Uploads for HTTP"
	Source = sourceText
)

// Omitted gives the cases of the interruption matrix that the protocol has no room for.
func Omitted() []catalog.Omission { return matrix.Omitted(terms()) }

// Checks gives every case in the order of the catalogue.
func Checks() []matrix.Check {
	return matrix.Catalogue(Name, presumes,
		offerChecks(), createChecks(), points(), stateChecks(), appendChecks(), refusalChecks(), lengthChecks(), limitChecks(),
		completeChecks(), cancelChecks(), concurrentChecks(), fieldChecks(), digestChecks(), codingChecks(), privacyChecks(),
	)
}

// points gives the cases of the interruption matrix. They hold in every version.
func points() []matrix.Check {
	all := matrix.Points(terms(), shared)
	for i := range all {
		all[i].Versions = everyVersion
		if all[i].Name() == "stalled-connection" {
			all[i].Run = hanging(func(f *flow) { matrix.UploadStalled(f.Flow) })
		}
	}
	return all
}
