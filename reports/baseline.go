package reports

import (
	"fmt"
	"time"
)

// Baseline is the report of an earlier run with which one was compared: what failed there already is known here, and
// does not count as news.
type Baseline struct {
	Name    string    `json:"name"` // of its file
	Target  Target    `json:"target"`
	Tool    Tool      `json:"tool"`
	Started time.Time `json:"started"`
	Gone    []Past    `json:"gone"`   // its failures that are none any more
	NotRun  []Past    `json:"notRun"` // its failures of which this report says nothing
}

// Past is a failure of a baseline that is none in the report.
type Past struct {
	ID    string  `json:"id"`            // of the case
	Title string  `json:"title"`         // the whole key: "resume.upload.offsets [mid-upload fin h1]"
	Got   string  `json:"got"`           // what came when the baseline was made
	Now   Verdict `json:"now,omitempty"` // what the report says; empty where it has no such result
}

// Against compares r with a baseline: it marks those of its failures as known that the baseline has too, and says which
// of the baseline's are gone (the case passes, or only warns) or were not run (excluded, not offered, in error,
// inconclusive, or not reached). A failure is the same when its key is; what came may be another thing. What an earlier
// comparison has left in r is replaced.
func (r *Report) Against(name string, baseline *Report) {
	r.Forget()
	past := &Baseline{Name: name, Target: baseline.Target, Tool: baseline.Tool, Started: baseline.Started, Gone: []Past{}, NotRun: []Past{}}
	now := byKey(r)
	for i := range baseline.Results {
		old := &baseline.Results[i]
		if old.Verdict != Fail {
			continue
		}
		one, result := Past{ID: old.ID, Title: old.Key().String(), Got: old.Got}, now[old.Key()]
		if result != nil {
			one.Now = result.Verdict
		}
		switch one.Now {
		case Fail:
			result.Known = true
		case Pass, Warn:
			past.Gone = append(past.Gone, one)
		default:
			past.NotRun = append(past.NotRun, one)
		}
	}
	r.Baseline = past
	r.Summary = Summarize(r.Results, r.Interrupted)
}

// Forget takes out of r what Against has put there.
func (r *Report) Forget() {
	r.Baseline = nil
	for i := range r.Results {
		r.Results[i].Known = false
	}
	r.Summary = Summarize(r.Results, r.Interrupted)
}

// Failed gives the keys of what fails.
func (r *Report) Failed() map[Key]bool {
	failed := map[Key]bool{}
	for i := range r.Results {
		if r.Results[i].Verdict == Fail {
			failed[r.Results[i].Key()] = true
		}
	}
	return failed
}

// normalizeBaseline gives a copy whose lists are there.
func normalizeBaseline(b *Baseline) *Baseline {
	if b == nil {
		return nil
	}
	out := *b
	out.Gone, out.NotRun = append([]Past{}, b.Gone...), append([]Past{}, b.NotRun...)
	return &out
}

// checkBaseline finds results that are known to no baseline, or known and no failure.
func checkBaseline(r *Report) []string {
	var list []string
	for i := range r.Results {
		if one := &r.Results[i]; one.Known && (one.Verdict != Fail || r.Baseline == nil) {
			list = append(list, fmt.Sprintf("results[%d].known: only a failure of a run with a baseline is known", i))
		}
	}
	return list
}

// sum says in a few words what the comparison came to: "2 known failures, 1 gone, 1 not run".
func (b *Baseline) sum(known int) string {
	return plural(known, "known failure", "known failures") + fmt.Sprintf(", %d gone, %d not run", len(b.Gone), len(b.NotRun))
}

// Lines tells what became of the failures of the baseline that are none here, one on a line.
func (b *Baseline) Lines() []string {
	var lines []string
	for _, one := range b.Gone {
		lines = append(lines, "gone     "+one.words())
	}
	for _, one := range b.NotRun {
		lines = append(lines, "not run  "+one.words())
	}
	return lines
}

func (p Past) words() string {
	now := string(p.Now)
	if now == "" {
		now = "not in this report"
	}
	return Sanitize(p.Title) + " (now " + Sanitize(now) + ")"
}

// words names the baseline: "last.json, Example Server 1.2, 4 May 2026".
func (b *Baseline) words() string {
	named := &Report{Target: b.Target}
	return Sanitize(b.Name) + ", " + targetName(named) + " " + Sanitize(b.Target.Version) + ", " + b.Started.UTC().Format("2 January 2006")
}
