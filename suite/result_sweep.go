package suite

import (
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite/matrix"
)

// sweep gives what a sweep found, nil for every other case.
func (r *runner) sweep(s *matrix.Session) *reports.Sweep {
	swept := s.Swept()
	if swept == nil {
		return nil
	}
	out := &reports.Sweep{
		Message: s.Case.Name(), Bytes: swept.Bytes, Cuts: swept.Cuts, More: swept.More,
		Parts: []reports.SweepPart{}, Runs: []reports.SweepRun{}, Failures: []reports.SweepFailure{},
	}
	for _, p := range swept.Parts {
		out.Parts = append(out.Parts, reports.SweepPart{Name: p.Name, From: p.From, To: p.To})
	}
	for _, run := range swept.Runs {
		out.Runs = append(out.Runs, reports.SweepRun{From: run.From, To: run.To, Step: run.Step, Outcome: string(run.Outcome)})
	}
	for _, f := range swept.Failures {
		out.Failures = append(out.Failures, reports.SweepFailure{
			Part: f.Part, From: f.From, To: f.To, Cuts: f.Cuts, Expected: r.secrets.text(f.Expected), Got: r.secrets.text(f.Got),
		})
	}
	return out
}
