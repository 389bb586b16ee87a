package selftest

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/profiles/uploadresource"
)

// examineUpload runs the cases of upload-resource that match on an uploadServer.
func examineUpload(t *testing.T, limit time.Duration, focus string, quirks ...quirk) []reports.Result {
	t.Helper()
	s := startUpload(t, quirks...)
	return judgeBy(t, uploadresource.Checks(), nil, parse(t, fmt.Sprintf(uploadConfig, s.URL)), limit, focus)
}

// unoffered are the cases that the plain uploadServer gives no occasion for: it cannot be restarted, and shows what
// is done by a document.
var unoffered = regexp.MustCompile(`\.restart\.|parallel\.restart`)

// TestUploadPlain runs every case on the uploadServer without a quirk: what the test of a quirk finds is then the
// quirk's.
func TestUploadPlain(t *testing.T) {
	t.Parallel()
	for _, r := range examineUpload(t, 10*time.Second, ".") {
		if r.Verdict != reports.Pass && (r.Verdict != reports.Unsupported || !unoffered.MatchString(r.ID)) {
			t.Error(told(r))
		}
	}
}

// TestUploadUnspoken names the profile for a server that does not speak it: that is a failure of the offer, and what
// needs the offer is not tested.
func TestUploadUnspoken(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"/items", "/nothing", "/"} {
		s := startBug(t) // which creates by POST to /items
		config := parse(t, fmt.Sprintf("target: %s%s\nprofiles: {upload-resource: {}}", s.base(), place))
		for _, r := range judgeBy(t, uploadresource.Checks(), nil, config, 2*time.Second, ".") {
			switch {
			case r.ID == uploadresource.Name+".offer.allocated" && r.Verdict != reports.Fail:
				t.Errorf("%s: %s", place, told(r))
			case r.ID != uploadresource.Name+".offer.allocated" && r.Verdict != reports.Unsupported:
				t.Errorf("%s: %s", place, told(r))
			}
		}
	}
}

// uploadBugs lists bugs, each with the case that has to catch it.
var uploadBugs = []bug{
	{upCreated200, "offer.allocated", "", reports.Fail},
	{upNoLocation, "offer.allocated", "", reports.Fail},
	{upDeadPlace, "offer.place", "", reports.Fail},
	{upSpaceInPlace, "offer.place", "", reports.Fail},
	{upOwnless, "offer.own", "", reports.Fail},
	{upLengthNeeded, "offer.forms", "", reports.Fail},
	{upMalformedTaken, "offer.malformed", "", reports.Warn},
	{upHugeBreaks, "offer.huge-length", "", reports.Fail},
	{upEffectAtPost, "offer.no-effect", "", reports.Fail},
	{upBodiless, "offer.instructions", "", reports.Warn},
	{upCounted, "offer.unguessable", "", reports.Warn},
	{upUndiscovered, "offer.discovery", "", reports.Warn},

	{upKeyBurnt, "create.body-cut", "fin", reports.Fail},
	{upEffectAtPost, "create.lost", "fin", reports.Fail},
	{upKeyRestarts, "create.same-key", "fin", reports.Fail},
	{upSlots, "create.repeated", "fin", reports.Warn},

	{upAnnounced, "upload.offset-lawful", "fin", reports.Fail},
	{upForgets, "upload.offset-lawful", "fin", reports.Fail},
	{upWholeParts, "upload.kept", "fin", reports.Warn},
	{upLockAfterCut, "upload.offset-accepted", "fin", reports.Fail},
	{upLockWhileOpen, "upload.stalled-connection", "fin", reports.Fail},
	{upHalfIsAll, "upload.not-complete", "fin", reports.Fail},
	{upLastChunkIsAll, "upload.unknown-length", "fin", reports.Fail},
	{upGoesDown, "upload.never-decreases", "fin", reports.Fail},
	{upDropsAll, "write.cut", "fin", reports.Fail},
	{upTailLost, "upload.content-intact", "fin", reports.Fail},
	{upFills, "upload.offset-lawful", "fin", reports.Fail},
	{upMixes, "upload.concurrent", "fin", reports.Fail},

	{upEffectPerRead, "response.once", "fin", reports.Fail},
	{upReportChanges, "response.stable", "fin", reports.Fail},
	{upDoneEarly, "response.not-yet", "fin", reports.Fail},
	{upEffectTwice, "response.after-resume", "fin", reports.Fail},
	{upFailedDone, "status.errors", "", reports.Fail},
	{upErrorsUnsaid, "status.errors", "", reports.Fail},
	{upStatusText, "status.problem", "", reports.Warn},
	{upRangeShifted, "download.range", "fin", reports.Fail},

	{upOwnWord, "status.document", "", reports.Fail},
	{upExclusive, "status.received", "", reports.Fail},
	{upRemainingAll, "status.remaining", "", reports.Fail},
	{upLengthOfPart, "status.length", "", reports.Fail},
	{upNoHead, "status.head", "", reports.Fail},
	{upPlainType, "status.media-type", "", reports.Warn},
	{upStale, "status.received", "", reports.Fail},

	{upRangeIsLength, "write.kept-range", "", reports.Fail},
	{upAskRefused, "write.ask", "fin", reports.Warn},
	{upNeverEnds, "write.ends", "", reports.Fail},
	{upLastChunkIsAll, "write.ends", "", reports.Fail},
	{upEndsEarly, "write.ends-early", "", reports.Fail},
	{upOpenRefused, "write.open-length", "", reports.Fail},
	{upAppends, "write.same-again", "fin", reports.Fail},
	{upReopened, "write.after-done", "", reports.Fail},
	{upGapClosed, "write.gap", "fin", reports.Fail},
	{upGapHidden, "write.gap", "fin", reports.Fail},
	{upAppends, "write.overlap", "fin", reports.Fail},
	{upTotalIgnored, "write.bad-total", "fin", reports.Fail},
	{upPastEnd, "write.past-end", "fin", reports.Fail},
	{upUnitIgnored, "write.bad-range", "fin", reports.Fail},
	{upRangeless, "write.no-range", "fin", reports.Fail},
	{upMismatchTaken, "write.mismatch", "fin", reports.Fail},
	{upContinuedRefused, "write.refused-early", "", reports.Warn},

	{upGapHidden, "parallel.order", "", reports.Fail},
	{upLastIsAll, "parallel.last-first", "", reports.Fail},
	{upGapHidden, "parallel.cut", "fin", reports.Fail},

	{upWaitsForEnd, "complete.by-itself", "", reports.Fail},
	{upLast308, "complete.answer", "", reports.Fail},
	{upResultUnsaid, "complete.result", "", reports.Fail},
	{upUntagged, "complete.validator", "", reports.Warn},
	{upTypeLost, "complete.type", "", reports.Warn},
	{upEmptyNever, "complete.empty", "", reports.Warn},
	{upNoRetryAfter, "complete.retry-after", "", reports.Warn},
	{upDoneEarly, "complete.there", "fin", reports.Warn},
	{upNamesNothing, "complete.answer", "", reports.Warn},
	{upAgainRefused, "complete.again", "fin", reports.Warn},

	{upCancelIgnored, "cancel.gone", "", reports.Warn},
	{upDeleteRefused, "cancel.gone", "", reports.Warn},
	{upCancelMarks, "cancel.no-effect", "fin", reports.Fail},
	{upStrangers, "privacy.other-user", "fin", reports.Warn},
	{upCached, "privacy.not-cached", "", reports.Warn},
}

// TestUploadBroken runs the case that has to catch a bug on a server that has it.
func TestUploadBroken(t *testing.T) {
	t.Parallel()
	for _, b := range uploadBugs {
		t.Run(b.id+"/"+string(b.quirk), func(t *testing.T) {
			t.Parallel()
			catches(t, uploadresource.Name+"."+b.id, b.faults, b.verdict, func(focus string) []reports.Result {
				return examineUpload(t, 2*time.Second, focus, b.quirk)
			})
		})
	}
}

// What of the profile is run on a legal server: what tells of where things are, of the writes, and of the end.
const (
	upShape = `offer\.(allocated|place|instructions|uri-reference|forms|discovery)|create\.lost .* fin|upload\.(completed|unknown-length|interrupted-again|not-complete|isolated) .* fin|` +
		`response\.(available|after-resume) .* fin|status\.(document|head|cut .* fin)|write\.(ends|cut .* fin|(ask|gap|same-again|overlap) .* fin|refused-early)|complete|cancel.* (none|fin) |download\.range .* fin|privacy`
	upWriting = `offer\.no-effect|upload\.(kept|offset-accepted|offsets|completed|content-intact|many-pieces|interrupted-again|never-decreases|stalled-connection|concurrent|isolated) .* fin|` +
		`(never-decreases|stalled-connection) .* stall|write.* (none|fin) |parallel.* (none|fin) |response\.(after-resume|not-yet) .* fin`
	upEnding = `offer\.(place|uri-reference|forms)|before100\.reissue .* fin|upload\.(completed|concurrent|content-intact) .* fin|response\..* fin|status|write\.(after-done|ends|open-length|gap .* fin)|complete|parallel\.together|download.* fin`
)

// uploadLegals lists what a server may do, and the cases that look.
var uploadLegals = []struct {
	quirk quirk
	focus string
}{
	{upUndiscovered, `offer\.discovery`}, {upCreated202, upShape}, {upOnlyDocument, upShape}, {upBodiless, upShape},
	{upLocationItself, upShape}, {upLocationAlone, upShape}, {upPatch, upShape + "|" + upWriting}, {upAbsolute, upShape}, {upRelative, upShape},
	{upKeysIgnored, `create.* fin|privacy|response\.once .* fin`}, {upHugeTaken, `offer\.(huge|malformed)`}, {upDeleteRefused, `cancel`},
	{upInOrder, upWriting}, {upSupersedes, upWriting}, {upOverlapRefused, upWriting}, {upWholeParts, upWriting}, {upBlocks, upWriting},
	{upMismatchKept, upWriting}, {upChunkedRefused, `upload\.(not-complete|unknown-length) .* fin`}, {upParts204, upWriting},
	{upAsync, upEnding}, {upNamesNothing, upEnding}, {upShowsStatus, upEnding}, {upRedirects, upEnding}, {upSignedResult, upEnding},
	{upResultDocument, upEnding}, {upDoneIsShort, upEnding}, {upUnmerged, upEnding}, {upMoreMembers, upEnding}, {upClosedAfter, upEnding},
	{upAgainRefused, upEnding}, {upUntagged, upEnding},
}

// TestUploadLegal runs cases on servers that do what they may: no MUST may be failed, and every case must come to a
// verdict.
func TestUploadLegal(t *testing.T) {
	t.Parallel()
	for _, l := range uploadLegals {
		t.Run(string(l.quirk), func(t *testing.T) {
			t.Parallel()
			legality.acquit(t, string(l.quirk), examineUpload(t, 10*time.Second, l.focus, l.quirk))
		})
	}
}
