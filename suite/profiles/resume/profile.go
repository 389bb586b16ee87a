package resume

import "github.com/resumespec/resumespec/suite/matrix"

// The profile, as the report and the command line name it.
const (
	Name   = "resume"
	Title  = "Partial and Resumable Requests in HTTP"
	Source = laterText
)

// Checks gives every case in the order of the catalogue.
func Checks() []matrix.Check {
	return matrix.Catalogue(Name, presumes,
		offerChecks(), offerFormChecks(), before100Checks(), uploadChecks(), resumeChecks(),
		refusalChecks(), responseChecks(), downloadChecks(), restartChecks(), laterChecks(), sweepChecks(),
	)
}
