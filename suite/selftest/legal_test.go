package selftest

import (
	"context"
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// everything makes the tests of single quirks run the whole suite on each, which takes ten minutes. What is a
// right in one area may be a fault in another: who keeps nothing must not acknowledge, who locks must not for ever.
var everything = flag.Bool("everything", false, "run every case on every bugServer")

// knownGaps are the cases that judge a quirk wrongly for now, and what they do. A test that meets one
// prints it and stays green. Whoever mends the case removes the line, and finds the test in force.
var knownGaps = map[quirk]map[string]string{
	// Servers that are in their right, and are failed now and then.
	bodyBackend: replayed("all twins agree by chance on one of two values, once in 2,048 times, and the interrupted upload has the other"),
}

// replayed gives one reason to every case that compares final responses.
func replayed(why string) map[string]string {
	gaps := map[string]string{}
	for _, id := range []string{"response.available", "response.error", "response.stable", "response.after-patch", "upload.patch-completes"} {
		gaps[id] = why
	}
	return gaps
}

// gap says whether it is known that a case judges a quirk wrongly, and prints it.
func gap(t *testing.T, q quirk, id string) bool {
	t.Helper()
	why, known := knownGaps[q][strings.TrimPrefix(id, "resume.")]
	if known {
		t.Logf("KNOWN GAP: %s: %s", id, why)
	}
	return known
}

// told says what a result is and why.
func told(r reports.Result) string {
	return fmt.Sprintf("%s %s [%s %s]\n\texpected: %s\n\tgot: %s", r.Verdict, r.ID, r.Point, r.Fault, r.Expected, r.Got)
}

// examine runs the cases that match on a bugServer, with a time limit that is short enough for a server
// that hangs and long enough for one that takes its time.
func examine(t *testing.T, limit time.Duration, focus string, quirks ...quirk) []reports.Result {
	t.Helper()
	s := startBug(t, quirks...)
	return examineWith(t, s.restart, parse(t, fmt.Sprintf(wholeConfig, s.base())), limit, focus)
}

func examineWith(t *testing.T, restart func(context.Context) error, config *target.Config, limit time.Duration, focus string) []reports.Result {
	t.Helper()
	config.Limits.Case = limit
	report := certify(t, config, func(o *suite.Options) {
		o.Restart = restart
		if !*everything {
			o.Selection.Focus = regexp.MustCompile(focus)
		}
	})
	var run []reports.Result
	for _, r := range report.Results {
		if r.Verdict != reports.Excluded {
			run = append(run, r)
		}
	}
	return run
}

// TestPlain runs the whole suite on the bugServer without any quirk: what the test of a quirk finds is
// then the quirk's.
func TestPlain(t *testing.T) {
	for _, r := range examine(t, 10*time.Second, ".") {
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
}

// TestLegal runs cases on servers that do what they may: no MUST may be failed, and every case must come
// to a verdict.
func TestLegal(t *testing.T) {
	for _, l := range legals {
		t.Run(string(l.quirk), func(t *testing.T) {
			for _, r := range examine(t, 10*time.Second, l.focus, l.quirk) {
				switch r.Verdict {
				case reports.Fail, reports.Error, reports.Inconclusive:
					if !gap(t, l.quirk, r.ID) {
						t.Error(told(r))
					}
				case reports.Warn:
					t.Log(told(r))
				}
			}
		})
	}
}
