package selftest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resumespec/resumespec/cmd/embedded"
	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reference/mutants"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/catalog"
	"github.com/resumespec/resumespec/suite/target"
)

// onlyWarned are the mutants that break a recommendation within a case whose requirement is a MUST: it warns.
var onlyWarned = []string{
	"message-plain-type", "byterange-long-part-cut", "byterange-type-lost", "byterange-unknown-type-unhelpful", "byterange-range-ignored",
	"byterange-repeated-refused", "byterange-applied-always", "part-last-names-nothing", "part-differs-unseen", "part-length-unchecked",
	"status-waiting-on", "query-repeated-refused", "expect-repeated-refused",
	"tus-checksum-mismatch-409",
}

// TestMutants runs the case that a mutant is for on that mutant, one fault after the other until it is caught: few bugs
// need another than the first.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, m := range mutants.All() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			c, ok := suite.Case(m.Breaks[0])
			if !ok {
				t.Fatalf("it breaks %s, which is no case", m.Breaks[0])
			}
			mild := c.Level == catalog.Should || slices.Contains(onlyWarned, m.Name)
			var met []string
			for _, v := range c.Variants([]string{"h1"}, spokenBy(t, m)...) {
				for _, r := range examineMutant(t, m, c.Title(v)) {
					if r.Verdict == reports.Fail || mild && r.Verdict == reports.Warn {
						return
					}
					met = append(met, told(r))
				}
			}
			t.Errorf("%s: survives\n%s", m.Sentence, strings.Join(met, "\n"))
		})
	}
}

// spokenBy gives the versions that the embedded server is certified for, in the profile that a mutant is for, the newest
// first.
func spokenBy(t *testing.T, m mutants.Mutant) []string {
	t.Helper()
	config, err := embedded.Config()
	if err != nil {
		t.Fatal(err)
	}
	versions := slices.Clone(config.Profile(m.Profile()).Interop)
	slices.Reverse(versions)
	return versions
}

// examineMutant runs one variant of the case that a mutant is for on that mutant.
func examineMutant(t *testing.T, m mutants.Mutant, title string) []reports.Result {
	t.Helper()
	own := startReference(t, &target.Config{}, reference.Options{Seams: m.Apply})
	results := judgeBy(t, checks[m.Profile()](), own.Restart, own.Config, 2*time.Second, "^"+regexp.QuoteMeta(title)+"$")
	if *everything {
		namedFirst(t, m, results)
	}
	return slices.DeleteFunc(results, func(r reports.Result) bool { return r.ID != m.Breaks[0] })
}

// namedFirst asks that the first case that a whole run names is one whose requirement the mutant breaks.
func namedFirst(t *testing.T, m mutants.Mutant, results []reports.Result) {
	t.Helper()
	var named []string
	for _, r := range results {
		if (r.Verdict == reports.Fail || r.Verdict == reports.Warn) && !slices.Contains(named, r.ID) {
			named = append(named, r.ID)
		}
	}
	t.Logf("NAMED %s: %s", m.Name, strings.Join(named, " "))
	if len(named) > 0 && !slices.Contains(m.Breaks, named[0]) {
		t.Logf("OTHER FIRST %s: %s, not %s", m.Name, named[0], m.Breaks[0])
	}
}

// TestMutantsAreInOrder: names are unique, sentences are there, and what a mutant breaks are cases.
func TestMutantsAreInOrder(t *testing.T) {
	seen := map[string]bool{}
	form := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	for _, m := range mutants.All() {
		if seen[m.Name] || !form.MatchString(m.Name) {
			t.Errorf("%s: the name is there already, or is not in the form lower-case-with-hyphens", m.Name)
		}
		seen[m.Name] = true
		if m.Area == "" || !strings.HasSuffix(m.Sentence, ".") || m.Apply == nil || len(m.Breaks) == 0 {
			t.Errorf("%s: something is missing: %+v", m.Name, m)
		}
		for i, id := range m.Breaks {
			if _, ok := suite.Case(id); !ok || slices.Contains(m.Breaks[:i], id) {
				t.Errorf("%s breaks %s, which is no case, or is there twice", m.Name, id)
			}
		}
		if found, ok := mutants.Find(m.Name); !ok || found.Sentence != m.Sentence {
			t.Errorf("%s is not found by its name", m.Name)
		}
	}
	if _, ok := mutants.Find("no-such-mutant"); ok {
		t.Error("a mutant is found that is not there")
	}
}
