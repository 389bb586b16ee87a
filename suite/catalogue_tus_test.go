package suite

import (
	"strings"
	"testing"
)

// designedTus are what the text and the definition of tus name (profiles/options.md), by area.
var designedTus = map[string]string{
	"offer":     `options created`,
	"options":   `versions extensions depends max-size any-version creation`,
	"version":   `told errors post head patch delete`,
	"override":  `patch delete head actual`,
	"head":      `offset length no-store status missing repeated`,
	"patch":     `answer one chunked empty names type-case cut lost after-end get behind ahead stale bad-offset type missing past-end past-end-chunked refused-early late`,
	"before100": `head-cut lost state-unchanged reissue repeated`,
	"upload": `offset-lawful kept offset-accepted offsets not-complete never-decreases completed content-intact many-pieces
		interrupted-again unknown-length stalled-connection concurrent isolated`,
	"response":  `complete-upload once after-resume processed failed head-cut`,
	"download":  `range repeat if-range unsatisfiable suffix`,
	"restart":   `kept intact`,
	"sweep":     `request response`,
	"create":    `own location zero no-length bad-length too-large huge head-cut lost repeated no-effect unguessable`,
	"metadata":  `told own smuggled malformed`,
	"defer":     `created bad-value last first empty fixed too-small cut lost`,
	"initial":   `whole part accepted expect refused-early type past-end deferred cut lost`,
	"expire":    `told created date later gone`,
	"checksum":  `algorithms match mismatch last unknown malformed without cut`,
	"trailer":   `match mismatch cut`,
	"terminate": `unfinished complete gone others missing no-effect lost`,
	"concat":    `partial final order absolute echo patch metadata twice processed incomplete unfinished no-offset unknown parallel cut lost`,
	"privacy":   `other-user parts`,
}

func TestEveryRowOfTusIsACase(t *testing.T) {
	cases, results := 0, 0
	for area, names := range designedTus {
		for _, name := range strings.Fields(names) {
			c, ok := Case("tus." + area + "." + name)
			if !ok {
				t.Errorf("tus.%s.%s is no case", area, name)
			}
			cases++
			if !c.Sweep {
				results += len(c.Variants([]string{"h1"}))
			}
		}
	}
	for _, c := range Cases() {
		if c.Profile() == "tus" {
			cases--
		}
	}
	if cases != 0 {
		t.Errorf("%d rows more than cases", cases)
	}
	if results < 120 {
		t.Errorf("%d results, fewer than 120", results)
	}
}
