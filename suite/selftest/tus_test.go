package selftest

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/profiles/tus"
)

// examineTus runs the cases of tus that match on a tusServer.
func examineTus(t *testing.T, limit time.Duration, focus string, quirks ...quirk) []reports.Result {
	t.Helper()
	s := startTus(t, quirks...)
	return judgeBy(t, tus.Checks(), nil, parse(t, fmt.Sprintf(tusConfig, s.URL+"/files")), limit, focus)
}

// tusUnoffered are the cases that the plain tusServer gives no occasion for: it cannot be restarted.
var tusUnoffered = regexp.MustCompile(`\.restart\.`)

// TestTusPlain runs every case on the tusServer without a quirk: what the test of a quirk finds is then the quirk's.
func TestTusPlain(t *testing.T) {
	t.Parallel()
	results := examineTus(t, 10*time.Second, ".")
	for _, r := range results {
		if r.Verdict != reports.Pass && (r.Verdict != reports.Unsupported || !tusUnoffered.MatchString(r.ID)) {
			t.Error(told(r))
		}
	}
	if len(results) < 120 {
		t.Errorf("%d results", len(results))
	}
}

// TestTusSweep cuts one upload at each byte.
func TestTusSweep(t *testing.T) {
	t.Parallel()
	s := startTus(t)
	report := certify(t, parse(t, fmt.Sprintf(tusConfig, s.URL+"/files")), func(o *suite.Options) { o.Sweep = 500 })
	if len(report.Results) != 4 {
		t.Errorf("%d results", len(report.Results))
	}
	for _, r := range report.Results {
		if r.Verdict != reports.Pass {
			t.Error(told(r))
		}
	}
}

// TestTusUnspoken names the profile for a server that does not speak it: that is a failure of the offer, and what needs
// the offer is not tested.
func TestTusUnspoken(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"/items", "/nothing", "/"} {
		s := startBug(t) // which creates by POST to /items
		config := parse(t, fmt.Sprintf("target: %s%s\nprofiles: {tus: {}}", s.base(), place))
		for _, r := range judgeBy(t, tus.Checks(), nil, config, 10*time.Second, ".") {
			failing := r.ID == "tus.offer.options" || r.ID == "tus.offer.created"
			if failing && r.Verdict != reports.Fail || !failing && r.Verdict != reports.Unsupported {
				t.Errorf("%s: %s", place, told(r))
			}
		}
	}
}

// TestTusFound lets the suite find out what the server speaks.
func TestTusFound(t *testing.T) {
	t.Parallel()
	s := startTus(t)
	found, err := suite.Probe(t.Context(), parse(t, "target: "+s.URL+"/files"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found.Profiles {
		if p.Speaks != (p.Name == tus.Name) {
			t.Errorf("%s: %v, %v", p.Name, p.Speaks, p.Seen)
		}
	}
}

// tusBugs lists bugs, each with the case that has to catch it.
var tusBugs = []bug{
	{tusNoOptions, "offer.options", "", reports.Fail},
	{tusVersionWords, "options.versions", "", reports.Fail},
	{tusSpaced, "options.extensions", "", reports.Fail},
	{tusOrphanExtension, "options.depends", "", reports.Fail},
	{tusMaxUnit, "options.max-size", "", reports.Fail},
	{tusOptionsChecked, "options.any-version", "", reports.Fail},
	{tusUnannounced, "options.creation", "", reports.Fail},
	{tusCreated200, "offer.created", "", reports.Fail},
	{tusNoLocation, "offer.created", "", reports.Fail},
	{tusSpaceInPlace, "offer.created", "", reports.Fail},
	{tusSpaceInPlace, "create.location", "", reports.Fail},

	{tusVersionUntold, "version.told", "", reports.Fail},
	{tusErrorsUntold, "version.errors", "", reports.Fail},
	{tusVersionsUntold, "version.post", "", reports.Fail},
	{tusAnyVersion, "version.post", "", reports.Fail},
	{tusHeadAnyVersion, "version.head", "", reports.Fail},
	{tusVersionLate, "version.patch", "", reports.Fail},
	{tusAnyVersion, "version.delete", "", reports.Fail},
	{tusNoOverride, "override.patch", "", reports.Fail},
	{tusOverridesPatch, "override.delete", "", reports.Fail},
	{tusOverridesPatch, "override.head", "", reports.Fail},
	{tusOverridesPost, "override.actual", "", reports.Fail},

	{tusZeroUntold, "head.offset", "", reports.Fail},
	{tusDoneUntold, "head.offset", "", reports.Fail},
	{tusGoesDown, "head.repeated", "fin", reports.Fail},
	{tusLengthUntold, "head.length", "", reports.Fail},
	{tusLengthSoFar, "head.length", "", reports.Fail},
	{tusCacheable, "head.no-store", "", reports.Fail},
	{tusNoCache, "head.no-store", "", reports.Fail},
	{tusHead206, "head.status", "", reports.Warn},
	{tusMissingBreaks, "head.missing", "", reports.Warn},
	{tusMissingEmpty, "head.missing", "", reports.Warn},

	{tusToldBefore, "patch.answer", "", reports.Fail},
	{tusToldPart, "patch.answer", "", reports.Fail},
	{tusOffsetUntold, "patch.answer", "", reports.Fail},
	{tusPatch200, "patch.answer", "", reports.Fail},
	{tusNeverEnds, "patch.one", "", reports.Fail},
	{tusEmptyRefused, "patch.empty", "", reports.Warn},
	{tusTypeExact, "patch.type-case", "", reports.Warn},
	{tusDropsAll, "patch.cut", "fin", reports.Fail},
	{tusRewinds, "patch.lost", "fin", reports.Fail},
	{tusEffectAgain, "patch.after-end", "", reports.Fail},
	{tusGetShort, "patch.get", "fin", reports.Fail},
	{tusConflict400, "patch.behind", "", reports.Fail},
	{tusRewinds, "patch.behind", "", reports.Fail},
	{tusHoles, "patch.ahead", "", reports.Fail},
	{tusAppends, "patch.stale", "fin", reports.Fail},
	{tusOffsetGuessed, "patch.bad-offset", "", reports.Fail},
	{tusAnyType, "patch.type", "", reports.Warn},
	{tusMissingBreaks, "patch.missing", "", reports.Warn},
	{tusPatchCreates, "patch.missing", "", reports.Warn},
	{tusAppendsLate, "patch.late", "", reports.Fail},
	{tusPastEnd, "patch.past-end", "", reports.Fail},
	{tusPastEnd, "patch.past-end-chunked", "", reports.Fail},
	{tusContinuedRefused, "patch.refused-early", "", reports.Warn},

	{tusAnnounced, "upload.offset-lawful", "fin", reports.Fail},
	{tusForgets, "upload.offset-lawful", "fin", reports.Fail},
	{tusPlusOne, "upload.offset-lawful", "fin", reports.Fail},
	{tusFills, "upload.offset-lawful", "fin", reports.Fail},
	{tusHolds, "upload.kept", "fin", reports.Warn},
	{tusLockStays, "upload.offset-accepted", "fin", reports.Fail},
	{tusBusy, "upload.offset-accepted", "stall", reports.Fail},
	{tusBusy, "upload.stalled-connection", "stall", reports.Warn},
	{tusLocks, "upload.stalled-connection", "stall", reports.Warn},
	{tusHalfIsAll, "upload.not-complete", "fin", reports.Fail},
	{tusGoesDown, "upload.never-decreases", "fin", reports.Fail},
	{tusTailLost, "upload.content-intact", "fin", reports.Fail},
	{tusPieceDamaged, "upload.many-pieces", "fin", reports.Fail},
	{tusLastChunkIsAll, "upload.unknown-length", "fin", reports.Fail},
	{tusOwnless, "upload.isolated", "fin", reports.Fail},
	{tusEffectTwice, "response.after-resume", "fin", reports.Fail},
	{tusEffectFails, "response.failed", "fin", reports.Fail},
	{tusGoesDown, "response.head-cut", "fin", reports.Fail},
	{tusGetShifted, "download.range", "fin", reports.Fail},

	{tusOwnless, "create.own", "", reports.Fail},
	{tusZeroWaits, "create.zero", "", reports.Fail},
	{tusLengthless, "create.no-length", "", reports.Warn},
	{tusBadLength, "create.bad-length", "", reports.Warn},
	{tusMaxUnheld, "create.too-large", "", reports.Fail},
	{tusEffectAtPost, "create.lost", "fin", reports.Fail},
	{tusSlots, "create.repeated", "fin", reports.Warn},
	{tusEffectAtPost, "create.no-effect", "", reports.Fail},
	{tusCounted, "create.unguessable", "", reports.Warn},
	{tusMetadataLost, "metadata.told", "", reports.Fail},
	{tusMetadataOfLast, "metadata.own", "", reports.Fail},
	{tusSmuggles, "metadata.smuggled", "", reports.Fail},
	{tusMetadataBreaks, "metadata.malformed", "", reports.Warn},

	{tusDeferZero, "defer.created", "", reports.Fail},
	{tusDeferUntold, "defer.created", "", reports.Fail},
	{tusDeferAny, "defer.bad-value", "", reports.Warn},
	{tusDeferForgets, "defer.last", "", reports.Fail},
	{tusLastChunkIsAll, "defer.last", "", reports.Fail},
	{tusLengthWithEnd, "defer.first", "", reports.Fail},
	{tusDeferNonempty, "defer.empty", "", reports.Fail},
	{tusEmptyRefused, "defer.empty", "", reports.Fail},
	{tusLengthChanges, "defer.fixed", "", reports.Fail},
	{tusLengthSmall, "defer.too-small", "", reports.Fail},
	{tusHalfIsAll, "defer.cut", "fin", reports.Fail},
	{tusEffectTwice, "defer.lost", "fin", reports.Fail},

	{tusInitialDropped, "initial.whole", "", reports.Fail},
	{tusInitialUntold, "initial.part", "", reports.Fail},
	{tusInitialLittle, "initial.accepted", "", reports.Warn},
	{tusAnyType, "initial.type", "", reports.Warn},
	{tusInitialPastEnd, "initial.past-end", "", reports.Fail},
	{tusHalfIsAll, "initial.cut", "fin", reports.Fail},
	{tusEffectAtPost, "initial.lost", "fin", reports.Fail},
	{tusLastChunkIsAll, "initial.deferred", "", reports.Pass}, // the bytes of a POST are not those of a PATCH

	{tusExpiryUntold, "expire.told", "", reports.Fail},
	{tusExpiryUnsaid, "expire.created", "", reports.Warn},
	{tusExpiryISO, "expire.date", "", reports.Fail},
	{tusExpiryPast, "expire.later", "", reports.Fail},
	{tusExpiredBreaks, "expire.gone", "", reports.Warn},

	{tusUpperAlgorithms, "checksum.algorithms", "", reports.Fail},
	{tusSumOfAll, "checksum.match", "", reports.Fail},
	{tusSumIgnored, "checksum.mismatch", "", reports.Fail},
	{tusSumUncompared, "checksum.mismatch", "", reports.Fail},
	{tusMismatch400, "checksum.mismatch", "", reports.Warn},
	{tusSumLate, "checksum.last", "", reports.Fail},
	{tusSumUnknown, "checksum.unknown", "", reports.Fail},
	{tusSumUnread, "checksum.malformed", "", reports.Warn},
	{tusTrailerDropped, "trailer.mismatch", "", reports.Fail},
	{tusSumUncompared, "trailer.mismatch", "", reports.Fail},

	{tusDelete200, "terminate.unfinished", "", reports.Fail},
	{tusDeleteOpenOnly, "terminate.complete", "", reports.Fail},
	{tusDeleteIgnored, "terminate.gone", "", reports.Warn},
	{tusDeleteAll, "terminate.others", "", reports.Fail},
	{tusMissingBreaks, "terminate.missing", "", reports.Warn},
	{tusDeleteMarks, "terminate.no-effect", "fin", reports.Fail},
	{tusDeleteIgnored, "terminate.lost", "fin", reports.Fail},

	{tusConcatForgotten, "concat.partial", "", reports.Fail},
	{tusSetOfParts, "concat.final", "", reports.Fail},
	{tusInOrderOfTime, "concat.order", "", reports.Fail},
	{tusPathsOnly, "concat.absolute", "", reports.Fail},
	{tusInOrderOfTime, "concat.echo", "", reports.Pass}, // what is told is what was sent
	{tusPatchesFinal, "concat.patch", "", reports.Fail},
	{tusMetadataMoves, "concat.metadata", "", reports.Fail},
	{tusSetOfParts, "concat.twice", "", reports.Fail},
	{tusPartsCount, "concat.processed", "", reports.Warn},
	{tusJoinsOpen, "concat.incomplete", "", reports.Fail},
	{tusFinalEarly, "concat.unfinished", "", reports.Fail},
	{tusFinalZero, "concat.no-offset", "", reports.Warn},
	{tusUnknownPassed, "concat.unknown", "", reports.Warn},
	{tusTailLost, "concat.cut", "fin", reports.Fail},
	{tusStrangers, "privacy.other-user", "fin", reports.Warn},
	{tusPartsForAll, "privacy.parts", "", reports.Warn},
}

// TestTusBroken runs the case that has to catch a bug on a server that has it.
func TestTusBroken(t *testing.T) {
	t.Parallel()
	for _, b := range tusBugs {
		t.Run(b.id+"/"+string(b.quirk), func(t *testing.T) {
			t.Parallel()
			focus := "^" + regexp.QuoteMeta(tus.Name+"."+b.id) + " "
			if b.faults != "" {
				focus += ".* (" + b.faults + ") "
			}
			for _, r := range examineTus(t, 3*time.Second, focus, b.quirk) {
				if r.ID == tus.Name+"."+b.id && r.Verdict != b.verdict {
					t.Errorf("%s, not %s", told(r), b.verdict)
				}
			}
		})
	}
}

// What of the profile is run on a legal server: all that tells of an upload's way, and all that an extension has.
const (
	tusWay = `offer|options|version|override|head|patch.* (none|fin) |before100\.(lost|reissue) .* fin|upload\..* (fin|stall) |response.* fin |download.* fin |` +
		`create\.(own|location|zero|huge|lost .* fin)|metadata`
	tusMore   = `defer.* (none|fin) |initial.* (none|fin) |expire\.(told|date|later)|checksum.* (none|fin) |trailer|terminate.* (none|fin) |concat.* (none|fin) `
	tusPieces = `patch.* (none|fin) |upload\..* fin |response.* fin |defer.* (none|fin) |initial.* (none|fin) |concat.* (none|fin) |create\.lost .* fin|checksum`
	tusHangs  = `before100.* stall |upload.* (fin|stall) |patch\.(cut|lost|stale|late)|response\.head-cut .* stall |terminate.* stall |checksum\.cut .* stall |concat\.cut .* stall |defer\.cut .* stall `
)

// tusLegals lists what a server may do, and the cases that look.
var tusLegals = []struct {
	quirk quirk
	focus string
}{
	{tusOptions200, `offer|options`}, {tusManyVersions, `offer|options|version`}, {tusSpacedCommas, `offer|options|expire\.told|trailer\.match`},
	{tusCoreOnly, tusWay + "|" + tusMore}, {tusRelative, tusWay + `|concat.* (none|fin) `}, {tusAbsolute, tusWay + `|concat.* (none|fin) `},
	{tusHead204, tusWay}, {tusGone410, `head\.missing|patch\.missing|terminate`}, {tusGoneAtEnd, tusWay + "|" + tusMore},
	{tusNoGet, tusWay + "|" + tusMore}, {tusGetDocument, tusWay}, {tusPortions, tusPieces}, {tusLocks, tusHangs}, {tusLocksHead, tusHangs},
	{tusHolds, tusWay}, {tusBlocks, tusWay}, {tusChunkedRefused, `chunked|unknown-length|not-complete`},
	{tusPastEndCut, `past-end`}, {tusEmptyRefused, `patch\.(empty|after-end)`}, {tusTypeExact, `patch\.type`},
	{tusMetadataTurned, `metadata|concat\.metadata`}, {tusMetadataRefused, `metadata`}, {tusLengthIgnored, `defer`}, {tusLengthOnce, `defer|unknown-length`},
	{tusBodyIgnored, `initial`}, {tusInitialLittle, `initial`}, {tusExpires, `expire`}, {tusExpiryAtPatch, `expire`}, {tusExpiresNever, `expire`}, {tusMismatch400, `checksum|trailer`},
	{tusHead403, `missing|create\.huge`}, {tusGoneAtEnd403, tusWay + "|" + tusMore}, {tusSmall, tusWay + "|" + tusMore},
	{tusQueried, tusWay + "|" + tusMore}, {tusCloses, tusPieces}, {tusNoDate, `expire`}, {tusHints, tusPieces + `|before100\.(lost|reissue) .* fin|refused-early`},
	{tusGetVersioned, tusWay}, {tusEffectLater, tusWay + "|" + tusMore}, {tusShownLater, tusWay + "|" + tusMore}, {tusInitialNone, `initial`},
	{tusExpiryAsked, `expire|head`}, {tusSumKeeps, `checksum|trailer`},
	{tusAsync, `concat`}, {tusPartsDeleted, `concat`}, {tusFinishedOnly, `concat`}, {tusOnceOnly, `concat`}, {tusConcatAbsolute, `concat`},
}

// tusWithin are rights in the cases of their focus only: a PATCH that tells the length may have nothing else to bring, who
// announces checksum-trailer takes chunks, and on a busy machine a case may take longer than a second.
var tusWithin = []quirk{tusEmptyRefused, tusChunkedRefused, tusExpires}

// TestTusLegal runs cases on servers that do what they may: no MUST may be failed, and every case must come to a verdict.
func TestTusLegal(t *testing.T) {
	t.Parallel()
	for _, l := range tusLegals {
		if *everything && slices.Contains(tusWithin, l.quirk) {
			continue
		}
		t.Run(string(l.quirk), func(t *testing.T) {
			t.Parallel()
			legality.acquit(t, string(l.quirk), examineTus(t, 10*time.Second, l.focus, l.quirk))
		})
	}
}
