package embedded

import (
	"slices"
	"strings"
	"testing"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
)

// reportOf makes a report of results: "p.x.a pass".
func reportOf(interrupted string, results ...string) *reports.Report {
	r := &reports.Report{Interrupted: interrupted}
	for _, one := range results {
		id, verdict, _ := strings.Cut(one, " ")
		r.Results = append(r.Results, reports.Result{ID: id, Level: reports.Must, Point: "none", Fault: "none", Transport: "h1", Verdict: reports.Verdict(verdict)})
	}
	r.Summary = reports.Summarize(r.Results, interrupted)
	return r
}

// TestWrong: what is not passed has to be named, by its verdict, and what is named must not be passed everywhere.
func TestWrong(t *testing.T) {
	known := map[string]exception{"p.x.b": {reports.Warn, "It need not."}, "p.x.c": {reports.Unsupported, "It cannot."}}
	for _, row := range []struct {
		exceptions map[string]exception
		report     *reports.Report
		says       []string
	}{
		{nil, reportOf("", "p.x.a pass"), nil},
		{nil, reportOf("", "p.x.a pass", "p.x.b unsupported"), []string{"unsupported p.x.b"}},
		{nil, reportOf("", "p.x.a pass", "p.x.b warn", "p.x.c fail"), []string{"warn p.x.b", "fail p.x.c"}},
		{nil, reportOf("", "p.x.a pass", "p.x.b error", "p.x.c inconclusive", "p.x.d excluded"), []string{"error", "inconclusive", "excluded"}},
		{nil, reportOf("run limit 5m reached", "p.x.a pass"), []string{"run limit"}},
		{nil, &reports.Report{}, []string{"nothing passes"}},
		{known, reportOf("", "p.x.a pass", "p.x.b warn", "p.x.b pass", "p.x.c unsupported"), nil},
		{known, reportOf("", "p.x.a pass", "p.x.b unsupported", "p.x.c unsupported"), []string{"unsupported p.x.b", "p.x.b is named as warn"}},
		{known, reportOf("", "p.x.a pass", "p.x.b warn", "p.x.c pass"), []string{"p.x.c is named as unsupported (It cannot.)"}},
		{known, reportOf("", "p.x.a pass"), nil}, // a part of a run
		{known, reportOf("", "p.x.b warn", "p.x.c unsupported"), []string{"nothing passes"}},
	} {
		got := wrong(row.report, row.exceptions)
		if !slices.EqualFunc(got, row.says, strings.Contains) {
			t.Errorf("%+v: %q instead of %q", row.report.Results, got, row.says)
		}
	}
}

// TestExceptionsAreCases: each is a case, does not pass by its verdict, and says why.
func TestExceptionsAreCases(t *testing.T) {
	for id, e := range exceptions {
		if _, ok := suite.Case(id); !ok || e.why == "" || e.verdict != reports.Warn && e.verdict != reports.Unsupported {
			t.Errorf("%s: %+v", id, e)
		}
	}
}
