package selftest

import (
	"context"
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/resumespec/resumespec/cmd/embedded"
	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// TestMain looks for goroutines that a run has left behind. Ginkgo never ends the one that waits for signals.
func TestMain(m *testing.M) {
	if work, asked := workers[os.Getenv(workerKind)]; asked {
		os.Exit(work())
	}
	// Not by flag.Set: Ginkgo refuses to run where it finds that -parallel was given.
	if err := flag.Lookup("test.parallel").Value.Set(sideBySide); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(summary), goleak.IgnoreTopFunction(
		"github.com/onsi/ginkgo/v2/internal/interrupt_handler.(*InterruptHandler).registerForInterrupts.func2"))
}

// wholeConfig tells the suite everything that a server of the items API offers.
const wholeConfig = `
version: 1
target: %s
users:
  - {name: alice, headers: {Authorization: "Bearer secret-of-alice"}}
  - {name: bob, headers: {Authorization: "Bearer secret-of-bob"}}
profiles:
  resume:
    upload: {method: POST, path: "/items?tag={tag}", headers: {Content-Type: application/octet-stream}}
    count: {path: "/items?tag={tag}", pointer: /count}
    large: {path: "/items?tag={tag}&respond=65536"}
    slow: {path: "/items?tag={tag}&delay=100ms"}
    failing: [{path: "/items?tag={tag}&fail=422"}, {path: "/items?tag={tag}&fail=503"}]
`

// certify runs the suite and gives the report.
func certify(t testing.TB, config *target.Config, change ...func(*suite.Options)) *reports.Report {
	t.Helper()
	options := suite.Options{Config: config, Version: "test", Rerun: "resumespec run"}
	for _, f := range change {
		f(&options)
	}
	report, err := suite.Run(context.Background(), options)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return report
}

func parse(t testing.TB, text string) *target.Config {
	t.Helper()
	config, err := target.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatalf("config: %v", err)
	}
	return config
}

// startReference starts the reference server as a target; it is closed with the test.
func startReference(t testing.TB, given *target.Config, options reference.Options) *embedded.Target {
	t.Helper()
	own, err := embedded.Start(given, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	})
	return own
}

// resumeOnly selects the profile resume. A config that tells of nothing else is not enough: what a server is seen to speak is run.
func resumeOnly(o *suite.Options) { o.Selection.Profiles = []string{"resume"} }

// show prints what is not a pass.
func show(t *testing.T, report *reports.Report) {
	t.Helper()
	for _, r := range report.Results {
		if r.Verdict != reports.Pass {
			t.Log(told(r))
		}
	}
}
