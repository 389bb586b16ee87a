package target

import (
	_ "embed" // the template is a file of its own, so that editors know it as YAML
	"slices"
)

//go:embed template.yaml
var template []byte

// Template gives the commented configuration file that "resumespec init" writes: every key, explained, and valid as it
// stands. A line "#key: value" (no space after #) is an example that becomes valid when the # is taken away.
func Template() []byte { return slices.Clone(template) }
