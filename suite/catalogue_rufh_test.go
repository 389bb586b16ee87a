package suite

import (
	"slices"
	"strings"
	"testing"
)

// designedRufh are what the definition of rufh names (profiles/options.md and the texts of the draft), by area.
var designedRufh = map[string]string{
	"offer":     `spoken announced echo other-version continue http10 not-asked uri-reference same-location own unguessable no-effect`,
	"create":    `complete not-open marked chunked empty open partial partial-chunked status-201 created progress lost metadata refused`,
	"before100": `head-cut lost state-unchanged reissue repeated`,
	"upload": `offset-lawful kept offset-accepted offsets not-complete never-decreases completed content-intact many-pieces
		interrupted-again unknown-length stalled-connection concurrent isolated`,
	"response": `available complete-upload not-yet once stable error after-resume slow`,
	"download": `range repeat if-range unsatisfiable suffix`,
	"restart":  `kept intact response`,
	"sweep":    `request response`,
	"state":    `offset complete length length-derived limit no-store get status no-fields unknown after`,
	"append": `part told status-201 final final-told final-open final-response empty empty-final not-by-length chunked progress progress-kept
		no-location media-type any-type`,
	"refuse":     `offset-low offset-high offset-told incomplete-told problem no-offset no-state media-type early`,
	"length":     `creation final changed late overflow overflow-chunked invalid problem huge empty`,
	"limit":      `options asterisk form told options-wide stable max-size with-413 max-append-size min-append-size min-append-final max-age`,
	"complete":   `no-append status-400 rejected replay replay-low lost`,
	"cancel":     `gone status-204 no-fields no-effect lost in-flight terminates`,
	"concurrent": `late-creation late-append after-append terminated`,
	"field":      `parameters forms offset-type state-type length-type creation-type`,
	"digest":     `representation representation-wrong content content-wrong content-wrong-creation wanted unknown`,
	"coding":     `content transfer incremental`,
	"privacy":    `other-user`,
}

// TestEveryRowOfRufhIsACase counts what the newest version alone amounts to as well: every version is run on its own.
func TestEveryRowOfRufhIsACase(t *testing.T) {
	results := map[string]int{}
	known := []string{"3", "4", "5", "6", "7", "8", "latest"}
	for area, names := range designedRufh {
		for _, name := range strings.Fields(names) {
			c, ok := Case("rufh." + area + "." + name)
			if !ok {
				t.Errorf("rufh.%s.%s is no case", area, name)
				continue
			}
			if len(c.Versions) == 0 {
				t.Errorf("%s holds in no version", c.ID)
			}
			for _, v := range c.Versions {
				if !slices.Contains(known, v) {
					t.Errorf("%s holds in %q", c.ID, v)
				}
				if !c.Sweep {
					results[v] += len(c.Variants([]string{"h1"}, v))
				}
			}
		}
	}
	for _, v := range known {
		if results[v] < 120 {
			t.Errorf("%d results in version %s, fewer than 120", results[v], v)
		}
		t.Logf("version %s: %d results", v, results[v])
	}
}
