package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
	"github.com/resumespec/resumespec/suite/target"
)

// The exit statuses. CI systems build on them: they never change their meaning.
const (
	statusFine    = 0 // every required case passed
	statusFailed  = 1 // the target failed a required case; `report verify`: a report is not valid; `report compare`: something is worse
	statusUsage   = 2 // the command line or the config is wrong, or a file that it names cannot be used
	statusNothing = 3 // nothing could be said about the target
)

// exitHelp explains them in the help of `run`.
const exitHelp = `Exit status:
  0  every required case passed; what the config or the target does not offer is named, not failed
  1  the target failed a required case; with --baseline, one that the baseline does not have as a failure
  2  the command line or the config is wrong
  3  nothing could be said: the target is dead, nothing was selected, a fault did not fire,
     the suite itself failed, or the run was interrupted`

// outcomes maps a report to an exit status; the first row that holds decides. A report that is partial (something
// required was not offered or left out) is fine as long as something was tested: its words say what is missing. Failures
// that the baseline has too are known, and no news.
var outcomes = []struct {
	holds  func(*reports.Report) bool
	status int
}{
	{func(r *reports.Report) bool { return r.Interrupted != "" }, statusNothing},
	{func(r *reports.Report) bool { return r.Summary.Fail > r.Summary.Known }, statusFailed},
	{func(r *reports.Report) bool { return r.Summary.Error+r.Summary.Inconclusive > 0 }, statusNothing},
	{func(r *reports.Report) bool { return r.Summary.Pass+r.Summary.Warn+r.Summary.Known == 0 }, statusNothing},
	{func(*reports.Report) bool { return true }, statusFine},
}

// reportStatus gives the exit status of a run that made a report.
func reportStatus(r *reports.Report) int {
	for _, row := range outcomes {
		if row.holds(r) {
			return row.status
		}
	}
	return statusNothing
}

// exit is an error that carries its exit status. With err nil everything has been said already.
type exit struct {
	status int
	err    error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// usage makes an error of the command line or the config.
func usage(format string, args ...any) error { return &exit{statusUsage, fmt.Errorf(format, args...)} }

// broken makes an error after which nothing can be said.
func broken(format string, args ...any) error {
	return &exit{statusNothing, fmt.Errorf(format, args...)}
}

// quietly ends with a status and without another word.
func quietly(status int) error {
	if status == statusFine {
		return nil
	}
	return &exit{status, nil}
}

// fromSuite gives an error of the suite its status: what the user asked for is usage, everything else means that
// nothing could be said.
func fromSuite(err error) error {
	if errors.Is(err, suite.ErrUsage) {
		return &exit{statusUsage, err}
	}
	return &exit{statusNothing, err}
}

// statusOf gives the exit status of an error, and whether everything has been said. What has no status of its own
// comes from the parser of the command line.
func statusOf(err error) (status int, told bool) {
	var e *exit
	if errors.As(err, &e) {
		return e.status, e.err == nil
	}
	return statusUsage, false
}

// isCobra says whether an error comes from the parser of the command line: then the help helps.
func isCobra(err error) bool {
	var e *exit
	return !errors.As(err, &e)
}

// complain prints an error: a config with several errors gives one line each, in the form that editors know.
func (a *app) complain(err error) {
	var wrong target.Errors
	if errors.As(err, &wrong) {
		for _, one := range wrong {
			fmt.Fprintln(a.err, reports.Sanitize(one.Error()))
		}
		return
	}
	fmt.Fprintf(a.err, "resumespec: %s\n", reports.SanitizeLines(strings.TrimSpace(err.Error()), "  "))
}
