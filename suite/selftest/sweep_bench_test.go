package selftest

import (
	"fmt"
	"testing"

	"github.com/resumespec/resumespec/reference"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
)

// BenchmarkSweep measures the sweep of a request of 4 KiB and its response, with fin and rst, against the reference
// server in the same process.
func BenchmarkSweep(b *testing.B) {
	server, url, err := reference.Listen("127.0.0.1:0", reference.Options{Users: map[string]string{
		"alice": "Bearer secret-of-alice", "bob": "Bearer secret-of-bob",
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	config := parse(b, fmt.Sprintf(wholeConfig, url))
	cuts := 0
	for b.Loop() {
		for _, r := range certify(b, config, func(o *suite.Options) { o.Sweep = 4096 }).Results {
			if r.Verdict != reports.Pass {
				b.Fatal(told(r))
			}
			cuts += r.Sweep.Cuts
		}
	}
	b.ReportMetric(float64(cuts)/b.Elapsed().Seconds(), "cuts/s")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/sweep")
}
