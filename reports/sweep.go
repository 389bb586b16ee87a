package reports

import (
	"fmt"
	"slices"
)

// Sweep is what was found where one message was cut at each of its bytes, or at many. A position is the number of
// bytes of the message before the cut.
type Sweep struct {
	Message  string         `json:"message"` // "request" or "response"
	Bytes    int64          `json:"bytes"`   // length of the message
	Cuts     int            `json:"cuts"`    // that were made
	Parts    []SweepPart    `json:"parts"`   // stretches of the message, in order
	Runs     []SweepRun     `json:"runs"`    // what became of the cuts, in order
	Failures []SweepFailure `json:"failures"`
	More     int            `json:"more,omitempty"` // failing cuts beyond those in Failures
}

// SweepPart is a stretch of the message: "request head", from its first position to the one behind its last.
type SweepPart struct {
	Name string `json:"name"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
}

// SweepRun is a run of cuts with one outcome: at the positions From, From+Step, and so on to To.
type SweepRun struct {
	From    int64  `json:"from"`
	To      int64  `json:"to"`
	Step    int64  `json:"step"`
	Outcome string `json:"outcome"` // "pass", "warn", "fail", "unoffered", "beyond", "missed", "unmade"
}

// SweepFailure is a run of failing cuts next to each other that fail alike. From and To count bytes of the part
// before the cut, both inclusive; Expected and Got are those of the first.
type SweepFailure struct {
	Part     string `json:"part"`
	From     int64  `json:"from"`
	To       int64  `json:"to"`
	Cuts     int    `json:"cuts"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// Where says where the failing cuts are: "byte 17 of the request body", "bytes 17 to 20 of the request body (2 cuts)".
func (f SweepFailure) Where() string {
	if f.From == f.To {
		return fmt.Sprintf("byte %d of the %s", f.From, f.Part)
	}
	text := fmt.Sprintf("bytes %d to %d of the %s", f.From, f.To, f.Part)
	if int64(f.Cuts) != f.To-f.From+1 {
		text += fmt.Sprintf(" (%s)", plural(f.Cuts, "cut", "cuts"))
	}
	return text
}

// Others gives the number of failing cuts that are not among the first n failures.
func (s *Sweep) Others(n int) int {
	more := s.More
	for _, f := range s.Failures[min(n, len(s.Failures)):] {
		more += f.Cuts
	}
	return more
}

// sweepOutcomes are the words of SweepRun.Outcome, and what they mean.
var sweepOutcomes = map[string]string{
	"pass":      "recovered",
	"warn":      "recovered, by a client that had to ask twice",
	"fail":      "not recovered as it must be",
	"unoffered": "no way to recover was offered this time",
	"beyond":    "the message was shorter this time",
	"missed":    "the cut did not land; says nothing about the target",
	"unmade":    "not cut: the sweep had ended",
}

// What a report keeps of one sweep at most.
const (
	maxSweepRuns     = 100_000
	maxSweepFailures = 1000
)

// normalizeSweep gives a copy in which lists are there and bounded, and counts natural.
func normalizeSweep(s *Sweep) *Sweep {
	if s == nil {
		return nil
	}
	out := *s
	natural(&out.Bytes)
	out.More, out.Cuts = max(out.Others(maxSweepFailures), 0), max(out.Cuts, 0)
	out.Parts = append([]SweepPart{}, s.Parts...)
	out.Runs = append([]SweepRun{}, s.Runs[:min(len(s.Runs), maxSweepRuns)]...)
	out.Failures = append([]SweepFailure{}, s.Failures[:min(len(s.Failures), maxSweepFailures)]...)
	for i := range out.Parts {
		natural(&out.Parts[i].From, &out.Parts[i].To)
	}
	for i := range out.Runs {
		run := &out.Runs[i]
		natural(&run.From, &run.To)
		run.Step = max(run.Step, 1)
	}
	for i := range out.Failures {
		f := &out.Failures[i]
		natural(&f.From, &f.To)
		f.Cuts = max(f.Cuts, 0)
	}
	return &out
}

func (r *Result) sweepRuns() []SweepRun {
	if r.Sweep == nil {
		return nil
	}
	return r.Sweep.Runs
}

// checkSweeps finds sweeps whose runs are not in order or lie outside of their message.
func checkSweeps(r *Report) []string {
	var list []string
	for i := range r.Results {
		sweep := r.Results[i].Sweep
		if sweep == nil {
			continue
		}
		last := int64(-1)
		for j, run := range sweep.Runs {
			if run.From <= last || run.To < run.From || run.To > sweep.Bytes {
				list = append(list, fmt.Sprintf("results[%d].sweep.runs[%d]: from %d to %d is out of order, or beyond the %d bytes", i, j, run.From, run.To, sweep.Bytes))
			}
			last = run.To
		}
		bad := func(p SweepPart) bool { return p.To < p.From || p.To > sweep.Bytes }
		if j := slices.IndexFunc(sweep.Parts, bad); j >= 0 {
			list = append(list, fmt.Sprintf("results[%d].sweep.parts[%d]: from %d to %d of %d bytes", i, j, sweep.Parts[j].From, sweep.Parts[j].To, sweep.Bytes))
		}
	}
	return list
}

// lines tells the failing bytes, at most so many runs of them; none where nothing was swept.
func (s *Sweep) lines(most int) []string {
	if s == nil {
		return nil
	}
	var lines []string
	for _, f := range s.Failures[:min(len(s.Failures), most)] {
		lines = append(lines, f.Where()+": expected "+shorten(f.Expected, 300)+"; got "+shorten(f.Got, 300))
	}
	if more := s.Others(most); more > 0 {
		lines = append(lines, "and "+plural(more, "failing cut", "failing cuts")+" more")
	}
	return lines
}
