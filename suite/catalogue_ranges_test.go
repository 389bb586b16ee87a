package suite

import (
	"strings"
	"testing"
)

// designedExpectRange and designedRangeQuery are the rows of profiles/options.md for these two, in the same way.
var designedExpectRange = map[string]string{
	"offer":  `no-overwrite refused understood accept-expect`,
	"expect": `continue forms unknown refused-at-once http10`,
	"range":  `literal equals unit-case open-length unexpected middle borders large create again untold grow gap whole`,
	"refuse": `length length-chunked past-end several unknown-unit malformed no-range`,
}

var designedRangeQuery = map[string]string{
	"offer":  `template options head get absent syntax lasting`,
	"query":  `no-overwrite encoded open-length`,
	"range":  `middle borders large create again untold grow gap whole`,
	"refuse": `length length-chunked past-end reversed malformed bad-length overlong repeated`,
}

// designedBoth are the rows that they share.
var designedBoth = map[string]string{
	"write":        `before cut grow-cut lost concurrent`,
	"precondition": `if-match-stale if-match-fresh if-none-match if-unmodified-since etag`,
	"before100":    `head-cut lost state-unchanged reissue repeated`,
	"upload": `offset-lawful kept offset-accepted offsets not-complete never-decreases completed content-intact many-pieces
		interrupted-again stalled-connection concurrent isolated`,
	"response": `complete-upload once after-resume repeat processed failed`,
	"download": `range repeat if-range unsatisfiable suffix`,
	"restart":  `kept intact`,
	"sweep":    `request response`,
}

func TestEveryRowOfRangesIsACase(t *testing.T) {
	for _, of := range []struct {
		profile string
		rows    map[string]string
	}{
		{"expect-range", designedExpectRange}, {"expect-range", designedBoth},
		{"range-query", designedRangeQuery}, {"range-query", designedBoth},
	} {
		for area, names := range of.rows {
			for _, name := range strings.Fields(names) {
				if _, ok := Case(of.profile + "." + area + "." + name); !ok {
					t.Errorf("%s.%s.%s is no case", of.profile, area, name)
				}
			}
		}
	}
}
