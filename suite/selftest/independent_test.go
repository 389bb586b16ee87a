package selftest

import (
	"fmt"
	"testing"
	"time"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/independent/alder"
	"github.com/resumespec/resumespec/suite/independent/birch"
)

// server is what an independent server offers to its test.
type server interface {
	Start() (string, error)
	Close()
}

// TestIndependent runs the whole suite on servers that were written from the specification alone. None
// of their legal choices may be failed, and every case must come to a verdict.
func TestIndependent(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]server{"alder": alder.New(), "birch": birch.New()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, err := s.Start()
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			results := judge(t, parse(t, fmt.Sprintf(wholeConfig, base)), 10*time.Second, ".")
			legality.acquit(t, name, results)
			if passed := howMany(results, reports.Pass); passed < 100 {
				t.Errorf("%d of %d passed", passed, len(results))
			}
		})
	}
}

func howMany(results []reports.Result, verdict reports.Verdict) int {
	n := 0
	for _, r := range results {
		if r.Verdict == verdict {
			n++
		}
	}
	return n
}
