package resume

import (
	"github.com/resumespec/resumespec/suite/matrix"
)

// presumes says on what the requirement of a case relies, for the order in which failures are named: many cases resume an
// upload on their way to something else, and fail with what resuming relies on. What those rely on in turn counts as well.
var presumes = map[string][]string{
	"offer.request-content-location":  {"offer.continue"},
	"offer.response-message-location": {"offer.continue"},
	"offer.content-location":          {"offer.continue"},
	"offer.default-is-save":           {"upload.kept", "upload.patch-completes"},
	"offer.save-incomplete":           {"upload.kept", "upload.patch-completes"},

	"before100.lost":            {"upload.not-complete"},
	"before100.state-unchanged": {"upload.not-complete"},
	"before100.reissue":         {"upload.not-complete"},
	"before100.repeated":        {"before100.lost"},

	"upload.head-status":       {"offer.request-content-location", "offer.uri-reference"},
	"upload.head-length":       {"upload.head-status"},
	"upload.offset-accepted":   {"upload.head-length", "upload.not-complete"},
	"upload.never-decreases":   {"upload.offset-accepted"},
	"upload.kept":              {"upload.never-decreases"},
	"upload.offsets":           {"upload.offset-accepted"},
	"upload.get-or-405":        {"upload.never-decreases"},
	"upload.patch-completes":   {"upload.offset-accepted"},
	"upload.content-intact":    {"upload.patch-completes"},
	"upload.many-pieces":       {"upload.patch-completes"},
	"upload.interrupted-again": {"upload.never-decreases", "upload.overlap", "upload.concurrent"},
	"upload.head-equals-get":   {"upload.get-or-405", "upload.kept"},

	"upload.unknown-length":     {"upload.kept", "upload.patch-completes", "upload.interrupted-again"},
	"upload.stalled-connection": {"upload.offset-accepted"},
	"upload.concurrent":         {"upload.patch-completes", "response.after-patch"},
	"upload.isolated":           {"upload.kept", "upload.patch-completes", "upload.interrupted-again"},
	"upload.gap":                {"upload.kept"},
	"upload.overlap":            {"upload.gap", "response.after-patch"},
	"upload.bad-total":          {"upload.kept"},
	"upload.past-end":           {"upload.kept"},
	"upload.bad-range":          {"upload.kept"},
	"upload.no-range":           {"upload.kept"},
	"upload.bad-type":           {"upload.kept"},

	"response.complete-upload": {"upload.head-length"},
	"response.available":       {"response.once"},
	"response.not-yet":         {"response.available", "response.slow"},
	"response.slow":            {"response.available"},
	"response.error":           {"response.available"},
	"response.after-patch":     {"upload.patch-completes", "response.available"},
	"restart.kept":             {"upload.kept", "upload.patch-completes"},
	"restart.intact":           {"upload.kept", "upload.content-intact"},
	"restart.response":         {"response.available"},
	"sweep.request":            {"upload.offsets"},
	"sweep.response":           {"response.available"},
	"privacy.other-user":       {"upload.kept"},
	"acknowledge.kept":         {"upload.kept"},
}

// presume gives a check what it relies on.
func presume(check matrix.Check) matrix.Check {
	for _, name := range presumes[check.Area()+"."+check.Name()] {
		check.Presumes = append(check.Presumes, Name+"."+name)
	}
	return check
}
