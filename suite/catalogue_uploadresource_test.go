package suite

import (
	"strings"
	"testing"
)

// designedUploads are what the definition of upload-resource names (profiles/options.md), by area.
var designedUploads = map[string]string{
	"offer":     `allocated place instructions uri-reference forms malformed no-effect discovery`,
	"create":    `head-cut body-cut lost same-key`,
	"before100": `head-cut lost state-unchanged reissue repeated`,
	"upload": `offset-lawful kept offset-accepted offsets not-complete never-decreases completed content-intact many-pieces
		interrupted-again unknown-length stalled-connection concurrent isolated`,
	"response": `available complete-upload not-yet once stable error after-resume slow`,
	"download": `range repeat if-range unsatisfiable suffix`,
	"restart":  `kept intact response`,
	"sweep":    `request response`,
	"status":   `document waiting received remaining length head cut errors problem`,
	"write":    `kept-range ask ends ends-early open-length same-again cut after-done gap overlap mismatch bad-total past-end bad-range no-range`,
	"parallel": `order together cut last-first restart`,
	"complete": `by-itself answer result retry-after`,
	"cancel":   `gone no-effect lost`,
}

func TestEveryRowOfUploadResourceIsACase(t *testing.T) {
	results := 0
	for area, names := range designedUploads {
		for _, name := range strings.Fields(names) {
			c, ok := Case("upload-resource." + area + "." + name)
			if !ok {
				t.Errorf("upload-resource.%s.%s is no case", area, name)
			}
			results += len(c.Variants([]string{"h1"}))
		}
	}
	if results < 60 {
		t.Errorf("%d results, fewer than 60", results)
	}
}
