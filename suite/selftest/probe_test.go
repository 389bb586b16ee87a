package selftest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/cmd/embedded"
	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/profiles/byterange"
	"github.com/resumespec/resumespec/suite/profiles/resume"
	"github.com/resumespec/resumespec/suite/profiles/rufh"
	"github.com/resumespec/resumespec/suite/profiles/tus"
	"github.com/resumespec/resumespec/suite/profiles/uploadresource"
	"github.com/resumespec/resumespec/suite/target"
)

// spokenAt tells where the reference server speaks what.
var spokenAt = map[string][]string{
	"/items":   {resume.Name},
	"/uploads": {uploadresource.Name},
	"/tus":     {tus.Name},
	"/files":   {rufh.Name},
	// Documents are named by the client, below this.
	"/documents": {byterange.Name, expectRange, rangeQuery},
	"/nothing":   nil,
}

// TestReferenceIsFound: what the reference server says of itself shows each profile where it is spoken, and nowhere else;
// with a configuration that names the places all of them.
func TestReferenceIsFound(t *testing.T) {
	t.Parallel()
	own, err := embedded.Start(&target.Config{}, reference.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	found := func(config *target.Config) []string {
		probed, err := suite.Probe(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range probed.Profiles {
			if len(p.Seen) == 0 {
				t.Errorf("%s at %s: nothing is shown for it", p.Name, config.Target)
			}
			if p.Speaks {
				names = append(names, p.Name)
			}
		}
		return slices.Sorted(slices.Values(names))
	}
	all := slices.Sorted(maps.Keys(profilesOf(suite.Cases())))
	if got := found(own.Config); !slices.Equal(got, all) {
		t.Errorf("by the configuration: %q, not %q", got, all)
	}
	origin := strings.TrimSuffix(own.Config.Target, "/items")
	for place, want := range spokenAt {
		config, err := target.Default(origin + place)
		if err != nil {
			t.Fatal(err)
		}
		config.Users = own.Config.Users
		if got := found(config); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: %q, not %q", place, got, want)
		}
	}
}
