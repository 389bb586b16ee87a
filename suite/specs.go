package suite

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/extensions/globals"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/catalog"
)

// ginkgoRun is held while Ginkgo runs: its tree of specs is one per process.
var ginkgoRun sync.Mutex

// ginkgo builds the tree of specs and runs it in this process, without Ginkgo's own output. It says whether no spec failed.
func (r *runner) ginkgo(ctx context.Context) bool {
	ginkgoRun.Lock()
	defer ginkgoRun.Unlock()
	globals.Reset()
	defer globals.Reset()
	formatter.ColorableStdOut, formatter.ColorableStdErr = io.Discard, io.Discard
	gomega.RegisterFailHandler(ginkgo.Fail)
	r.tree(func() context.Context { return ctx })
	suiteConfig, reporterConfig := ginkgo.GinkgoConfiguration()
	suiteConfig.RandomSeed = r.options.Seed
	suiteConfig.RandomizeAllSpecs = r.options.Seed != 0
	suiteConfig.Timeout = r.options.Config.Limits.Run + time.Minute // the run's own limit comes first
	reporterConfig.Succinct, reporterConfig.NoColor = true, true
	t := &outcome{}
	ginkgo.RunSpecs(t, "resumespec", suiteConfig, reporterConfig)
	return !t.failed
}

// outcome is all that Ginkgo needs of a testing.T. What failed stands in the results.
type outcome struct{ failed bool }

// Fail notes that a spec failed.
func (o *outcome) Fail() { o.failed = true }

// tree registers a spec for everything that is selected: a container per area, so that none grows
// beyond what Ginkgo orders quickly.
func (r *runner) tree(ctx func() context.Context) {
	areas, items := byArea(r.plan.selected())
	// One container around all: Ginkgo shuffles the outermost ones even where no seed asks for it.
	ginkgo.Describe("resumespec", at(0, 0), func() {
		for n, area := range areas {
			ginkgo.Describe(area, at(n, 0), func() {
				for line, i := range items[area] {
					ginkgo.It(i.title(), r.decorators(i, at(n, line+1)), func(spec ginkgo.SpecContext) {
						r.spec(ctx(), spec, i)
					})
				}
			})
		}
	})
}

// byArea groups a plan by profile and area, both in catalogue order.
func byArea(p plan) (areas []string, items map[string]plan) {
	items = map[string]plan{}
	for _, i := range p {
		area := i.check.Profile() + "." + i.check.Area()
		if len(items[area]) == 0 {
			areas = append(areas, area)
		}
		items[area] = append(items[area], i)
	}
	return areas, items
}

// decorators gives a spec its place in the order, its labels and its time limit, which is far beyond
// that of the case: it ends only what hangs in the harness itself.
func (r *runner) decorators(i item, place types.CodeLocation) []any {
	c, limit := i.check.Case, 200*r.options.Config.Limits.Case
	if c.Sweep {
		limit = r.options.Config.Limits.Run + time.Minute
	}
	all := []any{
		place,
		ginkgo.Label(c.Profile(), string(c.Level), c.Point, i.variant.Fault, i.variant.Transport),
		ginkgo.SpecTimeout(limit), ginkgo.GracePeriod(2 * time.Second),
	}
	if r.serial(i) {
		all = append(all, ginkgo.Serial)
	}
	return all
}

// serial says whether nothing else may run beside an item: where effects are counted for all tags together, a case would
// see those of its neighbours; and a server that is restarted would take them down.
func (r *runner) serial(i item) bool {
	count := r.options.Config.Profile(i.check.Profile()).Count
	return count != nil && !count.Tagged() || slices.Contains(i.check.Needs, catalog.NeedRestart)
}

// at gives the code location of a place in the catalogue, by which Ginkgo orders specs: by the name of the file
// first, so that has to be the same for all, and then by the line.
func at(area, line int) types.CodeLocation {
	return types.CodeLocation{FileName: "catalogue", LineNumber: area*maxArea + line + 1}
}

// maxArea is more than the number of results that one area can have.
const maxArea = 100_000

// spec is the body of one spec.
func (r *runner) spec(run context.Context, spec ginkgo.SpecContext, i item) {
	if r.over(run) {
		ginkgo.Skip("not run: " + r.stopped)
	}
	if r.take != nil && !r.take(run, i) {
		return // another process runs it
	}
	ctx, cancel := context.WithCancel(run)
	defer cancel()
	defer context.AfterFunc(spec, cancel)()
	result := r.one(ctx, i)
	switch result.Verdict {
	case reports.Pass:
	case reports.Warn:
		ginkgo.AddReportEntry("warning", summary(result), ginkgo.ReportEntryVisibilityFailureOrVerbose)
	case reports.Unsupported, reports.Excluded:
		ginkgo.Skip(summary(result))
	case reports.Fail, reports.Error, reports.Inconclusive:
		ginkgo.Fail(summary(result))
	}
}
