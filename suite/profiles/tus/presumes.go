package tus

import (
	"slices"

	"github.com/resumespec/resumespec/suite/matrix"
)

// presumes says on what the requirement of a case relies, for the order in which failures are named. What those rely on
// in turn counts as well.
var presumes = map[string][]string{
	"options.versions":    {"offer.options"},
	"options.extensions":  {"offer.options"},
	"options.depends":     {"options.extensions"},
	"options.max-size":    {"offer.options"},
	"options.any-version": {"offer.options"},
	"options.creation":    {"offer.created", "options.extensions"},

	"version.told":   {"head.offset", "patch.answer"},
	"version.errors": {"version.told", "patch.answer"},
	"version.post":   {"offer.created"},
	"version.head":   {"patch.answer"},
	"version.patch":  {"patch.answer"},
	"version.delete": {"terminate.unfinished"},

	"override.patch":  {"patch.one"},
	"override.delete": {"terminate.unfinished", "terminate.gone"},
	"override.head":   {"head.offset", "patch.answer"},
	"override.actual": {"override.patch"},

	"head.offset":   {"offer.created"},
	"head.length":   {"head.offset"},
	"head.no-store": {"head.offset"},
	"head.status":   {"head.offset", "patch.answer"},
	"head.missing":  {"offer.created"},
	"head.repeated": {"head.offset", "patch.answer"},

	"patch.answer":           {"head.offset"},
	"patch.one":              {"patch.answer"},
	"patch.chunked":          {"patch.one"},
	"patch.empty":            {"patch.answer", "create.no-effect"},
	"patch.names":            {"patch.answer"},
	"patch.type-case":        {"patch.answer"},
	"patch.cut":              {"upload.completed", "before100.lost", "patch.answer", "create.no-effect"},
	"patch.lost":             {"patch.behind", "create.no-effect"},
	"patch.after-end":        {"patch.one", "patch.behind"},
	"patch.get":              {"upload.completed"},
	"patch.behind":           {"patch.answer"},
	"patch.ahead":            {"patch.answer"},
	"patch.stale":            {"patch.behind", "patch.ahead", "upload.completed"},
	"patch.bad-offset":       {"patch.behind", "patch.ahead"},
	"patch.type":             {"patch.answer"},
	"patch.missing":          {"offer.created"},
	"patch.past-end":         {"patch.one"},
	"patch.past-end-chunked": {"patch.past-end", "patch.chunked"},
	"patch.late":             {"upload.completed", "create.no-effect"},
	"patch.refused-early":    {"patch.behind", "patch.type", "version.patch"},

	"before100.head-cut":        {"patch.one"},
	"before100.lost":            {"upload.completed"},
	"before100.state-unchanged": {"upload.not-complete", "upload.completed"},
	"before100.reissue":         {"upload.completed"},
	"before100.repeated":        {"before100.lost"},

	"upload.offset-lawful":      {"head.offset"},
	"upload.not-complete":       {"create.no-effect"},
	"upload.kept":               {"upload.offset-lawful", "upload.completed"},
	"upload.offset-accepted":    {"upload.offset-lawful", "patch.one"},
	"upload.offsets":            {"upload.completed"},
	"upload.never-decreases":    {"upload.offset-accepted", "patch.cut"},
	"upload.completed":          {"upload.offset-accepted"},
	"upload.content-intact":     {"upload.completed"},
	"upload.many-pieces":        {"upload.completed", "patch.answer", "create.no-effect"},
	"upload.interrupted-again":  {"upload.never-decreases", "upload.many-pieces"},
	"upload.unknown-length":     {"upload.completed", "defer.last", "patch.chunked"},
	"upload.stalled-connection": {"upload.completed"},
	"upload.concurrent":         {"upload.completed", "patch.after-end"},
	"upload.isolated":           {"upload.many-pieces", "create.own"},

	"response.complete-upload": {"patch.one"},
	"response.once":            {"patch.one"},
	"response.after-resume":    {"upload.completed"},
	"response.processed":       {"patch.one"},
	"response.failed":          {"patch.one"},
	"response.head-cut":        {"upload.completed", "head.repeated"},

	"download.range":         {"patch.get"},
	"download.repeat":        {"download.range"},
	"download.if-range":      {"download.range"},
	"download.unsatisfiable": {"patch.get"},
	"download.suffix":        {"patch.get"},

	"restart.kept":   {"upload.offset-accepted"},
	"restart.intact": {"upload.completed"},
	"sweep.request":  {"upload.completed"},
	"sweep.response": {"response.complete-upload"},

	"create.own":         {"patch.answer"},
	"create.location":    {"patch.one"},
	"create.zero":        {"offer.created"},
	"create.no-length":   {"offer.created"},
	"create.bad-length":  {"offer.created"},
	"create.too-large":   {"offer.created", "options.max-size"},
	"create.huge":        {"patch.one"},
	"create.head-cut":    {"patch.one"},
	"create.lost":        {"patch.one", "create.no-effect"},
	"create.repeated":    {"create.lost"},
	"create.no-effect":   {"patch.answer"},
	"create.unguessable": {"create.own"},

	"metadata.told":      {"patch.answer"},
	"metadata.own":       {"metadata.told"},
	"metadata.smuggled":  {"offer.created", "patch.answer"},
	"metadata.malformed": {"offer.created"},

	"defer.last":  {"create.no-effect"},
	"defer.first": {"create.no-effect"},
	"defer.fixed": {"create.no-effect"},
	"defer.cut":   {"upload.completed"},

	"initial.part":          {"create.no-effect"},
	"initial.refused-early": {"version.post"},

	"checksum.match": {"checksum.algorithms"},
	"checksum.cut":   {"upload.completed"},
	"trailer.match":  {"checksum.match", "patch.chunked"},
	"trailer.cut":    {"upload.completed"},

	"terminate.no-effect": {"terminate.gone", "upload.completed", "create.no-effect"},
	"terminate.lost":      {"terminate.gone"},

	"expire.gone":      {"create.no-effect"},
	"concat.processed": {"create.no-effect"},
	"concat.cut":       {"upload.completed"},

	"privacy.parts":      {"concat.final"},
	"privacy.other-user": {"upload.completed", "create.no-effect"},
}

// areas gives the first case of each extension, on which the others rely.
var areas = map[string]string{
	"defer": "defer.created", "initial": "initial.part", "expire": "expire.told", "checksum": "checksum.match",
	"trailer": "trailer.match", "terminate": "terminate.unfinished", "concat": "concat.partial",
}

// presume gives a check what it relies on.
func presume(check matrix.Check) matrix.Check {
	name := check.Area() + "." + check.Name()
	names := slices.Clone(presumes[name])
	if first := areas[check.Area()]; first == name {
		names = append(names, "patch.one")
	} else if first != "" && !slices.Contains(presumes[first], name) {
		names = append(names, first)
	}
	for _, before := range names {
		check.Presumes = append(check.Presumes, Name+"."+before)
	}
	return check
}
