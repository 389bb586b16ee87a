package selftest

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/resumespec/resumespec/cmd/embedded"
	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/profiles/rufh"
	"github.com/resumespec/resumespec/suite/target"
)

// examineRufh runs the cases of rufh that match, in a list of versions, on a rufhServer.
func examineRufh(t *testing.T, limit time.Duration, versions, focus string, quirks ...quirk) []reports.Result {
	t.Helper()
	s := startRufh(t, quirks...)
	return judgeBy(t, rufh.Checks(), nil, parse(t, fmt.Sprintf(rufhConfig, s.URL, versions)), limit, focus)
}

// allRufh are the versions.
var allRufh = []string{"3", "4", "5", "6", "7", "8", "latest"}

// unofferedRufh are the cases that the plain rufhServer gives no occasion for: it cannot be restarted, and has no limits.
var unofferedRufh = regexp.MustCompile(`\.restart\.|\.limit\.`)

// TestRufhPlain runs the cases in every version on the rufhServer without a quirk: what the test of a quirk finds is then
// the quirk's.
func TestRufhPlain(t *testing.T) {
	t.Parallel()
	for _, version := range allRufh {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			focus := `(none|fin) ` // the versions differ in what is said, not in how a connection breaks
			if version == "6" || version == "latest" {
				focus = "."
			}
			for _, r := range examineRufh(t, 10*time.Second, version, focus) {
				if r.Verdict != reports.Pass && (r.Verdict != reports.Unsupported || !unofferedRufh.MatchString(r.ID)) {
					t.Error(told(r))
				}
			}
		})
	}
}

// TestRufhReference runs the cases on the reference server as it is not embedded: in the versions that a run leaves out,
// and with limits of every kind.
func TestRufhReference(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		versions []string
		limits   reference.UploadLimits
		focus    string
		silent   *regexp.Regexp // what the limits leave no occasion for
	}{
		"other versions": {[]string{"4", "5"}, reference.UploadLimits{}, `(none|fin) `, regexp.MustCompile(`^$`)},
		"limits": {
			[]string{"6", "8", "latest"}, reference.UploadLimits{MaxSize: 900_000, MaxAppend: 800_000, MinAppend: 100},
			`limit|(offer|create|state|append|length|refuse|field|digest|coding).* none `,
			regexp.MustCompile(`asterisk|state\.offset|append\.(part|empty)$|create\.partial$`), // of one byte, or of none
		},
		"least": {
			[]string{"6", "8", "latest"}, reference.UploadLimits{MinSize: 100}, `limit|(offer|create|state|append|length|field|digest|coding).* none `,
			regexp.MustCompile(`.`), // that no length is told
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own, err := embedded.Start(&target.Config{}, reference.Options{Uploads: r.limits})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = own.Close() }) // the test is over
			own.Config.Profile(rufh.Name).Interop = r.versions
			for _, result := range judgeBy(t, rufh.Checks(), own.Restart, own.Config, 10*time.Second, r.focus) {
				silent := result.Verdict == reports.Unsupported && (r.silent.MatchString(result.ID) || result.Version == "latest")
				if result.Verdict != reports.Pass && !silent {
					t.Error(told(result))
				}
			}
		})
	}
}

// TestRufhUnspoken names the profile for servers that do not speak it: that is a failure of the offer, and what needs the
// offer is not tested.
func TestRufhUnspoken(t *testing.T) {
	t.Parallel()
	plain := startBug(t) // which creates by POST to /items, and knows nothing of resumption
	refusing := startRufh(t, ruPlain412)
	for _, place := range []string{plain.base() + "/items", plain.base() + "/nothing", refusing.URL + "/files"} {
		config := parse(t, fmt.Sprintf("target: %s\nprofiles: {rufh: {interop: [6, latest]}}", place))
		for _, r := range judgeBy(t, rufh.Checks(), nil, config, 2*time.Second, `offer|state\.offset|upload\.completed .* fin|digest`) {
			offer := r.ID == rufh.Name+".offer.spoken"
			if offer && r.Verdict != reports.Fail || !offer && r.Verdict != reports.Unsupported {
				t.Errorf("%s: %s", place, told(r))
			}
		}
	}
}

// rufhBug is a bug that a version has to catch.
type rufhBug struct {
	bug
	version string
}

// rufhBugs lists bugs, each with the case that has to catch it.
var rufhBugs = []rufhBug{
	{bug{ruPlain412, "offer.spoken", "", reports.Fail}, "6"},
	{bug{ruVersionFixed, "offer.spoken", "", reports.Pass}, "6"},
	{bug{ruVersionFixed, "offer.echo", "", reports.Fail}, "8"},
	{bug{ruVersionFixed, "offer.announced", "", reports.Warn}, "8"},
	{bug{ruVersionCopied, "offer.other-version", "", reports.Fail}, "8"},
	{bug{ruSilent, "offer.announced", "", reports.Warn}, "8"},
	{bug{ruSilent, "offer.announced", "", reports.Unsupported}, "latest"},
	{bug{ruLate104, "offer.announced", "", reports.Warn}, "5"},
	{bug{ruNo100, "offer.continue", "", reports.Fail}, "latest"},
	{bug{ruInterimsToOld, "offer.http10", "", reports.Fail}, "latest"},
	{bug{ruAlways, "offer.not-asked", "", reports.Warn}, "latest"},
	{bug{ruSpaceInPlace, "offer.spoken", "", reports.Fail}, "latest"},
	{bug{ruTwoPlaces, "offer.same-location", "", reports.Fail}, "latest"},
	{bug{ruOwnless, "offer.own", "", reports.Warn}, "7"},
	{bug{ruCounted, "offer.unguessable", "", reports.Warn}, "4"},
	{bug{ruEffectAtOpen, "offer.no-effect", "", reports.Fail}, "latest"},

	{bug{ruBare104, "offer.interim", "", reports.Fail}, "8"},
	{bug{ruRepeats, "offer.progress-location", "", reports.Fail}, "7"},

	{bug{ruPlaceOfItem, "create.location", "", reports.Fail}, "6"},
	{bug{ruOffsetOfStart, "create.final-offset", "", reports.Fail}, "5"},
	{bug{ruMarkedOpen, "create.not-open", "", reports.Fail}, "5"},
	{bug{ruUnmarked, "create.marked", "", reports.Warn}, "latest"},
	{bug{ruUnmarked, "create.status-201", "", reports.Fail}, "3"},
	{bug{ruOffsetOfStart, "create.status-201", "", reports.Fail}, "6"},
	{bug{ruChunksCounted, "create.chunked", "", reports.Fail}, "latest"},
	{bug{ruEmptyOpens, "create.empty", "", reports.Fail}, "latest"},
	{bug{ruPartIsAll, "create.open", "", reports.Fail}, "latest"},
	{bug{ruPartIsAll, "create.partial", "", reports.Fail}, "3"},
	{bug{ruChunksCounted, "create.partial-chunked", "", reports.Fail}, "4"},
	{bug{ruCreated200, "create.created", "", reports.Warn}, "8"},
	{bug{ruAckLost, "create.progress", "fin", reports.Fail}, "latest"},
	{bug{ruAckMore, "create.progress", "fin", reports.Fail}, "6"},
	{bug{ruEffectAtOpen, "create.lost", "fin", reports.Fail}, "latest"},
	{bug{ruLastType, "create.metadata", "", reports.Warn}, "latest"},

	{bug{ruForgets, "upload.offset-lawful", "fin", reports.Fail}, "latest"},
	{bug{ruAnnounced, "upload.offset-lawful", "fin", reports.Fail}, "latest"},
	{bug{ruKeepsNone, "upload.kept", "fin", reports.Warn}, "latest"},
	{bug{ruLockForever, "upload.offset-accepted", "fin", reports.Fail}, "8"},
	{bug{ruLocks, "upload.stalled-connection", "stall", reports.Warn}, "latest"},
	{bug{ruHalfIsAll, "upload.not-complete", "fin", reports.Fail}, "latest"},
	{bug{ruLastChunkIsAll, "upload.not-complete", "fin", reports.Fail}, "7"},
	{bug{ruGoesDown, "upload.never-decreases", "fin", reports.Fail}, "latest"},
	{bug{ruTailLost, "upload.content-intact", "fin", reports.Fail}, "3"},
	{bug{ruMixes, "upload.concurrent", "fin", reports.Fail}, "latest"},
	{bug{ruEffectTwice, "upload.completed", "fin", reports.Fail}, "latest"},
	{bug{ruEffectPerHead, "response.once", "fin", reports.Fail}, "latest"},
	{bug{ruAfterZero, "response.complete-upload", "fin", reports.Fail}, "6"},
	{bug{ruReplayMade, "response.available", "fin", reports.Fail}, "latest"},

	{bug{ruGoesDown, "state.offset", "", reports.Fail}, "latest"},
	{bug{ruAfterOpen, "state.complete", "", reports.Fail}, "latest"},
	{bug{ruByLength, "append.not-by-length", "", reports.Fail}, "latest"},
	{bug{ruLengthForgotten, "state.length", "", reports.Fail}, "7"},
	{bug{ruDerivedNot, "state.length-derived", "fin", reports.Fail}, "7"},
	{bug{ruDerivedNot, "state.length-of-append", "fin", reports.Fail}, "7"},
	{bug{ruLimitUntold, "state.limit", "", reports.Fail}, "latest"},
	{bug{ruCacheable, "state.no-store", "", reports.Warn}, "latest"},
	{bug{ruGetRefused, "state.get", "", reports.Fail}, "latest"},
	{bug{ruHead200, "state.status", "", reports.Pass}, "5"},
	{bug{ruFieldsTaken, "state.no-fields", "", reports.Fail}, "6"},
	{bug{ruInvents, "state.unknown", "", reports.Fail}, "latest"},
	{bug{ruAfterZero, "state.after", "", reports.Fail}, "latest"},

	{bug{ruPartIsAll, "append.part", "", reports.Fail}, "latest"},
	{bug{ruChunksCounted, "append.part", "", reports.Fail}, "5"},
	{bug{ruPartUntold, "append.told", "", reports.Fail}, "latest"},
	{bug{ruPart204, "append.status-201", "", reports.Fail}, "6"},
	{bug{ruFinalUntold, "append.final-told", "", reports.Fail}, "8"},
	{bug{ruLastUploadResp, "append.final-response", "", reports.Warn}, "latest"},
	{bug{ruEmptyRefused, "append.empty", "", reports.Warn}, "latest"},
	{bug{ruEmptyNever, "append.empty-final", "", reports.Fail}, "latest"},
	{bug{ruChunksCounted, "append.chunked", "", reports.Fail}, "latest"},
	{bug{ruNoProgress, "append.progress", "", reports.Warn}, "latest"},
	{bug{ruAckLost, "append.progress-kept", "fin", reports.Fail}, "latest"},
	{bug{ruAppendLocation, "append.no-location", "", reports.Fail}, "latest"},
	{bug{ruTypeExact, "append.media-type", "", reports.Warn}, "6"},
	{bug{ruTypeAsked, "append.any-type", "", reports.Fail}, "5"},

	{bug{ruAppendsAnywhere, "refuse.offset-low", "", reports.Fail}, "latest"},
	{bug{ruGapFilled, "refuse.offset-high", "", reports.Fail}, "3"},
	{bug{ruConflict400, "refuse.offset-low", "", reports.Fail}, "latest"},
	{bug{ruOffsetUntold, "refuse.offset-told", "", reports.Fail}, "latest"},
	{bug{ruConflictDone, "refuse.incomplete-told", "", reports.Fail}, "7"},
	{bug{ruProblemTexts, "refuse.problem", "", reports.Warn}, "latest"},
	{bug{ruOffsetless, "refuse.no-offset", "", reports.Fail}, "latest"},
	{bug{ruStateless, "refuse.no-state", "", reports.Fail}, "latest"},
	{bug{ruAnyType, "refuse.media-type", "", reports.Warn}, "latest"},
	{bug{ruLateRefusal, "refuse.early", "", reports.Warn}, "latest"},

	{bug{ruLengthsIgnored, "length.creation", "", reports.Fail}, "6"},
	{bug{ruLengthsIgnored, "length.final", "", reports.Fail}, "latest"},
	{bug{ruOverflowChunked, "length.final", "", reports.Fail}, "latest"},
	{bug{ruLengthReplaced, "length.changed", "", reports.Fail}, "latest"},
	{bug{ruLateIgnored, "length.late", "", reports.Fail}, "latest"},
	{bug{ruOverflows, "length.overflow", "", reports.Fail}, "latest"},
	{bug{ruOverflowChunked, "length.overflow-chunked", "", reports.Fail}, "6"},
	{bug{ruOverflowKept, "length.invalid", "", reports.Fail}, "latest"},
	{bug{ruProblemOwn, "length.problem", "", reports.Warn}, "latest"},
	{bug{ruHugeBreaks, "length.huge", "", reports.Warn}, "latest"},
	{bug{ruEmptyNever, "length.empty", "", reports.Fail}, "latest"},

	{bug{ruOptionsSilent, "limit.options", "", reports.Fail}, "latest"},
	{bug{ruLimitsEmpty, "limit.options", "", reports.Fail}, "7"},
	{bug{ruLimitTexts, "limit.form", "", reports.Fail}, "latest"},
	{bug{ruNarrower, "limit.options-wide", "", reports.Warn}, "latest"},
	{bug{ruNarrower, "limit.stable", "", reports.Warn}, "latest"},
	{bug{ruLimitOffByOne, "limit.max-append-size", "", reports.Fail}, "latest"},
	{bug{ruMinFinal, "limit.min-append-final", "", reports.Fail}, "latest"},

	{bug{ruReopened, "complete.no-append", "", reports.Fail}, "latest"},
	{bug{ruAgainTwice, "complete.lost", "fin", reports.Fail}, "4"},
	{bug{ruConflict400, "complete.status-400", "", reports.Pass}, "6"},
	{bug{ruReplayMade, "complete.replay", "", reports.Warn}, "latest"},
	{bug{ruReplayAnywhere, "complete.replay-low", "", reports.Fail}, "latest"},

	{bug{ruDeleteIgnored, "cancel.gone", "", reports.Warn}, "latest"},
	{bug{ruDelete200, "cancel.status-204", "", reports.Fail}, "7"},
	{bug{ruFieldsTaken, "cancel.no-fields", "", reports.Fail}, "3"},
	{bug{ruCancelMarks, "cancel.no-effect", "fin", reports.Warn}, "latest"},
	{bug{ruInFlight, "cancel.in-flight", "", reports.Fail}, "latest"},
	{bug{ruFences, "cancel.terminates", "", reports.Warn}, "8"},

	{bug{ruLateWritten, "concurrent.late-creation", "", reports.Fail}, "latest"},
	{bug{ruLateWritten, "concurrent.late-append", "", reports.Fail}, "6"},
	{bug{ruMixes, "concurrent.after-append", "", reports.Fail}, "latest"},
	{bug{ruFences, "concurrent.terminated", "", reports.Warn}, "latest"},

	{bug{ruParameters, "field.parameters", "", reports.Fail}, "latest"},
	{bug{ruZeros, "field.forms", "", reports.Fail}, "latest"},
	{bug{ruNumberish, "field.offset-type", "", reports.Fail}, "latest"},
	{bug{ruTruthish, "field.state-type", "", reports.Fail}, "latest"},
	{bug{ruLengthPicky, "field.length-type", "", reports.Fail}, "latest"},
	{bug{ruStatePicky, "field.creation-type", "", reports.Fail}, "latest"},
	{bug{ruPresence, "field.creation-type", "", reports.Fail}, "latest"},

	{bug{ruDigestOfPart, "digest.representation", "", reports.Fail}, "latest"},
	{bug{ruDigestIgnored, "digest.representation-wrong", "", reports.Warn}, "latest"},
	{bug{ruDigestIgnored, "digest.content-wrong", "", reports.Warn}, "6"},
	{bug{ruDigestIgnored, "digest.content-wrong-creation", "", reports.Warn}, "latest"},
	{bug{ruDigestWrong, "digest.wanted", "", reports.Fail}, "latest"},
	{bug{ruUnwanted, "digest.wanted", "", reports.Warn}, "latest"},
	{bug{ruDigestKnown, "digest.unknown", "", reports.Warn}, "latest"},
	{bug{ruCodingLost, "coding.kept", "", reports.Warn}, "latest"},
	{bug{ruDecodes, "coding.content", "", reports.Fail}, "latest"},
	{bug{ruChunksCounted, "coding.transfer", "fin", reports.Fail}, "latest"},
	{bug{ruIncremental, "coding.incremental", "", reports.Fail}, "latest"},
	{bug{ruStrangers, "privacy.other-user", "fin", reports.Warn}, "latest"},
}

// TestRufhBroken runs the case that has to catch a bug on a server that has it.
func TestRufhBroken(t *testing.T) {
	t.Parallel()
	for _, b := range rufhBugs {
		t.Run(b.id+"/"+string(b.quirk), func(t *testing.T) {
			t.Parallel()
			focus := "^" + regexp.QuoteMeta(rufh.Name+"."+b.id) + " "
			if b.faults != "" {
				focus += ".* (" + b.faults + ") "
			}
			for _, r := range examineRufh(t, 3*time.Second, b.version, focus, b.quirk) {
				if r.ID == rufh.Name+"."+b.id && r.Verdict != b.verdict {
					t.Errorf("%s, not %s", told(r), b.verdict)
				}
			}
		})
	}
}

// What of the profile is run on a legal server: what tells of where things are, of the writes, and of the end.
const (
	ruShape = `offer\.(spoken|announced|uri-reference|same-location|http10|not-asked|no-effect)|create\.(complete|chunked|empty|open|partial|metadata|refused|lost .* fin)|` +
		`before100\.(reissue|lost) .* fin|upload\.(completed|unknown-length|interrupted-again|not-complete|isolated|offsets) .* fin|upload\.stalled-connection .* stall|` +
		`response\..* fin|download\.range .* fin|state|append|coding|cancel.* (none|fin) |field\.(parameters|length-type|creation-type)`
	ruWriting = `upload\..* fin|upload\.(stalled-connection|never-decreases|completed) .* stall|create\.(progress .* fin|partial|open)|append\.(part|progress|progress-kept .* fin|empty)|` +
		`refuse|concurrent|cancel.* (none|fin) |coding\.transfer .* fin|length|complete.* (none|fin) `
	ruEnding = `create\.(complete|not-open|marked|metadata)|upload\.(completed|concurrent|content-intact) .* fin|response\..* (fin|stall)|state\.(after|complete)|append\.final|complete|download.* fin|digest`
)

// rufhLegals lists what a server may do, the versions in which it may, and the cases that look.
var rufhLegals = []struct {
	quirk    quirk
	versions string
	focus    string
}{
	{ruSilent, "latest", ruShape + "|" + ruWriting}, {ruLate104, "6", ruShape}, {ruForgetful, "3, latest", ruEnding},
	{ruNoReplay, "8, latest", ruEnding}, {ruLocks, "6, latest", `upload\..* (fin|stall)|concurrent|cancel|response\.slow .* stall|coding\.transfer .* stall`}, {ruBlocks, "latest", ruWriting},
	{ruFences, "latest", ruWriting}, {ruLimits, "latest", `limit|offer\.(spoken|same-location)|create|state|append|length|refuse|digest|coding|field|` + ruWriting},
	{ruAbsolute, "3", ruShape}, {ruHead200, "5", ruShape}, {ruNoChunks, "latest", `create|append|length|coding|upload\.(unknown-length|not-complete) .* fin`}, {ruParts200, "7", ruShape},
	{ruAdorned, "latest", ruShape + "|refuse|length"}, {ruNoDelete, "3, latest", `cancel|length\.huge`}, {ruPicky, "8, latest", `offer|create|length\.empty|field\.creation-type`},
	{ruRepeats, "latest", `offer\.same-location|create\.progress .* fin`}, {ruKeepsNone, "latest", ruWriting}, {ruClosesAfter, "latest", ruEnding},
	{ruPlaceIsOwn, "7", ruEnding}, {ruBare409, "8, latest", `refuse|length|append`}, {ruGone410, "7, latest", `cancel|state\.unknown|length`},
	{ru100First, "8", ruShape}, {ruAcksOften, "5, latest", `create\.progress .* fin|append|upload\.(kept|offsets) .* fin`}, {ruDigestIgnored, "latest", `digest`},
	{ruLastUploadResp, "latest", ruEnding}, {ruUnmarked, "latest", `create|upload\.(completed|many-pieces) .* fin`}, {ruNoProgress, "latest", `append|create\.progress`}, {ruOptionsSilent, "3, 5", `offer|limit|create`},
	{ruCounted, "latest", `offer`}, {ruStrangers, "latest", `privacy`},
	{ruRedirects, "8, latest", ruShape + "|refuse|length|concurrent"}, {ruNameless, "latest", ruEnding + "|coding|create"},
	{ruMinSize, "7, latest", `offer|create|append|state|limit|length|refuse|field|digest|coding|complete.* (none|fin) `},
	{ruHints, "5, 8", ruShape}, {ruDraftOnly, "latest", ruShape + "|concurrent|limit"},
}

// TestRufhLegal runs cases on servers that do what they may: no MUST may be failed, and every case must come to a verdict.
func TestRufhLegal(t *testing.T) {
	t.Parallel()
	for _, l := range rufhLegals {
		t.Run(string(l.quirk), func(t *testing.T) {
			t.Parallel()
			legality.acquit(t, string(l.quirk), examineRufh(t, 5*time.Second, l.versions, l.focus, l.quirk))
		})
	}
}
