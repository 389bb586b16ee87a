package selftest

import (
	"testing"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// BenchmarkSweep measures the sweep of a request of 4 KiB and its response, with fin and rst, against the reference
// server in the same process.
func BenchmarkSweep(b *testing.B) {
	own := startReference(b, &target.Config{}, reference.Options{})
	cuts := 0
	for b.Loop() {
		for _, r := range certify(b, own.Config, resumeOnly, func(o *suite.Options) { o.Sweep = 4096 }).Results {
			if r.Verdict != reports.Pass {
				b.Fatal(told(r))
			}
			cuts += r.Sweep.Cuts
		}
	}
	b.ReportMetric(float64(cuts)/b.Elapsed().Seconds(), "cuts/s")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/sweep")
}
