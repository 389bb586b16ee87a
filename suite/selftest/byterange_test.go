package selftest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/profiles/byterange"
)

// rangeConfig tells the suite everything that a rangeServer offers.
const rangeConfig = `
version: 1
target: %s
profiles:
  byterange:
    upload: {method: PATCH, path: "/documents/{tag}?tag={tag}", headers: {Content-Type: application/octet-stream}}
    count: {path: "/documents?tag={tag}", pointer: /count}
    slow: {path: "/documents/{tag}?tag={tag}&delay=100ms"}
    failing: [{path: "/documents/{tag}?tag={tag}&fail=422"}, {path: "/documents/{tag}?tag={tag}&fail=503"}]
`

// examineRange runs the cases of a focus on a rangeServer, and gives the results that were run.
func examineRange(t *testing.T, limit time.Duration, focus string, quirks ...quirk) []reports.Result {
	t.Helper()
	return judgeRange(t, startRange(t, quirks...), limit, focus)
}

func judgeRange(t *testing.T, s *rangeServer, limit time.Duration, focus string) []reports.Result {
	t.Helper()
	config := parse(t, fmt.Sprintf(rangeConfig, s.http.URL))
	return judgeBy(t, byterange.Checks(), s.restart, config, limit, focus)
}

// refusedBySparing are the cases that a correct server that refuses what it may has no room for.
const refusedBySparing = "byterange.create.out-of-order"

// TestRangePlain runs the whole profile on the rangeServer without any quirk, and where it takes segments out of order:
// what the test of a quirk finds is then the quirk's.
func TestRangePlain(t *testing.T) {
	t.Parallel()
	results := examineRange(t, 10*time.Second, ".")
	for _, r := range results {
		if r.Verdict != reports.Pass && (r.Verdict != reports.Unsupported || r.ID != refusedBySparing) {
			t.Error(told(r))
		}
	}
	if len(results) < 150 {
		t.Errorf("%d results", len(results))
	}
	for _, r := range examineRange(t, 10*time.Second, "out-of-order", sparse) {
		if r.Verdict != reports.Pass {
			t.Error(told(r))
		}
	}
}

// TestRangeSweep cuts one upload at each byte.
func TestRangeSweep(t *testing.T) {
	t.Parallel()
	s := startRange(t)
	report := certify(t, parse(t, fmt.Sprintf(rangeConfig, s.http.URL)), func(o *suite.Options) { o.Sweep = 400 })
	if len(report.Results) != 4 {
		t.Errorf("%d results", len(report.Results))
	}
	for _, r := range report.Results {
		if r.Verdict != reports.Pass {
			t.Error(told(r))
		}
	}
}

// TestRangeUnspoken: of a server that takes no PATCH one case says so, and the others do not apply.
func TestRangeUnspoken(t *testing.T) {
	t.Parallel()
	for _, r := range examineRange(t, 5*time.Second, ".", patchUnknown) {
		want := reports.Unsupported
		if r.ID == "byterange.offer.patch" {
			want = reports.Fail
		}
		if r.Verdict != want {
			t.Errorf("%s, not %s", told(r), want)
		}
	}
}

// rangeBug is one bug, with the case that has to catch it and the verdict that it has to give.
type rangeBug struct {
	quirks  []quirk
	id      string // of the case, without the profile
	faults  string // the variants that meet the bug, as a regular expression; "" for all
	verdict reports.Verdict
}

func with(quirks ...quirk) []quirk { return quirks }

var rangeBugs = []rangeBug{
	{with(patchUnknown), "offer.patch", "", reports.Fail},
	{with(patchUnknown), "create.segments", "", reports.Unsupported},
	{with(acceptHidden), "offer.accept-patch", "", reports.Warn},
	{with(anyTypeTaken), "offer.unknown-type", "", reports.Fail},

	{with(continueFirst), "offer.refusal", "", reports.Warn},

	{with(fieldsByCase), "media.message", "", reports.Fail},
	{with(unmeasuredEmpty), "media.message-unmeasured", "", reports.Fail},
	{with(boundaryAsWritten), "media.multipart", "", reports.Fail},
	{with(partsTrimmed), "media.multipart-binary", "", reports.Fail},
	{with(firstChunkOnly), "media.application", "", reports.Fail},
	{with(shortIntegers), "media.application-integers", "", reports.Fail},
	{with(contentLimited), "media.large", "", reports.Fail},
	{with(boundaryGuessed), "media.multipart-bad-boundary", "", reports.Fail},
	{with(noPartsTaken), "media.multipart-bad-boundary", "", reports.Fail},
	{with(indicatorUnread), "media.application-malformed", "", reports.Fail},
	{with(headCountsFrame), "media.message-cut", "fin", reports.Fail},
	{with(partsBuffered), "media.multipart-cut", "fin", reports.Fail},
	{with(headCountsFrame), "media.application-cut", "fin", reports.Fail},
	{with(headAnnouncesLength), "media.indeterminate-cut", "fin", reports.Fail},

	{with(lastExclusive), "part.range", "", reports.Fail},
	{with(endsWithPart), "part.range", "", reports.Fail},
	{with(openRefused), "part.range", "", reports.Fail},
	{with(offsetIgnored), "part.range", "", reports.Fail},
	{with(growthRefused), "part.append", "", reports.Warn},
	{with(offsetUnknown), "part.content-offset", "", reports.Warn},
	{with(outerType), "part.content-type", "", reports.Fail},
	{with(typeLost), "part.content-type", "", reports.Warn},
	{with(unknownFieldRefused), "part.unknown-field", "", reports.Fail},
	{with(shortFilled), "part.short", "", reports.Fail},
	{with(longWritten), "part.long", "", reports.Fail},
	{with(longCut), "part.long", "", reports.Warn},
	{with(pastLength), "part.past-length", "", reports.Warn},
	{with(rangelessTaken), "part.no-range", "", reports.Fail},
	{with(rangeless409), "part.no-range", "", reports.Fail},
	{with(unitUnread), "part.unknown-unit", "", reports.Fail},
	{with(rangeGuess), "part.bad-range", "", reports.Fail},
	{with(offsetGuess), "part.bad-offset", "", reports.Fail},
	{with(lengthIgnored), "part.length-mismatch", "", reports.Fail},
	{with(sizedBodyDropped), "part.sized-with-body", "", reports.Warn},
	{with(firstRangeTaken), "part.two-ranges", "", reports.Warn},
	{with(refusalDrops), "part.refused-midway", "fin", reports.Fail},

	{with(ifNoneMatchIgnored), "create.if-none-match", "", reports.Fail},
	{with(headAnnouncesLength), "create.segments", "", reports.Fail},
	{with(hiddenWhileOpen), "create.segments", "", reports.Fail},
	{with(eachIsWhole), "create.length-last", "", reports.Fail},
	{with(openRefused), "create.length-last", "", reports.Fail},
	{with(eachIsWhole), "create.open-length", "", reports.Fail},
	{with(endAnyway), "create.end-early", "", reports.Fail},
	{with(endFills), "create.end-early", "", reports.Fail},
	{with(offsetUnknown), "create.content-offset", "", reports.Warn},
	{with(offsetEnds), "create.content-offset", "", reports.Fail},
	{with(sparse, holesCount), "create.out-of-order", "", reports.Fail},
	{with(sparse, gapGarbage), "create.out-of-order", "", reports.Fail},
	{with(offsetIgnored), "create.repeat", "", reports.Fail},
	{with(overlapRefused), "create.overlap", "", reports.Warn},
	{with(overlapRefused), "create.repeat", "", reports.Warn},
	{with(otherLengthTaken), "create.other-length", "", reports.Warn},
	{with(putHalf), "create.put", "fin", reports.Fail},

	{with(truncateEmpties), "size.truncate", "", reports.Fail},
	{with(allocateGarbage), "size.allocate", "", reports.Fail},
	{with(truncatedBack), "size.truncated-gone", "", reports.Fail},
	{with(gapTaken), "size.gap", "", reports.Warn},
	{with(gapGarbage), "size.gap", "", reports.Fail},
	{with(huge413), "size.huge", "", reports.Warn},

	{with(clearedFirst), "write.cut", "fin", reports.Fail},
	{with(clearedFirst), "write.append-cut", "fin", reports.Fail},
	{with(offsetIgnored), "write.lost", "", reports.Fail},
	{with(firstPartOnly), "write.parts", "", reports.Fail},
	{with(partsAsRead), "write.parts-refused", "", reports.Fail},
	{with(partsMixed), "write.parts-cut", "fin", reports.Fail},

	{with(unknownPreference), "prefer.forms", "", reports.Fail},
	{with(appliedAlways), "prefer.forms", "", reports.Warn},
	{with(appliedHidden), "prefer.applied", "", reports.Warn},
	{with(appliedWrong), "prefer.applied", "", reports.Warn},
	{with(atomicWritten), "prefer.atomic", "fin", reports.Warn},
	{with(atomicWritten, atomicPromised), "prefer.atomic", "fin", reports.Fail},
	{with(partsAsRead), "prefer.atomic-parts", "fin", reports.Fail},
	{with(effectAtCut), "prefer.not-asked", "fin", reports.Fail},

	{with(ifMatchIgnored), "precondition.if-match-stale", "", reports.Fail},
	{with(ifMatchAsText), "precondition.if-match-fresh", "", reports.Fail},
	{with(ifUnmodifiedIgnored), "precondition.if-unmodified-since", "", reports.Fail},
	{with(tagless), "precondition.validator", "", reports.Warn},
	{with(tagStays), "precondition.validator", "", reports.Fail},
	{with(tagStays), "precondition.etag", "fin", reports.Fail},

	{with(headAnnouncesLength), "upload.offset-lawful", "fin", reports.Fail},
	{with(keepsNothingHere), "upload.kept", "", reports.Warn},
	{with(effectAtCut), "upload.not-complete", "fin", reports.Fail},
	{with(effectEachTime), "response.repeat", "", reports.Fail},
	{with(effectEachTime, ifNoneMatchIgnored), "response.repeat-first", "", reports.Fail},
	{with(workUntilCut), "response.processed", "fin", reports.Fail},
	{with(effectFirst), "response.failed", "", reports.Fail},
	{with(errorForgotten), "response.failed", "", reports.Fail},
	{with(repeatedRefused), "response.repeat", "fin", reports.Warn},
	{with(restartDrops), "restart.kept", "", reports.Warn},
	{with(restartClaims), "restart.intact", "", reports.Fail},
}

// TestRangeBroken runs the case that has to catch a bug on a server that has it.
func TestRangeBroken(t *testing.T) {
	t.Parallel()
	for _, b := range rangeBugs {
		t.Run(b.id+"/"+joined(b.quirks), func(t *testing.T) {
			t.Parallel()
			catches(t, "byterange."+b.id, b.faults, b.verdict, func(focus string) []reports.Result {
				s := startRange(t, b.quirks...)
				s.settles = true
				return judgeRange(t, s, 5*time.Second, focus)
			})
		})
	}
}

func joined(quirks []quirk) string {
	var texts []string
	for _, q := range quirks {
		texts = append(texts, string(q))
	}
	return strings.Join(texts, " and ")
}

// What is run where a right may touch everything, where it is about creating a document, and where about other writes.
const (
	rangeTour = `offer\.|part\.(range|short|refused-midway .* fin)|create\..* (none|fin) |write\.(cut|parts) .* (none|fin) |` +
		`upload\.(completed|many-pieces|unknown-length) .* fin|response\.(repeat|once) .* fin`
	creating = `create\..* (none|fin) |part\.short|upload\.(offset-accepted|many-pieces|interrupted-again|unknown-length) .* fin|response\.repeat.* fin`
	resizing = `part\.append|size\.|write\.(append-cut|parts) .* (none|fin) |prefer\.atomic .* fin|create\.segments`
)

// rangeLegals lists what a server may do, and the warnings that it may get for it.
var rangeLegals = []struct {
	quirks []quirk
	focus  string
	warned string // the cases that may warn, as a regular expression; "" for none
}{
	{with(messageOnly), `offer\.|media\.|write\.parts|prefer\.atomic-parts`, ""},
	{with(multipartOnly), rangeTour + `|media\..* fin|prefer\.atomic-parts .* (fin|rst)`, ""},
	{with(applicationOnly), rangeTour + `|media\..* fin|prefer\.atomic-parts .* (fin|rst)`, ""},
	{with(acceptHidden), `offer\.|media\.message|part\.range|create\.segments`, "offer.accept-patch|offer.unknown-type"},
	{with(keepsNothingHere), rangeTour + `|upload\.(kept|interrupted-again|never-decreases) .* fin|media\..* fin|restart\.kept|prefer\.applied|precondition\.etag`, "upload.kept"},
	{with(sparse), creating + `|size\.|part\.refused`, ""},
	{with(growthRefused), resizing, "part.append"},
	{with(sizeRefused), resizing, ""},
	{with(overlapRefused), creating + `|media\..* fin`, "create.(overlap|repeat)|upload|media"},
	{with(segment200), creating, ""},
	{with(segment202), creating, ""},
	{with(segment299), creating, ""},
	{with(offsetUnknown), `part\.(content|bad|unknown|no-range|two)|create\.content-offset|upload\.(unknown-length|not-complete)|prefer\.not-asked .* fin`, "content-offset"},
	{with(chunkedRefusedHere), `create\.content-offset|media\.message-unmeasured|upload\.(unknown-length|not-complete)`, ""},
	{with(gap416), `size\.gap|create\.out`, ""},
	{with(gapTaken), `size\.|create\.(segments|out)`, "size.gap"},
	{with(hugeTaken), `size\.`, ""},
	{with(openIsNone), creating, ""},
	{with(empty204), `upload\.(offset-lawful|completed) |media\.message-cut|create\.(segments|open)`, ""},
	{with(wholeAlways), `download\.`, "download"},
	{with(tagless), `download\.if-range|precondition\.`, "precondition.validator"},
	{with(putRefused), `part\.content-type|create\.put`, ""},
	{with(appliedHidden), `prefer\.(forms|applied|atomic .* fin)`, "prefer.applied"},
}

// TestRangeLegal runs cases on servers that do what they may: no MUST may be failed, every case must come to a verdict,
// and nothing warns but what is no more than a recommendation.
func TestRangeLegal(t *testing.T) {
	t.Parallel()
	for _, l := range rangeLegals {
		t.Run(joined(l.quirks), func(t *testing.T) {
			t.Parallel()
			results := examineRange(t, 10*time.Second, l.focus, l.quirks...)
			legality.acquit(t, byterange.Name+": "+joined(l.quirks), results)
			for _, r := range results {
				may := l.warned != "" && regexp.MustCompile(l.warned).MatchString(r.ID)
				if r.Verdict == reports.Warn && !may && !*everything {
					t.Error(told(r))
				}
			}
		})
	}
}
