package selftest

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
)

// bug is one bug, with the case that has to catch it and the verdict that it has to give.
type bug struct {
	quirk   quirk
	id      string // of the case, without the profile
	faults  string // the variants that meet the bug, as a regular expression; "" for all
	verdict reports.Verdict
}

// bugs lists them in the order of the profile's areas.
var bugs = []bug{
	{bare100, "offer.continue", "", reports.Fail},
	{spaceInPlace, "offer.uri-reference", "", reports.Fail},
	{twoPlaces, "offer.uri-reference", "", reports.Fail},
	{deadPlaces, "offer.uri-reference", "", reports.Fail},
	{sequentialPlaces, "offer.unguessable", "", reports.Warn},
	{clockPlaces, "offer.unguessable", "", reports.Warn},
	{onePlace, "offer.unguessable", "", reports.Warn},
	{appliedOther, "offer.applied", "", reports.Fail},
	{preferByEquality, "offer.prefer-syntax", "", reports.Fail},
	{preferByEquality, "offer.save-incomplete", "", reports.Fail},
	{preferCase, "offer.prefer-syntax", "", reports.Fail},
	{preferQuoted, "offer.prefer-syntax", "", reports.Fail},
	{preferSecondLine, "offer.prefer-syntax", "", reports.Fail},
	{preferParameters, "offer.prefer-syntax", "", reports.Fail},
	{unknownValueRefused, "offer.prefer-syntax", "", reports.Fail},
	{defaultIgnores, "offer.default-is-save", "", reports.Fail},
	{expectNeeded, "offer.no-expect", "", reports.Fail},
	{interimsToOld, "offer.http10", "", reports.Fail},
	{refusalAfter100, "offer.refusal", "", reports.Warn},
	{refusedKept, "offer.refusal", "", reports.Warn},

	{effectAtHead, "before100.state-unchanged", "", reports.Fail},
	{effectAtHead, "before100.lost", "", reports.Fail},
	{repetitionRefused, "before100.reissue", "", reports.Fail},
	{repetitionRefused, "before100.lost", "", reports.Fail},
	{slotsLeak, "before100.repeated", "fin|rst", reports.Fail},

	{forgotten, "upload.head-status", "fin|rst", reports.Fail},
	{headLocked, "upload.head-status", "", reports.Fail},
	{headPlusOne, "upload.head-length", "fin|stall", reports.Fail},
	{headAnnounced, "upload.head-length", "", reports.Fail},
	{headUnmeasured, "upload.head-length", "", reports.Fail},
	{nothingKept, "upload.kept", "", reports.Warn},
	{headMinusOne, "upload.offset-accepted", "", reports.Fail},
	{headMinusOne, "upload.content-intact", "", reports.Fail},
	{lockForever, "upload.offset-accepted", "", reports.Fail},
	{forgottenEmpty, "upload.offsets", "fin|rst", reports.Fail},
	{borderLost, "upload.offsets", "fin", reports.Fail},
	{getPadded, "upload.get-or-405", "", reports.Fail},
	{allowMissing, "upload.get-or-405", "", reports.Fail},
	{headOfItsOwn, "upload.head-equals-get", "", reports.Warn},
	{effectHalf, "upload.not-complete", "fin", reports.Fail},
	{effectChunked, "upload.not-complete", "fin|rst", reports.Fail},
	{effectAtHead, "upload.not-complete", "", reports.Fail},
	{headGoesDown, "upload.never-decreases", "", reports.Fail},
	{cutPatchDropsAll, "upload.never-decreases", "fin|rst", reports.Fail},

	{effectTwice, "upload.patch-completes", "", reports.Fail},
	{messageNever, "response.after-patch", "fin", reports.Fail},
	{tailLost, "upload.content-intact", "rst", reports.Fail},
	{lateBytes, "upload.content-intact", "fin", reports.Fail},
	{firstPieceEnds, "upload.many-pieces", "", reports.Fail},
	{pieceDropped, "upload.many-pieces", "", reports.Fail},
	{halfPatchWhole, "upload.interrupted-again", "fin|rst", reports.Fail},
	{halfPatchPadded, "upload.interrupted-again", "fin|rst", reports.Fail},
	{cutPatchDropsAll, "upload.interrupted-again", "fin|rst", reports.Fail},
	{openLengthMisread, "upload.unknown-length", "", reports.Fail},
	{effectChunked, "upload.unknown-length", "fin|rst", reports.Fail},
	{ignoreKeeps, "upload.ignore-incomplete", "", reports.Warn},
	{ignoreHalfEffect, "upload.ignore-incomplete", "", reports.Fail},
	{lockedWhileOpen, "upload.stalled-connection", "", reports.Fail},
	{interleaved, "upload.concurrent", "", reports.Fail},
	{interleavedTwice, "upload.concurrent", "", reports.Fail},
	{onePlace, "upload.isolated", "", reports.Fail},
	{effectAtLast, "upload.stalled-connection", "", reports.Fail},
	{effectPerPatch, "upload.concurrent", "", reports.Fail},

	{patchAnywhere, "upload.gap", "", reports.Fail},
	{gapZeros, "upload.gap", "", reports.Fail},
	{overlapWritten, "upload.overlap", "", reports.Fail},
	{patchAnywhere, "upload.overlap", "", reports.Fail},
	{badTotalTaken, "upload.bad-total", "", reports.Fail},
	{pastEndTaken, "upload.past-end", "", reports.Fail},
	{pastEndCut, "upload.past-end", "", reports.Fail},
	{rangeGuessed, "upload.bad-range", "", reports.Fail},
	{rangeMissing, "upload.no-range", "", reports.Fail},
	{anyType, "upload.bad-type", "", reports.Fail},

	{messageOfAnother, "response.available", "fin", reports.Fail},
	{messageBodyHalf, "response.available", "fin", reports.Fail},
	{messageBodyEmpty, "response.available", "fin", reports.Fail},
	{messageStatus200, "response.available", "fin", reports.Fail},
	{messageFieldless, "response.available", "fin", reports.Fail},
	{messageStatus200, "response.error", "fin", reports.Fail},
	{effectBare, "upload.not-complete", "fin", reports.Fail},
	{errorsForgotten, "response.error", "fin", reports.Fail},
	{messageEarly, "response.not-yet", "", reports.Fail},
	{messageEarlyError, "response.not-yet", "", reports.Fail},
	{messageEarlyEmpty, "response.not-yet", "", reports.Fail},
	{headZeroAtEnd, "response.complete-upload", "", reports.Fail},
	{effectPerRead, "response.once", "", reports.Fail},
	{messageOnce, "response.stable", "fin", reports.Fail},
	{messageChanges, "response.stable", "", reports.Fail},
	{messageOfPatch, "response.after-patch", "fin", reports.Fail},
	{workWithConnection, "response.slow", "fin|rst", reports.Fail},
	{deleteKeeps, "response.delete", "", reports.Fail},

	{rangeOffByOne, "download.range", "", reports.Fail},
	{rangeWrongTotal, "download.range", "", reports.Fail},
	{rangeWholeBody, "download.range", "", reports.Fail},
	{rangeOffByOne, "download.repeat", "", reports.Fail},
	{bodyOfAnother, "download.range", "", reports.Fail},
	{ifRangeIgnored, "download.if-range", "", reports.Fail},
	{unsatisfiableBare, "download.unsatisfiable", "", reports.Warn},
	{suffixFromStart, "download.suffix", "", reports.Fail},
	{multiWrong, "download.multi", "", reports.Fail},
	{bodyHeadShort, "download.head", "", reports.Fail},
	{messageRangeOfBody, "download.message", "", reports.Fail},

	{restartForgets, "restart.kept", "", reports.Warn},
	{restartForgets, "restart.response", "", reports.Warn},
	{restartTailLost, "restart.intact", "", reports.Fail},
	{restartTellsMore, "restart.intact", "", reports.Fail},
	{restartApplies, "restart.intact", "", reports.Fail},
	{restartRemakes, "restart.response", "", reports.Warn},
	{strangerReads, "privacy.other-user", "", reports.Warn},
	{strangerHeads, "privacy.other-user", "", reports.Warn},
	{strangerPatches, "privacy.other-user", "", reports.Warn},
	{cachePublic, "privacy.not-cached", "", reports.Warn},
	{acknowledgeAhead, "acknowledge.never-more", "", reports.Fail},
	{acknowledgeDown, "acknowledge.never-decreases", "", reports.Fail},
	{acknowledgeUnkept, "acknowledge.kept", "fin|rst", reports.Fail},
}

// TestBroken runs the case that has to catch a bug on a server that has it.
func TestBroken(t *testing.T) {
	t.Parallel()
	for _, b := range bugs {
		t.Run(b.id+"/"+string(b.quirk), func(t *testing.T) {
			t.Parallel()
			catches(t, "resume."+b.id, b.faults, b.verdict, func(focus string) []reports.Result {
				return examine(t, 3*time.Second, focus, b.quirk)
			})
		})
	}
}

// catches runs the case that has to catch a bug, with some of its faults or with all of them (""), and asks for the verdict.
func catches(t *testing.T, id, faults string, verdict reports.Verdict, examine func(focus string) []reports.Result) {
	t.Helper()
	focus := "^" + regexp.QuoteMeta(id) + " "
	if faults != "" {
		focus += ".* (" + faults + ") "
	}
	for _, r := range examine(focus) {
		if r.ID == id && r.Verdict != verdict {
			t.Errorf("%s, not %s", told(r), verdict)
		}
	}
}

// TestBrokenEarly runs response.not-yet where no slow upload is configured, so that the half that waits
// for its body is all that a message can be early for.
func TestBrokenEarly(t *testing.T) {
	t.Parallel()
	for _, q := range []quirk{messageEarly, messageEarlyError, messageEarlyEmpty} {
		t.Run(string(q), func(t *testing.T) {
			t.Parallel()
			s := startBug(t, q)
			config := parse(t, fmt.Sprintf(wholeConfig, s.base()))
			config.Profiles["resume"].Slow = nil
			for _, r := range judge(t, config, time.Second, `response\.not-yet `) {
				if r.ID == "resume.response.not-yet" && r.Verdict != reports.Fail {
					t.Errorf("%s, not fail", told(r))
				}
			}
		})
	}
}
