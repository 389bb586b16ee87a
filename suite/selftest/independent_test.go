package selftest

import (
	"fmt"
	"testing"

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
	for name, s := range map[string]server{"alder": alder.New(), "birch": birch.New()} {
		t.Run(name, func(t *testing.T) {
			base, err := s.Start()
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			report := certify(t, parse(t, fmt.Sprintf(wholeConfig, base)))
			for _, r := range report.Results {
				switch r.Verdict {
				case reports.Fail, reports.Error, reports.Inconclusive:
					t.Errorf("%s %s [%s %s]\nexpected: %s\ngot: %s", r.Verdict, r.ID, r.Point, r.Fault, r.Expected, r.Got)
				}
			}
			if report.Summary.Pass < 100 {
				t.Errorf("%d passed: %+v", report.Summary.Pass, report.Summary)
			}
			show(t, report)
		})
	}
}
