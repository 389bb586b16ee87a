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

// Why some of the exceptions are there.
const (
	quiet   = "it speaks the newest text, of which no interop version is named: a server of a draft does not send 104 then"
	noLimit = "it has no such limit"
)

// exceptions are all that the reference server, with the configuration of this package, does not pass.
var exceptions = map[string]exception{
	"tus.expire.gone":       {reports.Unsupported, "its uploads last longer than the time of a case"},
	"tus.concat.incomplete": {reports.Unsupported, "it joins uploads that are not complete, and says so"},

	"rufh.offer.announced":          {reports.Warn, quiet},
	"rufh.offer.continue":           {reports.Unsupported, quiet},
	"rufh.offer.same-location":      {reports.Unsupported, quiet},
	"rufh.create.progress":          {reports.Unsupported, quiet},
	"rufh.state.length-derived":     {reports.Unsupported, quiet},
	"rufh.append.progress":          {reports.Warn, quiet},
	"rufh.append.progress-kept":     {reports.Unsupported, quiet},
	"rufh.append.no-location":       {reports.Unsupported, quiet},
	"rufh.concurrent.late-creation": {reports.Unsupported, quiet},
	"rufh.limit.asterisk":           {reports.Unsupported, noLimit},
	"rufh.limit.max-append-size":    {reports.Unsupported, noLimit},
	"rufh.limit.min-append-size":    {reports.Unsupported, noLimit},
	"rufh.limit.min-append-final":   {reports.Unsupported, noLimit},
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
