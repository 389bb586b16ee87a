package selftest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/profiles/expectrange"
	"github.com/resumespec/resumespec/suite/profiles/rangequery"
)

// partConfig tells the suite everything that a partServer offers.
const partConfig = `
version: 1
target: %s/documents
profiles:
  %s:
    upload: {method: PUT, path: "/documents/{tag}?tag={tag}", headers: {Content-Type: application/octet-stream}}
    count: {path: "/documents?tag={tag}", pointer: /count}
    slow: {path: "/documents/{tag}?tag={tag}&delay=100ms"}
    failing: [{path: "/documents/{tag}?tag={tag}&fail=422"}, {path: "/documents/{tag}?tag={tag}&fail=503"}]
`

// The two profiles.
const (
	expectRange = expectrange.Name
	rangeQuery  = rangequery.Name
)

// partProfiles are the names of both.
var partProfiles = []string{expectRange, rangeQuery}

// examinePart runs the cases of a profile that match on a partServer.
func examinePart(t *testing.T, profile string, limit time.Duration, focus string, quirks ...quirk) []reports.Result {
	t.Helper()
	s := startPart(t, quirks...)
	config := parse(t, fmt.Sprintf(partConfig, s.base(), profile))
	return judgeBy(t, checks[profile](), s.restart, config, limit, focus)
}

// TestPartPlain runs both profiles whole on the partServer without any quirk: what the test of a quirk finds is then the
// quirk's.
func TestPartPlain(t *testing.T) {
	t.Parallel()
	for _, profile := range partProfiles {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			results := examinePart(t, profile, 10*time.Second, ".")
			for _, r := range results {
				if r.Verdict != reports.Pass {
					t.Error(told(r))
				}
			}
			if len(results) < 120 {
				t.Errorf("%d results", len(results))
			}
		})
	}
}

// TestPartSweep cuts one upload at each byte.
func TestPartSweep(t *testing.T) {
	t.Parallel()
	for _, profile := range partProfiles {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			s := startPart(t)
			report := certify(t, parse(t, fmt.Sprintf(partConfig, s.base(), profile)), func(o *suite.Options) { o.Sweep = 500 })
			if len(report.Results) != 4 {
				t.Errorf("%d results", len(report.Results))
			}
			for _, r := range report.Results {
				if r.Verdict != reports.Pass {
					t.Error(told(r))
				}
			}
		})
	}
}

// partBug is one bug, with the case that has to catch it and the verdict that it has to give.
type partBug struct {
	quirks  []quirk
	id      string // of the case, without the profile
	faults  string // the variants that meet the bug, as a regular expression; "" for all
	verdict reports.Verdict
}

func having(quirks ...quirk) []quirk { return quirks }

// partBugs lists those that a server of either profile can have, and those of each.
var partBugs = map[string][]partBug{
	expectRange + " " + rangeQuery: {
		{having(lastExcluded), "range.middle", "", reports.Fail},
		{having(fromOne), "range.borders", "", reports.Fail},
		{having(partReplaces), "range.middle", "", reports.Fail},
		{having(endsWithRange), "range.middle", "", reports.Fail},
		{having(endsWithRange), "range.untold", "", reports.Fail},
		{having(borderDropped), "range.large", "", reports.Fail},
		{having(partAppends), "range.again", "", reports.Fail},
		{having(eachCompletes), "range.create", "", reports.Fail},
		{having(partHidden), "range.create", "", reports.Fail},
		{having(gapWritten, gapGarbage2), "range.gap", "", reports.Fail},
		{having(partAppends), "range.gap", "", reports.Fail},
		{having(growthDropped), "range.grow", "", reports.Fail},
		{having(wholeOverBeginning), "range.whole", "", reports.Fail},

		{having(partEmptiedAtHead), "write.before", "", reports.Fail},
		{having(rangeCleared), "write.cut", "fin", reports.Fail},
		{having(endsWithRange), "write.cut", "fin|stall", reports.Fail},
		{having(partAppends), "write.grow-cut", "fin|stall", reports.Pass}, // it is right there
		{having(cutFilled), "write.grow-cut", "fin", reports.Fail},
		{having(partAppends), "write.lost", "", reports.Fail},
		{having(wroteBack, partUnfenced), "write.concurrent", "", reports.Fail},

		{having(matchIgnored), "precondition.if-match-stale", "", reports.Fail},
		{having(matchWholeField), "precondition.if-match-fresh", "", reports.Fail},
		{having(noneMatchIgnored), "precondition.if-none-match", "", reports.Fail},
		{having(unmodifiedIgnored), "precondition.if-unmodified-since", "", reports.Fail},
		{having(tagKept), "precondition.etag", "", reports.Fail},

		{having(partHeadMore), "upload.offset-lawful", "fin", reports.Fail},
		{having(cutFilled), "upload.offsets", "fin", reports.Fail},
		{having(partBuffers), "upload.kept", "", reports.Warn},
		{having(cutDropsAll), "upload.never-decreases", "fin|rst", reports.Fail},
		{having(cutCounts), "upload.not-complete", "fin|rst", reports.Fail},
		{having(partAppends), "upload.concurrent", "", reports.Fail},
		{having(partLocked), "upload.stalled-connection", "", reports.Fail},
		{having(effectTwice2), "upload.completed", "", reports.Fail},
		{having(effectTwice2), "response.once", "", reports.Fail},
		{having(effectAgain), "response.repeat", "", reports.Fail},
		{having(failedCounts), "response.failed", "", reports.Fail},
		{having(endsWithConnection), "response.processed", "fin|rst", reports.Fail},
		{having(partDownloadShift), "download.range", "", reports.Fail},
		{having(partIfRangeIgnored), "download.if-range", "", reports.Fail},
		{having(partRestartDrops), "restart.kept", "", reports.Warn},
		{having(partRestartZeros), "restart.intact", "", reports.Fail},

		{having(lengthIgnored2), "refuse.length", "", reports.Fail},
		{having(lengthIgnored2), "refuse.length-chunked", "", reports.Fail},
		{having(pastEndWritten), "refuse.past-end", "", reports.Fail},
		{having(rangeLoose), "refuse.malformed", "", reports.Fail},
		{having(malformedIgnored), "refuse.malformed", "", reports.Fail},
	},
	expectRange: {
		{having(partIgnorant, partTried), "offer.no-overwrite", "", reports.Fail},
		{having(partIgnorant, partTried), "offer.refused", "", reports.Fail},
		{having(partIgnorant, partTried), "offer.understood", "", reports.Fail},
		{having(partIgnorant, partTried), "upload.many-pieces", "", reports.Unsupported},
		{having(partIgnorant), "offer.no-overwrite", "", reports.Fail},
		{having(partIgnorant), "offer.accept-expect", "", reports.Fail},
		{having(partPolite, partTried), "offer.understood", "", reports.Fail},
		{having(partPolite, partTried), "offer.no-overwrite", "", reports.Pass},
		{having(partPolite, partTried), "offer.refused", "", reports.Pass},
		{having(partRefuses400, partTried), "offer.refused", "", reports.Warn},
		{having(partPolite, partEmptiedAtHead, partTried), "offer.refused", "", reports.Fail},
		{having(partPolite, partEmptiedAtHead, partTried), "offer.no-overwrite", "", reports.Fail},
		{having(expectAsWhole), "expect.continue", "", reports.Fail},
		{having(expectAsWhole), "expect.forms", "", reports.Fail},
		{having(expectByCase), "expect.forms", "", reports.Fail},
		{having(expectFirstLine), "expect.forms", "", reports.Fail},
		{having(unknownIgnoresAll), "expect.unknown", "", reports.Fail},
		{having(partContinueFirst), "expect.refused-at-once", "", reports.Warn},
		{having(partInterimToOld), "expect.http10", "", reports.Fail},
		{having(expectOldIgnored), "expect.http10", "", reports.Fail},
		{having(partNever100), "expect.continue", "", reports.Fail},
		{having(openRefused2), "range.open-length", "", reports.Warn},
		{having(eachCompletes, partReplaces), "range.open-length", "", reports.Fail},
		{having(openRefused2), "range.untold", "", reports.Warn},
		{having(equalsUnknown), "range.equals", "", reports.Warn},
		{having(equalsUnknown, malformedIgnored), "range.equals", "", reports.Fail},
		{having(unitByCase), "range.unit-case", "", reports.Warn},
		{having(unitByCase, unitIgnored), "range.unit-case", "", reports.Fail},
		{having(rangeUnexpected), "range.unexpected", "", reports.Warn},
		{having(fromOne), "range.literal", "", reports.Fail},
		{having(firstOfSeveral), "refuse.several", "", reports.Fail},
		{having(malformedIgnored), "refuse.several", "", reports.Fail},
		{having(anyUnit), "refuse.unknown-unit", "", reports.Fail},
		{having(unitIgnored), "refuse.unknown-unit", "", reports.Fail},
		{having(reversedSwapped), "refuse.malformed", "", reports.Fail},
		{having(numbersWrap), "refuse.malformed", "", reports.Fail},
		{having(noRangeWhole), "refuse.no-range", "", reports.Fail},
	},
	rangeQuery: {
		{having(partUnadvertised), "offer.template", "", reports.Fail},
		{having(partUnadvertised), "query.no-overwrite", "", reports.Unsupported},
		{having(partUnadvertised), "upload.offsets", "", reports.Unsupported},
		{having(shapeBadSyntax), "offer.template", "", reports.Fail},
		{having(shapeNoTemplate), "offer.template", "", reports.Fail},
		{having(shapeFragment), "offer.template", "", reports.Fail},
		{having(shapeElsewhere), "offer.template", "", reports.Fail},
		{having(shapePrefix), "offer.template", "", reports.Fail},
		{having(shapeAnchored), "offer.template", "", reports.Fail},
		{having(partOnlyHead), "offer.options", "", reports.Warn},
		{having(partOnlyOptions), "offer.head", "", reports.Warn},
		{having(partNotByGet), "offer.get", "", reports.Warn},
		{having(partAdvertisedLate), "offer.absent", "", reports.Warn},
		{having(partBadByGet), "offer.syntax", "", reports.Fail},
		{having(lastingOnce), "offer.lasting", "", reports.Fail},
		{having(queryIgnored), "query.no-overwrite", "", reports.Fail},
		{having(shapeOtherName), "query.no-overwrite", "", reports.Fail},
		{having(lengthIgnored2, shapeOtherName), "query.no-overwrite", "", reports.Fail},
		{having(queryRaw), "query.encoded", "", reports.Fail},
		{having(partWholeURI), "range.middle", "", reports.Fail},
		{having(eachCompletes, partReplaces), "query.open-length", "", reports.Fail},
		{having(firstOfSeveral), "refuse.repeated", "", reports.Fail},
		{having(lastOfSeveral), "refuse.repeated", "", reports.Fail},
		{having(reversedSwapped), "refuse.reversed", "", reports.Fail},
		{having(numbersWrap), "refuse.overlong", "", reports.Fail},
		{having(badLengthZero), "refuse.bad-length", "", reports.Fail},
	},
}

// TestPartBroken runs the case that has to catch a bug on a server that has it.
func TestPartBroken(t *testing.T) {
	t.Parallel()
	for names, bugs := range partBugs {
		for profile := range strings.FieldsSeq(names) {
			for _, b := range bugs {
				t.Run(profile+"/"+b.id+"/"+fmt.Sprint(b.quirks), func(t *testing.T) {
					t.Parallel()
					catches(t, profile+"."+b.id, b.faults, b.verdict, func(focus string) []reports.Result {
						return examinePart(t, profile, 3*time.Second, focus, b.quirks...)
					})
				})
			}
		}
	}
}

// What is run where a right may touch everything, and where it touches one area.
const (
	partTour = `offer\.|expect\.|\.query\.|\.range\.[^l]|write\.(cut|lost) .* fin|before100\.lost .* fin|` +
		`upload\.(many-pieces|completed) .* fin|response\.(repeat|after-resume) .* fin`
	partChanges = `\.range\.|write\.|refuse\.`
	partKept    = `write\.|upload\.(offset-accepted|offsets|never-decreases|many-pieces|interrupted-again|stalled-connection|concurrent) |response\.(complete|repeat)`
)

// partRights lists what a server of these profiles may do, and the cases that look.
var partRights = []struct {
	quirks  []quirk
	only    string // the profile; "" for both
	focus   string
	offered bool // that nothing of the focus is unsupported
}{
	{having(partTried), expectRange, partTour, false},
	{having(partSilent), expectRange, `offer\.|\.range\.`, false},
	{having(unknownRefused), expectRange, `expect\.`, true},
	{having(equalsUnknown), expectRange, `\.range\.|refuse\.`, false},
	{having(openRefused2), "", partChanges, false},
	{having(partCloses), "", partTour, true},
	{having(partBuffers), "", partKept, true},
	{having(partOverlapRefused), "", `\.range\.|upload\.(offset-accepted|completed) .* fin`, true},
	{having(growthRefused2), "", `\.range\.|write\.`, false},
	{having(gapSparse), "", `\.range\.`, false},
	{having(part202), "", partTour, true},
	{having(partNoWhole), "", partTour, false},
	{having(partNoChunks), "", `refuse\.`, false},
	{having(openStays), "", partTour, true},
	{having(refusedWith501), "", `refuse\.`, true},
	{having(partNoTags), "", `precondition\.|download\.if`, false},
	{having(partWeakTags), "", `precondition\.|download\.if`, false},
	{having(partHead204), "", `\.range\.create|upload\.(offset-lawful|offsets) `, true},
	{having(partHeadLess), "", `upload\.(offset-accepted|offsets|content-intact|concurrent) .* (fin|stall)`, true},
	{having(partNoDownloadRanges), "", `download\.`, false},
	{having(partBusy), "", `write\.(concurrent|lost)|upload\.(offset-accepted|offsets|concurrent) .* (fin|rst)`, true},
	{having(partUnfenced), "", `write\.concurrent|upload\.(offset-accepted|offsets) `, true},

	{having(shapeBare), rangeQuery, partTour + `|refuse\.|upload\.concurrent`, false},
	{having(shapeNamed), rangeQuery, partTour + `|refuse\.`, true},
	{having(shapePair), rangeQuery, partTour + `|refuse\.`, false},
	{having(shapeStartEnd), rangeQuery, partTour + `|refuse\.`, false},
	{having(shapeSegment), rangeQuery, partTour + `|refuse\.`, false},
	{having(shapeMatrix), rangeQuery, partTour + `|refuse\.`, false},
	{having(shapeOtherPath), rangeQuery, partTour + `|refuse\.`, false},
	{having(shapeManyLinks), rangeQuery, partTour, true},
	{having(partOnlyOptions), rangeQuery, partTour, true},
	{having(partOnlyHead), rangeQuery, partTour, true},
	{having(partAdvertisedLate), rangeQuery, partTour + `|refuse\.|precondition\.`, false},
}

// within says of a server that what it does is its right in the cases of its focus only: who answers 423 need not hear of a
// connection that has ended, but must not wait for ever for one that hangs; and who tells of a byte less than came before a cut
// must not do so of what it has acknowledged.
func within(quirks []quirk) bool {
	return slices.Contains(quirks, partBusy) || slices.Contains(quirks, partHeadLess)
}

// TestPartLegal runs cases on servers that do what they may: nothing may be failed, and what is offered is tested.
func TestPartLegal(t *testing.T) {
	t.Parallel()
	for _, l := range partRights {
		for _, profile := range partProfiles {
			if l.only != "" && l.only != profile {
				continue
			}
			if *everything && within(l.quirks) {
				continue
			}
			t.Run(profile+"/"+fmt.Sprint(l.quirks), func(t *testing.T) {
				t.Parallel()
				results := examinePart(t, profile, 10*time.Second, l.focus, l.quirks...)
				legality.acquit(t, profile+": "+fmt.Sprint(l.quirks), results)
				for _, r := range results {
					if l.offered && r.Verdict == reports.Unsupported && !*everything {
						t.Error(told(r))
					}
				}
			})
		}
	}
}
