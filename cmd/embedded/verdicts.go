package embedded

import (
	"fmt"
	"maps"
	"slices"

	"github.com/resumespec/resumespec/reports"
)

// exception is a case that the reference server does not pass in every result, and why.
type exception struct {
	verdict reports.Verdict
	why     string
}

// exceptions are all that the reference server, with the configuration of this package, does not pass.
var exceptions = map[string]exception{
	"rufh.limit.asterisk": {reports.Unsupported, "OPTIONS * tells no limits: not every resource takes uploads"},
}

// Wrong gives what a run says of the reference server, without a bug, that it should not say: anything but a pass where no
// exception is named, and an exception that none of the case's results bears out. It is empty when all is well.
func Wrong(report *reports.Report) []string { return wrong(report, exceptions) }

func wrong(report *reports.Report, exceptions map[string]exception) []string {
	var all []string
	if report.Interrupted != "" {
		all = append(all, "it ended early: "+report.Interrupted)
	}
	if report.Summary.Pass == 0 {
		all = append(all, "nothing passes")
	}
	borne := map[string]bool{} // the exceptions that came: whether they were what is said
	for i := range report.Results {
		r := &report.Results[i]
		e, there := exceptions[r.ID]
		if there {
			borne[r.ID] = borne[r.ID] || r.Verdict == e.verdict
		}
		if r.Verdict != reports.Pass && (!there || r.Verdict != e.verdict) {
			all = append(all, fmt.Sprintf("%s %s: expected %s, got %s", r.Verdict, r.Key(), r.Expected, r.Got))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(borne)) {
		if e := exceptions[id]; !borne[id] {
			all = append(all, fmt.Sprintf("%s is named as %s (%s), and is not", id, e.verdict, e.why))
		}
	}
	return all
}
