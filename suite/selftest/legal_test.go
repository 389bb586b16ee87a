package selftest

import (
	"fmt"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
)

// examine runs the cases that match on a bugServer, with a time limit that is short enough for a server
// that hangs and long enough for one that takes its time.
func examine(t *testing.T, limit time.Duration, focus string, quirks ...quirk) []reports.Result {
	t.Helper()
	s := startBug(t, quirks...)
	return judgeWith(t, s.restart, parse(t, fmt.Sprintf(wholeConfig, s.base())), limit, focus)
}

// TestPlain runs the whole suite on the bugServer without any quirk: what the test of a quirk finds is
// then the quirk's.
func TestPlain(t *testing.T) {
	t.Parallel()
	s := startBug(t)
	report := certify(t, parse(t, fmt.Sprintf(wholeConfig, s.base())), func(o *suite.Options) { o.Restart = s.restart })
	for _, r := range report.Results {
		if r.Verdict != reports.Pass {
			t.Error(told(r))
		}
	}
}

// What is run where a quirk may touch everything, and where it touches one area.
const (
	tour = `offer\.(continue|uri-reference|http10|refusal) |before100\.lost |` +
		`upload\.(offsets|get-or-405|many-pieces|unknown-length|gap) |response\.(available|after-patch) |download\.(range|if-range) `
	places    = `offer\.(continue|uri-reference) |upload\.(offset-accepted|isolated) |response\.available |download\.range `
	offset    = `upload\.(head-length|offset-accepted|offsets|never-decreases|many-pieces|stalled-connection|overlap|concurrent) |complete-upload `
	answering = `response\.(available|after-patch) |upload\.(patch-completes|many-pieces|concurrent) `
	waiting   = `response\.(not-yet|slow) .* (fin|rst)|upload\.not-complete .* fin`
	replay    = `response\.(available|error|stable|after-patch) |upload\.patch-completes `
	refusing  = `offer\.(refusal|not-asked) |response\.error `
	download  = `download\.|uri-reference `
)

// legals lists what a server may do, and the cases that look.
var legals = []struct {
	quirk quirk
	focus string
}{
	{lowerCase, tour}, {tinyWrites, `offer\.continue |before100\.lost .* fin|upload\.patch-completes |response\.available|download\.range .* (fin|rst)`},
	{connectionClose, tour}, {closeDelimited, tour}, {chunkedResponses, tour}, {paddedHeads, tour}, {cookies, tour},

	{extraInterims, tour}, {earlyHints, tour}, {spreadInterims, tour}, {repeatedPlaces, tour},
	{absolutePlaces, places}, {dottedPlaces, places}, {longPlaces, places},
	{onlyContent, tour}, {onlyMessage, tour}, {onlyBody, tour},
	{hugeAccepted, `offer\.`}, {chunkedRefused, `not-complete|unknown-length`},
	{fortyAtOnce, `before100\.repeated `},
	{laterInterims, `offer\.(continue|response|content|uri)|response\.(available|not-yet) |download\.range `},

	{head204, offset}, {head206, offset}, {headSlow, `upload\.(offset-accepted|gap) .* (fin|stall)|complete-upload`},
	{getRefused, `upload\.(get-or-405|gap|head-equals-get) `},
	{piece200, answering}, {piece202, answering}, {patch204, `response\.after-patch .* (fin|stall)|upload\.(patch-completes|many-pieces|concurrent) .* fin`}, {serialised, answering},
	{overlapSameTaken, offset}, {contentGone, tour},

	{rangeIgnored, download}, {noTag, download}, {weakTag, download}, {clockTag, download}, {finalWithoutPlace, download},
	{messageBodyNone, replay}, {messageUnframed, replay}, {messageAdorned, replay}, {messageChunked, replay}, {messageInterims, replay},

	{bodyIDs, replay + "|" + download}, {bodySeconds, replay}, {bodyJSON, replay + "|" + download}, {bodyLength, replay + "|" + download},
	{bodyElapsed, replay}, {bodyElapsedJSON, replay}, {bodyBackend, replay},

	{pending202, waiting}, {pending204, waiting}, {pending409, waiting}, {pending425, waiting},
	{pending503, `response\.(slow|not-yet) .* fin`}, {pendingWait, `response\.(slow|not-yet) .* fin`},

	{notFencing, offset}, {lagging, `upload\.(head-length|kept|offset-accepted|never-decreases|gap) |complete-upload `},
	{wholeBlocks, offset}, {resetKeepsNothing, offset}, {nothingKept, `upload\.(kept|offset-accepted|many-pieces|interrupted-again) .* (fin|rst)`},
	{lockedWhileDraining, `upload\.(offset-accepted|offsets|many-pieces) .* (fin|rst)`},
	{countLags, `before100\.reissue|upload\.(patch-completes|many-pieces) |response\.(available|once) |offer\.not-asked`},
	{restartForgets, `restart\.`},
	{acknowledgeOften, `acknowledge\.`},

	{strangers401, refusing}, {strangers403, refusing}, {refusedClosing, refusing}, {refusedDrained, refusing},
	{failsAtHead, refusing}, {failsAt100, refusing}, {failsEarly, refusing},
	{headRounded, offset}, {resetKeepsHalf, offset}, {laggingFenced, `upload\.(kept|offset-accepted|many-pieces|stalled-connection) .* (fin|stall)`},
	{itemsLag, `before100\.reissue|upload\.(content-intact|many-pieces) |response\.available |offer\.not-asked`},
	{answersLate, `upload\.(patch-completes|never-decreases) .* fin|response\.available .* stall`},
	{countLagsLong, `before100\.reissue .* fin|response\.(available|once) .* fin`},
}

// TestLegal runs cases on servers that do what they may: no MUST may be failed, and every case must come
// to a verdict.
func TestLegal(t *testing.T) {
	t.Parallel()
	for _, l := range legals {
		t.Run(string(l.quirk), func(t *testing.T) {
			t.Parallel()
			legality.acquit(t, string(l.quirk), examine(t, 10*time.Second, l.focus, l.quirk))
		})
	}
}
