package main

import (
	"fmt"

	"github.com/resumespec/resumespec/reports"
)

// difference is something that is not as in the first run.
type difference struct {
	what      string // a result, or the run as a whole
	want, got string // verdicts, or words
	why       string // what the result said
}

// String tells a difference in one line.
func (d difference) String() string {
	text := fmt.Sprintf("%s: %s, was %s", d.what, d.got, d.want)
	if d.why != "" {
		text += " (" + d.why + ")"
	}
	return text
}

// compare lists what differs between two reports: verdicts, results that only one of them has, and how the run ended.
func compare(first, other *reports.Report) []difference {
	var all []difference
	if first.Interrupted != other.Interrupted {
		all = append(all, difference{what: "the run", want: end(first), got: end(other)})
	}
	verdicts := map[reports.Key]reports.Verdict{}
	for i := range first.Results {
		verdicts[first.Results[i].Key()] = first.Results[i].Verdict
	}
	for i := range other.Results {
		r := &other.Results[i]
		want, there := verdicts[r.Key()]
		delete(verdicts, r.Key())
		switch {
		case !there:
			all = append(all, difference{what: r.Key().String(), want: "not there", got: string(r.Verdict)})
		case want != r.Verdict:
			all = append(all, difference{r.Key().String(), string(want), string(r.Verdict), "expected " + r.Expected + ", got " + r.Got})
		}
	}
	for i := range first.Results {
		if want, missing := verdicts[first.Results[i].Key()]; missing {
			all = append(all, difference{what: first.Results[i].Key().String(), want: string(want), got: "not there"})
		}
	}
	return all
}

func end(r *reports.Report) string {
	if r.Interrupted == "" {
		return "complete"
	}
	return r.Interrupted
}
