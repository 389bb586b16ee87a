package uploadresource

import "github.com/resumespec/resumespec/suite/matrix"

// presumes says on what the requirement of a case relies, for the order in which failures are named. What those rely on
// in turn counts as well.
var presumes = map[string][]string{
	"offer.place":         {"offer.allocated"},
	"offer.instructions":  {"offer.allocated"},
	"offer.own":           {"complete.result"},
	"offer.uri-reference": {"complete.result"},
	"offer.forms":         {"complete.result", "status.length"},
	"offer.malformed":     {"offer.place"},
	"offer.huge-length":   {"complete.result"},
	"offer.no-effect":     {"write.kept-range"},
	"offer.discovery":     {"complete.result"},
	"offer.unguessable":   {"offer.allocated"},

	"create.head-cut": {"complete.result", "offer.no-effect"},
	"create.body-cut": {"complete.result", "offer.no-effect"},
	"create.lost":     {"complete.result", "offer.no-effect"},
	"create.same-key": {"complete.result", "offer.no-effect"},
	"create.repeated": {"create.lost"},

	"before100.head-cut":        {"complete.result"},
	"before100.lost":            {"upload.not-complete", "upload.offset-accepted"},
	"before100.state-unchanged": {"upload.not-complete", "upload.offset-accepted"},
	"before100.reissue":         {"upload.not-complete", "upload.offset-accepted"},
	"before100.repeated":        {"before100.lost"},

	"upload.not-complete":       {"offer.no-effect"},
	"upload.offset-lawful":      {"status.received"},
	"upload.kept":               {"upload.offset-lawful", "write.cut"},
	"upload.offset-accepted":    {"upload.offset-lawful", "complete.result"},
	"upload.offsets":            {"upload.offset-accepted"},
	"upload.never-decreases":    {"upload.offset-accepted", "write.cut"},
	"upload.completed":          {"upload.offset-accepted"},
	"upload.content-intact":     {"upload.completed"},
	"upload.many-pieces":        {"upload.completed", "write.kept-range", "parallel.last-first"},
	"upload.interrupted-again":  {"upload.never-decreases", "upload.many-pieces"},
	"upload.unknown-length":     {"upload.completed", "write.open-length", "write.ends"},
	"upload.stalled-connection": {"upload.offset-accepted"},
	"upload.concurrent":         {"upload.completed", "write.after-done"},
	"upload.isolated":           {"upload.many-pieces", "offer.own"},

	"response.available":       {"complete.result"},
	"response.complete-upload": {"upload.offset-lawful"},
	"response.not-yet":         {"response.available"},
	"response.once":            {"response.available"},
	"response.stable":          {"response.available"},
	"response.error":           {"status.errors"},
	"response.after-resume":    {"upload.completed", "response.available"},
	"response.slow":            {"response.available"},

	"download.range":         {"complete.result"},
	"download.repeat":        {"download.range"},
	"download.if-range":      {"download.range"},
	"download.unsatisfiable": {"complete.result"},
	"download.suffix":        {"complete.result"},

	"restart.kept":     {"upload.offset-accepted"},
	"restart.intact":   {"upload.completed"},
	"restart.response": {"response.available"},
	"sweep.request":    {"upload.completed"},
	"sweep.response":   {"response.available"},

	"status.document":   {"complete.by-itself"},
	"status.waiting":    {"offer.allocated"},
	"status.received":   {"offer.place"},
	"status.remaining":  {"status.received", "write.open-length"},
	"status.length":     {"status.received", "write.open-length"},
	"status.head":       {"write.kept-range"},
	"status.media-type": {"write.kept-range"},
	"status.cut":        {"write.kept-range", "offer.no-effect"},
	"status.errors":     {"complete.by-itself"},
	"status.problem":    {"status.errors"},

	"write.kept-range":    {"status.received"},
	"write.ask":           {"write.kept-range", "upload.many-pieces"},
	"write.ends":          {"write.ask", "write.open-length"},
	"write.ends-early":    {"write.ask", "write.open-length"},
	"write.open-length":   {"status.received", "complete.result"},
	"write.same-again":    {"write.kept-range", "upload.many-pieces"},
	"write.cut":           {"upload.offset-lawful", "offer.no-effect"},
	"write.after-done":    {"complete.result"},
	"write.gap":           {"parallel.order", "write.open-length", "upload.completed"},
	"write.overlap":       {"write.same-again"},
	"write.mismatch":      {"write.bad-range", "upload.many-pieces"},
	"write.bad-total":     {"upload.many-pieces"},
	"write.past-end":      {"upload.many-pieces"},
	"write.bad-range":     {"upload.many-pieces"},
	"write.no-range":      {"upload.many-pieces"},
	"write.refused-early": {"write.bad-total", "write.past-end", "write.bad-range", "write.no-range"},

	"parallel.order":      {"write.kept-range", "complete.result"},
	"parallel.together":   {"parallel.order"},
	"parallel.cut":        {"parallel.order", "write.cut"},
	"parallel.last-first": {"parallel.order"},
	"parallel.restart":    {"parallel.order"},

	"complete.answer":      {"offer.place"},
	"complete.by-itself":   {"complete.answer"},
	"complete.result":      {"complete.answer", "complete.by-itself"},
	"complete.again":       {"upload.completed", "write.after-done"},
	"complete.there":       {"complete.result"},
	"complete.validator":   {"complete.result"},
	"complete.type":        {"complete.result"},
	"complete.empty":       {"complete.result", "write.ask"},
	"complete.retry-after": {"complete.result"},

	"cancel.gone":        {"write.kept-range", "status.head"},
	"cancel.no-effect":   {"upload.completed", "cancel.gone"},
	"cancel.lost":        {"cancel.gone"},
	"privacy.other-user": {"upload.completed"},
	"privacy.same-key":   {"create.same-key"},
	"privacy.not-cached": {"write.kept-range"},
}

// presume gives a check what it relies on.
func presume(check matrix.Check) matrix.Check {
	for _, name := range presumes[check.Area()+"."+check.Name()] {
		check.Presumes = append(check.Presumes, Name+"."+name)
	}
	return check
}
