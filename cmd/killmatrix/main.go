package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/resumespec/resumespec/reference/mutants"
	"github.com/resumespec/resumespec/reports"
	"github.com/resumespec/resumespec/suite"
)

// The exit statuses.
const (
	statusFine    = 0
	statusFailed  = 1 // the matrix is not what it should be
	statusUsage   = 2
	statusNothing = 3 // there is no matrix: a run failed, or was interrupted
)

// options are the flags.
type options struct {
	jobs       int
	mutants    string // names, with commas between; "": all
	focus      string
	limit      time.Duration
	html       string
	keep, from string
	child      bool
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run executes one command line and gives its exit status.
func run(args []string, out, complaints io.Writer) int {
	o, err := parse(args, complaints)
	if errors.Is(err, flag.ErrHelp) {
		return statusFine
	}
	if err != nil {
		return statusUsage // the flag package has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch {
	case o.child:
		err = child(ctx, o, out)
	case o.mutants != "" || o.focus != "":
		err = some(ctx, o, out)
	default:
		err = whole(ctx, o, out)
	}
	switch {
	case err == nil:
		return statusFine
	case errors.Is(err, errWanting):
		return statusFailed
	case errors.Is(err, suite.ErrUsage):
		fmt.Fprintf(complaints, "killmatrix: %s\n", reports.SanitizeLines(err.Error(), "  "))
		return statusUsage
	}
	fmt.Fprintf(complaints, "killmatrix: %s\n", reports.SanitizeLines(err.Error(), "  "))
	return statusNothing
}

func parse(args []string, complaints io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("killmatrix", flag.ContinueOnError)
	flags.SetOutput(complaints)
	// A run waits for most of its time: it takes 12 s, of which the processor has 2.
	flags.IntVar(&o.jobs, "jobs", 2*runtime.NumCPU(), "mutants at a time")
	flags.StringVar(&o.mutants, "mutant", "", "only these mutants, `NAMES` with commas between, and no page ("+plain+": the server without a bug)")
	flags.StringVar(&o.focus, "focus", "", "only cases whose `REGEX` matches \"ID [point fault transport]\", and no page")
	flags.DurationVar(&o.limit, "case", caseLimit, "time that a case has")
	flags.StringVar(&o.html, "html", "reports/mutants.html", "write the page to `FILE`")
	flags.StringVar(&o.keep, "keep", "", "keep the JSON report of each mutant in `FOLDER`")
	flags.StringVar(&o.from, "from", "", "run nothing, but read the reports that were kept in `FOLDER`")
	flags.BoolVar(&o.child, "child", false, "run one mutant in this process and write its JSON report to standard output")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || o.jobs < 1 {
		fmt.Fprintf(complaints, "killmatrix: it takes no arguments, and at least one job\n")
		return o, suite.ErrUsage
	}
	return o, nil
}

// child runs one mutant in this process.
func child(ctx context.Context, o options, out io.Writer) error {
	report, err := certify(ctx, o.mutants, o.focus, o.limit)
	if err != nil {
		return err
	}
	return reports.WriteJSON(out, report)
}

// get gives where reports come from.
func get(o options) (source, error) {
	if o.from != "" {
		return files(o.from), nil
	}
	return processes(o)
}

// some runs some mutants or some cases and tells what failed.
func some(ctx context.Context, o options, out io.Writer) error {
	names := strings.Split(o.mutants, ",")
	if o.mutants == "" {
		names = mutants.Names()
	}
	for _, name := range names {
		if _, ok := mutants.Find(name); !ok && name != plain {
			return fmt.Errorf("%w: unknown mutant %q (near to it: %s)", suite.ErrUsage, name, strings.Join(suite.Nearest(name, mutants.Names()), ", "))
		}
	}
	source, err := get(o)
	if err != nil {
		return err
	}
	all, err := each(ctx, names, o.jobs, source, func(done) {})
	if err != nil {
		return err
	}
	for i, report := range all {
		tellFailures(out, names[i], report)
	}
	return nil
}

// whole runs everything, writes the page and tells what is wanting.
func whole(ctx context.Context, o options, out io.Writer) error {
	source, err := get(o)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := soundReference(ctx, source, o.jobs, out); err != nil {
		return err
	}
	all := mutants.All()
	p := newProgress(out, len(all))
	list, err := each(ctx, mutants.Names(), o.jobs, source, func(d done) { p.tell(newKill(all[d.index], d.report)) })
	p.close()
	if err != nil {
		return err
	}
	var kills []kill
	for i, m := range all {
		kills = append(kills, newKill(m, list[i]))
	}
	found := judge(kills, suite.Cases())
	took := fmt.Sprintf("%s, %d at a time", time.Since(began).Round(time.Second), o.jobs)
	if o.from != "" {
		took = "" // reading them says nothing
	}
	if err := writePage(o.html, kills, found, took); err != nil {
		return err
	}
	tellFindings(out, found)
	fmt.Fprintf(out, "page: %s\n", reports.Sanitize(o.html))
	if found.wanting() {
		return errWanting
	}
	return nil
}

// errWanting ends a run whose matrix is not what it should be. Everything has been said.
var errWanting = errors.New("the kill matrix is wanting")

// soundReference asks that the server without a bug passes every case, under the load under which the mutants run: as
// many of them at a time.
func soundReference(ctx context.Context, source source, jobs int, out io.Writer) error {
	names := slices.Repeat([]string{plain}, jobs)
	list, err := each(ctx, names, jobs, source, func(done) {})
	if err != nil {
		return err
	}
	for _, report := range list {
		if len(report.Results) == 0 || report.Interrupted != "" || report.Summary.Pass != len(report.Results) {
			tellFailures(out, plain, report)
			return fmt.Errorf("the reference server itself does not pass: nothing can be said of its mutants")
		}
	}
	fmt.Fprintf(out, "the reference server passes (%d results, %.1f s, %d at a time)\n", len(list[0].Results), list[0].Seconds, jobs)
	return nil
}
