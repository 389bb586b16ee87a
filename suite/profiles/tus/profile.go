package tus

import (
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/matrix"
)

// The profile, as the report and the command line name it.
const (
	Name   = "tus"
	Title  = "tus resumable upload protocol 1.0.0"
	Source = sourceText
)

// Omitted gives the cases of the interruption matrix that the protocol has no room for.
func Omitted() []catalog.Omission { return matrix.Omitted(terms()) }

// Checks gives every case in the order of the catalogue.
func Checks() []matrix.Check {
	all := matrix.Catalogue(Name, nil,
		offerChecks(), optionsChecks(), versionChecks(), overrideChecks(), headChecks(), patchChecks(), refusalChecks(), lateChecks(), matrixChecks(),
		responseChecks(), createChecks(), metadataChecks(), deferChecks(), initialChecks(), expireChecks(), checksumChecks(), trailerChecks(),
		terminateChecks(), concatChecks(), concatCutChecks(), privacyChecks(),
	)
	for i := range all {
		all[i] = presume(all[i])
	}
	return all
}

// matrixChecks gives the cases of the interruption matrix. Those that download need a server that serves GET.
func matrixChecks() []matrix.Check {
	checks := matrix.Points(terms(), shared)
	for i, check := range checks {
		if check.Area() == "download" {
			run := check.Run
			checks[i].Run = with(func(f *flow) {
				f.readable()
				run(f.Session)
				f.Release() // a server that does not survive the end of a download is to die in this case, and in no other
				f.Do("OPTIONS after the downloads that were cut", optionsOn(f.Op(0)))
			})
		}
	}
	return checks
}
