package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"syscall"
	"testing"

	"github.com/resumespec/resumespec/reports"
)

// BenchmarkRun measures the default run, the suite against the embedded reference server, as a process of its
// own: seconds, peak memory, and how long the median result takes.
func BenchmarkRun(b *testing.B) {
	dir := b.TempDir()
	binary := filepath.Join(dir, "resumespec")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	report := filepath.Join(dir, "report.json")
	var peak int64
	b.ResetTimer()
	for b.Loop() {
		run := exec.Command(binary, "run", "--quiet", "--json", report)
		if out, err := run.CombinedOutput(); err != nil {
			b.Fatalf("run: %v\n%s", err, out)
		}
		usage, ok := run.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			b.Fatal("no resource usage on this system")
		}
		peak = max(peak, usage.Maxrss)
	}
	b.StopTimer()
	b.ReportMetric(float64(peak)/1024, "MiB-peak")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/run")
	b.ReportMetric(medianSeconds(b, report)*1000, "ms/median-result")
}

func medianSeconds(b *testing.B, path string) float64 {
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	r, err := reports.ReadJSON(file)
	if err != nil {
		b.Fatal(err)
	}
	var all []float64
	for _, result := range r.Results {
		all = append(all, result.Seconds)
	}
	sort.Float64s(all)
	return all[len(all)/2]
}
