package selftest

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/profiles/rufh"
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

// TestRufhPlain runs every case in every version on the rufhServer without a quirk: what the test of a quirk finds is then
// the quirk's.
func TestRufhPlain(t *testing.T) {
	t.Parallel()
	for _, version := range allRufh {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			for _, r := range examineRufh(t, 10*time.Second, version, ".") {
				if r.Verdict != reports.Pass && (r.Verdict != reports.Unsupported || !unofferedRufh.MatchString(r.ID)) {
					t.Error(told(r))
				}
			}
		})
	}
}
