package selftest

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/matrix"
	"github.com/resumespec/resumespec/suite/profiles/byterange"
	"github.com/resumespec/resumespec/suite/profiles/expectrange"
	"github.com/resumespec/resumespec/suite/profiles/rangequery"
	"github.com/resumespec/resumespec/suite/profiles/resume"
	"github.com/resumespec/resumespec/suite/profiles/rufh"
	"github.com/resumespec/resumespec/suite/profiles/tus"
	"github.com/resumespec/resumespec/suite/profiles/uploadresource"
	"github.com/resumespec/resumespec/suite/target"
)

// sideBySide is how many servers are judged at a time: most of what a case does is to wait.
const sideBySide = "8"

// everything makes the tests of legal servers and of single bugs run the whole suite on each. What is a right in one
// area may be a fault in another: who keeps nothing must not acknowledge, who locks must not for ever.
var everything = flag.Bool("everything", false, "run every case on every server")

// checks gives the cases of each profile.
var checks = map[string]func() []matrix.Check{
	resume.Name: resume.Checks, byterange.Name: byterange.Checks, uploadresource.Name: uploadresource.Checks,
	expectrange.Name: expectrange.Checks, rangequery.Name: rangequery.Checks, rufh.Name: rufh.Checks, tus.Name: tus.Checks,
}

// judge runs the cases that match on a target, without Ginkgo, of which there is one in a process: so
// that many servers can be judged side by side. The limit is that of a case.
func judge(t *testing.T, config *target.Config, limit time.Duration, focus string) []reports.Result {
	t.Helper()
	return judgeWith(t, nil, config, limit, focus)
}

// judgeWith is judge for a target that can be restarted.
func judgeWith(t *testing.T, restart func(context.Context) error, config *target.Config, limit time.Duration, focus string) []reports.Result {
	t.Helper()
	return judgeBy(t, resume.Checks(), restart, config, limit, focus)
}

// judgeBy is judgeWith by the cases of a profile.
func judgeBy(t *testing.T, checks []matrix.Check, restart func(context.Context) error, config *target.Config, limit time.Duration, focus string) []reports.Result {
	t.Helper()
	if *everything {
		focus = "."
	}
	config.Limits.Case = limit
	bench, err := suite.NewBench(t.Context(), config, "")
	if err != nil {
		t.Fatal(err)
	}
	defer bench.Injector.Close() // all is over; what closing says changes nothing
	bench.Restart = restart
	wanted := regexp.MustCompile(focus)
	var results []reports.Result
	for _, check := range checks {
		for _, variant := range check.Variants(config.Transports, config.Profile(check.Profile()).Interop...) {
			if check.Sweep || !wanted.MatchString(check.Title(variant)) {
				continue
			}
			s := matrix.Run(t.Context(), bench, check, variant)
			results = append(results, reports.Result{
				ID: check.ID, Level: reports.Level(check.Level), Point: check.Point, Fault: variant.Fault, Transport: variant.Transport, Version: variant.Version,
				Verdict: reports.Verdict(s.Finding.Verdict), Expected: s.Finding.Expected, Got: s.Finding.Got,
			})
		}
	}
	if len(results) == 0 {
		t.Fatalf("no case matches %s", focus)
	}
	return results
}

// told says what a result is and why.
func told(r reports.Result) string {
	return fmt.Sprintf("%s %s\n\texpected: %s\n\tgot: %s", r.Verdict, r.Key(), r.Expected, r.Got)
}

// wrongly are the verdicts that a server in its right never deserves.
var wrongly = []reports.Verdict{reports.Fail, reports.Error, reports.Inconclusive}

// tally counts what legal servers were told.
type tally struct {
	mu       sync.Mutex
	variants []string
	results  int
	warned   int
	wrong    []string
}

// legality is the tally of the whole test run.
var legality tally

// acquit asks that no result of a legal server is a failure, and that every case came to a verdict; and
// counts.
func (c *tally) acquit(t *testing.T, variant string, results []reports.Result) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.variants = append(c.variants, variant)
	c.results += len(results)
	for _, r := range results {
		switch {
		case slices.Contains(wrongly, r.Verdict):
			c.wrong = append(c.wrong, variant+": "+r.ID)
			t.Error(told(r))
		case r.Verdict == reports.Warn:
			c.warned++
			t.Log(told(r))
		}
	}
}

// write prints the figures, for "make variants".
func (c *tally) write(w io.Writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.wrong {
		fmt.Fprintf(w, "wrong failure: %s\n", one)
	}
	fmt.Fprintf(w, "results: %d, of them warnings: %d\n", c.results, c.warned)
	fmt.Fprintf(w, "legal variants: %d, wrong failures: %d\n", len(c.variants), len(c.wrong))
}

// summary prints what the whole suite found on all servers, and ends the process.
func summary(code int) {
	if *everything {
		legality.write(os.Stdout)
	}
	os.Exit(code)
}
